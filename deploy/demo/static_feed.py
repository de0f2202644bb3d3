#!/usr/bin/python3
"""A NuGet v3 feed of plain files: service index, flat container, registrations, packages.

As a program it serves the packages of the worked example on loopback until it is killed:
    static_feed.py DIR [--port PORT]      prints the feed's URL when it listens
As a module it gives StaticFeed (the files) and serve (the server) to the tests.
"""
import argparse
import functools
import http.server
import io
import json
import os
import pathlib
import threading
import zipfile

DEMO_PACKAGE = 'MUXPGODatabase'
DEMO_VERSIONS = [
    ('2.4.2001312028-main', '2020-01-31T23:10:00Z'),
    ('2.4.2001312033-main', '2020-01-31T23:15:00Z'),
    ('2.4.2001312054-release_2_4', '2020-01-31T23:41:00Z'),
    ('2.4.2001312205-main', '2020-02-01T00:52:00Z'),
    ('2.4.2001312227-main', '2020-02-01T01:20:00Z'),
]


def nupkg(package_id, version):
    """The smallest package that NuGet takes, the same bytes every time."""
    nuspec = f'''<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata>
    <id>{package_id}</id>
    <version>{version}</version>
    <authors>demo</authors>
    <description>Profile databases</description>
  </metadata>
</package>
'''
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, 'w') as archive:
        archive.writestr(zipfile.ZipInfo(f'{package_id}.nuspec', (2020, 1, 1, 0, 0, 0)), nuspec)
        archive.writestr(zipfile.ZipInfo('[Content_Types].xml', (2020, 1, 1, 0, 0, 0)),
                         '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/'
                         'package/2006/content-types"><Default Extension="nuspec" '
                         'ContentType="application/octet"/></Types>')
    return memory.getvalue()


class StaticFeed:
    """The feed's files under `folder`, whose URL is `base_url`. Change `packages`, then write()."""

    def __init__(self, folder, base_url, with_files=True):
        self.folder = pathlib.Path(folder)
        self.base_url = base_url.rstrip('/')
        self.with_files = with_files
        self.packages = {}      # id -> {version: {'listed': bool, 'published': time}}

    @property
    def index_url(self):
        return f'{self.base_url}/v3/index.json'

    def add(self, package_id, version, published='2020-01-01T00:00:00Z', listed=True):
        self.packages.setdefault(package_id, {})[version] = {
            'listed': listed, 'published': published}

    def write(self):
        self._put('v3/index.json', {'version': '3.0.0', 'resources': [
            {'@id': f'{self.base_url}/v3/flat/', '@type': 'PackageBaseAddress/3.0.0'},
            {'@id': f'{self.base_url}/v3/registration/', '@type': 'RegistrationsBaseUrl/3.6.0'}]})
        for package_id, versions in self.packages.items():
            self._write_package(package_id, versions)

    def _write_package(self, package_id, versions):
        lower = package_id.lower()
        registration = f'{self.base_url}/v3/registration/{lower}'
        leaves = []
        for version, facts in versions.items():
            name = f'v3/flat/{lower}/{version.lower()}/{lower}.{version.lower()}.nupkg'
            if self.with_files and not (self.folder / name).exists():
                self._put_bytes(name, nupkg(package_id, version))
            leaves.append({
                '@id': f'{registration}/{version.lower()}.json',
                'packageContent': f'{self.base_url}/{name}',
                'catalogEntry': {'id': package_id, 'version': version, **facts}})
        self._put(f'v3/registration/{lower}/index.json', {'count': 1, 'items': [{
            '@id': f'{registration}/index.json#page', 'count': len(leaves), 'items': leaves}]})
        # last: what the flat container lists can be looked up in the registration already
        self._put(f'v3/flat/{lower}/index.json', {'versions': [v.lower() for v in versions]})

    def _put(self, name, document):
        self._put_bytes(name, json.dumps(document).encode())

    def _put_bytes(self, name, data):
        """Whole or not at all: readers never see half a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(path.name + '.half')
        half.write_bytes(data)
        os.replace(half, path)


class _Files(http.server.SimpleHTTPRequestHandler):
    """Files with an ETag: a date alone cannot tell two writes within one second apart."""
    protocol_version = 'HTTP/1.1'
    tag = None      # of the file as it was before it was opened

    def etag(self):
        try:
            facts = os.stat(self.translate_path(self.path))
        except OSError:
            return None
        return f'"{facts.st_mtime_ns:x}-{facts.st_size:x}-{facts.st_ino:x}"'

    def send_head(self):
        # Before: a file that is replaced meanwhile must not be known by its successor's tag.
        self.tag = self.etag()
        asked = self.headers.get('If-None-Match')
        if asked is not None:
            del self.headers['If-Modified-Since']       # the ETag alone decides (RFC 9110, 13.1.3)
            if asked == self.tag:
                self.send_response(304)
                self.end_headers()
                return None
        return super().send_head()

    def end_headers(self):
        if self.tag:
            self.send_header('ETag', self.tag)
        super().end_headers()

    def log_message(self, *_):
        pass


def serve(folder, port=0):
    """Serves a folder on loopback from a thread; returns (server, base URL)."""
    os.makedirs(folder, exist_ok=True)
    handler = functools.partial(_Files, directory=str(folder))
    server = http.server.ThreadingHTTPServer(('127.0.0.1', port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f'http://127.0.0.1:{server.server_address[1]}'


def main():
    parser = argparse.ArgumentParser(description='the demonstration feed')
    parser.add_argument('folder')
    parser.add_argument('--port', type=int, default=0)
    options = parser.parse_args()
    _, base_url = serve(options.folder, options.port)
    feed = StaticFeed(options.folder, base_url)
    for version, published in DEMO_VERSIONS:
        feed.add(DEMO_PACKAGE, version, published)
    feed.write()
    print(feed.index_url, flush=True)
    threading.Event().wait()


if __name__ == '__main__':
    main()
