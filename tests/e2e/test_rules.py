"""Rules that the worked example does not show: feeds with odd versions, aliases, grammars, times."""
import hashlib
import json

import pytest

import static_feed
from daemon import eventually
from upstream import unused_sha, version_props

PACKAGE = static_feed.DEMO_PACKAGE
ODD_VERSIONS = [    # none of them is ever selected, none stops the others
    '1.0.0', '2.4.0', '2.4', '2.4.2001310000', '3.0.2201010000-main',
    '2.4.99999999999999999999-main', '2.4.2013310000-main', '2.4.2001312461-main', 'not-a-version',
    '2.4.2001310000-', '2.4.2001310000-main.1.2.3.4', '2.4.2001310000.1-main', '2.4.0-beta.1',
    '2.4.0-2001310000', '2.4.0-2001310000-', '', ' ', '2.4.2001310000-main\n', '../../etc/passwd',
    '2.4.2001310000-MAIN2', 'v2.4.2001310000-main', 'a' * 5000,
]


def test_a_feed_with_foreign_overflowing_and_underscore_versions(world):
    upstream = world.new_upstream()
    sha = upstream.commit('main', '2020-02-01 00:00')
    feed = world.new_feed([*ODD_VERSIONS, '2.4.2001150000-main', '2.4.2001140000-release_2_4'])
    daemon = world.new_daemon().start()
    document = daemon.resolve(sha, candidates='all').json
    assert document['package']['version'] == '2.4.2001150000-main'
    codes = {row['version']: row['code'] for row in document['candidates']['all']
             if row.get('code')}
    assert codes['1.0.0'] == codes['not-a-version'] == 'unrecognised'
    assert codes['2.4.2013310000-main'] == 'unrecognised'       # month 13
    assert codes['2.4.2001140000-release_2_4'] == 'other-branch'
    counts = document['candidates']
    assert counts['total'] == counts['eligible'] + sum(counts['rejected'].values())
    listed = daemon.get('/versions', repo='winui', status='unrecognised', limit='1000').json
    assert '1.0.0' in {row['version'] for row in listed['items']}
    # numbers that only a 64-bit reading takes are unrecognised, and never chosen
    assert codes.get('3.0.2201010000-main') in ('unrecognised', 'other-release')
    feed.add(PACKAGE, '2.4.2001160000-main')
    feed.write()
    eventually(lambda: daemon.version(sha) == '2.4.2001160000-main', what='a version among odd ones')


def test_equal_stamps_take_the_higher_version_and_case_is_ignored(world):
    upstream = world.new_upstream()
    sha = upstream.commit('main', '2020-02-01 00:00')
    world.new_feed(['2.4.2001150000-Main', '2.4.0-2001150000-main', '2.4.0-2001150000-mAIN'])
    document = world.new_daemon().start().resolve(sha).json
    assert document['package']['version'] == '2.4.2001150000-Main'      # 2.4.2001150000 > 2.4.0


def test_aliases_and_ambiguous_labels(world):
    upstream = world.new_upstream()
    sha = upstream.commit('main', '2020-02-01 00:00')
    for branch in ('release/1.10', 'release-1-10'):
        upstream.git('update-ref', f'refs/heads/{branch}', sha)
    world.repository['aliases'] = {'main': ['master']}
    world.new_feed(['2.4.2001100000-main', '2.4.2001150000-master', '2.4.2001010000-release_1_10'])
    daemon = world.new_daemon().start()
    assert daemon.version(sha, 'main') == '2.4.2001150000-master'
    document = daemon.resolve(sha, 'release/1.10').json
    assert document['package']['version'] == '2.4.2001010000-release_1_10'
    warning = next(w for w in document['warnings'] if w['code'] == 'ambiguous-label')
    assert 'release-1-10' in warning['text']


def test_a_former_name_that_is_another_branch_by_now_is_ambiguous(world):
    upstream = world.new_upstream()
    sha = upstream.commit('main', '2020-02-01 00:00')
    upstream.git('update-ref', 'refs/heads/master', sha)
    world.repository['aliases'] = {'main': ['master']}
    world.new_feed(['2.4.2001150000-master'])
    daemon = world.new_daemon().start()
    for branch, other in (('main', 'master'), ('master', 'main')):
        document = daemon.resolve(sha, branch).json
        assert document['package']['version'] == '2.4.2001150000-master'
        texts = {warning['code']: warning['text'] for warning in document['warnings']}
        assert f'{branch} looks like {other}' in texts['ambiguous-label']


