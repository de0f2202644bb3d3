"""as_of against what was answered: packages, refs and configuration change at random under requests,
over reloads, restarts and kills; then every answer is asked for again as of its moment."""
import collections
import http.client
import json
import os
import random
import signal
import threading
import time

import pytest

from as_of_model import differences, moment_text
from daemon import eventually
from upstream import stamp_of

SECONDS = float(os.environ.get('FORKPOINT_MODEL_SECONDS', '14'))
LONGER_S = 40       # where a busy machine has shown too little by then
BEGIN_S = 1_580_000_000


class Chaos:
    """Changes one thing after another; what it does is drawn from a seed."""

    def __init__(self, world, seed):
        self.world = world
        self.random = random.Random(seed)
        self.upstream = world.upstream
        self.shas = list(world.sha.values())
        self.minutes = 0
        self.hidden = {}
        self.done = collections.Counter()

    # ---- packages ----

    def publish(self):
        label = self.random.choice(['main', 'main', 'release_2_4', 'topic-a'])
        # half of them before the newest commit, or hardly any is ever chosen
        end = self.random.choice([20_000, max(self.minutes, 600)])
        stamp = stamp_of(BEGIN_S + 60 * self.random.randrange(end))
        release = self.random.choice(['2.4', '2.4', '2.5'])
        self.world.feed.add('MUXPGODatabase', f'{release}.{stamp}-{label}')

    def some_version(self):
        return self.random.choice(sorted(self.world.feed.packages['MUXPGODatabase']))

    def unlist(self):
        row = self.world.feed.packages['MUXPGODatabase'][self.some_version()]
        row['listed'] = not row.get('listed', True)

    def delete(self):
        version = self.some_version()
        if len(self.world.feed.packages['MUXPGODatabase']) > 3:
            self.hidden[version] = self.world.feed.packages['MUXPGODatabase'].pop(version)

    def bring_back(self):
        if self.hidden:
            version = self.random.choice(sorted(self.hidden))
            self.world.feed.packages['MUXPGODatabase'][version] = self.hidden.pop(version)

    # ---- refs ----

    def next_minute(self):
        self.minutes += self.random.randrange(-30, 90)
        return BEGIN_S + 60 * self.minutes

    def commit(self):
        branch = self.random.choice(['main', 'main', 'release/2.4', 'topic/a', 'topic-a'])
        parents = None if self.upstream.tip(branch) else [self.random.choice(self.shas)]
        self.shas.append(self.upstream.commit(branch, self.next_minute(), parents=parents))

    def merge(self):
        parents = [self.upstream.tip('main'), self.random.choice(self.shas)]
        self.shas.append(self.upstream.commit('main', self.next_minute(), parents=parents))

    def force(self):
        branch = self.random.choice(['main', 'release/2.4', 'topic/a'])
        self.upstream.git('update-ref', f'refs/heads/{branch}', self.random.choice(self.shas))

    def drop(self):
        branch = self.random.choice(['release/2.4', 'topic/a', 'topic-a'])
        if self.upstream.tip(branch):
            self.upstream.git('update-ref', '-d', f'refs/heads/{branch}')

    def step(self):
        feed = self.random.choice([self.publish, self.publish, self.unlist, self.delete,
                                   self.bring_back])
        refs = self.random.choice([self.commit, self.commit, self.merge, self.force, self.drop])
        for change in self.random.sample([feed, refs], self.random.choice([1, 2])):
            change()
            self.done[change.__name__] += 1
        self.world.feed.write()

    # ---- the daemon ----

    def reload(self):
        repository = self.world.daemon.config['repositories']['winui']
        repository['branch'] = self.random.choice(['main', 'release/2.4'])
        repository['tracked'] = self.random.choice([['main'], ['main', 'release/*']])
        repository['aliases'] = self.random.choice([{}, {'main': ['topic/a', 'gone']}])
        repository['packages'][0]['unlisted'] = self.random.choice(['drop', 'keep'])
        self.world.daemon.config['stale_after'] = self.random.choice(['1s', '10m'])
        self.world.daemon.config_file.write_text(json.dumps(self.world.daemon.config),
                                                 encoding='utf-8')
        self.world.daemon.process.send_signal(signal.SIGHUP)
        self.done['reload'] += 1


class Asker:
    """Asks at random and keeps every reply."""

    def __init__(self, chaos, seed):
        self.chaos = chaos
        self.random = random.Random(seed)
        self.answers = []            # (question, document)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def question(self):
        sha = self.random.choice(self.chaos.shas[-40:] + self.chaos.shas[:15])
        asked = {'repo': 'winui', 'wait': '0'}
        if self.random.random() < 0.1:
            asked['ref'] = self.random.choice(['refs/heads/main', 'refs/heads/release/2.4',
                                               'refs/heads/topic/a'])
        else:
            asked['sha'] = sha[:self.random.choice([40, 40, 40, 12, 7, 4])]
        if self.random.random() < 0.7:
            asked['branch'] = self.random.choice(['main', 'main', 'release/2.4', 'topic/a', 'gone'])
        if self.random.random() < 0.2:
            asked['release'] = self.random.choice(['2.4', '2.5', '3'])
        if self.random.random() < 0.1:
            asked['candidates'] = 'all'
        return asked

    def run(self):
        while not self.stopping.is_set():
            questions = [self.question() for _ in range(self.random.choice([1, 3, 20]))]
            try:
                reply = self.chaos.world.daemon.request(
                    'POST', '/resolve', body=json.dumps({'requests': questions}))
            except (OSError, AttributeError, ValueError, http.client.HTTPException):
                time.sleep(0.02)     # it is being restarted, perhaps in the middle of an answer
                continue
            if reply.status == 200:
                self.answers += zip(questions, reply.json['items'])
            time.sleep(self.random.random() * 0.05)


