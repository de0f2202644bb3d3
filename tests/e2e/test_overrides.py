"""Quarantines and pins: decided by people with a token, seen in the next answer, kept for ever."""
import contextlib
import hashlib
import json
import pathlib
import sqlite3
import time

import pytest

from as_of_model import differences, moment_text
from daemon import eventually

TOKEN, WEAK = 'a token of the test', 'another one'
BEARER = {'Authorization': f'Bearer {TOKEN}'}
NEWEST, SECOND, THIRD = '2.4.2001312227-main', '2.4.2001312205-main', '2.4.2001312033-main'
WHY = {'reason': 'crashes on start', 'owner': 'oncall@example.invalid'}


def sha256(token):
    return hashlib.sha256(token.encode()).hexdigest()


@pytest.fixture
def server(example):
    example.daemon.config['tokens'] = [
        {'name': 'oncall', 'sha256': sha256(TOKEN), 'may': ['sync', 'override']},
        {'name': 'weak', 'sha256': sha256(WEAK), 'may': ['sync']}]
    example.daemon.start()
    example.tip = example.sha['1b27fd5f']
    return example


def put(server, path, headers=None, **body):
    return server.daemon.request('PUT', path, json.dumps({**WHY, **body}), headers or BEARER)


def delete(server, path):
    return server.daemon.request('DELETE', path, headers=BEARER)


def test_a_slip_of_the_pen_is_told(server):
    for path, body in ((f'/quarantine/winui/{NEWEST}x', {}),
                       ('/pins/winui/main', {'version': f'{NEWEST}x'})):
        assert put(server, path, **body).json['in_feed'] is False
        assert 'spelling' in put(server, f'{path}?format=text', **body).text
    stamps = put(server, '/quarantine/winui/stamps:2001310000-2001310001')
    assert 'in_feed' not in stamps.json


def warnings(document):
    return {warning['code']: warning['text'] for warning in document['warnings']}


def test_a_quarantine_takes_effect_with_the_next_answer(server):
    daemon, tip = server.daemon, server.tip
    assert daemon.version(tip, 'main') == NEWEST
    before = daemon.resolve(tip, 'main').json['state']
    reply = put(server, f'/quarantine/winui/{NEWEST}')
    assert reply.status == 200, reply
    assert reply.json['set_by'] == 'oncall' and reply.json['status'] == 'in-force'
    assert reply.json['in_feed'] is True
    document = daemon.resolve(tip, 'main').json
    assert document['package']['version'] == SECOND
    assert document['candidates']['rejected']['quarantined'] == 1
    assert NEWEST in warnings(document)['quarantined-better']
    assert document['state'] != before
    (item,) = daemon.get('/quarantine').json['items']
    assert item['version'] == NEWEST and item['reason'] == WHY['reason']
    row = daemon.get('/quarantine', format='csv').text.splitlines()[-1]
    assert row.startswith(f'{item["id"]},winui,'), row
    said = f'winui: {NEWEST} is quarantined by {WHY["owner"]} since {item["set_at"]}: {WHY["reason"]}'
    assert daemon.get('/quarantine', format='text').text == said + '\n'
    assert daemon.get('/pins', format='text').text == 'nothing is pinned\n'
    assert delete(server, f'/quarantine/winui/{NEWEST}').status == 204
    assert daemon.version(tip, 'main') == NEWEST
    assert delete(server, f'/quarantine/winui/{NEWEST}').status == 404
    assert daemon.get('/quarantine').json['items'] == []
    (item,) = daemon.get('/quarantine', past='1').json['items']
    assert item['status'] == 'ended' and item['ended_at']
    assert daemon.get('/quarantine', format='text').text == 'nothing is quarantined\n'
    assert daemon.get('/quarantine', format='text', past='1').text == (
        f'{said}; ended {item["ended_at"]} by oncall\n')


def test_a_range_of_stamps(server):
    assert put(server, '/quarantine/winui/stamps:2001312200-2001312359').status == 200
    assert server.daemon.version(server.tip, 'main') == THIRD
    rows = {row['version'] for row in server.daemon.get('/versions', repo='winui').json['items']
            if row['quarantined']}
    assert rows == {NEWEST, SECOND}
    # What is published later falls under it as well.
    server.feed.add('MUXPGODatabase', '2.4.2001312231-main')
    server.feed.write()
    eventually(lambda: any(row['version'] == '2.4.2001312231-main' for row in
                           server.daemon.get('/versions', repo='winui').json['items']))
    assert server.daemon.version(server.tip, 'main') == THIRD
    assert delete(server, '/quarantine/winui/stamps:2001312200-2001312359').status == 204
    assert server.daemon.version(server.tip, 'main') == '2.4.2001312231-main'


