"""Whether what a feed lists can be downloaded; and what the probe tells of a feed."""

import pytest

from feed_look import Looker, needs_build
import feed_faults as faults
from feed_server import FeedServer

pytestmark = needs_build


def test_downloads(feed):
    feed.publish("Demo", "1.0.0", "1.1.0")
    feed.version("Demo", "1.1.0").downloadable = False
    with Looker(feed.index_url, "head:Demo:1.0.0", "head:Demo:1.1.0", "head:Demo:9") as looker:
        assert looker.next().facts["download"] == "there"
        assert looker.next().facts["download"] == "gone"
        assert looker.next().facts["download"] == "gone"
    feed.misbehave("/flat/.*nupkg", faults.status(405), times=1)
    with Looker(feed.index_url, "head:Demo:1.0.0") as looker:
        assert looker.next().facts["download"] == "there"
    with FeedServer() as storage:
        storage.misbehave(".*", lambda h: h.send(403 if h.command == "HEAD" else 200, b"PK"))
        feed.misbehave("/flat/.*nupkg", faults.redirect(storage.url + "/x?signature=1"), times=2)
        with Looker(feed.index_url, "head:Demo:1.0.0") as looker:
            assert looker.next().facts["download"] == "there"
        assert [request.method for request in storage.requests] == ["HEAD", "GET"]
    feed.misbehave("/flat/.*nupkg", faults.status(401))
    with Looker(feed.index_url, "head:Demo:1.0.0") as looker:
        assert looker.next().error == "denied"


@pytest.mark.parametrize("resources, path", [(["registration"], "/flat/demo/1.0.0/x.nupkg"),
                                             (["gallery"], "/v2/package/Demo/1.0.0")])
def test_downloads_without_a_flat_container(feed, resources, path):
    feed.resources = resources
    feed.publish("Demo", "1.0.0")
    with Looker(feed.index_url, "Demo", "head:Demo:1.0.0") as looker:
        assert looker.next().kind == "listing"
        assert looker.next().facts["download"] == "there"
    assert feed.paths()[-1] == path and feed.requests[-1].method == "HEAD"


def test_the_probe_shows_where_resources_differ(feed):
    feed.publish("Demo", "1.0.0", "1.1.0")
    feed.version("Demo", "1.1.0").in_registration = False
    with Looker(feed.index_url, "probe:Demo") as looker:
        text = looker.next().text
    assert "protocol: v3 (found out" in text
    assert "in the flat container but not in the registrations: 1.1.0" in text
    assert "LegacyGallery: 2 versions" in text
    assert ", 1 request, " in text
    feed.resources = ["registration-old"]
    with Looker(feed.index_url, "probe:Demo") as looker:
        text = looker.next().text
    assert "flat container: missing" in text and "does not hold SemVer 2" in text
