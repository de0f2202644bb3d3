"""Random repositories for rules_model: histories with version files, feeds, configurations."""
import itertools
import random
import re
import subprocess

from reference import GIT_ENV, git
from rules_model import identity, label, nuget_key, read, stamp_of

CLOCKS = [1577836800, 1600000000, 1640987000, 1641000000, 1709164800, 2147480000, 4070900000]
NAMES = ['release/2.4', 'release-2-4', 'release_2_4', 'RELEASE/2.4', 'user@host', 'v.x/y-z', 'dev_x',
         'wild#name', 'a+b', 'topic/2501011234', 'release/2.5', 'Main', 'master', 'x' * 60]
FORMER = {'main': ['master', 'trunk'], 'release/2.4': ['servicing-2.4'], 'user@host': ['old,name']}
JUNK = ['1.0.0', '2.4.0', '2.4', '3.0.2201010000-main', '2.4.2013320000-main', '2.4.2001010000-',
        '2.4.0-2001010000', '2.4.0-main', '2.4.0-1234-main', '2.4.0--2001010000-main', 'latest',
        '2.4.0-2001010000-main.1', '2.4.0.1-2001010000-main', '2.4.4294967296-2001010000-main',
        '2.4.0-20010100000-main', '2.4.0-0002300000-main', '2.4.2001010000.0-main',
        '2.4.2147483648-main', '1.0.0-prerelease.24050.1', '1.0.0-prerelease.24700.1', '2.4.0-main+1',
        '1.0.0-prerelease.24409', '2.4.0-9999999999-main', 'v2.4.0-2001010000-main', '2.4.0-rc.1',
        '2.4.2001010000-main.1', '2.4.0-pre.2-2001010000-main', 
        '2.4.0-1-2001010000-main', '1.0.0-preview.7.24101.3', '2.4.0-2001010000-2001010000-main']
RELEASES = [
    {'file': 'version.props', 'major': 'MUXVersionMajor', 'minor': 'MUXVersionMinor'},
    {'file': 'version.props', 'major': 'MUXVersionMajor', 'minor': 'MUXVersionMinor',
     'patch': 'MUXVersionPatch', 'prerelease': 'MUXVersionLabel'},
    {'file': 'src/custom.props', 'major': 'VersionMajor', 'minor': 'VersionMinor'},
    {'fixed': '2.4'}, {'fixed': '2.5.1-preview'}]
BRANCH_SOURCES = [{'file': 'tools/PGODatabase/config.ps1', 'variable': 'pgoBranch'},
                  {'file': 'build/pgo/Terminal.PGO.props', 'element': 'PGOBranch'}]
PRERELEASES = ['', '', '', 'prerelease', 'Preview', 'rc-1', '9999999999']


# ---- files of a commit's tree ----

