"""Runs the real binary with a configuration of the test's and talks to it over HTTP."""
import http.client
import json
import os
import re
import signal
import subprocess
import time
import urllib.parse

from ports import free_port

SANITIZER_REPORT = re.compile(
    r'AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|runtime error:')
SANITIZERS = ('ASAN_OPTIONS', 'TSAN_OPTIONS', 'UBSAN_OPTIONS')
STOP_WITHIN_S = 2.0     # where a core is free


def binary():
    path = os.environ.get('FORKPOINT_BIN')
    if not path:
        raise RuntimeError('FORKPOINT_BIN names the binary to test; tests/run sets it')
    return [*os.environ.get('FORKPOINT_WRAPPER', '').split(), os.path.abspath(path)]


def slowness():
    """How many times as long as where a core is free things may take here."""
    return max(1, os.getloadavg()[0] / os.cpu_count())


def run_command(*arguments, **options):
    """A subcommand that ends by itself; returns the CompletedProcess with text output."""
    return subprocess.run([*binary(), *arguments], capture_output=True, text=True, timeout=30,
                          check=False, **options)


def with_reports_in(folder):
    """The environment with which sanitizers write their reports into the folder: those of fetch
    workers too, whose standard error the daemon reads."""
    return {name: ':'.join(filter(None, [os.environ.get(name), f'log_path={folder}/sanitizer']))
            for name in SANITIZERS}


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers      # case-insensitive
        self.body = body

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f'<{self.status} {self.body[:400]!r}>'


class Client:
    """One keep-alive connection."""

    def __init__(self, port, timeout=70):
        self.connection = http.client.HTTPConnection('127.0.0.1', port, timeout=timeout)

    def request(self, method, target, body=None, headers=None):
        self.connection.request(method, target, body=body, headers=headers or {})
        reply = self.connection.getresponse()
        return Reply(reply.status, reply.headers, reply.read())

    def close(self):
        self.connection.close()


class Daemon:
    def __init__(self, folder, config):
        self.folder = folder
        self.port = free_port()
        self.config = {'listen': f'127.0.0.1:{self.port}',
                       'data_dir': str(folder / 'data'), **config}
        self.config_file = folder / 'forkpoint.json'
        self.log_file = folder / 'log'
        self.process = None

    # ---- life ----

    def start(self, ready=True, environment=None):
        self.config_file.write_text(json.dumps(self.config, indent=2), encoding='utf-8')
        with open(self.log_file, 'ab') as log:
            self.process = subprocess.Popen(
                [*binary(), 'serve', '--config', str(self.config_file)], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **with_reports_in(self.folder), **(environment or {})})
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=60, path='/readyz'):
        """Waits until the path answers 200; fails at once when the process ends."""
        deadline = time.monotonic() + seconds
        reply = None
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f'ended with {self.process.returncode}:\n{self.log}'
            try:
                reply = self.get(path)
                if reply.status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.03)
        raise AssertionError(f'{path} is not ready after {seconds} s: {reply}\n{self.log}')

    def stop(self):
        """SIGTERM; asserts a clean end in time and a log without a sanitizer's report."""
        if self.process is None:
            return
        process, self.process = self.process, None
        assert process.poll() is None, f'ended early with {process.returncode}:\n{self.log}'
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f'does not end on SIGTERM:\n{self.log}') from None
        took = time.monotonic() - started
        self.assert_no_report()
        assert status == 0, f'ended with {status}:\n{self.log}'
        allowed = STOP_WITHIN_S * slowness()
        assert took < allowed, f'took {took:.1f} s to end, not {allowed:.1f}:\n{self.log}'

    def kill(self):
        """kill -9, as a crash of the machine's would end it."""
        self.end_at_once()
        self.assert_no_report()

    def end_at_once(self):
        process, self.process = self.process, None
        process.kill()
        process.wait()

    def discard(self):
        """For a test that failed: no questions asked."""
        if self.process is not None:
            self.end_at_once()

    def assert_no_report(self):
        assert not SANITIZER_REPORT.search(self.log), self.log
        for path in self.folder.glob('sanitizer.*'):
            report = path.read_text(encoding='utf-8', errors='replace')
            assert not SANITIZER_REPORT.search(report), report

    @property
    def log(self):
        if not self.log_file.exists():
            return ''
        return self.log_file.read_text(encoding='utf-8', errors='replace')[-20000:]

    def wait_log(self, *words):
        """The log tells what has already happened: what can be seen elsewhere may come before."""
        for word in words:
            eventually(lambda sought=word: sought in self.log, what=f'{word!r} in the log')

    # ---- requests ----

    @property
    def url(self):
        return f'http://127.0.0.1:{self.port}'

    def client(self, **options):
        return Client(self.port, **options)

    def request(self, method, target, body=None, headers=None):
        client = self.client()
        try:
            return client.request(method, target, body, headers)
        finally:
            client.close()

    def get(self, path, headers=None, **parameters):
        query = '?' + urllib.parse.urlencode(parameters) if parameters else ''
        return self.request('GET', path + query, headers=headers)

    def resolve(self, sha=None, branch=None, headers=None, repo='winui', **parameters):
        asked = {'repo': repo, 'sha': sha, 'branch': branch, **parameters}
        return self.get('/resolve', headers=headers,
                        **{name: value for name, value in asked.items() if value is not None})

    def version(self, sha, branch=None, **parameters):
        """The chosen version, or the problem's code."""
        reply = self.resolve(sha, branch, **parameters)
        document = reply.json
        return document['package']['version'] if reply.status == 200 else document['code']


def eventually(condition, seconds=20, every=0.05, what='the condition'):
    """Polls until the condition gives something true and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f'{what} did not come true in {seconds} s'
        time.sleep(every)
