"""The rules once more, from their words alone: what /resolve says for (commit, branch), whole.

Slow and plain: every list is walked, nothing is indexed. Shares no code with
Forkpoint nor with reference.py, so that a misreading in one shows against the other.
"""
import calendar
import datetime
import re

NEWEST_PATCH_STAMP = 2147483647     # NuGet holds each part of a version in 32 bits
GRAMMARS_WITH_LABEL = {'prerelease-stamp': ('hyphen',), 'patch-stamp': ('hyphen', 'underscore')}


# ---- stamps, labels ----

def stamp_of(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime('%y%m%d%H%M')


def is_stamp(digits):
    """yyMMddHHmm of the years 2000 to 2099."""
    year, month, day, hour, minute = (int(digits[i:i + 2]) for i in range(0, 10, 2))
    return (1 <= month <= 12 and hour < 24 and minute < 60
            and 1 <= day <= calendar.monthrange(2000 + year, month)[1])


def minutes_between(one, other):
    one, other = (datetime.datetime.strptime('20' + stamp, '%Y%m%d%H%M') for stamp in (one, other))
    return (other - one) // datetime.timedelta(minutes=1)


def label(branch, style):
    replaced = '/.-' if style == 'underscore' else '/.@><'
    by = '_' if style == 'underscore' else '-'
    return ''.join(by if letter in replaced else letter for letter in branch)


# ---- versions ----

class Version:
    """What one grammar reads in a version; stamp None where the grammar has days."""

    def __init__(self, grammar, release, branch_label=None, stamp=None, day=None, revision=None):
        self.grammar, self.release, self.label = grammar, release, branch_label
        self.stamp, self.day, self.revision = stamp, day, revision
        self.shown_stamp = stamp or day + '0000'


def fits(*numbers):
    return all(int(number) <= 2147483647 for number in numbers)


def read_prerelease_stamp(text):
    match = re.fullmatch(r'(\d+)\.(\d+)\.(\d+)-(.*)', text, re.ASCII)
    if not match or not fits(*match.groups()[:3]):
        return None
    pieces = match[4].split('-')
    for place, piece in enumerate(pieces[:-1]):
        if re.fullmatch('[0-9]{10}', piece) and is_stamp(piece):
            before, after = '-'.join(pieces[:place]), '-'.join(pieces[place + 1:])
            # MAJOR.MINOR.PATCH--STAMP has a label before the stamp, but an empty one
            if (place and not before) or not re.fullmatch(r'[0-9A-Za-z_.-]+', after):
                return None
            release = (*(int(part) for part in match.groups()[:3]), before.lower())
            return Version('prerelease-stamp', release, after.lower(), stamp=piece)
    return None


def read_patch_stamp(text):
    match = re.fullmatch(r'(\d+)\.(\d+)\.(\d{10})-([0-9A-Za-z_.-]+)', text, re.ASCII)
    if not match or not fits(match[1], match[2]) or not is_stamp(match[3]) \
            or int(match[3]) > NEWEST_PATCH_STAMP:
        return None
    return Version('patch-stamp', (int(match[1]), int(match[2]), 0, ''), match[4].lower(),
                   stamp=match[3])


def read_arcade(text):
    match = re.fullmatch(r'(\d+)\.(\d+)\.(\d+)-([0-9A-Za-z.-]+)\.(\d{4,5})\.(\d+)', text,
                         re.ASCII)
    if not match or not fits(*match.groups()[:3], match[5], match[6]):
        return None
    year, rest = divmod(int(match[5]), 1000)
    month, day = divmod(rest, 50)
    if not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(2000 + year, month)[1]):
        return None
    return Version('arcade', (int(match[1]), int(match[2]), int(match[3]), match[4].lower()),
                   day=f'{year:02}{month:02}{day:02}', revision=int(match[6]))


READERS = {'prerelease-stamp': read_prerelease_stamp, 'patch-stamp': read_patch_stamp,
           'arcade': read_arcade}


def read(text, grammars):
    """By the first grammar that takes it whole; build metadata is no part of a version."""
    bare = text.partition('+')[0]
    if text.count('+') > 1:
        return None
    for grammar in grammars:
        found = READERS[grammar](bare)
        if found:
            return found
    return None


def nuget_key(text):
    """Sorts as NuGet orders: SemVer 2, an optional fourth part, case and metadata ignored."""
    numbers, _, labels = text.partition('+')[0].partition('-')
    parts = numbers.split('.')
    if text.count('+') > 1 or len(parts) > 4 or not all(
            re.fullmatch('[0-9]+', part) and fits(part) for part in parts):
        return None     # no version at all
    parts = tuple([int(part) for part in parts] + [0] * (4 - len(parts)))
    if not labels:
        return (parts, 1, ())
    pieces = []
    for piece in labels.split('.'):
        is_number = re.fullmatch(r'-?[0-9]+', piece) and -2**31 <= int(piece) < 2**31
        pieces.append((0, int(piece), '') if is_number else (1, 0, piece.upper()))
    return (parts, 0, tuple(pieces))


