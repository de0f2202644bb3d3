"""/events: what happens, told as it happens, and again to those who come back."""
import contextlib
import http.client
import json
import pathlib
import queue
import socket
import sqlite3
import threading
import time

import pytest

from daemon import eventually

PACKAGE = 'MUXPGODatabase'


class Listener:
    """Reads server-sent events on a thread of its own."""

    def __init__(self, daemon, target='/events', last=None):
        self.connection = http.client.HTTPConnection('127.0.0.1', daemon.port, timeout=60)
        self.connection.request('GET', target,
                                headers={} if last is None else {'Last-Event-ID': str(last)})
        self.reply = self.connection.getresponse()
        self.events = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        event = {}
        try:
            for line in self.reply:
                name, _, value = line.decode().rstrip('\n').partition(': ')
                if name:
                    event[name] = value
                elif 'data' in event:
                    self.events.put((int(event['id']), event['event'], json.loads(event['data'])))
                    event = {}
                else:
                    event = {}
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass
        self.events.put(None)

    def next(self, kind, seconds=20):
        """The next event of that kind; others are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            event = self.events.get(timeout=max(deadline - time.monotonic(), 0.01))
            assert event, 'the stream ended'
            if event[1] == kind:
                return event

    def close(self):
        if self.connection.sock:
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.connection.close()


@pytest.fixture
def listener(example):
    example.daemon.start()
    listener = Listener(example.daemon)
    assert listener.reply.status == 200
    assert listener.reply.headers['Content-Type'] == 'text/event-stream'
    yield listener
    listener.close()


def publish(example, version):
    example.feed.add(PACKAGE, version)
    example.feed.write()


def unpublish(example, version):
    del example.feed.packages[PACKAGE][version]
    example.feed.write()


def answers_of_tips(daemon):
    """The versions that the tips were answered when the watch last looked."""
    path = pathlib.Path(daemon.config['data_dir'], 'facts.db')
    with contextlib.closing(sqlite3.connect(f'file:{path}?mode=ro', uri=True)) as facts:
        return [version for version, in facts.execute('SELECT version FROM tip_answers')]


def test_a_version_comes_and_goes(example, listener):
    publish(example, '2.4.2002010411-main')
    number, _, event = listener.next('version-appeared')
    assert event['repo'] == 'winui' and event['version'] == '2.4.2002010411-main'
    assert event['feed'] == 'demo' and event['package'] == PACKAGE
    _, _, changed = listener.next('answer-changed')
    assert changed['branch'] == 'main'
    assert changed['old']['version'] == '2.4.2001312227-main'
    assert changed['new']['version'] == '2.4.2002010411-main'
    unpublish(example, '2.4.2002010411-main')
    later, _, event = listener.next('version-vanished')
    assert event['version'] == '2.4.2002010411-main' and later > number
    _, _, changed = listener.next('answer-changed')
    assert changed['new']['version'] == '2.4.2001312227-main'


def test_a_branch_moves(example, listener):
    old = example.upstream.tip('main')
    sha = example.upstream.commit('main', '2020-02-02 10:00')
    _, _, event = listener.next('branch-moved')
    assert event == {'type': 'branch-moved', 'at': event['at'], 'repo': 'winui', 'branch': 'main',
                     'tracked': True, 'movement': 'forward', 'old': old, 'new': sha}
    example.upstream.git('update-ref', '-d', 'refs/heads/release/2.4')
    _, _, event = listener.next('branch-moved')
    assert event['branch'] == 'release/2.4' and event['movement'] == 'deleted'
    assert event['new'] is None


def test_a_feed_fails_and_recovers(example, listener):
    index = example.folder / 'feed' / 'index.json'
    files = [path for path in (example.folder / 'feed').rglob('index.json')]
    assert files, index
    kept = {path: path.read_bytes() for path in files}
    for path in files:
        path.write_bytes(b'<html>sign in</html>')
    _, _, event = listener.next('sync-failed')
    assert event['source'] == 'feed' and event['feed'] == 'demo' and event['error']
    for path, content in kept.items():
        path.write_bytes(content)
    _, _, event = listener.next('sync-recovered')
    assert event['source'] == 'feed' and event['package'] == PACKAGE


def test_who_comes_back_is_told_what_he_missed(example):
    daemon = example.daemon.start()
    first = Listener(daemon)
    publish(example, '2.4.2002010411-main')
    number, _, _ = first.next('version-appeared')
    first.close()
    publish(example, '2.4.2002010412-main')
    eventually(lambda: any(row['version'] == '2.4.2002010412-main' for row in
                           daemon.get('/versions', repo='winui').json['items']), what='the version')
    back = Listener(daemon, last=number)
    missed, _, event = back.next('version-appeared')
    assert event['version'] == '2.4.2002010412-main' and missed > number
    back.close()
    daemon.stop()
    daemon.start()      # what was told stays told, over a restart too
    again = Listener(daemon, f'/events?cursor={number}')
    same, _, event = again.next('version-appeared')
    assert same == missed and event['version'] == '2.4.2002010412-main'
    publish(example, '2.4.2002010413-main')
    later, _, event = again.next('version-appeared')
    assert later > missed and event['version'] == '2.4.2002010413-main'
    again.close()


def test_a_change_while_nobody_ran_is_told(example):
    daemon = example.daemon.start()
    eventually(lambda: '2.4.2001312227-main' in answers_of_tips(daemon), what='what the watch saw')
    daemon.stop()
    publish(example, '2.4.2002010411-main')
    daemon.start()
    listener = Listener(daemon, last=0)
    _, _, event = listener.next('answer-changed')
    assert event['old']['version'] == '2.4.2001312227-main'
    assert event['new']['version'] == '2.4.2002010411-main'
    listener.close()


def test_what_the_first_look_finds_is_no_news(example):
    daemon = example.daemon.start()
    publish(example, '2.4.2002010411-main')
    listener = Listener(daemon, last=0)
    _, _, event = listener.next('version-appeared')
    assert event['version'] == '2.4.2002010411-main'
    listener.close()


def test_slow_readers_delay_nobody(example):
    """A hundred who never read, one who does."""
    daemon = example.daemon.start()
    sleepers = []
    for _ in range(100):
        sleeper = socket.create_connection(('127.0.0.1', daemon.port))
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        sleeper.sendall(b'GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
        sleepers.append(sleeper)
    listener = Listener(daemon)
    for minute in range(20):
        publish(example, f'2.4.20020105{minute:02}-main')
        _, _, event = listener.next('version-appeared')
        assert event['version'] == f'2.4.20020105{minute:02}-main'
        assert daemon.get('/livez').status == 200
    for sleeper in sleepers:
        sleeper.close()
    listener.close()


def test_bad_input(example):
    daemon = example.daemon.start()
    assert daemon.get('/events', repo='winu').json['nearest'] == ['winui']
    assert daemon.get('/events', headers={'Last-Event-ID': 'x'}).status == 400
    assert daemon.get('/events', cursor='-1').status == 400
    assert daemon.get('/events', since='x').status == 400
    other = Listener(daemon, '/events?repo=winui')
    publish(example, '2.4.2002010411-main')
    assert other.next('version-appeared')[2]['repo'] == 'winui'
    other.close()
