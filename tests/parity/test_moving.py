"""Branches are pushed, forced, merged, deleted and made while questions are asked: every answer is
git's for the tip that it names, and when all is still, every branch is where the upstream has it.
FORKPOINT_PARITY_SEED repeats a run; _ROUNDS makes it longer."""
import os
import random
import secrets
import threading

import pytest

from compare import ask_all
from daemon import eventually
from graphs import Graph
from reference import git, merge_bases
from upstream import Upstream

ROUNDS = int(os.environ.get('FORKPOINT_PARITY_ROUNDS', '12'))
MOVES_PER_ROUND = 6
PAIRS_PER_QUESTION = 50
CHECKED_IN_FLIGHT = 4000
CHECKED_AT_REST = 2000


class Mover:
    """Random pushes to an upstream that starts as a random graph."""

    def __init__(self, path, rng):
        self.rng = rng
        graph = Graph(rng.getrandbits(32), 250)
        self.oids = graph.write(path)
        self.upstream = Upstream(path)
        self.clock = max(commit['committer'] for commit in graph.commits)
        self.names = list(graph.branches)       # all that ever were
        self.moves = dict.fromkeys(['push', 'merge', 'force', 'delete', 'create'], 0)

    def tips(self):
        lines = git(self.upstream.path, 'for-each-ref', 'refs/heads',
                    '--format=%(refname:lstrip=2) %(objectname)').decode().splitlines()
        return dict(line.split() for line in lines)

    def move(self):
        rng, tips = self.rng, self.tips()
        kind = rng.choices(list(self.moves), [5, 4, 3, 2, 2])[0]
        branch = rng.choice(sorted(tips))
        if kind == 'delete' and (len(tips) < 4 or branch == 'main'):
            kind = 'push'
        self.moves[kind] += 1
        if kind == 'delete':
            self.upstream.git('update-ref', '-d', f'refs/heads/{branch}')
        elif kind == 'force':
            self.upstream.git('update-ref', f'refs/heads/{branch}', rng.choice(self.oids))
        elif kind == 'create':
            name = f'made/{len(self.names)}'
            self.names.append(name)
            self.upstream.git('update-ref', f'refs/heads/{name}', rng.choice(self.oids))
        else:
            self.commit(branch, tips, merge=kind == 'merge')

    def commit(self, branch, tips, merge):
        self.clock += self.rng.choice([0, 1, 60, 3600])
        parents = [tips[branch]]
        if merge:
            others = {tips[self.rng.choice(sorted(tips))], self.rng.choice(self.oids)}
            parents += sorted(others - {tips[branch]})
        self.oids.append(self.upstream.commit(branch, self.clock, parents=parents))


class Asker(threading.Thread):
    """Asks without pause; keeps (tip, sha, first base, all bases) of what was answered."""

    def __init__(self, daemon, mover, rng):
        super().__init__()
        self.daemon, self.mover, self.rng = daemon, mover, rng
        self.answers, self.codes = set(), {}
        self.failure, self.stopped = None, threading.Event()

    def run(self):
        try:
            while not self.stopped.is_set():
                self.ask()
        except BaseException as why:        # pylint: disable=broad-exception-caught
            self.failure = why

    def ask(self):
        oids, names = list(self.mover.oids), list(self.mover.names)
        requests = [{'repo': 'winui', 'sha': self.rng.choice(oids), 'wait': 0,
                     'branch': self.rng.choice(names)} for _ in range(PAIRS_PER_QUESTION)]
        for request, document in zip(requests, ask_all(self.daemon, requests)):
            code = document.get('code', 'answer')
            self.codes[code] = self.codes.get(code, 0) + 1
            if code in ('answer', 'no-database'):
                point = document['fork_point']
                self.answers.add((point['branch_tip'], request['sha'], point['sha'],
                                  tuple(sorted(point['all']))))


def difference(answer, found):
    _, _, first, everything = answer
    return not found or found[0] != first or tuple(sorted(found)) != everything


def served_tips(daemon):
    return {tip['branch']: tip['sha'] for tip in daemon.get('/repos/winui').json['tips']}


def assert_parity_at_rest(daemon, mover, rng):
    tips = mover.tips()
    eventually(lambda: served_tips(daemon) == tips, seconds=30, what="the upstream's tips")
    pairs = [(rng.choice(sorted(tips)), rng.choice(mover.oids)) for _ in range(CHECKED_AT_REST)]
    documents = ask_all(daemon, [{'repo': 'winui', 'sha': sha, 'branch': branch}
                                 for branch, sha in pairs])
    bases = merge_bases(mover.upstream.path, [(tips[branch], sha) for branch, sha in pairs])
    reachable = set(git(mover.upstream.path, 'rev-list', '--all').decode().split())
    several = 0
    for (branch, sha), document, found in zip(pairs, documents, bases):
        code = document.get('code', 'answer')
        several += len(found) > 1
        if code == 'unknown-commit':        # no ref led there whenever somebody looked
            assert sha not in reachable, (sha, document)
            continue
        if not found:
            assert code == 'no-fork-point', (branch, sha, document)
            continue
        point = document['fork_point']
        assert not difference((None, None, point['sha'], tuple(sorted(point['all']))), found), (
            branch, sha, document, found)
    assert several > 20     # or the hard part went untested


@pytest.mark.limit(900)
def test_moving(world, capsys):
    seed = int(os.environ.get('FORKPOINT_PARITY_SEED') or secrets.randbits(32))
    rng = random.Random(seed)
    mover = Mover(world.folder / 'upstream.git', rng)
    world.new_feed(['2.4.1001010000-main'])
    world.repository.update(url=mover.upstream.path, interval='200ms', tracked=['main', 'Topic/*'],
                            refs=['refs/heads/*', 'refs/tags/*'])
    daemon = world.new_daemon().start()
    askers = [Asker(daemon, mover, random.Random(seed + number)) for number in (1, 2)]
    for asker in askers:
        asker.start()
    try:
        for number in range(ROUNDS):
            for _ in range(MOVES_PER_ROUND):
                mover.move()
            if number % 3 == 2:
                tips = mover.tips()
                eventually(lambda wanted=tips: served_tips(daemon) == wanted, seconds=30,
                           what='the round')
    finally:
        for asker in askers:
            asker.stopped.set()
        for asker in askers:
            asker.join()
    for asker in askers:
        assert asker.failure is None, asker.failure
    answers = sorted(set().union(*(asker.answers for asker in askers)))
    answers = rng.sample(answers, min(CHECKED_IN_FLIGHT, len(answers)))
    bases = merge_bases(mover.upstream.path, [answer[:2] for answer in answers])
    wrong = [(answer, found) for answer, found in zip(answers, bases) if difference(answer, found)]
    with capsys.disabled():
        print(f'\nseed {seed}: {mover.moves}, {len(answers)} answers checked that were given '
              f'meanwhile, over {len({answer[0] for answer in answers})} tips, {len(wrong)} differ',
              flush=True)
    assert not wrong, (seed, wrong[:3])
    assert len(answers) > 500
    assert set(askers[0].codes) <= {'answer', 'no-database', 'no-fork-point', 'unknown-branch',
                                    'unknown-commit'}, askers[0].codes
    assert_parity_at_rest(daemon, mover, rng)
