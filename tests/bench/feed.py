"""A feed with 100,000 versions of one package, over HTTP on loopback, through the daemon.

usage: feed.py FORKPOINT [--versions N] [--changes N] [--looks N]
Prints for two shapes of feed (as nuget.org: validators, registration pages of 64; as Azure Artifacts:
one registration page and validators that never match) the time of the first look until /readyz, what
an unchanged look costs, and the time from the last byte of the documents with one new version until
/resolve answers it. The feed and the asking client are this one process beside the daemon.
"""
import argparse
import collections
import datetime
import http.server
import itertools
import os
import pathlib
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ('tests', 'tests/harness')]

from daemon import Daemon, eventually       # noqa: E402

PACKAGE = 'Bench.Package'
PAGE = 64
FIRST = datetime.datetime(2021, 1, 1)
SETTLE_S = 1.0


def version(number):
    return f'1.0.0-{FIRST + datetime.timedelta(minutes=number):%y%m%d%H%M}-main'


class Documents:
    """What the feed says about the first `count` versions, as bytes; only what changes is made anew."""

    def __init__(self, url, shape, count):
        self.url, self.shape, self.count = url, shape, 0
        self.names, self.leaves = [], []
        self.grow(count)

    def grow(self, count):
        for number in range(self.count, count):
            text = version(number)
            self.names.append(f'"{text}"')
            self.leaves.append(
                f'{{"@id":"{self.url}/reg/bench.package/{text}.json","catalogEntry":{{'
                f'"@id":"{self.url}/catalog/{text}.json","id":"{PACKAGE}","version":"{text}",'
                f'"listed":true,"published":"2021-06-01T00:00:00.000Z"}},'
                f'"packageContent":"{self.url}/flat/bench.package/{text}/x.nupkg"}}')
        self.count = count

    def page_url(self, number):
        return f'/reg/bench.package/page/{number}.json'

    def page(self, number):
        return '{"items":[%s]}' % ','.join(self.leaves[number * PAGE:(number + 1) * PAGE])

    def index(self):
        if self.shape == 'azure':
            return '{"count":1,"items":[{"@id":"%s","count":%d,"items":[%s]}]}' % (
                self.url + '/reg/bench.package/index.json#page', self.count,
                ','.join(reversed(self.leaves)))
        pages = []
        for number in range((self.count + PAGE - 1) // PAGE):
            held = min(PAGE, self.count - number * PAGE)
            pages.append(
                f'{{"@id":"{self.url}{self.page_url(number)}","count":{held},'
                f'"commitId":"c{number}-{held}","commitTimeStamp":"2021-06-01T00:00:00Z"}}')
        return '{"count":%d,"items":[%s]}' % (len(pages), ','.join(pages))

    def make(self):
        """Path to (entity tag, body); pages are made when they are asked for."""
        texts = {
            '/index.json': '{"version":"3.0.0","resources":['
                           f'{{"@id":"{self.url}/flat/","@type":"PackageBaseAddress/3.0.0"}},'
                           f'{{"@id":"{self.url}/reg/","@type":"RegistrationsBaseUrl/3.6.0"}}]}}',
            '/flat/bench.package/index.json': '{"versions":[%s]}' % ','.join(self.names),
            '/reg/bench.package/index.json': self.index(),
        }
        return {path: (f'{self.count}-{len(text)}', text.encode()) for path, text in texts.items()}


class Feed(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def __init__(self, shape, count):
        super().__init__(('127.0.0.1', 0), Handler)
        self.shape = shape
        self.documents = Documents(f'http://127.0.0.1:{self.server_port}', shape, count)
        self.served = self.documents.make()
        self.requests, self.sent = collections.Counter(), 0
        self.last_sent_s = 0.0
        self.odd = itertools.count()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def add_version(self):
        self.documents.grow(self.documents.count + 1)
        self.served = self.documents.make()
        return version(self.documents.count - 1)

    def find(self, path):
        found = self.served.get(path)
        if found is None and '/page/' in path:
            body = self.documents.page(int(path.rpartition('/')[2].partition('.')[0])).encode()
            found = (str(len(body)), body)
        return found


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, *_):
        pass

    def do_GET(self):
        feed = self.server
        found = feed.find(self.path)
        tag, body = found or ('', b'')
        if feed.shape == 'azure':
            tag = f'W/"{next(feed.odd)}"'       # a validator that will never match
        status = 404 if found is None else 304 if tag == self.headers['If-None-Match'] else 200
        body = body if status == 200 else b''
        self.send_response_only(status)
        self.send_header('ETag', tag)
        if status != 304:
            self.send_header('Content-Type', 'application/json')
            self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        with feed.lock:
            feed.requests[self.path] += 1
            feed.sent += len(body)
            if status == 200:
                feed.last_sent_s = time.monotonic()


def make_repository(path, first, count):
    """A commit at the minute of each of these versions, and one after all of them: its id."""
    moments = [FIRST + datetime.timedelta(minutes=number) for number in range(first, first + count)]
    stream = ''
    for moment in [*moments, datetime.datetime(2022, 1, 1)]:
        seconds = int(moment.replace(tzinfo=datetime.timezone.utc).timestamp())
        stream += f'commit refs/heads/main\ncommitter Bench <b@invalid> {seconds} +0000\ndata 1\nx\n'
    subprocess.run(['git', 'init', '-q', '--bare', '-b', 'main', str(path)], check=True)
    git = ['git', '-C', str(path)]
    subprocess.run([*git, 'fast-import', '--quiet'], input=stream, text=True, check=True)
    return subprocess.run([*git, 'rev-parse', 'main'], check=True, text=True,
                          capture_output=True).stdout.strip()


def cpu_ms(pid):
    """Time on a processor of all threads, to the nanosecond."""
    tasks = pathlib.Path(f'/proc/{pid}/task').iterdir()
    return sum(int((task / 'schedstat').read_text(encoding='ascii').split()[0])
               for task in tasks) / 1e6


def peak_mib(pid):
    status = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='ascii')
    return int(status.partition('VmHWM:')[2].split()[0]) >> 10


