"""What the upstream forgets, moves or damages: shown, kept, and mended."""
import contextlib
import fcntl
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import threading
import time

import pytest

from daemon import eventually
from git_servers import GitHttpServer, make_certificate


def events(daemon):
    return daemon.get('/repos/winui').json['ref_events']


def mirror_of(daemon):
    return pathlib.Path(daemon.config['data_dir'], 'mirrors', 'winui.git')


def git(mirror, *arguments):
    return subprocess.run(['git', '-c', 'safe.directory=*', '-C', mirror, *arguments],
                          capture_output=True, text=True, check=False)


def test_movements_are_facts(example):
    """A branch is made, goes forward, is rewritten and deleted; each shows once, newest first."""
    daemon = example.daemon.start()
    upstream = example.upstream
    base = example.sha['f23f1fad']
    assert {event['movement'] for event in events(daemon)} == {'created'}
    seen = []
    first = upstream.commit('moving', '2020-02-03 10:00', parents=[base])
    for movement, act in (
            ('created', lambda: first),
            ('forward', lambda: upstream.commit('moving', '2020-02-03 11:00')),
            ('rewritten', lambda: upstream.commit('moving', '2020-02-03 12:00', parents=[base])),
            ('deleted', lambda: upstream.git('update-ref', '-d', 'refs/heads/moving') or None)):
        old = seen[-1] if seen else None
        new = act()
        seen.append(new)
        event = eventually(lambda wanted=movement: (newest := events(daemon)[0])['movement']
                           == wanted and newest['ref'] == 'refs/heads/moving' and newest,
                           what=movement)
        assert (event['old'], event['new']) == (old, new)
        assert event['at'].endswith('Z')
    numbers = [event['revision'] for event in events(daemon)]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] == daemon.get('/repos/winui').json['refs_revision']
    # what the upstream forgot is still answered, and still in the mirror after its housekeeping
    eventually(lambda: git(mirror_of(daemon), 'for-each-ref', 'refs/forkpoint/kept').stdout
               .count('commit') >= 2, what='the kept tips')
    git(mirror_of(daemon), 'gc', '--prune=now', '-q')
    for sha in filter(None, seen):
        assert daemon.resolve(sha, 'main').json['fork_point']['sha'] == base
        assert git(mirror_of(daemon), 'cat-file', '-e', sha).returncode == 0
    again = upstream.commit('moving', '2020-02-03 13:00', parents=[base])
    event = eventually(lambda: (newest := events(daemon)[0])['new'] == again and newest,
                       what='the branch again')
    assert (event['movement'], event['old']) == ('created', None)


def test_a_renamed_default_branch_shows(example):
    daemon = example.daemon.start()
    before = daemon.get('/repos/winui').json
    assert before['upstream_default_branch'] == 'main'
    assert before['upstream_default_branch_before'] is None
    example.upstream.git('branch', '-m', 'main', 'trunk')
    after = eventually(lambda: (shown := daemon.get('/repos/winui').json)
                       ['upstream_default_branch'] == 'trunk' and shown, what='the new name')
    assert after['upstream_default_branch_before']['branch'] == 'main'
    assert after['upstream_default_branch_before']['until'] >= before['refs_synced_at']
    assert after['default_branch'] == 'main', 'the configured one is what answers use'
    daemon.wait_log('mirror.default_branch_renamed repo=winui from="refs/heads/main" '
                    'to="refs/heads/trunk"')


def test_a_pushed_commit_needs_no_ref_of_our_own(example):
    """Somebody waited for it, but a ref leads to it: nothing is to be kept."""
    example.repository['interval'] = '1h'
    daemon = example.daemon.start()
    sha = example.upstream.commit('main', '2020-02-03 10:00')
    assert daemon.resolve(sha, 'main', wait='30').status == 200
    assert git(mirror_of(daemon), 'for-each-ref', 'refs/forkpoint').stdout == ''


def test_no_more_than_twenty(example):
    daemon = example.daemon.start()
    for number in range(25):
        example.upstream.git('branch', f'b{number}', example.sha['f23f1fad'])
    eventually(lambda: daemon.get('/repos/winui').json['sizes']['branches'] >= 28,
               what='the branches')
    assert len(events(daemon)) == 20


