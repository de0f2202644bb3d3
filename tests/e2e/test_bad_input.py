"""Bad input: each gets its documented code and a sentence that helps; the rest is still answered."""
import json
import re
import socket
import urllib.parse

import pytest

from upstream import unused_sha

GOOD = '2.4.2001312205-main'


@pytest.fixture(scope='module')
def served(served_example):
    """The worked example with objects that are no commits, and histories of odd kinds."""
    upstream = served_example.upstream
    sha = dict(served_example.sha)
    upstream.git('tag', '-a', '-m', 'annotated', 'v2.4', sha['f23f1fad'])
    sha['tag'] = upstream.git('rev-parse', 'refs/tags/v2.4')
    sha['tree'] = upstream.git('rev-parse', f'{sha["1b27fd5f"]}^{{tree}}')
    sha['blob'] = upstream.git('rev-parse', f'{sha["1b27fd5f"]}:version.props')
    sha['orphan'] = upstream.commit('orphan', '2020-02-01 05:00', parents=[])
    sha['no file'] = upstream.commit('bare', '2020-02-01 05:01', files={'a': b'b'})
    # as many commits as make two of them share four digits
    seen = {value[:4]: value for value in sha.values()}
    minute = 0
    while 'ambiguous' not in sha:
        minute += 1
        made = upstream.git('commit-tree', sha['tree'], '-p', sha['1b27fd5f'],
                            data=f'{minute}'.encode())
        if made[:4] in seen and made != seen[made[:4]]:
            other = seen[made[:4]]
            if upstream.git('cat-file', '-t', other) == 'commit':
                sha['ambiguous'] = made[:4]
                upstream.git('update-ref', 'refs/heads/twin/a', made)
                upstream.git('update-ref', 'refs/heads/twin/b', other)
        seen[made[:4]] = made
    for twin in (made, other):      # a look may come between the two branches
        assert served_example.daemon.version(twin, wait='30') != 'unknown-commit'
    return served_example.daemon, sha


def problem(reply, status, code, *words):
    """Asserts a problem document as RFC 9457 has it, and that its sentence helps."""
    assert reply.status == status, reply
    assert reply.headers['Content-Type'].startswith('application/problem+json'), reply.headers
    document = reply.json
    assert document['code'] == code
    assert document['type'] == f'/problems/{code}'
    assert document['status'] == status
    assert document['title'] and isinstance(document['retryable'], bool)
    assert document['instance']
    assert len(document['detail']) > 15, document
    for word in words:
        assert word in document['detail'], document['detail']
    return document


