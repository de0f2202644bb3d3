"""Random histories, feeds, configurations and overrides: each answer, whole, against the model.

FORKPOINT_RULES_SEED repeats a run (it is printed); FORKPOINT_RULES_CASES makes it longer.
"""
import hashlib
import json
import os
import random
import secrets
import time
import urllib.parse

import pytest

from compare import ask_all
from daemon import eventually
from feed_server import FeedServer
from rules_model import Listing, Model, Overrides
from rules_worlds import FeedContent, History, settings_of

CASES = int(os.environ.get('FORKPOINT_RULES_CASES', '4000'))     # at least
REPOSITORIES = 8        # of one daemon
TOKEN = 'a token of the test'
BEARER = {'Authorization': f'Bearer {TOKEN}'}
STALE = {'feed-stale', 'refs-stale'}
CODES = {    # what every run must have seen
    None, 'no-database', 'unknown-branch', 'no-fork-point', 'release-unknown',
    'unrecognised', 'unlisted', 'other-release', 'other-branch', 'after-fork-point', 'quarantined',
    'ancestry-disagrees', 'trained-after-fork-point', 'training-commit-unknown',
    'training-commit-ambiguous', 'ambiguous-label', 'several-merge-bases', 'pinned',
    'quarantined-better', 'abbreviated-sha'}


