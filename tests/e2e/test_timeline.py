"""/timeline: the worked example's table, hand-made histories, forms, pages, and bad input."""
import csv
import datetime
import io
import json
import re
import time

import pytest

from daemon import eventually
from static_feed import DEMO_PACKAGE
from upstream import unused_sha, version_props

# The worked example's table (section 4 of the rules), newest first: commit, author time, branch,
# package trained on it; and what a build of it gets on its branch.
TABLE = [
    ('1b27fd5f', '2020-02-01 04:11', 'main', None, '2.4.2001312227-main'),
    ('7b303f74', '2020-01-31 22:31', 'main', None, '2.4.2001312227-main'),
    ('930ff585', '2020-01-31 22:27', 'main', '2.4.2001312227-main', '2.4.2001312227-main'),
    ('63948a75', '2020-01-31 22:24', 'main', None, '2.4.2001312205-main'),
    ('0d379b51', '2020-01-31 22:17', 'main', None, '2.4.2001312205-main'),
    ('f23f1fad', '2020-01-31 22:05', 'main', '2.4.2001312205-main', '2.4.2001312205-main'),
    ('bcf9adaa', '2020-01-31 21:49', 'main', None, '2.4.2001312033-main'),
    ('6ef44a23', '2020-01-31 21:36', 'main', None, '2.4.2001312033-main'),
    ('310bc133', '2020-01-31 21:11', 'release/2.4', None, '2.4.2001312054-release_2_4'),
    ('80a4ab55', '2020-01-31 20:54', 'release/2.4', '2.4.2001312054-release_2_4',
     '2.4.2001312054-release_2_4'),
    ('18b956f6', '2020-01-31 20:46', 'release/2.4', None, None),
    ('4abd4d54', '2020-01-31 20:33', 'main', '2.4.2001312033-main', '2.4.2001312033-main'),
    ('d150eae0', '2020-01-31 20:28', 'main', '2.4.2001312028-main', '2.4.2001312028-main'),
]


@pytest.fixture(name='daemon')
def daemon_of_example(served_example):
    return served_example.daemon


@pytest.fixture(name='sha')
def sha_of_label(served_example):
    return served_example.sha


def lines_of(daemon, branch):
    """The text form's rows by abbreviated SHA: (time, release, package, answer, remarks)."""
    text = daemon.get('/timeline', repo='winui', branch=branch, format='text').text
    title, head, *rows = text.splitlines()
    assert 'newest first' in title
    names = ['commit', 'author time (UTC)', 'release', 'package trained on it',
             'a build of it gets']
    at = [head.index(name) for name in names]       # the columns are aligned
    cut = [[row[start:end].strip() for start, end in zip(at, [*at[1:], None])] for row in rows]
    return {row[0]: row[1:] for row in cut}


def test_the_worked_examples_table(daemon, sha):
    """Each branch's own part of it in JSON; the table itself is the two of them by time."""
    of_branch = {branch: {row['sha']: row for row in
                          daemon.get('/timeline', repo='winui', branch=branch).json['items']}
                 for branch in ('main', 'release/2.4')}
    on_main = set(of_branch['main'])
    merged = [*of_branch['main'].values(),
              *(row for row in of_branch['release/2.4'].values() if row['sha'] not in on_main)]
    merged.sort(key=lambda row: row['stamp'], reverse=True)
    found = [(row['sha'], row['author_time'], row['packages'], row['version']) for row in merged]
    assert found == [
        (sha[label], f'{time.replace(" ", "T")}:00Z', [package] if package else [], answer)
        for label, time, _, package, answer in TABLE]
    assert all(row['release'] == '2.4' and not row['unusable'] for row in merged)


def test_text_is_the_table_for_people(daemon, sha):
    for branch in ('main', 'release/2.4'):
        lines = lines_of(daemon, branch)
        for label, time, its_branch, package, answer in TABLE:
            if its_branch != branch:
                continue
            row = lines[sha[label][:8]]
            assert row[:3] == [time, '2.4', package or '']
            assert row[3].split('  ')[0] == (answer or 'no database')
            assert ('hole' in row[3]) == (answer is None)