def test_a_damaged_mirror_is_cloned_again_at_once(example):
    """With an hour between looks; the last graph is served all the while."""
    example.repository['interval'] = '1h'
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    mirror = mirror_of(daemon)
    for pack in mirror.glob('objects/pack/*.pack'):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:40])
    (mirror / 'HEAD').write_text('junk\n', encoding='ascii')
    pushed = example.upstream.commit('main', '2020-02-03 10:00')
    assert daemon.resolve(pushed, 'main', wait='20').status in (200, 404, 503)
    assert daemon.version(sha, 'main') == '2.4.2001312227-main'
    daemon.wait_log('mirror.set_aside')
    eventually(lambda: daemon.resolve(pushed, 'main', wait='0').status == 200, what='the clone')
    assert list(mirror.parent.glob('winui.git.damaged-*'))
    assert daemon.get('/repos/winui').json['trouble'] is None
    eventually(lambda: daemon.get('/repos/winui').json['sync']['failures'] == 0,
               what='a look that succeeded')


def test_a_mirror_whose_config_is_damaged_is_cloned_again(example):
    """It is no trouble of the upstream's, and does not end by waiting."""
    daemon = example.daemon.start()
    (mirror_of(daemon) / 'config').write_text('[[[', encoding='ascii')
    daemon.wait_log('mirror.set_aside')
    pushed = example.upstream.commit('main', '2020-02-03 10:00')
    eventually(lambda: daemon.resolve(pushed, 'main', wait='0').status == 200, what='the clone')


def test_damaged_mirrors_do_not_pile_up(example):
    daemon = example.daemon.start()
    mirror = mirror_of(daemon)
    before = [mirror.with_name(f'winui.git.damaged-{number}') for number in (1, 2, 10)]
    # a mirror of another repository, which may be called so
    other = mirror.with_name('winui.git.damaged-1.git')
    for folder in [*before, other]:
        (folder / 'objects').mkdir(parents=True)
        (folder / 'objects' / 'some').write_bytes(b'bytes')
    (mirror / 'config').write_text('[[[', encoding='ascii')
    daemon.wait_log('mirror.set_aside')
    left = list(mirror.parent.glob('winui.git.damaged-*'))
    assert before[2] in left and other in left and len(left) == 3, left


def test_what_only_the_damaged_mirror_had_is_rescued(example):
    """A commit that the upstream forgot is in a pack of the old mirror that can still be read."""
    example.repository['interval'] = '1h'
    daemon = example.daemon.start()
    upstream, base = example.upstream, example.sha['f23f1fad']
    fresh = {'Cache-Control': 'no-cache'}
    forgotten = upstream.commit('moving', '2020-02-03 10:00', parents=[base])
    assert daemon.resolve(forgotten, 'main', wait='20').json['fork_point']['sha'] == base
    upstream.git('update-ref', '-d', 'refs/heads/moving')
    upstream.git('reflog', 'expire', '--expire=all', '--all')
    upstream.git('gc', '--prune=now', '-q')
    eventually(lambda: daemon.resolve(forgotten, 'main', headers=fresh).status == 200
               and events(daemon)[0]['movement'] == 'deleted', what='the deletion')
    mirror = mirror_of(daemon)
    git(mirror, 'config', 'forkpoint.test', 'old')
    (mirror / 'HEAD').write_text('junk\n', encoding='ascii')
    (mirror / 'packed-refs').write_text('junk\n', encoding='ascii')
    pushed = upstream.commit('main', '2020-02-03 10:00')
    eventually(lambda: daemon.resolve(pushed, 'main', wait='5').status == 200, what='the clone')
    assert git(mirror, 'config', 'forkpoint.test').returncode != 0, 'it is the old one'
    daemon.wait_log('mirror.rescued')
    git(mirror, 'gc', '--prune=now', '-q')
    assert git(mirror, 'cat-file', '-e', forgotten + '^{tree}').returncode == 0
    assert daemon.resolve(forgotten, 'main').json['fork_point']['sha'] == base
    assert daemon.get('/repos/winui').json['trouble'] is None


def test_nothing_new_is_nothing_done(example):
    """Looks that bring nothing leave no event and no new snapshot of refs, but count as looks."""
    daemon = example.daemon.start()
    before = daemon.get('/repos/winui').json
    eventually(lambda: daemon.get('/repos/winui').json['refs_synced_at']
               > before['refs_synced_at'], what='another look')
    after = daemon.get('/repos/winui').json
    assert after['refs_revision'] == before['refs_revision']
    assert after['ref_events'] == before['ref_events']
    assert after['tips'] == before['tips']


