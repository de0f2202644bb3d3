"""/diagnose: every verdict out of a real sequence of pushes, publications and requests."""
import hashlib
import json
import re
import signal
import sqlite3
from contextlib import closing

import pytest

from as_of_model import moment_text
from daemon import eventually
from upstream import unused_sha

PACKAGE = 'MUXPGODatabase'


@pytest.fixture(name='daemon')
def daemon_of_example(served_example):
    return served_example.daemon


@pytest.fixture(name='sha')
def sha_of_label(served_example):
    return served_example.sha


def moment_of(daemon, answer):
    return moment_text(daemon.get(f'/history/{answer["id"]}').json['at_us'])


def diagnose(daemon, sha, used, branch='main', **parameters):
    """The JSON form; the text form must say the same."""
    asked = {'repo': 'winui', 'sha': sha, 'used': used, 'branch': branch, **parameters}
    reply = daemon.get('/diagnose', **asked)
    assert reply.status == 200, reply
    document = reply.json
    text = daemon.get('/diagnose', format='text', **asked).text
    first, advice = text.splitlines()[:2]
    assert first == f'{document["verdict"]}: {document["text"]}'
    assert advice == document['advice']
    return document


# commit, branch, used, verdict; what a person would conclude, as words of the text
VERDICTS = [
    ('f23f1fad', 'main', '2.4.2001312205-main', 'match', 'is the right database'),
    ('f23f1fad', 'main', '2.4.2001312205-MAIN', 'match', 'is the right database'),
    ('f23f1fad', 'main', '2.4.2001312033-main', 'older',
     'is older than it need be, by 1 h 32 min; 2.4.2001312205-main is right'),
    ('f23f1fad', 'main', '2.4.2001312227-main', 'newer-than-fork-point',
     'is newer than the fork point by 22 min; 2.4.2001312205-main is right'),
    ('f23f1fad', 'main', '2.4.2001312054-release_2_4', 'other-branch',
     'is of the branch labelled "release_2_4", and the PGO branch is main'),
    ('310bc133', 'release/2.4', '2.4.2001312033-main', 'other-branch',
     'is of the branch labelled "main", and the PGO branch is release/2.4'),
    ('18b956f6', 'release/2.4', '2.4.2001312054-release_2_4', 'newer-than-fork-point',
     'is newer than the fork point by 8 min; no database is right'),
    ('f23f1fad', 'main', '2.4.2001312206-main', 'never-seen', 'was never in the feed'),
    ('f23f1fad', 'main', '2.0.0', 'unrecognised', 'is no version of a database'),
    ('f23f1fad', 'main', 'whatever', 'unrecognised', 'is no version of a database'),
    ('f23f1fad', 'main', '2.4.0-2001312205-main', 'reformatted',
     'the feed has this database as 2.4.2001312205-main, in the grammar patch-stamp '
     '(verdict on that one: match)'),
    ('310bc133', 'release/2.4', '2.4.0-2001312054-release-2-4', 'reformatted',
     'the feed has this database as 2.4.2001312054-release_2_4'),
    ('f23f1fad', 'main', '2.4.0-2001312227-main', 'reformatted',
     '(verdict on that one: newer-than-fork-point)'),
]


@pytest.mark.parametrize('label, branch, used, verdict, said', VERDICTS)
def test_verdicts(daemon, sha, label, branch, used, verdict, said):
    document = diagnose(daemon, sha[label], used, branch)
    assert document['verdict'] == verdict, document
    assert said in document['text'], document['text']
    assert document['used'] == used and document['branch'] == branch
    assert document['right_now']['verdict'] == verdict


def test_other_release(daemon, sha):
    document = diagnose(daemon, sha['f23f1fad'], '2.4.2001312205-main', release='2.5')
    assert document['verdict'] == 'other-release'
    assert 'is of release 2.4, and the commit is of 2.5; no database is right' in document['text']
    assert document['right_now'] == {'version': None, 'outcome': 'no-database',
                                     'verdict': 'other-release'}
    assert document['advice'].startswith('No database fits this commit')


