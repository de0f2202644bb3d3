"""WinUI's real history: every branch against thousands of commits, packages simulated.

The data lies beside the project (../shared); without it the test is skipped. FORKPOINT_PARITY_COMMITS
sets how many commits are asked about for each branch; 2000 without it, fewer for a quick look."""
import os
import random

import pytest

import static_feed
from compare import ask_all, differences
from packages import FOREIGN
from reference import History, Rules, merge_bases
from winui import GRAMMARS, SKELETON, make, releases, training_runs

COMMITS = int(os.environ.get('FORKPOINT_PARITY_COMMITS', '2000'))


@pytest.mark.skipif(not SKELETON.exists(), reason=f'{SKELETON} is not there')
@pytest.mark.limit(1200)
def test_winui(world, capsys):
    seed = int(os.environ.get('FORKPOINT_PARITY_SEED', '1'))
    rng = random.Random(seed)
    repository = world.folder / 'winui.git'
    tips = make(repository)
    history = History(repository)
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
    with capsys.disabled():
        print('\n' + summary, flush=True)
    assert not wrong, summary + ''.join(f'\n{row}' for row in wrong[:5])


@pytest.mark.skipif(not SKELETON.exists(), reason=f'{SKELETON} is not there')
def test_release_of_commits_that_have_no_version_file(world):
    """The real commits without the file end in release-unknown, those with it do not."""
    repository = world.folder / 'winui.git'
    make(repository)
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