def test_a_busy_mirror_is_no_failure(example):
    """Somebody else holds the mirror's lock: looks are put off, and who waits is answered later."""
    daemon = example.daemon.start()
    with open(mirror_of(daemon) / 'forkpoint.lock', 'ab') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        eventually(lambda: 'sync.put_off' in daemon.log, seconds=60, what='a look that is put off')
        pushed = example.upstream.commit('main', '2020-02-03 10:00')
        assert daemon.resolve(pushed, 'main', wait='0').status == 404
        status = daemon.get('/repos/winui').json
        assert status['sync']['failures'] == 0
        assert status['trouble'] is None
        assert 'another process' in status['sync']['last_error']
    eventually(lambda: daemon.resolve(pushed, 'main', wait='0').status == 200, what='the commit')
    # The look is noted a moment after what it found is served.
    eventually(lambda: daemon.get('/repos/winui').json['sync']['last_error'] is None,
               what='a look without an error')
    assert 'sync.failed' not in daemon.log


class SlowLine:
    """Passes connections on to a port, and what comes back no faster than so many bytes a second."""

    def __init__(self, port, bytes_per_second):
        self.target, self.speed = port, bytes_per_second
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(('127.0.0.1', self.target))
            except OSError:
                return
            threading.Thread(target=self.carry, args=(near, far, 0), daemon=True).start()
            threading.Thread(target=self.carry, args=(far, near, self.speed), daemon=True).start()

    @staticmethod
    def carry(source, sink, speed):
        try:
            while data := source.recv(16384):
                sink.sendall(data)
                if speed:
                    time.sleep(len(data) / speed)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@pytest.fixture
def big(world):
    """A long clone and a long ingest: 4 MB over a slow line, 60,000 commits."""
    world.new_feed(['2.4.1001010000-main'])
    upstream = world.new_upstream()
    lines = []
    for number in range(60_000):
        lines.append(b'commit refs/heads/main\nmark :%d\ncommitter C <c@example.invalid> %d +0000\n'
                     b'data 1\nx\n' % (number + 1, 1577836800 + number * 60))
        lines.append(b'from :%d\n' % number if number else b'')
        if number % 600 == 0:
            lines.append(b'M 100644 inline file\ndata 20000\n' + os.urandom(20000) + b'\n')
        lines.append(b'\n')
    upstream.git('fast-import', '--quiet', data=b''.join(lines))
    with GitHttpServer(world.folder) as server:
        line = SlowLine(server.port, 3_000_000)
        world.repository.update(url=f'http://127.0.0.1:{line.port}/upstream.git', interval='1h',
                                release={'fixed': '2.4'})
        world.upstream, world.commits = upstream, 60_000
        yield world
        line.listener.close()


def watch(daemon, until):
    """What /repos says about progress, one after the other, as (phase, done, total)."""
    seen = []
    deadline = time.monotonic() + 60
    while True:
        sync = daemon.get('/repos/winui').json['sync']
        row = (sync['phase'], sync.get('done', 0), sync.get('total'))
        if not seen or seen[-1] != row:
            seen.append(row)
        if sync['phase'] != 'idle' and sync.get('seconds_left') is not None:
            assert sync['rate_per_second'] > 0 and sync['done'] < sync['total']
        if until(row):
            return seen
        assert time.monotonic() < deadline, seen[-6:]
        time.sleep(0.01)


def test_progress_moves_and_a_restart_resumes(big):
    """A daemon that is killed while it reads commits does not clone again."""
    daemon = big.new_daemon().start(ready=False)
    daemon.wait_ready(path='/livez')
    fetching = watch(daemon, lambda row: row[0] == 'reading')
    numbers = [done for phase, done, _ in fetching if phase == 'fetching']
    assert numbers == sorted(numbers) and len(set(numbers)) >= 5, fetching
    assert any(total and total >= big.commits for phase, _, total in fetching), fetching
    daemon.kill()
    packs = {path: path.stat().st_mtime_ns for path in mirror_of(daemon).glob('objects/pack/*.pack')}
    assert packs

    daemon.start(ready=False)
    daemon.wait_ready(path='/livez')
    reading = watch(daemon, lambda row: row[0] == 'idle' and daemon.get('/readyz').status == 200)
    numbers = [done for phase, done, _ in reading if phase == 'reading']
    assert len(set(numbers)) >= 3, reading
    assert big.commits in {total for phase, _, total in reading if phase == 'reading'}, reading
    assert daemon.get('/repos/winui').json['sizes']['commits'] == big.commits
    assert {path: path.stat().st_mtime_ns
            for path in mirror_of(daemon).glob('objects/pack/*.pack')} == packs
    assert daemon.resolve(big.upstream.tip('main'), 'main').status == 200


def derived(daemon, question):
    """The first row of derived.db that answers; None where there is none yet."""
    path = pathlib.Path(daemon.config['data_dir'], 'derived.db')
    try:
        with contextlib.closing(sqlite3.connect(f'file:{path}?mode=ro', uri=True)) as database:
            return database.execute(question).fetchone()
    except sqlite3.OperationalError:
        return None


