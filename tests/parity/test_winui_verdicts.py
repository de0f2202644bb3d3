"""/diagnose over WinUI's real history: every (commit, other version) pair of a sample gets the
verdict, and every training commit the place, that a brute-force reading gives.

FORKPOINT_PARITY_COMMITS sets how many pairs; 2000 without it."""
import collections
import os
import random
import time

import pytest

import static_feed
from packages import FOREIGN
from reference import History, Rules, merge_bases
from verdicts import Verdicts, place, rewritten, training
from winui import GRAMMARS, SKELETON, make, releases, training_runs

PAIRS = int(os.environ.get('FORKPOINT_PARITY_COMMITS', '2000'))


def version_to_ask(rng, verdicts, everything, answer, tip, branch, release, runs):
    """What is right, what is close to it (unlisted versions too), or any other."""
    fitting = everything.of_branch(branch, release)
    near = [text for stamp, _, text in fitting if stamp <= answer['stamp']][:60]
    choice = rng.random()
    if choice < 0.1 and answer['version']:
        return answer['version'].upper() if choice < 0.02 else answer['version']
    if choice < 0.3 and near:       # what is rare is looked for
        rare = [text for text in near if verdicts.of(text, answer, tip, branch, release)
                in ('not-an-ancestor', 'vanished')]
        return rng.choice(rare or near)
    if choice < 0.5 and fitting:
        return rng.choice(fitting)[2]
    if choice < 0.6 and fitting:
        return rewritten(rng.choice(fitting)[2], GRAMMARS)
    if choice < 0.65:
        return rng.choice([*FOREIGN, '2.4.2001312206-main', '9.9.9', 'nothing'])
    return rng.choice(runs)


def ask(client, oid, branch, release, used):
    said = f'&release={release[0]}.{release[1]}'
    reply = client.request('GET', f'/diagnose?repo=winui&sha={oid}&branch={branch}&used={used}'
                                  + said)
    assert reply.status == 200, (reply, oid, branch, used)
    return reply.json


@pytest.mark.skipif(not SKELETON.exists(), reason=f'{SKELETON} is not there')
@pytest.mark.limit(900)
def test_verdicts(world, capsys):
    rng = random.Random(11)
    repository = world.folder / 'winui.git'
    tips = make(repository)
    history = History(repository)
    release_of = releases(repository, history.order)
    runs = training_runs(repository, history, tips, release_of, rng)
    unlisted = set(rng.sample(runs, len(runs) // 20))
    feed = world.new_feed()
    for version in [*runs, *FOREIGN]:
        feed.add(static_feed.DEMO_PACKAGE, version, listed=version not in unlisted)
    feed.write()
    world.repository['url'] = str(repository)
    world.repository['packages'][0]['grammars'] = GRAMMARS
    daemon = world.new_daemon().start()

    rules = Rules(history, GRAMMARS, [*runs, *FOREIGN], unlisted)
    everything = Rules(history, GRAMMARS, [*runs, *FOREIGN])
    verdicts = Verdicts(rules, GRAMMARS, unlisted)
    for version in [*runs, *FOREIGN]:
        verdicts.add(version)
    branches = [branch for branch in tips if rules.of_branch(branch, (2, 8, 0, ''))
                or branch == 'main' or 'release/' in branch]
    commits = [oid for oid in history.order if release_of[oid]]
    pairs = [(rng.choice(branches), rng.choice(commits)) for _ in range(PAIRS * 5 // 4)]
    bases = merge_bases(repository, [(tips[branch], oid) for branch, oid in pairs])

    counts, wrong, took = collections.Counter(), [], []
    client = daemon.client(timeout=120)
    for (branch, oid), found in zip(pairs, bases):
        release = (*release_of[oid], 0, '')
        if not found or len(took) == PAIRS:
            continue
        answer = rules.answer(tips[branch], branch, release, found)
        used = version_to_ask(rng, verdicts, everything, answer, tips[branch], branch, release,
                              runs)
        started = time.monotonic()
        said = ask(client, oid, branch, release, used)
        took.append(time.monotonic() - started)
        right = verdicts.of(used, answer, tips[branch], branch, release)
        counts[right] += 1
        places = {row['sha']: (row['where'], row['commits_ahead'], row['commits_behind'])
                  for row in said['trained_on']}
        right_places = {trained: place(history, trained, answer['fork_point'])
                        for trained in training(rules, used, GRAMMARS)}
        if (said['verdict'], said['right_now']['version'], places) != (
                right, answer['version'], right_places):
            wrong.append((oid, branch, release, used, said['verdict'], right, places, right_places))
    took.sort()
    summary = (f'{sum(counts.values())} pairs, {len(runs)} packages: {dict(counts)}; median '
               f'{took[len(took) // 2] * 1000:.1f} ms, slowest {took[-1] * 1000:.0f} ms, '
               f'{len(wrong)} differ')
    with capsys.disabled():
        print('\n' + summary, flush=True)
    assert not wrong, summary + ''.join(f'\n{row}' for row in wrong[:5])
    assert {'match', 'older', 'newer-than-fork-point', 'not-an-ancestor', 'other-branch',
            'other-release', 'vanished', 'unrecognised', 'never-seen', 'reformatted'} <= set(counts)
