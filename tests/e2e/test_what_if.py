"""/what-if: the answers that it foretells are those that come when it is really done."""
import csv
import hashlib
import io
import json

import pytest

from daemon import eventually
from static_feed import DEMO_PACKAGE
from upstream import version_props


@pytest.fixture(name='daemon')
def daemon_of_example(served_example):
    return served_example.daemon


@pytest.fixture(name='sha')
def sha_of_label(served_example):
    return served_example.sha


def what_if(daemon, **parameters):
    reply = daemon.get('/what-if', repo='winui', **parameters)
    assert reply.status == 200, reply
    return reply.json


def commits_of(document):
    return {row['sha']: (row['before'], row['after']) for row in document['commits']}


def test_publish(daemon, sha):
    document = what_if(daemon, publish='2.4.2001312217-main')
    assert document['branch'] == 'main'
    assert document['hypothesis']['text'] == 'if 2.4.2001312217-main were published'
    assert document['hypothesis']['notes'] == []
    assert (document['commits_asked'], document['commits_changed']) == (10, 2)
    new = ('2.4.2001312205-main', '2.4.2001312217-main')
    assert commits_of(document) == {sha['63948a75']: new, sha['0d379b51']: new}
    (only,) = document['ranges']
    assert (only['newest'], only['oldest'], only['commits']) == (
        sha['63948a75'], sha['0d379b51'], 2)
    assert document['tips'] == [] and document['tips_changed'] == 0
    # main for main; release/2.4 for itself, and for main, which its tree names
    assert document['tips_asked'] == 3
    assert all(row['text'] and row['why'] == 'publish' for row in document['commits'])


def test_publish_for_a_branch_that_it_names(daemon, sha):
    document = what_if(daemon, publish='2.4.2001312046-release_2_4')
    assert document['branch'] == 'release/2.4'
    assert commits_of(document) == {sha['18b956f6']: (None, '2.4.2001312046-release_2_4')}
    row = document['commits'][0]
    assert (row['outcome_before'], row['outcome_after']) == ('no-database', 'ok')
    assert 'hole ends' in row['text']
    # asked about main's commits, nothing changes there
    assert what_if(daemon, publish='2.4.2001312046-release_2_4', branch='main')[
        'commits_changed'] == 0


def test_publish_changes_tips(daemon, sha):
    """A late package of main changes what release/2.4's tip gets when its tree is followed."""
    document = what_if(daemon, publish='2.4.2002010411-main')
    assert [(row['tip'], row['branch'], row['before'], row['after'])
            for row in document['tips']] == [
        ('main', 'main', '2.4.2001312227-main', '2.4.2002010411-main')]
    document = what_if(daemon, publish='2.4.2001312030-main')
    assert document['tips'] == []                   # 4abd4d54's own is newer


def test_quarantine(daemon, sha):
    document = what_if(daemon, quarantine='2.4.2001312033-main')
    older = ('2.4.2001312033-main', '2.4.2001312028-main')
    assert commits_of(document) == {
        sha[label]: older for label in ('bcf9adaa', '6ef44a23', '4abd4d54')}
    assert [(row['tip'], row['branch'], row['after']) for row in document['tips']] == [
        ('release/2.4', 'main', '2.4.2001312028-main')]
    document = what_if(daemon, quarantine='2.4.2001312028-main')
    assert commits_of(document) == {sha['d150eae0']: ('2.4.2001312028-main', None)}
    assert 'hole begins' in document['commits'][0]['text']


def test_quarantine_by_stamps(daemon, sha):
    """What is left takes over, not merely the runner-up, which falls under it as well."""
    asked = {'quarantine': 'stamps:2001312033-2001312227'}
    document = what_if(daemon, **asked)
    assert document['hypothesis']['text'] == (
        'if versions with stamps from 2001312033 to 2001312227 were quarantined')
    assert document['hypothesis']['notes'] == [
        '4 versions of the feed that can be chosen now have such a stamp']
    assert (document['commits_asked'], document['commits_changed']) == (10, 9)
    assert {row['after'] for row in document['commits']} == {'2.4.2001312028-main'}
    assert {(row['tip'], row['branch']): row['after'] for row in document['tips']} == {
        ('main', 'main'): '2.4.2001312028-main', ('release/2.4', 'main'): '2.4.2001312028-main',
        ('release/2.4', 'release/2.4'): None}
    assert what_if(daemon, quarantine='stamps:1901010000-1901012359')['hypothesis']['notes'] == [
        '0 versions of the feed that can be chosen now have such a stamp']


def test_release(daemon, sha):
    document = what_if(daemon, release='2.5')
    assert document['commits_changed'] == document['commits_asked'] == 10
    assert {row['outcome_after'] for row in document['commits']} == {'no-database'}
    assert document['tips_changed'] == document['tips_asked'] == 3
    document = what_if(daemon, release='2.5', branch='release/2.4')
    assert {row['tip'] for row in document['tips']} == {'release/2.4'}
    assert document['commits_asked'] == 5
    assert what_if(daemon, release='2.4.0')['commits_changed'] == 0     # the same release


