"""/freshness and /metrics: ages, holes, bumps and silence out of real branches."""
import csv
import io
import json
import re
import time

import pytest

from upstream import stamp_of, version_props

NOW = int(time.time())       # of the worlds, which are made later
HOUR, DAY = 3600, 86400


def age(then):
    return time.time() - then


def rows_of(daemon, **parameters):
    reply = daemon.get('/freshness', repo='winui', **parameters)
    assert reply.status == 200, reply
    return {(row['branch'], row['release']): row for row in reply.json['items']}


@pytest.fixture(name='served', scope='module')
def served_branches(tmp_path_factory):
    """main: trained daily until five days ago, then silent. release/2.5: raised a while ago, and
    no training since."""
    from conftest import World
    made = World(tmp_path_factory.mktemp('fresh'))
    made.config['repositories']['winui']['packages'][0]['grammars'] = ['prerelease-stamp']
    upstream = made.new_upstream()
    versions, sha = [], {}
    for days in range(20, 4, -1):
        at = NOW - days * DAY
        sha[days] = upstream.commit('main', at, files={'version.props': version_props(2, 4)})
        versions.append(f'2.4.0-{stamp_of(at)}-main')
    upstream.git('update-ref', 'refs/heads/release/2.5', sha[5])
    versions.append(f'2.4.0-{stamp_of(NOW - 5 * DAY)}-release-2-5')
    for hours in (30, 20, 10):
        sha['main', hours] = upstream.commit('main', NOW - hours * HOUR)
        sha['2.5', hours] = upstream.commit('release/2.5', NOW - hours * HOUR,
                                            files={'version.props': version_props(2, 5)})
    versions += [f'2.3.0-{stamp_of(NOW - 30 * DAY)}-main', f'2.3.0-{stamp_of(NOW - 31 * DAY)}-main']
    made.new_feed(versions)
    made.daemon = made.new_daemon().start()
    made.sha, made.versions = sha, versions
    yield made
    made.release()


def test_age(served):
    row = rows_of(served.daemon)['main', '2.4']
    assert row['current'] and row['outcome'] == 'ok' and not row['hole']
    assert row['version'] == f'2.4.0-{stamp_of(NOW - 5 * DAY)}-main'
    assert abs(row['age_seconds'] - age(NOW - 5 * DAY)) < 180 and row['age_commits'] == 3
    assert abs(row['age_minutes_of_tip'] - (5 * DAY - 10 * HOUR) / 60) <= 1
    assert row['version'] == served.daemon.version(served.sha['main', 10], 'main')


def test_other_releases(served):
    rows = rows_of(served.daemon)
    row = rows['main', '2.3']
    assert not row['current'] and row['outcome'] is None
    assert row['version'] == f'2.3.0-{stamp_of(NOW - 30 * DAY)}-main'
    assert set(rows) == {('main', '2.4'), ('main', '2.3'), ('release/2.5', '2.5'),
                         ('release/2.5', '2.4')}


def test_a_bump_without_a_database(served):
    row = rows_of(served.daemon)['release/2.5', '2.5']
    assert row['hole'] and row['outcome'] == 'no-database' and row['version'] is None
    assert row['hole_commit'] == served.sha['2.5', 30] and row['hole_commits'] == 3
    assert row['hole_since'] == time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(NOW - 30 * HOUR))
    assert row['bumped'] and row['bumped_from'] == '2.4'
    assert 'where the release was raised from 2.4' in row['text']


def test_silence(served):
    rows = rows_of(served.daemon)
    row = rows['main', '2.4']
    assert row['trainings'] == 18
    assert row['gap_median_minutes'] == 1440 and row['gap_usual_minutes'] == 10 * 1440
    assert not row['silent']            # five days; but there was a gap of ten among seventeen
    assert abs(row['silent_minutes'] - age(NOW - 5 * DAY) / 60) <= 2
    other = rows['release/2.5', '2.5']
    assert other['trainings'] == 1 and other['gap_usual_minutes'] is None and not other['silent']