class World:
    """One repository with its packages, and the model of it."""

    def __init__(self, folder, name, seed):
        self.name, self.rng = name, random.Random(seed)
        rng = self.rng
        self.history = History(rng, rng.choice([30, 60, 90]))
        self.settings, releases, branches = settings_of(rng, self.history.names, name)
        self.path = folder / f'{name}.git'
        self.oids = self.history.write(self.path)
        self.settings['url'] = str(self.path)
        self.number = {oid: number for number, oid in enumerate(self.oids)}
        for commit in self.history.commits:
            commit['release'] = commit['facts'].release(releases)
            commit['branch'] = commit['facts'].branch(branches)
        self.model = Model(self.history.commits, self.history.branches, self.settings)
        self.contents, self.listings = {}, {}
        for package in self.settings['packages']:
            content = FeedContent(rng, self.history, self.settings, package)
            self.contents[package['id']] = content
            self.listings[package['id']] = Listing(package, content.versions, content.members,
                                                   content.unavailable)
        self.overrides = {package: Overrides() for package in self.listings}

    # ---- questions ----

    def questions(self, count):
        """(request, number, branch, release, package) of random commits."""
        names = [*self.history.branches, None, None, *self.model_names()]
        for _ in range(count):
            number = self.rng.randrange(len(self.oids))
            branch = self.rng.choice(names)
            release = self.rng.choice([None] * 8 + ['2.4', '2.4.1', '2.5.0-Preview', '2.4-prerelease'])
            package = self.rng.choice([None, *self.listings])
            request = {'repo': self.name, 'branch': branch, 'release': release, 'package': package,
                       'candidates': 'all', 'wait': 0, **self.commit_asked(number)}
            yield ({key: value for key, value in request.items() if value is not None}, number,
                   branch, release, package or next(iter(self.listings)))

    def commit_asked(self, number):
        """By its SHA, by some digits of it, or by a branch that leads to it."""
        refs = [name for name, tip in self.history.branches.items() if tip == number]
        if refs and self.rng.random() < 0.3:
            return {'ref': f'refs/heads/{refs[0]}'}
        digits = self.rng.choice([40] * 9 + [4, 4, 7])
        return {'sha': self.oids[number][:digits]}

    def model_names(self):
        return [name for former in self.settings.get('aliases', {}).values() for name in former] \
            + ['nowhere']

    def expected(self, question):
        request, number, branch, release, package = question
        digits = request.get('sha', self.oids[number])
        if sum(oid.startswith(digits) for oid in self.oids) > 1:
            return [{'code': 'ambiguous-commit'}]
        answers = self.model.answers(self.listings[package], number, branch, release,
                                     self.overrides[package])
        for answer in answers:
            if len(digits) < 40 and 'warnings' in answer:
                answer['warnings'] = sorted([*answer['warnings'], 'abbreviated-sha'])
        return answers

    # ---- what Forkpoint says, in the model's words ----

    def said(self, document):
        code = document.get('code')
        if code not in (None, 'no-database'):
            return {'code': code}
        release, fork_point = document['release'], document['fork_point']
        candidates = document['candidates']
        said = {'code': code, 'branch': document['branch'], 'source': document['branch_source'],
                'release': (release['major'], release['minor'], release['patch'],
                            release['prerelease']),
                'tip': self.number[fork_point['branch_tip']],
                'fork_point': self.number[fork_point['sha']],
                'all': sorted(self.number[oid] for oid in fork_point['all']),
                'behind': fork_point['commits_behind_sha'], 'stamp': fork_point['stamp'],
                'requested': document['requested_version'],
                'codes': {row['version']: row['code'] for row in candidates['all']},
                'late_by': {row['version']: row['minutes_after'] for row in candidates['all']
                            if 'minutes_after' in row},
                'missing': {row['version']: row['missing'] for row in candidates['all']
                            if 'missing' in row},
                'total': candidates['total'], 'eligible': candidates['eligible'],
                'rejected': {key: count for key, count in candidates['rejected'].items() if count},
                'runner_up': candidates['runner_up'], 'nearest_newer': candidates['nearest_newer'],
                'warnings': sorted({w['code'] for w in document['warnings']} - STALE)}
        package = document['package']
        said['version'] = package and package['version']
        if code:
            nearest = document['nearest']
            said.update(after=nearest['after_fork_point'], other_release=nearest['other_release'],
                        other_labels={name.lower() for name in nearest['branches']})
        if package:
            said.update(package=package['id'], grammar=package['grammar'],
                        version_stamp=package['stamp'], ancestry=document['ancestry']['version'],
                        agrees=document['ancestry']['agrees'],
                        age_seconds=package['age_seconds'], age_commits=package['age_commits'],
                        trained=sorted(self.number[oid] for oid in package['trained_on']))
        return said

    def right(self, answer):
        """One of the model's answers in the same shape."""
        if 'fork_point' not in answer:
            return answer
        right = {key: value for key, value in answer.items() if key != 'package'}
        right['code'] = None if answer['version'] else 'no-database'
        if answer['version']:
            del right['other_release'], right['other_labels']
        else:
            right['after'] = answer['nearest_newer']
        right['total'] = len(answer['codes'])
        right['rejected'] = {}
        for code in filter(None, answer['codes'].values()):
            right['rejected'][code] = right['rejected'].get(code, 0) + 1
        right['codes'] = {text: code or 'eligible' for text, code in answer['codes'].items()}
        if answer['version']:
            right['package'] = answer['package']
        return right

    def difference(self, question, document):
        """Empty when the document is one that the rules allow."""
        said, least = self.said(document), None
        for answer in self.expected(question):
            right = self.right(answer)
            wrong = {key: (said.get(key), right.get(key)) for key in {*said, *right}
                     if not self.is_same(key, said.get(key), right.get(key))}
            if 'codes' in wrong and all(wrong['codes']):
                wrong['codes'] = tuple(dict(set(one.items()) - set(other.items())) for one, other
                                       in (wrong['codes'], wrong['codes'][::-1]))
            least = wrong if least is None or len(wrong) < len(least) else least
        return least

    def stamp_difference(self, question, document):
        request, number, branch, release, package = question
        right = self.model.publishes(self.listings[package], number, branch, release)
        said = {'code': document.get('code')}
        if not said['code']:
            twins = [problem['commits'] for problem in document['problems']
                     if problem['code'] == 'same-stamp']
            said.update(version=document['version'], stamp=document['stamp'],
                        twins=sorted(self.number[oid] for oids in twins for oid in oids),
                        wrong=[problem['code'] for problem in document['problems']])
        return {key: (said.get(key), right.get(key)) for key in {*said, *right}
                if said.get(key) != right.get(key)}

    @staticmethod
    def is_same(key, said, right):
        if key == 'other_labels' and said and len(said) >= 8:
            return said <= right        # the rest is left out
        if key in ('nearest_newer', 'after', 'other_release', 'age_commits'):
            # one of those that are as good
            return said in right if right else said is None
        return said == right


    @staticmethod
    def seen_in(document):
        """Outcome, rejections and warnings of one reply."""
        return {document.get('code'), *document.get('candidates', {}).get('rejected', {}),
                *(warning['code'] for warning in document.get('warnings', []))}

    # ---- decisions of people ----

    def decide(self, put, remove):
        """Quarantines and pins of each package; some are taken back at once."""
        for package, content in self.contents.items():
            texts = [text for text, _ in content.versions]
            exact = self.rng.sample(texts, 4)
            first, last = sorted(self.rng.sample(self.model.stamps, 2))
            ranges = [(first, last)] if self.rng.random() < 0.5 else []
            pins = {branch: self.rng.choice([*texts, *content.texts, '9.9.9-nowhere']) for branch
                    in self.rng.sample([*self.history.branches], 3)}
            for text in exact:
                put(f'/quarantine/{self.name}/{urllib.parse.quote(text, "")}', package)
            for first, last in ranges:
                put(f'/quarantine/{self.name}/stamps:{first}-{last}', package)
            for branch, text in pins.items():
                put(f'/pins/{self.name}/{urllib.parse.quote(branch, "")}', package, version=text)
            back = exact.pop()
            remove(f'/quarantine/{self.name}/{urllib.parse.quote(back.upper(), "")}', package)
            self.overrides[package] = Overrides(exact, ranges, pins)