# query after /resolve?, status, code, words that the sentence must hold
QUERIES = [
    ('', 400, 'bad-request', ['repo']),
    ('repo=winui', 400, 'bad-request', ['sha']),
    ('repo=winui&sha=', 400, 'bad-request', ['sha']),
    ('repo=&sha=1234567', 400, 'bad-request', ['repo']),
    ('repo=winui&sha=xyz', 400, 'bad-request', ['sha']),
    ('repo=winui&sha=123', 400, 'bad-request', ['sha']),                # too short
    ('repo=winui&sha=' + 'a' * 41, 400, 'bad-request', ['sha']),        # too long
    ('repo=winui&sha=' + 'a' * 3000, 400, 'bad-request', ['sha']),
    ('repo=winui&sha=12%0034', 400, 'bad-request', ['sha']),            # a NUL inside
    ('repo=winui&sha=%zz', 400, 'bad-request', []),
    ('repo=winui&sha=$GOOD&sha=$GOOD', 400, 'bad-request', ['sha']),    # repeated
    ('repo=winui&sha=$GOOD&ref=refs/heads/main', 400, 'bad-request', ['ref']),
    ('repo=winui&ref=main', 400, 'bad-request', ['ref']),               # no full name
    ('repo=winui&sha=$GOOD&colour=red', 400, 'bad-request', ['colour', 'branch']),
    ('repo=winui&sha=$GOOD&format=yaml', 400, 'bad-request', ['format', 'json']),
    ('repo=winui&sha=$GOOD&wait=61', 400, 'bad-request', ['wait', '60']),
    ('repo=winui&sha=$GOOD&wait=-1', 400, 'bad-request', ['wait']),
    ('repo=winui&sha=$GOOD&wait=9999999999999999999999', 400, 'bad-request', ['wait']),
    ('repo=winui&sha=$GOOD&release=two', 400, 'bad-request', ['release']),
    ('repo=winui&sha=$GOOD&release=2.4294967296', 400, 'bad-request', ['release']),
    ('repo=winui&sha=$GOOD&branch=', 400, 'bad-request', ['branch']),
    ('repo=winui&sha=$GOOD&candidates=some', 400, 'bad-request', ['candidates']),
    ('repo=winu&sha=$GOOD', 404, 'unknown-repository', ['winu']),
    ('repo=winui&sha=$GOOD&branch=mian', 404, 'unknown-branch', ['mian']),
    ('repo=winui&sha=$GOOD&branch=release/2.5', 404, 'unknown-branch', []),
    ('repo=winui&sha=$GOOD&package=MUXPGODatabas', 404, 'unknown-package', []),
    ('repo=winui&ref=refs/heads/none&wait=0', 404, 'unknown-commit', ['refs/heads/none']),
    ('repo=winui&sha=$UNUSED&wait=0', 404, 'unknown-commit', ['dddd']),
    ('repo=winui&sha=$ORPHAN&branch=main', 422, 'no-fork-point', ['main']),
    ('repo=winui&sha=$NOFILE&branch=bare', 422, 'release-unknown', ['version.props']),
    ('repo=winui&sha=$AMBIGUOUS', 409, 'ambiguous-commit', []),
]


@pytest.mark.parametrize('query, status, code, words', QUERIES)
def test_queries(served, query, status, code, words):
    daemon, sha = served
    query = (query.replace('$GOOD', sha['merged']).replace('$UNUSED', unused_sha())
             .replace('$ORPHAN', sha['orphan']).replace('$NOFILE', sha['no file'])
             .replace('$AMBIGUOUS', sha['ambiguous']))
    reply = daemon.request('GET', f'/resolve?{query}')
    document = problem(reply, status, code, *words)
    if code.startswith('unknown-') and code != 'unknown-commit':
        assert isinstance(document['nearest'], list)
    text = daemon.request('GET', f'/resolve?{query}', headers={'Accept': 'text/plain'})
    if 'format=' not in query:
        assert text.status == status and document['title'] in text.text
    assert daemon.version(sha['merged']) == GOOD       # goes on answering


NEAREST = [     # query, what must be the first of the nearest names
    ('repo=winu&sha=$GOOD', 'winui'),
    ('repo=winui&sha=$GOOD&branch=mian', 'main'),
    ('repo=winui&sha=$GOOD&branch=release/2.5', 'release/2.4'),
    ('repo=winui&sha=$GOOD&package=MUXPGODatabas', 'MUXPGODatabase'),
]


@pytest.mark.parametrize('query, first', NEAREST)
def test_nearest_names(served, query, first):
    daemon, sha = served
    reply = daemon.request('GET', '/resolve?' + query.replace('$GOOD', sha['merged']))
    assert reply.json['nearest'][0] == first


@pytest.mark.parametrize('kind', ['tree', 'blob', 'tag'])
def test_objects_that_are_no_commits(served, kind):
    """A tag may be peeled to its commit; a tree and a blob cannot, and the sentence says so."""
    daemon, sha = served
    reply = daemon.resolve(sha[kind], wait='5')
    if kind == 'tag' and reply.status == 200:
        assert reply.json['package']['version'] == GOOD
        return
    document = problem(reply, 404, 'unknown-commit')
    assert kind in document['detail'] or 'no commit' in document['detail'] \
        or 'not a commit' in document['detail'], document['detail']


def test_a_tag_by_its_ref(served):
    daemon, _ = served
    assert daemon.resolve(ref='refs/tags/v2.4').json['package']['version'] == GOOD


