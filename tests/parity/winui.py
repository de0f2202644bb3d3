"""WinUI's real history and the packages that training runs would have published for it."""
import pathlib
import re
import subprocess
import sys

from packages import version_of
from reference import git

SHARED = pathlib.Path(__file__).resolve().parents[3] / 'shared'
SKELETON = SHARED / 'data' / 'winui.skeleton.xz'
GRAMMARS = ['prerelease-stamp', 'patch-stamp']
EVERY = 5


def make(repository):
    """Imports the skeleton into a new bare repository; returns the tip of each branch."""
    subprocess.run([sys.executable, SHARED / 'tools/skeleton-import', SKELETON, repository],
                   check=True, capture_output=True)
    git(repository, 'commit-graph', 'write', '--reachable')     # for git's own speed
    return dict(line.split() for line in git(
        repository, 'for-each-ref', 'refs/heads', '--format=%(refname:lstrip=2) %(objectname)')
        .decode().splitlines())


def releases(repository, oids):
    """(major, minor) of each commit's version.props; None where it has none to say."""
    questions = ''.join(f'{oid}:version.props\n' for oid in oids).encode()
    output = git(repository, 'cat-file', '--batch', data=questions)
    found, place = {}, 0
    for oid in oids:
        end = output.index(b'\n', place)
        header, place = output[place:end].split(), end + 1
        found[oid] = None
        if header[-1] == b'missing':
            continue
        size = int(header[2])
        text = re.sub(r'(?s)<!--.*?-->', '', output[place:place + size].decode('utf-8-sig'))
        place += size + 1
        numbers = [re.search(rf'<{name}\b[^>]*>\s*(\d+)\s*</{name}>', text)
                   for name in ('MUXVersionMajor', 'MUXVersionMinor')]
        if all(numbers):
            found[oid] = (int(numbers[0][1]), int(numbers[1][1]))
    return found


def training_runs(repository, history, tips, release_of, rng):
    """A run on every fifth first-parent commit of main and of each release branch."""
    versions = set()
    for branch in tips:
        if branch != 'main' and not re.match(r'(winui3/)?release/', branch):
            continue
        line = git(repository, 'rev-list', '--first-parent', f'refs/heads/{branch}').decode().split()
        for oid in line[::EVERY]:
            if release_of[oid]:
                grammar = 'patch-stamp' if history.author[oid] < 1640995200 else 'prerelease-stamp'
                versions.add(version_of(release_of[oid], history.author[oid], branch, grammar, rng))
    return sorted(versions)
