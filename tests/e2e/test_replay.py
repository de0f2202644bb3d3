"""/history/{id}/replay and the replay URLs of answers."""
import json
import signal

from daemon import eventually


def replay(daemon, document, **parameters):
    return daemon.get(f'/history/{document["id"]}/replay', **parameters)


def kinds(reply):
    return {(row['what'], row.get('subject')) for row in reply.json['differences']}


def test_nothing_changed(example):
    daemon = example.daemon.start()
    answer = daemon.resolve(example.sha['1b27fd5f'], 'main').json
    again = replay(daemon, answer)
    assert again.status == 200, again
    assert again.json['same'] is True and again.json['reproduced'] is True
    assert again.json['differences'] == []
    assert again.json['then'] == answer
    assert again.json['now']['package'] == answer['package']
    assert 'Nothing' in replay(daemon, answer, format='text').text
    failed = daemon.resolve(example.sha['18b956f6'], 'release/2.4').json
    assert replay(daemon, failed).json['reproduced'] is True
    assert replay(daemon, failed).json['then']['code'] == 'no-database'


def test_a_repository_that_was_not_known(example):
    """Its name is part of the question, also when it is known by now."""
    daemon = example.daemon.start()
    answer = daemon.resolve(example.sha['1b27fd5f'], 'main', repo='other').json
    assert answer['code'] == 'unknown-repository' and answer['asked']['repo'] == 'other'
    again = replay(daemon, answer).json
    assert again['reproduced'] is True and again['then'] == answer and again['same'] is True
    assert '"other"' in again['now']['detail']
    daemon.config['repositories']['other'] = daemon.config['repositories']['winui']
    daemon.stop()
    daemon.start()
    again = replay(daemon, answer).json
    assert again['reproduced'] is True and again['then'] == answer and again['same'] is False
    assert again['now']['package']['version'] == '2.4.2001312227-main'


def test_what_happened_since(example):
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    answer = daemon.resolve(sha).json
    assert answer['package']['version'] == '2.4.2001312227-main'
    del example.feed.packages['MUXPGODatabase']['2.4.2001312227-main']
    example.feed.add('MUXPGODatabase', '2.4.2002010411-main')
    example.feed.write()
    moved = example.upstream.commit('main', '2020-02-03 10:00', parents=[sha])
    eventually(lambda: daemon.version(sha) == '2.4.2002010411-main', what='the package')
    eventually(lambda: daemon.resolve(sha).json['fork_point']['branch_tip'] == moved,
               what='the push')
    eventually(lambda: ('package', '2.4.2001312227-main') in kinds(replay(daemon, answer)),
               what='the package going')
    again = replay(daemon, answer).json
    assert again['same'] is False and again['reproduced'] is True
    rows = {(row['what'], row.get('subject')): row for row in again['differences']}
    assert rows['answer', None]['then'] == '2.4.2001312227-main'
    assert rows['answer', None]['now'] == '2.4.2002010411-main'
    assert rows['package', '2.4.2002010411-main']['then'] == 'not-yet-seen'
    assert rows['package', '2.4.2001312227-main']['now'] == 'vanished'
    assert rows['branch', 'main']['now'] == moved
    text = replay(daemon, answer, format='text').text
    for part in ('2.4.2001312227-main', '2.4.2002010411-main', 'main moved', moved[:12]):
        assert part in text
    # a setting
    daemon.config['repositories']['winui']['branch'] = 'release/2.4'
    daemon.config['repositories']['winui']['packages'][0]['unlisted'] = 'keep'
    daemon.config_file.write_text(json.dumps(daemon.config), encoding='utf-8')
    daemon.process.send_signal(signal.SIGHUP)
    eventually(lambda: ('setting', 'branch') in kinds(replay(daemon, answer)), what='the setting')
    assert ('setting', 'packages') in kinds(replay(daemon, answer))
    # over a restart
    daemon.stop()
    daemon.start()
    assert replay(daemon, answer).json['reproduced'] is True


def test_bad_ones(example):
    daemon = example.daemon.start()
    answer = daemon.resolve(example.sha['1b27fd5f'], 'main').json
    for target, status in ((f'/history/{"f" * 16}/replay', 404), ('/history/xyz/replay', 404),
                           ('/history//replay', 404), (f'/history/{answer["id"]}/replays', 404),
                           (f'/history/{answer["id"]}/replay?format=props', 400),
                           (f'/history/{answer["id"]}/replay?x=1', 400)):
        assert daemon.get(target).status == status, target


def test_answers_for_ever(example):
    """The URL in an answer gives it again, immutable and cacheable."""
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    answer = daemon.resolve(sha, 'main').json
    example.feed.add('MUXPGODatabase', '2.4.2002010411-main')
    example.feed.write()
    eventually(lambda: daemon.version(sha, 'main') == '2.4.2002010411-main', what='the package')
    first = daemon.get(answer['replay'])
    assert first.status == 200 and first.json == answer      # its id and its times as well
    assert 'immutable' in first.headers['Cache-Control']
    assert daemon.get(answer['replay'], headers={'If-None-Match': first.headers['ETag']}
                      ).status == 304
    daemon.stop()
    daemon.start()
    assert daemon.get(answer['replay']).body == first.body