# used, where, commits ahead, commits behind, minutes, sentence
TRAINED = [
    ('2.4.2001312205-main', 'f23f1fad', 'fork-point', 0, 0, 0, 'the fork point itself'),
    ('2.4.2001312033-main', '4abd4d54', 'before', 0, 3, -92,
     '3 commits before the fork point, 1 h 32 min earlier by its stamp'),
    ('2.4.2001312227-main', '930ff585', 'after', 3, 0, 22,
     '3 commits after the fork point, 22 min later by its stamp'),
    ('2.4.2001312054-release_2_4', '80a4ab55', 'aside', 2, 3, -71, 'on another line'),
]


@pytest.mark.parametrize('used, label, where, ahead, behind, minutes, said', TRAINED)
def test_where_it_was_trained(daemon, sha, used, label, where, ahead, behind, minutes, said):
    document = diagnose(daemon, sha['f23f1fad'], used)
    [training] = document['trained_on']
    assert (training['sha'], training['where']) == (sha[label], where)
    assert (training['commits_ahead'], training['commits_behind']) == (ahead, behind)
    assert training['minutes'] == minutes and said in training['text']
    assert training['on_branch'] == (where != 'aside')
    assert training['parted_at'] == (sha['4abd4d54'] if where == 'aside' else None)
    this, fork = training['sha'][:12], sha['f23f1fad'][:12]
    assert training['path'] == {'fork-point': None, 'before': f'{this}..{fork}',
                                'after': f'{fork}..{this}', 'aside': f'{fork}...{this}'}[where]
    assert document['used_version']['minutes_after_fork_point'] == minutes


def test_evidence(daemon, sha):
    daemon.resolve(sha['bcf9adaa'], 'main', headers={'User-Agent': 'leg-7'})
    document = diagnose(daemon, sha['bcf9adaa'], '2.4.2001312205-main')
    assert document['fork_point']['sha'] == sha['bcf9adaa']
    assert document['fork_point']['branch_tip'] == sha['1b27fd5f']
    used = document['used_version']
    assert (used['grammar'], used['release'], used['stamp'], used['label']) == (
        'patch-stamp', '2.4', '2001312205', 'main')
    assert used['first_seen'] and used['vanished'] is None
    assert [event['event'] for event in used['events']] == ['seen']
    [answered] = [row for row in document['answered'] if row['agent'] == 'leg-7']
    assert answered['version'] == '2.4.2001312033-main' and not answered['got_used']
    assert daemon.get(f'/history/{answered["id"]}').json['id'] == answered['id']
    text = daemon.get('/diagnose', repo='winui', sha=sha['bcf9adaa'], branch='main',
                      used='2.4.2001312205-main', format='text').text
    for part in ('Right now:   2.4.2001312033-main', f'Fork point:  {sha["bcf9adaa"]}',
                 'Trained on:  ', 'In the feed: seen 20', f'/history/{answered["id"]}'):
        assert part in text
    assert max(map(len, text.splitlines())) < 240       # to be pasted into a ticket


def test_not_an_ancestor(world):
    """A rebased commit keeps its old author time: its package fits by time, not by history."""
    upstream = world.new_upstream()
    upstream.commit('main', '2020-01-01 00:00')
    built = upstream.commit('main', '2020-01-01 01:00')
    rebased = upstream.commit('main', '2020-01-01 00:30', committer='2020-01-01 02:00')
    world.new_feed(['2.4.2001010000-main', '2.4.2001010030-main', '2.4.2001010100-main'])
    daemon = world.new_daemon().start()
    document = diagnose(daemon, built, '2.4.2001010030-main')
    assert document['verdict'] == 'not-an-ancestor'
    assert "was trained on a commit that is not in the build's history" in document['text']
    assert '2.4.2001010100-main is right' in document['text']
    [training] = document['trained_on']
    assert (training['sha'], training['where']) == (rebased, 'after')
    assert diagnose(daemon, built, '2.4.2001010000-main')['verdict'] == 'older'


def test_vanished_and_unlisted(world):
    upstream = world.new_upstream()
    built = upstream.commit('main', '2020-01-01 01:00')
    feed = world.new_feed(['2.4.2001010000-main', '2.4.2001010030-main', '2.4.2001010100-main'])
    daemon = world.new_daemon().start()
    assert diagnose(daemon, built, '2.4.2001010100-main')['verdict'] == 'match'
    del feed.packages[PACKAGE]['2.4.2001010100-main']
    feed.add(PACKAGE, '2.4.2001010030-main', listed=False)
    feed.write()
    eventually(lambda: daemon.get('/diagnose', repo='winui', sha=built, branch='main',
                                  used='2.4.2001010100-main').json
               ['right_now']['verdict'] == 'vanished', what='the loss')
    document = diagnose(daemon, built, '2.4.2001010100-main')
    assert 'has vanished from the feed; 2.4.2001010000-main is right' in document['text']
    assert document['used_version']['vanished']
    assert [event['event'] for event in document['used_version']['events']] == ['seen', 'vanished']
    document = diagnose(daemon, built, '2.4.2001010030-main')
    assert document['verdict'] == 'vanished' and 'unlisted' in document['text']


