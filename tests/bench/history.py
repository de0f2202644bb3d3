"""The record at size: bytes per request, /history and /stats over millions of requests, and what
the recorder costs while answers are given.

usage: history.py FORKPOINT FILL_HISTORY [--requests N] [--days N] [--versions N] [--data FOLDER]
                  [--asks N]
FOLDER keeps the filled database for the next run.
"""
import argparse
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in (
    'tests', 'tests/harness', 'tests/parity', 'tests/e2e', 'tests/bench', 'deploy/demo')]

import resolve                                          # noqa: E402

# What a recorded request needs beside its answer's document, which is kept once.
TABLES = ['requests', 'request_index', 'segments', 'rollups', 'rollup_clients', 'topics', 'clients',
          'agents', 'forms', 'sqlite_autoindex_topics_1']
FILTERS = ['repo', 'branch', 'version', 'outcome', 'sha', 'client', 'build']
DAY_S = 86400


def fill(fill_history, data, requests, days, versions):
    if (data / 'facts.db').exists():
        return
    data.mkdir(parents=True, exist_ok=True)
    print(subprocess.run([fill_history, str(data), str(requests), str(days), str(versions)], check=True,
                         capture_output=True, text=True).stdout, end='', flush=True)


def say_bytes(data):
    with sqlite3.connect(f'file:{data}/facts.db?mode=ro', uri=True) as facts:
        count = facts.execute('SELECT count(*) FROM requests').fetchone()[0]
        sizes = dict(facts.execute('SELECT name, sum(pgsize) FROM dbstat GROUP BY name'))
    total = sum(sizes.get(name, 0) for name in TABLES) / count
    parts = ', '.join(f'{name} {sizes[name] / count:.1f}' for name in TABLES[:5])
    print(f'{total:.1f} bytes per recorded request (aim: under 60): {parts}', flush=True)


def sample_rows(data, count):
    """What some requests have in common with questions."""
    with sqlite3.connect(f'file:{data}/facts.db?mode=ro', uri=True) as facts:
        first, last = facts.execute('SELECT min(request), max(request) FROM requests').fetchone()
        rng, rows = random.Random(1), []
        for _ in range(count):
            rows += facts.execute(
                'SELECT t.repo, t.branch, t.version, t.outcome, sha, c.text, b.text, at_us'
                ' FROM requests JOIN answers USING (answer) JOIN topics t'
                ' ON t.topic = requests.topic JOIN clients c ON c.id = client'
                ' LEFT JOIN builds b ON b.id = build WHERE request >= ? LIMIT 1',
                (rng.randint(first, last),))
    return [dict(zip([*FILTERS, 'at_us'], row)) for row in rows]


def stamp(at_us):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(at_us / 1e6))


def history_questions(rows, count):
    rng, questions = random.Random(2), []
    for _ in range(count):
        row = rng.choice(rows)
        asked = {name: row[name] for name in FILTERS if rng.random() < 0.3 and row[name]}
        if rng.random() < 0.05:
            asked['client'] = rng.choice(rows)['client']    # perhaps never together with the rest
        if rng.random() < 0.3:
            asked['since'] = stamp(row['at_us'] - rng.randint(0, 30 * DAY_S) * 1000000)
        if rng.random() < 0.3:
            asked['until'] = stamp(row['at_us'] + rng.randint(1, 30 * DAY_S) * 1000000)
        questions.append(('/history', asked))
    return questions


def stats_questions(rows, days, count):
    rng, questions = random.Random(3), []
    newest = max(row['at_us'] for row in rows)
    for _ in range(count):
        by = rng.choice(['', 'outcome', 'version', 'branch', 'client', 'outcome,branch'])
        span = rng.choice([1, 7, 30, days])
        asked = {'since': stamp(newest - span * DAY_S * 1000000), 'until': stamp(newest)}
        if by:
            asked['by'] = by
        if rng.random() < 0.5:
            asked['repo'] = rng.choice(rows)['repo']
        questions.append(('/stats', asked))
    return questions


def ask_all(daemon, questions, what):
    took = []
    for path, parameters in questions:
        started = time.perf_counter()
        reply = daemon.get(path, **parameters)
        took.append((time.perf_counter() - started, parameters, len(reply.body)))
        assert reply.status == 200, reply
    took.sort(key=lambda one: one[0])
    print(f'{what}: p50 {took[len(took) // 2][0] * 1000:.1f} ms, '
          f'p99 {took[len(took) * 99 // 100][0] * 1000:.1f} ms (aim: under 20), '
          f'slowest {took[-1][0] * 1000:.1f} ms for {took[-1][1]}', flush=True)


def thread_seconds(pid):
    """CPU seconds of each thread."""
    seconds = {}
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        fields = (task / 'stat').read_text(encoding='ascii').rpartition(')')[2].split()
        seconds[task.name] = (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
    return seconds


def throughput(folder, data, seconds, what):
    """Answers a second, recorded, into a history of that size."""
    daemon, oids, branches = resolve.prepare(folder, True)
    try:
        if data:
            daemon.stop()
            daemon.config['data_dir'] = str(data)
            daemon.start()
        targets = resolve.choose_questions(daemon, oids, branches, 20000)
        questions = folder / 'questions'
        questions.write_text('\n'.join(targets) + '\n', encoding='ascii')
        resolve.run_wrk(resolve.Server(daemon.port, daemon.process.pid), questions, 2)
        before = thread_seconds(daemon.process.pid)
        figures = resolve.run_wrk(resolve.Server(daemon.port, daemon.process.pid), questions,
                                  seconds)
        spent = sorted((after - before.get(thread, 0) for thread, after
                        in thread_seconds(daemon.process.pid).items()), reverse=True)
        print(f'{what}: {figures}; CPU seconds of the busiest threads: '
              f'{", ".join(f"{one:.2f}" for one in spent[:6])}', flush=True)
    finally:
        daemon.discard()


def main():
    parser = argparse.ArgumentParser(description='the record at size')
    parser.add_argument('forkpoint')
    parser.add_argument('fill_history')
    parser.add_argument('--requests', type=int, default=10000000)
    parser.add_argument('--days', type=int, default=120)
    parser.add_argument('--versions', type=int, default=1, help='of a branch, a day')
    parser.add_argument('--asks', type=int, default=1000)
    parser.add_argument('--seconds', type=int, default=5)
    parser.add_argument('--data', type=pathlib.Path)
    options = parser.parse_args()
    os.environ['FORKPOINT_BIN'] = options.forkpoint
    resolve.say_machine()
    with tempfile.TemporaryDirectory(prefix='fp-bench-') as name:
        folder = pathlib.Path(name)
        data = options.data or folder / 'filled'
        fill(options.fill_history, data, options.requests, options.days, options.versions)
        say_bytes(data)
        rows = sample_rows(data, 500)
        daemon = resolve.Daemon(folder, {'feeds': {}, 'repositories': {}, 'data_dir': str(data)})
        daemon.start(ready=False)
        try:
            daemon.wait_ready(path='/livez')
            ask_all(daemon, history_questions(rows, options.asks), '/history')
            ask_all(daemon, stats_questions(rows, options.days, options.asks // 3), '/stats')
            daemon.stop()
        finally:
            daemon.discard()
        for what, filled in (('into an empty history', None), ('into a full one', data)):
            part = folder / what.replace(' ', '-')
            part.mkdir()
            throughput(part, filled, options.seconds, what)


if __name__ == '__main__':
    main()