def test_silence_beyond_the_rhythm(world):
    """Daily trainings, then none for four days while commits come; and a branch at rest."""
    world.repository['packages'][0]['grammars'] = ['prerelease-stamp']
    upstream = world.new_upstream()
    versions = []
    for days in range(20, 3, -1):
        upstream.commit('main', NOW - days * DAY)
        versions.append(f'2.4.0-{stamp_of(NOW - days * DAY)}-main')
        versions.append(f'2.4.0-{stamp_of(NOW - days * DAY)}-release-2')
    upstream.git('update-ref', 'refs/heads/release/2', upstream.tip('main'))
    upstream.commit('main', NOW - HOUR)
    world.new_feed(versions)
    daemon = world.new_daemon().start()
    row = rows_of(daemon, branch='main')['main', '2.4']
    assert row['silent'] and row['gap_usual_minutes'] == 1440
    assert 'training has been silent for 4 days' in row['text']
    rest = rows_of(daemon, branch='release/2')['release/2', '2.4']
    assert not rest['silent']           # nothing to train on
    assert metric(daemon, 'forkpoint_training_silent', branch='main') == 1
    assert metric(daemon, 'forkpoint_training_silent', branch='release/2') == 0


def test_forms(served):
    daemon = served.daemon
    whole = daemon.get('/freshness', repo='winui').json['items']
    flat = daemon.get('/freshness', repo='winui', shape='flat').json
    assert [row['branch'] for row in flat] == [row['branch'] for row in whole]
    lines = daemon.get('/freshness', repo='winui', format='ndjson').text.splitlines()
    assert [list(json.loads(line)) for line in lines] == [list(row) for row in flat]
    rows = list(csv.DictReader(io.StringIO(daemon.get('/freshness', repo='winui',
                                                      format='csv').text)))
    assert [row['version'] for row in rows] == [row['version'] or '' for row in flat]
    assert list(rows[0]) == list(flat[0])
    text = daemon.get('/freshness', repo='winui', format='text').text
    assert text.splitlines()[0].split() == ['branch', 'release', 'newest', 'database']
    assert len(text.splitlines()) == len(flat) + 1
    assert set(rows_of(daemon, branch='main')) == {('main', '2.4'), ('main', '2.3')}


BAD = [     # parameters, status, code, what the detail says
    ({}, 400, 'bad-request', 'repo'),
    ({'repo': 'winuj'}, 404, 'unknown-repository', 'winuj'),
    ({'repo': 'winui', 'branch': 'topic'}, 404, 'unknown-branch', 'topic'),
    ({'repo': 'winui', 'package': 'Nobody'}, 404, 'unknown-package', 'Nobody'),
    ({'repo': 'winui', 'format': 'props'}, 400, 'bad-request', 'format'),
]


@pytest.mark.parametrize('parameters, status, code, said', BAD)
def test_bad_input(served, parameters, status, code, said):
    reply = served.daemon.get('/freshness', **parameters)
    assert (reply.status, reply.json['code']) == (status, code), reply
    assert said in reply.json['detail']


# ---- metrics ----

SERIES = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?\d+)')


def series(daemon):
    """Every series, after checking the format: HELP and TYPE once, before all of the metric's."""
    reply = daemon.get('/metrics')
    assert reply.status == 200
    assert reply.headers['Content-Type'] == 'text/plain; version=0.0.4; charset=utf-8'
    found, kinds, last = [], {}, None
    for line in reply.text.splitlines():
        if line.startswith('# HELP '):
            last = line.split()[2]
            assert last not in kinds
            kinds[last] = None
        elif line.startswith('# TYPE '):
            _, _, name, kind = line.split()
            assert name == last and kind in ('counter', 'gauge')
            assert (kind == 'counter') == name.endswith('_total')
            kinds[name] = kind
        else:
            name, labels, value = SERIES.fullmatch(line).groups()
            assert name == last
            found.append((name, dict(re.findall(r'([a-z_]+)="([^"]*)"', labels or '')),
                          int(value)))
    assert len(found) == len({(name, tuple(labels.items())) for name, labels, _ in found})
    return found


