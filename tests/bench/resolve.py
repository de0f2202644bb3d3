"""Throughput and latency of /resolve beside a bare libmicrohttpd server, interleaved in one run.

usage: resolve.py FORKPOINT BARE_SERVER [--pairs N] [--seconds S] [--rounds N] [--random]
64 keep-alive connections ask 50,000 different (sha, branch) pairs in random order, with recording
on. Prints every round, the medians, and the ratio of the throughputs.
"""
import argparse
import os
import pathlib
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import typing
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in (
    'tests', 'tests/harness', 'tests/parity', 'tests/e2e', 'deploy/demo')]

import packages                                         # noqa: E402
import static_feed                                      # noqa: E402
import winui                                            # noqa: E402
from compare import ask_all                             # noqa: E402
from daemon import Daemon, eventually                   # noqa: E402
from graphs import Graph                                # noqa: E402
from ports import free_port                             # noqa: E402
from reference import History                           # noqa: E402

CONNECTIONS = 64
GRAPH_COMMITS = 9000
PACKAGE = 'Bench'
SEED = 20200131


class Figures:
    def __init__(self, line, cpu_s):
        self.cpu_s = cpu_s
        (self.requests, self.duration_us, self.p50_us, self.p99_us, self.bad_status,
         self.broken) = map(int, line.split()[1:])

    @property
    def per_second(self):
        return self.requests * 1e6 / self.duration_us

    @property
    def cpu_us(self):
        """The server's processor time per request: what neighbours on the machine change least."""
        return self.cpu_s * 1e6 / self.requests

    def __str__(self):
        return (f'{self.per_second:9.0f}/s  p50 {self.p50_us / 1000:6.2f} ms  '
                f'p99 {self.p99_us / 1000:6.2f} ms  {self.cpu_us:5.1f} us CPU per request')


def random_history(repository, feed):
    """What there is where the real history is not: wilder than any real one."""
    graph = Graph(SEED, GRAPH_COMMITS)
    oids = graph.write(repository)
    versions, unlisted, aliases = packages.for_graph(graph, SEED)
    for version in versions:
        feed.add(PACKAGE, version, listed=version not in unlisted)
    return 'a random graph', oids, list(graph.branches), aliases


def real_history(repository, feed):
    tips = winui.make(repository)
    history = History(repository)
    release_of = winui.releases(repository, history.order)
    for version in winui.training_runs(repository, history, tips, release_of, random.Random(SEED)):
        feed.add(PACKAGE, version)
    return "WinUI's history", history.order, list(tips), {}


def prepare(folder, wants_random):
    """A daemon over a history with branches, packages and releases."""
    _, base_url = static_feed.serve(folder / 'feed')
    feed = static_feed.StaticFeed(folder / 'feed', base_url, with_files=False)
    make = random_history if wants_random or not winui.SKELETON.exists() else real_history
    name, oids, branches, aliases = make(folder / 'upstream.git', feed)
    feed.write()
    daemon = Daemon(folder, {
        'feeds': {'bench': {'url': feed.index_url, 'interval': '1h'}},
        'repositories': {'bench': {
            'url': str(folder / 'upstream.git'), 'interval': '1h', 'branch': 'main',
            'tracked': ['*'], 'aliases': aliases,
            'release': {'file': 'version.props', 'major': 'MUXVersionMajor',
                        'minor': 'MUXVersionMinor'},
            'packages': [{'id': PACKAGE, 'feed': 'bench', 'grammars': winui.GRAMMARS}]}}})
    daemon.start()
    print(f'{name}: {len(oids)} commits, {len(branches)} branches, '
          f'{len(feed.packages[PACKAGE])} versions')
    return daemon, oids, branches


def choose_questions(daemon, oids, branches, count):
    """Pairs that have a database, in random order, as targets."""
    rng = random.Random(SEED)
    pairs = [(oid, branch) for oid in oids for branch in branches]
    rng.shuffle(pairs)
    targets = []
    for start in range(0, len(pairs), 10000):
        some = pairs[start:start + 10000]
        documents = ask_all(daemon, [{'repo': 'bench', 'sha': sha, 'branch': branch}
                                     for sha, branch in some])
        targets += [f'/resolve?repo=bench&sha={sha}&branch={urllib.parse.quote(branch)}'
                    for (sha, branch), document in zip(some, documents) if 'code' not in document]
        if len(targets) >= count:
            break
    return targets[:count]


