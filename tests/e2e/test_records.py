"""No answer without a record: also after kill -9, also of errors."""
import json
import random
import threading
import time

from daemon import eventually


def load(daemon, shas, ids, stop):
    """Asks until told to stop or until the daemon dies; keeps each id that it got."""
    client = daemon.client(timeout=10)
    rng = random.Random(7)
    while not stop.is_set():
        sha, branch = rng.choice(shas), rng.choice(['main', 'release/2.4'])
        try:
            reply = client.request('GET', f'/resolve?repo=winui&sha={sha}&branch={branch}')
            document = reply.json
        except Exception:       # cut off in the middle: no answer was given
            return
        if reply.status == 200:
            ids[document['id']] = (sha, document['package']['version'])
        else:
            ids[document['instance']] = (sha, document['code'])


def run_load(daemon, shas, seconds, end):
    ids, stop = {}, threading.Event()
    threads = [threading.Thread(target=load, args=(daemon, shas, ids, stop)) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    end()
    stop.set()
    for thread in threads:
        thread.join()
    return ids


def missing_records(daemon, ids):
    client = daemon.client()
    missing = []
    for answer, (sha, result) in ids.items():
        reply = client.request('GET', f'/history/{answer}')
        if reply.status != 200 or sha not in reply.text or result not in reply.text:
            missing.append((answer, sha, result, reply))
    return missing


def test_kill_9_under_load_loses_no_record(example):
    daemon = example.daemon.start()
    shas = list(example.sha.values())
    everything = {}
    for seconds in (0.3, 1.5, 0.8):
        ids = run_load(daemon, shas, seconds, daemon.kill)
        assert ids
        assert not set(ids) & set(everything), 'an id was given twice'
        everything.update(ids)
        daemon.start()
        assert missing_records(daemon, ids) == []
    some = dict(random.Random(1).sample(sorted(everything.items()), min(500, len(everything))))
    assert missing_records(daemon, some) == []


def test_sigterm_under_load_loses_no_record(example):
    daemon = example.daemon.start()
    ids = run_load(daemon, list(example.sha.values()), 1.0, daemon.stop)
    assert ids
    daemon.start()
    assert missing_records(daemon, ids) == []


def test_records_of_errors_and_forms(example):
    daemon = example.daemon.start()
    sha = example.sha['merged']
    error = daemon.resolve(example.sha['18b956f6'], 'release/2.4')
    stored = daemon.get(f'/history/{error.json["instance"]}')
    assert stored.status == 200 and 'no-database' in stored.text
    text = daemon.resolve(sha, format='version')
    assert text.status == 200
    items = daemon.request('POST', '/resolve', json.dumps(
        {'requests': [{'repo': 'winui', 'sha': sha}] * 20})).json['items']
    assert len({item['id'] for item in items}) == 20
    assert missing_records(daemon, {item['id']: (sha, item['package']['version'])
                                    for item in items}) == []


def test_a_record_is_the_answer_as_it_was_given(example):
    daemon = example.daemon.start()
    sha = example.sha['merged']
    given = daemon.resolve(sha, 'main')
    example.feed.add('MUXPGODatabase', '2.4.2001312204-main')
    example.feed.write()
    eventually(lambda: daemon.resolve(sha, 'main').json['state']['feed_revision']
               > given.json['state']['feed_revision'], what='a newer state')
    stored = daemon.get(f'/history/{given.json["id"]}').text
    for line in (given.json['id'], given.json['resolved_at'], '2.4.2001312205-main',
                 given.json['requested_version'], given.json['reasoning'][7]['text']):
        assert line in stored
