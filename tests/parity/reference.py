"""The rules, read straightforwardly and slowly, and git's own merge bases: what Forkpoint is held
against. Shares no code and no shortcut with it."""
import os
import re
import subprocess
import tempfile
from datetime import datetime, timezone

GIT_ENV = {**os.environ, 'GIT_CONFIG_NOSYSTEM': '1', 'GIT_CONFIG_GLOBAL': '/dev/null'}
LOOP = 'while read -r tip sha; do git merge-base --all "$tip" "$sha"; echo .; done'
PAIRS_A_PROCESS = 5000      # a command line holds 2 MB
TRUSTED = 10


def git(repository, *arguments, data=None):
    return subprocess.run(['git', '-C', str(repository), *arguments], input=data, env=GIT_ENV,
                          check=True, capture_output=True).stdout


# ---- git ----

def _merge_base_prints(repository, pairs):
    """Answers go through a file: a loop that fills a pipe while it is fed would wait for ever."""
    with tempfile.TemporaryFile() as questions:
        questions.write(''.join(f'{tip} {sha}\n' for tip, sha in pairs).encode())
        questions.seek(0)
        output = subprocess.run(['sh', '-c', LOOP], cwd=repository, env=GIT_ENV, stdin=questions,
                                check=True, capture_output=True).stdout.decode()
    return [part.split() for part in output.split('.\n')[:-1]]


def _rev_parse_prints(repository, pairs):
    """`git rev-parse <tip>...<sha>`: two lines for the two ends, then one for each merge base."""
    found, ends = [], 0
    for word in git(repository, 'rev-parse', *[f'{tip}...{sha}' for tip, sha in pairs]).split():
        if word.startswith(b'^'):
            found[-1].append(word[1:].decode())
            continue
        if ends % 2 == 0:
            found.append([])
        ends += 1
    return found


def merge_bases(repository, pairs):
    """What `git merge-base --all <tip> <sha>` prints for each pair; its first line is what
    `git merge-base <tip> <sha>` prints (builtin/merge-base.c stops after it without --all).

    That takes a process a pair. rev-parse asks the same function of git's for thousands in one;
    that it says the same is checked for one pair in TRUSTED."""
    found = [bases for start in range(0, len(pairs), PAIRS_A_PROCESS)
             for bases in _rev_parse_prints(repository, pairs[start:start + PAIRS_A_PROCESS])]
    assert len(found) == len(pairs)
    assert found[::TRUSTED] == _merge_base_prints(repository, pairs[::TRUSTED])
    return found


class History:
    """All commits of a repository: parents, author and committer seconds, by oid."""

    def __init__(self, repository):
        self.parents, self.author, self.committer, self.ancestors = {}, {}, {}, {}
        self.order = []      # parents first
        log = git(repository, 'log', '--all', '--topo-order', '--reverse',
                  '--format=%H %at %ct %P').decode()
        for line in log.splitlines():
            oid, author, committer, *parents = line.split()
            self.order.append(oid)
            self.parents[oid] = parents
            self.author[oid], self.committer[oid] = int(author), int(committer)
        self.number = {oid: number for number, oid in enumerate(self.order)}
        for number, oid in enumerate(self.order):       # a commit is its own ancestor here
            bits = 1 << number
            for parent in self.parents[oid]:
                bits |= self.ancestors[parent]
            self.ancestors[oid] = bits

    def is_ancestor(self, oid, descendant):
        return bool(self.ancestors[descendant] >> self.number[oid] & 1)


# ---- versions ----

