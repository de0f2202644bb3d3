"""backup, restore, verify: what cannot be made again is kept, beside a daemon under load."""
import pathlib
import re
import shutil
import sqlite3
import threading
import time

import pytest
from daemon import eventually, run_command
from test_records import load, missing_records


class Load:
    """Asks all the time, from several connections."""

    def __init__(self, example, count=6):
        self.ids, self.end = {}, threading.Event()
        shas = list(example.sha.values())
        self.threads = [threading.Thread(target=load, args=(
            example.daemon, shas, self.ids, self.end)) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.end.set()
        for thread in self.threads:
            thread.join()
        return self.ids


def run(daemon, command, *arguments, code=0):
    done = run_command(command, *arguments, '--config', str(daemon.config_file))
    assert done.returncode == code, done
    return done


def data_of(daemon):
    return pathlib.Path(daemon.config['data_dir'])


def texts(daemon, ids):
    client = daemon.client()
    return {one: client.request('GET', f'/history/{one}').json['answer'] for one in ids}


def test_backup_under_load_has_every_answer_given_before_it(example, tmp_path):
    daemon = example.daemon.start()
    asking = Load(example)
    backups = []
    for number in range(3):
        time.sleep(0.7)
        before = dict(asking.ids)
        backups.append((tmp_path / f'backup-{number}', before))
        run(daemon, 'backup', str(backups[-1][0]))
        assert len(before) > 20
    ids = asking.stop()
    assert missing_records(daemon, ids) == []
    given = texts(daemon, list(ids)[::25])
    verified = run(daemon, 'verify')
    assert '0 problems' in verified.stdout and 'mirror winui' in verified.stdout
    daemon.stop()
    # No Forkpoint runs: the same.
    run(daemon, 'backup', str(tmp_path / 'stopped'))
    for file, before in backups + [(tmp_path / 'stopped', ids)]:
        shutil.rmtree(data_of(daemon))
        run(daemon, 'restore', str(file))
        assert '0 problems' in run(daemon, 'verify').stdout
        daemon.start()
        assert missing_records(daemon, before) == []
        for one, answer in given.items():
            if one in before:
                assert daemon.get(f'/history/{one}').json['answer'] == answer
        fresh = daemon.resolve(example.sha['merged'], 'main').json['id']
        assert fresh not in ids and fresh > max(ids)
        assert daemon.get('/history', limit='3').json['items'][0]['id'] == fresh
        daemon.stop()


def test_backup_takes_what_only_the_journal_holds(example, tmp_path):
    daemon = example.daemon.start()
    data = data_of(daemon)
    with sqlite3.connect(data / 'facts.db') as facts:
        facts.execute("CREATE TRIGGER refuse BEFORE INSERT ON requests BEGIN SELECT "
                      "RAISE(ABORT, 'not now'); END")
    facts.close()
    eventually(lambda: daemon.resolve(example.sha['merged'], 'main').status == 200 and
               'recorder.failed' in daemon.log, what='nothing is drained')
    ids = [daemon.resolve(example.sha['merged'], 'main').json['id'] for _ in range(30)]
    # The copy would refuse them as well: this backup fails with a sentence, and leaves nothing.
    failed = run(daemon, 'backup', str(tmp_path / 'backup'), code=1)
    assert 'not now' in failed.stderr
    assert not list(tmp_path.glob('backup*'))
    daemon.kill()
    with sqlite3.connect(data / 'facts.db') as facts:
        facts.execute('DROP TRIGGER refuse')
    facts.close()
    done = run(daemon, 'backup', str(tmp_path / 'backup'))
    assert '0 of them from the journal' not in done.stdout
    shutil.rmtree(data)
    run(daemon, 'restore', str(tmp_path / 'backup'))
    daemon.start()
    for one in ids:
        assert daemon.get(f'/history/{one}').status == 200


def spoil(path, offset):
    with open(path, 'r+b') as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 255]))