def test_a_moment_that_is_not_written_down_yet(server):
    """Between a decision's coming into force and its row among the publications, and when the row
    of one comes only with the next."""
    daemon, tip = server.daemon, server.tip

    def then(document):
        at_us = daemon.get(f'/history/{document["id"]}').json['at_us']
        return daemon.resolve(tip, 'main', as_of=moment_text(at_us)).json

    path = pathlib.Path(daemon.config['data_dir']) / 'facts.db'
    before = daemon.resolve(tip, 'main').json
    with contextlib.closing(sqlite3.connect(path)) as facts:
        facts.execute('CREATE TRIGGER lag BEFORE INSERT ON publications WHEN NEW.kind = 4'
                      ' BEGIN SELECT RAISE(IGNORE); END')
        assert put(server, f'/quarantine/winui/{NEWEST}').status == 200
        first = daemon.resolve(tip, 'main').json
        assert first['package']['version'] == SECOND
        server.feed.add('MUXPGODatabase', '2.4.2002010411-other')
        server.feed.write()
        eventually(lambda: daemon.resolve(tip, 'main').json['state']['feed_revision'] >
                   first['state']['feed_revision'], what='another publication')
        assert not differences(first, then(first))
        facts.execute('DROP TRIGGER lag')
    assert put(server, f'/quarantine/winui/{SECOND}').status == 200
    second = daemon.resolve(tip, 'main').json
    assert second['package']['version'] == THIRD
    for document in (before, first, second):
        assert not differences(document, then(document))


def test_a_pin_is_answered_and_says_so(server):
    daemon, tip = server.daemon, server.tip
    assert put(server, '/pins/winui/main', version=THIRD).status == 200
    document = daemon.resolve(tip, 'main').json
    assert document['package']['version'] == THIRD
    said = warnings(document)['pinned']
    assert NEWEST in said and WHY['reason'] in said and WHY['owner'] in said
    assert list(warnings(document)) == ['pinned']     # it was trained on an ancestor all the same
    assert daemon.version(server.sha['310bc133'], 'release/2.4') == '2.4.2001312054-release_2_4'
    # A newer pin takes the place of the older one.
    assert put(server, '/pins/winui/main', version=SECOND).status == 200
    assert daemon.version(tip, 'main') == SECOND
    assert [item['version'] for item in daemon.get('/pins').json['items']] == [SECOND]
    assert [item['version'] for item in daemon.get('/pins?past').json['items']] == [SECOND, THIRD]
    # A quarantine is stronger, and the answer says why the pin has no effect.
    assert put(server, f'/quarantine/winui/{SECOND}').status == 200
    document = daemon.resolve(tip, 'main').json
    assert document['package']['version'] == NEWEST
    assert 'no effect' in warnings(document)['pinned'] and warnings(document)['pinned'][-1] == '.'
    assert delete(server, '/pins/winui/main').status == 204
    assert 'pinned' not in warnings(daemon.resolve(tip, 'main').json)


@pytest.mark.parametrize('path', ['/pins/winui/release/2.4', '/pins/winui/release%2F2.4'])
def test_branches_with_slashes(server, path):
    sha = server.sha['310bc133']
    assert put(server, path, version=THIRD).status == 200
    assert server.daemon.version(sha, 'release/2.4') == THIRD
    assert server.daemon.get('/pins', repo='winui').json['items'][0]['branch'] == 'release/2.4'
    assert delete(server, path).status == 204


def test_versions_and_branches_by_other_spellings(server):
    """What NuGet holds for one version is one here, and a branch's former name means the branch."""
    assert put(server, f'/quarantine/winui/{NEWEST.upper()}').status == 200
    assert server.daemon.version(server.tip, 'main') == SECOND
    assert delete(server, f'/quarantine/winui/{NEWEST}').status == 204
    server.daemon.config['repositories']['winui']['aliases'] = {'main': ['master']}
    server.daemon.stop()
    server.daemon.start()
    reply = put(server, '/pins/winui/master', version=THIRD)
    assert (reply.status, reply.json['branch']) == (200, 'main')
    assert server.daemon.version(server.tip, 'main') == THIRD
    assert delete(server, '/pins/winui/master').status == 204
    assert server.daemon.version(server.tip, 'main') == NEWEST