def test_a_training_commit_by_its_minute(world):
    upstream = world.new_upstream()
    first = upstream.commit('main', '2020-01-10 00:00', files={'version.props': version_props(2, 4)})
    twins = [upstream.commit('main', '2020-01-11 00:00', message=f'{number}')
             for number in range(20)]
    tip = upstream.commit('main', '2020-01-12 00:00')
    feed = world.new_feed(['2.4.2001090000-main'])
    daemon = world.new_daemon().start()

    def warnings(sha):
        return {warning['code'] for warning in daemon.resolve(sha).json['warnings']}
    # nothing is known to be trained on an ancestor: the two answers differ
    assert warnings(tip) == {'training-commit-unknown', 'ancestry-disagrees'}
    feed.add(PACKAGE, '2.4.2001110000-main')
    feed.write()
    eventually(lambda: daemon.version(tip) == '2.4.2001110000-main', what='the package')
    assert 'training-commit-ambiguous' in warnings(tip)
    assert set(daemon.resolve(tip).json['package']['trained_on']) == set(twins)
    assert daemon.version(first) == '2.4.2001090000-main'


def test_author_times_that_run_backwards(world):
    """An old author time on a later commit: the time rule and the ancestry answer differ."""
    upstream = world.new_upstream()
    upstream.commit('main', '2020-01-10 00:00')
    fork = upstream.commit('main', '2020-01-20 00:00')
    upstream.commit('main', '2020-01-15 00:00', committer='2020-01-21 00:00')     # a cherry-pick
    world.new_feed(['2.4.2001100000-main', '2.4.2001150000-main'])
    document = world.new_daemon().start().resolve(fork).json
    assert document['package']['version'] == '2.4.2001150000-main'
    assert document['ancestry'] == {'version': '2.4.2001100000-main', 'agrees': False}
    codes = {warning['code'] for warning in document['warnings']}
    assert {'ancestry-disagrees', 'trained-after-fork-point'} <= codes


def test_committer_time_by_configuration(world):
    upstream = world.new_upstream()
    sha = upstream.commit('main', '2020-01-10 00:00', committer='2020-01-12 00:00')
    world.new_feed(['2.4.2001100000-main', '2.4.2001120000-main'])
    world.repository['timestamp'] = 'committer'
    document = world.new_daemon().start().resolve(sha).json
    assert document['package']['version'] == '2.4.2001120000-main'
    assert document['fork_point']['author_time'] == '2020-01-10T00:00:00Z'
    assert document['fork_point']['committer_time'] == '2020-01-12T00:00:00Z'


def test_several_merge_bases(world):
    upstream = world.new_upstream()
    root = upstream.commit('main', '2020-01-01 00:00')
    a = upstream.commit('a', '2020-01-02 00:00', parents=[root])
    b = upstream.commit('b', '2020-01-03 00:00', parents=[root])
    upstream.commit('main', '2020-01-04 00:00', parents=[a, b])
    topic = upstream.commit('topic', '2020-01-04 00:01', parents=[b, a])
    world.new_feed(['2.4.2001010000-main'])
    document = world.new_daemon().start().resolve(topic, 'main').json
    assert document['fork_point']['sha'] == b           # the newer committer time
    assert set(document['fork_point']['all']) == {a, b}
    assert 'several-merge-bases' in {warning['code'] for warning in document['warnings']}


def test_arcade(world):
    upstream = world.new_upstream()
    sha = upstream.commit('main', '2024-08-09 12:00')
    upstream.commit('other', '2024-08-09 13:00', parents=[sha])
    upstream.commit('Main', '2024-08-09 13:00', parents=[sha])      # no version names a branch
    world.repository['release'] = {'fixed': '1.0'}
    world.repository['packages'] = [{'id': PACKAGE, 'feed': 'demo', 'grammars': ['arcade'],
                                     'branches': ['main']}]
    world.new_feed(['1.0.0-prerelease.24408.5', '1.0.0-prerelease.24409.1',
                    '1.0.0-prerelease.24409.2', '1.0.0-prerelease.24410.1'])
    daemon = world.new_daemon().start()
    document = daemon.resolve(sha, 'main').json
    assert document['package']['version'] == '1.0.0-prerelease.24409.2'
    assert [warning['code'] for warning in document['warnings']] == ['day-granular']
    assert daemon.resolve(sha, 'other').json['code'] == 'no-database'


