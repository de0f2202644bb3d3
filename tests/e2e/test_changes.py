"""/changes: where the answer changes along a branch, why, and as markers for charts."""
import csv
import io
import json
import re

import pytest

from upstream import seconds, version_props


@pytest.fixture(name='daemon')
def daemon_of_example(served_example):
    return served_example.daemon


@pytest.fixture(name='sha')
def sha_of_label(served_example):
    return served_example.sha


def by_timeline(daemon, branch):
    """The same from /timeline: (sha, version before, version after)."""
    rows = daemon.get('/timeline', repo='winui', branch=branch, limit='1000').json['items']
    return [(row['sha'], before['version'], row['version'])
            for row, before in zip(rows, rows[1:])
            if (row['version'], row['outcome']) != (before['version'], before['outcome'])]


def test_the_worked_example(daemon, sha):
    reply = daemon.get('/changes', repo='winui', branch='main')
    assert reply.status == 200, reply
    assert reply.json['next'] is None and reply.json['commits_looked_at'] == 9
    found = [(row['sha'], row['previous_version'], row['version'], row['why'])
             for row in reply.json['items']]
    assert found == [
        (sha['930ff585'], '2.4.2001312205-main', '2.4.2001312227-main', 'new-package'),
        (sha['f23f1fad'], '2.4.2001312033-main', '2.4.2001312205-main', 'new-package'),
        (sha['4abd4d54'], '2.4.2001312028-main', '2.4.2001312033-main', 'new-package'),
    ]
    release = daemon.get('/changes', repo='winui', branch='release/2.4').json['items']
    assert [(row['sha'], row['hole'], row['outcome'], row['previous_outcome'])
            for row in release] == [(sha['80a4ab55'], 'closes', 'ok', 'no-database')]
    assert 'trained on this commit; a hole ends' in release[0]['text']


def test_between_two_commits(daemon, sha):
    def found(**parameters):
        return [row['sha'] for row in
                daemon.get('/changes', repo='winui', branch='main', **parameters).json['items']]
    f23f, b930 = sha['f23f1fad'], sha['930ff585']
    assert found(**{'from': sha['bcf9adaa'], 'to': sha['63948a75']}) == [f23f]
    assert found(**{'from': f23f, 'to': b930}) == [b930]        # the first is what was before
    assert found(**{'from': f23f, 'to': f23f}) == []
    assert found(to=f23f[:10]) == [f23f, sha['4abd4d54']]


def test_pages(daemon):
    whole = daemon.get('/changes', repo='winui', branch='main').json['items']
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        reply = daemon.get('/changes', repo='winui', branch='main', limit='1',
                           **({'cursor': cursor} if cursor else {}))
        seen += reply.json['items']
        cursor, pages = reply.json['next'], pages + 1
        if cursor:
            link = re.fullmatch(r'<(.*)>; rel="next"', reply.headers['Link'])[1]
            assert daemon.request('GET', link).json['items'][0]['sha'] == cursor
    assert seen == whole and pages == 3


def test_annotations(daemon, sha):
    reply = daemon.get('/changes', repo='winui', branch='release/2.4', format='annotations')
    assert reply.headers['Content-Type'].startswith('application/json')
    (row,) = reply.json
    assert row['time'] == '2020-01-31T20:54:00Z'
    assert row['time_ms'] == seconds('2020-01-31 20:54') * 1000
    assert row['title'] == 'no database → 2.4.2001312054-release_2_4'
    assert sha['80a4ab55'][:8] in row['text']
    assert row['tags'] == ['forkpoint', 'winui', 'release/2.4', 'new-package', 'hole']
    refused = daemon.get('/changes', repo='winui', branch='gone', format='annotations')
    assert refused.status == 404 and refused.json['code'] == 'unknown-branch'
    # a form of this route alone
    assert daemon.get('/timeline', repo='winui', format='annotations').status == 400


def test_flat_forms(daemon):
    items = daemon.get('/changes', repo='winui', branch='release/2.4').json['items']
    assert daemon.get('/changes', repo='winui', branch='release/2.4', shape='flat').json == items
    text = daemon.get('/changes', repo='winui', branch='release/2.4', format='ndjson').text
    assert [json.loads(line) for line in text.splitlines()] == items
    text = daemon.get('/changes', repo='winui', branch='release/2.4', format='csv').text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows == [{name: '' if value is None else value for name, value in item.items()}
                    for item in items]


def test_text_form(daemon, sha):
    text = daemon.get('/changes', repo='winui', branch='main', format='text').text
    title, head, *rows = text.splitlines()
    assert 'winui' in title and 'main' in title
    assert [row.split()[0] for row in rows] == [sha[label][:8] for label in
                                                ('930ff585', 'f23f1fad', '4abd4d54')]
    at = [head.index(name) for name in ('before it', 'from it on', 'why')]
    assert rows[0][at[0]:at[1]].strip() == '2.4.2001312205-main'
    assert rows[0][at[2]:] == '2.4.2001312227-main was trained on this commit'
    none = daemon.get('/changes', repo='winui', branch='main', format='text',
                      **{'from': sha['f23f1fad'], 'to': sha['f23f1fad']}).text
    assert none.splitlines()[1] == 'the answer does not change'


def test_bad_input(daemon, sha):
    rows = [({}, 400, 'bad-request'), ({'repo': 'winuj'}, 404, 'unknown-repository'),
            ({'repo': 'winui', 'branch': 'mian'}, 404, 'unknown-branch'),
            ({'repo': 'winui', 'from': 'd' * 40}, 404, 'unknown-commit'),
            ({'repo': 'winui', 'to': sha['18b956f6']}, 400, 'bad-request'),
            ({'repo': 'winui', 'to': 'main'}, 400, 'bad-request'),
            ({'repo': 'winui', 'from': sha['1b27fd5f'], 'to': sha['f23f1fad']}, 400, 'bad-request')]
    for parameters, status, code in rows:
        reply = daemon.get('/changes', **parameters)
        assert (reply.status, reply.json['code']) == (status, code), parameters


def test_every_reason(world):
    upstream = world.new_upstream()
    upstream.commit('main', '2020-01-01 00:00')
    raised = {'version.props': version_props(2, 5)}
    first = upstream.commit('main', '2020-01-01 01:00')         # trained on
    between = upstream.commit('main', '2020-01-01 02:00')       # a stamp between two commits
    back = upstream.commit('main', '2020-01-01 00:30')          # rebased: back to nothing
    again = upstream.commit('main', '2020-01-01 02:30')
    bump = upstream.commit('main', '2020-01-01 03:00', files=raised)
    bare = upstream.commit('main', '2020-01-01 04:00', files={'a': b'no version'})
    told = upstream.commit('main', '2020-01-01 05:00', files=raised)
    world.new_feed(['2.4.2001010100-main', '2.4.2001010130-main', '2.5.2001010430-main'])
    daemon = world.new_daemon().start()
    items = daemon.get('/changes', repo='winui', branch='main').json['items']
    assert [(row['sha'], row['why'], row['hole']) for row in items] == [
        (told, 'release-unknown', None), (bare, 'release-unknown', 'closes'),
        (bump, 'release-bump', 'opens'), (again, 'new-package', 'closes'),
        (back, 'inversion', 'opens'), (between, 'new-package', None),
        (first, 'new-package', 'closes')]
    assert [(row['sha'], row['previous_version'], row['version']) for row in items] == by_timeline(
        daemon, 'main')
    text = {row['sha']: row['text'] for row in items}
    assert 'from 2.4 to 2.5, which has no database' in text[bump]
    assert '1 h 30 min older' in text[back]
    assert 'stamp lies between' in text[between]
