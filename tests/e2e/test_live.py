"""The world moves while Forkpoint runs: pushes, packages, deleted and forced branches."""
import concurrent.futures
import json
import shutil
import subprocess
import time

import pytest

import npm
import nuget_server
from daemon import eventually
from git_servers import GitDaemon, GitHttpServer, HangingServer, SshServer
from upstream import unused_sha, version_props


def versions(daemon):
    return {row['version'] for row in daemon.get('/versions', repo='winui').json['items']}


def tip_is(daemon, branch, sha):
    reply = daemon.resolve(ref=f'refs/heads/{branch}', branch='main', wait='0')
    return reply.json.get('sha', reply.json.get('fork_point', {}).get('sha')) == sha


def test_a_package_appears_and_vanishes(example):
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    assert daemon.version(sha, 'main') == '2.4.2001312227-main'
    before = daemon.resolve(sha, 'main').json['state']
    example.feed.add('MUXPGODatabase', '2.4.2002010411-main')
    example.feed.write()
    eventually(lambda: daemon.version(sha, 'main') == '2.4.2002010411-main', what='the package')
    after = daemon.resolve(sha, 'main').json['state']
    assert after['feed_revision'] > before['feed_revision']
    assert after['refs_revision'] == before['refs_revision']
    del example.feed.packages['MUXPGODatabase']['2.4.2002010411-main']
    example.feed.write()
    eventually(lambda: daemon.version(sha, 'main') == '2.4.2001312227-main', what='its end')
    row = next(row for row in daemon.get('/versions', repo='winui', status='vanished').json['items'])
    assert row['version'] == '2.4.2002010411-main' and row['returned'] is None
    example.feed.add('MUXPGODatabase', '2.4.2002010411-main')
    example.feed.write()
    eventually(lambda: daemon.version(sha, 'main') == '2.4.2002010411-main', what='its return')
    row = next(row for row in daemon.get('/versions', repo='winui').json['items']
               if row['version'] == '2.4.2002010411-main')
    assert row['vanished'] is None and row['returned'] >= row['first_seen']


def test_a_package_is_unlisted(example):
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    assert daemon.version(sha, 'main') == '2.4.2001312227-main'
    example.feed.packages['MUXPGODatabase']['2.4.2001312227-main']['listed'] = False
    example.feed.write()
    eventually(lambda: daemon.version(sha, 'main') == '2.4.2001312205-main', what='the other one')
    rejected = daemon.resolve(sha, 'main').json['candidates']['rejected']
    assert rejected['unlisted'] == 1


def test_a_commit_is_pushed(example):
    """It is found by the next look, without a question that makes the daemon look."""
    daemon = example.daemon.start()
    daemon.wait_log('event=mirror.synced')      # the first look's line may come after its answers
    looks = daemon.log.count('event=mirror.synced')
    sha = example.upstream.commit('topic/new', '2020-02-03 10:00',
                                  parents=[example.sha['f23f1fad']])
    eventually(lambda: daemon.log.count('event=mirror.synced') > looks, what='a look')
    assert daemon.resolve(sha, 'main', wait='0').status == 200
    document = daemon.resolve(sha, 'main').json
    assert document['package']['version'] == '2.4.2001312205-main'
    assert document['fork_point']['sha'] == example.sha['f23f1fad']


def test_the_fork_point_moves_with_a_merge(example):
    daemon = example.daemon.start()
    topic = example.sha['forked']
    assert daemon.version(topic, 'main') == '2.4.2001312033-main'
    merge = example.upstream.commit('main', '2020-02-02 09:00',
                                    parents=[example.sha['1b27fd5f'], topic])
    eventually(lambda: daemon.resolve(topic, 'main').json['fork_point']['sha'] == topic,
               what='the merge')
    document = daemon.resolve(topic, 'main').json
    assert document['fork_point']['branch_tip'] == merge
    assert document['package']['version'] == '2.4.2001312227-main'     # 23:02 is after 22:27


def test_unknown_commit_is_fetched_at_once(example):
    """Nothing looks by itself for an hour; a question with wait does."""
    example.repository['interval'] = '1h'
    daemon = example.daemon.start()
    sha = example.upstream.commit('main', '2020-02-01 06:00')
    started = time.monotonic()
    assert daemon.version(sha, 'main', wait='30') == '2.4.2001312227-main'
    assert time.monotonic() - started < 10
    second = example.upstream.commit('main', '2020-02-01 07:00')
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: daemon.version(second, 'main', wait='30'), range(40)))
    assert set(answers) == {'2.4.2001312227-main'}