def make_daemon(folder, feed, interval):
    return Daemon(folder, {
        'feeds': {'bench': {'url': feed.documents.url + '/index.json', 'interval': interval}},
        'repositories': {'bench': {
            'url': str(folder / 'upstream'), 'interval': '1h', 'branch': 'main',
            'packages': [{'id': PACKAGE, 'feed': 'bench'}]}}})


def measure_first(daemon):
    started = time.monotonic()
    daemon.start(ready=False)
    eventually(lambda: is_ready(daemon), seconds=120, every=0.01, what='/readyz')
    print(f'  first look until /readyz        {time.monotonic() - started:8.2f} s'
          f'     peak {peak_mib(daemon.process.pid)} MiB', flush=True)


def is_ready(daemon):
    assert daemon.process.poll() is None, daemon.log
    try:
        return daemon.get('/readyz').status == 200
    except OSError:
        return False


def measure_unchanged(daemon, feed, looks):
    """The document that every look asks for tells how many there were."""
    pid = daemon.process.pid
    time.sleep(SETTLE_S)
    before, sent, cpu = feed.requests.copy(), feed.sent, cpu_ms(pid)
    eventually(lambda: max((feed.requests - before).values(), default=0) >= looks, seconds=120,
               every=0.01, what=f'{looks} looks')
    asked = feed.requests - before
    count = max(asked.values())
    print(f'  unchanged look                  {asked.total() / count:8.2f} requests'
          f'  {(feed.sent - sent) / count / 1e6:.2f} MB  {(cpu_ms(pid) - cpu) / count:.2f} ms CPU'
          f'  ({count} looks; aims: 1 request, 1 ms)', flush=True)


def measure_changes(daemon, feed, sha, changes):
    client = daemon.client()
    target = f'/resolve?repo=bench&sha={sha}&branch=main&release=1.0'
    spans, costs = [], []
    for _ in range(changes):
        time.sleep(0.3)
        cpu = cpu_ms(daemon.process.pid)
        wanted = f'"{feed.add_version()}"'.encode()
        deadline = time.monotonic() + 60
        while wanted not in client.request('GET', target).body:
            assert time.monotonic() < deadline, daemon.log
            time.sleep(0.001)
        spans.append((time.monotonic() - feed.last_sent_s) * 1000)
        costs.append(cpu_ms(daemon.process.pid) - cpu)
    print(f'  one new version until answered  {statistics.median(spans):8.1f} ms median'
          f'  {max(spans):.1f} ms longest  {statistics.median(costs):.0f} ms CPU'
          f'  ({changes} changes; aim: 50 ms)', flush=True)
    client.close()


def measure(shape, options):
    with tempfile.TemporaryDirectory(prefix='fp-bench-') as name:
        folder = pathlib.Path(name)
        sha = make_repository(folder / 'upstream', options.versions - 1, options.changes + 1)
        feed = Feed(shape, options.versions)
        daemon = make_daemon(folder, feed, '100ms')
        print(f'{shape}: {options.versions} versions, '
              f'{sum(len(body) for _, body in feed.served.values()) / 1e6:.1f} MB of documents')
        try:
            measure_first(daemon)
            measure_unchanged(daemon, feed, options.looks)
            measure_changes(daemon, feed, sha, options.changes)
            print(f'  peak memory                     {peak_mib(daemon.process.pid):8} MiB')
            daemon.stop()
        finally:
            daemon.discard()
            feed.shutdown()


def main():
    parser = argparse.ArgumentParser(description='a feed with very many versions')
    parser.add_argument('forkpoint')
    parser.add_argument('--versions', type=int, default=100000)
    parser.add_argument('--changes', type=int, default=20)
    parser.add_argument('--looks', type=int, default=64)
    parser.add_argument('--shape', choices=('nuget.org', 'azure'))
    options = parser.parse_args()
    os.environ['FORKPOINT_BIN'] = options.forkpoint
    for shape in [options.shape] if options.shape else ('nuget.org', 'azure'):
        measure(shape, options)


if __name__ == '__main__':
    main()
