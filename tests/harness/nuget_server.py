"""npm's nuget-server: a NuGet v3 feed that others wrote, on loopback."""
import contextlib
import fcntl
import json
import pathlib
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import static_feed
from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / 'build' / 'npm'
PACKAGE = {
    'name': 'forkpoint-tests', 'private': True,
    'dependencies': {'nuget-server': '1.11.0'},
    'overrides': {'typed-message': '1.17.0'},      # newer ones break this version
}


class Unavailable(Exception):
    """npm cannot install it here; the text says why."""


@contextlib.contextmanager
def one_at_a_time(folder):
    """Makes the folder, for one of the processes that test side by side at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / 'lock', 'wb') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def installed():
    """The program's path. Installs it once; raises Unavailable."""
    with one_at_a_time(FOLDER):
        return install()


def install():
    program = FOLDER / 'node_modules' / 'nuget-server' / 'dist' / 'cli.mjs'
    if not (FOLDER / 'complete').exists():
        if not shutil.which('npm'):
            raise Unavailable('npm is not there')
        (FOLDER / 'package.json').write_text(json.dumps(PACKAGE), encoding='ascii')
        try:
            done = subprocess.run(['npm', 'install', '--no-audit', '--no-fund', '--silent'],
                                  cwd=FOLDER, capture_output=True, text=True, timeout=150,
                                  check=False)
        except subprocess.TimeoutExpired as timeout:
            raise Unavailable('npm install took too long') from timeout
        if done.returncode != 0 or not program.exists():
            raise Unavailable('npm cannot install nuget-server: '
                              + (done.stderr or done.stdout)[-300:])
        text = program.read_text(encoding='utf-8')
        assert '"0.0.0.0"' in text, 'nuget-server listens in another way than this test knows'
        program.write_text(text.replace('"0.0.0.0"', '"127.0.0.1"'), encoding='utf-8')
        (FOLDER / 'complete').touch()
    return program


class NugetServer:
    """`with NugetServer(folder) as server:` serves packages kept below the folder."""

    def __init__(self, folder):
        self.program = installed()
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        self.process = None

    @property
    def index_url(self):
        return f'{self.url}/v3/index.json'

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            ['node', self.program, '-p', str(self.port), '-d', str(self.folder / 'packages'),
             '--base-url', self.url], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(self.index_url, timeout=2).close()
                return self
            except (urllib.error.URLError, OSError):
                assert self.process.poll() is None, 'nuget-server ended'
                assert time.monotonic() < deadline, 'nuget-server does not answer'
                time.sleep(0.1)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def push(self, package_id, version):
        request = urllib.request.Request(
            f'{self.url}/api/publish', data=static_feed.nupkg(package_id, version), method='POST',
            headers={'Content-Type': 'application/octet-stream'})
        with urllib.request.urlopen(request, timeout=20) as reply:
            assert reply.status in (200, 201), reply.status
