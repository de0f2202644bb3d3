"""Upstream repositories for tests, made with git's plumbing."""
import os
import re
import subprocess
from datetime import datetime, timezone

IDENTITY = {
    'GIT_CONFIG_NOSYSTEM': '1', 'GIT_CONFIG_GLOBAL': '/dev/null',
    'GIT_AUTHOR_NAME': 'A', 'GIT_AUTHOR_EMAIL': 'a@example.invalid',
    'GIT_COMMITTER_NAME': 'C', 'GIT_COMMITTER_EMAIL': 'c@example.invalid',
}


def seconds(text):
    """`2020-01-31 22:05` in UTC, as seconds since 1970."""
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


def stamp_of(unix_seconds):
    return datetime.fromtimestamp(unix_seconds, timezone.utc).strftime('%y%m%d%H%M')


def version_props(major, minor):
    return ('\ufeff<Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003">\r\n'
            f'<PropertyGroup><MUXVersionMajor>{major}</MUXVersionMajor>'
            f'<MUXVersionMinor>{minor}</MUXVersionMinor></PropertyGroup></Project>\r\n').encode()


class Upstream:
    """A bare repository. Times are UTC texts or seconds; parents and branches take any revision."""

    def __init__(self, path):
        self.path = str(path)
        if not os.path.exists(self.path):
            self._run('init', '-q', '--bare', '-b', 'main', self.path, inside=False)

    def _run(self, *arguments, data=None, inside=True, environment=None):
        where = ['-C', self.path] if inside else []
        return subprocess.run(['git', *where, *arguments], input=data, check=True,
                              capture_output=True, env={**os.environ, **IDENTITY,
                                                        **(environment or {})}).stdout

    def git(self, *arguments, data=None):
        return self._run(*arguments, data=data).decode().strip()

    def blob(self, data):
        return self.git('hash-object', '-w', '--stdin', data=data)

    def tree(self, files):
        """A tree of {path: bytes}; folders come from slashes in the paths."""
        entries, folders = [], {}
        for path, content in files.items():
            head, _, rest = path.partition('/')
            if rest:
                folders.setdefault(head, {})[rest] = content
            else:
                entries.append(f'100644 blob {self.blob(content)}\t{path}')
        for name, inner in folders.items():
            entries.append(f'040000 tree {self.tree(inner)}\t{name}')
        return self.git('mktree', data='\n'.join(sorted(entries, key=lambda e: e.split('\t')[1]))
                        .encode() + b'\n' if entries else b'')

    def commit(self, branch, author, parents=None, files=None, committer=None, message='change'):
        """A commit on top of the branch (or of `parents`), to which the branch then moves."""
        author = seconds(author) if isinstance(author, str) else author
        committer = seconds(committer) if isinstance(committer, str) else committer or author
        ref = f'refs/heads/{branch}'
        if parents is None:
            parents = [tip] if (tip := self.tip(branch)) else []
        files = {'version.props': version_props(2, 4)} if files is None else files
        flags = [flag for parent in parents for flag in ('-p', parent)]
        sha = self._run('commit-tree', self.tree(files), *flags, data=message.encode(),
                        environment={'GIT_AUTHOR_DATE': f'@{author} +0100',
                                     'GIT_COMMITTER_DATE': f'@{committer} -0800'}).decode().strip()
        self.git('update-ref', ref, sha)
        return sha

    def tip(self, branch):
        found = subprocess.run(['git', '-C', self.path, 'rev-parse', '-q', '--verify',
                                f'refs/heads/{branch}'], capture_output=True, text=True,
                               check=False)
        return found.stdout.strip() if found.returncode == 0 else None


def unused_sha(character='d'):
    """A SHA that no repository has."""
    return re.sub('.', character, '0' * 40)