BAD = [     # parameters, status, code, what the detail says
    ({'used': '2.0.0'}, 400, 'bad-request', 'repo'),
    ({'repo': 'winui', 'sha': unused_sha()}, 400, 'bad-request', 'used'),
    ({'repo': 'winui', 'used': '2.0.0'}, 400, 'bad-request', 'sha'),
    ({'repo': 'winuj', 'sha': unused_sha(), 'used': '2.0.0'}, 404, 'unknown-repository', 'winuj'),
    ({'repo': 'winui', 'sha': unused_sha(), 'used': '2.0.0'}, 404, 'unknown-commit', 'ddd'),
    ({'repo': 'winui', 'sha': 'TIP', 'used': '2.0.0', 'branch': 'mian'}, 404, 'unknown-branch',
     'mian'),
    ({'repo': 'winui', 'sha': 'TIP', 'used': '2.0.0', 'at': 'yesterday'}, 400, 'bad-request', 'at'),
    ({'repo': 'winui', 'sha': 'TIP', 'used': '2.0.0', 'at': '2099-01-01T00:00:00Z'}, 400,
     'bad-request', '"at" takes a time that has been'),
    ({'repo': 'winui', 'sha': 'TIP', 'used': '2.0.0', 'format': 'csv'}, 400, 'bad-request',
     'format'),
]


@pytest.mark.parametrize('parameters, status, code, said', BAD)
def test_bad_input(daemon, sha, parameters, status, code, said):
    asked = {name: sha['1b27fd5f'] if value == 'TIP' else value
             for name, value in parameters.items()}
    reply = daemon.get('/diagnose', **asked)
    assert (reply.status, reply.json['code']) == (status, code), reply
    assert said in reply.json['detail']


def test_text_is_for_people(daemon, sha):
    text = daemon.get('/diagnose', repo='winui', sha=sha['f23f1fad'], branch='main',
                      used='2.4.2001312033-main', format='text').text
    titles = re.findall(r'^([A-Z][a-z ]+):', text, re.M)
    assert titles[:3] == ['Commit', 'Used', 'Right now']
    assert {'Fork point', 'Trained on', 'In the feed'} <= set(titles)


def test_it_was_right_when_it_was_answered(example):
    """A package came late: the build did what was right, and a rebuild would get another."""
    daemon = example.daemon.start()
    built = example.sha['1b27fd5f']
    asked = daemon.resolve(built, 'main', headers={'User-Agent': 'leg-1'}).json
    assert asked['package']['version'] == '2.4.2001312227-main'
    example.feed.add(PACKAGE, '2.4.2001312231-main')
    example.feed.write()
    eventually(lambda: daemon.version(built, 'main') == '2.4.2001312231-main', what='the package')
    document = diagnose(daemon, built, '2.4.2001312227-main')
    assert document['at_source'] == 'history' and document['verdict'] == 'match'
    assert document['right_then']['version'] == '2.4.2001312227-main'
    assert document['right_now'] == {'version': '2.4.2001312231-main', 'outcome': 'ok',
                                     'verdict': 'older'}
    assert 'was the right database for' in document['text']
    assert document['advice'] == ('The build did what was right at its time; a rebuild would now '
                                  'get 2.4.2001312231-main.')
    difference = document['difference']
    assert (difference['cause'], difference['subject']) == ('package-appeared',
                                                            '2.4.2001312231-main')
    assert document['at'] <= difference['since']
    assert difference['text'].endswith('2.4.2001312231-main appeared in the feed.')
    [answered] = [row for row in document['answered'] if row['agent'] == 'leg-1']
    assert answered['got_used'] and answered['id'] == asked['id']
    # at a time before it came, the newer one was not there
    document = diagnose(daemon, built, '2.4.2001312231-main', at=moment_of(daemon, asked))
    assert document['verdict'] == 'never-seen' and document['at_source'] == 'request'
    assert 'was not in the feed then' in document['text']
    assert document['right_now']['verdict'] == 'match'
    text = daemon.get('/diagnose', repo='winui', sha=built, branch='main', format='text',
                      used='2.4.2001312227-main').text
    assert 'Right then:  2.4.2001312227-main' in text and 'Changed:     Since 20' in text


