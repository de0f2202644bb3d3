"""/stats: how many answers were given, and how fast, in the flat form that charts read."""
import collections
import csv
import io
import json

import pytest


@pytest.fixture(name='asked', scope='module')
def asked_of_module(served_example):
    """The rows of the history that /stats sums up."""
    daemon = served_example.daemon
    for number, sha in enumerate(list(served_example.sha.values()) * 6):
        daemon.resolve(sha, ['main', 'release/2.4', 'none'][number % 3])
    return daemon, daemon.get('/history', limit='1000', shape='flat').json


def counted(rows, names):
    return collections.Counter(tuple(row[name] for name in names) for row in rows)


def summed(items, names):
    sums = collections.Counter()
    for row in items:
        sums[tuple(row[name] for name in names)] += row['requests']
    return sums


@pytest.mark.parametrize('by', [
    '', 'outcome', 'version', 'branch', 'client', 'repo', 'outcome,version,branch,client'])
@pytest.mark.parametrize('bucket', ['hour', 'day'])
def test_sums_are_exact(asked, by, bucket):
    daemon, rows = asked
    reply = daemon.get('/stats', repo='winui', bucket=bucket, **({'by': by} if by else {}))
    assert reply.status == 200, reply
    names = by.split(',') if by else []
    mine = [row for row in rows if row['repo'] == 'winui']
    assert summed(reply.json['items'], names) == counted(mine, names)
    assert reply.json['bucket'] == bucket and reply.json['next'] is None
    for row in reply.json['items']:
        assert row['time'].endswith('00:00Z') and row['time_ms'] % 3600000 == 0
        assert 0 < row['p50_us'] <= row['p90_us'] <= row['p99_us']


def test_what_was_answered_a_moment_ago_counts(asked):
    daemon, rows = asked
    before = summed(daemon.get('/stats').json['items'], [])[()]
    daemon.resolve(rows[0]['sha'], 'main')
    assert summed(daemon.get('/stats').json['items'], [])[()] == before + 1


def test_forms(asked):
    daemon, _ = asked
    parameters = {'by': 'outcome,branch', 'bucket': 'hour'}
    items = daemon.get('/stats', **parameters).json['items']
    assert list(items[0]) == ['time', 'time_ms', 'branch', 'outcome', 'requests', 'p50_us',
                              'p90_us', 'p99_us']
    assert daemon.get('/stats', shape='flat', **parameters).json == items
    lines = daemon.get('/stats', format='ndjson', **parameters).text
    assert [json.loads(line) for line in lines.splitlines()] == items
    table = daemon.get('/stats', format='csv', **parameters).text
    assert [dict(row) for row in csv.DictReader(io.StringIO(table, newline=''))] == [
        {name: str(value) for name, value in row.items()} for row in items]


def test_pages_and_times(asked):
    daemon, _ = asked
    parameters = {'by': 'outcome,branch,version'}
    whole = daemon.get('/stats', **parameters).json['items']
    found, cursor = [], None
    while cursor != 'end':
        page = daemon.get('/stats', limit='2', **parameters, **({'cursor': cursor} if cursor else {}))
        assert len(page.json['items']) <= 2
        found += page.json['items']
        cursor = page.json['next'] or 'end'
        assert (cursor != 'end') == ('Link' in page.headers)
    assert found == whole
    assert daemon.get('/stats', until='2020-01-01T00:00:00Z').json['items'] == []
    assert daemon.get('/stats', since='2020-01-01T00:00:00Z').json['bucket'] == 'day'


@pytest.mark.parametrize('parameters', [
    {'by': 'colour'}, {'by': 'outcome,'}, {'by': 'outcome,outcome'}, {'by': ''},
    {'bucket': 'week'}, {'since': 'now'},
    {'limit': '100001'}, {'since': '2026-01-02T00:00:00Z', 'until': '2026-01-01T00:00:00Z'},
    {'since': '1960-01-01T00:00:00Z'}, {'sha': 'abcd'}, {'format': 'text'},
], ids=str)
def test_bad_input(asked, parameters):
    daemon, _ = asked
    reply = daemon.get('/stats', **parameters)
    assert reply.status == 400 and next(iter(parameters)) in reply.text, reply
