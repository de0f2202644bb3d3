"""npm's nuget-server: a NuGet v3 feed that others wrote, on loopback."""
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

import npm
import static_feed
from ports import free_port

MANIFEST = {
    'dependencies': {'nuget-server': '1.11.0'},
    'overrides': {'typed-message': '1.17.0'},      # newer ones break this version
}


def keep_to_loopback(program):
    text = program.read_text(encoding='utf-8')
    assert '"0.0.0.0"' in text, 'nuget-server listens in another way than this test knows'
    program.write_text(text.replace('"0.0.0.0"', '"127.0.0.1"'), encoding='utf-8')


class NugetServer:
    """`with NugetServer(folder) as server:` serves packages kept below the folder."""

    def __init__(self, folder):
        self.program = npm.installed('npm', MANIFEST, 'nuget-server/dist/cli.mjs',
                                     keep_to_loopback)
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
