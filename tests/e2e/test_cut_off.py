"""Looks that are cut off between what they write: what was answered can be told afterwards."""
import json
import os
import pathlib
import random
import shutil
import sqlite3
import time
from contextlib import closing, contextmanager

import pytest

from daemon import eventually, run_command
from test_reload import reload

ROUNDS = 6
COMMITS = 20        # a round: so many that taking them in takes some time


def is_reproduced(daemon, document):
    replay = daemon.get(f'/history/{document["id"]}/replay').json
    assert replay.get('reproduced') is True, (document, replay)


def hidden_commits(example, number):
    """Commits that no ref leads to: they have to be asked for by their ids."""
    start = example.sha['1b27fd5f']
    shas = [example.upstream.commit('hidden', f'2020-02-02 {number:02}:{minute:02}',
                                    parents=[start]) for minute in range(COMMITS)]
    example.upstream.git('update-ref', '-d', 'refs/heads/hidden')
    return shas


def ask_all(daemon, shas, wait):
    questions = [{'repo': 'winui', 'sha': sha, 'branch': 'main', 'wait': wait} for sha in shas]
    reply = daemon.request('POST', '/resolve', body=json.dumps({'requests': questions}))
    return [item for item in reply.json['items'] if item.get('code') != 'not-ready']


def forget_commits(daemon):
    """As another version does whose derived.db is another: everything is read again."""
    for path in pathlib.Path(daemon.config['data_dir']).glob('derived.db*'):
        path.unlink()


@pytest.mark.parametrize('way', ['reload', 'kill', 'read anew'])
def test_at_any_moment(example, way):
    """Commits come by their ids, and the look that brings them is cut off at some moment."""
    daemon = example.daemon.start()
    seed = int(os.environ.get('FORKPOINT_SEED', time.time()))
    print('seed', seed)
    rng, answers = random.Random(seed), []
    shas = hidden_commits(example, 0)
    started = time.monotonic()
    answers += ask_all(daemon, shas, '20')
    takes_s = time.monotonic() - started
    print(f'a look takes {takes_s:.2f} s')
    for number in range(1, ROUNDS):
        shas = hidden_commits(example, number)
        answers += ask_all(daemon, shas, '0')
        time.sleep(rng.random() * takes_s)
        if way == 'reload':
            daemon.config['stale_after'] = f'{10 + number}m'
            reload(daemon)
        else:
            daemon.kill()
            if way == 'read anew':
                forget_commits(daemon)
            daemon.start()
        answers += ask_all(daemon, shas, '0')
        found = ask_all(daemon, shas, '20')
        lost = [item for item in found if 'code' in item]
        assert not lost, lost
        answers += found
    assert len(answers) > 200
    for document in rng.sample(answers, 200):
        is_reproduced(daemon, document)


def test_branches_that_moved_while_everything_is_read_again(example):
    daemon = example.daemon.start()
    documents = [daemon.resolve(sha, 'main').json for sha in example.sha.values()]
    documents.append(daemon.resolve(ref='refs/heads/topic/forked', branch='main').json)
    daemon.stop()
    forget_commits(daemon)
    example.upstream.git('update-ref', '-d', 'refs/heads/topic/forked')
    example.upstream.git('update-ref', 'refs/heads/main', example.sha['f23f1fad'])
    daemon.start()
    for document in documents:
        is_reproduced(daemon, document)
        if 'package' in document:
            assert daemon.resolve(document['sha'], 'main', wait='0').status == 200


class Standing:
    """What a stopped daemon's folder had, to be put back but for its commits and mirrors."""

    def __init__(self, daemon, folder):
        self.data = folder.parent / 'daemon/data'
        self.copy = folder
        assert str(self.data) == daemon.config['data_dir']
        shutil.copytree(self.data, folder, ignore=self.ignored)
        self.reachable = self.derived('SELECT reachable FROM commit_sources')[0][0]

    @staticmethod
    def ignored(_, names):
        return [name for name in names if name.startswith(('derived.db', 'mirrors', 'lock'))]

    def query(self, name, statement, *values):
        with closing(sqlite3.connect(self.data / name, timeout=20)) as db, db:
            return db.execute(statement, values).fetchall()

    def derived(self, statement, *values):
        return self.query('derived.db', statement, *values)

    def put_back(self):
        for path in self.data.iterdir():
            if not self.ignored(None, [path.name]):
                path.unlink()
        shutil.copytree(self.copy, self.data, dirs_exist_ok=True)