def test_what_if_knows_pins(server):
    asked = {'repo': 'winui', 'branch': 'main', 'publish': '2.4.2002010000-main'}
    assert server.daemon.get('/what-if', **asked).json['commits']
    put(server, '/pins/winui/main', version=THIRD)
    assert server.daemon.get('/what-if', **asked).json['commits'] == []


def test_expiry(server):
    until = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 5))
    assert put(server, f'/quarantine/winui/{NEWEST}', expires=until).status == 200
    assert server.daemon.version(server.tip, 'main') == SECOND
    eventually(lambda: server.daemon.version(server.tip, 'main') == NEWEST, seconds=10,
               what='the end of the quarantine')
    (item,) = server.daemon.get('/quarantine?past').json['items']
    assert item['ended_at'] is not None
    last = server.daemon.get('/audit', headers=BEARER).json['items'][0]
    assert (last['who'], last['action'], last['subject']) == (
        'expiry', 'quarantine.end', f'winui/{NEWEST}')


def test_a_restart_forgets_nothing(server):
    put(server, f'/quarantine/winui/{NEWEST}')
    put(server, '/pins/winui/release/2.4', version=THIRD)
    server.daemon.kill()
    server.daemon.start()
    assert server.daemon.version(server.tip, 'main') == SECOND
    assert server.daemon.version(server.sha['310bc133'], 'release/2.4') == THIRD


def test_time_travel_sees_them_as_they_were(server):
    daemon, tip = server.daemon, server.tip
    daemon.version(tip, 'main')
    time.sleep(1.1)
    put(server, f'/quarantine/winui/{NEWEST}')
    first = daemon.resolve(tip, 'main').json
    time.sleep(1.1)
    delete(server, f'/quarantine/winui/{NEWEST}')
    assert daemon.version(tip, 'main') == NEWEST
    then = daemon.resolve(tip, 'main', as_of=first['resolved_at']).json
    assert then['package']['version'] == SECOND, then
    assert then['candidates']['rejected'] == first['candidates']['rejected']


def test_replay_names_the_decisions(server):
    first = server.daemon.resolve(server.tip, 'main').json
    put(server, f'/quarantine/winui/{NEWEST}')
    put(server, '/pins/winui/release/2.4', version=THIRD)
    replay = server.daemon.get(f'/history/{first["id"]}/replay').json
    told = {(item['what'], item.get('subject')): item for item in replay['differences']}
    assert told['quarantine', NEWEST]['now'] == 'in-force'
    assert WHY['reason'] in told['quarantine', NEWEST]['text']
    assert ('pin', 'release/2.4') in told
    second = server.daemon.resolve(server.tip, 'main').json
    delete(server, f'/quarantine/winui/{NEWEST}')
    replay = server.daemon.get(f'/history/{second["id"]}/replay').json
    assert any(item['what'] == 'quarantine' and 'ended' in item['text']
               for item in replay['differences'])


def test_the_audit(server):
    put(server, f'/quarantine/winui/{NEWEST}')
    delete(server, f'/quarantine/winui/{NEWEST}')
    put(server, '/pins/winui/main', version=THIRD)
    server.daemon.request('DELETE', '/pins/winui/main', headers={'Authorization': 'Bearer no'})
    reply = server.daemon.get('/audit', headers=BEARER)
    entries = [(item['action'], item['who']) for item in reply.json['items']]
    assert entries == [('refused', None), ('pin.set', 'oncall'), ('quarantine.end', 'oncall'),
                       ('quarantine.set', 'oncall')]
    detail = reply.json['items'][1]['detail']
    assert detail['version'] == THIRD and detail['reason'] == WHY['reason']
    page = server.daemon.get('/audit', headers=BEARER, limit='2').json
    assert len(page['items']) == 2
    rest = server.daemon.get('/audit', headers=BEARER, limit='2', cursor=page['next']).json
    assert [item['action'] for item in rest['items']] == ['quarantine.end', 'quarantine.set']
    assert server.daemon.get('/audit').status == 401