def test_a_build_is_judged_by_its_first_answer(example):
    """Later legs get what the first one got: it is not held against them that more has come."""
    daemon, built = example.daemon.start(), example.sha['1b27fd5f']
    first = daemon.resolve(built, 'main', build='B1').json
    example.feed.add(PACKAGE, '2.4.2001312231-main')
    example.feed.write()
    eventually(lambda: daemon.version(built, 'main') == '2.4.2001312231-main', what='the package')
    assert daemon.version(built, 'main', build='B1') == '2.4.2001312227-main'
    document = diagnose(daemon, built, '2.4.2001312227-main')
    assert (document['verdict'], document['at_build']) == ('match', 'B1')
    assert document['right_now']['verdict'] == 'older'
    assert document['at'] == first['resolved_at']
    assert document['difference']['cause'] == 'package-appeared'
    text = ticket(daemon, built, '2.4.2001312227-main')
    assert ', when build B1 was first answered this version' in text
    assert re.search(r'^Trained on:  .*\(git log [0-9a-f]{12}\.\.[0-9a-f]{12}\)$', text, re.M)


def test_the_branch_moved(example):
    """After a merge a topic's commits are their own fork points."""
    daemon = example.daemon.start()
    topic = example.sha['forked']
    before = daemon.resolve(topic, 'main').json
    example.upstream.commit('main', '2020-02-02 09:00', parents=[example.sha['1b27fd5f'], topic])
    after = eventually(lambda: (made := daemon.resolve(topic, 'main').json)
                       ['fork_point']['sha'] == topic and made, what='the merge')
    assert before['fork_point']['sha'] != topic
    used = before['package']['version']
    document = diagnose(daemon, topic, used, at=moment_of(daemon, before))
    assert document['fork_point_then']['sha'] == before['fork_point']['sha']
    assert document['fork_point']['sha'] == topic
    if after['package']['version'] == used:
        assert document['difference'] is None
    else:
        assert document['difference']['cause'] == 'branch-moved'


def test_a_branch_that_moved_changed_the_answer(world):
    upstream = world.new_upstream()
    root = upstream.commit('main', '2020-01-01 00:00')
    topic = upstream.commit('topic', '2020-01-01 02:00', parents=[root])
    upstream.commit('main', '2020-01-01 01:00')
    world.new_feed(['2.4.2001010000-main', '2.4.2001010100-main'])
    daemon = world.new_daemon().start()
    assert daemon.version(topic, 'main') == '2.4.2001010000-main'
    merge = upstream.commit('main', '2020-01-01 03:00', parents=[upstream.tip('main'), topic])
    eventually(lambda: daemon.version(topic, 'main') == '2.4.2001010100-main', what='the merge')
    document = diagnose(daemon, topic, '2.4.2001010000-main')
    assert document['verdict'] == 'match'
    assert document['difference']['cause'] == 'branch-moved'
    assert document['difference']['subject'] == 'main'
    assert f'to {merge[:12]}, and the fork point with it' in document['difference']['text']
    assert document['right_now']['verdict'] == 'older'


def test_a_package_that_vanished_changed_the_answer(world):
    upstream = world.new_upstream()
    built = upstream.commit('main', '2020-01-01 01:00')
    feed = world.new_feed(['2.4.2001010000-main', '2.4.2001010100-main'])
    daemon = world.new_daemon().start()
    assert daemon.version(built, 'main') == '2.4.2001010100-main'
    del feed.packages[PACKAGE]['2.4.2001010100-main']
    feed.write()
    eventually(lambda: daemon.version(built, 'main') == '2.4.2001010000-main', what='the loss')
    document = diagnose(daemon, built, '2.4.2001010100-main')
    assert document['verdict'] == 'match' and document['right_now']['verdict'] == 'vanished'
    difference = document['difference']
    assert (difference['cause'], difference['subject']) == ('package-gone', '2.4.2001010100-main')


NOTHING_RECORDED = 'nothing is recorded of that time; the records begin at 20'


