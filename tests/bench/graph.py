"""Mirrors and the commit graph at full size, beside git and libgit2, as ratios of one run.

usage: graph.py FORKPOINT GRAPH_BENCH [PART...] [--history PATH_OR_URL] [--pairs N]
PART: ingest (a, and the walk alone), forks (b), start (c, with d: memory), fetch (e), beside (f),
agents (g); all of them if none. The history is an upstream to clone; without one (also not in
FORKPOINT_BENCH_HISTORY) a made-up one of 120,000 commits.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in (
    'tests', 'tests/bench', 'tests/harness', 'tests/parity', 'tests/e2e', 'deploy/demo')]

import static_feed                                          # noqa: E402
from daemon import Daemon                        # noqa: E402
from git_servers import GitHttpServer                       # noqa: E402
from resolve import say_machine                             # noqa: E402
from upstream import Upstream, stamp_of                     # noqa: E402

PARTS = ['ingest', 'forks', 'start', 'fetch', 'beside', 'agents']
MADE_UP_COMMITS = 120_000
PACKAGE = 'Bench'
FIRST_PUSH = 1577836800       # 2020-01-01; in the small repositories


def git(path, *arguments, **options):
    return subprocess.run(['git', '-c', 'safe.directory=*', '-C', path, *arguments], check=True,
                          capture_output=True, text=True, **options).stdout


# ---- the history ----

def make_up(path):
    """A product: a main line of squashed and of merged topics, and a release branch now and then."""
    subprocess.run(['git', 'init', '-q', '--bare', '-b', 'main', path], check=True)
    lines, clock, mark, tip = [], 1400000000, 0, 0

    def commit(ref, parents):
        nonlocal mark, clock
        mark += 1
        clock += 900
        lines.append(f'commit {ref}\nmark :{mark}\nauthor A <a@example.invalid> {clock - 600} +0000\n'
                     f'committer C <c@example.invalid> {clock} +0000\ndata 6\nchange\n')
        for parent, word in zip(parents, ['from', 'merge']):
            lines.append(f'{word} :{parent}\n')
        if not parents:
            lines.append('M 100644 inline version.props\ndata 2\nx\n')
        lines.append('\n')
        return mark

    tip = commit('refs/heads/main', [])
    while mark < MADE_UP_COMMITS:
        start = tip
        for _ in range(5):
            tip = commit('refs/heads/main', [tip])
        topic = start
        for _ in range(3):
            topic = commit('refs/heads/topic/work', [topic])
        tip = commit('refs/heads/main', [tip, topic])
        if mark // 9 % 600 == 0:
            fork = tip
            for _ in range(40):
                fork = commit(f'refs/heads/release/{mark // 5400}', [fork])
    for number in range(4000):
        lines.append(f'reset refs/pull/{number}/head\nfrom :{number * 29 % mark + 1}\n\n')
    subprocess.run(['git', '-C', path, 'fast-import', '--quiet', '--force'], check=True,
                   input=''.join(lines).encode())


def bring_history(folder, history):
    """A bare repository of our own, with a commit-graph file that libgit2 1.5 reads as well."""
    path = folder / 'history.git'
    if history:
        subprocess.run(['git', '-c', 'safe.directory=*', 'clone', '-q', '--mirror', history, path],
                       check=True)
    else:
        make_up(path)
        git(path, 'repack', '-adq')
        history = 'a made-up one'
    git(path, 'pack-refs', '--all')
    git(path, '-c', 'commitGraph.generationVersion=1', 'commit-graph', 'write', '--reachable')
    print(f'history: {history}: {git(path, "rev-list", "--all", "--count").strip()} commits, '
          f'{len(git(path, "for-each-ref").splitlines())} refs')
    return path


# ---- daemons ----

def repository(url, **settings):
    return {'url': str(url), 'interval': '1h', 'refs': ['refs/*'], 'tracked': ['*'],
            'release': {'fixed': '1.0'},
            'packages': [{'id': PACKAGE, 'feed': 'bench', 'grammars': ['prerelease-stamp']}],
            **settings}


def default_branch(path):
    heads = git(path, 'for-each-ref', 'refs/heads', '--format=%(refname:lstrip=2)').split()
    return next((name for name in ('main', 'master') if name in heads), heads[0])


class Bench:
    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.history = bring_history(folder, options.history)
        self.branch = default_branch(self.history)
        oldest = git(self.history, 'log', '--format=%at', f'refs/heads/{self.branch}').split()[-1]
        _, base_url = static_feed.serve(folder / 'feed')
        feed = static_feed.StaticFeed(folder / 'feed', base_url, with_files=False)
        feed.add(PACKAGE, f'1.0.0-{stamp_of(int(oldest))}-{self.branch.replace("/", "-")}')
        feed.add(PACKAGE, f'1.0.0-{stamp_of(FIRST_PUSH)}-main')
        feed.write()
        self.feed_url = feed.index_url
        self.daemons = []

    def daemon(self, name, repositories):
        folder = self.folder / name
        folder.mkdir()
        daemon = Daemon(folder, {'feeds': {'bench': {'url': self.feed_url, 'interval': '1h'}},
                                 'repositories': repositories})
        self.daemons.append(daemon)
        return daemon

    def release(self):
        for daemon in self.daemons:
            daemon.discard()


def wait_until(true, seconds=300, every=0.005):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, 'waited in vain'
        time.sleep(every)


def answers(daemon, repo, sha, branch):
    def ask():
        try:
            return daemon.get('/resolve', repo=repo, sha=sha, branch=branch, wait='0').status == 200
        except OSError:
            return False
    return ask


def lives(daemon):
    def ask():
        try:
            return daemon.get('/livez').status == 200
        except OSError:
            return False
    return ask


def phases(daemon, repo, until):
    """Seconds spent in each phase of a look, seen from outside."""
    spent, last, phase = {}, time.monotonic(), 'start'
    while not until():
        try:
            seen = daemon.get(f'/repos/{repo}').json.get('sync', {}).get('phase', '?')
        except (OSError, ValueError):
            seen = phase
        now = time.monotonic()
        spent[phase] = spent.get(phase, 0) + now - last
        last, phase = now, seen
        time.sleep(0.02)
    spent[phase] = spent.get(phase, 0) + time.monotonic() - last
    return spent


def git_log_s(path):
    started = time.monotonic()
    subprocess.run(['git', '-c', 'safe.directory=*', '-C', path, 'log', '--all',
                    '--format=%H %P %at %ct'], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


# ---- the parts ----

def figures_of(lines, name):
    return [dict(zip(words[1::2], map(int, words[2::2]))) for words in lines if words[0] == name]


def measure_graph(bench, pairs):
    """The process that holds the graph beside libgit2 in itself: (a) the walk alone, (b), (d)."""
    output = subprocess.run([bench.options.graph_bench, bench.history, str(pairs)], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    lines = [line.split() for line in output.splitlines()]
    walks = figures_of(lines, 'walk')
    ratio = sorted(row['ours_ns'] / row['git_log_ns'] for row in walks)[len(walks) // 2]
    print(f'walk of all commits beside git log: '
          f'{min(row["ours_ns"] for row in walks) / 1e9:.2f} s / '
          f'{min(row["git_log_ns"] for row in walks) / 1e9:.2f} s, ratio {ratio:.2f} (aim: 0.60)')
    graph, reaches = figures_of(lines, 'graph')[0], figures_of(lines, 'reach')
    one = max((row['bytes'] for row in reaches), default=0)
    print(f'memory per commit: graph {graph["bytes"] / graph["commits"]:.1f} bytes, a reach '
          f'{one / graph["commits"]:.1f}, together '
          f'{(graph["bytes"] + one) / graph["commits"]:.1f} (aim: 64)')
    if not pairs:
        return
    rows = {name: figures_of(lines, name)[0] for name in (
        'tracked', 'tracked_by_pivot', 'untracked', 'walk_of_untracked', 'libgit2', 'git')}
    for name, row in rows.items():
        print(f'fork points, {name:<18} {row["count"]:6} pairs: p50 {row["p50_ns"] / 1000:10.2f} us'
              f'  p99 {row["p99_ns"] / 1000:10.2f} us  max {row["max_ns"] / 1000:10.2f} us')
    median = rows['tracked']['p50_ns'] or 1
    print(f'fork points at the median: {rows["libgit2"]["p50_ns"] / median:.0f} times as fast as '
          f'libgit2 (aim: 100), {rows["git"]["p50_ns"] / median:.0f} times as fast as git '
          f'merge-base (aim: 10000); p99 {rows["tracked"]["p99_ns"] / 1000:.1f} us (aim: 50)')
    differing = [words for words in lines if words[0] == 'differing' and words[2] != '0']
    print(f'fork points that differ: {differing or "none"}')
    assert not differing


def memory_of(daemon, name):
    status = pathlib.Path(f'/proc/{daemon.process.pid}/status').read_text(encoding='ascii')
    return int(re.search(rf'{name}:\s+(\d+) kB', status)[1]) * 1024


def measure_ingest(bench):
    """(a) The daemon's whole ingest over a mirror that is there already, so that no transfer is in
    it: from the process's start to the first answer. Then (c) a start with all of it ingested."""
    tip = git(bench.history, 'rev-parse', f'refs/heads/{bench.branch}').strip()
    count = int(git(bench.history, 'rev-list', '--all', '--count'))
    daemon = bench.daemon('ingest', {'big': repository(bench.history, branch=bench.branch)})
    mirror = pathlib.Path(daemon.config['data_dir'], 'mirrors', 'big.git')
    mirror.parent.mkdir(parents=True)
    shutil.copytree(bench.history, mirror)
    log_s = min(git_log_s(bench.history) for _ in range(3))
    started = time.monotonic()
    daemon.start(ready=False)
    spent = phases(daemon, 'big', answers(daemon, 'big', tip, bench.branch))
    took = time.monotonic() - started
    told = ', '.join(f'{name} {seconds:.2f} s' for name, seconds in spent.items())
    print(f'first ingest by the daemon: {took:.2f} s to the first answer ({told}), git log '
          f'{log_s:.2f} s, ratio {took / log_s:.2f} (aim: 0.60)')
    time.sleep(0.5)
    say_memory(daemon, count, 'after the ingest')
    times = []
    for _ in range(3):
        daemon.stop()
        started = time.monotonic()
        daemon.start(ready=False)
        wait_until(answers(daemon, 'big', tip, bench.branch), every=0.001)
        times.append(time.monotonic() - started)
    print(f'start with all ingested: {min(times):.3f} s to the first answer, '
          f'{min(times) / count * 1e6:.3f} s per million commits (aim: 0.2)')
    empty = bench.daemon('empty', {'none': repository(bench.folder / 'nothing.git')})
    nothing = []
    for _ in range(4):          # the first, which makes the databases, does not count
        started = time.monotonic()
        empty.start(ready=False)
        wait_until(lives(empty), every=0.001)
        nothing.append(time.monotonic() - started)
        if len(nothing) < 4:
            empty.stop()
    print(f'of which a start with nothing to load takes {min(nothing[1:]):.3f} s, so the load '
          f'{(min(times) - min(nothing[1:])) / count * 1e6:.3f} s per million commits')
    say_memory(empty, 0, 'of the process with nothing loaded')
    empty.discard()
    say_memory(daemon, count, 'after a start with all ingested')
    daemon.stop()


