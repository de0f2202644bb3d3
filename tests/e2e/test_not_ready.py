"""Before the first look at upstream and feed has succeeded: nothing is said that is not known."""
import pytest

from conftest import PACKAGE
from upstream import unused_sha

COMMIT = f'repo=winui&sha={unused_sha()}'


@pytest.fixture
def unread(world):
    world.repository['url'] = str(world.folder / 'nowhere.git')
    world.config['feeds']['demo']['url'] = str(world.folder / 'nowhere')
    daemon = world.new_daemon().start(ready=False)
    daemon.wait_ready(path='/livez')
    return daemon


def test_questions_are_to_come_again(unread):
    for path in (f'/resolve?{COMMIT}', f'/stamp?{COMMIT}', f'/diagnose?{COMMIT}&used=1.0.0',
                 '/timeline?repo=winui', '/changes?repo=winui', '/what-if?repo=winui&publish=1.0.0',
                 '/freshness?repo=winui', '/audit-pins?repo=winui', '/versions?repo=winui'):
        reply = unread.get(path)
        assert (reply.status, reply.json['code']) == (503, 'not-ready'), (path, reply)
        assert reply.headers['Retry-After'] and reply.json['retryable'], (path, reply)
        missing = f'feed "demo" has not been read for package {PACKAGE} yet' \
            if path.startswith('/versions') else 'GET /repos/winui shows how far it is'
        assert missing in reply.json['detail'], (path, reply)


def test_a_version_may_have_been_seen(unread):
    """Nobody has listed it; but nobody has been asked."""
    decoded = unread.get('/decode', version='2.4.2001312205-main', repo='winui').json
    assert decoded['status'] == 'not-read'
