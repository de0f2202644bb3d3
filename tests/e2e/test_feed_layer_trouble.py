"""A feed that throttles, fails, floods or hangs: nothing wrong is listed, memory and time stay
bounded."""

import gzip
import time
from email.utils import formatdate

import pytest

from feed_look import SANITIZED_PEAK_KIB, VERSIONS, Looker, look, needs_build
import feed_faults as faults

pytestmark = needs_build


# -- throttling and failures


@pytest.mark.parametrize("behaviour, wait_ms", [
    (faults.throttle(429, "7"), 7000), (faults.throttle(503, "3"), 3000), (faults.throttle(429), 0),
    (faults.throttle(503), 0), (faults.azure_throttle(), 0),
    (faults.throttle(429, "99999999999"), 86400000),
    (faults.throttle(429, "nonsense"), 0), (faults.throttle(429, "-5"), 0), (faults.status(500), 0),
    (faults.status(502), 0)])
def test_throttling(feed, behaviour, wait_ms):
    feed.publish("Demo", "1.0.0")
    feed.misbehave("/reg/.*", behaviour)
    found = look(feed.index_url)
    assert found.error == "unavailable" and found.report("retry_after_ms") == wait_ms


def test_retry_after_as_a_date(feed):
    feed.publish("Demo", "1.0.0")
    feed.misbehave("/reg/.*", faults.throttle(429, formatdate(time.time() + 30, usegmt=True)))
    assert 25000 <= look(feed.index_url).report("retry_after_ms") <= 31000


def test_a_failure_never_loses_what_was_known(feed):
    feed.publish("Demo", *VERSIONS)
    with Looker(feed.index_url, *["Demo"] * 4) as looker:
        assert looker.next().kind == "listing"
        feed.misbehave(".*", faults.throttle(429))
        assert looker.next().error == "unavailable"
        feed.misbehave(".*", faults.status(401))
        assert looker.next().error == "unavailable"
        feed.behave()
        assert looker.next().kind == "unchanged"


BAD_BODIES = {
    "reset": (faults.reset(), {"unavailable"}),
    "truncated": (faults.truncated(b'{"versions": ["1.0.0"'), {"invalid"}),
    "too short a length": (faults.wrong_length(b'{"versions": ["1.0.0"]}', 10), {"invalid"}),
    "too long a length": (faults.wrong_length(b'{"versions": ["1.0.0"]}', 100), {"unavailable"}),
    "deep": (faults.deep_json(), {"limit", "invalid"}),
    "html": (faults.html_page(), {"invalid"}),
    "xml": (faults.body("<feed/>"), {"invalid"}),
    "empty": (faults.body(""), {"invalid"}),
    "an array": (faults.body('["1.0.0"]'), {"invalid"}),
    "a string": (faults.body('"1.0.0"'), {"invalid"}),
    "invalid UTF-8": (faults.body(b'{"versions": ["1.0.0\xff"]}'), {"invalid"}),
    "a lone surrogate": (faults.body(b'{"versions": ["1.0.0\\ud800"]}'), {"invalid", ""}),
    "a raw NUL": (faults.body(b'{"versions": ["1.0.0\0"]}'), {"invalid"}),
    "two documents": (faults.body('{"versions": []}{"versions": []}'), {"invalid"}),
    "206": (faults.body('{"versions": ["1.0.0"]}', code=206), {"invalid"}),
    "304 unasked": (faults.status(304), {"invalid"}),
    "damaged gzip": (faults.body(b"\x1f\x8b\x08\x00" + b"\xff" * 100), {"invalid"}),
    "cut gzip": (faults.body(gzip.compress(b'{"versions": ["1.0.0"]}')[:-9]), {"unavailable"}),
    "endless headers": (faults.endless_headers(), {"limit", "unavailable", "invalid"}),
}


@pytest.mark.parametrize("path", ["/flat/.*", "/reg/.*"])
@pytest.mark.parametrize("name", BAD_BODIES)
def test_bad_bodies(feed, name, path):
    behaviour, codes = BAD_BODIES[name]
    feed.publish("Demo", *VERSIONS)
    feed.misbehave(path, behaviour)
    started = time.time()
    found = look(feed.index_url)
    assert time.time() - started < 10
    if name == "a lone surrogate" and found.kind != "error":
        assert "1.0.0" not in found.versions or found.versions["1.0.0"][0] == "listed"
        return
    assert found.kind == "error" and found.error in codes, found.text


def test_a_nul_inside_a_version_is_left_out(feed):
    feed.resources = ["flat"]
    feed.misbehave("/flat/.*", faults.body('{"versions": ["1.0.0\\u0000", "1.1.0", "1\\n2", ""]}'))
    found = look(feed.index_url)
    assert list(found.versions) == ["1.1.0"] and "3 strings cannot be kept" in found.text


