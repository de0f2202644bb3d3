"""WinUI's real history: every commit of every branch's line against /resolve, and /what-if against
really publishing."""
import os
import random

import pytest

import static_feed
from compare import ask_all
from daemon import eventually
from packages import version_of
from reference import History
from winui import GRAMMARS, SKELETON, make, releases, training_runs

SAMPLE = int(os.environ.get('FORKPOINT_PARITY_COMMITS', '2000'))


@pytest.fixture(name='history')
def real_history(world):
    """The daemon over the real history; unlisted versions among the packages."""
    rng = random.Random(6)
    repository = world.folder / 'winui.git'
    world.tips = make(repository)
    history = History(repository)
    world.release_of = releases(repository, history.order)
    world.author = history.author
    world.feed = world.new_feed()
    runs = training_runs(repository, history, world.tips, world.release_of, rng)
    unlisted = set(rng.sample(runs, len(runs) // 20))
    for version in runs:
        world.feed.add(static_feed.DEMO_PACKAGE, version, listed=version not in unlisted)
    world.feed.write()
    world.repository['url'] = str(repository)
    world.repository['tracked'] = ['main', 'release/*', 'winui3/main']
    world.repository['packages'][0]['grammars'] = GRAMMARS
    world.daemon = world.new_daemon().start()
    return world


def timeline(daemon, branch):
    rows, cursor = [], None
    client = daemon.client()
    while True:
        target = f'/timeline?repo=winui&branch={branch}&limit=1000'
        reply = client.request('GET', target + (f'&cursor={cursor}' if cursor else ''))
        assert reply.status == 200, reply
        rows += reply.json['items']
        cursor = reply.json['next']
        if not cursor:
            return rows


def resolved(daemon, pairs):
    """Version or code of each (sha, branch)."""
    documents = ask_all(daemon, [{'repo': 'winui', 'sha': sha, 'branch': branch}
                                 for sha, branch in pairs])
    return [document['package']['version'] if 'code' not in document else document['code']
            for document in documents]


@pytest.mark.skipif(not SKELETON.exists(), reason=f'{SKELETON} is not there')
@pytest.mark.limit(600)
def test_timeline_is_what_resolve_says(history):
    """And /changes is where neighbours of it differ."""
    rng, lines = random.Random(7), {}
    for branch in history.tips:         # tracked ones and others
        lines[branch] = timeline(history.daemon, branch)
    everything = [(row, branch) for branch, rows in lines.items() for row in rows]
    sample = rng.sample(everything, min(SAMPLE, len(everything)))
    answers = resolved(history.daemon, [(row['sha'], branch) for row, branch in sample])
    assert [row['version'] or row['outcome'] for row, _ in sample] == answers
    assert len(set(answers)) > 50       # not one answer all over
    for branch in ('main', 'release/2.8'):
        rows = lines[branch]
        differ = [row['sha'] for row, before in zip(rows, rows[1:])
                  if (row['version'], row['outcome']) != (before['version'], before['outcome'])]
        found, cursor = [], ''
        while cursor is not None:
            page = history.daemon.get('/changes', repo='winui', branch=branch, limit='150',
                                      **({'cursor': cursor} if cursor else {})).json
            found += [row['sha'] for row in page['items']]
            cursor = page['next']
        assert found == differ and differ


@pytest.mark.skipif(not SKELETON.exists(), reason=f'{SKELETON} is not there')
@pytest.mark.limit(600)
def test_what_if_is_what_publishing_does(history):
    daemon, rng = history.daemon, random.Random(8)
    line = timeline(daemon, 'main')
    rows = rng.sample([row for row in line if row['release'] and not row['packages']], 8)
    for row in rows:
        release = tuple(map(int, row['release'].split('.')[:2]))
        version = version_of(release, history.author[row['sha']], 'main', 'prerelease-stamp', rng)
        foretold = daemon.get('/what-if', repo='winui', publish=version, branch='main',
                              last='5000', limit='1000').json
        assert not foretold['truncated'] and foretold['commits_asked'] == len(line)
        before = {one['sha']: one['version'] or one['outcome'] for one in timeline(daemon, 'main')}
        tips = [(one['sha'], one['branch']) for one in foretold['tips']]
        history.feed.add(static_feed.DEMO_PACKAGE, version)
        history.feed.write()
        eventually(lambda: daemon.get('/decode', repo='winui', version=version).json['status']
                   == 'listed', what=version)
        after = {one['sha']: one['version'] or one['outcome'] for one in timeline(daemon, 'main')}
        for one in foretold['commits']:
            assert before[one['sha']] == (one['before'] or one['outcome_before'])
            before[one['sha']] = one['after'] or one['outcome_after']
        assert before == after
        assert resolved(daemon, tips) == [one['after'] for one in foretold['tips']]
