"""Feeds that misbehave, through the daemon: they delay no other feed, change no answer and cost
bounded memory; and what `Cache-Control: no-cache` asks of a feed."""
import json
import os
import pathlib
import statistics
import subprocess
import time

import pytest

import feed_faults as faults
from conftest import PACKAGE
from daemon import eventually, slowness
from feed_server import FeedServer

STAMPS = [f'2.4.2001{day:02}0000-main' for day in range(10, 30)]
# Sanitizers keep freed memory in quarantine, and each of the feeds may hold a document.
PEAK_MIB = 900
UPDATES = 8
LATENCY_S = 3.0     # where a core is free


def drip_for_ever():
    return faults.drip(b' ' * 100000, 1.0)


MISBEHAVIOURS = {
    'drips a byte a second': ('/reg/.*', drip_for_ever()),
    'never answers': ('.*', faults.hang(600)),
    'stalls in the middle': ('/flat/.*', faults.stall(b'{"versions": [', 600)),
    'a storm of 429': ('.*', faults.throttle(429)),
    'a storm of 503 with a wait': ('.*', faults.throttle(503, '1')),
    'resets in mid body': ('/flat/.*', faults.reset()),
    'a wrong length': ('/reg/.*', faults.wrong_length(b'{"items": []}', 100)),
    'ten gigabytes of spaces': ('/flat/.*',
                                faults.endless(b' ', 10 << 30, start=b'{"versions": [')),
    'a redirect to itself': ('/flat/.*', faults.redirect_to_itself()),
    '50,000 levels': ('/flat/.*', faults.deep_json()),
    'a sign-in page': ('.*', faults.sign_in_page()),
    'endless headers': ('/reg/.*', faults.endless_headers()),
}
V2_MISBEHAVIOURS = {
    'billion laughs': ('.*FindPackages.*', faults.billion_laughs()),
    'endless next links': ('.*FindPackages.*', faults.endless_next()),
}


def flap(feed, moments=400):
    """A list that is full, empty and broken in turn."""
    kinds = [None, faults.body('{"versions": []}'), faults.status(404),
             faults.body('{"versions": ["1.0.0"')]

    def behave(handler):
        behave.count += 1
        rule = kinds[behave.count % len(kinds)] if behave.count < moments else None
        rule(handler) if rule else handler.answer()
    behave.count = 0
    feed.misbehave('/flat/.*', behave)


def repository_of(world, packages):
    return {**world.repository, 'release': {'fixed': '2.4'}, 'packages': packages}


def package_of(feed, package_id=PACKAGE):
    return {'id': package_id, 'feed': feed, 'grammars': ['patch-stamp'],
            'patch_stamp_label': 'underscore'}


@pytest.fixture
def servers():
    made = []
    yield made
    for server in made:
        server.__exit__(None, None, None)


def new_server(servers, package_id=PACKAGE, **options):
    server = FeedServer(**options).__enter__()
    servers.append(server)
    server.publish(package_id, STAMPS[0])
    return server


def peak_mib(daemon):
    status = pathlib.Path(f'/proc/{daemon.process.pid}/status').read_text(encoding='ascii')
    return int(status.partition('VmHWM:')[2].split()[0]) >> 10


def update_latencies(daemon, sha, good):
    """From a version's appearance on the good feed until it is answered."""
    spans = []
    for stamp in STAMPS[1:UPDATES + 1]:
        good.publish(PACKAGE, stamp)
        appeared = time.monotonic()
        eventually(lambda: daemon.version(sha, repo='winui') == stamp, every=0.01,
                   seconds=30, what=f'{stamp} on the good feed')
        spans.append(time.monotonic() - appeared)
    return spans