def test_before_the_records(example):
    daemon = example.daemon.start()
    for at in ('2020-02-01', '1969-12-31'):
        document = diagnose(daemon, example.sha['f23f1fad'], '2.4.2001312205-main', at=at)
        assert document['verdict'] == 'match' and document['right_then'] is None
        assert document['at_trouble'].startswith(NOTHING_RECORDED)


def test_before_the_records_while_the_first_is_written_down(example):
    """An answer may be made of what was published a moment ago and has no row yet."""
    daemon = example.daemon.start()
    with closing(sqlite3.connect(daemon.config['data_dir'] + '/facts.db', timeout=10)) as facts, facts:
        facts.execute('DELETE FROM publications')
    document = diagnose(daemon, example.sha['f23f1fad'], '2.4.2001312205-main', at='2020-02-01')
    assert document['at_trouble'].startswith(NOTHING_RECORDED)


@pytest.fixture(name='deciding')
def deciding_example(example):
    """The example, and who decides: PUT and DELETE with the right to."""
    example.daemon.config['tokens'] = [
        {'name': 'oncall', 'sha256': hashlib.sha256(b'a token').hexdigest(), 'may': ['override']}]
    example.daemon.start()

    def decide(method, path, **body):
        reply = example.daemon.request(method, path, json.dumps(body) if body else None,
                                       {'Authorization': 'Bearer a token'})
        assert reply.status in (200, 204), reply

    example.decide = decide
    return example


WHY = {'reason': 'crashes', 'owner': 'me@example.invalid'}
NEWEST, SECOND, THIRD = '2.4.2001312227-main', '2.4.2001312205-main', '2.4.2001312033-main'


def ticket(daemon, sha, used, **parameters):
    return daemon.get('/diagnose', repo='winui', sha=sha, used=used, branch='main', format='text',
                      **parameters).text


def test_a_quarantine_changed_the_answer(deciding):
    daemon, built = deciding.daemon, deciding.sha['1b27fd5f']
    assert daemon.version(built, 'main') == NEWEST
    deciding.decide('PUT', f'/quarantine/winui/{NEWEST}', expires='2099-01-01T00:00:00Z', **WHY)
    document = diagnose(daemon, built, NEWEST)
    assert document['verdict'] == 'match' and document['right_now'] == {
        'version': SECOND, 'outcome': 'ok', 'verdict': 'quarantined'}
    difference = document['difference']
    assert (difference['cause'], difference['subject']) == ('override', NEWEST)
    assert difference['override']['owner'] == WHY['owner'] and difference['override']['began']
    assert (f'the quarantine of {NEWEST} by me@example.invalid (crashes) came into force.'
            in difference['text'])
    [override] = document['overrides']
    assert (override['kind'], override['effect'], override['reason'], override['owner']) == (
        'quarantine', 'excludes-used', 'crashes', WHY['owner'])
    assert override['expires'] == '2099-01-01T00:00:00Z' and override['set_by'] == 'oncall'
    assert (override['in_force_then'], override['in_force_now']) == (False, True)
    assert f'What rules it out is the quarantine of {NEWEST} by me@' in document['advice']
    # a build of another commit that took it nevertheless, asked about as of now
    document = diagnose(daemon, deciding.sha['7b303f74'], NEWEST)
    assert document['verdict'] == 'quarantined'
    assert f'is quarantined; {SECOND} is right' in document['text']
    assert 'by me@example.invalid (crashes) until 2099-01-01T00:00:00Z.' in document['advice']
    assert re.search(f'^Decision:    {NEWEST} is quarantined by me@example.invalid since 20.* until '
                     '2099-01-01T00:00:00Z: crashes$',
                     ticket(daemon, deciding.sha['7b303f74'], NEWEST), re.M)
    # one that uses the next best one learns what was kept from it
    document = diagnose(daemon, deciding.sha['7b303f74'], SECOND)
    assert document['verdict'] == 'match'
    assert [item['effect'] for item in document['overrides']] == ['excludes-better']
    assert 'which would be right otherwise' in document['overrides'][0]['text']
    # the end of it, seen from when it was in force
    at = moment_of(daemon, daemon.resolve(built, 'main').json)
    deciding.decide('DELETE', f'/quarantine/winui/{NEWEST}')
    document = diagnose(daemon, built, NEWEST, at=at)
    assert document['verdict'] == 'quarantined' and not document['difference']['override']['began']
    assert document['difference']['text'].endswith('(crashes) ended.')
    assert document['overrides'][0]['text'].endswith('(then, and not now)')


