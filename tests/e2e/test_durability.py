"""No answer without a record: where records must survive the machine, and where there is no room."""
import concurrent.futures
import json
import os
import pathlib
import sqlite3
import subprocess
import time

import pytest
from daemon import eventually
from test_records import missing_records, run_load

MIB = 1024 * 1024


def checks(daemon):
    return {check['name']: check
            for check in daemon.get('/readyz', format='json').json['checks']}


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of 160 MiB; skips where we may not mount one."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=160m', 'none', folder],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f'no small file system can be mounted here: {mounted.stderr.strip()}')
    yield folder
    subprocess.run(['umount', '-l', folder], check=True)


def fill(folder):
    with open(folder / 'filler', 'wb') as filler:
        block = b'x' * 65536
        try:
            while True:
                filler.write(block)
                filler.flush()
        except OSError:
            pass
        try:
            while True:
                os.write(filler.fileno(), b'x' * 512)
        except OSError:
            pass


class Asker:
    """Asks many distinct questions over one connection: each brings a document of its own."""

    def __init__(self, daemon, sha):
        self.client = daemon.client()
        self.sha = sha
        self.number = 0
        self.ids = {}

    def ask(self):
        self.number += 1
        # A branch that is not there makes an answer of its own, with a document of its own.
        body = json.dumps({'requests': [
            {'repo': 'winui', 'sha': self.sha, 'branch': f'no/{self.number}/{i}', 'wait': 0}
            for i in range(200)]})
        return self.client.request('POST', '/resolve', body)

    def until_refused(self):
        """Until it is refused for as long as nothing changes: one refusal may only say that the
        database is behind."""
        for _ in range(400):
            reply = self.ask()
            if reply.status == 200:
                self.note(reply)
                continue
            time.sleep(1.5)
            if self.client.request('GET', f'/resolve?repo=winui&sha={self.sha}').status == 503:
                return reply
        raise AssertionError('the journal is never full')

    def note(self, reply):
        for item in reply.json['items']:
            self.ids[item['instance']] = (self.sha, item['code'])

    def sample(self):
        return dict(list(self.ids.items())[::37] + list(self.ids.items())[-50:])


def assert_whole(data):
    with sqlite3.connect(data / 'facts.db') as facts:
        assert facts.execute('PRAGMA integrity_check').fetchone() == ('ok',)


def test_machine_waits_for_the_disk_and_answers_many_at_once(example):
    example.daemon.config['history'] = {'durability': 'machine'}
    daemon = example.daemon.start()
    ids = run_load(daemon, list(example.sha.values()), 1.5, daemon.kill)
    assert len(ids) > 50
    daemon.start()
    assert missing_records(daemon, ids) == []
    items = daemon.request('POST', '/resolve', json.dumps(
        {'requests': [{'repo': 'winui', 'sha': example.sha['merged']}] * 20})).json['items']
    assert len({item['id'] for item in items}) == 20


def test_a_stop_amid_answers_that_wait_for_the_disk_gives_each_of_them(example):
    """Again and again: what a connection that is kept alive sends in the last moment counts."""
    example.daemon.config['history'] = {'durability': 'machine'}
    daemon = example.daemon.start()
    for number in range(12):
        ids = run_load(daemon, list(example.sha.values()), 0.3, daemon.stop)
        daemon.start()
        # of one stop all, of the others the last
        assert missing_records(daemon, ids if number == 0 else dict(list(ids.items())[-40:])) == []


def run_full_disk(example, small_disk, when_full):
    data = small_disk / 'data'
    daemon = example.daemon
    daemon.config.update(data_dir=str(data),
                         history={'journal': '2MiB', 'when_full': when_full})
    daemon.start()
    asker = Asker(daemon, example.sha['merged'])
    asker.note(asker.ask())
    fill(small_disk)
    eventually(lambda: not checks(daemon)['disk-bytes-free']['good'], what='a low disk is noticed')
    daemon.wait_log('event=disk.low')
    return daemon, data, asker


def test_full_disk_refuses_and_recovers_by_itself(example, small_disk):
    daemon, data, asker = run_full_disk(example, small_disk, 'refuse')
    refused = asker.until_refused()
    assert refused.status == 503 and refused.json['code'] == 'not-ready'
    assert 'Retry-After' in refused.headers and 'record' in refused.json['detail']
    assert daemon.get('/readyz').status == 503
    one = daemon.resolve(example.sha['merged'], 'main')
    assert one.status == 503
    daemon.wait_log('event=recorder.failed', 'free some space')
    time.sleep(3)       # it is tried again every second, and logged once
    assert daemon.log.count('event=recorder.failed') <= 2, daemon.log
    assert daemon.get('/livez').status == 200
    # What was answered is kept through a kill on the full disk, and nothing is damaged.
    daemon.kill()
    (small_disk / 'filler').unlink()
    assert_whole(data)
    daemon.start()
    assert missing_records(daemon, asker.sample()) == []
    fill(small_disk)
    asker.client = daemon.client()
    asker.until_refused()
    # Room again: no hand is needed.
    (small_disk / 'filler').unlink()
    eventually(lambda: daemon.resolve(example.sha['merged'], 'main').status == 200,
               what='answers are given again')
    eventually(lambda: daemon.get('/readyz').status == 200, what='ready again')
    daemon.wait_log('event=recorder.recovered')
    assert missing_records(daemon, asker.sample()) == []
    daemon.stop()
    assert_whole(data)


