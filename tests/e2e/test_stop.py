"""SIGTERM in the middle of things: an end within two seconds, and nothing leaked."""
import contextlib
import http.client
import os
import socket
import threading
import time

from daemon import eventually
from git_servers import HangingServer
from upstream import unused_sha


class DrippingFeed:
    """Says that a long document follows and sends a byte of it now and then."""

    def __init__(self):
        self.server = socket.create_server(('127.0.0.1', 0))
        self.connections = 0
        self.stopping = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return f'http://127.0.0.1:{self.server.getsockname()[1]}/index.json'

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.server.accept()
                self.connections += 1
                threading.Thread(target=self.drip, args=(connection,), daemon=True).start()

    def drip(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
                               b'Content-Length: 100000\r\n\r\n{')
            while not self.stopping.wait(0.1):
                connection.sendall(b' ')

    def close(self):
        self.stopping.set()
        self.server.close()


def stop_leaves_no_worker(daemon):
    """Daemon.stop asserts the time, the status, and the log; the clones' processes go with it."""
    pid = daemon.process.pid
    children = children_of(pid)
    daemon.stop()
    eventually(lambda: not any(is_alive(child) for child in children), seconds=2,
               what='the end of the workers')
    return children


def children_of(pid):
    with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as own:
        found = own.read().split()
    for thread in threads_of(pid):
        with contextlib.suppress(OSError), \
                open(f'/proc/{pid}/task/{thread}/children', encoding='ascii') as own:
            found += own.read().split()
    return set(map(int, found))


def threads_of(pid):
    return os.listdir(f'/proc/{pid}/task')


def is_alive(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as stat:
            return stat.read().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


def test_while_a_clone_hangs(example):
    with HangingServer() as server:
        example.repository['url'] = server.url('up.git')
        daemon = example.daemon.start(ready=False)
        daemon.wait_ready(path='/livez')
        eventually(lambda: daemon.get('/repos/winui').json['sync']['phase'] == 'fetching',
                   what='the clone')
        eventually(lambda: children_of(daemon.process.pid), what='its worker')
        assert stop_leaves_no_worker(daemon)


def test_while_a_feed_drips(example):
    feed = DrippingFeed()
    try:
        example.config['feeds']['demo']['url'] = feed.url
        daemon = example.daemon.start(ready=False)
        daemon.wait_ready(path='/livez')
        eventually(lambda: feed.connections, what='the look at the feed')
        time.sleep(0.3)
        daemon.stop()
    finally:
        feed.close()


def test_with_requests_that_wait(example):
    """They wait for a fetch that hangs; each gets an answer, or at least its connection's end."""
    daemon = example.daemon.start()
    daemon.stop()
    ended = []

    def wait():
        try:
            ended.append(daemon.resolve(unused_sha(), 'main', wait='60').status)
        except (OSError, http.client.HTTPException) as error:      # a reply that was cut
            ended.append(error)

    with HangingServer() as server:
        example.repository['url'] = server.url('up.git')
        daemon.start(ready=False)
        daemon.wait_ready(path='/livez')
        threads = [threading.Thread(target=wait) for _ in range(20)]
        for thread in threads:
            thread.start()
        time.sleep(0.7)
        assert not ended, ended         # they do wait, with what the last run had
        daemon.stop()
        for thread in threads:
            thread.join(timeout=5)
        assert len(ended) == 20
