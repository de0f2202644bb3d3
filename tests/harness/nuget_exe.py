"""NuGet.exe under mono: the client that other people's builds use, as the judge of lists."""
import os
import pathlib
import shutil
import subprocess

import npm


class NugetExe:
    """Runs NuGet.exe with a HOME of its own: it caches service indexes for 40 minutes."""

    def __init__(self, folder):
        if not shutil.which('mono'):
            raise npm.Unavailable('mono is not there')
        self.program = npm.installed('nuget-exe', {'dependencies': {'nuget-exe': '5.8.0'}},
                                     'nuget-exe/nuget-5.8.0.exe')
        self.home = pathlib.Path(folder) / 'nuget-home'
        self.home.mkdir(exist_ok=True)

    def run(self, *arguments):
        done = subprocess.run(['mono', str(self.program), *map(str, arguments)], capture_output=True,
                              text=True, timeout=120, check=False,
                              env={**os.environ, 'HOME': str(self.home)})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def init(self, source, destination):
        """Makes a hierarchical folder feed of a flat one."""
        self.run('init', source, destination)

    def list(self, package_id, source):
        """All versions of the package, as NuGet orders them, the highest first."""
        lines = self.run('list', package_id, '-AllVersions', '-Prerelease', '-Source', source,
                         '-NonInteractive').splitlines()
        return [line.split(' ', 1)[1] for line in lines if line.startswith(package_id + ' ')]