def metric(daemon, name, **labels):
    [value] = [value for found, own, value in series(daemon)
               if found == name and labels.items() <= own.items()]
    return value


def test_metrics(served):
    daemon = served.daemon
    assert metric(daemon, 'forkpoint_ready') == 1
    assert metric(daemon, 'forkpoint_hole_open', branch='release/2.5') == 1
    assert metric(daemon, 'forkpoint_hole_open', branch='main') == 0
    hole = metric(daemon, 'forkpoint_hole_age_seconds', branch='release/2.5')
    assert abs(hole - age(NOW - 30 * HOUR)) < 180
    database = metric(daemon, 'forkpoint_database_age_seconds', branch='main')
    assert abs(database - age(NOW - 5 * DAY)) < 180
    assert metric(daemon, 'forkpoint_database_age_commits', branch='main') == 3
    assert metric(daemon, 'forkpoint_versions_listed', repo='winui') == len(served.versions)
    assert metric(daemon, 'forkpoint_commits', repo='winui') == 22
    assert metric(daemon, 'forkpoint_refs_failures', repo='winui') == 0
    assert metric(daemon, 'forkpoint_feed_failures', feed='demo') == 0
    assert metric(daemon, 'forkpoint_refs_age_seconds', repo='winui') < 60


def test_replies_are_counted(served):
    daemon = served.daemon

    def count(route, status):
        return sum(value for name, labels, value in series(daemon)
                   if name == 'forkpoint_http_replies_total'
                   and (labels['route'], labels['status']) == (route, status))
    before = count('/resolve', '2xx'), count('/resolve', '4xx'), count('other', '4xx')
    for _ in range(3):
        daemon.resolve(served.sha['main', 10], 'main')
    daemon.resolve(served.sha['2.5', 10], 'release/2.5')
    daemon.get('/nowhere')
    assert (count('/resolve', '2xx'), count('/resolve', '4xx'), count('other', '4xx')) == (
        before[0] + 3, before[1] + 1, before[2] + 1)


def test_answers_and_problems_are_counted(served):
    """By repository and outcome, those of a batch as well; by route and code."""
    daemon = served.daemon

    def counts():
        found = {}
        for name, labels, value in series(daemon):
            if name == 'forkpoint_answers_total':
                found[labels['repo'], labels['outcome']] = value
            elif name == 'forkpoint_http_problems_total':
                found[labels['route'], labels['code']] = value
        return found

    before = counts()
    good, bad = served.sha['main', 10], served.sha['2.5', 10]
    daemon.resolve(good, 'main')
    daemon.resolve(bad, 'release/2.5')
    daemon.get('/resolve', repo='nobody', sha=good)
    daemon.get('/resolve', repo='winui', sha='no-sha')
    daemon.get('/nowhere')
    daemon.get('/diagnose', repo='nobody', sha=good, used='1.0')
    questions = [{'repo': 'winui', 'sha': good, 'branch': 'main'},
                 {'repo': 'winui', 'sha': bad, 'branch': 'release/2.5'}]
    assert daemon.request('POST', '/resolve', json.dumps({'requests': questions})).status == 200
    after = counts()
    assert {key: value - before.get(key, 0) for key, value in after.items()
            if value != before.get(key, 0)} == {
        ('winui', 'ok'): 2, ('winui', 'no-database'): 2,
        ('/resolve', 'no-database'): 1, ('/resolve', 'unknown-repository'): 1,
        ('/resolve', 'bad-request'): 1, ('other', 'not-found'): 1,
        ('/diagnose', 'unknown-repository'): 1}
    assert {repo for repo, _ in after} <= {'winui', 'other', '/resolve', '/diagnose', '/freshness'}