def test_a_quarantine_by_stamps_is_named(deciding):
    deciding.decide('PUT', '/quarantine/winui/stamps:2001312200-2001312359', **WHY)
    document = diagnose(deciding.daemon, deciding.sha['1b27fd5f'], SECOND)
    assert document['verdict'] == 'quarantined'
    [override] = document['overrides']
    assert (override['first_stamp'], override['last_stamp']) == ('2001312200', '2001312359')
    assert 'the quarantine of stamps 2001312200 to 2001312359 by me@' in document['advice']


def test_a_pin_decides(deciding):
    daemon, built = deciding.daemon, deciding.sha['1b27fd5f']
    assert daemon.version(built, 'main') == NEWEST
    before = moment_of(daemon, daemon.resolve(built, 'main').json)
    deciding.decide('PUT', '/pins/winui/main', version=THIRD, **WHY)
    assert daemon.version(built, 'main') == THIRD
    document = diagnose(daemon, built, THIRD)
    assert document['verdict'] == 'match'
    assert 'because the branch was pinned to it' in document['text']
    assert document['advice'] == (
        'The build used what the branch is pinned to; if that database is to blame, ask who '
        f'pinned it. What decides is the pin of branch main to {THIRD} by me@example.invalid '
        f'(crashes); without the pin it would be {NEWEST}.')
    [override] = document['overrides']
    assert (override['kind'], override['branch'], override['version'], override['effect']) == (
        'pin', 'main', THIRD, 'decides')
    assert re.search(f'^Decision:    branch main is pinned to {THIRD} by me@example.invalid since '
                     f'20.*: crashes; without the pin it would be {NEWEST}$',
                     ticket(daemon, built, THIRD), re.M)
    # another one, that selection would choose, is not called older
    document = diagnose(daemon, built, NEWEST, at=moment_of(
        daemon, daemon.resolve(built, 'main').json))
    assert document['verdict'] == 'older'
    assert f'is not what the branch is pinned to; {THIRD} was right' in document['text']
    assert document['advice'].startswith('Rebuild to get what the branch is pinned to, or ask')
    # before the pin it was right
    document = diagnose(daemon, built, NEWEST, at=before)
    assert document['verdict'] == 'match' and document['difference']['cause'] == 'override'
    assert document['difference']['override']['kind'] == 'pin'
    assert document['advice'].endswith(f'without the pin it would be {NEWEST}.')
    assert document['overrides'][0]['text'].endswith('(now, and not then)')
    # a pin to what selection finds changes nothing, and is said to
    deciding.decide('PUT', '/pins/winui/main', version=NEWEST, **WHY)
    document = diagnose(daemon, deciding.sha['7b303f74'], NEWEST)
    assert 'pinned' not in document['text'] and 'pin' not in document['advice']
    assert document['overrides'][0]['text'].endswith('without the pin it would be the same')
    warnings = daemon.resolve(deciding.sha['7b303f74'], 'main').json['warnings']
    assert 'without the pin it would be the same' in warnings[0]['text']


def test_a_pin_without_effect(deciding):
    deciding.decide('PUT', '/pins/winui/main', version='2.4.2001010000-main', **WHY)
    document = diagnose(deciding.daemon, deciding.sha['1b27fd5f'], NEWEST)
    assert document['verdict'] == 'match' and 'pin' not in document['advice']
    assert [item['effect'] for item in document['overrides']] == ['void']
    assert 'without effect' in document['overrides'][0]['text']


def test_the_configuration_changed_the_answer(example):
    daemon = example.daemon.start()
    built = example.sha['1b27fd5f']
    assert daemon.version(built, 'main') == NEWEST
    daemon.config['repositories']['winui']['packages'][0]['grammars'] = ['prerelease-stamp']
    daemon.config_file.write_text(json.dumps(daemon.config), encoding='utf-8')
    daemon.process.send_signal(signal.SIGHUP)
    eventually(lambda: daemon.resolve(built, 'main').status == 404, what='the other settings')
    document = diagnose(daemon, built, NEWEST)
    assert document['verdict'] == 'match'
    assert document['difference']['cause'] == 'configuration-changed', document['difference']