def test_a_branchs_line_goes_on_below_its_beginning(daemon, sha):
    """release/2.4 forks from main at 4abd4d54: a build of that on release/2.4 has no database."""
    rows = daemon.get('/timeline', repo='winui', branch='release/2.4').json['items']
    labels = ['310bc133', '80a4ab55', '18b956f6', '4abd4d54', 'd150eae0']
    assert [row['sha'] for row in rows] == [sha[label] for label in labels]
    assert [row['hole'] for row in rows] == [False, False, True, True, True]
    assert rows[3]['packages'] == []        # main's package is not this branch's


def test_every_row_is_what_resolve_says(daemon):
    for branch in ('main', 'release/2.4', 'topic/merged'):
        for row in daemon.get('/timeline', repo='winui', branch=branch).json['items']:
            resolved = daemon.version(row['sha'], branch)
            assert resolved == (row['version'] or row['outcome'])


def test_default_branch_and_short_names(daemon, sha):
    rows = daemon.get('/timeline', repo='winui').json
    assert rows['branch'] == 'main' and rows['branch_tip'] == sha['1b27fd5f']
    assert rows == daemon.get('/timeline', repo='winui', branch='refs/heads/main').json


def test_from_and_to(daemon, sha):
    def labels(**parameters):
        rows = daemon.get('/timeline', repo='winui', branch='main', **parameters).json['items']
        return [row['sha'] for row in rows]
    both = labels(**{'from': sha['bcf9adaa'], 'to': sha['0d379b51']})
    assert both == [sha['0d379b51'], sha['f23f1fad'], sha['bcf9adaa']]
    assert labels(to=sha['d150eae0'][:12]) == [sha['d150eae0']]     # abbreviated
    assert labels(**{'from': sha['1b27fd5f']}) == [sha['1b27fd5f']]