def test_ambiguous_commit_names_the_candidates(served):
    daemon, sha = served
    document = daemon.resolve(sha['ambiguous']).json
    named = [word for word in json.dumps(document).replace('"', ' ').replace(',', ' ').split()
             if word.startswith(sha['ambiguous']) and len(word) >= 40]
    assert len(named) >= 2, document


def test_unknown_commit_says_when_to_ask_again(served):
    daemon, _ = served
    reply = daemon.resolve(unused_sha('e'), wait='0')
    assert reply.status == 404 and int(reply.headers['Retry-After']) >= 0


def test_404_is_cacheable_for_seconds_only(served):
    daemon, sha = served
    reply = daemon.resolve(sha['18b956f6'], 'release/2.4')
    control = reply.headers['Cache-Control']
    age = [int(part.split('=')[1]) for part in control.replace(' ', '').split(',') if '=' in part]
    assert 'immutable' not in control and all(seconds <= 30 for seconds in age)


def test_a_path_that_is_none_is_refused_in_both_forms(served):
    """It may be cached for seconds, so a cache must know that there are two."""
    daemon, _ = served
    for accept, kind in (('text/plain', 'text/plain'), ('*/*', 'application/problem+json')):
        reply = daemon.request('GET', '/nothing', headers={'Accept': accept})
        assert reply.headers['Content-Type'].startswith(kind)
        assert reply.headers['Vary'] == 'Accept'


# method, path, status
METHODS = [
    ('DELETE', '/resolve', 405), ('PUT', '/resolve', 405), ('PATCH', '/repos', 405),
    ('POST', '/stamp', 405), ('POST', '/versions', 405), ('TRACE', '/resolve', 405),
    ('GET', '/nothing', 404), ('GET', '/resolve/', 404), ('GET', '//resolve', 404),
    ('GET', '/repos/winui/more', 404), ('GET', '/../etc/passwd', 404),
    ('GET', '/problems/%2e%2e', 404), ('GET', '/history/xyz', 404),
]


@pytest.mark.parametrize('method, path, status', METHODS)
def test_methods_and_paths(served, method, path, status):
    daemon, _ = served
    reply = daemon.request(method, path)
    if status == 405:
        problem(reply, 405, 'method-not-allowed')
        assert 'GET' in reply.headers['Allow']
    else:
        assert reply.status in (400, 404), reply
        assert reply.json['code'] in ('not-found', 'bad-request')


def test_the_list_names_the_methods_that_routes_take(served):
    daemon, _ = served
    for route in daemon.get('/').json['routes']:
        path = re.sub(r'\{[^}]*\}', 'x', route['path'])
        allowed = set(daemon.request('OPTIONS', path).headers['Allow'].split(', '))
        assert set(route['methods']) == allowed - {'HEAD', 'OPTIONS'}, route['path']
    assert 'PUT, DELETE /pins/' in daemon.get('/', format='text').text


# body of POST /resolve, status, code, words
BODIES = [
    (b'', 400, 'bad-request', []),
    (b'{', 400, 'bad-request', []),
    (b'[]', 400, 'bad-request', ['requests']),
    (b'{}', 400, 'bad-request', ['requests']),
    (b'{"requests": {}}', 400, 'bad-request', ['requests']),
    (b'{"requests": [1]}', 400, 'bad-request', []),
    (b'{"requests": [], "more": 1}', 400, 'bad-request', ['requests']),
    (b'\xff\xfe{"requests": []}', 400, 'bad-request', []),
    (b'[' * 100000, 400, 'bad-request', []),
    (json.dumps({'requests': [{}] * 1001}).encode(), None, None, ['1000']),
    (b' ' * ((1 << 20) + 1), 413, 'too-large', ['1048576']),
    (b' ' * (15 << 20), 413, 'too-large', ['1048576']),
    (b' ' * (64 << 20), 413, 'too-large', []),
]


