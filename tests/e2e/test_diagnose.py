"""/diagnose: every verdict out of a real sequence of pushes, publications and requests."""
import re

import pytest

from daemon import eventually
from upstream import unused_sha

PACKAGE = 'MUXPGODatabase'


@pytest.fixture(name='daemon')
def daemon_of_example(served_example):
    return served_example.daemon


@pytest.fixture(name='sha')
def sha_of_label(served_example):
    return served_example.sha


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
    document = eventually(lambda: (made := diagnose(daemon, built, '2.4.2001010100-main'))
                          ['right_now']['verdict'] == 'vanished' and made)
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
