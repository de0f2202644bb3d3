"""/timeline of 1,000 commits, /what-if over 1,000 and /changes over 10,000, through the daemon.

usage: timeline.py FORKPOINT [--requests N] [--others N]
Over WinUI's history with simulated packages; for /changes its main line ten times over, each lap
later than the last, with its author times that run backwards and its releases. --others adds so many
versions of other branches to the package. Prints median and
worst time of a request on a kept connection, the whole body read, beside its aim; and the same for
a trivial request, which is what transport and the machine cost.
"""
import argparse
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in (
    'tests', 'tests/harness', 'tests/parity', 'tests/e2e', 'deploy/demo')]

import static_feed                              # noqa: E402
import winui                                    # noqa: E402
from daemon import Daemon                       # noqa: E402
from packages import version_of                 # noqa: E402
from reference import GIT_ENV, History, git     # noqa: E402
from upstream import version_props              # noqa: E402

SEED = 20200131
LONG = 10001
LONG_EVERY = 20     # so that all changes stand on one page


def real_history(repository, feed, others):
    """The line of main, oldest first, as (author time, release)."""
    tips = winui.make(repository)
    history = History(repository)
    release_of = winui.releases(repository, history.order)
    for version in winui.training_runs(repository, history, tips, release_of, random.Random(SEED)):
        feed.add('Real', version)
    for number in range(others):
        feed.add('Real', version_of((3, number % 7), history.author[history.order[-1]] - 60 * number,
                                    f'topic-{number % 50}', 'prerelease-stamp', random))
    line = git(repository, 'rev-list', '--first-parent', '--reverse', 'main').decode().split()
    return [(history.author[oid], release_of[oid]) for oid in line]


def long_history(repository, feed, line):
    """A straight line of LONG commits out of laps of a real one."""
    lap = max(author for author, _ in line) - min(author for author, _ in line) + 86400
    rng, parts, last = random.Random(SEED), [], None
    begin = 946684800 - min(author for author, _ in line)       # laps begin in 2000
    for number in range(LONG):
        author, release = line[number % len(line)]
        author += begin + number // len(line) * lap
        release = release or (2, 0)
        parts.append(f'commit refs/heads/main\nmark :{number + 1}\n'
                     f'author A <a@example.invalid> {author} +0000\n'
                     f'committer C <c@example.invalid> {author} +0000\ndata 0\n'.encode())
        if release != last:
            content = version_props(*release)
            parts.append(b'M 100644 inline version.props\ndata %d\n%s\n' % (len(content), content))
        last = release
        if number % LONG_EVERY == 0:
            feed.add('Long', version_of(release, author, 'main', 'prerelease-stamp', rng))
    subprocess.run(['git', 'init', '-q', '--bare', '-b', 'main', repository], check=True,
                   env=GIT_ENV)
    subprocess.run(['git', '-C', repository, 'fast-import', '--quiet', '--date-format=raw-permissive'],
                   input=b''.join(parts), check=True, env=GIT_ENV)


def prepare(folder, others):
    _, base_url = static_feed.serve(folder / 'feed')
    feed = static_feed.StaticFeed(folder / 'feed', base_url, with_files=False)
    line = real_history(folder / 'real.git', feed, others)
    long_history(folder / 'long.git', feed, line)
    feed.write()
    common = {'interval': '1h', 'branch': 'main', 'tracked': ['*'],
              'release': {'file': 'version.props', 'major': 'MUXVersionMajor',
                          'minor': 'MUXVersionMinor'}}
    daemon = Daemon(folder, {
        'feeds': {'bench': {'url': feed.index_url, 'interval': '1h'}},
        'repositories': {name: {
            **common, 'url': str(folder / f'{name}.git'),
            'packages': [{'id': name.capitalize(), 'feed': 'bench', 'grammars': winui.GRAMMARS}]}
            for name in ('real', 'long')}})
    daemon.start()
    return daemon


def measure(client, target, requests):
    took, body = [], b''
    for number in range(requests + 3):
        started = time.perf_counter()
        reply = client.request('GET', target)
        if number >= 3:         # the first ones are warm-up
            took.append((time.perf_counter() - started) * 1000)
        assert reply.status == 200, reply
        body = reply.body
    return took, body


def middle_version(client):
    """What builds of main's middle commits get; a minute later is a stamp as well."""
    rows = client.request('GET', '/timeline?repo=real&branch=main&limit=1000').json['items'][500:]
    return next(row['version'] for row in rows
                if row['version'] and not re.search(r'59-', row['version']))


def report(name, took, body, aim):
    median = statistics.median(took)
    verdict = '' if aim is None else f'   aim {aim} ms: {"met" if median < aim else "MISSED"}'
    print(f'{name:<40}{median:8.2f} ms median {max(took):8.2f} ms worst '
          f'{len(body) / 1024:8.0f} KiB{verdict}', flush=True)


def main():
    parser = argparse.ArgumentParser(description='timings of /timeline, /changes and /what-if')
    parser.add_argument('forkpoint')
    parser.add_argument('--requests', type=int, default=40)
    parser.add_argument('--others', type=int, default=0)
    options = parser.parse_args()
    if not winui.SKELETON.exists():
        print(f'skipped: {winui.SKELETON} is not there')
        return
    os.environ['FORKPOINT_BIN'] = options.forkpoint
    with tempfile.TemporaryDirectory(prefix='fp-bench-') as name:
        daemon = prepare(pathlib.Path(name), options.others)
        try:
            client = daemon.client()
            chosen = middle_version(client)
            publish = re.sub(r'\d{10}', lambda stamp: str(int(stamp[0]) + 1), chosen)
            rows = [
                ('livez', '/livez', None),
                ('/timeline, 1,000 commits', '/timeline?repo=real&branch=main&limit=1000', 10),
                ('the same as text',
                 '/timeline?repo=real&branch=main&limit=1000&format=text', 10),
                ('/what-if publish, 1,000 commits',
                 f'/what-if?repo=real&branch=main&last=1000&limit=1000&publish={publish}', 20),
                ('/what-if quarantine, 1,000 commits',
                 f'/what-if?repo=real&branch=main&last=1000&limit=1000&quarantine={chosen}', 20),
                ('/what-if release, 1,000 commits',
                 '/what-if?repo=real&branch=main&last=1000&limit=1000&release=2.4', 20),
                ('/what-if branch, 1,000 commits',
                 '/what-if?repo=real&branch=winui2%2Fmain&last=1000&limit=1000', 20),
                ('/changes over 10,000 commits', '/changes?repo=long&branch=main&limit=1000', 50),
            ]
            for what, target, aim in rows:
                took, body = measure(client, target, options.requests)
                report(what, took, body, aim)
                if what.startswith('/changes'):
                    document = json.loads(body)
                    assert document['commits_looked_at'] == LONG - 1, document
                    print(f'{len(document["items"])} changes')
            daemon.stop()
        finally:
            daemon.discard()


if __name__ == '__main__':
    main()