def kept(daemon):
    """(commits, whether these are all) that the daemon has written down; (0, 0) before."""
    return derived(daemon, 'SELECT commits, whole FROM commit_sources') or (0, 0)


def test_reading_goes_on_behind_what_was_kept(big):
    """A daemon that is killed while it takes commits in does not begin with the first again, and
    serves none before it has them all."""
    daemon = big.new_daemon()
    for _ in range(10):
        daemon.start(ready=False)
        eventually(lambda: kept(daemon)[0] > 0, seconds=60, every=0.001)
        daemon.kill()
        commits, whole = kept(daemon)
        if not whole:
            break
        shutil.rmtree(daemon.config['data_dir'])    # too late: it had them all
    assert 0 < commits < big.commits and not whole

    daemon.start(ready=False)
    daemon.wait_ready(path='/livez')
    reply = daemon.resolve(big.upstream.tip('main'), 'main', wait=0)
    assert reply.status == 503 or daemon.get('/readyz').status == 200, reply
    daemon.wait_ready()
    daemon.wait_log(f'mirror.reading_resumed repo=winui commits={commits}')
    assert daemon.get('/repos/winui').json['sizes']['commits'] == big.commits
    assert daemon.resolve(big.upstream.tip('main'), 'main').status == 200
    assert kept(daemon) == (big.commits, 1)
    daemon.stop()
    assert derived(daemon, 'SELECT count(*) FROM pages WHERE kind = 3') == (1,), 'no reach was kept'
    resumed = daemon.log.count('mirror.reading_resumed')
    daemon.start()
    assert daemon.get('/repos/winui').json['sizes']['commits'] == big.commits
    assert daemon.log.count('mirror.reading_resumed') == resumed
    assert daemon.resolve(big.upstream.tip('main'), 'main').status == 200


def test_a_kill_while_cloning_leaves_nothing_in_the_way(big):
    daemon = big.new_daemon().start(ready=False)
    daemon.wait_ready(path='/livez')
    watch(daemon, lambda row: row[0] == 'fetching' and row[1] > 1000)
    daemon.kill()
    daemon.start(ready=False).wait_ready()
    assert daemon.get('/repos/winui').json['sizes']['commits'] == big.commits
    assert not list(mirror_of(daemon).glob('objects/pack/pack_git2_*'))
    assert git(mirror_of(daemon), 'fsck', '--connectivity-only').returncode == 0


def arguments_of_all():
    """Of every process; those that end meanwhile are passed over."""
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            yield pathlib.Path('/proc', pid, 'cmdline').read_bytes()
        except OSError:
            pass


@pytest.mark.parametrize('kind', ['env', 'file'])
def test_the_upstreams_password_is_nowhere_to_be_seen(example, tmp_path, kind):
    """Not in the log, not in an answer, not in a worker's arguments, right or wrong."""
    secret = 'hunter2-that-nobody-shows'
    (tmp_path / 'token').write_text(secret + '\n', encoding='ascii')
    with GitHttpServer(tmp_path, username='builder', password=secret) as server:
        example.repository.update(url=server.url('upstream.git'), username='builder')
        if kind == 'env':
            example.repository['password_env'] = 'UPSTREAM_TOKEN'
        else:
            example.repository['password_file'] = str(tmp_path / 'token')
        daemon = example.daemon.start(environment={'UPSTREAM_TOKEN': secret})
        arguments = set()
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            arguments.update(arguments_of_all())
        assert any(b'mirror-worker' in line for line in arguments)
        assert not any(secret.encode() in line for line in arguments)
        server.credentials = ('builder', 'another')
        failed = eventually(lambda: daemon.get('/repos/winui').json['sync']['last_error'],
                            what='the refusal')
        shown = failed + daemon.get('/repos').text + daemon.get('/repos/winui').text + daemon.log
        assert secret not in shown
        assert daemon.version(example.sha['1b27fd5f'], 'main') == '2.4.2001312227-main'


def test_an_upstream_with_an_authority_of_its_own(example, tmp_path):
    """What the refusal says to set is there to be set."""
    certificate, key = make_certificate(tmp_path)
    with GitHttpServer(tmp_path, certificate=certificate, key=key) as server:
        example.repository['url'] = server.url('upstream.git')
        daemon = example.daemon.start(ready=False)
        daemon.wait_log('set ca_file if an authority of your own signed it')
        daemon.stop()
        example.repository['ca_file'] = certificate
        daemon.start()
        assert daemon.version(example.sha['1b27fd5f'], 'main') == '2.4.2001312227-main'