def props(rng, values):
    """An MSBuild file as real ones are: byte-order mark, namespace, conditions, macros, comments."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>'] if rng.random() < 0.5 else []
    space = rng.choice(['', ' xmlns="http://schemas.microsoft.com/developer/msbuild/2003"'])
    lines += [f'<Project{space}>', '<!-- <VersionMajor>99</VersionMajor><PGOBranch>no</PGOBranch> -->',
              '<PropertyGroup Label="Version">']
    for name, value in values.items():
        condition = rng.choice(['', f''' Condition="'$({name})' == ''"'''])
        lines.append(f'  <{name}{condition}>{value}</{name}>')
    lines += ['  <Full>$(VersionMajor).$(MUXVersionMajor).$(PGOBranch)</Full>', '</PropertyGroup>',
              '</Project>', '']
    return (rng.choice(['', '\ufeff']) + rng.choice(['\n', '\r\n']).join(lines)).encode()


def script(rng, branch):
    quote = rng.choice('\'"')
    lines = ['# $pgoBranch = "commented"', '$other = "x"', f'$pgoBranch{rng.choice(["=", " = "])}'
             f'{quote}{branch}{quote}', '$use = $pgoBranch + "y"', '']
    return (rng.choice(['', '\ufeff']) + rng.choice(['\n', '\r\n']).join(lines)).encode()


class Facts:
    """What a commit's tree says, by file; None where it has no such file."""

    def __init__(self, mux=(2, 4, None, None), terminal=None, script_branch=None, props_branch=None):
        self.mux, self.terminal = mux, terminal
        self.script_branch, self.props_branch = script_branch, props_branch

    def changed(self, rng, names):
        """The next commit's: mostly the same."""
        new = Facts(self.mux, self.terminal, self.script_branch, self.props_branch)
        kind = rng.random()
        if kind < 0.06:
            new.mux = rng.choice([None, (2, 4, None, None), (2, 5, None, ''), (2, 4, 0, ''),
                                  (2, rng.choice([4, 5]), rng.choice([0, 1]), rng.choice(PRERELEASES)),
                                  (2, None, 1, '')])
        elif kind < 0.10:
            new.terminal = rng.choice([None, (2, 4), (2, 5), (2, 6)])
        elif kind < 0.14:
            new.script_branch = rng.choice([None, *names])
        elif kind < 0.18:
            new.props_branch = rng.choice([None, *names])
        return new

    def files(self, rng):
        if self.mux:
            elements = ['MUXVersionMajor', 'MUXVersionMinor', 'MUXVersionPatch', 'MUXVersionLabel']
            yield 'version.props', props(rng, {name: value for name, value
                                               in zip(elements, self.mux) if value is not None})
        if self.terminal:
            yield 'src/custom.props', props(rng, dict(zip(['VersionMajor', 'VersionMinor'],
                                                          self.terminal)))
        if self.script_branch:
            yield 'tools/PGODatabase/config.ps1', script(rng, self.script_branch)
        if self.props_branch:
            yield 'build/pgo/Terminal.PGO.props', props(rng, {'PGOBranch': self.props_branch})

    def release(self, sources):
        for source in sources:
            if 'fixed' in source:
                return {'2.4': (2, 4, 0, ''), '2.5.1-preview': (2, 5, 1, 'preview')}[source['fixed']]
            found = self.mux if source['file'] == 'version.props' else self.terminal
            if found and found[0] is not None and found[1] is not None:
                more = 'patch' in source
                return (found[0], found[1], (found[2] or 0) if more else 0,
                        (found[3] or '') if more else '')
        return None

    def branch(self, sources):
        for source in sources:
            found = self.script_branch if 'variable' in source else self.props_branch
            if found:
                return found
        return None


# ---- history ----

