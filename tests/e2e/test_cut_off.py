"""Looks that are cut off between what they write: what was answered can be told afterwards."""
import json
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


@pytest.mark.parametrize('way', ['reload', 'kill'])
def test_at_any_moment(example, way):
    """Commits come by their ids, and the look that brings them is cut off at some moment."""
    daemon = example.daemon.start()
    rng, answers = random.Random(), []
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
            daemon.start()
        answers += ask_all(daemon, shas, '0')
        found = ask_all(daemon, shas, '20')
        lost = [item for item in found if 'code' in item]
        assert not lost, lost
        answers += found
    for document in rng.sample(answers, 300):
        is_reproduced(daemon, document)


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

    def derived(self, statement, *values):
        with closing(sqlite3.connect(self.data / 'derived.db')) as db, db:
            return db.execute(statement, values).fetchall()

    def put_back(self):
        for path in self.data.iterdir():
            if not self.ignored(None, [path.name]):
                path.unlink()
        shutil.copytree(self.copy, self.data, dirs_exist_ok=True)
        self.derived('UPDATE commit_sources SET reachable = ?', self.reachable)


@pytest.fixture
def cut_off(example):
    """As a kill leaves it between the commits and the refs that lead to them."""
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
    assert standing.derived('SELECT commits FROM commit_sources')[0][0] > standing.reachable
    example.standing = standing
    return example


@contextmanager
def without_upstream(example):
    """Answers come from what is in the folder alone."""
    upstream = example.folder / 'upstream.git'
    upstream.rename(example.folder / 'away.git')
    yield example.daemon.start()
    (example.folder / 'away.git').rename(upstream)


def ask_without_upstream(example):
    with without_upstream(example) as daemon:
        return daemon, [daemon.resolve(sha, 'main', wait='0').json
                        for sha in (example.new, example.new[:10], example.sha['1b27fd5f'])]


def test_commits_that_no_written_ref_leads_to(cut_off):
    daemon, (whole, prefix, old) = ask_without_upstream(cut_off)
    assert (whole['code'], prefix['code']) == ('unknown-commit', 'unknown-commit')
    assert old['package']['version'] == '2.4.2001312227-main'
    eventually(lambda: daemon.version(cut_off.new, 'main', wait='0') == '2.4.2001312227-main',
               what='the new commit')
    known = daemon.resolve(cut_off.new, 'main').json
    for document in (whole, prefix, old, known):
        is_reproduced(daemon, document)
    # from then on it stands in the store as any other
    row = cut_off.standing.derived('SELECT commits, reachable FROM commit_sources')[0]
    assert row[0] == row[1]


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