def test_branch(daemon, sha):
    """release/2.4's tree still names main: what if it named itself?"""
    document = what_if(daemon, branch='release/2.4')
    assert commits_of(document) == {
        sha['310bc133']: ('2.4.2001312033-main', '2.4.2001312054-release_2_4'),
        sha['80a4ab55']: ('2.4.2001312033-main', '2.4.2001312054-release_2_4'),
        sha['18b956f6']: ('2.4.2001312033-main', None),
        sha['4abd4d54']: ('2.4.2001312033-main', None),
        sha['d150eae0']: ('2.4.2001312028-main', None)}
    assert {row['branch'] for row in document['commits']} == {'main'}
    assert {row['branch_then'] for row in document['commits']} == {'release/2.4'}
    assert {row['tip']: row['after'] for row in document['tips']} == {
        'main': None, 'release/2.4': '2.4.2001312054-release_2_4'}


NOTES = [   # parameters, what the note says; nothing changes
    ({'publish': '2.0.0'}, 'no grammar'),
    ({'publish': 'latest'}, 'no NuGet version'),
    ({'publish': '2.4.2001312205-main'}, 'lists 2.4.2001312205-main already'),
    ({'publish': '2.4.2001312205-MAIN'}, 'lists 2.4.2001312205-main already'),
    ({'quarantine': '2.4.2001312206-main'}, 'never listed'),
]


@pytest.mark.parametrize('parameters, said', NOTES)
def test_what_can_change_nothing_is_said(daemon, parameters, said):
    document = what_if(daemon, **parameters)
    assert any(said in note for note in document['hypothesis']['notes'])
    assert document['commits_changed'] == document['tips_changed'] == 0
    text = daemon.get('/what-if', repo='winui', format='text', **parameters).text
    assert said in text and '0 of the last 10 commits of main' in text


def test_last_and_limit(daemon, sha):
    document = what_if(daemon, release='2.5', last='4', limit='3')
    assert (document['commits_asked'], document['commits_changed']) == (4, 4)
    assert len(document['commits']) == 3 and document['truncated']
    assert len(document['ranges']) == 2 and document['ranges'][0]['commits'] == 3
    assert document['commits'][0]['sha'] == sha['1b27fd5f']


def test_forms(daemon):
    document = what_if(daemon, quarantine='2.4.2001312033-main')
    rows = document['tips'] + document['commits']
    asked = {'repo': 'winui', 'quarantine': '2.4.2001312033-main'}
    assert daemon.get('/what-if', shape='flat', **asked).json == rows
    lines = daemon.get('/what-if', format='ndjson', **asked).text.splitlines()
    assert [json.loads(line) for line in lines] == rows
    found = list(csv.DictReader(io.StringIO(daemon.get('/what-if', format='csv', **asked).text)))
    assert found == [{name: '' if value is None else value for name, value in row.items()}
                     for row in rows]
    text = daemon.get('/what-if', format='text', **asked).text
    assert 'if 2.4.2001312033-main were quarantined' in text
    assert '1 of 3 answers for tips of tracked branches would change' in text
    assert '3 of the last 10 commits of main would get another answer' in text


BAD = [
    ({'repo': 'winui'}, 400, 'bad-request'),
    ({'publish': '2.4.2001312217-main'}, 400, 'bad-request'),
    ({'repo': 'winui', 'publish': '1.0', 'quarantine': '1.0'}, 400, 'bad-request'),
    ({'repo': 'winui', 'publish': '1.0', 'release': '2.4'}, 400, 'bad-request'),
    ({'repo': 'winui', 'publish': ''}, 400, 'bad-request'),
    ({'repo': 'winui', 'release': 'two'}, 400, 'bad-request'),
    ({'repo': 'winui', 'branch': 'main', 'last': '0'}, 400, 'bad-request'),
    ({'repo': 'winui', 'branch': 'main', 'last': '100001'}, 400, 'bad-request'),
    ({'repo': 'winui', 'quarantine': 'stamps:'}, 400, 'bad-request'),
    ({'repo': 'winui', 'quarantine': 'stamps:2001312033'}, 400, 'bad-request'),
    ({'repo': 'winui', 'quarantine': 'stamps:2001312034-2001312033'}, 400, 'bad-request'),
    ({'repo': 'winui', 'quarantine': 'stamps:2013312034-2013312033'}, 400, 'bad-request'),
    ({'repo': 'winui', 'branch': 'mian'}, 404, 'unknown-branch'),
    ({'repo': 'winuj', 'branch': 'main'}, 404, 'unknown-repository'),
    ({'repo': 'winui', 'publish': '1.0', 'package': 'Nobody'}, 404, 'unknown-package'),
]


@pytest.mark.parametrize('parameters, status, code', BAD)
def test_bad_input(daemon, parameters, status, code):
    reply = daemon.get('/what-if', **parameters)
    assert (reply.status, reply.json['code']) == (status, code), reply


# ---- foretold and done ----

def answers(daemon, sha, branch):
    return {one: daemon.version(one, branch) for one in sha}


