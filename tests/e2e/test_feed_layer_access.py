"""Who is told a password: credentials, redirects, TLS and proxies."""

import subprocess

import pytest

from feed_look import look, needs_build
import feed_faults as faults
from feed_server import FeedServer

pytestmark = needs_build


# -- credentials


def test_credentials_are_sent_at_once(feed):
    feed.credentials = ("any", "secret")
    feed.publish("Demo", "1.0.0")
    found = look(feed.index_url, user="any", password="secret")
    assert found.kind == "listing"
    assert all("Authorization" in request.headers for request in feed.requests)


def test_a_password_alone_is_enough(feed):
    feed.publish("Demo", "1.0.0")
    assert look(feed.index_url, password="secret").kind == "listing"
    assert all("Authorization" in request.headers for request in feed.requests)


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_no_missing_package(feed, status):
    feed.publish("Demo", "1.0.0")
    feed.misbehave("/(reg|flat)/.*", faults.status(status))
    assert look(feed.index_url, user="any", password="wrong").error == "denied"
    assert "none are configured" in look(feed.index_url).text


@pytest.mark.parametrize("code", [200, 203])
@pytest.mark.parametrize("path", ["/v3/index.json", "/flat/.*", "/reg/.*"])
def test_sign_in_pages(feed, code, path):
    feed.publish("Demo", "1.0.0")
    feed.misbehave(path, faults.sign_in_page(code))
    assert look(feed.index_url, protocol="v3").error == "denied"


def test_another_host_in_the_index_gets_no_credentials(feed):
    with FeedServer() as other:
        other.publish("Demo", "1.0.0")
        feed.base_url = other.url  # what the index names
        found = look(f"http://127.0.0.1:{feed.port}/v3/index.json", user="any", password="secret")
        assert found.kind == "listing"
        assert all("Authorization" in request.headers for request in feed.requests)
        assert other.requests and not any(
            "Authorization" in request.headers for request in other.requests)


def test_a_redirect_to_another_host_gets_no_credentials(feed):
    with FeedServer() as other:
        other.publish("Demo", "1.0.0")
        feed.misbehave("/(reg|flat)/.*", faults.redirect(lambda h: other.url + h.path))
        found = look(feed.index_url, user="any", password="secret")
        assert found.kind == "listing"
        assert other.requests and not any(
            "Authorization" in request.headers for request in other.requests)


def test_a_redirect_back_gets_credentials_again(feed):
    with FeedServer() as other:
        feed.publish("Demo", "1.0.0")
        feed.credentials = ("any", "secret")
        feed.misbehave("/reg/demo/index.json", faults.redirect(lambda h: other.url + h.path),
                       times=1)
        other.misbehave("/reg/.*", faults.redirect(lambda h: feed.url + h.path))
        assert look(feed.index_url, user="any", password="secret").kind == "listing"


@pytest.mark.parametrize("target", ["itself", "file:///etc/passwd", "gopher://127.0.0.1/", "",
                                    "http://user:pw@"])
def test_redirects_that_lead_nowhere(feed, target):
    feed.publish("Demo", "1.0.0")
    to = faults.redirect_to_itself() if target == "itself" else faults.redirect(target)
    feed.misbehave("/reg/.*", to)
    found = look(feed.index_url)
    assert found.error == "invalid"
    assert len(feed.requests) < 20


# -- TLS and proxies


@pytest.fixture
def certificate(tmp_path):
    def make(name, subject):
        paths = [str(tmp_path / f"{name}.{kind}") for kind in ("pem", "key")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=x",
                        "-addext", f"subjectAltName={subject}", "-keyout", paths[1], "-out",
                        paths[0]], check=True, capture_output=True)
        return paths
    return make


def test_tls_is_always_verified(certificate):
    good, other = certificate("good", "IP:127.0.0.1"), certificate("other", "DNS:feed.example")
    with FeedServer(tls=good) as feed:
        feed.publish("Demo", "1.0.0")
        unknown = look(feed.index_url)
        assert unknown.error == "unavailable" and "ca_file" in unknown.text
        assert look(feed.index_url, ca=other[0]).error == "unavailable"
        assert look(feed.index_url, ca=good[0]).kind == "listing"
        feed.misbehave("/reg/.*", faults.redirect(lambda h: "http://127.0.0.1:9" + h.path))
        found = look(feed.index_url, ca=good[0])
        assert found.error == "invalid" and "https to http" in found.text
    with FeedServer(tls=other) as feed:  # a certificate that is known, of another host
        assert look(feed.index_url, ca=other[0]).error == "unavailable"


def test_a_proxy(feed):
    feed.base_url = "http://feed.invalid"
    feed.publish("Demo", "1.0.0")
    found = look(feed.index_url, proxy=f"http://127.0.0.1:{feed.port}", password="secret")
    assert found.kind == "listing"
    assert feed.paths() and all(path.startswith("http://feed.invalid/") for path in feed.paths())


@pytest.mark.parametrize("status, error", [(407, "denied"), (403, "denied"), (502, "unavailable")])
def test_a_proxy_that_refuses(feed, status, error):
    feed.misbehave("feed.invalid:443", faults.status(status))
    found = look("https://feed.invalid/v3/index.json", proxy=f"http://127.0.0.1:{feed.port}",
                 password="secret")
    assert found.error == error and "the proxy refuses to connect" in found.text
    assert f"({status})" in found.text
    assert all("Authorization" not in request.headers for request in feed.requests)
