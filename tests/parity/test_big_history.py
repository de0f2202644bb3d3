"""A big real history: random (commit, branch) pairs against `git merge-base --all`. Long-lived
branches, and branches that end at tags and pull requests, so that fork points lie at every depth.

FORKPOINT_PARITY_HISTORY names an upstream to clone; without it the test is skipped.
FORKPOINT_PARITY_PAIRS sets how many pairs, FORKPOINT_PARITY_SEED which."""
import os
import pathlib
import random
import subprocess

import pytest

from compare import ask_all, differences
from reference import GIT_ENV, git, merge_bases, stamp_of

HISTORY = os.environ.get('FORKPOINT_PARITY_HISTORY')
PAIRS = int(os.environ.get('FORKPOINT_PARITY_PAIRS', '20000'))
PAIRS_AT_ONCE = 1000
BRANCHES_OF_EACH_KIND = 100
RECENT = 1000


def clone(source, path):
    subprocess.run(['git', '-c', 'safe.directory=*', 'clone', '-q', '--mirror', source, path],
                   check=True, env=GIT_ENV)


def add_branches(repository, rng):
    """Branches at tags and pull requests beside those that there are; the tip of each branch."""
    def listed(*patterns):
        return dict(line.split() for line in git(
            repository, 'for-each-ref', '--format=%(refname) %(objectname)', *patterns)
            .decode().splitlines())
    lines = []
    for kind in ('tags', 'pull', 'merge-requests'):
        names = sorted(listed(f'refs/{kind}'))
        for name in rng.sample(names, min(BRANCHES_OF_EACH_KIND, len(names))):
            commit = subprocess.run(
                ['git', '-C', repository, 'rev-parse', '-q', '--verify', f'{name}^{{commit}}'],
                env=GIT_ENV, check=False, capture_output=True, text=True).stdout.strip()
            if commit:
                lines.append(f'create refs/heads/at-{name[len("refs/"):]} {commit}\n')
    git(repository, 'update-ref', '--stdin', data=''.join(lines).encode())
    git(repository, 'pack-refs', '--all')
    return {name[len('refs/heads/'):]: tip for name, tip in listed('refs/heads').items()}


def author_times(repository):
    log = git(repository, 'log', '--all', '--format=%H %at').decode()
    return {oid: int(seconds) for oid, seconds in map(str.split, log.splitlines())}


def choose_pairs(repository, tips, author, rng):
    """One half of any commits; the other, as agents ask, of commits near the branch's tip or near
    another's."""
    commits, branches = sorted(author), sorted(tips)
    recent = {branch: git(repository, 'rev-list', f'--max-count={RECENT}', tip).decode().split()
              for branch, tip in tips.items()}
    pairs = []
    for number in range(PAIRS):
        branch, other = rng.choice(branches), rng.choice(branches)
        near = recent[rng.choice([branch, other])]
        pairs.append((branch, rng.choice(commits if number % 2 else near)))
    return pairs


@pytest.mark.skipif(not HISTORY, reason='FORKPOINT_PARITY_HISTORY is not set')
@pytest.mark.limit(4 * 3600)
def test_big_history(world, capsys):
    rng = random.Random(int(os.environ.get('FORKPOINT_PARITY_SEED', '1')))
    repository = world.folder / 'upstream.git'
    clone(HISTORY, repository)
    tips = add_branches(repository, rng)
    git(repository, 'commit-graph', 'write', '--reachable')     # for git's own speed
    author = author_times(repository)

    world.new_feed(['1.0.0'])
    world.repository.update(url=str(repository), interval='1h', refs=['refs/*'],
                            release={'fixed': '1.0'})
    daemon = world.new_daemon()
    mirror = pathlib.Path(daemon.config['data_dir'], 'mirrors', 'winui.git')
    mirror.parent.mkdir(parents=True)
    clone(repository, mirror)       # the transfer is not what is compared
    daemon.start(ready=False).wait_ready(600)

    pairs, done = choose_pairs(repository, tips, author, rng), 0
    seen = {'with several merge bases': 0, 'without one': 0, 'that differ': 0}
    while done < len(pairs):
        some = pairs[done:done + PAIRS_AT_ONCE]
        bases = merge_bases(repository, [(tips[branch], oid) for branch, oid in some])
        requests = [{'repo': 'winui', 'sha': oid, 'branch': branch} for branch, oid in some]
        expected = [{'fork_point': found[0], 'all': sorted(found), 'version': None,
                     'stamp': stamp_of(author[found[0]])} if found else {'code': 'no-fork-point'}
                    for found in bases]
        wrong = differences(requests, ask_all(daemon, requests), expected)
        done += len(some)
        seen['with several merge bases'] += sum(len(found) > 1 for found in bases)
        seen['without one'] += sum(not found for found in bases)
        seen['that differ'] += len(wrong)
        with capsys.disabled():
            print(f'\n{len(author)} commits, {len(tips)} branches, {done} pairs, {seen}', flush=True)
        assert not wrong, ''.join(f'\n{row}' for row in wrong[:5])