def on_record(answers):
    return [pair for pair in answers if 'id' in pair[1] and
            pair[1].get('code') not in ('not-ready', 'internal')]


def versions_of(answers):
    return [document['package']['version'] for _, document in answers if 'code' not in document]


def is_enough(answers):
    """Answers, those that name a package, and packages that came meanwhile."""
    versions = versions_of(answers)
    return len(answers) > 500 and len(versions) > 100 and len(set(versions)) > 5


def run_chaos(world, seed, restarts=True):
    chaos = Chaos(world, seed)
    askers = [Asker(chaos, seed * 10 + number) for number in range(2)]
    for asker in askers:
        asker.thread.start()
    deadline = time.monotonic() + SECONDS
    ends = [time.monotonic() + SECONDS * part for part in (0.4, 0.7)] if restarts else []
    try:
        while time.monotonic() < deadline or (
                time.monotonic() < deadline + LONGER_S
                and not is_enough(on_record(pair for asker in askers for pair in asker.answers))):
            chaos.step()
            if chaos.random.random() < 0.08:
                chaos.reload()
            if ends and time.monotonic() > ends[0]:
                ends.pop(0)
                (world.daemon.kill if len(ends) else world.daemon.stop)()
                world.daemon.start()
            time.sleep(chaos.random.random() * 0.15)
    finally:
        for asker in askers:
            asker.stopping.set()
        for asker in askers:
            asker.thread.join()
    return chaos, on_record(pair for asker in askers for pair in asker.answers)


def moments_of(daemon, answers):
    client = daemon.client()
    try:
        return [client.request('GET', f'/history/{document["id"]}').json['at_us']
                for _, document in answers]
    finally:
        client.close()


def ask_again(daemon, questions, moments):
    for begin in range(0, len(questions), 500):
        part = [{**question, 'as_of': moment_text(at_us)} for question, at_us in
                zip(questions[begin:begin + 500], moments[begin:begin + 500])]
        reply = daemon.request('POST', '/resolve', body=json.dumps({'requests': part}))
        assert reply.status == 200, reply
        yield from reply.json['items']


def of(document, *path):
    for name in path:
        document = (document or {}).get(name)
    return document


def warning_codes(document):
    return {row['code'] for row in document.get('warnings', [])}


def unnamed(replay):
    """What differs between the answers of then and now and stands among no difference."""
    then, now = replay['then'], replay['now']
    rows = replay['differences']
    named = {row['what'] for row in rows}
    both = 'code' not in then and 'code' not in now
    wanted = set()
    if (then.get('code'), of(then, 'package', 'version')) != \
            (now.get('code'), of(now, 'package', 'version')):
        wanted.add('answer')
        if named == {'answer'}:
            wanted.add('a cause')
    for what, path in (('commit', ['sha']), ('pgo-branch', ['branch']),
                       ('release', ['release', 'text']), ('fork-point', ['fork_point', 'sha']),
                       ('ancestry', ['ancestry', 'version'])):
        if both and of(then, *path) != of(now, *path):
            wanted.add(what)
    if both and then['branch'] == now['branch'] and \
            then['fork_point']['branch_tip'] != now['fork_point']['branch_tip']:
        wanted.add('branch')
    if {row['subject'] for row in rows if row['what'] == 'warning'} != \
            warning_codes(then) ^ warning_codes(now):
        wanted.add('warnings')
    return wanted - named


@pytest.mark.limit(300)
def test_every_answer_comes_back(example):
    example.config['feeds']['demo']['interval'] = '150ms'
    example.repository['interval'] = '150ms'
    daemon = example.daemon.start()
    seed = int(os.environ.get('FORKPOINT_MODEL_SEED', random.randrange(1_000_000)))
    print('seed', seed)
    chaos, answers = run_chaos(example, seed)
    daemon.get('/readyz')
    eventually(lambda: daemon.get('/readyz').status == 200, what='ready')
    outcomes = collections.Counter(document.get('code', 'ok') for _, document in answers)
    assert is_enough(answers), (outcomes, set(versions_of(answers)))
    moments = moments_of(daemon, answers)
    started = time.monotonic()
    wrong = []
    for (question, then), at_us, again in zip(
            answers, moments, ask_again(daemon, [question for question, _ in answers], moments)):
        if differences(then, again):
            wrong.append((moment_text(at_us), question, differences(then, again)))
    took = time.monotonic() - started
    print(f'{len(answers)} answers again in {took:.1f} s; {dict(outcomes)}; {dict(chaos.done)}')
    for _, document in chaos.random.sample(answers, 200):
        reply = daemon.get(f'/history/{document["id"]}/replay').json
        assert reply.get('reproduced') is True, (document, reply)
        assert not unnamed(reply), (unnamed(reply), reply)
        assert reply['same'] is (not reply['differences'])
    assert not wrong, f'{len(wrong)} of {len(answers)} differ, the first: {wrong[:3]}'
