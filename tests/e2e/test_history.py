"""/history: past answers by what they asked and got, in every form, page by page."""
import csv
import io
import itertools
import json
import random

import pytest

COLUMNS = ['id', 'at', 'at_us', 'repo', 'branch', 'sha', 'version', 'outcome', 'status', 'form',
           'client', 'agent', 'build', 'duration_us', 'as_of']


def ask(daemon, sha, branch, agent, form):
    """One answer; the row that /history must have of it, as far as the caller knows it."""
    reply = daemon.resolve(sha, branch, format=form, headers={'User-Agent': agent})
    document = reply.json if form == 'json' else None
    ok = reply.status == 200
    return {
        'id': (document['id' if ok else 'instance'] if document else reply.headers['X-Request-Id']),
        'repo': 'winui', 'branch': branch, 'sha': sha, 'status': reply.status, 'form': form,
        'outcome': 'ok' if ok else 'no-database', 'agent': agent, 'client': '127.0.0.1'}


@pytest.fixture(name='asked', scope='module')
def asked_of_module(served_example):
    """Some hundred answers of all kinds, oldest first."""
    daemon, rng = served_example.daemon, random.Random(5)
    shas = list(served_example.sha.values())
    rows = [ask(daemon, rng.choice(shas), rng.choice(['main', 'release/2.4']),
                rng.choice(['curl/8', 'MSBuild, "17"', 'ci']), rng.choice(['json', 'version']))
            for _ in range(400)]
    return daemon, rows


def listed(daemon, **parameters):
    """Rows of all pages, one after the other."""
    rows, cursor = [], None
    while True:
        reply = daemon.get('/history', **parameters, **({'cursor': cursor} if cursor else {}))
        assert reply.status == 200, reply
        rows += reply.json['items']
        cursor = reply.json['next']
        assert bool(cursor) == ('Link' in reply.headers)
        if not cursor:
            return rows


def known(rows, row):
    return {name: value for name, value in row.items() if name in rows[0]}


def test_what_was_answered_a_moment_ago_is_there(asked):
    daemon, _ = asked
    for number in range(30):
        given = daemon.resolve('0' * 39 + '1', 'main', wait='0')
        newest = daemon.get('/history', limit='1').json['items'][0]
        assert newest['id'] == given.json['instance'], number


def test_every_filter_in_any_combination(asked):
    daemon, rows = asked
    rng = random.Random(6)
    names = ['branch', 'sha', 'outcome', 'client', 'repo']
    for size in range(len(names) + 1):
        for chosen in itertools.combinations(names, size):
            like = rng.choice(rows)
            wanted = {name: like[name] for name in chosen}
            if 'sha' in wanted and rng.random() < 0.5:
                wanted['sha'] = wanted['sha'][:8].upper()
            found = [known(rows, row) for row in listed(daemon, limit='70', **wanted)
                     if row['sha']]
            expected = [row for row in reversed(rows)
                        if all(row[name].startswith(value.lower() if name == 'sha' else value)
                               for name, value in wanted.items())]
            ids = {row['id'] for row in rows}
            assert [row for row in found if row['id'] in ids] == expected, wanted
    assert listed(daemon, branch='none') == [] == listed(daemon, sha='abcdef0123')