def test_full_disk_answers_loudly_where_that_is_chosen(example, small_disk):
    daemon, data, asker = run_full_disk(example, small_disk, 'answer')
    for _ in range(400):
        reply = asker.ask()
        assert reply.status == 200
        if 'Warning' in reply.headers:
            break
        asker.note(reply)
    assert 'not on record' in reply.headers['Warning']
    assert reply.json['items'][-1]['instance'] == '0' * 16
    one = daemon.resolve(example.sha['merged'], 'main')
    assert (one.status, one.json['id']) == (200, '0' * 16) or 'Warning' not in one.headers
    assert not checks(daemon)['answers-unrecorded']['good']
    assert checks(daemon)['answers-unrecorded']['is'] > 0
    daemon.wait_log('event=answers.unrecorded')
    (small_disk / 'filler').unlink()
    eventually(lambda: 'Warning' not in daemon.resolve(example.sha['merged'], 'main').headers,
               what='answers are recorded again')
    assert missing_records(daemon, asker.sample()) == []
    daemon.stop()
    assert_whole(data)


def test_a_full_disk_at_start_says_what_to_do(example, small_disk):
    example.daemon.config.update(data_dir=str(small_disk / 'data'))
    fill(small_disk)
    example.daemon.start(ready=False)
    assert example.daemon.process.wait(timeout=20) == 1
    assert 'free some space' in example.daemon.log or 'No space' in example.daemon.log
    example.daemon.process = None
    (small_disk / 'filler').unlink()
    example.daemon.config['history'] = {'journal': '256MiB'}    # more than the disk has
    example.daemon.start(ready=False)
    assert example.daemon.process.wait(timeout=20) == 1
    assert 'cannot reserve' in example.daemon.log
    example.daemon.process = None


def refuse_writes(data, refuse):
    """As a database is for whoever may not write to it: SQLite's text, from SQLite."""
    with sqlite3.connect(data / 'facts.db', timeout=20) as facts:
        facts.execute('DROP TRIGGER IF EXISTS refuse')
        if refuse:
            facts.execute("CREATE TRIGGER refuse BEFORE INSERT ON requests BEGIN SELECT "
                          "RAISE(ABORT, 'attempt to write a readonly database'); END")
    facts.close()


def test_read_only_database(example):
    daemon = example.daemon
    daemon.config['history'] = {'journal': '1MiB'}
    daemon.start()
    data = pathlib.Path(daemon.config['data_dir'])
    asker = Asker(daemon, example.sha['merged'])
    asker.note(asker.ask())
    refuse_writes(data, True)
    refused = asker.until_refused()
    assert refused.status == 503 and refused.json['code'] == 'not-ready'
    daemon.wait_log('readonly database')
    assert not checks(daemon)['database-takes-records']['good']
    daemon.kill()       # what only the journal holds comes through
    refuse_writes(data, False)
    daemon.start()
    assert missing_records(daemon, asker.sample()) == []
    asker.client = daemon.client()
    refuse_writes(data, True)
    asker.until_refused()
    refuse_writes(data, False)
    eventually(lambda: daemon.resolve(example.sha['merged'], 'main').status == 200,
               what='answers are given again')
    assert missing_records(daemon, asker.sample()) == []


def test_read_only_folder_at_start(example):
    """A mount that takes no writes: one sentence, and nothing is changed."""
    daemon = example.daemon
    daemon.start().stop()
    data = pathlib.Path(daemon.config['data_dir'])
    if subprocess.run(['mount', '--bind', data, data], capture_output=True,
                      check=False).returncode:
        pytest.skip('a folder cannot be mounted read-only here')
    try:
        if subprocess.run(['mount', '-o', 'remount,ro,bind', data], capture_output=True,
                          check=False).returncode:
            pytest.skip('a folder cannot be mounted read-only here')
        daemon.start(ready=False)
        assert daemon.process.wait(timeout=20) == 1
        daemon.process = None
        assert 'Read-only file system' in daemon.log
    finally:
        subprocess.run(['umount', '-l', data], check=True)
    daemon.start()
    assert daemon.resolve(example.sha['merged'], 'main').status == 200


def test_a_long_reader_makes_the_log_grow_and_nothing_else(example):
    daemon = example.daemon.start()
    data = pathlib.Path(daemon.config['data_dir'])
    reader = sqlite3.connect(data / 'facts.db', isolation_level=None)
    reader.execute('BEGIN')
    reader.execute('SELECT count(*) FROM requests').fetchone()
    asker = Asker(daemon, example.sha['merged'])
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for _ in range(25):     # 5,000 documents
            asker.note(pool.submit(asker.ask).result())
    eventually(lambda: checks(daemon)['database-log-bytes-held']['is'] > MIB,
               what='what the reader holds is told')
    reader.close()
    eventually(lambda: checks(daemon)['database-log-bytes-held']['is'] == 0,
               what='the log is copied back')
    assert missing_records(daemon, asker.sample()) == []
