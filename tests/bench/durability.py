"""What recording costs: throughput of /resolve with it, in both durabilities, against none.

usage: durability.py FORKPOINT [--pairs N] [--seconds S] [--rounds N] [--random]

Three daemons over one history: `off` gives answers without recording them, `process` and `machine`
record. `off` needs no switch in the program: its database takes no records (a trigger refuses them)
and its journal, the smallest there is, was filled before the measurement, so that with
history.when_full = answer every answer leaves unrecorded. It still renders, hashes and tries: what
is left out is the copy into the journal, the drain, and the database.

`machine` is bound by the disk: so many answers per sync as connections wait. It is measured with 64
and with 512 connections, and the disk's own fdatasync beside it.
"""
import argparse
import json
import os
import pathlib
import sqlite3
import statistics
import tempfile
import time

import resolve as bench
from daemon import Daemon, eventually

AIMS = {'process': 0.9, 'machine': 0.6}


def sync_ms(folder):
    """The disk's: a page written and synced, many times."""
    took = []
    with open(folder / 'sync', 'wb') as file:
        file.write(b'x' * 4096 * 300)
        os.fsync(file.fileno())
        for i in range(300):
            os.pwrite(file.fileno(), b'y' * 4096, i * 4096)
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


def stop_recording(daemon, targets):
    """Fills the journal behind a database that takes nothing."""
    facts = sqlite3.connect(pathlib.Path(daemon.config['data_dir']) / 'facts.db', timeout=20)
    with facts:
        facts.execute("CREATE TRIGGER off BEFORE INSERT ON requests BEGIN SELECT "
                      "RAISE(ABORT, 'recording is off'); END")
    facts.close()
    client = daemon.client()
    for target in targets * 10:
        if 'Warning' in client.request('GET', target).headers:
            # Smaller answers may still fit; none must during the measurement.
            for last in targets[:3000]:
                client.request('GET', last)
            return
    raise AssertionError('the journal is never full')


def start(folder, name, first, history):
    config = {key: value for key, value in first.config.items()
              if key not in ('listen', 'data_dir')}
    (folder / name).mkdir()
    daemon = Daemon(folder / name, {**config, 'log_level': 'error', 'history': history})
    return daemon.start()


def run_wrk(daemon, questions, seconds, connections):
    bench.CONNECTIONS = connections
    return bench.run_wrk(bench.Server(daemon.port, daemon.process.pid), questions, seconds)


def measure(daemons, questions, options):
    rounds = {}
    for _ in range(options.rounds):
        for connections in (64, 512):
            for name, daemon in daemons.items():
                figures = run_wrk(daemon, questions, options.seconds, connections)
                rounds.setdefault((connections, name), []).append(figures)
                print(f'{connections:4} connections {name:<9}{figures}', flush=True)
                assert figures.bad_status == 0 and figures.broken == 0, 'not every reply was a 200'
    return rounds


def report(rounds):
    for connections in (64, 512):
        def median(name, count=connections):
            return statistics.median(one.per_second for one in rounds[count, name])
        for name, aim in AIMS.items():
            print(f'{connections:4} connections: {name} {median(name) / median("off"):.2f} of off '
                  f'(aim {aim}); {median(name):.0f}/s of {median("off"):.0f}/s')


def main():
    parser = argparse.ArgumentParser(description='what recording costs')
    parser.add_argument('forkpoint')
    parser.add_argument('--pairs', type=int, default=20000)
    parser.add_argument('--seconds', type=int, default=3)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--random', action='store_true', help='not the real history')
    options = parser.parse_args()
    os.environ['FORKPOINT_BIN'] = options.forkpoint
    bench.say_machine()
    with tempfile.TemporaryDirectory(prefix='fp-bench-') as name:
        folder = pathlib.Path(name)
        print(f'fdatasync of a page: {sync_ms(folder):.2f} ms (median)')
        first, oids, branches = bench.prepare(folder, options.random)
        daemons = {}
        try:
            targets = bench.choose_questions(first, oids, branches, options.pairs)
            questions = folder / 'questions'
            questions.write_text('\n'.join(targets) + '\n', encoding='ascii')
            daemons = {
                'off': start(folder, 'off', first, {'journal': '1MiB', 'when_full': 'answer'}),
                'process': start(folder, 'process', first, {'durability': 'process'}),
                'machine': start(folder, 'machine', first, {'durability': 'machine'})}
            first.stop()
            stop_recording(daemons['off'], targets)
            for daemon in daemons.values():
                run_wrk(daemon, questions, 1, 64)       # warm
            report(measure(daemons, questions, options))
            checks = {check['name']: check for check in json.loads(
                daemons['off'].get('/readyz', format='json').body)['checks']}
            assert checks['answers-unrecorded']['is'] > 1000, 'recording was not off'
            for kind in AIMS:
                eventually(lambda kind=kind: bench.recorded(daemons[kind]) > 0, what='records')
        finally:
            for daemon in (first, *daemons.values()):
                daemon.discard()


if __name__ == '__main__':
    main()