def test_who_does_not_wait_has_the_fetch_begun(example):
    example.repository['interval'] = '1h'
    daemon = example.daemon.start()
    sha = example.upstream.commit('main', '2020-02-01 06:00')
    reply = daemon.resolve(sha, 'main', wait='0')
    assert (reply.status, reply.json['code']) == (404, 'unknown-commit')
    assert reply.headers['Retry-After'] == '2' and reply.json['retryable']
    eventually(lambda: daemon.resolve(sha, 'main', wait='0').status == 200, what='the commit')
    tip = example.upstream.commit('main', '2020-02-01 07:00')
    asked = {'repo': 'winui', 'ref': 'refs/heads/main'}
    daemon.get('/resolve', **asked, wait='0', headers={'Cache-Control': 'no-cache'})
    eventually(lambda: daemon.get('/resolve', **asked).json['fork_point']['sha'] == tip,
               what='the tip')


def test_who_waits_for_the_same_commit_shares_one_fetch(example, tmp_path):
    """Also who asks while that fetch is under way: what it brings is his answer too."""
    example.repository['interval'] = '1h'
    with GitHttpServer(tmp_path) as server:
        example.repository['url'] = server.url('upstream.git')
        daemon = example.daemon.start()
        rounds = 5
        before = len(server.requests)
        for number in range(rounds):
            sha = example.upstream.commit('main', f'2020-02-01 06:{number:02}')
            with concurrent.futures.ThreadPoolExecutor(40) as pool:
                answers = list(pool.map(lambda _, sha=sha: daemon.version(sha, 'main', wait='30'),
                                        range(40)))
            assert set(answers) == {'2.4.2001312227-main'}
        fetches = [path for method, path, _ in server.requests[before:] if method == 'GET']
        # one more where a question crosses the end of a fetch
        assert rounds <= len(fetches) <= rounds + 2, fetches


def test_unknown_commits_by_id_are_all_looked_for(example, tmp_path):
    """Commits on no ref, asked for at once, and junk between them: nobody is told of another."""
    example.repository['interval'] = '1h'
    config = {'uploadpack.allowAnySHA1InWant': 'true'}
    with GitHttpServer(tmp_path, git_config=config) as server:
        example.repository['url'] = server.url('upstream.git')
        daemon = example.daemon.start()
        asked = {}
        for number in range(8):
            sha = example.upstream.commit('hidden', f'2020-02-01 07:{number:02}',
                                          parents=[example.sha['1b27fd5f']])
            asked[sha] = '2.4.2001312227-main'
            asked[unused_sha(f'{number + 1:x}')] = 'unknown-commit'
        example.upstream.git('update-ref', '-d', 'refs/heads/hidden')
        with concurrent.futures.ThreadPoolExecutor(len(asked)) as pool:
            answers = pool.map(lambda sha: daemon.version(sha, 'main', wait='30'), asked)
            assert dict(zip(asked, answers)) == asked


def test_more_unknown_commits_than_are_looked_for(example):
    """Of a batch, as of one request: what was not looked for is not said to be unknown."""
    daemon = example.daemon.start()

    def items(shas):
        questions = [{'repo': 'winui', 'sha': sha, 'wait': '20'} for sha in shas]
        return daemon.request('POST', '/resolve',
                              body=json.dumps({'requests': questions})).json['items']
    # one commit takes one look or two, however often it is named
    assert {item['code'] for item in items(['ab' * 20] * 100)} == {'unknown-commit'}
    answers = items([f'{number:040x}' for number in range(100)] + [example.sha['1b27fd5f']])
    codes = [item.get('code', 'ok') for item in answers]
    looked = codes.count('unknown-commit')
    assert 50 < looked <= 64
    assert codes == ['unknown-commit'] * looked + ['too-many-requests'] * (100 - looked) + ['ok']
    refused = answers[99]
    assert (refused['status'], refused['retryable']) == (429, True)


def test_unknown_commit_by_abbreviation_and_ref(example):
    example.repository['interval'] = '1h'
    daemon = example.daemon.start()
    sha = example.upstream.commit('main', '2020-02-01 06:00')
    assert daemon.version(sha[:12], 'main', wait='30') == '2.4.2001312227-main'
    example.upstream.commit('brand/new', '2020-02-01 06:30', parents=[sha])
    fresh = daemon.resolve(None, 'main', ref='refs/heads/brand/new', wait='30',
                           headers={'Cache-Control': 'no-cache'})
    assert fresh.json['package']['version'] == '2.4.2001312227-main'


