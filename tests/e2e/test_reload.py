"""SIGHUP: a good file is applied while requests are answered, a bad one changes nothing."""
import copy
import json
import signal
import threading
import time

from daemon import eventually
from git_servers import HangingServer
from upstream import Upstream


def reload(daemon, text=None):
    """Writes the file (the daemon's configuration, or a text) and says so."""
    daemon.config_file.write_text(
        json.dumps(daemon.config, indent=2) if text is None else text, encoding='utf-8')
    daemon.process.send_signal(signal.SIGHUP)


def add_repository(world, name):
    upstream = Upstream(world.folder / f'{name}.git')
    sha = upstream.commit('main', '2020-01-31 22:06')
    repositories = world.daemon.config['repositories']
    repositories[name] = {**copy.deepcopy(repositories['winui']), 'url': upstream.path}
    repositories[name].pop('branch_source', None)
    return sha


class Asking:
    """Asks one question over and over on one keep-alive connection, and notes what was not 200."""

    def __init__(self, daemon, target):
        self.client = daemon.client()
        self.target = target
        self.bad = []
        self.count = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        connection = self.client.connection
        connection.connect()
        connection.auto_open = 0     # a connection that was dropped is not made again
        while not self.stopping.is_set():
            try:
                reply = self.client.request('GET', self.target)
            except OSError as error:
                self.bad.append(error)
                return
            if reply.status != 200:
                self.bad.append(reply)
            self.count += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        self.client.close()


def test_another_repository(example):
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    target = f'/resolve?repo=winui&sha={sha}&branch=main'
    before = daemon.resolve(sha, 'main').json['state']['config']
    with Asking(daemon, target) as asking:
        eventually(lambda: asking.count > 20, what='the first answers')
        other = add_repository(example, 'other')
        reload(daemon)
        eventually(lambda: daemon.get('/repos/other').status == 200, what='the repository')
        eventually(lambda: daemon.version(other, repo='other') == '2.4.2001312205-main',
                   what='its first answer')
        after = asking.count
        eventually(lambda: asking.count > after + 20, what='answers after the reload')
    assert not asking.bad
    document = daemon.resolve(sha, 'main').json
    assert document['package']['version'] == '2.4.2001312227-main'
    assert document['state']['config'] != before
    daemon.wait_log('config.applied')
    assert daemon.get('/readyz').status == 200
    del daemon.config['repositories']['other']
    reload(daemon)
    eventually(lambda: daemon.version(other, repo='other') == 'unknown-repository',
               what='its end')
    assert daemon.version(sha, 'main') == '2.4.2001312227-main'


def test_readiness_waits_for_the_new_repository(example):
    daemon = example.daemon.start()
    with HangingServer() as server:
        add_repository(example, 'other')
        daemon.config['repositories']['other']['url'] = server.url('up.git')
        reload(daemon)
        eventually(lambda: daemon.get('/repos/other').status == 200, what='the repository')
        assert daemon.get('/readyz').status == 503
        assert daemon.version(example.sha['1b27fd5f'], 'main') == '2.4.2001312227-main'
        reply = daemon.resolve('a' * 40, repo='other', wait='0')
        assert (reply.status, reply.json['code']) == (503, 'not-ready')
        del daemon.config['repositories']['other']
        reload(daemon)      # and a fetch that hangs holds up no reload
        eventually(lambda: daemon.get('/readyz').status == 200, seconds=5, what='readiness')


def test_what_waits_for_the_next_start(example):
    daemon = example.daemon.start()
    daemon.config['http'] = {'threads': 3}
    daemon.config['history'] = {'journal': '2MiB', 'keep': '10d'}
    daemon.config['listen'] = ['127.0.0.1:1', '127.0.0.1:2']
    data_dir, daemon.config['data_dir'] = daemon.config['data_dir'], '/nonexistent/data'
    reload(daemon)
    daemon.wait_log('settings="listen, data_dir, http.threads, history.journal"')
    daemon.config['listen'] = f'127.0.0.1:{daemon.port}'
    daemon.config['data_dir'] = data_dir
    del daemon.config['history']
    for number in (1, 2):       # each reading says what still waits
        reload(daemon)
        eventually(lambda seen=number: daemon.log.count('settings=http.threads') == seen or
                   daemon.log.count('settings="http.threads"') == seen, what='the threads')
    daemon.config['http'] = {'threads': 0}
    reload(daemon)
    eventually(lambda: daemon.log.count('config.applied') == 4, what='the last reading')
    assert daemon.log.count('config.needs_restart') == 3


def test_a_bad_file_changes_nothing(example):
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    before = daemon.resolve(sha, 'main').json['state']['config']
    bad = copy.deepcopy(daemon.config)
    bad['stale_aftr'] = '10m'
    bad['feeds']['demo']['interval'] = 'often'
    bad['repositories']['winui']['packages'][0]['feed'] = 'dmeo'
    for number, text in enumerate((json.dumps(bad, indent=2), '{"listen": ', ''), 1):
        reload(daemon, text)
        eventually(lambda seen=number: daemon.log.count('config.refused') == seen,
                   what='the refusal')
    daemon.wait_log('stale_aftr', 'feeds.demo.interval', 'packages[0].feed', 'premature EOF',
                    str(daemon.config_file))
    assert 'config.applied' not in daemon.log
    assert daemon.resolve(sha, 'main').json['state']['config'] == before
    pushed = example.upstream.commit('main', '2020-02-03 10:00')
    eventually(lambda: daemon.resolve(pushed, 'main', wait='0').status == 200,
               what='a push after the bad file')
    reload(daemon)          # the good one again
    daemon.wait_log('config.applied')


def test_who_waits_goes_on_waiting(example):
    """A question that waits for a commit is answered though the file is read again meanwhile."""
    example.repository['interval'] = '1h'
    daemon = example.daemon.start()
    sha = example.upstream.commit('topic/new', '2020-02-03 10:00',
                                  parents=[example.sha['f23f1fad']])
    replies = []
    threads = [threading.Thread(target=lambda: replies.append(daemon.resolve(sha, 'main', wait='20')))
               for _ in range(5)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        reload(daemon)
        time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert [reply.status for reply in replies] == [200] * 5