def body_bytes(daemon, targets):
    client = daemon.client()
    return round(statistics.mean(len(client.request('GET', target).body)
                                 for target in targets[:300]))


def cpu_seconds(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='ascii').rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def run_wrk(server, questions, seconds):
    before = cpu_seconds(server.pid)
    output = subprocess.run(
        ['wrk', '-t1', f'-c{CONNECTIONS}', f'-d{seconds}s', '-s',
         str(ROOT / 'tests/bench/questions.lua'), f'http://127.0.0.1:{server.port}', '--',
         str(questions), '1'], check=True, capture_output=True, text=True).stdout
    return Figures(next(line for line in output.splitlines() if line.startswith('figures')),
                   cpu_seconds(server.pid) - before)


def recorded(daemon):
    with sqlite3.connect(f'file:{daemon.config["data_dir"]}/facts.db?mode=ro', uri=True) as facts:
        return facts.execute('SELECT count(*) FROM requests').fetchone()[0]


def say_machine():
    with open('/proc/cpuinfo', encoding='utf-8') as lines:
        model = next((line.split(':')[1].strip() for line in lines if 'model name' in line), '?')
    print(f'{os.cpu_count()} cores, {model}, Linux {os.uname().release}')


class Server(typing.NamedTuple):
    port: int
    pid: int


def measure(servers, options, questions):
    rounds = {name: [] for name in servers}
    for server in servers.values():
        run_wrk(server, questions, 1)       # warm
    for number in range(options.rounds):
        for name, server in servers.items():
            figures = run_wrk(server, questions, options.seconds)
            rounds[name].append(figures)
            print(f'round {number + 1} {name:<10}{figures}', flush=True)
            assert figures.bad_status == 0 and figures.broken == 0, (
                f'{figures.bad_status} replies were no 200, {figures.broken} connections broke')
    return rounds


def report(rounds):
    def median(name, figure):
        return statistics.median(getattr(one, figure) for one in rounds[name])
    for name in rounds:
        print(f'{name:<18}{median(name, "per_second"):9.0f}/s  '
              f'p50 {median(name, "p50_us") / 1000:6.2f} ms  '
              f'p99 {median(name, "p99_us") / 1000:6.2f} ms  '
              f'{median(name, "cpu_us"):5.1f} us CPU per request (medians)')
    print(f'ratio of throughputs: '
          f'{median("forkpoint", "per_second") / median("bare", "per_second"):.2f} (aim: 0.70)')


def main():
    parser = argparse.ArgumentParser(description='throughput of /resolve')
    parser.add_argument('forkpoint')
    parser.add_argument('bare_server')
    parser.add_argument('--pairs', type=int, default=50000)
    parser.add_argument('--seconds', type=int, default=4)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--random', action='store_true', help='not the real history')
    options = parser.parse_args()
    os.environ['FORKPOINT_BIN'] = options.forkpoint
    say_machine()
    with tempfile.TemporaryDirectory(prefix='fp-bench-') as name:
        folder = pathlib.Path(name)
        daemon, oids, branches = prepare(folder, options.random)
        bare = None
        try:
            targets = choose_questions(daemon, oids, branches, options.pairs)
            size = body_bytes(daemon, targets)
            questions = folder / 'questions'
            questions.write_text('\n'.join(targets) + '\n', encoding='ascii')
            print(f'{len(targets)} different (sha, branch) pairs, bodies of {size} bytes on average')
            port = free_port()
            bare = subprocess.Popen([options.bare_server, str(port), str(size),
                                     str(os.cpu_count())])
            time.sleep(0.3)
            before = recorded(daemon)
            rounds = measure({'bare': Server(port, bare.pid),
                              'forkpoint': Server(daemon.port, daemon.process.pid)},
                             options, questions)
            answered = sum(figures.requests for figures in rounds['forkpoint'])
            eventually(lambda: recorded(daemon) >= before + answered, seconds=60, every=0.5,
                       what='the record of every answer')
            report(rounds)
            daemon.stop()
            print(f'{answered} answers, each on record')
        finally:
            daemon.discard()
            if bare:
                bare.kill()
                bare.wait()


if __name__ == '__main__':
    main()