def identity(text):
    """NuGet holds versions with one identity for one version."""
    return nuget_key(text) or text.lower()


# ---- one package as its feed lists it ----

class Listing:
    """`versions`: (text, listed) of the package's id; `members`: the same of each other id of its
    set; `unavailable`: texts whose files are not there."""

    def __init__(self, settings, versions, members=None, unavailable=()):
        self.settings, self.versions = settings, versions
        self.grammars = settings['grammars']
        self.members = {name: {identity(text) for text, listed in held
                               if listed or self.keeps_unlisted} for name, held
                        in (members or {}).items()}
        self.unavailable = {identity(text) for text in unavailable}
        self.readings = {text: read(text, self.grammars) for text, _ in versions}

    @property
    def keeps_unlisted(self):
        return self.settings.get('unlisted') == 'keep'

    def lacking(self, text):
        return [name for name, held in self.members.items() if identity(text) not in held]


class Overrides:
    """Quarantines and pins in force: `exact` identities, `ranges` of stamps, `pins` by branch."""

    def __init__(self, exact=(), ranges=(), pins=None):
        self.exact, self.ranges = {identity(text) for text in exact}, list(ranges)
        self.pins = pins or {}

    def has(self, text, version):
        return identity(text) in self.exact or bool(version and any(
            first <= version.shown_stamp <= last for first, last in self.ranges))


# ---- the model ----

