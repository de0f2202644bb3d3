"""history.keep: old answers go, their numbers stay, and what is given again is on record again."""
import time

from daemon import eventually


def listed(daemon):
    return daemon.get('/history', limit='1000').json['items']


def test_old_answers_go_and_their_numbers_stay(example):
    daemon = example.daemon
    daemon.config['history'] = {'keep': '1s'}
    daemon.start()
    sha = example.sha['merged']
    first = daemon.resolve(sha, 'main').json
    assert daemon.get(f'/history/{first["id"]}').status == 200
    # it is looked for what is too old once a minute, at first at the start
    daemon.kill()
    time.sleep(1.2)
    daemon.start()
    eventually(lambda: first['id'] not in [row['id'] for row in listed(daemon)],
               what='the end of an old answer')
    assert daemon.get(f'/history/{first["id"]}').status == 404
    assert sum(row['requests'] for row in daemon.get('/stats', by='outcome').json['items']) >= 1
    again = daemon.resolve(sha, 'main').json
    assert daemon.get(f'/history/{again["id"]}').json['answer'] == again


def test_settings_are_checked(example):
    for bad in ({'keep': '0s'}, {'keep': 400}, {'max_size': '1KiB'}, {'max_size': 'all'}):
        example.daemon.config['history'] = bad
        example.daemon.start(ready=False)
        assert example.daemon.process.wait(timeout=20) != 0
        assert next(iter(bad)) in example.daemon.log
        example.daemon.process = None
