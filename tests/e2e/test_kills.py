"""kill -9 of the daemon at random moments under load, as often as fits in some seconds.

FORKPOINT_KILLS=N kills it N times instead, FORKPOINT_SEED=N makes a run's choices again.
"""
import os
import random
import statistics
import threading
import time

import pytest
from test_records import load, missing_records

SECONDS = 18.0
CLIENTS = 12
# From the start of the process to its first reply, with a sanitizer's slowness.
START_WITHIN_S = 3.0


def wait_for_reply(daemon):
    """Seconds from the start to the first reply of any kind."""
    started = time.monotonic()
    daemon.start(ready=False)
    while True:
        assert daemon.process.poll() is None, daemon.log
        try:
            if daemon.get('/livez').status == 200:
                return time.monotonic() - started
        except OSError:
            pass
        assert time.monotonic() - started < 30, daemon.log
        time.sleep(0.002)


def run_and_kill(daemon, shas, after_s):
    """What clients got until the kill, counted from their first answer."""
    ids, stop = {}, threading.Event()
    threads = [threading.Thread(target=load, args=(daemon, shas, ids, stop))
               for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    give_up = time.monotonic() + 10
    while not ids and time.monotonic() < give_up:
        time.sleep(0.001)
    time.sleep(after_s)
    daemon.kill()
    stop.set()
    for thread in threads:
        thread.join()
    return ids


@pytest.mark.limit(36000 if os.environ.get('FORKPOINT_KILLS') else 120)
@pytest.mark.parametrize('durability', ['process', 'machine'])
def test_kills(example, durability):
    seed = int(os.environ.get('FORKPOINT_SEED', time.time()))
    wanted = int(os.environ.get('FORKPOINT_KILLS', '0'))
    rng = random.Random(seed)
    daemon = example.daemon
    # Small, so that its files are used again and again.
    daemon.config['history'] = {'journal': '1MiB', 'durability': durability}
    shas = list(example.sha.values())
    daemon.start()
    seen, starts, kills = set(), [], 0
    end = time.monotonic() + SECONDS
    while kills < wanted if wanted else time.monotonic() < end:
        if kills:
            starts.append(wait_for_reply(daemon))
            daemon.wait_ready()
        if kills % 7 == 3:      # twice in a row, the second time at once
            daemon.kill()
            starts.append(wait_for_reply(daemon))
        ids = run_and_kill(daemon, shas, rng.choice((0.0, 0.02, 0.1, 0.3)) * rng.random())
        kills += 1
        assert not seen & set(ids), f'an id was given twice (seed {seed}, kill {kills})'
        seen |= set(ids)
        starts.append(wait_for_reply(daemon))
        daemon.wait_ready()
        some = dict(rng.sample(sorted(ids.items()), min(len(ids), 150)))
        last = dict(list(ids.items())[-50:])
        assert missing_records(daemon, {**some, **last}) == [], f'seed {seed}, kill {kills}'
        daemon.kill()
    wait_for_reply(daemon)
    daemon.wait_ready()
    everything = daemon.client()
    for one in rng.sample(sorted(seen), min(len(seen), 300)):
        assert everything.request('GET', f'/history/{one}').status == 200, f'seed {seed}'
    print(f'{kills} kills under load with durability {durability}, {len(seen)} answers, a start '
          f'takes {statistics.median(starts):.3f} s, at most {max(starts):.3f} s; seed {seed}')
    assert len(seen) > kills * 5
    assert statistics.median(starts) < START_WITHIN_S