@pytest.mark.limit(150)
def test_no_misbehaviour_delays_another_feed(world, servers):
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    good = new_server(servers)
    feeds = {'good': {'url': good.index_url, 'interval': '100ms'}}
    odd = []
    for name, (path, rule) in {**MISBEHAVIOURS, **V2_MISBEHAVIOURS}.items():
        odd.append(package_of(name.replace(' ', '-').replace(',', ''), f'Odd.{len(odd)}'))
        server = new_server(servers, odd[-1]['id'])
        server.misbehave(path, rule)
        feeds[odd[-1]['feed']] = {
            'url': server.v2_url if name in V2_MISBEHAVIOURS else server.index_url,
            'interval': '100ms', 'max_document': '64MiB', 'max_pages': 500}
    flapping = new_server(servers, 'Odd.Flapping')
    odd.append(package_of('flapping', 'Odd.Flapping'))
    feeds['flapping'] = {'url': flapping.index_url, 'interval': '100ms'}
    world.config['feeds'] = feeds
    world.config['repositories'] = {
        'winui': repository_of(world, [package_of('good')]), 'odd': repository_of(world, odd)}
    daemon = world.new_daemon().start(ready=False)
    eventually(lambda: answers(daemon, sha), seconds=60, what='the good feed')
    flap(flapping)
    spans = update_latencies(daemon, sha, good)
    print(f'update of the good feed beside {len(odd)} odd ones: median '
          f'{statistics.median(spans) * 1000:.0f} ms, longest {max(spans) * 1000:.0f} ms; '
          f'peak {peak_mib(daemon)} MiB')
    allowed = LATENCY_S * slowness()
    assert statistics.median(spans) < allowed / 2 and max(spans) < allowed, (spans, allowed)
    assert peak_mib(daemon) < PEAK_MIB
    check_odd_ones(daemon, odd)


def answers(daemon, sha):
    try:
        return daemon.version(sha, repo='winui') == STAMPS[0]
    except (OSError, KeyError):
        return False


def check_odd_ones(daemon, odd):
    """Nothing is listed that was not, and what keeps failing says which document is the matter."""
    failing = 0
    for package in daemon.get('/repos/odd').json['packages']:
        if package['last_error'] and package['feed'] != 'flapping':
            failing += 1
            assert 'http://127.0.0.1:' in package['last_error'], package
            assert package['trouble'] == package['last_error'], package
    assert failing >= 6         # the others still wait
    for package in odd:
        reply = daemon.get('/versions', repo='odd', package=package['id'])
        texts = {item['version'] for item in reply.json.get('items', [])}
        assert all(text == STAMPS[0] or text.startswith('1.0.') for text in texts), package


def test_a_flapping_list_deletes_nothing(world, servers):
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    feed = new_server(servers, resources=('flat',))
    feed.publish(PACKAGE, *STAMPS[1:3])
    world.config['feeds'] = {'demo': {'url': feed.index_url, 'interval': '100ms'}}
    world.config['repositories'] = {'winui': repository_of(world, [package_of('demo')])}
    daemon = world.new_daemon().start()
    assert daemon.version(sha) == STAMPS[2]
    flap(feed)
    feed.requests.clear()
    while len(feed.requests) < 12:
        assert daemon.version(sha) == STAMPS[2]
        time.sleep(0.05)
    feed.behave()
    assert not daemon.get('/versions', repo='winui', status='vanished').json['items']


def test_no_cache_asks_the_feed_anew(world, servers):
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    feed = new_server(servers)
    world.config['feeds'] = {'demo': {'url': feed.index_url, 'interval': '1h'}}
    world.config['repositories'] = {'winui': repository_of(world, [package_of('demo')])}
    daemon = world.new_daemon().start()
    assert daemon.version(sha) == STAMPS[0]
    feed.publish(PACKAGE, STAMPS[1])
    feed.requests.clear()
    assert daemon.version(sha) == STAMPS[0]
    reply = daemon.resolve(sha, headers={'Cache-Control': 'no-cache'})
    assert reply.json['package']['version'] == STAMPS[1]
    assert {'/v3/index.json', f'/flat/{PACKAGE.lower()}/index.json',
            f'/reg/{PACKAGE.lower()}/index.json'} <= set(feed.paths())
    assert all('If-None-Match' not in request.headers for request in feed.requests)


@pytest.mark.parametrize('behaviour',
                         [faults.body('{"items": ['), faults.status(500), faults.hang(600)],
                         ids=['nonsense', '500', 'hangs'])
def test_one_broken_package_leaves_the_others(world, servers, behaviour):
    """What the feed cannot say of one package is that package's trouble, not the others'."""
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    feed = new_server(servers, 'A.Broken')
    feed.publish(PACKAGE, STAMPS[0])
    feed.misbehave('/reg/a.broken/.*', behaviour)
    world.config['feeds'] = {'demo': {
        'url': feed.index_url, 'interval': '100ms', 'first_byte_timeout': '300ms'}}
    world.config['repositories'] = {
        'odd': repository_of(world, [package_of('demo', 'A.Broken')]),
        'winui': repository_of(world, [package_of('demo')])}
    daemon = world.new_daemon().start(ready=False)
    eventually(lambda: answers(daemon, sha), what='the package beside the broken one')
    feed.publish(PACKAGE, STAMPS[1])
    eventually(lambda: daemon.version(sha, repo='winui') == STAMPS[1], what='its next version')
    (broken,) = daemon.get('/repos/odd').json['packages']
    (whole,) = daemon.get('/repos/winui').json['packages']
    assert '/reg/a.broken/index.json' in broken['trouble'] and not broken['ready']
    assert whole['trouble'] is None and whole['ready']
    feed.behave()
    eventually(lambda: daemon.get('/repos/odd').json['packages'][0]['ready'], what='the repair')
    assert daemon.get('/repos/odd').json['packages'][0]['trouble'] is None


