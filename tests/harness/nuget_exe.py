"""NuGet.exe under mono: the client that other people's builds use, as the judge of lists."""
import os
import pathlib
import shutil
import subprocess

from nuget_server import Unavailable, one_at_a_time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / 'build' / 'nuget-exe'
PROGRAM = FOLDER / 'node_modules' / 'nuget-exe' / 'nuget-5.8.0.exe'


def install():
    if PROGRAM.exists():
        return
    if not shutil.which('mono') or not shutil.which('npm'):
        raise Unavailable('mono or npm is not there')
    (FOLDER / 'package.json').write_text('{"name": "forkpoint-tests", "private": true}')
    try:
        done = subprocess.run(['npm', 'install', '--no-audit', '--no-fund', '--silent',
                               'nuget-exe@5.8.0'], cwd=FOLDER, capture_output=True, text=True,
                              timeout=150, check=False)
    except subprocess.TimeoutExpired as timeout:
        raise Unavailable('npm install took too long') from timeout
    if done.returncode != 0 or not PROGRAM.exists():
        raise Unavailable('npm cannot install nuget-exe: ' + (done.stderr or done.stdout)[-300:])


class NugetExe:
    """Runs NuGet.exe with a HOME of its own: it caches service indexes for 40 minutes."""

    def __init__(self, folder):
        with one_at_a_time(FOLDER):
            install()
        self.home = pathlib.Path(folder) / 'nuget-home'
        self.home.mkdir(exist_ok=True)

    def run(self, *arguments):
        done = subprocess.run(['mono', str(PROGRAM), *map(str, arguments)], capture_output=True,
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
