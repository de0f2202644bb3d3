"""as_of: past answers come back as they were, and the future does not show."""
import datetime
import time

from as_of_model import differences, moment_text
from daemon import eventually


def at_us_of(daemon, document):
    return daemon.get(f'/history/{document["id"]}').json['at_us']


def again(daemon, at_us, *arguments, **parameters):
    return daemon.resolve(*arguments, as_of=moment_text(at_us), **parameters)


def test_a_package_that_came_later(example):
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    before = daemon.resolve(sha, 'main').json
    example.feed.add('MUXPGODatabase', '2.4.2002010411-main')
    example.feed.write()
    eventually(lambda: daemon.version(sha, 'main') == '2.4.2002010411-main', what='the package')
    at_us = at_us_of(daemon, before)
    then = again(daemon, at_us, sha, 'main', candidates='all').json
    assert then['package']['version'] == '2.4.2001312227-main'
    assert then['candidates']['rejected']['not-yet-seen'] == 1
    row = next(row for row in then['candidates']['all'] if row['version'] == '2.4.2002010411-main')
    assert row['code'] == 'not-yet-seen'
    assert then['as_of'] == moment_text(at_us)
    assert not differences(before, again(daemon, at_us, sha, 'main').json)
    assert differences(before, daemon.resolve(sha, 'main').json)
    # the record of an answer about the past says so, and what it was asked about
    record = daemon.get(f'/history/{then["id"]}').json
    assert record['as_of_us'] == at_us
    assert record['answer']['as_of'] == moment_text(at_us)
    assert daemon.get(then['replay']).json == then
    other = again(daemon, at_us + 1, sha, 'main', candidates='all').json
    assert daemon.get(other['replay']).json == other
    # the other forms
    text = daemon.resolve(sha, 'main', as_of=moment_text(at_us), format='version').text
    assert text == '2.4.2001312227-main\n'


def test_refs_of_then(example):
    """A branch is forced back and another deleted: then they were there, and what is new was not."""
    daemon = example.daemon.start()
    topic = example.sha['forked']
    before = daemon.resolve(topic, 'main').json
    merge = example.upstream.commit('main', '2020-02-02 09:00',
                                    parents=[example.sha['1b27fd5f'], topic])
    eventually(lambda: daemon.resolve(topic, 'main').json['fork_point']['sha'] == topic,
               what='the merge')
    merged = daemon.resolve(topic, 'main').json
    example.upstream.git('update-ref', 'refs/heads/main', example.sha['f23f1fad'])
    example.upstream.git('update-ref', '-d', 'refs/heads/release/2.4')
    eventually(lambda: daemon.version(example.sha['310bc133'], 'release/2.4') == 'unknown-branch',
               what='the deletion')
    first, second = at_us_of(daemon, before), at_us_of(daemon, merged)
    assert not differences(before, again(daemon, first, topic, 'main').json)
    assert not differences(merged, again(daemon, second, topic, 'main').json)
    assert daemon.version(example.sha['310bc133'], 'release/2.4',
                          as_of=moment_text(second)) == '2.4.2001312054-release_2_4'
    # a commit that was not here yet is unknown then, abbreviated too
    assert daemon.version(merge, 'main', as_of=moment_text(second)) != 'unknown-commit'
    assert daemon.version(merge, 'main', as_of=moment_text(first)) == 'unknown-commit'
    assert daemon.version(merge[:12], 'main', as_of=moment_text(first)) == 'unknown-commit'


def test_times(example):
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    answer = daemon.resolve(sha, 'main').json
    now = datetime.datetime.now(datetime.timezone.utc)
    for text, status, code in (
            ('2001-01-01', 404, 'before-records'),
            ('2001-01-01T00:00:00.5Z', 404, 'before-records'),
            ('2999-01-01T00:00:00Z', 400, 'bad-request'),          # not yet
            ((now + datetime.timedelta(hours=1)).isoformat(), 400, 'bad-request'),
            ('yesterday', 400, 'bad-request'),
            ('', 400, 'bad-request'),
            (answer['resolved_at'], 200, None),                    # its whole second
    ):
        reply = daemon.resolve(sha, 'main', as_of=text)
        assert reply.status == status, (text, reply)
        assert code is None or reply.json['code'] == code
    detail = daemon.resolve(sha, 'main', as_of='2001-01-01').json['detail']
    begin = detail.split('begin at ')[1]
    assert daemon.resolve(sha, 'main', as_of=begin).status == 200
    assert daemon.get('/problems/before-records').status == 200
    assert daemon.resolve(sha, 'main', as_of=begin, repo='other').json['code'] == \
        'unknown-repository'


def test_staleness_of_then(example):
    """A feed that could not be reached then: the warning of then comes back, word for word."""
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    good = example.feed.index_url
    fine = daemon.resolve(sha, 'main').json
    hidden = example.folder / 'feed' / 'v3'
    hidden.rename(example.folder / 'hidden')

    def is_stale():
        document = daemon.resolve(sha, 'main').json
        return document if document['warnings'] else None
    stale = eventually(is_stale, what='the warning')
    assert stale['warnings'][0]['code'] == 'feed-stale'
    (example.folder / 'hidden').rename(hidden)
    eventually(lambda: not is_stale(), seconds=30, what='its end')
    assert good
    after = daemon.resolve(sha, 'main').json
    for document in (fine, stale, after):
        assert not differences(document, again(daemon, at_us_of(daemon, document), sha,
                                               'main').json)


def test_over_a_restart_and_a_reload(example):
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    first = daemon.resolve(sha).json
    daemon.stop()
    daemon.config['repositories']['winui']['branch'] = 'release/2.4'
    daemon.config['repositories']['winui'].pop('branch_source', None)
    time.sleep(0.01)
    daemon.start()
    second = daemon.resolve(sha).json
    assert second['branch'] == 'release/2.4'
    reply = again(daemon, at_us_of(daemon, first), sha)
    assert reply.json['code'] == 'before-records' and 'trees' in reply.json['detail']
    assert not differences(second, again(daemon, at_us_of(daemon, second), sha).json)
    # Tokens are recorded without their hashes; the record is read again all the same.
    daemon.config['tokens'] = [{'name': 'a', 'sha256': '00ff' * 16, 'may': ['sync']},
                               {'name': 'b', 'sha256': '01fe' * 16, 'may': ['sync']}]
    daemon.config['repositories']['winui']['packages'][0]['unlisted'] = 'keep'
    daemon.stop()
    daemon.start()
    third = daemon.resolve(sha).json
    daemon.config['repositories']['winui']['packages'][0]['unlisted'] = 'drop'
    daemon.stop()
    daemon.start()
    assert not differences(third, again(daemon, at_us_of(daemon, third), sha).json)
    replayed = daemon.get(f'/history/{third["id"]}/replay')
    assert replayed.status == 200 and replayed.json['reproduced'], replayed