@pytest.fixture(params=['kill', 'power failure'])
def cut_off(example, request):
    """As a kill leaves it between the commits and the refs that lead to them, and a power failure
    that takes the last of facts.db and not of derived.db."""
    daemon = example.daemon.start()
    daemon.stop()
    standing = Standing(daemon, example.folder / 'standing')
    example.new = example.upstream.commit('later', '2020-02-02 09:00',
                                          parents=[example.sha['1b27fd5f']])
    daemon.start()
    eventually(lambda: daemon.version(example.new, 'main', wait='0') == '2.4.2001312227-main',
               what='the new commit')
    daemon.stop()
    standing.put_back()
    assert standing.derived('SELECT reachable FROM commit_sources')[0][0] > standing.reachable
    if request.param == 'kill':
        standing.derived('UPDATE commit_sources SET reachable = ?', standing.reachable)
    example.standing = standing
    return example


@contextmanager
def without_upstream(example):
    """Answers come from what is in the folder alone."""
    upstream = example.folder / 'upstream.git'
    upstream.rename(example.folder / 'away.git')
    yield example.daemon.start()
    (example.folder / 'away.git').rename(upstream)


def is_decoded_to(daemon, sha):
    """Whether the version of its training names the commit."""
    reply = daemon.get('/decode', repo='winui', version='2.4.2002020900-main')
    assert reply.status == 200, reply
    return sha in reply.text


def ask_without_upstream(example):
    with without_upstream(example) as daemon:
        assert not is_decoded_to(daemon, example.new)
        return daemon, [daemon.resolve(sha, 'main', wait='0').json
                        for sha in (example.new, example.new[:10], example.sha['1b27fd5f'])]


def test_commits_that_no_written_ref_leads_to(cut_off):
    daemon, (whole, prefix, old) = ask_without_upstream(cut_off)
    assert (whole['code'], prefix['code']) == ('unknown-commit', 'unknown-commit')
    assert old['package']['version'] == '2.4.2001312227-main'
    eventually(lambda: daemon.version(cut_off.new, 'main', wait='0') == '2.4.2001312227-main',
               what='the new commit')
    assert is_decoded_to(daemon, cut_off.new)
    known = daemon.resolve(cut_off.new, 'main').json
    for document in (whole, prefix, old, known):
        is_reproduced(daemon, document)
    # from then on it stands in the store as any other, and needs no ref of our own
    row = cut_off.standing.derived('SELECT commits, reachable FROM commit_sources')[0]
    assert row[0] == row[1]
    assert cut_off.standing.query('facts.db', 'SELECT count(*) FROM commit_arrivals') == [(0,)]


def test_commits_that_no_ref_leads_to_any_more(cut_off):
    """The branch is gone again: only who asks for the commit by its id gets it."""
    cut_off.upstream.git('update-ref', '-d', 'refs/heads/later')
    daemon, (whole, _, old) = ask_without_upstream(cut_off)
    assert whole['code'] == 'unknown-commit'
    daemon.wait_log('event=mirror.synced')
    known = daemon.resolve(cut_off.new, 'main', wait='20').json
    assert known['package']['version'] == '2.4.2001312227-main'
    for document in (whole, old, known):
        is_reproduced(daemon, document)
    daemon.stop()
    daemon.start()
    assert daemon.version(cut_off.new, 'main', wait='0') == '2.4.2001312227-main'


def test_the_record_is_verified_without_them(cut_off):
    with without_upstream(cut_off) as daemon:
        for sha in (cut_off.new, cut_off.sha['1b27fd5f']):
            daemon.resolve(sha, 'main', wait='0')
        daemon.stop()
    verified = run_command('verify', '--config', str(daemon.config_file))
    assert '0 problems' in verified.stdout, verified
