"""Random commit graphs, written with git fast-import."""
import random
import subprocess

from reference import GIT_ENV, git


class Graph:
    """Commits as dicts {parents, author, committer, release}, by number; `branches`: name -> number.

    Shapes: lines that go on, topics that fork anywhere, merges of two and of many (octopus),
    criss-cross pairs, and further roots. Author times lag behind (rebased, cherry-picked) or share
    a minute; committer times often repeat exactly and, in some graphs, run backwards.
    """

    def __init__(self, seed, size):
        self.rng = random.Random(seed)
        self.commits, self.branches, self.lines = [], {}, []
        self.clock = self.rng.choice([1577836800, 1637000000, 1640900000, 1700000000])
        self.backwards = self.rng.random() < 0.3
        self._add([])
        self.lines.append(0)
        while len(self.commits) < size:
            self._step()
        self._name_branches()
        self.branches['orphan'] = self._add([self._add([])])     # no graph without strangers

    def _add(self, parents):
        rng = self.rng
        self.clock += rng.choice([0, 0, 1, 30, 60, 3600, 86400])
        committer = self.clock - (rng.randrange(5000) if self.backwards and rng.random() < 0.2 else 0)
        lag = rng.choice([0, 0, 0, 0, 60, 4000, 90000, 3000000])
        release = self.commits[parents[0]]['release'] if parents else (2, 4)
        if rng.random() < 0.03:
            release = (release[0], release[1] + 1)
        self.commits.append({'parents': parents, 'committer': committer, 'release': release,
                             'author': committer - (rng.randrange(lag) if lag else 0)})
        return len(self.commits) - 1

    def _step(self):
        rng, lines = self.rng, self.lines
        line = rng.randrange(len(lines))
        kind = rng.choices(['linear', 'topic', 'merge', 'octopus', 'criss-cross', 'root'],
                           [45, 18, 22, 4, 9, 2])[0]
        others = [number for number in lines if number != lines[line]]
        if kind == 'topic' and len(lines) < 12:
            lines.append(self._add([rng.randrange(len(self.commits))]))
        elif kind == 'merge' and others:
            lines[line] = self._add([lines[line], rng.choice(others)])
        elif kind == 'octopus' and len(set(others)) >= 2:
            count = min(len(set(others)), rng.choice([2, 3, 4]))
            lines[line] = self._add([lines[line], *rng.sample(sorted(set(others)), count)])
        elif kind == 'criss-cross' and others:
            other = rng.choice(others)
            one, two = self._add([lines[line], other]), self._add([other, lines[line]])
            lines[lines.index(other)], lines[line] = two, one
        elif kind == 'root' and len(lines) < 12:
            lines.append(self._add([]))
        else:
            lines[line] = self._add([lines[line]])

    def _name_branches(self):
        names = ['main', 'release/2.4', 'release/2.5', 'Topic/UPPER', 'user@host', 'v.x/y-z']
        heads = sorted(set(self.lines), reverse=True)
        for name, head in zip(names, heads):
            self.branches[name] = head
        for number, head in enumerate(heads[len(names):]):
            self.branches[f'topic/{number}'] = head

    def write(self, repository):
        """Makes the bare repository; returns the oid of each commit by number."""
        subprocess.run(['git', 'init', '-q', '--bare', '-b', 'main', str(repository)], check=True,
                       env=GIT_ENV)
        marks = repository / 'marks'
        git(repository, 'fast-import', '--quiet', f'--export-marks={marks}',
            data=''.join(self._stream()).encode())
        oids = dict(line.split() for line in marks.read_text().splitlines())
        marks.unlink()
        return [oids[f':{number + 1}'] for number in range(len(self.commits))]

    def _stream(self):
        for number, commit in enumerate(self.commits):
            major, minor = commit['release']
            props = (f'<P><MUXVersionMajor>{major}</MUXVersionMajor>'
                     f'<MUXVersionMinor>{minor}</MUXVersionMinor></P>')
            message = f'commit {number}'
            if not commit['parents']:
                yield 'reset refs/heads/import\n\n'
            yield f'commit refs/heads/import\nmark :{number + 1}\n'
            yield f'author a <a@example.invalid> {commit["author"]} +0530\n'
            yield f'committer c <c@example.invalid> {commit["committer"]} -0700\n'
            yield f'data {len(message)}\n{message}\n'
            for place, parent in enumerate(commit['parents']):
                yield f'{"merge" if place else "from"} :{parent + 1}\n'
            yield f'M 100644 inline version.props\ndata {len(props)}\n{props}\n\n'
        for name, number in self.branches.items():
            yield f'reset refs/heads/{name}\nfrom :{number + 1}\n\n'
        # lines without a branch are reachable all the same: every commit can be asked about
        for place, number in enumerate(sorted(set(self.lines))):
            yield f'reset refs/tags/line-{place}\nfrom :{number + 1}\n\n'
        yield f'reset refs/heads/import\nfrom {"0" * 40}\n\n'