def test_who_may(server):
    path = f'/quarantine/winui/{NEWEST}'
    reply = server.daemon.request('PUT', path, json.dumps(WHY))
    assert reply.status == 401 and reply.headers['WWW-Authenticate'].startswith('Bearer')
    assert reply.json['code'] == 'unauthorised'
    assert put(server, path, {'Authorization': f'Bearer {TOKEN}x'}).status == 401
    assert put(server, path, {'Authorization': f'Basic {TOKEN}'}).status == 401
    reply = put(server, path, {'Authorization': f'Bearer {WEAK}'})
    assert reply.status == 403 and reply.json['code'] == 'forbidden' and 'weak' in reply.text
    assert server.daemon.get('/quarantine').json['items'] == []
    # A token that the configuration takes away is one no more.
    server.daemon.config['tokens'] = server.daemon.config['tokens'][1:]
    server.daemon.config_file.write_text(json.dumps(server.daemon.config), encoding='utf-8')
    server.daemon.process.send_signal(1)
    eventually(lambda: put(server, path).status == 401, what='the new configuration')


def test_guessing_gets_slower(server):
    started = time.monotonic()
    for _ in range(5):
        assert put(server, '/pins/winui/main', {'Authorization': 'Bearer guess'},
                   version=THIRD).status == 401
    assert time.monotonic() - started > 1.5       # 0.1 + 0.2 + 0.4 + 0.8 + …
    # Who has the right token does not wait, nor does anybody else.
    started = time.monotonic()
    assert put(server, '/pins/winui/main', version=THIRD).status == 200
    assert server.daemon.version(server.tip, 'main') == THIRD
    assert time.monotonic() - started < 1.5


BAD = [
    ('/quarantine/nix/1.0.0', WHY, 404, 'unknown-repository'),
    (f'/quarantine/winui/{NEWEST}', {'owner': 'me'}, 400, '"reason"'),
    (f'/quarantine/winui/{NEWEST}', {'reason': 'r'}, 400, '"owner"'),
    (f'/quarantine/winui/{NEWEST}', {**WHY, 'resaon': 'r'}, 400, 'resaon'),
    (f'/quarantine/winui/{NEWEST}', {**WHY, 'reason': 'r' * 1001}, 400, '"reason"'),
    (f'/quarantine/winui/{NEWEST}', {**WHY, 'reason': 'a\nb'}, 400, '"reason"'),
    (f'/quarantine/winui/{NEWEST}', {**WHY, 'expires': 'soon'}, 400, '"expires"'),
    (f'/quarantine/winui/{NEWEST}', {**WHY, 'expires': '2001-01-01T00:00:00Z'}, 400, '"expires"'),
    (f'/quarantine/winui/{NEWEST}', {**WHY, 'package': 'nix'}, 404, 'unknown-package'),
    (f'/quarantine/winui/{NEWEST}', ['x'], 400, 'object'),
    ('/quarantine/winui/stamps:1-2', WHY, 400, 'ten digits'),
    ('/quarantine/winui/stamps:2001312359-2001310000', WHY, 400, 'the earlier first'),
    ('/quarantine/winui/stamps:2013310000-2013312359', WHY, 400, 'ten digits'),
    ('/pins/winui/main', WHY, 400, '"version"'),
    ('/pins/winui/mian', {**WHY, 'version': THIRD}, 404, 'unknown-branch'),
    ('/pins/nix/main', {**WHY, 'version': THIRD}, 404, 'unknown-repository'),
]


def test_bad_input(server):
    for path, body, status, holds in BAD:
        reply = server.daemon.request('PUT', path, json.dumps(body), BEARER)
        assert reply.status == status, (path, body, reply)
        assert holds in reply.json['detail'] + reply.json['code'], (path, body, reply)
    assert server.daemon.request('PUT', '/pins/winui/main', 'no json', BEARER).status == 400
    twice = '{"reason": "one", "owner": "me", "version": "1.0.0", "reason": "another"}'
    twice = server.daemon.request('PUT', '/pins/winui/main', twice, BEARER)
    assert twice.status == 400 and '"reason"' in twice.json['detail'], twice
    assert server.daemon.request('PUT', '/pins/winui/', '{}', BEARER).status == 404
    assert server.daemon.request('POST', '/pins/winui/main', '{}', BEARER).status == 405
    assert server.daemon.get('/pins').json['items'] == []