def stamp_of(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime('%y%m%d%H%M')


def is_stamp(digits):
    try:
        datetime.strptime('20' + digits, '%Y%m%d%H%M')
    except ValueError:
        return False
    return re.fullmatch('[0-9]{10}', digits) is not None


LABEL = r'[0-9A-Za-z_-]+'


def read_prerelease_stamp(version):
    match = re.fullmatch(r'(\d+)\.(\d+)\.(\d+)-(.+)', version)
    if not match:
        return None
    rest = match[4]
    for found in re.finditer(r'(?:^|(?<=-))(\d{10})-', rest):
        before, label = rest[:found.start()], rest[found.end():]
        if is_stamp(found[1]) and re.fullmatch(LABEL, label):
            return {'release': (int(match[1]), int(match[2]), int(match[3]),
                                before.rstrip('-').lower()),
                    'stamp': found[1], 'label': label.lower(), 'styles': ('hyphen',)}
    return None


def read_patch_stamp(version):
    match = re.fullmatch(rf'(\d+)\.(\d+)\.(\d{{10}})-({LABEL})', version)
    if not match or not is_stamp(match[3]) or int(match[3]) > 2147483647:
        return None
    return {'release': (int(match[1]), int(match[2]), 0, ''), 'stamp': match[3],
            'label': match[4].lower(), 'styles': ('hyphen', 'underscore')}


GRAMMARS = {'prerelease-stamp': read_prerelease_stamp, 'patch-stamp': read_patch_stamp}


def read(version, grammars):
    for name in grammars:
        reading = GRAMMARS[name](version)
        if reading:
            return reading
    return None


def label_of(branch, style):
    if style == 'underscore':
        return re.sub(r'[/.-]', '_', branch)
    return re.sub(r'[/.@><]', '-', branch)


def nuget_key(version):
    """Sorts as NuGet orders (of the labels here: no dots, no metadata)."""
    numbers, _, label = version.partition('-')
    parts = [int(part) for part in numbers.split('.')] + [0, 0, 0]
    if not label:
        return (parts[:4], 1, [])
    key = []
    for part in label.split('.'):
        numeric = re.fullmatch(r'-?\d+', part) and -2**31 <= int(part) < 2**31
        key.append((0, int(part), '') if numeric else (1, 0, part.upper()))
    return (parts[:4], 0, key)


class Rules:
    """One repository's packages, as the feed lists them, and its configuration."""

    def __init__(self, history, grammars, versions, unlisted=(), aliases=None):
        self.history = history
        self.aliases = aliases or {}
        self.versions = []       # (text, reading), readable and listed ones
        self.fitting = {}        # what of_branch found out
        for text in versions:
            reading = read(text, grammars)
            if reading and text not in unlisted:
                self.versions.append((text, reading))
        self.readings = dict(self.versions)
        self.by_stamp = {}
        for oid, seconds in history.author.items():
            self.by_stamp.setdefault(stamp_of(seconds), []).append(oid)

    def of_branch(self, branch, release):
        """Versions of the release and the branch as (stamp, NuGet order, text), best first."""
        key = (branch, release)
        if key not in self.fitting:
            names = [branch, *self.aliases.get(branch, [])]
            labels = {style: {label_of(name, style).lower() for name in names}
                      for style in ('hyphen', 'underscore')}
            self.fitting[key] = sorted(
                ((reading['stamp'], nuget_key(text), text) for text, reading in self.versions
                 if reading['release'] == release
                 and any(reading['label'] in labels[style] for style in reading['styles'])),
                reverse=True)
        return self.fitting[key]

    def eligible(self, branch, release, stamp):
        return [text for its_stamp, _, text in self.of_branch(branch, release)
                if its_stamp <= stamp]

    def ancestry(self, eligible, tip, fork_point):
        """The first whose training commit is the fork point or an ancestor of it."""
        for text in eligible:
            for oid in self.by_stamp.get(self.readings[text]['stamp'], []):
                if self.history.is_ancestor(oid, tip) \
                        and self.history.is_ancestor(oid, fork_point):
                    return text
        return None

    def answer(self, tip, branch, release, bases):
        if not bases:
            return {'code': 'no-fork-point'}
        stamp = stamp_of(self.history.author[bases[0]])
        eligible = self.eligible(branch, release, stamp)
        answer = {'fork_point': bases[0], 'all': sorted(bases), 'stamp': stamp,
                  'version': eligible[0] if eligible else None}
        if eligible:
            answer['ancestry'] = self.ancestry(eligible, tip, bases[0])
        return answer


# ---- what Forkpoint says ----

def as_answer(document):
    """The same facts out of a reply's document or problem."""
    code = document.get('code')
    if code not in (None, 'no-database'):
        return {'code': code}
    fork_point = document['fork_point']
    answer = {'fork_point': fork_point['sha'], 'all': sorted(fork_point['all']),
              'stamp': fork_point['stamp'], 'version': None}
    if code is None:
        assert fork_point['all'][0] == fork_point['sha'], document
        answer['version'] = document['package']['version']
        answer['ancestry'] = document['ancestry']['version']
        assert document['ancestry']['agrees'] == (answer['ancestry'] == answer['version']), document
    return answer