def say_memory(daemon, count, when):
    resident, peak = memory_of(daemon, 'VmRSS'), memory_of(daemon, 'VmHWM')
    each = f', {resident / count:.0f} bytes per commit' if count else ''
    print(f'memory {when}: {resident / 1e6:.0f} MB resident{each}, at most {peak / 1e6:.0f} MB')


def measure_fetch(bench):
    """(e) A look that brings nothing, over http, beside `git fetch` of the same."""
    with GitHttpServer(bench.folder) as server:
        url = server.url('history.git')
        daemon = bench.daemon('fetch', {'big': repository(url, branch=bench.branch)})
        mirror = pathlib.Path(daemon.config['data_dir'], 'mirrors', 'big.git')
        mirror.parent.mkdir(parents=True)
        shutil.copytree(bench.history, mirror)
        clone = bench.folder / 'clone.git'
        shutil.copytree(bench.history, clone)
        git(clone, 'config', 'remote.origin.url', url)
        git(clone, 'config', 'remote.origin.fetch', '+refs/*:refs/*')
        tip = git(bench.history, 'rev-parse', f'refs/heads/{bench.branch}').strip()
        daemon.start(ready=False)
        wait_until(answers(daemon, 'big', tip, bench.branch))
        ours, theirs = [], []
        for _ in range(7):
            started = time.monotonic()
            reply = daemon.get('/resolve', repo='big', sha=tip, branch=bench.branch, wait='60',
                               headers={'Cache-Control': 'no-cache'})
            ours.append(time.monotonic() - started)
            assert reply.status == 200, reply
            started = time.monotonic()
            git(clone, 'fetch', '-q', '--prune', 'origin')
            theirs.append(time.monotonic() - started)
        ours, theirs = sorted(ours)[3], sorted(theirs)[3]
        print(f'a fetch with nothing new: {ours * 1000:.0f} ms from question to answer, git fetch '
              f'{theirs * 1000:.0f} ms, ratio {ours / theirs:.2f} (aim: 1.0)')
        daemon.stop()


