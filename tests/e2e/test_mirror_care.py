"""What the upstream forgets, moves or damages: shown, kept, and mended."""
import fcntl
import pathlib
import subprocess

from daemon import eventually


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
    eventually(lambda: 'mirror.set_aside' in daemon.log, what='the damage')
    eventually(lambda: daemon.resolve(pushed, 'main', wait='0').status == 200, what='the clone')
    assert list(mirror.parent.glob('winui.git.damaged-*'))
    assert daemon.get('/repos/winui').json['trouble'] is None
    assert daemon.get('/repos/winui').json['sync']['failures'] == 0


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
    eventually(lambda: 'mirror.rescued' in daemon.log, what='the rescue')
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
        eventually(lambda: 'sync.put_off' in daemon.log, what='a look that is put off')
        pushed = example.upstream.commit('main', '2020-02-03 10:00')
        assert daemon.resolve(pushed, 'main', wait='0').status == 404
        status = daemon.get('/repos/winui').json
        assert status['sync']['failures'] == 0
        assert status['trouble'] is None
        assert 'another process' in status['sync']['last_error']
    eventually(lambda: daemon.resolve(pushed, 'main', wait='0').status == 200, what='the commit')
    assert daemon.get('/repos/winui').json['sync']['last_error'] is None
    assert 'sync.failed' not in daemon.log