@pytest.mark.parametrize('body, status, code, words', BODIES, ids=range(len(BODIES)))
def test_post_bodies(served, body, status, code, words):
    daemon, sha = served
    try:
        reply = daemon.request('POST', '/resolve', body, {'Content-Type': 'application/json'})
    except (BrokenPipeError, ConnectionResetError):
        assert status == 413 and len(body) > 16 << 20       # closed before all of it was sent
    else:
        if status is None:
            assert reply.status in (400, 413) and words[0] in reply.json['detail']
        elif reply.status == 200 and body == b'{"requests": [1]}':
            assert reply.json['items'][0]['code'] == 'bad-request'
        else:
            problem(reply, status, code, *words)
    assert daemon.version(sha['merged']) == GOOD


def test_items_of_a_post_fail_one_by_one(served):
    daemon, sha = served
    questions = [
        ({'repo': 'winui', 'sha': 7}, 'bad-request'),
        ({'sha': sha['merged']}, 'bad-request'),
        ({'repo': 'winui', 'sha': ''}, 'bad-request'),
        ({'repo': 'winui', 'sha': 'zz' * 20}, 'bad-request'),
        ({'repo': 'winui', 'sha': sha['merged'], 'branch': 'mian'}, 'unknown-branch'),
        ({'repo': 'winui', 'sha': sha['orphan'], 'branch': 'main'}, 'no-fork-point'),
        ({'repo': 'winui', 'sha': sha['merged']}, None),
    ]
    body = json.dumps({'requests': [question for question, _ in questions]})
    items = daemon.request('POST', '/resolve', body).json['items']
    assert [item.get('code') for item in items] == [code for _, code in questions]


# bytes on the wire, statuses of which one must come back (None: the connection may just end)
RAW = [
    (b'GARBAGE\r\n\r\n', (400, 405, None)),
    (b'GET /resolve HTTP/1.1\r\n\r\n', (400,)),                         # no Host: 400 either way
    (b'GET /' + b'a' * 200000 + b' HTTP/1.1\r\nHost: x\r\n\r\n', (400, 404, 413, 414, 431, None)),
    (b'GET / HTTP/1.1\r\nHost: x\r\nX: ' + b'a' * 200000 + b'\r\n\r\n', (400, 413, 431, None)),
    (b'GET /' + b'?a&' * 3000 + b' HTTP/1.1\r\nHost: x\r\n\r\n', (400, 404, 414, 431, None)),
    (b'POST /resolve HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n', (400, 413, None)),
    (b'POST /resolve HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', (400, 413, None)),
    (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', (400, None)),     # TLS to a plain port
]


@pytest.mark.parametrize('data, statuses', RAW, ids=range(len(RAW)))
def test_raw_bytes(served, data, statuses):
    daemon, sha = served
    status = None
    with socket.create_connection(('127.0.0.1', daemon.port), timeout=5) as raw:
        try:
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            line = raw.recv(4096).split(b'\r\n')[0].split()
            status = int(line[1]) if len(line) > 1 else None
        except OSError:
            pass
    assert status in statuses
    assert daemon.version(sha['merged']) == GOOD


def test_half_a_request_blocks_nobody(served):
    daemon, sha = served
    held = [socket.create_connection(('127.0.0.1', daemon.port)) for _ in range(50)]
    for raw in held:
        raw.sendall(b'GET /resolve?repo=winui HTTP/1.1\r\nHost: x\r\n')
    assert daemon.version(sha['merged']) == GOOD
    for raw in held:
        raw.close()


def test_encoded_parameters(served):
    daemon, sha = served
    quoted = urllib.parse.quote('release/2.4', safe='')
    reply = daemon.request('GET', f'/resolve?repo=winui&sha={sha["310bc133"]}&branch={quoted}')
    assert reply.json['package']['version'] == '2.4.2001312054-release_2_4'
    nobody = daemon.request('GET', '/resolve?repo=<script>&sha=1234567')
    assert nobody.status == 404 and nobody.json['code'] == 'unknown-repository'
