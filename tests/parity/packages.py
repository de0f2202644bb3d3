"""Package versions for a graph: what training runs would have published, and what else feeds hold."""
import random

from reference import label_of, stamp_of

FOREIGN = ['1.0.0', '2.4.0', '2.4', '3.0.2201010000-main', '2.4.2013320000-main', '0.0.1-beta.2',
           '2.4.0-main', '2.4.0-1234-main', '2.4.2001010000-']
LAST_PATCH_STAMP = '2112312359'


def version_of(release, seconds, branch, grammar, rng):
    stamp = stamp_of(seconds)
    major, minor = release
    if grammar == 'patch-stamp' and stamp <= LAST_PATCH_STAMP:
        style = rng.choice(['underscore', 'hyphen'])
        return f'{major}.{minor}.{stamp}-{label_of(branch, style)}'
    return f'{major}.{minor}.0-{stamp}-{label_of(branch, "hyphen")}'


def for_graph(graph, seed):
    """(versions, those of them that are unlisted, aliases) of a random graph."""
    rng = random.Random(seed)
    versions = set(FOREIGN)
    for branch, tip in graph.branches.items():
        reachable, todo = set(), [tip]
        while todo:
            number = todo.pop()
            if number not in reachable:
                reachable.add(number)
                todo += graph.commits[number]['parents']
        for number in rng.sample(sorted(reachable), max(1, len(reachable) // 5)):
            commit = graph.commits[number]
            name = rng.choice([branch, branch, branch.upper(), branch.lower()])
            name = 'master' if branch == 'main' and rng.random() < 0.2 else name
            for grammar in rng.choice([['patch-stamp'], ['prerelease-stamp'],
                                       ['patch-stamp', 'prerelease-stamp']]):
                versions.add(version_of(commit['release'], commit['author'], name, grammar, rng))
    # NuGet holds versions that differ in case only for one: keep the first
    kept = {}
    for version in sorted(versions):
        kept.setdefault(version.lower(), version)
    versions = sorted(kept.values())
    rng.shuffle(versions)
    unlisted = set(rng.sample(versions, len(versions) // 10))
    return versions, unlisted, {'main': ['master']}
