"""Random graphs: fork point, all merge bases, stamp, selection and ancestry answer against git and
a straightforward reading of the rules. FORKPOINT_PARITY_SEED repeats a run; _PAIRS makes it longer."""
import os
import random
import secrets

import pytest

import packages
from compare import ask_all, differences
from graphs import Graph
from reference import History, Rules, git, merge_bases

PAIRS = int(os.environ.get('FORKPOINT_PARITY_PAIRS', '5000'))       # at least
PAIRS_PER_GRAPH = 600
GRAMMARS = ['prerelease-stamp', 'patch-stamp']


class Case:
    """One graph as a repository of its own, with a package of its own."""

    def __init__(self, world, feed, template, number, seed):
        self.name, self.package = f'graph{number}', f'Package{number}'
        self.graph = Graph(seed, random.Random(seed).choice([40, 80, 150, 300]))
        self.path = world.folder / f'{self.name}.git'
        self.oids = self.graph.write(self.path)
        versions, unlisted, aliases = packages.for_graph(self.graph, seed)
        for version in versions:
            feed.add(self.package, version, listed=version not in unlisted)
        world.config['repositories'][self.name] = {
            **template, 'url': str(self.path), 'aliases': aliases,
            'packages': [{'id': self.package, 'feed': 'demo', 'grammars': GRAMMARS}]}
        self.rules = Rules(History(self.path), GRAMMARS, versions, unlisted, aliases)
        self.rng = random.Random(seed + 1)
        self.pair_count = min(PAIRS_PER_GRAPH, len(self.graph.branches) * len(self.oids))

    def compare(self, daemon):
        tips = {branch: self.oids[number] for branch, number in self.graph.branches.items()}
        everything = [(branch, number) for branch in tips for number in range(len(self.oids))]
        pairs = self.rng.sample(everything, self.pair_count)
        bases = merge_bases(self.path, [(tips[b], self.oids[n]) for b, n in pairs])
        expected = [self.rules.answer(tips[b], b, (*self.graph.commits[n]['release'], 0, ''), found)
                    for (b, n), found in zip(pairs, bases)]
        requests = [{'repo': self.name, 'sha': self.oids[n], 'branch': b} for b, n in pairs]
        documents = ask_all(daemon, requests)
        shapes = {'several': sum(len(found) > 1 for found in bases),
                  'none': sum(not found for found in bases),
                  'databases': sum(bool(answer.get('version')) for answer in expected),
                  'disagree': sum(bool(answer.get('version'))
                                  and answer['version'] != answer['ancestry']
                                  for answer in expected)}
        return len(pairs), shapes, differences(requests, documents, expected)


@pytest.mark.limit(900)
def test_random_graphs(world, capsys):
    seed = int(os.environ.get('FORKPOINT_PARITY_SEED') or secrets.randbelow(10**9))
    with capsys.disabled():
        print(f'\nFORKPOINT_PARITY_SEED={seed}', flush=True)
    feed = world.new_feed()
    template = world.config['repositories'].pop('winui')
    cases = []
    while sum(case.pair_count for case in cases) < PAIRS:
        cases.append(Case(world, feed, template, len(cases), seed + 1000 * len(cases)))
    feed.write()
    daemon = world.new_daemon().start()
    pairs, shapes, wrong = 0, {}, []
    for case in cases:
        count, seen, different = case.compare(daemon)
        pairs += count
        for shape, times in seen.items():
            shapes[shape] = shapes.get(shape, 0) + times
        wrong += different
    summary = f'seed {seed}: {pairs} pairs over {len(cases)} graphs, {shapes}, {len(wrong)} differ'
    with capsys.disabled():
        print('\n' + summary, flush=True)
    assert not wrong, summary + ''.join(f'\n{row}' for row in wrong[:5])
    assert pairs >= PAIRS, 'too few pairs to call it a comparison'
    assert all(shapes.values()), f'a kind of graph was never seen: {shapes}'


def test_the_first_of_all_is_gits_answer(tmp_path):
    """The reference itself: one process answers both questions because --all prints git's choice
    first."""
    graph = Graph(20200131, 120)
    oids = graph.write(tmp_path / 'r.git')
    rng = random.Random(3)
    pairs = [(rng.choice(oids), rng.choice(oids)) for _ in range(60)]
    for (one, two), found in zip(pairs, merge_bases(tmp_path / 'r.git', pairs)):
        if found:
            single = git(tmp_path / 'r.git', 'merge-base', one, two).decode().split()
            assert single == found[:1]