def test_backup_and_restore_refuse(example, tmp_path):
    daemon = example.daemon.start()
    daemon.resolve(example.sha['merged'], 'main')
    backup = tmp_path / 'backup'
    run(daemon, 'backup', str(backup))
    kept = backup.read_bytes()
    # what exists is not overwritten
    assert 'overwrites nothing' in run(daemon, 'backup', str(backup), code=1).stderr
    assert backup.read_bytes() == kept
    # a folder in use; one that is not empty
    assert 'held by process' in run(daemon, 'restore', str(backup), code=1).stderr
    daemon.stop()
    assert 'is not empty' in run(daemon, 'restore', str(backup), code=1).stderr
    shutil.rmtree(data_of(daemon))
    # damage, wherever it is; no backup at all
    for offset in (0, 30, 4096 + 20, len(kept) // 2, len(kept) - 1):
        spoil(backup, offset)
        refused = run(daemon, 'restore', str(backup), code=1)
        assert 'damaged' in refused.stderr or 'no backup' in refused.stderr \
            or 'newer' in refused.stderr, (offset, refused)
        spoil(backup, offset)
    (tmp_path / 'short').write_bytes(kept[:-100])
    assert 'damaged' in run(daemon, 'restore', str(tmp_path / 'short'), code=1).stderr
    (tmp_path / 'other').write_bytes(b'x' * 9000)
    assert 'no backup' in run(daemon, 'restore', str(tmp_path / 'other'), code=1).stderr
    assert 'cannot open' in run(daemon, 'restore', str(tmp_path / 'none'), code=1).stderr
    assert not data_of(daemon).exists()
    # folders above the one that is to be filled are not made: they show a slip
    slip = run_command('restore', str(backup), '--data-dir', str(tmp_path / 'far' / 'away'))
    assert slip.returncode == 1 and f'no folder {tmp_path}/far/:' in slip.stderr
    assert not (tmp_path / 'far').exists()
    for command in ('verify', 'export'):
        lost = run_command(command, '--data-dir', str(tmp_path / 'gone'))
        assert lost.returncode == 1 and 'name the data_dir' in lost.stderr, lost
    run(daemon, 'restore', str(backup))
    # nowhere to write
    nowhere = run(daemon, 'backup', str(tmp_path / 'no' / 'where'), code=1)
    assert 'No such file' in nowhere.stderr
    # its database is one that others read
    (tmp_path / 'facts.db').write_bytes(kept[4096:])
    with sqlite3.connect(tmp_path / 'facts.db') as facts:
        assert facts.execute('SELECT count(*) FROM requests').fetchone() == (1,)


@pytest.mark.parametrize('arguments', [
    ['backup'], ['backup', 'a', 'b', '--config', 'c'], ['backup', 'a'],
    ['backup', 'a', '--config'], ['restore', '--config', 'c'],
    ['restore', 'a', '--config', 'c', '--data-dir', 'd'], ['verify'],
    ['verify', '--config', 'c', '--sample', 'many'], ['verify', '--config', 'c', '--since', 'x'],
])
def test_wrong_use(arguments):
    done = run_command(*arguments)
    assert done.returncode == 2 and done.stderr


def test_verify_finds_damage(example):
    daemon = example.daemon.start()
    for label in ('merged', 'f23f1fad'):
        assert daemon.resolve(example.sha[label], 'main').status == 200
    daemon.stop()
    facts_file = data_of(daemon) / 'facts.db'
    clean = facts_file.read_bytes()
    assert '0 problems' in run(daemon, 'verify', '--sample', '10').stdout
    cases = [
        ("UPDATE answers SET document = CAST(replace(document, '2.4.', '2.5.') AS BLOB)",
         'is not the one that was given'),
        ("UPDATE requests SET answer = 99 WHERE request = 2", 'names an answer'),
        ("UPDATE requests SET form = 99", 'names a form'),
        ("UPDATE last_request SET request = 1", 'above the highest'),
        ("UPDATE answers SET version = '1.0'", 'another outcome'),
        ("UPDATE version_events SET version = 999 WHERE event = 1", 'not there'),
    ]
    for statement, words in cases:
        facts_file.write_bytes(clean)
        with sqlite3.connect(facts_file) as facts:
            facts.execute(statement)
        facts.close()
        found = run(daemon, 'verify', code=1)
        assert words in found.stdout, (statement, found)
    facts_file.write_bytes(clean)
    # pages
    place = clean.rindex(b'"resolved_at"')
    spoil(facts_file, place)
    assert 'problem' in run(daemon, 'verify', code=1).stdout
    facts_file.write_bytes(clean)
    # mirrors
    packs = [path for path in (data_of(daemon) / 'mirrors').rglob('*.pack')]
    assert packs
    packs[0].chmod(0o600)
    spoil(packs[0], packs[0].stat().st_size // 2)
    assert 'mirror winui' in run(daemon, 'verify', code=1).stdout
    spoil(packs[0], packs[0].stat().st_size // 2)
    # the journal's head
    journal = data_of(daemon) / 'journal.0'
    kept = journal.read_bytes()
    journal.write_bytes(b'not a journal' + kept[13:])
    with open(journal, 'r+b') as file:
        file.seek(512)
        file.write(b'x' * 512)
    assert 'journal.0' in run(daemon, 'verify', code=1).stdout
    journal.write_bytes(kept)
    assert '0 problems' in run(daemon, 'verify').stdout


def test_a_sample_is_of_all_that_there_is(example, tmp_path):
    """Ids jump after a restore: what came before is looked at all the same, each once."""
    daemon = example.daemon.start()
    for name in ('merged', 'bcf9adaa', '18b956f6', 'f23f1fad'):
        daemon.resolve(example.sha[name], 'main')
    run(daemon, 'backup', str(tmp_path / 'backup'))
    daemon.stop()
    shutil.rmtree(data_of(daemon))
    run(daemon, 'restore', str(tmp_path / 'backup'))
    daemon.start()
    daemon.resolve(example.sha['1b27fd5f'], 'main')
    daemon.stop()
    for asked, expected in ((1000, 5), (5, 5), (3, 3), (0, 0)):
        said = run(daemon, 'verify', '--sample', str(asked)).stdout
        assert f'sample: {expected} past answers' in said, said
        told = re.search(r'again: (\d+) the same to the byte, (\d+) .* (\d+) otherwise; (\d+) not',
                         said)
        assert sum(map(int, told.groups())) == expected, said


def test_past_answers_are_given_again(example):
    """verify puts their questions to the state of their moments, also when nobody serves; facts
    that were tampered with yield other answers."""
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    for name in ('merged', 'bcf9adaa', '18b956f6'):
        daemon.resolve(example.sha[name], 'main')
    given = daemon.resolve(sha, 'main').json
    daemon.resolve(example.sha['18b956f6'], 'release/2.4')
    daemon.resolve(sha, 'main', candidates='all')
    example.feed.add('MUXPGODatabase', '2.4.2002010411-main')
    example.feed.write()
    eventually(lambda: daemon.version(sha, 'main') == '2.4.2002010411-main', what='the package')
    time.sleep(2.1)
    said = run(daemon, 'verify').stdout
    assert ' 0 otherwise; 0 not asked' in said and 'again: 0 the same' not in said, said
    daemon.stop()
    said = run(daemon, 'verify').stdout
    assert ' 0 otherwise; 0 not asked' in said, said
    # no commits are at hand: then they are not asked, and that is no problem
    derived = data_of(daemon) / 'derived.db'
    kept = derived.read_bytes()
    derived.unlink()
    assert 'again: 0 the same' in run(daemon, 'verify').stdout
    derived.write_bytes(kept)
    with sqlite3.connect(data_of(daemon) / 'facts.db') as facts:
        facts.execute("UPDATE versions SET text = '2.4.2001312226-main' WHERE text ="
                      " '2.4.2001312227-main'")
    facts.close()
    said = run(daemon, 'verify', code=1).stdout
    assert f'the answer {given["id"]} is not what the facts of its moment yield' in said
