"""Feeds that misbehave in every way that tests/e2e/test_feeds.py knows, all at once, beside a good one.

usage: hostile.py FORKPOINT [--seconds N] [--interval TIME]
Prints, for the good feed alone and then beside the others, the time from a version's publication
until /resolve answers it, and the daemon's memory as it goes. Limits are the settings' defaults.
"""
import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in (
    'tests/bench', 'tests/e2e', 'tests', 'tests/harness', 'deploy/demo')]

from daemon import Daemon, eventually       # noqa: E402
from feed import cpu_ms, make_repository, peak_mib, version   # noqa: E402
from feed_server import FeedServer          # noqa: E402
from test_feeds import MISBEHAVIOURS, V2_MISBEHAVIOURS, flap            # noqa: E402

GOOD = 'Bench.Package'


def resident_mib(pid):
    status = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='ascii')
    return int(status.partition('VmRSS:')[2].split()[0]) >> 10


def start_feeds(interval, hostile):
    """Settings of the feeds and their packages' ids, by name, and their servers, the good one first."""
    servers, feeds, packages = [], {}, {}

    def add(name, package, interval, **rules):
        server = FeedServer().start()
        server.publish(package, version(0))
        for rule in rules.values():
            server.misbehave(*rule)
        servers.append(server)
        packages[name] = package
        feeds[name] = {'url': server.index_url, 'interval': interval}

    add('good', GOOD, '100ms')
    for what, rule in {**MISBEHAVIOURS, **V2_MISBEHAVIOURS}.items() if hostile else ():
        name = what.replace(' ', '-').replace(',', '')
        add(name, f'Odd.{len(servers)}', interval, rule=rule)
        if what in V2_MISBEHAVIOURS:
            feeds[name]['url'] = servers[-1].v2_url
    if hostile:
        add('flapping', 'Odd.Flapping', interval)
        flap(servers[-1])
    return feeds, packages, servers


def make_daemon(folder, feeds, packages):
    repository = {'url': str(folder / 'upstream'), 'interval': '1h', 'branch': 'main'}
    used = [{'id': package, 'feed': name} for name, package in packages.items()]
    repositories = {'bench': {**repository, 'packages': used[:1]}}
    if used[1:]:
        repositories['odd'] = {**repository, 'packages': used[1:]}
    return Daemon(folder, {'feeds': feeds, 'repositories': repositories})


def answers(daemon, sha):
    assert daemon.process.poll() is None, daemon.log
    try:
        return daemon.version(sha, repo='bench', release='1.0') == version(0)
    except (OSError, KeyError):
        return False


def publish_for(seconds, daemon, good, sha):
    """Publishes version after version; how long each took to be answered, in ms."""
    client, spans, started, shown = daemon.client(), [], time.monotonic(), time.monotonic()
    target = f'/resolve?repo=bench&sha={sha}&branch=main&release=1.0'
    while time.monotonic() - started < seconds:
        text = version(len(spans) + 1)
        good.publish(GOOD, text)
        appeared = time.monotonic()
        while f'"{text}"'.encode() not in client.request('GET', target).body:
            assert time.monotonic() - appeared < 60, daemon.log
            time.sleep(0.002)
        spans.append((time.monotonic() - appeared) * 1000)
        time.sleep(0.3)
        if time.monotonic() - shown > 15:
            shown = time.monotonic()
            print(f'    {shown - started:5.0f} s: {resident_mib(daemon.process.pid)} MiB resident',
                  flush=True)
    client.close()
    return spans


def measure(what, seconds, interval, hostile):
    with tempfile.TemporaryDirectory(prefix='fp-bench-') as name:
        folder = pathlib.Path(name)
        sha = make_repository(folder / 'upstream', 0, 1)
        feeds, packages, servers = start_feeds(interval, hostile)
        daemon = make_daemon(folder, feeds, packages)
        try:
            daemon.start(ready=False)
            eventually(lambda: answers(daemon, sha), seconds=60, what='the good feed')
            cpu, spans = cpu_ms(daemon.process.pid), publish_for(seconds, daemon, servers[0], sha)
            print(f'  {what:34} {statistics.median(spans):6.0f} ms median {max(spans):6.0f} ms '
                  f'longest  ({len(spans)} versions; looks every 100 ms)  '
                  f'peak {peak_mib(daemon.process.pid)} MiB  '
                  f'{(cpu_ms(daemon.process.pid) - cpu) / seconds / 10:.1f} % CPU', flush=True)
            daemon.stop()
        finally:
            daemon.discard()
            for server in servers:
                server.stop()


def main():
    parser = argparse.ArgumentParser(description='feeds that misbehave, all at once')
    parser.add_argument('forkpoint')
    parser.add_argument('--seconds', type=float, default=150)
    parser.add_argument('--interval', default='1s')
    options = parser.parse_args()
    os.environ['FORKPOINT_BIN'] = options.forkpoint
    measure('the good feed alone', 20, options.interval, False)
    measure(f'beside {len(MISBEHAVIOURS) + len(V2_MISBEHAVIOURS) + 1} that misbehave',
            options.seconds, options.interval, True)


if __name__ == '__main__':
    main()
