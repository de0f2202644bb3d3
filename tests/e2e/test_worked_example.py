"""The worked example over HTTP: all answers, all forms, and the calls beside /resolve."""
import json
import pathlib
import re
import subprocess
import xml.etree.ElementTree

import pytest

from ask import NO_DATABASE, QUESTIONS

STEPS = ['commit', 'branch', 'release', 'fork-point', 'stamp', 'requested-version', 'candidates',
         'selection', 'ancestry']
RFC3339 = re.compile(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$')
FORMS = ('json', 'text', 'version', 'props', 'env', 'vso')


@pytest.fixture(name='daemon')
def daemon_of_example(served_example):
    return served_example.daemon


@pytest.fixture(name='sha')
def sha_of_label(served_example):
    return served_example.sha


@pytest.mark.parametrize('label, branch, expected', QUESTIONS)
def test_answers(daemon, sha, label, branch, expected):
    reply = daemon.resolve(sha[label], branch)
    if expected == NO_DATABASE:
        assert (reply.status, reply.json['code']) == (404, 'no-database')
        assert daemon.resolve(sha[label], branch, format='version').status == 404
    else:
        assert reply.status == 200, reply
        assert reply.json['package']['version'] == expected
        assert daemon.resolve(sha[label], branch, format='version').text == expected + '\n'


def test_document(daemon, sha, served_example):
    reply = daemon.resolve(sha['merged'], 'main')
    document = reply.json
    assert reply.headers['Content-Type'].startswith('application/json')
    assert document['repo'] == 'winui'
    assert document['sha'] == sha['merged']
    assert (document['branch'], document['branch_source']) == ('main', 'request')
    package = document['package']
    assert package['id'] == 'MUXPGODatabase'
    assert (package['stamp'], package['grammar']) == ('2001312205', 'patch-stamp')
    assert package['trained_on'] == [sha['f23f1fad']]
    assert (package['age_seconds'], package['age_commits']) == (0, 0)
    assert RFC3339.match(package['first_seen']) and RFC3339.match(package['published'])
    assert package['download'].endswith('.nupkg') and package['download'].startswith('http')
    assert document['requested_version'] == '2.4.2001312205-main'
    release = document['release']
    assert (release['text'], release['major'], release['minor'], release['patch'],
            release['prerelease'], release['source']) == ('2.4', 2, 4, 0, '', 'version.props')
    fork_point = document['fork_point']
    assert fork_point['sha'] == sha['f23f1fad'] and fork_point['all'] == [sha['f23f1fad']]
    assert fork_point['branch_tip'] == sha['1b27fd5f']
    assert fork_point['author_time'] == fork_point['committer_time'] == '2020-01-31T22:05:00Z'
    assert fork_point['stamp'] == '2001312205'
    assert fork_point['commits_behind_sha'] == 2       # the merge and the topic's own commit
    candidates = document['candidates']
    assert (candidates['total'], candidates['eligible']) == (5, 3)
    assert {code: count for code, count in candidates['rejected'].items() if count} == {
        'other-branch': 1, 'after-fork-point': 1}
    assert candidates['runner_up'] == '2.4.2001312033-main'
    assert candidates['nearest_newer'] == '2.4.2001312227-main'
    assert document['ancestry'] == {'version': '2.4.2001312205-main', 'agrees': True}
    assert [step['step'] for step in document['reasoning']] == STEPS
    assert all(step['text'].strip() for step in document['reasoning'])
    assert document['warnings'] == []
    assert {'feed_revision', 'feed_synced_at', 'refs_revision', 'refs_synced_at',
            'config'} <= set(document['state'])
    assert RFC3339.match(document['resolved_at'])
    assert served_example.sha['merged'] == document['sha']


def test_branch_from_the_tree(daemon, sha):
    document = daemon.resolve(sha['310bc133']).json
    assert (document['branch'], document['branch_source']) != ('main', 'request')
    assert document['branch'] == 'main'
    assert document['package']['version'] == '2.4.2001312033-main'


def test_release_of_the_request(daemon, sha):
    reply = daemon.resolve(sha['bcf9adaa'], 'main', release='2.5')
    assert (reply.status, reply.json['code']) == (404, 'no-database')
    assert reply.json['candidates']['rejected']['other-release'] > 0
    same = daemon.resolve(sha['bcf9adaa'], 'main', release='2.4.0').json
    assert same['package']['version'] == '2.4.2001312033-main'
    assert same['release']['source'] == 'request'


def test_ref_instead_of_sha(daemon, sha):
    document = daemon.resolve(ref='refs/heads/topic/merged').json
    assert document['sha'] == sha['merged']
    assert document['package']['version'] == '2.4.2001312205-main'


def test_abbreviation(daemon, sha):
    document = daemon.resolve(sha['merged'][:9]).json
    assert document['sha'] == sha['merged']
    assert [warning['code'] for warning in document['warnings']] == ['abbreviated-sha']
    assert document['warnings'][0]['text']


def test_upper_case_sha_is_the_same_commit_or_a_clear_refusal(daemon, sha):
    reply = daemon.resolve(sha['merged'].upper())
    assert reply.status in (200, 400)
    if reply.status == 200:
        assert reply.json['sha'] == sha['merged']


def test_text_form(daemon, sha):
    reply = daemon.resolve(sha['bcf9adaa'], format='text')
    assert reply.headers['Content-Type'].startswith('text/plain')
    lines = reply.text.splitlines()
    assert lines[0] == '2.4.2001312033-main'
    assert len(lines) > len(STEPS) // 2
    assert sha['bcf9adaa'][:8] in reply.text and '2001312149' in reply.text


def test_text_form_of_an_error(daemon, sha):
    reply = daemon.resolve(sha['18b956f6'], 'release/2.4', format='text')
    assert reply.status == 404
    assert reply.headers['Content-Type'].startswith('text/plain')
    assert len(reply.text.splitlines()) > 3
    assert '2.4.2001312054-release_2_4' in reply.text      # the nearest miss


def test_props_form(daemon, sha):
    reply = daemon.resolve(sha['merged'], format='props')
    project = xml.etree.ElementTree.fromstring(reply.body)
    found = {element.tag.rpartition('}')[2]: element.text for element in project.iter()}
    assert found['PGODatabaseId'] == 'MUXPGODatabase'
    assert found['PGODatabaseVersion'] == '2.4.2001312205-main'


def test_env_form(daemon, sha):
    reply = daemon.resolve(sha['merged'], format='env')
    script = f'eval "$1"; printf "%s|%s" "$PGO_DATABASE_ID" "$PGO_DATABASE_VERSION"'
    result = subprocess.run(['sh', '-c', script, 'sh', reply.text], check=True, text=True,
                            capture_output=True)
    assert result.stdout == 'MUXPGODatabase|2.4.2001312205-main'


def test_vso_form(daemon, sha):
    lines = daemon.resolve(sha['merged'], format='vso').text.splitlines()
    assert lines and all(line.startswith('##vso[task.setvariable variable=') for line in lines)
    assert any(line.endswith(']MUXPGODatabase') for line in lines)
    assert any(line.endswith(']2.4.2001312205-main') for line in lines)


ACCEPTED = [    # Accept, the form it chooses
    ('application/json', 'application/json'),
    ('text/plain', 'text/plain'),
    ('*/*', 'application/json'),
    ('text/plain;q=0.2, application/json;q=0.9', 'application/json'),
]


@pytest.mark.parametrize('accept, chosen', ACCEPTED)
def test_accept_chooses_the_form(daemon, sha, accept, chosen):
    reply = daemon.resolve(sha['merged'], headers={'Accept': accept})
    assert reply.headers['Content-Type'].startswith(chosen)


def test_format_wins_over_accept(daemon, sha):
    reply = daemon.resolve(sha['merged'], format='version', headers={'Accept': 'application/json'})
    assert reply.text == '2.4.2001312205-main\n'


@pytest.mark.parametrize('form', FORMS)
def test_head_is_get_without_a_body(daemon, sha, form):
    target = f'/resolve?repo=winui&sha={sha["merged"]}&format={form}'
    head, get = daemon.request('HEAD', target), daemon.request('GET', target)
    assert head.status == get.status == 200
    assert head.body == b'' and get.body
    assert head.headers['Content-Length'] == get.headers['Content-Length']
    assert head.headers['Content-Type'] == get.headers['Content-Type']


@pytest.mark.parametrize('form', FORMS)
def test_etag(daemon, sha, form):
    target = f'/resolve?repo=winui&sha={sha["merged"]}&format={form}'
    first = daemon.request('GET', target)
    again = daemon.request('GET', target, headers={'If-None-Match': first.headers['ETag']})
    assert again.status == 304 and again.body == b''
    assert again.headers['ETag'] == first.headers['ETag']
    other = daemon.request('GET', target, headers={'If-None-Match': '"other"'})
    assert other.status == 200
    assert 'Cache-Control' in first.headers


def test_same_question_same_answer(daemon, sha):
    """Byte for byte but for id and resolved_at (and when the sources were last looked at)."""
    documents = [daemon.resolve(sha['merged'], 'main').json for _ in range(2)]
    assert documents[0]['id'] != documents[1]['id']
    for document in documents:
        for moving in ('id', 'resolved_at'):
            del document[moving]
        for moving in ('feed_synced_at', 'refs_synced_at'):
            del document['state'][moving]
    assert json.dumps(documents[0]) == json.dumps(documents[1])


def test_request_id(daemon, sha):
    given = daemon.resolve(sha['merged'], headers={'X-Request-Id': 'build-17.leg_2'})
    assert given.headers['X-Request-Id'] == 'build-17.leg_2'
    made = daemon.resolve(sha['merged'])
    assert made.headers['X-Request-Id']
    insane = daemon.resolve(sha['merged'], headers={'X-Request-Id': 'x' * 2000})
    assert insane.headers['X-Request-Id'] and len(insane.headers['X-Request-Id']) < 200


def test_candidates_all(daemon, sha):
    plain = daemon.resolve(sha['bcf9adaa'], 'main').json
    assert 'all' not in plain['candidates']
    document = daemon.resolve(sha['bcf9adaa'], 'main', candidates='all').json
    rows = document['candidates']['all']
    codes = {row['version']: row.get('code') for row in rows}
    assert len(rows) == 5
    assert codes['2.4.2001312054-release_2_4'] == 'other-branch'
    assert codes['2.4.2001312227-main'] == 'after-fork-point'
    late = next(row for row in rows if row['version'] == '2.4.2001312227-main')
    assert 38 in late.values()      # 21:49 to 22:27, in minutes


def test_history_has_the_answer(daemon, sha):
    document = daemon.resolve(sha['merged'], 'main').json
    reply = daemon.get(f'/history/{document["id"]}')
    assert reply.status == 200, reply
    assert document['package']['version'] in reply.text
    assert document['resolved_at'] in reply.text and sha['merged'] in reply.text
    missing = daemon.get('/history/ffffffffffffffff')
    assert (missing.status, missing.json['code']) == (404, 'not-found')


def test_replay_url_gives_the_same_answer(daemon, sha):
    document = daemon.resolve(sha['merged'], 'main').json
    target = re.sub(r'^https?://[^/]+', '', document['replay'])
    replayed = daemon.request('GET', target)
    assert replayed.status == 200, replayed
    assert replayed.json['package'] == document['package']
    assert replayed.json['fork_point'] == document['fork_point']


def test_post_resolve(daemon, sha):
    questions = [{'repo': 'winui', 'sha': sha[label], 'branch': branch}
                 for label, branch, _ in QUESTIONS]
    questions.append({'repo': 'nobody', 'sha': sha['merged']})
    questions.append({'repo': 'winui', 'sha': sha['merged'], 'colour': 'red'})
    reply = daemon.request('POST', '/resolve', json.dumps({'requests': questions}),
                           {'Content-Type': 'application/json'})
    assert reply.status == 200, reply
    items = reply.json['items']
    assert len(items) == len(questions)
    for (_, _, expected), item in zip(QUESTIONS, items):
        if expected == NO_DATABASE:
            assert item['code'] == 'no-database'
        else:
            assert item['package']['version'] == expected
    assert items[-2]['code'] == 'unknown-repository'
    assert items[-1]['code'] == 'bad-request'
    assert '"colour" is not known in a request; it takes repo, sha, ref,' in items[-1]['detail']


def test_stamp(daemon, sha):
    document = daemon.get('/stamp', repo='winui', sha=sha['0d379b51'], branch='main').json
    assert '2.4.2001312217-main' in json.dumps(document)
    text = daemon.get('/stamp', repo='winui', sha=sha['0d379b51'], format='version').text
    assert text == '2.4.2001312217-main\n'
    published = daemon.get('/stamp', repo='winui', sha=sha['f23f1fad'], format='text').text
    assert published.splitlines()[0] == '2.4.2001312205-main'
    assert 'already' in published


def test_decode(daemon, sha):
    document = daemon.get('/decode', version='2.4.2001312054-release_2_4', repo='winui').json
    dumped = json.dumps(document)
    assert 'release/2.4' in dumped and sha['80a4ab55'] in dumped
    assert '2020-01-31T20:54:00Z' in dumped and 'patch-stamp' in dumped
    text = daemon.get('/decode', version='2.4.2001312054-release_2_4', repo='winui',
                      format='text').text.splitlines()
    assert '  branches: release/2.4' in text and f'  commits: {sha["80a4ab55"]}' in text
    assert text[-1] == 'winui: listed'
    assert daemon.get('/decode', version='2.4.2001312054-release_2_4').status == 200
    assert daemon.get('/decode', version='not a version').status in (200, 400)


def test_versions(daemon):
    document = daemon.get('/versions', repo='winui').json
    rows = document['items']
    assert len(rows) == 5 and document['next'] is None
    assert rows[0]['version'] == '2.4.2001312227-main'      # newest first
    assert {row['grammar'] for row in rows} == {'patch-stamp'}
    page = daemon.get('/versions', repo='winui', limit='2')
    assert len(page.json['items']) == 2 and page.json['next']
    assert 'rel="next"' in page.headers['Link']
    rest = daemon.get('/versions', repo='winui', limit='1000', cursor=page.json['next']).json
    assert [row['version'] for row in page.json['items'] + rest['items']] == [
        row['version'] for row in rows]
    only = daemon.get('/versions', repo='winui', branch='release/2.4').json['items']
    assert [row['version'] for row in only] == ['2.4.2001312054-release_2_4']


@pytest.mark.parametrize('parameters, kind', [
    ({'shape': 'flat'}, 'application/json'), ({'format': 'csv'}, 'text/csv'),
    ({'format': 'ndjson'}, 'application/x-ndjson')])
def test_flat_versions(daemon, parameters, kind):
    reply = daemon.get('/versions', repo='winui', **parameters)
    assert reply.status == 200 and reply.headers['Content-Type'].startswith(kind), reply
    if kind == 'text/csv':
        assert len(reply.text.splitlines()) == 6
    elif 'shape' in parameters:
        assert len(reply.json) == 5
    else:
        assert len([json.loads(line) for line in reply.text.splitlines()]) == 5


def test_repos(daemon, sha):
    items = daemon.get('/repos').json['items']
    assert 'winui' in json.dumps(items)
    document = daemon.get('/repos/winui').json
    assert sha['1b27fd5f'] in json.dumps(document)
    missing = daemon.get('/repos/winuj')
    assert (missing.status, missing.json['code']) == (404, 'unknown-repository')
    assert missing.json['nearest'] == ['winui']


def test_routes_and_probes(daemon):
    listed = daemon.get('/').text
    for route in ('/resolve', '/stamp', '/decode', '/versions', '/repos', '/livez', '/readyz'):
        assert route in listed
    assert daemon.get('/livez').status == 200
    assert daemon.get('/readyz').status == 200
    verbose = daemon.get('/readyz?verbose')
    assert verbose.status == 200 and 'repositories' in verbose.text and 'packages' in verbose.text


PROBLEMS = ['bad-request', 'unknown-repository', 'unknown-commit', 'unknown-branch',
            'unknown-package', 'no-database', 'not-found', 'method-not-allowed',
            'ambiguous-commit', 'no-fork-point', 'release-unknown', 'branch-not-packageable',
            'too-large', 'too-many-requests', 'internal', 'not-ready', 'unauthorised', 'forbidden']


@pytest.mark.parametrize('code', PROBLEMS)
def test_every_problem_is_explained(daemon, code):
    reply = daemon.get(f'/problems/{code}')
    assert reply.status == 200 and code in reply.text and len(reply.text) > 60


def test_unknown_problem(daemon):
    assert daemon.get('/problems/no-such-code').status == 404


def test_options(daemon):
    reply = daemon.request('OPTIONS', '/resolve')
    assert reply.status in (200, 204)
    assert {'GET', 'HEAD', 'POST'} <= {method.strip() for method in reply.headers['Allow'].split(',')}


def test_the_readme_shows_what_is_answered(daemon):
    """The README's first resolve, word by word (the demonstration's SHAs are always the same)."""
    readme = (pathlib.Path(__file__).parents[2] / 'README.md').read_text(encoding='utf-8')
    block = re.search(r"/resolve\?repo=winui&ref=(\S+?)&format=text'\n(.*?)```", readme, re.S)
    assert daemon.resolve(ref=block[1], format='text').text == block[2]
    document = daemon.resolve(ref=block[1]).json
    for key in document:
        assert f'  "{key}":' in readme
    for shown in (document['fork_point']['sha'], document['requested_version']):
        assert shown in readme
