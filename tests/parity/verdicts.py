"""The verdict on a version that a build used, read straightforwardly: in the documented order, the
first that applies. Shares nothing with Forkpoint's."""

from reference import label_of, read


def simple(label):
    return label.lower().replace('_', '-')


class Verdicts:
    """Of versions beside the answers of Rules."""

    def __init__(self, rules, grammars, unlisted):
        self.rules, self.grammars = rules, grammars
        self.unlisted = {version.lower() for version in unlisted}
        self.known = {}         # what the feed has, unlisted ones too, by what NuGet compares
        self.sayings = {}       # versions by what they say in any grammar

    def add(self, version):
        self.known[version.lower()] = version
        reading = read(version, self.grammars)
        if reading:
            self.sayings.setdefault(self.saying(reading), []).append(version)

    @staticmethod
    def saying(reading):
        return (*reading['release'][:2], reading['stamp'], simple(reading['label']))

    def reformatted(self, version):
        """Whether the feed has it in the other grammar."""
        reading = read(version, self.grammars)
        return reading is not None and any(
            read(other, self.grammars)['styles'] != reading['styles']
            for other in self.sayings.get(self.saying(reading), []))

    def of(self, used, answer, tip, branch, release):
        right, found = answer['version'], self.known.get(used.lower())
        if right and used.lower() == right.lower():
            return 'match'
        reading = read(used, self.grammars)
        if found is None:
            if self.reformatted(used):
                return 'reformatted'
            return 'never-seen' if reading else 'unrecognised'
        if reading is None:
            return 'unrecognised'
        if reading['release'] != release:
            return 'other-release'
        names = [branch, *self.rules.aliases.get(branch, [])]
        if not any(label_of(name, style).lower() == reading['label']
                   for name in names for style in reading['styles']):
            return 'other-branch'
        if reading['stamp'] > answer['stamp']:
            return 'newer-than-fork-point'
        if used.lower() in self.unlisted:
            return 'vanished'
        history = self.rules.history
        trained = [oid for oid in self.rules.by_stamp.get(reading['stamp'], [])
                   if history.is_ancestor(oid, tip)]
        if trained and not any(history.is_ancestor(oid, answer['fork_point']) for oid in trained):
            return 'not-an-ancestor'
        return 'older'


def rewritten(version, grammars):
    """The same release, stamp and label in the other grammar."""
    reading = read(version, grammars)
    major, minor = reading['release'][:2]
    if 'underscore' in reading['styles']:
        return f'{major}.{minor}.0-{reading["stamp"]}-{reading["label"]}'
    return f'{major}.{minor}.{reading["stamp"]}-{reading["label"]}'


def place(history, trained, fork_point):
    """Where a commit lies, seen from the fork point: (where, its own commits, the other's)."""
    own, other = history.ancestors[trained], history.ancestors[fork_point]
    counts = (own & ~other).bit_count(), (other & ~own).bit_count()
    if trained == fork_point:
        return ('fork-point', *counts)
    if history.is_ancestor(trained, fork_point):
        return ('before', *counts)
    if history.is_ancestor(fork_point, trained):
        return ('after', *counts)
    return ('aside' if own & other else 'unrelated', *counts)


def training(rules, version, grammars):
    """The commits of the repository that the version can have been trained on."""
    reading = read(version, grammars)
    return rules.by_stamp.get(reading['stamp'], []) if reading else []