def test_no_cache_looks_again(example):
    example.repository['interval'] = '1h'
    example.config['feeds']['demo']['interval'] = '1h'
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    assert daemon.version(sha, 'main') == '2.4.2001312227-main'
    example.feed.add('MUXPGODatabase', '2.4.2002010411-main')
    example.feed.write()
    assert daemon.version(sha, 'main') == '2.4.2001312227-main'
    fresh = daemon.resolve(sha, 'main', headers={'Cache-Control': 'no-cache'})
    assert fresh.json['package']['version'] == '2.4.2002010411-main'


def test_refs_are_forced_deleted_and_turned_into_folders(example):
    upstream, sha = example.upstream, example.sha
    daemon = example.daemon.start()
    upstream.git('update-ref', 'refs/heads/main', sha['7b303f74'])             # forced back
    upstream.git('update-ref', '-d', 'refs/heads/topic/forked')
    upstream.git('update-ref', '-d', 'refs/heads/topic/merged')
    upstream.git('update-ref', 'refs/heads/topic', sha['18b956f6'])            # a folder before
    eventually(lambda: daemon.resolve(sha['7b303f74'], 'main').json['fork_point']['branch_tip']
               == sha['7b303f74'], what='the forced branch')
    eventually(lambda: daemon.resolve(sha['18b956f6'], 'topic').status in (200, 404)
               and daemon.resolve(sha['18b956f6'], 'topic').json['code'] == 'no-database',
               what='the folder that became a branch')
    upstream.git('update-ref', '-d', 'refs/heads/topic')
    upstream.git('update-ref', 'refs/heads/topic/deep/er', sha['310bc133'])
    eventually(lambda: daemon.resolve(ref='refs/heads/topic/deep/er', branch='main',
                                      wait='0').status == 200, what='the branch in a folder')
    assert daemon.resolve(sha['d150eae0'], 'topic').json['code'] == 'unknown-branch'


def without_leaks_of_ssh(tmp_path):
    """libgit2 1.5 leaks what it read of known hosts, once a connection."""
    file = tmp_path / 'suppressions'
    file.write_text('leak:libgit2.so\nleak:libssh2.so\n', encoding='utf-8')
    return {'LSAN_OPTIONS': f'suppressions={file}:print_suppressions=0'}


@pytest.mark.parametrize('kind', ['http', 'git', 'ssh', 'file-url', 'path'])
def test_upstream_protocols(example, tmp_path, kind):
    servers = {'http': GitHttpServer, 'git': GitDaemon, 'ssh': SshServer}
    if kind == 'ssh' and not SshServer.available():
        pytest.skip('sshd is not installed')
    if kind in servers:
        server = servers[kind](tmp_path)
        server.__enter__()
        example.repository['url'] = server.url('upstream.git')
        if kind == 'ssh':
            example.repository['ssh_key_file'] = server.key_file
            example.repository['ssh_known_hosts_file'] = server.known_hosts_file
    elif kind == 'file-url':
        example.repository['url'] = f'file://{tmp_path}/upstream.git'
    try:
        daemon = example.daemon.start(
            environment=without_leaks_of_ssh(tmp_path) if kind == 'ssh' else None)
        assert daemon.version(example.sha['merged'], 'main') == '2.4.2001312205-main'
        sha = example.upstream.commit('main', '2020-02-01 06:00')
        assert daemon.version(sha, 'main', wait='30') == '2.4.2001312227-main'
        example.upstream.git('branch', '-D', 'topic/forked')
        looks = daemon.log.count('event=mirror.synced')
        second = example.upstream.commit('other', '2020-02-01 06:10', parents=[sha])
        eventually(lambda: daemon.log.count('event=mirror.synced') > looks, what='a look')
        eventually(lambda: daemon.version(second, 'main', wait='0') == '2.4.2001312227-main',
                   what='the second push')
    finally:
        if kind in servers:
            server.__exit__(None, None, None)


def test_a_gitconfig_does_not_change_an_upstream(example, tmp_path):
    """The configuration says where the upstream is, and who is told its credentials."""
    home = tmp_path / 'home'
    home.mkdir()
    (home / '.gitconfig').write_text(
        f'[url "{tmp_path}/elsewhere/"]\n\tinsteadOf = {tmp_path}/\n', encoding='utf-8')
    daemon = example.daemon.start(environment={'HOME': str(home)})
    assert daemon.version(example.sha['merged'], 'main') == '2.4.2001312205-main'