def test_pages(daemon):
    whole = daemon.get('/timeline', repo='winui', branch='main').json
    assert whole['next'] is None
    for limit in (1, 3, 7, 10):
        seen, cursor, pages = [], None, 0
        while pages == 0 or cursor:
            reply = daemon.get('/timeline', repo='winui', branch='main', limit=str(limit),
                               **({'cursor': cursor} if cursor else {}))
            seen += reply.json['items']
            cursor, pages = reply.json['next'], pages + 1
            assert bool(cursor) == ('Link' in reply.headers)
            if cursor:
                link = re.fullmatch(r'<(.*)>; rel="next"', reply.headers['Link'])[1]
                assert daemon.request('GET', link).json['items'][0]['sha'] == cursor
        assert seen == whole['items'] and pages == -(-10 // limit)


def test_flat_forms(daemon):
    whole = daemon.get('/timeline', repo='winui', branch='main').json['items']
    flat = daemon.get('/timeline', repo='winui', branch='main', shape='flat').json
    assert [row['sha'] for row in flat] == [row['sha'] for row in whole]
    assert all(not isinstance(value, (list, dict)) for row in flat for value in row.values())
    reply = daemon.get('/timeline', repo='winui', branch='main', format='ndjson')
    assert [json.loads(line) for line in reply.text.splitlines()] == flat
    reply = daemon.get('/timeline', repo='winui', branch='main', format='csv')
    assert reply.headers['Content-Type'].startswith('text/csv')
    rows = list(csv.DictReader(io.StringIO(reply.text)))
    assert list(rows[0]) == list(flat[0])
    for row, same in zip(rows, flat):
        assert row == {name: '' if value is None else
                       str(value).lower() if isinstance(value, bool) else str(value)
                       for name, value in same.items()}


def test_etag_and_head(daemon):
    reply = daemon.get('/timeline', repo='winui', branch='main')
    again = daemon.get('/timeline', repo='winui', branch='main',
                       headers={'If-None-Match': reply.headers['ETag']})
    assert again.status == 304
    head = daemon.request('HEAD', '/timeline?repo=winui&branch=main')
    assert head.status == 200 and head.headers['ETag'] == reply.headers['ETag']


BAD = [     # parameters, status, code, what the detail says
    ({}, 400, 'bad-request', 'repo'),
    ({'repo': 'winuj'}, 404, 'unknown-repository', 'winuj'),
    ({'repo': 'winui', 'branch': 'mian'}, 404, 'unknown-branch', 'mian'),
    ({'repo': 'winui', 'package': 'Nobody'}, 404, 'unknown-package', 'Nobody'),
    ({'repo': 'winui', 'release': 'two'}, 400, 'bad-request', 'release'),
    ({'repo': 'winui', 'from': unused_sha()}, 404, 'unknown-commit', unused_sha()),
    ({'repo': 'winui', 'from': 'xyz'}, 400, 'bad-request', 'from'),
    ({'repo': 'winui', 'limit': '0'}, 400, 'bad-request', 'limit'),
    ({'repo': 'winui', 'limit': '1001'}, 400, 'bad-request', 'limit'),
    ({'repo': 'winui', 'cursor': 'abcd'}, 400, 'bad-request', 'cursor'),
    ({'repo': 'winui', 'sha': unused_sha()}, 400, 'bad-request', 'sha'),
    ({'repo': 'winui', 'format': 'props'}, 400, 'bad-request', 'format'),
]


@pytest.mark.parametrize('parameters, status, code, said', BAD)
def test_bad_input(daemon, parameters, status, code, said):
    reply = daemon.get('/timeline', **parameters)
    assert (reply.status, reply.json['code']) == (status, code), reply
    assert said in reply.json['detail']


def test_commits_that_are_not_on_the_branch(daemon, sha):
    reply = daemon.get('/timeline', repo='winui', branch='main', to=sha['18b956f6'])
    assert (reply.status, reply.json['code']) == (400, 'bad-request')
    assert 'first-parent' in reply.json['detail']
    reply = daemon.get('/timeline', repo='winui', branch='main',
                       **{'from': sha['1b27fd5f'], 'to': sha['f23f1fad']})
    assert (reply.status, reply.json['code']) == (400, 'bad-request')
    assert 'older' in reply.json['detail']


def test_a_history_with_everything(world):
    """A merge, an inversion, a release bump with its hole, and packages that are of no use."""
    upstream = world.new_upstream()
    sha = {'root': upstream.commit('main', '2020-01-01 00:00')}
    upstream.git('update-ref', 'refs/heads/release/side', sha['root'])
    sha['side'] = upstream.commit('release/side', '2020-01-01 01:00')
    sha['side2'] = upstream.commit('release/side', '2020-01-01 01:10')
    sha['merge'] = upstream.commit('main', '2020-01-01 02:00', [sha['root'], sha['side2']])
    sha['rebased'] = upstream.commit('main', '2020-01-01 01:30', committer='2020-01-01 03:00')
    sha['behind'] = upstream.commit('main', '2020-01-01 01:45', committer='2020-01-01 03:10')
    raised = {'version.props': version_props(2, 5)}
    sha['bump'] = upstream.commit('main', '2020-01-01 04:00', files=raised)
    sha['trained'] = upstream.commit('main', '2020-01-01 05:00', files=raised)
    sha['bare'] = upstream.commit('main', '2020-01-01 06:00', files={'a': b'no version'})
    feed = world.new_feed(['2.4.2001010000-main', '2.4.2001010145-main', '2.4.2001010200-other',
                           '2.5.2001010500-main', '2.0.0'])
    feed.add('MUXPGODatabase', '2.4.2001010200-main', listed=False)
    feed.write()
    daemon = world.new_daemon().start()
    rows = daemon.get('/timeline', repo='winui', branch='main').json['items']
    order = ['bare', 'trained', 'bump', 'behind', 'rebased', 'merge', 'root']
    assert [row['sha'] for row in rows] == [sha[label] for label in order]
    row = {label: row for label, row in zip(order, rows)}
    assert {label: row[label]['version'] or row[label]['outcome'] for label in order} == {
        'bare': 'release-unknown', 'trained': '2.5.2001010500-main', 'bump': 'no-database',
        'behind': '2.4.2001010145-main', 'rebased': '2.4.2001010000-main',
        'merge': '2.4.2001010145-main', 'root': '2.4.2001010000-main'}
    assert [label for label in order if row[label]['hole']] == ['bump']
    assert [label for label in order if row[label]['inversion']] == ['behind', 'rebased']
    assert row['rebased']['inversion_behind'] == sha['merge']
    assert (row['rebased']['inversion_minutes'], row['behind']['inversion_minutes']) == (30, 15)
    assert {label: row[label]['merged_commits'] for label in order if
            row[label]['merged_commits']} == {'merge': 2}
    assert row['merge']['packages'] == []
    assert row['merge']['unusable'] == [{'version': '2.4.2001010200-main', 'why': 'unlisted'}]
    assert row['bump']['release'] == '2.5' and row['bare']['release'] is None
    for label in order:
        assert daemon.version(sha[label], 'main') == (
            row[label]['version'] or row[label]['outcome'])
    asked = daemon.get('/timeline', repo='winui', branch='main', release='2.4').json['items']
    assert {row['version'] for row in asked[:3]} == {'2.4.2001010145-main'}
    text = daemon.get('/timeline', repo='winui', branch='main', format='text').text
    assert 'merges 2 more' in text and '(unlisted)' in text and 'release unknown' in text
    assert f'inversion: 30 min behind {sha["merge"][:8]}' in text
    side = daemon.get('/timeline', repo='winui', branch='main', to=sha['side'])
    assert side.status == 400 and sha['merge'] in side.json['detail']   # where it came in


def test_committer_times(world):
    """Where the configuration stamps by committer time, rows and inversions go by it as well."""
    upstream = world.new_upstream()
    first = upstream.commit('main', '2020-01-01 05:00', committer='2020-01-01 01:00')
    second = upstream.commit('main', '2020-01-01 04:00', committer='2020-01-01 02:00')
    world.new_feed(['2.4.2001010100-main', '2.4.2001010400-main'])
    world.repository['timestamp'] = 'committer'
    daemon = world.new_daemon().start()
    rows = daemon.get('/timeline', repo='winui').json['items']
    assert [(row['sha'], row['stamp'], row['packages'], row['version'], row['inversion'])
            for row in rows] == [
        (second, '2001010200', [], '2.4.2001010100-main', False),
        (first, '2001010100', ['2.4.2001010100-main'], '2.4.2001010100-main', False)]
    assert 'committer time (UTC)' in daemon.get('/timeline', repo='winui', format='text').text


def test_former_names_and_same_minutes(world):
    """Packages under a former name are the branch's; two commits of one minute share theirs."""
    upstream = world.new_upstream()
    first = upstream.commit('main', '2020-01-01 01:00')
    second = upstream.commit('main', '2020-01-01 01:00', message='again')
    world.new_feed(['2.4.2001010100-master', '2.4.2001010100-main'])
    world.repository['aliases'] = {'main': ['master']}
    daemon = world.new_daemon().start()
    rows = daemon.get('/timeline', repo='winui').json['items']
    assert [row['sha'] for row in rows] == [second, first]
    for row in rows:
        assert sorted(row['packages']) == ['2.4.2001010100-main', '2.4.2001010100-master']
        assert row['version'] == daemon.version(row['sha'], 'main')


def test_as_it_was(example):
    """as_of shows the table and the changes of then: before a package came, before a push."""
    daemon = example.daemon.start()
    before = daemon.get('/timeline', repo='winui').json['items']
    changes = daemon.get('/changes', repo='winui').json['items']
    time.sleep(1.1)         # a time without a fraction means the end of its second
    then = f'{datetime.datetime.now(datetime.timezone.utc):%FT%TZ}'
    time.sleep(1.1)
    example.feed.add(DEMO_PACKAGE, '2.4.2001312149-main')
    example.feed.write()
    tip = example.upstream.commit('main', '2020-02-02 00:00')
    eventually(lambda: daemon.get('/timeline', repo='winui', limit='1').json['items'][0]['sha']
               == tip and '2.4.2001312149-main' in daemon.get('/versions', repo='winui').text)
    assert daemon.get('/timeline', repo='winui').json['items'] != before
    past = daemon.get('/timeline', repo='winui', as_of=then)
    assert past.status == 200, past
    late = {'version': '2.4.2001312149-main', 'why': 'not-yet-seen'}
    rows = past.json['items']
    for row in rows:
        if late in row['unusable']:
            row['unusable'].remove(late)
            late = None
    assert late is None and rows == before
    assert daemon.get('/changes', repo='winui', as_of=then).json['items'] == changes
    for path in ('/timeline', '/changes'):
        early = daemon.get(path, repo='winui', as_of='2020-01-01T00:00:00Z')
        assert (early.status, early.json['code']) == (404, 'before-records'), early
        future = daemon.get(path, repo='winui', as_of='2999-01-01T00:00:00Z')
        assert (future.status, future.json['code']) == (400, 'bad-request')