def test_a_pinned_version_that_no_grammar_reads_has_no_stamp(world):
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    world.new_feed(['2.4.2001150000-main', '9.0.0'])
    token = 'a token of the test'
    world.config['tokens'] = [{'name': 'test', 'may': ['override'],
                               'sha256': hashlib.sha256(token.encode()).hexdigest()}]
    daemon = world.new_daemon().start()
    body = json.dumps({'version': '9.0.0', 'reason': 'by hand', 'owner': 'me'})
    assert daemon.request('PUT', '/pins/winui/main', body,
                          {'Authorization': f'Bearer {token}'}).status == 200
    document = daemon.resolve(sha).json
    package = document['package']
    assert (package['version'], package['stamp'], package['grammar']) == ('9.0.0', None, None)
    assert (package['age_seconds'], package['age_commits']) == (None, None)
    assert 'none of the package\'s grammars' in document['reasoning'][-1]['text']


def test_a_storm_of_unknown_commits_is_refused_with_a_time(world):
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    world.new_feed(['2.4.2001150000-main'])
    daemon = world.new_daemon().start()
    clients = [daemon.client() for _ in range(150)]
    for number, client in enumerate(clients):       # all ask before the first is answered
        client.connection.request('GET', f'/resolve?repo=winui&sha={number + 1:040x}')
    refused = None
    for client in clients:
        reply = client.connection.getresponse()
        document = json.load(reply)
        assert (reply.status, document['code']) in (
            (404, 'unknown-commit'), (429, 'too-many-requests')), document
        assert int(reply.headers['Retry-After']) > 0 and document['retryable'] is True
        refused = (reply, document) if reply.status == 429 else refused
        client.close()
    reply, document = refused
    assert reply.headers['Content-Type'].startswith('application/problem+json')
    assert document['type'] == '/problems/too-many-requests' and document['detail']
    assert document['instance'] == reply.headers['X-Request-Id']
    assert daemon.version(sha) == '2.4.2001150000-main'


def test_what_is_nearest_when_there_is_no_database(world):
    upstream = world.new_upstream()
    sha = upstream.commit('main', '2020-02-01 00:00')
    upstream.commit('topic', '2020-02-02 00:00', parents=[sha])
    world.new_feed(['2.4.2002010001-main', '2.4.2002020000-main', '2.3.2001010000-main',
                    '2.3.2001200000-main', '2.5.2002030000-main', '2.3.2001300000-other',
                    '2.4.2001300000-other', '2.4.2001290000-other', '2.4.2001280000-topic'])
    daemon = world.new_daemon().start()
    document = daemon.resolve(sha, 'main').json
    assert document['code'] == 'no-database' and document['package'] is None
    assert document['nearest'] == {
        'after_fork_point': '2.4.2002010001-main', 'other_release': '2.3.2001200000-main',
        'branches': ['other', 'topic']}


def test_stamp_problems(world):
    upstream = world.new_upstream()
    old = upstream.commit('main', '2021-12-31 23:59')
    new = upstream.commit('main', '2022-01-01 00:00')
    upstream.commit('wild_#name', '2022-01-02 00:00', parents=[new])
    world.new_feed([])
    world.repository['packages'][0]['grammars'] = ['patch-stamp', 'prerelease-stamp']
    daemon = world.new_daemon().start()
    fine = daemon.get('/stamp', repo='winui', sha=old, branch='main')
    assert '2.4.2112312359-main' in fine.text and 'stamp-overflow' not in fine.text
    over = daemon.get('/stamp', repo='winui', sha=new, branch='main')
    assert over.status == 200 and 'stamp-overflow' in over.text
    wild = daemon.get('/stamp', repo='winui', ref='refs/heads/wild_#name', branch='wild_#name')
    assert (wild.status, wild.json['code']) == (422, 'branch-not-packageable')
    assert daemon.resolve(new, 'wild_#name').json['code'] == 'no-database'