def run_wrk(daemon, questions, seconds):
    output = subprocess.run(
        ['wrk', '-t1', '-c16', f'-d{seconds}s', '-s', str(ROOT / 'tests/bench/questions.lua'),
         daemon.url, '--', str(questions), '1'], check=True, capture_output=True, text=True).stdout
    numbers = next(line for line in output.splitlines() if line.startswith('figures')).split()[1:]
    requests, duration_us, p50_us, p99_us, bad, broken = map(int, numbers)
    assert bad == 0 and broken == 0, output
    return requests * 1e6 / duration_us, p50_us, p99_us


def measure_beside(bench):
    """(f) /resolve of a small repository while another one's first ingest runs."""
    small = Upstream(bench.folder / 'small.git')
    shas = [small.commit('main', FIRST_PUSH + 3600 * number) for number in range(200)]
    with open(bench.folder / 'questions', 'w', encoding='ascii') as file:
        file.writelines(f'/resolve?repo=small&sha={sha}&branch=main\n' for sha in shas)
    with GitHttpServer(bench.folder) as server:
        repositories = {'small': repository(small.path, branch='main')}
        daemon = bench.daemon('beside', repositories)
        daemon.start(ready=False)
        wait_until(answers(daemon, 'small', shas[-1], 'main'))
        run_wrk(daemon, bench.folder / 'questions', 1)
        idle = run_wrk(daemon, bench.folder / 'questions', 4)
        print(f'idle: {idle[0]:.0f}/s  p50 {idle[1]} us  p99 {idle[2]} us')
        daemon.stop()
        repositories['big'] = repository(server.url('history.git'), branch=bench.branch)
        daemon.start(ready=False)
        wait_until(answers(daemon, 'small', shas[-1], 'main'))
        rows, phase = [], 'starting'
        while phase != 'idle':
            phase = daemon.get('/repos/big').json['sync'].get('phase', 'idle')
            if phase != 'idle':
                row = run_wrk(daemon, bench.folder / 'questions', 2)
                rows.append(row)
                print(f'while {phase}: {row[0]:.0f}/s  p50 {row[1]} us  p99 {row[2]} us')
        assert rows, 'the ingest was through before anybody asked'
        median, worst = statistics.median(row[2] for row in rows), max(row[2] for row in rows)
        print(f'/resolve while another repository is ingested first: p99 {median / idle[2]:.2f} '
              f'times that of idle at the median of {len(rows)} rounds, {worst / idle[2]:.2f} at '
              f'worst (aim: 3), throughput '
              f'{statistics.median(row[0] for row in rows) / idle[0]:.2f}')
        daemon.stop()