def test_versions_and_times(asked):
    daemon, _ = asked
    rows = listed(daemon, limit='1000')
    version = next(row['version'] for row in rows if row['version'])
    found = listed(daemon, version=version, limit='1000')
    assert found == [row for row in rows if row['version'] == version]
    middle = rows[len(rows) // 2]['at']
    newer, older = listed(daemon, since=middle), listed(daemon, until=middle)
    assert newer + older == rows
    assert listed(daemon, until='1969-12-31') == []
    assert listed(daemon, since='1969-12-31', limit='1000') == rows
    assert all(row['at'] >= middle for row in newer) and all(row['at'] < middle for row in older)


def test_pages_are_stable_while_answers_arrive(asked):
    daemon, rows = asked
    before = [row['id'] for row in listed(daemon, limit='1000')]
    seen, cursor = [], None
    while True:
        page = daemon.get('/history', limit='37', **({'cursor': cursor} if cursor else {})).json
        seen += [row['id'] for row in page['items']]
        ask(daemon, rows[0]['sha'], 'main', 'late', 'json')
        cursor = page['next']
        if not cursor:
            break
    assert seen == before


def test_forms(asked):
    daemon, _ = asked
    rows = daemon.get('/history', limit='200').json['items']
    assert list(rows[0]) == COLUMNS
    assert daemon.get('/history', limit='200', shape='flat').json == rows
    lines = daemon.get('/history', limit='200', format='ndjson')
    assert lines.headers['Content-Type'] == 'application/x-ndjson'
    assert [json.loads(line) for line in lines.text.splitlines()] == rows
    table = daemon.get('/history', limit='200', format='csv')
    assert table.headers['Content-Type'] == 'text/csv; charset=utf-8'
    assert 'rel="next"' in table.headers['Link']
    read = list(csv.DictReader(io.StringIO(table.text, newline='')))
    assert [{name: str(value) if value is not None else '' for name, value in row.items()}
            for row in rows] == read
    assert daemon.get('/history', limit='5', format='text').text.count('\n') == 5
    whole = daemon.get('/history/' + rows[3]['id']).json
    assert {name: whole[name] for name in ('sha', 'outcome', 'agent', 'at')} == {
        name: rows[3][name] for name in ('sha', 'outcome', 'agent', 'at')}


def test_long_lists_are_streamed(asked):
    daemon, _ = asked
    rows = listed(daemon, limit='1000')
    for form, read in (('ndjson', lambda text: [json.loads(line) for line in text.splitlines()]),
                       ('csv', lambda text: list(csv.DictReader(io.StringIO(text, newline=''))))):
        reply = daemon.get('/history', limit='10000000', format=form)
        assert reply.headers['Transfer-Encoding'] == 'chunked' and 'Link' not in reply.headers
        assert [row['id'] for row in read(reply.text)] == [row['id'] for row in rows]
    flat = daemon.get('/history', limit='5000', shape='flat', branch='main')
    assert flat.json == [row for row in rows if row['branch'] == 'main']
    assert daemon.get('/history', limit='5000', shape='flat', branch='none').json == []
    some = daemon.get('/history', limit='1001', format='ndjson', branch='main').text.splitlines()
    assert len(some) == min(1001, len(flat.json))


def test_revalidation(asked):
    daemon, _ = asked
    reply = daemon.get('/history', limit='3')
    assert reply.headers['Cache-Control'] == 'no-cache'
    again = daemon.get('/history', limit='3', headers={'If-None-Match': reply.headers['ETag']})
    assert again.status == 304


@pytest.mark.parametrize('parameters', [
    {'limit': '0'}, {'limit': '1001'}, {'limit': '10000001', 'format': 'csv'}, {'limit': '-1'},
    {'cursor': 'x'}, {'cursor': '9' * 30}, {'sha': 'xyz'}, {'sha': 'ab'}, {'since': 'yesterday'},
    {'until': '2026-13-01T00:00:00Z'}, {'branch': ''}, {'build': '\x01'}, {'shape': 'round'},
    {'format': 'xml'}, {'repository': 'winui'}, {'client': 'x' * 1025},
], ids=lambda parameters: next(iter(parameters)))
def test_bad_input(asked, parameters):
    daemon, _ = asked
    reply = daemon.get('/history', **parameters)
    assert reply.status == 400 and next(iter(parameters)) in reply.text, reply


def test_the_rest_of_the_routes_keeps_its_limit(asked):
    daemon, _ = asked
    reply = daemon.get('/versions', repo='winui', limit='1001')
    assert reply.status == 400 and 'from 1 to 1000' in reply.json['detail']


def test_a_restart_changes_nothing(example):
    daemon = example.daemon.start()
    for sha in list(example.sha.values()) * 3:
        daemon.resolve(sha, 'main')
    before = listed(daemon)
    daemon.kill()
    daemon.start()
    assert listed(daemon) == before


def test_an_unknown_commit_is_found_under_what_was_asked(example):
    daemon = example.daemon.start()
    assert daemon.resolve('AbCdEf0123' * 4, 'main', wait='0').status == 404
    (item,) = daemon.get('/history', sha='abcdef0123' * 4).json['items']
    assert item['outcome'] == 'unknown-commit' and item['sha'] == 'abcdef0123' * 4