def test_upstream_that_fails_keeps_the_answers(example, tmp_path):
    example.config['stale_after'] = '1s'
    daemon = example.daemon.start()
    sha = example.sha['merged']
    assert daemon.version(sha) == '2.4.2001312205-main'
    shutil.move(tmp_path / 'upstream.git', tmp_path / 'away.git')
    (tmp_path / 'feed').rename(tmp_path / 'feed-away')

    def warnings():
        reply = daemon.resolve(sha)
        assert reply.json['package']['version'] == '2.4.2001312205-main'
        return {warning['code'] for warning in reply.json['warnings']}
    eventually(lambda: warnings() == {'refs-stale', 'feed-stale'}, what='both warnings')
    shown = json.dumps(daemon.get('/repos/winui').json)
    assert 'upstream.git' in shown      # the error says where
    assert daemon.resolve('d' * 40, wait='5').status in (404, 503)
    shutil.move(tmp_path / 'away.git', tmp_path / 'upstream.git')
    (tmp_path / 'feed-away').rename(tmp_path / 'feed')
    eventually(lambda: warnings() == set(), seconds=60, what='the end of the warnings')


def test_upstream_that_hangs_at_start(example):
    """Alive, not ready, and says so; ends on SIGTERM in time all the same."""
    with HangingServer() as server:
        example.repository['url'] = server.url('upstream.git')
        daemon = example.daemon.start(ready=False)
        daemon.wait_ready(path='/livez')
        assert daemon.get('/readyz').status == 503
        reply = daemon.resolve(example.sha['merged'])
        assert (reply.status, reply.json['code']) == (503, 'not-ready')
        assert int(reply.headers['Retry-After']) > 0
        daemon.stop()


def test_restart_answers_from_what_it_kept(example, tmp_path):
    daemon = example.daemon.start()
    sha = example.sha['merged']
    first = daemon.resolve(sha).json
    daemon.stop()
    shutil.move(tmp_path / 'upstream.git', tmp_path / 'away.git')
    (tmp_path / 'feed').rename(tmp_path / 'feed-away')
    daemon.start()
    again = daemon.resolve(sha).json
    assert again['package'] == first['package'] and again['fork_point'] == first['fork_point']
    assert again['state']['feed_revision'] == first['state']['feed_revision']
    assert again['state']['refs_revision'] == first['state']['refs_revision']


def test_progress_is_shown(example):
    daemon = example.daemon.start()
    document = daemon.get('/repos/winui').json
    assert example.sha['1b27fd5f'] in json.dumps(document)
    assert '15' in json.dumps(document)     # commits
    daemon.wait_log('event=mirror.synced repo=winui', 'commits=15')


def test_version_bump_opens_a_hole(example):
    daemon = example.daemon.start()
    bump = example.upstream.commit('main', '2020-02-01 08:00',
                                   files={'version.props': version_props(2, 5)})
    reply = daemon.resolve(bump, 'main', wait='30')
    assert (reply.status, reply.json['code']) == (404, 'no-database')
    assert '2.4.2001312227-main' in json.dumps(reply.json['nearest'])
    example.feed.add('MUXPGODatabase', '2.5.2002010800-main')
    example.feed.write()
    eventually(lambda: daemon.version(bump, 'main') == '2.5.2002010800-main', what='the package')


@pytest.mark.limit(500)
def test_nuget_server_as_the_feed(example):
    """A feed that others wrote: packages are pushed while Forkpoint runs."""
    try:
        server = nuget_server.NugetServer(example.folder / 'nuget')
    except npm.Unavailable as why:
        pytest.skip(str(why))
    with server:
        example.config['feeds']['demo']['url'] = server.index_url
        daemon = example.daemon.start()     # an unknown id: ready, with nothing to choose from
        sha = example.sha['merged']
        assert daemon.version(sha, 'main') == 'no-database'
        pushed = ['1.0.0', '2.4.2001312033-main', '2.4.2001312054-release_2_4',
                  '2.4.2001312227-main', '2.4.0-2001312028-main+meta']
        for version in pushed:
            server.push('MUXPGODatabase', version)
        eventually(lambda: daemon.version(sha, 'main') == '2.4.2001312033-main', what='packages')
        eventually(lambda: daemon.version(example.sha['310bc133'], 'release/2.4')
                   == '2.4.2001312054-release_2_4', what='the one pushed while others were read')
        server.push('MUXPGODatabase', '2.4.2001312205-main')
        eventually(lambda: daemon.version(sha, 'main') == '2.4.2001312205-main', what='the next')
        assert {version.partition('+')[0] for version in pushed} \
            <= {version.partition('+')[0] for version in versions(daemon)}
        document = daemon.resolve(sha, 'main').json
        download = subprocess.run(['curl', '-sf', document['package']['download']],
                                  capture_output=True, check=True).stdout
        assert download[:2] == b'PK'
