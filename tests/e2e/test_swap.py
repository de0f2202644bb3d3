"""Snapshots change under load: requests and synchronisations together, under ThreadSanitizer."""
import http.client
import random
import threading
import time

import pytest

pytestmark = [pytest.mark.tsan, pytest.mark.limit(300)]
TARGETS = [
    '/resolve?repo=winui&sha={sha}&branch=main', '/resolve?repo=winui&sha={sha}&format=text',
    '/stamp?repo=winui&sha={sha}&branch=main', '/versions?repo=winui', '/repos/winui', '/repos',
    '/decode?version=2.4.2001312205-main&repo=winui', '/readyz?verbose',
    '/resolve?repo=winui&ref=refs/heads/main&candidates=all',
    '/resolve?repo=winui&sha={new}&branch=main&wait=20', '/resolve?repo=winui&sha={junk}&wait=1',
]


class Asker(threading.Thread):
    def __init__(self, daemon, shas, newest, stop, seed):
        super().__init__()
        self.daemon_under_test, self.shas, self.newest, self.stop = daemon, shas, newest, stop
        self.rng = random.Random(seed)
        self.answers, self.wrong = 0, []

    def run(self):
        client = self.daemon_under_test.client()
        while not self.stop.is_set():
            template = self.rng.choice(TARGETS)
            target = template.format(
                sha=self.rng.choice(self.shas), new=self.newest[-1],
                junk='%040x' % self.rng.getrandbits(160))
            headers = {'Cache-Control': 'no-cache'} if self.rng.random() < 0.01 else {}
            try:
                reply = client.request('GET', target, headers=headers)
            except OSError as error:
                self.wrong.append((target, repr(error)))
                return
            self.answers += 1
            allowed = (404, 429) if '{junk}' in template else (200, 429) if '{new}' in template \
                else (200,)
            if reply.status not in allowed:
                self.wrong.append((target, reply))


def test_requests_and_synchronisations_together(example):
    example.repository['interval'] = '200ms'
    example.config['feeds']['demo']['interval'] = '200ms'
    daemon = example.daemon.start()
    stop = threading.Event()
    newest = [example.sha['1b27fd5f']]
    askers = [Asker(daemon, list(example.sha.values()), newest, stop, seed) for seed in range(6)]
    for asker in askers:
        asker.start()
    deadline = time.monotonic() + 15
    pushed = 0
    while time.monotonic() < deadline:
        pushed += 1
        minute = 1580530260 + 60 * pushed
        newest.append(example.upstream.commit('main', minute))
        if pushed % 3 == 0:
            example.upstream.commit(f'topic/t{pushed}', minute + 30)
        if pushed % 5 == 0:
            stamp = time.strftime('%y%m%d%H%M', time.gmtime(minute))
            example.feed.add('MUXPGODatabase', f'2.4.{stamp}-main')
            example.feed.write()
        time.sleep(0.15)
    stop.set()
    for asker in askers:
        asker.join()
    assert [wrong for asker in askers for wrong in asker.wrong] == []
    assert sum(asker.answers for asker in askers) > 200
    document = daemon.resolve(newest[-1], 'main', headers={'Cache-Control': 'no-cache'}).json
    latest = max(example.feed.packages['MUXPGODatabase'])
    assert document['package']['version'] == latest
    assert document['state']['refs_revision'] > 10
    daemon.stop()       # a sanitizer's report fails here


def test_stop_while_connections_are_busy(example):
    """SIGTERM with askers on, one of them waiting for a commit: all are finished, none hangs."""
    daemon = example.daemon.start()
    ended = []

    def wait_for_junk():
        try:
            ended.append(daemon.resolve('d' * 40, wait='60').status)
        except (OSError, http.client.HTTPException):       # the latter where a reply was cut
            ended.append('closed')
    waiting = [threading.Thread(target=wait_for_junk) for _ in range(5)]
    for thread in waiting:
        thread.start()
    time.sleep(0.1)
    daemon.stop()
    for thread in waiting:
        thread.join(timeout=5)
    assert len(ended) == 5
