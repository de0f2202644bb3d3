"""A look at a v2 feed, its paging and its lies; and how the protocol is found out."""

import pytest

from feed_look import VERSIONS, Looker, look, needs_build
import feed_faults as faults
from feed_server import M, FeedServer, atom

pytestmark = needs_build


# -- v2


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("link", ["absolute", "relative"])
def test_v2_pages(feed, listed, link):
    feed.v2_listed, feed.v2_next, feed.v2_page_size = listed, link, 2
    feed.publish("Demo", *VERSIONS)
    feed.unlist("Demo", "1.0.0")
    found = look(feed.v2_url)
    assert list(found.versions) == VERSIONS and found.complete
    assert found.versions["1.0.0"][0] == "unlisted"
    assert found.versions["1.1.0-Beta"][0] == "listed"


def test_v2_changes_and_quotes(feed):
    feed.v2_page_size = 3
    feed.publish("Demo", *VERSIONS)
    with Looker(feed.v2_url, *["Demo"] * 4, protocol="v2") as looker:
        assert looker.next().kind == "listing"
        assert looker.next().kind == "unchanged"
        feed.unlist("Demo", "2.4.2001312227-main")
        assert looker.next().versions["2.4.2001312227-main"][0] == "unlisted"
        assert looker.next().kind == "unchanged"
    feed.requests.clear()
    look(feed.v2_url, "O'Demo", protocol="v2")
    assert "id='O''Demo'" in feed.paths()[-1]


@pytest.mark.parametrize("answer", [faults.status(404), faults.status(204),
                                    faults.body(atom(""), "application/atom+xml")])
def test_v2_unknown_package(feed, answer):
    feed.misbehave(r"/v2/Find.*", answer)
    assert look(feed.v2_url, protocol="v2").kind == "no-package"


def test_v2_endless_next_links_stop_at_the_cap(feed):
    feed.misbehave(r"/v2/Find.*", faults.endless_next())
    found = look(feed.v2_url, protocol="v2", pages=20)
    assert found.kind == "listing" and not found.complete
    assert len(found.versions) == 20 and len(feed.requests) == 20


def test_v2_pages_that_add_nothing_end_it(feed):
    feed.misbehave(r"/v2/Find.*", faults.same_page_for_ever())
    found = look(feed.v2_url, protocol="v2")
    assert list(found.versions) == ["1.0.0"] and not found.complete and len(feed.requests) == 2


def test_v2_next_link_to_itself(feed):
    feed.misbehave(r"/v2/Find.*", faults.next_page_at(lambda h: h.feed.url + h.path))
    found = look(feed.v2_url, protocol="v2")
    assert not found.complete and len(feed.requests) == 1


def test_v2_next_link_to_another_port_is_not_followed(feed):
    with FeedServer() as other:
        feed.credentials = ("any", "secret")
        feed.misbehave(r"/v2/Find.*", faults.next_page_at(other.v2_url + "/FindPackagesById()"))
        found = look(feed.v2_url, protocol="v2", user="any", password="secret")
        assert list(found.versions) == ["1.0.0"] and not found.complete
        assert other.requests == []


def test_v2_billion_laughs(feed):
    feed.misbehave(r"/v2/Find.*", faults.billion_laughs())
    found = look(feed.v2_url, protocol="v2")
    assert found.error in ("invalid", "limit") and "HTML" not in found.text


def test_v2_error_document(feed):
    feed.misbehave(r"/v2/Find.*", faults.body(
        f'<m:error xmlns:m="{M}"><m:message>An error</m:message></m:error>', "text/xml"))
    assert look(feed.v2_url, protocol="v2").kind == "error"


# -- discovery


@pytest.mark.parametrize("path, protocol", [
    ("/v3/index.json", "v3"), ("/v3", "v3"), ("/v3/", "v3"), ("/v2", "v2"), ("/v2/", "v2")])
def test_the_protocol_is_found_out(feed, path, protocol):
    feed.publish("Demo", "1.0.0")
    found = look(feed.url + path)
    assert found.kind == "listing" and f"protocol={protocol} " in found.text


def test_v2_without_anything_at_its_root(feed):
    feed.misbehave("/v2", faults.status(404))
    feed.publish("Demo", "1.0.0")
    found = look(feed.v2_url)
    assert found.kind == "listing" and "protocol=v2 " in found.text


@pytest.mark.parametrize("root", [
    '<?xml version="1.0"?><ListBucketResult><Name>feed</Name></ListBucketResult>',
    "<!-- portal --><html><body>It works!</body></html>", "<div>It works!</div>"])
def test_xml_that_is_no_feed_decides_nothing(feed, root):
    """What stands at the root of a static feed's storage, or of a server's own pages."""
    feed.misbehave("/v3/?", faults.body(root, "application/xml"))
    feed.publish("Demo", "1.0.0")
    found = look(feed.url + "/v3")
    assert found.kind == "listing" and "protocol=v3 " in found.text


def test_no_feed_at_all(feed):
    feed.misbehave(".*", faults.html_page())
    found = look(feed.url)
    assert found.error == "invalid" and "HTML" in found.text


def test_a_url_with_credentials_is_refused():
    assert look("http://user:secret@127.0.0.1:1/").error == "invalid"
    assert "secret" not in look("http://user:secret@127.0.0.1:1/").text


def test_a_url_of_another_protocol_is_refused():
    assert look("ftp://127.0.0.1/feed").error == "invalid"
