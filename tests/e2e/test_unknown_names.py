"""Names that nobody here knows are told so, with those that are near: never an empty list."""
import hashlib
import json

import pytest

from conftest import PACKAGE

BEARER = {'Authorization': 'Bearer of names'}


@pytest.fixture
def server(example):
    example.daemon.config['tokens'] = [{
        'name': 'oncall', 'sha256': hashlib.sha256(b'of names').hexdigest(),
        'may': ['sync', 'override']}]
    example.daemon.start()
    return example


@pytest.mark.parametrize('path', [
    '/history?repo=winu', '/history?repo=winu&shape=flat&limit=5000', '/stats?repo=winu',
    '/quarantine?repo=winu', '/pins?repo=winu&past', '/events?repo=winu', '/versions?repo=winu',
    '/freshness?repo=winu', '/decode?version=1.0.0&repo=winu', '/repos/winu',
])
def test_a_repository(served_example, path):
    reply = served_example.daemon.get(path)
    assert (reply.status, reply.json['code']) == (404, 'unknown-repository'), reply
    assert reply.json['nearest'] == ['winui'] and '"winu"' in reply.json['detail']


@pytest.mark.parametrize('path, code, nearest', [
    ('/freshness?repo=winui&branch=mian', 'unknown-branch', 'main'),
    ('/freshness?repo=winui&package=MUXPGODatabas', 'unknown-package', PACKAGE),
    ('/versions?repo=winui&branch=mian', 'unknown-branch', 'main'),
    ('/versions?repo=winui&branch=origin/main', 'unknown-branch', 'main'),
    ('/versions?repo=winui&branch=refs/heads/release/2.5', 'unknown-branch', 'release/2.4'),
    ('/versions?repo=winui&package=MUXPGODatabas', 'unknown-package', PACKAGE),
    ('/timeline?repo=winui&branch=mian', 'unknown-branch', 'main'),
])
def test_what_a_repository_has(served_example, path, code, nearest):
    reply = served_example.daemon.get(path)
    assert (reply.status, reply.json['code']) == (404, code), reply
    assert reply.json['nearest'] == [nearest]
    assert '; GET /repos/winui lists them' in reply.json['detail']


def test_decisions(server):
    body = json.dumps({'reason': 'a test', 'owner': 'me@example.invalid'})
    for path, code, nearest in (
            ('/quarantine/winu/1.0.0', 'unknown-repository', 'winui'),
            ('/quarantine/winui/1.0.0?package=MUXPGODatabas', 'unknown-package', PACKAGE)):
        reply = server.daemon.request('PUT', path, body, BEARER)
        assert (reply.status, reply.json['code']) == (404, code), reply
        assert reply.json['nearest'] == [nearest]


def test_what_was_tracked_once_has_a_past(server):
    daemon = server.daemon
    daemon.resolve(server.sha['merged'], 'main')
    daemon.request('PUT', '/quarantine/winui/1.0.0', json.dumps(
        {'reason': 'a test', 'owner': 'me@example.invalid'}), BEARER)
    daemon.stop()
    daemon.config['repositories']['other'] = daemon.config['repositories'].pop('winui')
    daemon.start()
    assert len(daemon.get('/history?repo=winui').json['items']) == 1
    assert len(daemon.get('/quarantine?repo=winui').json['items']) == 1
    assert daemon.get('/stats?repo=winui').json['items'][0]['requests'] == 1
    assert daemon.get('/history?repo=other').json['items'] == []
    assert daemon.get('/history?repo=others').json['nearest'] == ['other']


def test_an_outcome(served_example):
    daemon = served_example.daemon
    assert daemon.get('/history?outcome=no-database').status == 200
    reply = daemon.get('/history?outcome=no-databases')
    assert reply.status == 400 and '"outcome"' in reply.json['detail']