class History:
    def __init__(self, rng, size):
        self.rng, self.commits, self.lines = rng, [], []
        self.names = ['main', *rng.sample(NAMES, rng.randrange(3, 8)), 'trunk']
        self.clock, self.backwards = rng.choice(CLOCKS), rng.random() < 0.3
        self.steps = rng.choice([[0, 1, 30, 60], [0, 1, 60], [60, 600, 7200], [0, 60, 3600, 86400]])
        self.lines = [self.add([])]
        while len(self.commits) < size:
            self.grow()
        heads = sorted(set(self.lines), reverse=True)
        pool = itertools.chain(heads, (rng.randrange(len(self.commits)) for _ in itertools.count()))
        self.branches = {name: next(pool) for name in self.names if name != 'trunk'}
        self.branches['orphan'] = self.add([])
        self.tags = sorted(set(self.lines))

    def add(self, parents):
        rng = self.rng
        self.clock += rng.choice(self.steps)
        committer = self.clock - (rng.randrange(5000) if self.backwards and rng.random() < 0.2 else 0)
        lag = rng.choice([0, 0, 0, 0, 60, 4000, 90000, 3000000])
        before = self.commits[parents[0]]['facts'] if parents else Facts()
        self.commits.append({'parents': parents, 'committer': committer,
                             'author': committer - (rng.randrange(lag) if lag else 0),
                             'facts': before.changed(rng, self.names) if parents else before})
        return len(self.commits) - 1

    def grow(self):
        rng, line = self.rng, self.rng.randrange(len(self.lines))
        others = [number for number in self.lines if number != self.lines[line]]
        kind = rng.choices(['linear', 'topic', 'merge', 'criss-cross', 'pick'], [45, 15, 20, 8, 12])[0]
        if kind == 'topic' and len(self.lines) < 9:
            self.lines.append(self.add([rng.randrange(len(self.commits))]))
        elif kind == 'merge' and others:
            self.lines[line] = self.add([self.lines[line], rng.choice(others)])
        elif kind == 'criss-cross' and others:
            other = self.lines.index(rng.choice(others))
            one = self.add([self.lines[line], self.lines[other]])
            two = self.add([self.lines[other], self.lines[line]])
            self.lines[other], self.lines[line] = two, one
        else:
            self.lines[line] = self.add([self.lines[line]])
            if kind == 'pick':      # keeps the author time of some commit elsewhere
                self.commits[-1]['author'] = rng.choice(self.commits)['author']

    def write(self, path):
        subprocess.run(['git', 'init', '-q', '--bare', '-b', 'main', str(path)], check=True,
                       env=GIT_ENV)
        git(path, 'fast-import', '--quiet', f'--export-marks={path / "marks"}',
            data=b''.join(self.stream()))
        oids = dict(line.split() for line in (path / 'marks').read_text().splitlines())
        return [oids[f':{number + 1}'] for number in range(len(self.commits))]

    def stream(self):
        for number, commit in enumerate(self.commits):
            message = f'commit {number}'
            head = '' if commit['parents'] else 'reset refs/tags/import\n\n'
            head += (f'commit refs/tags/import\nmark :{number + 1}\n'
                     f'author a <a@example.invalid> {commit["author"]} +0530\n'
                     f'committer c <c@example.invalid> {commit["committer"]} -0700\n'
                     f'data {len(message)}\n{message}\n')
            for place, parent in enumerate(commit['parents']):
                head += f'{"merge" if place else "from"} :{parent + 1}\n'
            yield (head + 'deleteall\n').encode()
            for name, content in commit['facts'].files(self.rng):
                yield f'M 100644 inline {name}\ndata {len(content)}\n'.encode() + content + b'\n'
            yield b'\n'
        for name, number in self.branches.items():
            yield f'reset refs/heads/{name}\nfrom :{number + 1}\n\n'.encode()
        for place, number in enumerate(self.tags):
            yield f'reset refs/tags/line-{place}\nfrom :{number + 1}\n\n'.encode()
        yield f'reset refs/tags/import\nfrom {"0" * 40}\n\n'.encode()


# ---- configuration ----

def settings_of(rng, names, name):
    """A repository's row of the configuration, without its url."""
    settings = {'interval': '1h', 'branch': 'main', 'timestamp': rng.choice(['author', 'committer']),
                'tracked': rng.choice([['main'], ['main', 'release/*'], ['*']])}
    aliases = {real: former for real, former in FORMER.items() if real in names}
    if rng.random() < 0.7:
        settings['aliases'] = aliases
    branch_sources = rng.choice([[], BRANCH_SOURCES, BRANCH_SOURCES[::-1], BRANCH_SOURCES[:1]])
    if branch_sources:
        settings['branch_source'] = branch_sources
    sources = rng.sample(RELEASES, rng.choice([1, 1, 2, 3]))
    if name.endswith('0'):      # one repository at least with commits that say no release
        sources = RELEASES[:1]
    settings['release'] = sources if len(sources) > 1 or rng.random() < 0.5 else sources[0]
    settings['packages'] = [package_of(rng, names, f'{name}.P{number}')
                            for number in range(rng.choice([1, 1, 2]))]
    return settings, sources, branch_sources