class Problem(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Model:
    """One repository: `commits` (dicts of parents, author, committer, branch, releases) by number,
    `branches` name -> number, `settings` as in the configuration file."""

    def __init__(self, commits, branches, settings):
        self.commits, self.branches, self.settings = commits, branches, settings
        self.aliases = settings.get('aliases', {})
        self.ancestors = []      # as bits; a commit is its own ancestor here
        for number, commit in enumerate(commits):
            bits = 1 << number
            for parent in commit['parents']:
                bits |= self.ancestors[parent]
            self.ancestors.append(bits)
        self.seconds = [commit[settings.get('timestamp', 'author')] for commit in commits]
        self.stamps = [stamp_of(seconds) for seconds in self.seconds]
        self.styles = {style for package in settings['packages'] for grammar in package['grammars']
                       for style in GRAMMARS_WITH_LABEL.get(grammar, ())}

    # ---- from a request to a requested version ----

    def branch_of(self, number, asked):
        source, name = 'request', asked
        if name is None:
            source, name = 'tree', self.commits[number]['branch']
        if name is None:
            source, name = 'default', self.settings.get('branch')
        if name is not None and name not in self.branches:
            name = next((real for real, former in self.aliases.items()
                         if name in former and real in self.branches), None)
        if name is None:
            raise Problem('unknown-branch')
        return name, source

    def release_of(self, number, asked):
        if asked is not None:
            match = re.fullmatch(r'(\d+)\.(\d+)(?:\.(\d+))?(?:-(.+))?', asked)
            return (int(match[1]), int(match[2]), int(match[3] or 0), match[4] or '')
        found = self.commits[number]['release']
        if found is None:
            raise Problem('release-unknown')
        return found

    def bits(self, mask):
        while mask:
            low = mask & -mask
            yield low.bit_length() - 1
            mask ^= low

    def merge_bases(self, tip, number):
        common = list(self.bits(self.ancestors[tip] & self.ancestors[number]))
        return [base for base in common if not any(
            other != base and self.ancestors[other] >> base & 1 for other in common)]

    def fork_points(self, tip, number):
        """(those with the newest committer time, all); git alone knows which of equals it takes."""
        bases = self.merge_bases(tip, number)
        if not bases:
            raise Problem('no-fork-point')
        newest = max(self.commits[base]['committer'] for base in bases)
        return [base for base in bases if self.commits[base]['committer'] == newest], bases

    def count(self, of, without):
        return bin(self.ancestors[of] & ~self.ancestors[without]).count('1')

    def requested(self, listing, release, stamp, branch):
        """The version that is asked for, by the package's first grammar; None: not this model's."""
        grammar = listing.grammars[0]
        style = listing.settings.get('patch_stamp_label', 'hyphen')
        major, minor, patch, prerelease = release
        if grammar == 'prerelease-stamp':
            between = f'-{prerelease}' if prerelease else ''
            return f'{major}.{minor}.{patch}{between}-{stamp}-{label(branch, "hyphen")}'
        if grammar == 'patch-stamp':
            return f'{major}.{minor}.{stamp}-{label(branch, style)}'
        date = int(stamp[:2]) * 1000 + int(stamp[2:4]) * 50 + int(stamp[4:6])
        return f'{major}.{minor}.{patch}-{prerelease + "." if prerelease else ""}{date}'

    # ---- what a training run of a commit publishes ----

    def publishes(self, listing, number, asked_branch, asked_release):
        """What /stamp says: {code}, or the version and what is wrong with it."""
        try:
            branch, _ = self.branch_of(number, asked_branch)
            release = self.release_of(number, asked_release)
        except Problem as problem:
            return {'code': problem.code}
        stamp, is_old = self.stamps[number], listing.grammars[0] == 'patch-stamp'
        style = listing.settings.get('patch_stamp_label', 'hyphen') if is_old else 'hyphen'
        written = label(branch, style).replace('_', '-' if style == 'underscore' else '_')
        if not re.fullmatch('[0-9A-Za-z-]+', written):
            return {'code': 'branch-not-packageable'}
        version, wrong = self.requested(listing, release, stamp, branch), []
        if is_old and int(stamp) > NEWEST_PATCH_STAMP:
            wrong.append('stamp-overflow')
        elif is_old and release[2:] != (0, ''):
            wrong.append('release-unfit')
        if identity(version) in {identity(text) for text, _ in listing.versions}:
            wrong.append('already-published')
        tip = self.ancestors[self.branches[branch]]
        twins = [other for other in self.bits(tip)
                 if other != number and self.stamps[other] == stamp]
        return {'code': None, 'version': version, 'stamp': stamp, 'twins': twins,
                'wrong': wrong + (['same-stamp'] if twins else [])}

    # ---- selection ----

    def labels(self, branch, styles):
        names = [branch, *self.aliases.get(branch, [])]
        return {style: {label(name, style).lower() for name in names} for style in styles}

    def is_of_branch(self, version, listing, branch):
        if version.grammar == 'arcade':
            return branch in listing.settings['branches']
        styles = GRAMMARS_WITH_LABEL[version.grammar]
        return any(version.label in found for found in self.labels(branch, styles).values())

    def is_of_release(self, version, release):
        wanted = (*release[:3], release[3].lower())
        if version.grammar == 'arcade' and not release[3]:      # a release without a label: any
            return version.release[:3] == wanted[:3]
        return version.release == wanted

    def rejection(self, text, listed, listing, branch, release, stamp, overrides):
        """The first reason against a version, or None."""
        version = listing.readings[text]
        if version is None:
            return 'unrecognised'
        if not listed and not listing.keeps_unlisted:
            return 'unlisted'
        if not self.is_of_release(version, release):
            return 'other-release'
        if not self.is_of_branch(version, listing, branch):
            return 'other-branch'
        if (version.day > stamp[:6]) if version.stamp is None else (version.stamp > stamp):
            return 'after-fork-point'
        if overrides.has(text, version):
            return 'quarantined'
        if identity(text) in listing.unavailable:
            return 'unavailable'
        if listing.lacking(text):
            return 'incomplete-set'
        return None

    def rank(self, text, listing):
        version = listing.readings[text]
        when = (version.day, version.revision) if version.stamp is None else (version.stamp, 0)
        return (*when, nuget_key(text))

    def trained_on(self, text, listing, tip):
        """The commits of the branch's history whose stamp equals the version's."""
        stamp = listing.readings[text] and listing.readings[text].stamp
        return [number for number in self.bits(self.ancestors[tip])
                if self.stamps[number] == stamp] if stamp else []

    def ambiguous(self, listing, branch):
        """Whether another branch of the mirror shares a label with this one."""
        def every(name):
            return set().union(*self.labels(name, self.styles).values())
        return listing.grammars != ['arcade'] and any(
            every(branch) & every(other) for other in self.branches if other != branch)

    # ---- the answer ----

    def answers(self, listing, number, asked_branch=None, asked_release=None, overrides=None):
        """All answers that the rules allow: one for each fork point that git might take."""
        try:
            branch, source = self.branch_of(number, asked_branch)
            release = self.release_of(number, asked_release)
            tip = self.branches[branch]
            first, bases = self.fork_points(tip, number)
        except Problem as problem:
            return [{'code': problem.code}]
        shared = {'branch': branch, 'source': source, 'release': release, 'tip': tip,
                  'all': sorted(bases), 'package': listing.settings['id']}
        return [{**shared, 'fork_point': base, 'behind': self.count(number, base),
                 **self.selected(listing, branch, release, tip, base, overrides or Overrides(),
                                 ['several-merge-bases'] if len(bases) > 1 else [])}
                for base in first]

    def selected(self, listing, branch, release, tip, base, overrides, warnings):
        stamp = self.stamps[base]
        codes = {text: self.rejection(text, listed, listing, branch, release, stamp, overrides)
                 for text, listed in listing.versions}
        eligible = sorted((text for text, code in codes.items() if code is None),
                          key=lambda text: self.rank(text, listing), reverse=True)
        answer = {'stamp': stamp, 'codes': codes, 'eligible': len(eligible),
                  'requested': self.requested(listing, release, stamp, branch),
                  'version': eligible[0] if eligible else None,
                  'runner_up': eligible[1] if len(eligible) > 1 else None}
        newer = [text for text, code in codes.items() if code == 'after-fork-point']
        answer['nearest_newer'] = [text for text in newer if self.rank(text, listing)[0] == min(
            self.rank(other, listing)[0] for other in newer)]
        answer['other_release'] = self.other_release(listing, codes, branch, stamp)
        answer['other_labels'] = {listing.readings[text].label for text, code in codes.items()
                                  if code == 'other-branch' and listing.readings[text].label}
        answer['late_by'] = {text: minutes_between(stamp, listing.readings[text].shown_stamp)
                             for text in newer}
        answer['missing'] = {text: ', '.join(listing.lacking(text)) for text, code in codes.items()
                             if code == 'incomplete-set'}
        if self.ambiguous(listing, branch):
            warnings = [*warnings, 'ambiguous-label']
        if any(code == 'quarantined' and not listing.lacking(text)
               and identity(text) not in listing.unavailable
               and (not eligible or self.rank(text, listing) > self.rank(eligible[0], listing))
               for text, code in codes.items()):
            warnings = [*warnings, 'quarantined-better']
        pinned, warnings = self.pinned(listing, branch, overrides, warnings)
        if pinned and pinned != answer['version']:
            answer.update(version=pinned, runner_up=answer['version'])
        if answer['version']:
            answer.update(self.judged(listing, answer['version'], eligible, tip, base,
                                      bool(pinned)))
            warnings = [*warnings, *answer.pop('judgement')]
        return {**answer, 'warnings': sorted(warnings)}

    def other_release(self, listing, codes, branch, stamp):
        """The newest ones of the branch but of another release, before the fork point if any are."""
        texts = [text for text, code in codes.items() if code == 'other-release'
                 and self.is_of_branch(listing.readings[text], listing, branch)]
        texts = [text for text in texts if listing.readings[text].shown_stamp <= stamp] or texts
        newest = max((self.rank(text, listing)[0] for text in texts), default=None)
        return [text for text in texts if self.rank(text, listing)[0] == newest]

    def pinned(self, listing, branch, overrides, warnings):
        """The version pinned to the branch, unless the feed has it not or it is quarantined."""
        if branch not in overrides.pins:
            return None, warnings
        wanted = identity(overrides.pins[branch])
        found = [text for text, _ in listing.versions if identity(text) == wanted
                 and not overrides.has(text, listing.readings[text])]
        return found[0] if found else None, [*warnings, 'pinned']

    def judged(self, listing, chosen, eligible, tip, base, is_pinned):
        """What is said beside a choice: its training, the ancestry answer, all there is to warn of."""
        version, warnings = listing.readings[chosen], []
        trained = self.trained_on(chosen, listing, tip)
        ancestry = next((text for text in eligible if any(
            self.is_before(number, base) for number in self.trained_on(text, listing, tip))), None)
        agrees = None
        if version and version.day and chosen in eligible[:1] \
                and version.day == self.stamps[base][:6]:
            warnings.append('day-granular')
        if not version:
            ancestry = None
        if version and version.stamp:
            agrees = ancestry == chosen
            before = [number for number in trained if self.is_before(number, base)]
            if not trained:
                warnings.append('training-commit-unknown')
            if len(trained) > 1:
                warnings.append('training-commit-ambiguous')
            if trained and not before:
                warnings.append('trained-after-fork-point')
            if not agrees and not (is_pinned and before):
                warnings.append('ancestry-disagrees')
        return {'trained': sorted(trained), 'ancestry': ancestry, 'agrees': agrees,
                'age_seconds': version and 60 * minutes_between(version.shown_stamp,
                                                                self.stamps[base]),
                'age_commits': [self.count(base, number) for number in trained
                                if self.is_before(number, base)],
                'grammar': version and version.grammar, 'judgement': warnings,
                'version_stamp': version and version.shown_stamp}

    def is_before(self, number, base):
        """The fork point itself counts."""
        return bool(self.ancestors[base] >> number & 1)