# -- memory


def test_ten_gigabytes_of_spaces(feed):
    feed.misbehave("/flat/.*", faults.endless(b" ", 10 << 30, start=b'{"versions": ['))
    found = look(feed.index_url, bytes=64 << 20)
    print("peak KiB:", found.report("peak_kib"))
    assert found.error == "limit" and found.report("peak_kib") < SANITIZED_PEAK_KIB


def test_a_gzip_bomb(feed):
    feed.misbehave("/flat/.*", faults.gzip_bomb(300))
    found = look(feed.index_url, bytes=64 << 20)
    print("peak KiB:", found.report("peak_kib"))
    assert found.error == "limit" and found.report("peak_kib") < SANITIZED_PEAK_KIB


@pytest.mark.parametrize("path, start", [
    ("/flat/.*", b'{"versions": ["1.0.0"'), ("/reg/.*", b'{"items": [{"items": [null')])
def test_more_versions_than_allowed(feed, path, start):
    feed.publish("Demo", "1.0.0")
    piece = b',"1.0.1"' if path == "/flat/.*" else b',{"catalogEntry":{"version":"1.0.1"}}'
    feed.misbehave(path, faults.endless(piece, 1 << 30, start=start))
    found = look(feed.index_url, versions=10000)
    assert found.error == "limit" and "max_versions" in found.text


def test_more_pages_than_allowed(feed):
    feed.publish("Demo", "1.0.0")
    feed.misbehave("/reg/.*", faults.endless(b',{"@id":"x.json"}', 1 << 30,
                                             start=b'{"items":[null'))
    found = look(feed.index_url, pages=1000)
    assert found.error == "limit" and "max_pages" in found.text


@pytest.mark.parametrize("depth, error", [(20, ""), (10, "limit")])
@pytest.mark.parametrize("path, text", [
    ("/flat/.*", '{"x": %s1%s, "versions": ["1.0.0"]}' % ("[" * 15, "]" * 15)),
    ("/reg/.*", '{"x": %s1%s, "items": [{"items": []}]}' % ("[" * 15, "]" * 15)),
    ("/v2/Find.*", '<feed xmlns="http://www.w3.org/2005/Atom">%s%s</feed>'
     % ("<x>" * 15, "</x>" * 15))])
def test_deeper_than_allowed(feed, path, text, depth, error):
    feed.publish("Demo", "1.0.0")
    feed.misbehave(path, faults.body(text))
    found = look(feed.v2_url if "v2" in path else feed.index_url, depth=depth,
                 protocol="v2" if "v2" in path else "v3")
    assert found.error == error, found.text


def test_a_registration_of_a_hundred_megabytes_streams(feed):
    leaf = b',{"catalogEntry":{"description":"%s","version":"1.0.1"}}' % (b"x" * 900)
    feed.resources = ["registration"]

    def send(h):
        h.start_endless()
        h.wfile.write(b'{"items":[{"items":[{"catalogEntry":{"version":"1.0.0"}}')
        for _ in range(1000):
            h.wfile.write(leaf * 100)
        h.wfile.write(b"]}]}")

    feed.misbehave("/reg/.*", send)
    found = look(feed.index_url)
    print("peak KiB:", found.report("peak_kib"))
    assert list(found.versions) == ["1.0.0", "1.0.1"]
    assert found.report("bytes") > 90 << 20 and found.report("peak_kib") < SANITIZED_PEAK_KIB


# -- patience


def test_a_feed_that_says_nothing(feed):
    feed.misbehave("/reg/.*", faults.hang(8))
    feed.publish("Demo", "1.0.0")
    started = time.time()
    found = look(feed.index_url, first="500ms", connect="500ms")
    assert found.error == "timeout" and time.time() - started < 4


def test_a_feed_that_stalls(feed):
    feed.misbehave("/reg/.*", faults.stall(b'{"items": [', 8))
    feed.publish("Demo", "1.0.0")
    started = time.time()
    assert look(feed.index_url, stall="500ms").error == "timeout"
    assert time.time() - started < 4


def test_a_feed_that_drips(feed):
    feed.misbehave("/reg/.*", faults.drip(b" " * 100, 0.2))
    feed.publish("Demo", "1.0.0")
    started = time.time()
    found = look(feed.index_url, stall="1s", total="1500ms")
    assert found.error == "timeout" and time.time() - started < 5


def test_a_port_where_nobody_listens():
    assert look("http://127.0.0.1:9/v3/index.json", connect="1s").error == "unavailable"