def package_of(rng, names, package_id):
    both = ['prerelease-stamp', 'patch-stamp']
    package = {'id': package_id, 'feed': 'demo', 'unlisted': rng.choice(['drop', 'drop', 'keep']),
               'grammars': rng.choice([both, both[::-1], both, both[:1], both[1:], ['arcade']])}
    if 'patch-stamp' in package['grammars']:
        package['patch_stamp_label'] = rng.choice(['underscore', 'hyphen'])
    if package['grammars'] == ['arcade']:
        package['branches'] = rng.sample([*names, 'main'], 2)
    if rng.random() < 0.25:
        package['set'] = [f'{package_id}.{part}' for part in 'ab'[:rng.choice([1, 2])]]
    if rng.random() < 0.1:
        package['verify_download'] = 'all'
    return package


# ---- feeds ----

def is_nuget(text):
    return nuget_key(text) is not None and re.fullmatch('[0-9A-Za-z.+-]+', text)


class FeedContent:
    """Versions of one package, in the feed's order: what training runs would have published, close
    misses and junk. `held`: one spelling for each version as NuGet counts them, the first."""

    def __init__(self, rng, history, settings, package):
        self.rng, self.history, self.package = rng, history, package
        self.time = settings['timestamp']
        self.names = [*history.names, *(name for former in FORMER.values() for name in former)]
        texts = rng.sample(JUNK, 9)
        for _ in range(rng.choice([20, 50, 90])):
            texts.append(self.version())
            if rng.random() < 0.06:
                texts.append(rng.choice([texts[-1].upper(), texts[-1] + '+again', texts[-1].title()]))
        rng.shuffle(texts)
        # What NuGet cannot read at all has no other spelling: it is what it is, letter for letter.
        texts = [text if is_nuget(text) else text.partition('+')[0].lower() for text in texts]
        self.held = {}
        for text in texts:
            self.held.setdefault(identity(text), text)
        self.texts = list(dict.fromkeys(texts))
        self.unlisted = {key for key in self.held if rng.random() < 0.1}
        self.versions = [(text, key not in self.unlisted) for key, text in self.held.items()]
        self.members = {name: [(text, rng.random() < 0.9) for text, _ in self.versions
                               if rng.random() < 0.85] for name in package.get('set', [])}
        self.unavailable = [text for text, listed in self.versions if listed
                            and 'verify_download' in package and rng.random() < 0.15
                            and read(text, package['grammars'])]

    def version(self):
        rng = self.rng
        commit = rng.choice(self.history.commits)
        seconds = commit[self.time] + 60 * rng.choice([0, 0, 0, 0, 1, -1, 60, -1440])
        major, minor, patch, prerelease = (2, rng.choice([4, 4, 4, 5, 6]), rng.choice([0, 0, 0, 0, 1]),
                                           rng.choice([*PRERELEASES, '', '', 'preview']))
        if self.package['grammars'] == ['arcade']:
            stamp = stamp_of(seconds)
            date = int(stamp[:2]) * 1000 + int(stamp[2:4]) * 50 + int(stamp[4:6])
            return (f'{major}.{minor}.{patch}-{rng.choice(["prerelease", "Alpha"])}'
                    f'.{date}.{rng.randrange(1, 12)}')
        name = rng.choice(['main', *self.names])
        name = rng.choice([name, name, name, name.upper(), name.lower(), name + '2'])
        style = rng.choice(['hyphen', 'underscore'])
        metadata = rng.choice([''] * 9 + ['+build.5'])
        if rng.random() < 0.5 or stamp_of(seconds) > '2112312359' and rng.random() < 0.9:
            between = f'-{prerelease}' if prerelease else ''
            style = 'hyphen' if rng.random() < 0.9 else style
            return f'{major}.{minor}.{patch}{between}-{stamp_of(seconds)}-{label(name, style)}{metadata}'
        return f'{major}.{minor}.{stamp_of(seconds)}-{label(name, style)}{metadata}'

    def publish(self, feed):
        for text in self.texts:
            feed.publish(self.package['id'], text, listed=identity(text) not in self.unlisted)
        missing = {identity(text) for text in self.unavailable}
        for text in self.texts:
            feed.version(self.package['id'], text).downloadable = identity(text) not in missing
        for name, versions in self.members.items():
            feed.publish(name, '0.0.1-other')
            for text, listed in versions:
                feed.publish(name, text, listed=listed)