# what the feed gives for its service index, a word of the reason that is shown
BROKEN_INDEXES = [
    ('html', b'<!DOCTYPE html><html><body>Sign in</body></html>', 'HTML'),
    ('empty', b'', 'not JSON'),
    ('not json', b'{"version": "3.0.0", "resources": [', 'not JSON'),
    ('no resources', b'{"version": "3.0.0"}', 'resources'),
    ('version 4', b'{"version": "4.0.0", "resources": []}', '4.0.0'),
    ('nothing useful', b'{"version": "3.0.0", "resources": [{"@id": "http://127.0.0.1:9/", '
                       b'"@type": "SearchQueryService"}]}', 'nothing that lists versions'),
]


@pytest.mark.parametrize('name, content, word', BROKEN_INDEXES, ids=[row[0] for row in BROKEN_INDEXES])
def test_broken_service_index(world, name, content, word):
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    feed = world.new_feed(['2.4.2001150000-main'])
    index = world.folder / 'feed/v3/index.json'
    index.write_bytes(content)
    world.config['feeds']['demo']['protocol'] = 'v3'
    daemon = world.new_daemon().start(ready=False)
    daemon.wait_ready(path='/livez')
    eventually(lambda: word in daemon.log and 'feed=demo' in daemon.log, what='the log')
    eventually(lambda: word in daemon.get('/repos/winui').text, what='/repos')
    reply = daemon.resolve(sha, wait='5')
    assert reply.status == 503 and reply.json['code'] == 'not-ready', reply
    feed.write()
    daemon.resolve(sha, headers={'Cache-Control': 'no-cache'})      # no backoff for who asks
    daemon.wait_ready()
    assert daemon.version(sha) == '2.4.2001150000-main'


def test_a_broken_feed_after_a_good_one_deletes_nothing(world):
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    feed = world.new_feed(['2.4.2001150000-main'])
    world.config['stale_after'] = '1s'
    daemon = world.new_daemon().start()
    documents = [world.folder / f'feed/v3/{resource}/{PACKAGE.lower()}/index.json'
                 for resource in ('flat', 'registration')]

    def is_stale():
        assert daemon.version(sha) == '2.4.2001150000-main'
        return 'feed-stale' in daemon.resolve(sha).text
    for content in (b'<html>Sign in</html>', b'', b'{"versions": [', b'{"versions": 7, "items": 7}'):
        for document in documents:
            document.write_bytes(content)
        eventually(is_stale, what='feed-stale')
        feed.write()
        daemon.resolve(sha, headers={'Cache-Control': 'no-cache'})
        eventually(lambda: not is_stale(), what='a fresh feed')


def test_an_empty_list_after_a_full_one_needs_to_be_seen_twice(world):
    """One look that finds nothing is a feed's hiccup; what stays away has vanished."""
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    feed = world.new_feed(['2.4.2001150000-main', '2.4.2001140000-main'])
    world.config['feeds']['demo']['interval'] = '1h'
    daemon = world.new_daemon().start()
    del feed.packages[PACKAGE]['2.4.2001150000-main']
    feed.write()
    again = {'Cache-Control': 'no-cache'}
    assert daemon.resolve(sha, headers=again).json['package']['version'] == '2.4.2001150000-main'
    eventually(lambda: daemon.resolve(sha, headers=again).json['package']['version']
               == '2.4.2001140000-main', what='the second look')


def test_a_commit_far_in_the_past_and_future(world):
    upstream = world.new_upstream()
    ancient = upstream.commit('main', '1999-12-31 23:59')
    future = upstream.commit('main', '2099-12-31 23:59')
    beyond = upstream.commit('main', '2100-01-01 00:00')
    world.new_feed(['2.4.0-2001150000-main', '2.4.0-9912312359-main'])
    daemon = world.new_daemon().start()
    assert daemon.version(ancient) == 'no-database'
    assert daemon.version(future) == '2.4.0-9912312359-main'
    assert daemon.resolve(beyond).status in (200, 404)
    assert daemon.resolve(unused_sha(), wait='0').status == 404