def test_many_broken_packages_take_turns(world, servers):
    """A round ends after a few failures; the next one begins with the packages behind them."""
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    feed = new_server(servers, 'A.0')
    feed.publish(PACKAGE, STAMPS[0])
    feed.misbehave('/reg/a.*', faults.status(500))
    world.config['feeds'] = {'demo': {'url': feed.index_url, 'interval': '100ms'}}
    world.config['repositories'] = {
        'odd': repository_of(world, [package_of('demo', f'A.{i}') for i in range(5)]),
        'winui': repository_of(world, [package_of('demo')])}
    daemon = world.new_daemon().start(ready=False)
    eventually(lambda: answers(daemon, sha), what='the package behind the broken ones')


def test_downloads_that_hang_delay_no_list(world, servers):
    """What cannot be asked for says nothing, and is not asked for version after version."""
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    feed = new_server(servers)
    feed.publish(PACKAGE, *STAMPS[1:19])
    feed.misbehave('/flat/.*nupkg', faults.hang(600))
    world.config['feeds'] = {'demo': {
        'url': feed.index_url, 'interval': '100ms', 'first_byte_timeout': '500ms'}}
    package = {**package_of('demo'), 'verify_download': 'all'}
    world.config['repositories'] = {'winui': repository_of(world, [package])}
    daemon = world.new_daemon().start()
    assert daemon.version(sha) == STAMPS[18]
    feed.publish(PACKAGE, STAMPS[19])
    published = time.monotonic()
    eventually(lambda: daemon.version(sha) == STAMPS[19], what='the next version')
    assert time.monotonic() - published < 5


def test_a_configured_feed_can_be_probed(world, servers):
    """With its credentials; by its URL alone it refuses."""
    feed = new_server(servers)
    feed.credentials = ('any', 'a-secret')
    (world.folder / 'token').write_text('a-secret\n')
    world.config['feeds'] = {'demo': {
        'url': feed.index_url, 'username': 'any', 'password_file': str(world.folder / 'token')}}
    daemon = world.new_daemon()
    daemon.config_file.write_text(json.dumps(daemon.config), encoding='utf-8')
    config = ['--config', str(daemon.config_file)]
    found = probe('demo', *config, '--package', PACKAGE)
    assert found.returncode == 0 and 'flat container: 1 versions' in found.stdout
    assert 'a-secret' not in found.stdout
    refused = probe(feed.index_url)
    assert refused.returncode == 1 and 'wants credentials' in refused.stderr
    assert probe('another', *config).returncode == 1
    assert 'has no feed another' in probe('another', *config).stderr
    for words in ([], ['--package'], ['demo', 'demo'], ['demo', '--colour']):
        assert 'usage: forkpoint probe-feed' in probe(*words).stderr


@pytest.mark.parametrize('resources, document, says', [
    ((), None, 'offers nothing that lists versions'),
    (('flat',), {'version': '4.0.0', 'resources': []}, 'is of version 4.0.0, only 3'),
], ids=['no resource', 'version 4'])
def test_a_probe_says_why_a_feed_cannot_be_mirrored(servers, resources, document, says):
    feed = new_server(servers, resources=resources)
    if document:
        feed.misbehave(r'.*index.json', faults.body(json.dumps(document).encode()))
    found = probe(feed.index_url, '--package', PACKAGE)
    assert found.returncode == 1 and says in found.stderr, found


def test_a_probe_says_where_redirects_lead(servers):
    feed = new_server(servers)
    feed.misbehave('.*', faults.redirect_to_itself())
    found = probe(feed.index_url)
    assert found.returncode == 1 and 'in a circle perhaps' in found.stderr, found


def probe(*words):
    return subprocess.run([os.environ['FORKPOINT_BIN'], 'probe-feed', *words], text=True,
                          capture_output=True, check=False)