def measure_agents(bench):
    """(g) Agents that ask at once for a commit that was pushed a second ago."""
    up = Upstream(bench.folder / 'pushed.git')
    first = up.commit('main', FIRST_PUSH)
    for number in range(200):
        up.commit('main', FIRST_PUSH + 3600 * number)
    agents = bench.options.agents
    with GitHttpServer(bench.folder) as server:
        daemon = bench.daemon('agents', {'pushed': repository(server.url('pushed.git'),
                                                              branch='main')})
        daemon.start(ready=False)
        wait_until(answers(daemon, 'pushed', first, 'main'))
        tip = up.tip('main')
        sha = up.commit('topic', FIRST_PUSH + 3600 * 300, parents=[tip])
        time.sleep(1)
        looks = daemon.log.count('mirror.synced')
        ready, replies = threading.Barrier(9, timeout=30), []

        def ask_many(count):
            clients = [daemon.client() for _ in range(count)]
            for client in clients:
                client.connection.connect()
            ready.wait()
            started = time.monotonic()
            for client in clients:      # all are on their way before the first answer is read
                client.connection.request(
                    'GET', f'/resolve?repo=pushed&sha={sha}&branch=main&wait=60')
            for client in clients:
                reply = client.connection.getresponse()
                body = reply.read()
                replies.append((reply.status, tip.encode() in body, time.monotonic() - started))
                client.close()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(ask_many, agents // 8) for _ in range(8)]
            ready.wait()
            for job in jobs:
                job.result()
        fetches = daemon.log.count('mirror.synced') - looks
        right = sum(status == 200 and found for status, found, _ in replies)
        print(f'{len(replies)} agents that ask at once for a commit that was just pushed: {right} '
              f'right, {len(replies) - right} not, {fetches} fetch(es) that brought something, '
              f'last answer after {max(row[2] for row in replies):.2f} s')
        assert right == len(replies) and fetches == 1, [row for row in replies if row[0] != 200][:3]
        daemon.stop()


def main():
    parser = argparse.ArgumentParser(description='mirrors and the commit graph at full size')
    parser.add_argument('forkpoint')
    parser.add_argument('graph_bench')
    parser.add_argument('parts', nargs='*', metavar='PART')
    parser.add_argument('--history', default=os.environ.get('FORKPOINT_BENCH_HISTORY'))
    parser.add_argument('--pairs', type=int, default=20000)
    parser.add_argument('--agents', type=int, default=2000)
    options = parser.parse_args()
    parts = options.parts or os.environ.get('FORKPOINT_BENCH_PARTS', '').split() or PARTS
    os.environ['FORKPOINT_BIN'] = options.forkpoint
    sys.stdout.reconfigure(line_buffering=True)
    say_machine()
    with tempfile.TemporaryDirectory(prefix='fp-bench-') as name:
        bench = Bench(pathlib.Path(name), options)
        try:
            if 'ingest' in parts or 'forks' in parts:
                measure_graph(bench, options.pairs if 'forks' in parts else 0)
            for part, measure in (('start', measure_ingest), ('fetch', measure_fetch),
                                  ('beside', measure_beside), ('agents', measure_agents)):
                if part in parts or (part == 'start' and 'ingest' in parts and 'start' in PARTS):
                    measure(bench)
        finally:
            bench.release()


if __name__ == '__main__':
    main()
