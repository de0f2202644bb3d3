"""WinUI's real history: every branch against thousands of commits, packages simulated.

The data lies beside the project (../shared); without it the test is skipped. FORKPOINT_PARITY_COMMITS
sets how many commits are asked about for each branch: 500 without it, 2000 for the full set."""
import os
import pathlib
import random
import re
import subprocess
import sys

import pytest

import static_feed
from compare import ask_all, differences
from packages import FOREIGN, version_of
from reference import History, Rules, git, merge_bases

SHARED = pathlib.Path(__file__).resolve().parents[3] / 'shared'
SKELETON = SHARED / 'data' / 'winui.skeleton.xz'
COMMITS = int(os.environ.get('FORKPOINT_PARITY_COMMITS', '500'))
GRAMMARS = ['prerelease-stamp', 'patch-stamp']
EVERY = 5


def releases(repository, oids):
    """(major, minor) of each commit's version.props; None where it has none to say."""
    questions = ''.join(f'{oid}:version.props\n' for oid in oids).encode()
    output = git(repository, 'cat-file', '--batch', data=questions)
    found, place = {}, 0
    for oid in oids:
        end = output.index(b'\n', place)
        header, place = output[place:end].split(), end + 1
        found[oid] = None
        if header[-1] == b'missing':
            continue
        size = int(header[2])
        text = re.sub(r'(?s)<!--.*?-->', '', output[place:place + size].decode('utf-8-sig'))
        place += size + 1
        numbers = [re.search(rf'<{name}\b[^>]*>\s*(\d+)\s*</{name}>', text)
                   for name in ('MUXVersionMajor', 'MUXVersionMinor')]
        if all(numbers):
            found[oid] = (int(numbers[0][1]), int(numbers[1][1]))
    return found


def training_runs(repository, history, tips, release_of, rng):
    """A run on every fifth first-parent commit of main and of each release branch."""
    versions = set()
    for branch in tips:
        if branch != 'main' and not re.match(r'(winui3/)?release/', branch):
            continue
        line = git(repository, 'rev-list', '--first-parent', f'refs/heads/{branch}').decode().split()
        for oid in line[::EVERY]:
            if release_of[oid]:
                grammar = 'patch-stamp' if history.author[oid] < 1640995200 else 'prerelease-stamp'
                versions.add(version_of(release_of[oid], history.author[oid], branch, grammar, rng))
    return sorted(versions)


@pytest.mark.skipif(not SKELETON.exists(), reason=f'{SKELETON} is not there')
@pytest.mark.limit(1200)
def test_winui(world, record_property):
    seed = int(os.environ.get('FORKPOINT_PARITY_SEED', '1'))
    rng = random.Random(seed)
    repository = world.folder / 'winui.git'
    subprocess.run([sys.executable, SHARED / 'tools/skeleton-import', SKELETON, repository],
                   check=True, capture_output=True)
    git(repository, 'commit-graph', 'write', '--reachable')     # for git's own speed
    history = History(repository)
    tips = dict(line.split() for line in git(
        repository, 'for-each-ref', 'refs/heads', '--format=%(refname:lstrip=2) %(objectname)')
        .decode().splitlines())
    release_of = releases(repository, history.order)

    feed = world.new_feed()
    runs = training_runs(repository, history, tips, release_of, rng)
    unlisted = set(rng.sample(runs, len(runs) // 20))
    for version in [*runs, *FOREIGN]:
        feed.add(static_feed.DEMO_PACKAGE, version, listed=version not in unlisted)
    feed.write()
    world.repository['url'] = str(repository)
    world.repository['packages'][0]['grammars'] = GRAMMARS
    daemon = world.new_daemon().start()

    rules = Rules(history, GRAMMARS, [*runs, *FOREIGN], unlisted)
    pairs = [(branch, oid) for branch in tips
             for oid in rng.sample(history.order, min(COMMITS, len(history.order)))]
    requests, wanted = [], []
    for branch, oid in pairs:
        request = {'repo': 'winui', 'sha': oid, 'branch': branch}
        release = release_of[oid]
        if release is None:         # not every commit has the file: the request says it then
            release = (2, 8)
            request['release'] = '2.8'
        requests.append(request)
        wanted.append((*release, 0, ''))
    bases = merge_bases(repository, [(tips[branch], oid) for branch, oid in pairs])
    expected = [rules.answer(tips[branch], branch, release, found)
                for (branch, _), release, found in zip(pairs, wanted, bases)]
    wrong = differences(requests, ask_all(daemon, requests), expected)
    summary = (f'seed {seed}: {len(tips)} branches, {len(pairs)} pairs, {len(runs)} packages, '
               f'{sum(bool(answer.get("version")) for answer in expected)} with a database, '
               f'{sum(len(found) > 1 for found in bases)} with several merge bases, '
               f'{sum(not found for found in bases)} without, {len(wrong)} differ')
    record_property('summary', summary)
    print(summary)
    assert not wrong, summary + ''.join(f'\n{row}' for row in wrong[:5])


@pytest.mark.skipif(not SKELETON.exists(), reason=f'{SKELETON} is not there')
def test_release_of_commits_that_have_no_version_file(world):
    """The real commits without the file end in release-unknown, those with it do not."""
    repository = world.folder / 'winui.git'
    subprocess.run([sys.executable, SHARED / 'tools/skeleton-import', SKELETON, repository],
                   check=True, capture_output=True)
    history = History(repository)
    release_of = releases(repository, history.order)
    world.new_feed(['2.4.2001010000-main'])
    world.repository['url'] = str(repository)
    daemon = world.new_daemon().start()
    sample = random.Random(5).sample(history.order, 1000)
    documents = ask_all(daemon, [{'repo': 'winui', 'sha': oid, 'branch': 'main'} for oid in sample])
    for oid, document in zip(sample, documents):
        if release_of[oid] is None:
            assert document['code'] == 'release-unknown', (oid, document)
        elif document.get('code') != 'no-fork-point':
            release = document['release']
            assert (release['major'], release['minor']) == release_of[oid], (oid, document)