def foretell(daemon, sha, **hypothesis):
    """What the commits get after it: the changed ones as foretold, the others as they are."""
    foretold = answers(daemon, sha, 'main')
    for row in what_if(daemon, limit='1000', **hypothesis)['commits']:
        foretold[row['sha']] = row['after'] or row['outcome_after']
    return foretold


@pytest.mark.parametrize('version', [
    '2.4.2001312217-main', '2.4.2001312033-Main.5', '2.4.2002010411-MAIN', '2.4.2001312000-main',
    '2.4.2001312054-main', '2.5.2001312205-main', '2.4.2001312205-release_2_4', '2.0.1'])
def test_publishing_it_gives_what_was_foretold(example, version):
    daemon = example.daemon.start()
    line = [row['sha'] for row in daemon.get('/timeline', repo='winui').json['items']]
    foretold = foretell(daemon, line, publish=version, branch='main')
    tips = what_if(daemon, publish=version)['tips']
    example.feed.add(DEMO_PACKAGE, version)
    example.feed.write()
    eventually(lambda: version in daemon.get('/versions', repo='winui').text)
    assert answers(daemon, line, 'main') == foretold
    for row in tips:
        assert daemon.version(row['sha'], row['branch']) == row['after']


def test_unlisting_is_as_quarantine_foretells(example):
    daemon = example.daemon.start()
    version = '2.4.2001312033-main'
    line = [row['sha'] for row in daemon.get('/timeline', repo='winui').json['items']]
    foretold = foretell(daemon, line, quarantine=version)
    example.feed.add(DEMO_PACKAGE, version, listed=False)
    example.feed.write()
    eventually(lambda: daemon.get('/versions', repo='winui', status='unlisted').json['items'])
    assert answers(daemon, line, 'main') == foretold


def test_a_release_bump_opens_the_foretold_hole(example):
    daemon, upstream = example.daemon.start(), example.upstream
    (tip,) = [row for row in what_if(daemon, release='2.5', branch='main')['tips']]
    assert (tip['before'], tip['outcome_after']) == ('2.4.2001312227-main', 'no-database')
    raised = upstream.commit('main', '2020-02-01 05:00',
                             files={'version.props': version_props(2, 5)})
    assert daemon.version(raised, 'main') == tip['outcome_after']


@pytest.fixture(name='deciding')
def deciding_example(example):
    token = hashlib.sha256(b'a token').hexdigest()
    example.daemon.config['tokens'] = [{'name': 'oncall', 'sha256': token, 'may': ['override']}]
    example.daemon.start()

    def put(path, **body):
        reply = example.daemon.request(
            'PUT', path, json.dumps({'reason': 'a test', 'owner': 'me', **body}),
            {'Authorization': 'Bearer a token'})
        assert reply.status == 200, reply

    example.put = put
    return example


@pytest.mark.parametrize('versions, pinned', [
    ('2.4.2001312205-main', None), ('2.4.2001312205-MAIN', None), ('2.4.2001312206-main', None),
    ('stamps:2001312033-2001312205', None), ('stamps:2001010000-2001312359', None),
    ('2.4.2001312033-main', '2.4.2001312033-main'),      # the pin loses its effect
    ('2.4.2001312205-main', '2.4.2001312033-main')])     # which a pin hides
def test_a_quarantine_does_what_was_foretold(deciding, versions, pinned):
    daemon = deciding.daemon
    line = [row['sha'] for row in daemon.get('/timeline', repo='winui').json['items']]
    if pinned:
        deciding.put('/pins/winui/main', version=pinned)
    foretold = foretell(daemon, line, quarantine=versions)
    tips = what_if(daemon, quarantine=versions)['tips']
    deciding.put(f'/quarantine/winui/{versions}')
    assert answers(daemon, line, 'main') == foretold
    for row in tips:
        assert daemon.version(row['sha'], row['branch']) == (row['after'] or row['outcome_after'])


def test_publishing_under_decisions(deciding):
    """A version that a quarantine waits for, and one that a pin waits for."""
    daemon, new = deciding.daemon, '2.4.2002010300-main'
    deciding.put('/quarantine/winui/stamps:2002010000-2002012359')
    document = what_if(daemon, publish=new)
    assert document['commits_changed'] == document['tips_changed'] == 0
    assert 'stamps from 2002010000 to 2002012359 are quarantined by me' in (
        document['hypothesis']['notes'][0])
    pinned = '2.4.2001312217-main'
    deciding.put('/pins/winui/main', version=pinned)
    line = [row['sha'] for row in daemon.get('/timeline', repo='winui').json['items']]
    foretold = foretell(daemon, line, publish=pinned)
    assert set(foretold.values()) == {pinned}
    assert 'main is pinned to it by me' in what_if(daemon, publish=pinned)['commits'][0]['text']
    deciding.feed.add(DEMO_PACKAGE, pinned)
    deciding.feed.write()
    eventually(lambda: pinned in daemon.get('/versions', repo='winui').text)
    assert answers(daemon, line, 'main') == foretold
