"""build=: all legs of a build get the database that the first one got."""
import concurrent.futures
import json
import threading
import time

from daemon import eventually

NEWER = ['2.4.2002010411-main', '2.4.2002010410-main', '2.4.2002010409-main']


def publish(example, version):
    example.feed.add('MUXPGODatabase', version)
    example.feed.write()


def test_a_newer_package_does_not_change_it(example):
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    first = daemon.resolve(sha, 'main', build='ci/42')
    assert first.json['package']['version'] == '2.4.2001312227-main'
    assert 'pinned' not in {row['code'] for row in first.json['warnings']}
    publish(example, NEWER[0])
    eventually(lambda: daemon.version(sha, 'main') == NEWER[0], what='the package')
    for form in ({'sha': sha}, {'sha': sha[:12]}, {'sha': sha, 'release': '2.4'}):
        again = daemon.resolve(branch='main', build='ci/42', **form).json
        assert again['package']['version'] == '2.4.2001312227-main'
        assert again['instead_of'] == NEWER[0]
        warning = next(row for row in again['warnings'] if row['code'] == 'pinned')
        assert NEWER[0] in warning['text']
        selection = next(row for row in again['reasoning'] if row['step'] == 'selection')
        assert 'first' in selection['text'] and NEWER[0] in selection['text']
    # another build, another commit and no build at all are other questions
    assert daemon.version(sha, 'main', build='ci/43') == NEWER[0]
    assert daemon.version(sha, 'main') == NEWER[0]
    assert daemon.version(example.sha['f23f1fad'], 'main', build='ci/42') == '2.4.2001312205-main'
    # a batch is a leg as others are
    body = json.dumps({'requests': [{'repo': 'winui', 'sha': sha, 'branch': 'main',
                                     'build': label} for label in ('ci/42', 'ci/43', 'ci/44')]})
    items = daemon.request('POST', '/resolve', body=body).json['items']
    assert [item['package']['version'] for item in items] == \
        ['2.4.2001312227-main', NEWER[0], NEWER[0]]
    rows = daemon.get('/history', build='ci/42').json['items']
    assert len(rows) == 6 and {row['build'] for row in rows} == {'ci/42'}


def test_it_stays_when_the_package_goes(example):
    """Legs get one database even when the feed drops it, and what it gives is said."""
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    assert daemon.version(sha, 'main', build='b') == '2.4.2001312227-main'
    del example.feed.packages['MUXPGODatabase']['2.4.2001312227-main']
    example.feed.write()
    eventually(lambda: daemon.version(sha, 'main') == '2.4.2001312205-main', what='its end')
    again = daemon.resolve(sha, 'main', build='b').json
    assert again['package']['version'] == '2.4.2001312227-main'
    assert 'does not list it' in again['warnings'][0]['text']


def test_failures_do_not_stick(example):
    daemon = example.daemon.start()
    sha = example.sha['18b956f6']
    assert daemon.version(sha, 'release/2.4', build='b') == 'no-database'
    publish(example, '2.4.2001312046-release_2_4')
    eventually(lambda: daemon.version(sha, 'release/2.4') == '2.4.2001312046-release_2_4',
               what='the package')
    assert daemon.version(sha, 'release/2.4', build='b') == '2.4.2001312046-release_2_4'


def test_restart_and_kill(example):
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    assert daemon.version(sha, 'main', build='stopped') == '2.4.2001312227-main'
    daemon.stop()
    daemon.start()
    labels = [f'killed {number}' for number in range(200)]
    for label in labels:
        assert daemon.version(sha, 'main', build=label) == '2.4.2001312227-main'
    daemon.kill()
    publish(example, NEWER[0])
    daemon.start()
    eventually(lambda: daemon.version(sha, 'main') == NEWER[0], what='the package')
    for label in ['stopped', *labels]:
        assert daemon.version(sha, 'main', build=label) == '2.4.2001312227-main', label


def test_it_is_kept_for_its_time(example):
    example.daemon.config['history'] = {'sticky': '2s'}
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    assert daemon.version(sha, 'main', build='b') == '2.4.2001312227-main'
    publish(example, NEWER[0])
    eventually(lambda: daemon.version(sha, 'main') == NEWER[0], what='the package')
    eventually(lambda: daemon.version(sha, 'main', build='b') == NEWER[0], what='the end of it')
    publish(example, NEWER[1])
    daemon.stop()
    daemon.start()
    assert daemon.version(sha, 'main', build='b') == NEWER[0]


def test_a_hundred_legs_at_once(example):
    """Whenever they ask while packages come and go, the legs of one build agree."""
    example.config['feeds']['demo']['interval'] = '100ms'
    daemon = example.daemon.start()
    sha = example.sha['1b27fd5f']
    stopping = threading.Event()

    def change_the_feed():
        while not stopping.is_set():
            for version in NEWER:
                publish(example, version)
                time.sleep(0.15)
            for version in NEWER:
                del example.feed.packages['MUXPGODatabase'][version]
            example.feed.write()
            time.sleep(0.5)

    def leg(label):
        client = daemon.client()
        try:
            return json.loads(client.request(
                'GET', f'/resolve?repo=winui&sha={sha}&branch=main&build={label}').body
                )['package']['version']
        finally:
            client.close()

    feed = threading.Thread(target=change_the_feed)
    feed.start()
    given = []
    try:
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            enough = time.monotonic() + 60
            while len(given) < 30 or (len(set(given)) == 1 and time.monotonic() < enough):
                build = len(given)
                legs = list(pool.map(leg, [f'build{build}'] * 100))
                assert len(set(legs)) == 1, (build, set(legs))
                given.append(legs[0])
    finally:
        stopping.set()
        feed.join()
    assert len(set(given)) > 1, 'the feed never changed between two builds'
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        assert list(pool.map(leg, [f'build{build}' for build in range(len(given))])) == given