class Run:
    """One daemon with several repositories. `seen`: the codes of all replies, None for a 200."""

    def __init__(self, world, folder, seed):
        self.seen = set()
        folder.mkdir()
        self.feed = FeedServer(resources=('flat', 'registration')).start()
        self.worlds = [World(folder, f'r{place}', seed * 100 + place)
                       for place in range(REPOSITORIES)]
        for one in self.worlds:
            for content in one.contents.values():
                content.publish(self.feed)
        world.config = {
            'stale_after': '1d', 'feeds': {'demo': {'url': self.feed.index_url, 'interval': '2s'}},
            'tokens': [{'name': 'test', 'sha256': hashlib.sha256(TOKEN.encode()).hexdigest(),
                        'may': ['sync', 'override']}],
            'repositories': {one.name: one.settings for one in self.worlds}}
        self.daemon = world.new_daemon(f'daemon{seed}').start()
        self.client = self.daemon.client()
        self.wait_for_downloads()

    def wait_for_downloads(self):
        def missing(one, package):
            rows = self.daemon.get('/versions', repo=one.name, package=package, limit=1000).json
            return {row['version'] for row in rows['items'] if row['unavailable']}
        for one in self.worlds:
            for package, content in one.contents.items():
                if content.unavailable:
                    eventually(lambda o=one, p=package, c=content:
                               missing(o, p) >= set(c.unavailable), 60, 0.2, 'failed downloads')

    def decide(self):
        client = self.client

        def put(path, package, **body):
            body = {'reason': 'r', 'owner': 'o', 'package': package, **body}
            reply = client.request('PUT', path, json.dumps(body), BEARER)
            assert reply.status == 200, (path, reply)

        def remove(path, package):
            reply = client.request('DELETE', f'{path}?package={package}', headers=BEARER)
            assert reply.status == 204, (path, reply)
        for one in self.worlds:
            one.decide(put, remove)
        self.expire(put)

    def expire(self, put):
        """Quarantines of everything that are over before the next question."""
        for one in self.worlds:
            until = time.time() + 2     # of each: a busy machine takes its time for all of them
            put(f'/quarantine/{one.name}/stamps:0001010000-9912312359', next(iter(one.listings)),
                expires=time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(until)))
        eventually(lambda: '0001010000' not in self.daemon.get('/quarantine', limit=1000).text,
                   what='the end of the quarantines')

    def ask(self, request, path='/resolve'):
        """With a GET, over the connection that is kept."""
        return self.client.request('GET', f'{path}?{urllib.parse.urlencode(request)}').json

    def compare_stamps(self, count):
        """What /stamp says of commits by their whole SHAs; arcade's versions are made elsewhere."""
        wrong = []
        for one in self.worlds:
            for question in one.questions(count // len(self.worlds)):
                request, number, _, _, package = question
                asked = {key: value for key, value in request.items()
                         if key in ('repo', 'branch', 'release', 'package')}
                asked['sha'] = one.oids[number]
                if one.listings[package].grammars != ['arcade']:
                    difference = one.stamp_difference(question, self.ask(asked, '/stamp'))
                    wrong += [(asked, difference)] if difference else []
        return wrong

    def compare(self, count):
        """(cases, [(request, difference)])"""
        questions = [(one, question) for one in self.worlds
                     for question in one.questions(count // len(self.worlds))]
        single = questions[::20]
        documents = ask_all(self.daemon, [question[0] for _, question in questions])
        documents += [self.ask(question[0]) for _, question in single]
        questions += single
        wrong = []
        for (one, question), document in zip(questions, documents):
            difference = one.difference(question, document)
            if difference:
                wrong.append((question[0], difference))
            self.seen |= one.seen_in(document)
        return len(questions), wrong


@pytest.mark.limit(3600)
def test_answers_against_the_model(world, tmp_path, capsys):
    seed = int(os.environ.get('FORKPOINT_RULES_SEED') or secrets.randbelow(10**6))
    with capsys.disabled():
        print(f'\nFORKPOINT_RULES_SEED={seed}', flush=True)
    cases, wrong, seen = 0, [], set()
    while cases < CASES or (CODES - seen and cases < 9 * CASES):
        run = Run(world, tmp_path / f'run{seed}', seed)
        try:
            for decide in (lambda: None, run.decide):
                decide()
                count, different = run.compare(min(2000, CASES))
                cases, wrong = cases + count, wrong + different
            wrong += run.compare_stamps(200)
        finally:
            run.client.close()
            run.daemon.stop()
            run.feed.stop()
        seen |= run.seen
        seed += 1
    with capsys.disabled():
        print(f'{cases} cases, {len(wrong)} differ', flush=True)
    assert not wrong, '\n'.join(f'{request}: {different}' for request, different in wrong[:5])
    assert not CODES - seen, f'never seen: {CODES - seen}'
