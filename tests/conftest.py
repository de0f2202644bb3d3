"""Fixtures that all end-to-end tests share."""
import pathlib
import signal
import subprocess
import types

import pytest

import static_feed
from daemon import Daemon
from feed_server import FeedServer
from upstream import Upstream

ROOT = pathlib.Path(__file__).resolve().parents[1]
TEST_LIMIT_S = 180
PACKAGE = static_feed.DEMO_PACKAGE


@pytest.fixture(autouse=True)
def limit(request):
    """No test may hang the run."""
    own = request.node.get_closest_marker('limit')
    seconds = own.args[0] if own else TEST_LIMIT_S

    def too_long(*_):
        raise TimeoutError(f'the test took more than {seconds} s')
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    yield
    signal.alarm(0)


class World:
    """Upstream, feed and daemon of one test (or of one file of tests that only read)."""

    def __init__(self, folder):
        self.folder = folder
        self.servers = []
        self.daemons = []
        self.config = {
            'feeds': {'demo': {'url': 'unset', 'interval': '500ms'}},
            'repositories': {'winui': {
                'url': 'unset', 'interval': '500ms', 'branch': 'main',
                'tracked': ['main', 'release/*'],
                'release': {'file': 'version.props', 'major': 'MUXVersionMajor',
                            'minor': 'MUXVersionMinor'},
                'packages': [{'id': PACKAGE, 'feed': 'demo',
                              'grammars': ['patch-stamp', 'prerelease-stamp'],
                              'patch_stamp_label': 'underscore'}]}}}

    @property
    def repository(self):
        return self.config['repositories']['winui']

    def new_upstream(self, name='upstream.git'):
        upstream = Upstream(self.folder / name)
        self.repository['url'] = upstream.path
        return upstream

    def new_feed(self, versions=(), name='feed'):
        """A static feed on loopback with these versions of the package."""
        server, base_url = static_feed.serve(self.folder / name)
        self.servers.append(server)
        feed = static_feed.StaticFeed(self.folder / name, base_url, with_files=False)
        feed.packages[PACKAGE] = {}
        for version in versions:
            feed.add(PACKAGE, version)
        feed.write()
        self.config['feeds']['demo']['url'] = feed.index_url
        return feed

    def new_daemon(self, name='daemon'):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        daemon = Daemon(folder, self.config)
        self.daemons.append(daemon)
        return daemon

    def release(self, failed=False):
        try:
            for daemon in self.daemons:
                if failed:
                    daemon.discard()
                else:
                    daemon.stop()
        finally:
            for daemon in self.daemons:
                daemon.discard()
            for server in self.servers:
                server.shutdown()
                server.server_close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets fixtures know whether their test failed; shows the daemons' logs when it did."""
    outcome = yield
    report = outcome.get_result()
    if report.when == 'call':
        item.failed = report.failed
    if report.failed:
        for value in getattr(item, 'funcargs', {}).values():
            for daemon in getattr(value, 'daemons', []):
                report.sections.append((f'log of {daemon.folder.name}', daemon.log[-6000:]))


@pytest.fixture
def feed():
    """A feed that the test programs, without a daemon."""
    with FeedServer() as server:
        yield server


@pytest.fixture
def world(tmp_path, request):
    """An empty world; the test makes its upstream, feed and daemon. Stops must be clean."""
    made = World(tmp_path)
    yield made
    made.release(failed=getattr(request.node, 'failed', True))


def build_example(made):
    """The worked example of the rules: upstream, feed, and the SHA of each label."""
    path = made.folder / 'upstream.git'
    printed = subprocess.run([ROOT / 'deploy/demo/make-upstream', path], check=True, text=True,
                             capture_output=True).stdout
    made.upstream = made.new_upstream()
    made.sha = dict(line.split() for line in printed.splitlines())
    made.repository['branch_source'] = [
        {'file': 'tools/MUXPGODatabase/config.ps1', 'variable': 'pgoBranch'}]
    made.feed = made.new_feed(version for version, _ in static_feed.DEMO_VERSIONS)
    return made


@pytest.fixture
def example(world):
    """The worked example with a daemon of the test's own, not yet started."""
    build_example(world)
    world.daemon = world.new_daemon()
    return world


@pytest.fixture(scope='module')
def served_example(tmp_path_factory):
    """The worked example, served for all tests of a file that only read."""
    made = build_example(World(tmp_path_factory.mktemp('example')))
    made.daemon = made.new_daemon().start()
    yield types.SimpleNamespace(daemon=made.daemon, daemons=made.daemons, sha=made.sha,
                                feed=made.feed, upstream=made.upstream)
    made.release()
