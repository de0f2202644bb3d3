"""The feed layer against a feed that misbehaves in every way of NUGET.md, through the small program
tests/unit/feed/look.c. Nothing wrong may ever be listed; memory and time stay bounded."""

import os
import pathlib
import shutil
import subprocess
import time
import zipfile

import pytest

import feed_server as fs
from feed_server import FeedServer

# Sanitizers keep freed memory in quarantine.
SANITIZED_PEAK_KIB = 400 << 10


def find_look():
    """FP_LOOK, or the program of the build that FORKPOINT_BIN is of."""
    if "FP_LOOK" in os.environ:
        return os.environ["FP_LOOK"]
    binary = os.environ.get("FORKPOINT_BIN")
    return binary and str(pathlib.Path(binary).parents[1] / "tests" / "unit" / "feed" / "look")


pytestmark = pytest.mark.skipif(
    find_look() is None, reason="neither FORKPOINT_BIN nor FP_LOOK says where the build is")


class Outcome:
    """One look's lines."""

    def __init__(self, lines):
        self.lines = lines
        self.versions = {}
        self.facts = {}
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "version":
                text, listed, published = rest.rsplit(" ", 2)
                self.versions[text] = (listed, published)
            elif word == "report":
                self.facts["report"] = rest
            else:
                self.facts.setdefault(word, rest)

    @property
    def kind(self):
        for kind in ("listing", "unchanged", "no-package", "error"):
            if any(line.split(" ")[0] == kind for line in self.lines):
                return kind
        return "?"

    @property
    def error(self):
        return self.facts.get("error", "").split(" ")[0]

    @property
    def text(self):
        return "\n".join(self.lines)

    def report(self, name):
        return int(self.facts["report"].split(name + "=")[1].split(" ")[0])

    @property
    def complete(self):
        return " complete " in self.facts["listing"]


class Looker:
    """The program, driven look by look so that the feed can change in between."""

    def __init__(self, url, *looks, **options):
        words = [f"{name}={value}" for name, value in options.items()]
        steps = []
        for look in looks:
            steps += [look, "wait"]
        self.process = subprocess.Popen(
            [find_look(), *words, url, *steps], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, encoding="utf-8", errors="replace")
        self.started = False
        self.base = url.partition("://")[2].partition("/")[0].rpartition("@")[2] or str(url)

    def next(self):
        if self.started:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        self.started = True
        lines = []
        for line in self.process.stdout:
            if line == "end\n":
                found = Outcome(lines)
                # whoever reads an error must see which document it is about
                assert (found.kind != "error" or self.base in found.text
                        or "holds credentials" in found.text), found.text
                if "report" in found.facts:
                    print("peak KiB:", found.report("peak_kib"))
                    assert found.report("peak_kib") < SANITIZED_PEAK_KIB
                return found
            lines.append(line.rstrip("\n"))
        raise AssertionError("the program ended:\n" + "\n".join(lines))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(30) == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def look(url, package="Demo", **options):
    with Looker(url, package, **options) as looker:
        return looker.next()


@pytest.fixture
def feed():
    with FeedServer() as server:
        yield server


VERSIONS = ["1.0.0", "1.1.0-Beta", "2.4.2001312205-main", "2.4.2001312227-main"]


# -- v3


@pytest.mark.parametrize("resources", [
    ("flat", "registration", "gallery"),
    ("flat",),
    ("registration",),
    ("registration-old",),
    ("gallery",),
])
@pytest.mark.parametrize("shape", ["inline", "paged", "descending"])
def test_every_resource_is_optional(feed, resources, shape):
    feed.resources = list(resources)
    feed.page_size = 2 if shape == "paged" else 0
    feed.v2_page_size = 3
    feed.descending = shape == "descending"
    feed.publish("Demo", *VERSIONS)
    found = look(feed.index_url)
    assert found.kind == "listing" and found.complete
    assert [v.lower() for v in found.versions] == [v.lower() for v in VERSIONS]


def test_only_the_flat_container_says_nothing_about_listing(feed):
    feed.resources = ["flat"]
    feed.publish("Demo", "1.0.0")
    assert look(feed.index_url).versions == {"1.0.0": ("unknown", "-")}


@pytest.mark.parametrize("packing", ["asked", "always", "unannounced", "announced-only"])
def test_gzip_in_every_way(feed, packing):
    feed.gzip = packing
    feed.publish("Demo", *VERSIONS)
    assert list(look(feed.index_url).versions) == VERSIONS


@pytest.mark.parametrize("etags", ["unquoted", "quoted", "none", "date"])
def test_an_unchanged_look_costs_one_request(feed, etags):
    feed.etags = etags
    feed.publish("Demo", *VERSIONS)
    with Looker(feed.index_url, *["Demo"] * 4) as looker:
        assert looker.next().kind == "listing"
        for _ in range(3):
            before = len(feed.requests)
            assert looker.next().kind == "unchanged"
            assert len(feed.requests) - before == 1
            if etags == "unquoted":
                sent = feed.requests[-1].headers["If-None-Match"]
                assert '"' not in sent
        # what is asked is what changes with versions and with flags
        assert feed.paths()[-1] == "/reg/demo/index.json"


@pytest.mark.parametrize("etags", ["unquoted", "none", "date"])
@pytest.mark.parametrize("page_size", [0, 2])
def test_changes_are_seen_at_the_next_look(feed, etags, page_size):
    feed.etags, feed.page_size = etags, page_size
    feed.publish("Demo", *VERSIONS)
    with Looker(feed.index_url, *["Demo"] * 6) as looker:
        assert looker.next().kind == "listing"
        feed.publish("Demo", "3.0.0")
        assert "3.0.0" in looker.next().versions
        feed.unlist("Demo", "3.0.0")
        assert looker.next().versions["3.0.0"][0] == "unlisted"
        assert looker.next().kind == "unchanged"
        feed.relist("Demo", "3.0.0")
        assert looker.next().versions["3.0.0"][0] == "listed"
        feed.delete("Demo", "3.0.0")
        found = looker.next()
        assert "3.0.0" not in found.versions and found.complete


@pytest.mark.parametrize("page_size", [0, 2])
@pytest.mark.parametrize("path", ["/v3/index.json", "/v2"])
def test_answers_that_are_written_anew_each_time(feed, path, page_size):
    """The time of day in every document, as OData feeds and some v3 servers have it."""
    feed.etags, feed.page_size, feed.clock = "none", page_size, True
    feed.publish("Demo", *VERSIONS)
    with Looker(feed.url + path, *["Demo"] * 3) as looker:
        assert looker.next().kind == "listing"
        before = len(feed.requests)
        assert looker.next().kind == "unchanged"
        assert len(feed.requests) - before == 1
        feed.unlist("Demo", "1.0.0")
        assert looker.next().versions["1.0.0"][0] == "unlisted"


def test_validators_that_never_match_are_found_out(feed):
    """The registration is asked for in vain once; then the flat container is watched."""
    feed.publish("Demo", *[f"1.0.{i}" for i in range(20000)])     # more than is cheap to read again
    feed.misbehave("/reg/.*", fs.changing_validators())
    with Looker(feed.index_url, *["Demo"] * 6) as looker:
        assert looker.next().kind == "listing"
        assert looker.next().kind == "unchanged"
        feed.requests.clear()
        for _ in range(3):
            assert looker.next().kind == "unchanged"
        assert feed.paths() == ["/flat/demo/index.json"] * 3
        feed.publish("Demo", "2.0.0")
        assert "2.0.0" in looker.next().versions


def test_asking_anew(feed):
    """Every resource, without validators, past caches; and still no change where there is none."""
    feed.publish("Demo", *VERSIONS)
    with Looker(feed.index_url, "Demo", "Demo", "anew:Demo", "Demo") as looker:
        assert looker.next().kind == "listing"
        assert looker.next().report("requests") == 1
        feed.requests.clear()
        assert looker.next().kind == "unchanged"
        assert sorted(feed.paths()) == ["/flat/demo/index.json", "/reg/demo/index.json",
                                        "/v3/index.json"]
        for request in feed.requests:
            assert "If-None-Match" not in request.headers
            assert request.headers["Cache-Control"] == "no-cache"
        assert looker.next().report("requests") == 1
    with Looker(feed.v2_url, "Demo", "anew:Demo") as looker:
        assert looker.next().kind == "listing"
        feed.requests.clear()
        assert looker.next().kind == "unchanged"
        assert all("If-None-Match" not in request.headers for request in feed.requests)


def test_one_new_version_costs_one_page(feed):
    feed.page_size = 10
    feed.publish("Demo", *[f"1.0.{i}" for i in range(100)])
    with Looker(feed.index_url, "Demo", "Demo") as looker:
        assert looker.next().kind == "listing"
        feed.publish("Demo", "1.0.100")
        before = len(feed.requests)
        assert len(looker.next().versions) == 101
        asked = feed.paths()[before:]
        assert sorted(asked) == ["/flat/demo/index.json", "/reg/demo/index.json",
                                 "/reg/demo/page/10.json"]


def test_a_version_only_in_the_flat_container_is_found_in_time(feed):
    feed.publish("Demo", "1.0.0")
    with Looker(feed.index_url, *["Demo"] * 6) as looker:
        looker.next()
        feed.publish("Demo", "1.1.0")
        feed.version("Demo", "1.1.0").in_registration = False
        seen = [looker.next() for _ in range(5)]
        assert any("1.1.0" in found.versions for found in seen)


def test_what_is_missed_twice_was_missed_by_both(feed):
    """A version that only the flat container has, and that it lacks for a moment: the look after
    that asks the flat container again, and not the watched registration alone."""
    feed.publish("Demo", "1.0.0", "1.1.0")
    feed.version("Demo", "1.1.0").in_registration = False
    with Looker(feed.index_url, *["Demo"] * 4) as looker:
        assert "1.1.0" in looker.next().versions
        feed.publish("Demo", "1.2.0")
        feed.misbehave("/flat/.*", fs.status(404), times=1)
        assert list(looker.next().versions) == ["1.0.0", "1.2.0"]
        assert list(looker.next().versions) == ["1.0.0", "1.1.0", "1.2.0"]


def test_what_an_index_no_longer_names_is_forgotten(feed):
    feed.publish("Demo", "1.0.0", "1.1.0")
    with Looker(feed.index_url, "Demo", "anew:Demo", "anew:Demo") as looker:
        assert list(looker.next().versions) == ["1.0.0", "1.1.0"]
        feed.resources = ["registration"]
        feed.delete("Demo", "1.0.0")
        assert list(looker.next().versions) == ["1.1.0"]
        assert looker.next().kind == "unchanged"


def test_one_resources_miss_is_no_deletion(feed):
    feed.publish("Demo", "1.0.0", "1.1.0")
    feed.version("Demo", "1.0.0").in_flat = False
    feed.version("Demo", "1.1.0").in_registration = False
    found = look(feed.index_url)
    assert list(found.versions) == ["1.0.0", "1.1.0"]
    assert "in the flat container but not in the registrations" in found.facts["note"]


def test_unlisted_and_year_1900(feed):
    feed.publish("Demo", "1.0.0", listed=False)
    feed.publish("Demo", "1.1.0", listed=None, published="1900-01-01T00:00:00+00:00")
    feed.publish("Demo", "1.2.0", listed=None)
    found = look(feed.index_url)
    assert [state for state, _ in found.versions.values()] == ["unlisted", "unlisted", "listed"]


def test_foreign_versions_are_kept_and_disturb_nobody(feed):
    odd = ["3.0.2201010000-main", "2.4.2001312054-release_2_4", "1.0.0+meta", "nonsense"]
    feed.publish("Demo", *odd, "1.1.0")
    assert set(look(feed.index_url).versions) == set(odd) | {"1.1.0"}


def test_versions_that_differ_only_in_case_or_metadata_are_one(feed):
    feed.publish("Demo", "1.0.0-Alpha", "1.0.0-ALPHA", "1.0", "1.0.0.0", "1.0.0+x")
    assert list(look(feed.index_url).versions) == ["1.0.0-Alpha", "1.0"]


def test_a_missing_package(feed):
    assert look(feed.index_url).kind == "no-package"
    feed.misbehave("/flat/.*", fs.body("{}"))
    assert look(feed.index_url).kind == "no-package"
    feed.misbehave("/flat/.*", fs.body('{"versions": []}'))
    assert look(feed.index_url).kind == "no-package"


def test_an_index_with_everything_odd(feed):
    feed.publish("Demo", "1.0.0")
    feed.misbehave("/v3/index.json", fs.body("""{"version": "3.0.0-beta.1", "resources": [
        {"@id": "urn:uuid:1", "@type": "PackageBaseAddress/3.0.0"},
        {"@id": "%s/other/{id-lower}", "@type": ["PackageBaseAddress/3.0.0"]},
        {"@id": "file:///etc/", "@type": "RegistrationsBaseUrl/3.6.0"},
        {"@id": "/flat", "@type": ["Foreign/1", "PackageBaseAddress/3.0.0"]},
        {"@id": 7, "@type": "RegistrationsBaseUrl"}, {"@type": "RegistrationsBaseUrl"},
        {"@id": "%s/reg", "@type": "RegistrationsBaseUrl/3.4.0"}, "x", null]}"""
                                             % (feed.url, feed.url)))
    assert look(feed.index_url).versions == {"1.0.0": ("listed", "2024-01-31T22:05:00Z")}


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


@pytest.mark.parametrize("answer", [fs.status(404), fs.status(204),
                                    fs.body(fs.atom(""), "application/atom+xml")])
def test_v2_unknown_package(feed, answer):
    feed.misbehave(r"/v2/Find.*", answer)
    assert look(feed.v2_url, protocol="v2").kind == "no-package"


def test_v2_endless_next_links_stop_at_the_cap(feed):
    feed.misbehave(r"/v2/Find.*", fs.endless_next())
    found = look(feed.v2_url, protocol="v2", pages=20)
    assert found.kind == "listing" and not found.complete
    assert len(found.versions) == 20 and len(feed.requests) == 20


def test_v2_pages_that_add_nothing_end_it(feed):
    feed.misbehave(r"/v2/Find.*", fs.same_page_for_ever())
    found = look(feed.v2_url, protocol="v2")
    assert list(found.versions) == ["1.0.0"] and not found.complete and len(feed.requests) == 2


def test_v2_next_link_to_itself(feed):
    feed.misbehave(r"/v2/Find.*", fs.next_page_at(lambda h: h.feed.url + h.path))
    found = look(feed.v2_url, protocol="v2")
    assert not found.complete and len(feed.requests) == 1


def test_v2_next_link_to_another_port_is_not_followed(feed):
    with FeedServer() as other:
        feed.credentials = ("any", "secret")
        feed.misbehave(r"/v2/Find.*", fs.next_page_at(other.v2_url + "/FindPackagesById()"))
        found = look(feed.v2_url, protocol="v2", user="any", password="secret")
        assert list(found.versions) == ["1.0.0"] and not found.complete
        assert other.requests == []


def test_v2_billion_laughs(feed):
    feed.misbehave(r"/v2/Find.*", fs.billion_laughs())
    found = look(feed.v2_url, protocol="v2")
    assert found.error in ("invalid", "limit") and "HTML" not in found.text


def test_v2_error_document(feed):
    feed.misbehave(r"/v2/Find.*", fs.body(
        f'<m:error xmlns:m="{fs.M}"><m:message>An error</m:message></m:error>', "text/xml"))
    assert look(feed.v2_url, protocol="v2").kind == "error"


# -- discovery


@pytest.mark.parametrize("path, protocol", [
    ("/v3/index.json", "v3"), ("/v3", "v3"), ("/v3/", "v3"), ("/v2", "v2"), ("/v2/", "v2")])
def test_the_protocol_is_found_out(feed, path, protocol):
    feed.publish("Demo", "1.0.0")
    found = look(feed.url + path)
    assert found.kind == "listing" and f"protocol={protocol} " in found.text


def test_v2_without_anything_at_its_root(feed):
    feed.misbehave("/v2", fs.status(404))
    feed.publish("Demo", "1.0.0")
    found = look(feed.v2_url)
    assert found.kind == "listing" and "protocol=v2 " in found.text


@pytest.mark.parametrize("root", [
    '<?xml version="1.0"?><ListBucketResult><Name>feed</Name></ListBucketResult>',
    "<!-- portal --><html><body>It works!</body></html>", "<div>It works!</div>"])
def test_xml_that_is_no_feed_decides_nothing(feed, root):
    """What stands at the root of a static feed's storage, or of a server's own pages."""
    feed.misbehave("/v3/?", fs.body(root, "application/xml"))
    feed.publish("Demo", "1.0.0")
    found = look(feed.url + "/v3")
    assert found.kind == "listing" and "protocol=v3 " in found.text


def test_no_feed_at_all(feed):
    feed.misbehave(".*", fs.html_page())
    found = look(feed.url)
    assert found.error == "invalid" and "HTML" in found.text


def test_a_url_with_credentials_is_refused():
    assert look("http://user:secret@127.0.0.1:1/").error == "invalid"
    assert "secret" not in look("http://user:secret@127.0.0.1:1/").text


def test_a_url_of_another_protocol_is_refused():
    assert look("ftp://127.0.0.1/feed").error == "invalid"


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
    feed.misbehave("/(reg|flat)/.*", fs.status(status))
    assert look(feed.index_url, user="any", password="wrong").error == "denied"
    assert "none are configured" in look(feed.index_url).text


@pytest.mark.parametrize("code", [200, 203])
@pytest.mark.parametrize("path", ["/v3/index.json", "/flat/.*", "/reg/.*"])
def test_sign_in_pages(feed, code, path):
    feed.publish("Demo", "1.0.0")
    feed.misbehave(path, fs.sign_in_page(code))
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
        feed.misbehave("/(reg|flat)/.*", fs.redirect(lambda h: other.url + h.path))
        found = look(feed.index_url, user="any", password="secret")
        assert found.kind == "listing"
        assert other.requests and not any(
            "Authorization" in request.headers for request in other.requests)


def test_a_redirect_back_gets_credentials_again(feed):
    with FeedServer() as other:
        feed.publish("Demo", "1.0.0")
        feed.credentials = ("any", "secret")
        feed.misbehave("/reg/demo/index.json", fs.redirect(lambda h: other.url + h.path), times=1)
        other.misbehave("/reg/.*", fs.redirect(lambda h: feed.url + h.path))
        assert look(feed.index_url, user="any", password="secret").kind == "listing"


@pytest.mark.parametrize("target", ["itself", "file:///etc/passwd", "gopher://127.0.0.1/", "",
                                    "http://user:pw@"])
def test_redirects_that_lead_nowhere(feed, target):
    feed.publish("Demo", "1.0.0")
    to = fs.redirect_to_itself() if target == "itself" else fs.redirect(target)
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
        feed.misbehave("/reg/.*", fs.redirect(lambda h: "http://127.0.0.1:9" + h.path))
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
    feed.misbehave("feed.invalid:443", fs.status(status))
    found = look("https://feed.invalid/v3/index.json", proxy=f"http://127.0.0.1:{feed.port}",
                 password="secret")
    assert found.error == error and f"the proxy refuses to connect" in found.text
    assert f"({status})" in found.text
    assert all("Authorization" not in request.headers for request in feed.requests)


# -- throttling and failures


@pytest.mark.parametrize("behaviour, wait_ms", [
    (fs.throttle(429, "7"), 7000), (fs.throttle(503, "3"), 3000), (fs.throttle(429), 0),
    (fs.throttle(503), 0), (fs.azure_throttle(), 0), (fs.throttle(429, "99999999999"), 86400000),
    (fs.throttle(429, "nonsense"), 0), (fs.throttle(429, "-5"), 0), (fs.status(500), 0),
    (fs.status(502), 0)])
def test_throttling(feed, behaviour, wait_ms):
    feed.publish("Demo", "1.0.0")
    feed.misbehave("/reg/.*", behaviour)
    found = look(feed.index_url)
    assert found.error == "unavailable" and found.report("retry_after_ms") == wait_ms


def test_retry_after_as_a_date(feed):
    from email.utils import formatdate
    feed.publish("Demo", "1.0.0")
    feed.misbehave("/reg/.*", fs.throttle(429, formatdate(time.time() + 30, usegmt=True)))
    assert 25000 <= look(feed.index_url).report("retry_after_ms") <= 31000


def test_a_failure_never_loses_what_was_known(feed):
    feed.publish("Demo", *VERSIONS)
    with Looker(feed.index_url, *["Demo"] * 4) as looker:
        assert looker.next().kind == "listing"
        feed.misbehave(".*", fs.throttle(429))
        assert looker.next().error == "unavailable"
        feed.misbehave(".*", fs.status(401))
        assert looker.next().error == "unavailable"
        feed.behave()
        assert looker.next().kind == "unchanged"


BAD_BODIES = {
    "reset": (fs.reset(), {"unavailable"}),
    "truncated": (fs.truncated(b'{"versions": ["1.0.0"'), {"invalid"}),
    "too short a length": (fs.wrong_length(b'{"versions": ["1.0.0"]}', 10), {"invalid"}),
    "too long a length": (fs.wrong_length(b'{"versions": ["1.0.0"]}', 100), {"unavailable"}),
    "deep": (fs.deep_json(), {"limit", "invalid"}),
    "html": (fs.html_page(), {"invalid"}),
    "xml": (fs.body("<feed/>"), {"invalid"}),
    "empty": (fs.body(""), {"invalid"}),
    "an array": (fs.body('["1.0.0"]'), {"invalid"}),
    "a string": (fs.body('"1.0.0"'), {"invalid"}),
    "invalid UTF-8": (fs.body(b'{"versions": ["1.0.0\xff"]}'), {"invalid"}),
    "a lone surrogate": (fs.body(b'{"versions": ["1.0.0\\ud800"]}'), {"invalid", ""}),
    "a raw NUL": (fs.body(b'{"versions": ["1.0.0\0"]}'), {"invalid"}),
    "two documents": (fs.body('{"versions": []}{"versions": []}'), {"invalid"}),
    "206": (fs.body('{"versions": ["1.0.0"]}', code=206), {"invalid"}),
    "304 unasked": (fs.status(304), {"invalid"}),
    "damaged gzip": (fs.body(b"\x1f\x8b\x08\x00" + b"\xff" * 100), {"invalid"}),
    "cut gzip": (fs.body(fs.gzip.compress(b'{"versions": ["1.0.0"]}')[:-9]), {"unavailable"}),
    "endless headers": (fs.endless_headers(), {"limit", "unavailable", "invalid"}),
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
    feed.misbehave("/flat/.*", fs.body('{"versions": ["1.0.0\\u0000", "1.1.0", "1\\n2", ""]}'))
    found = look(feed.index_url)
    assert list(found.versions) == ["1.1.0"] and "3 strings cannot be kept" in found.text


# -- memory


def test_ten_gigabytes_of_spaces(feed):
    feed.misbehave("/flat/.*", fs.endless(b" ", 10 << 30, start=b'{"versions": ['))
    found = look(feed.index_url, bytes=64 << 20)
    print("peak KiB:", found.report("peak_kib"))
    assert found.error == "limit" and found.report("peak_kib") < SANITIZED_PEAK_KIB


def test_a_gzip_bomb(feed):
    feed.misbehave("/flat/.*", fs.gzip_bomb(300))
    found = look(feed.index_url, bytes=64 << 20)
    print("peak KiB:", found.report("peak_kib"))
    assert found.error == "limit" and found.report("peak_kib") < SANITIZED_PEAK_KIB


@pytest.mark.parametrize("path, start", [
    ("/flat/.*", b'{"versions": ["1.0.0"'), ("/reg/.*", b'{"items": [{"items": [null')])
def test_more_versions_than_allowed(feed, path, start):
    feed.publish("Demo", "1.0.0")
    piece = b',"1.0.1"' if path == "/flat/.*" else b',{"catalogEntry":{"version":"1.0.1"}}'
    feed.misbehave(path, fs.endless(piece, 1 << 30, start=start))
    found = look(feed.index_url, versions=10000)
    assert found.error == "limit" and "max_versions" in found.text


def test_more_pages_than_allowed(feed):
    feed.publish("Demo", "1.0.0")
    feed.misbehave("/reg/.*", fs.endless(b',{"@id":"x.json"}', 1 << 30, start=b'{"items":[null'))
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
    feed.misbehave(path, fs.body(text))
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
    feed.misbehave("/reg/.*", fs.hang(8))
    feed.publish("Demo", "1.0.0")
    started = time.time()
    found = look(feed.index_url, first="500ms", connect="500ms")
    assert found.error == "timeout" and time.time() - started < 4


def test_a_feed_that_stalls(feed):
    feed.misbehave("/reg/.*", fs.stall(b'{"items": [', 8))
    feed.publish("Demo", "1.0.0")
    started = time.time()
    assert look(feed.index_url, stall="500ms").error == "timeout"
    assert time.time() - started < 4


def test_a_feed_that_drips(feed):
    feed.misbehave("/reg/.*", fs.drip(b" " * 100, 0.2))
    feed.publish("Demo", "1.0.0")
    started = time.time()
    found = look(feed.index_url, stall="1s", total="1500ms")
    assert found.error == "timeout" and time.time() - started < 5


def test_a_port_where_nobody_listens():
    assert look("http://127.0.0.1:9/v3/index.json", connect="1s").error == "unavailable"


# -- downloads and the probe


def test_downloads(feed):
    feed.publish("Demo", "1.0.0", "1.1.0")
    feed.version("Demo", "1.1.0").downloadable = False
    with Looker(feed.index_url, "head:Demo:1.0.0", "head:Demo:1.1.0", "head:Demo:9") as looker:
        assert looker.next().facts["download"] == "there"
        assert looker.next().facts["download"] == "gone"
        assert looker.next().facts["download"] == "gone"
    feed.misbehave("/flat/.*nupkg", fs.status(405), times=1)
    with Looker(feed.index_url, "head:Demo:1.0.0") as looker:
        assert looker.next().facts["download"] == "there"
    with FeedServer() as storage:
        storage.misbehave(".*", lambda h: h.send(403 if h.command == "HEAD" else 200, b"PK"))
        feed.misbehave("/flat/.*nupkg", fs.redirect(storage.url + "/x?signature=1"), times=2)
        with Looker(feed.index_url, "head:Demo:1.0.0") as looker:
            assert looker.next().facts["download"] == "there"
        assert [request.method for request in storage.requests] == ["HEAD", "GET"]
    feed.misbehave("/flat/.*nupkg", fs.status(401))
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
    feed.resources = ["registration-old"]
    with Looker(feed.index_url, "probe:Demo") as looker:
        text = looker.next().text
    assert "flat container: missing" in text and "does not hold SemVer 2" in text


# -- folders and static feeds


def make_package(path, package_id, version, nuspec=None):
    nuspec = nuspec or (
        '\ufeff<?xml version="1.0"?><package xmlns="http://schemas.microsoft.com/packaging/2013/05/'
        f'nuspec.xsd"><metadata><id>{package_id}</id><version>{version}</version></metadata>'
        "</package>")
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content/decoy.nuspec", "<no/>")
        archive.writestr(f"{package_id}.nuspec", nuspec)


def test_a_flat_folder(tmp_path):
    make_package(tmp_path / "demo.1.0.0.nupkg", "Demo", "1.0.0")
    make_package(tmp_path / "misnamed.nupkg", "demo", "2.4.2001312205-main")
    make_package(tmp_path / "below" / "demo.1.1.0.nupkg", "Demo", "1.1.0")
    make_package(tmp_path / "below" / "deeper" / "demo.9.nupkg", "Demo", "9.0.0")
    make_package(tmp_path / "demo.5.0.0.symbols.nupkg", "Demo", "5.0.0")
    make_package(tmp_path / "other.1.0.0.nupkg", "Other", "1.0.0")
    for url in (str(tmp_path), tmp_path.as_uri(), str(tmp_path) + "/"):
        found = look(url)
        assert list(found.versions) == ["1.0.0", "1.1.0", "2.4.2001312205-main"]
        assert found.complete and "protocol=folder " in found.text


def test_a_folder_changes(tmp_path):
    make_package(tmp_path / "demo.1.0.0.nupkg", "Demo", "1.0.0")
    with Looker(str(tmp_path), *["Demo"] * 6) as looker:
        assert looker.next().kind == "listing"
        assert looker.next().kind == "unchanged"
        make_package(tmp_path / "demo.1.1.0.nupkg", "Demo", "1.1.0")
        whole = (tmp_path / "demo.1.1.0.nupkg").read_bytes()
        (tmp_path / "demo.1.1.0.nupkg").write_bytes(whole[:len(whole) // 2])
        half = looker.next()
        assert list(half.versions) == ["1.0.0"] and not half.complete
        (tmp_path / "demo.1.1.0.nupkg").write_bytes(whole)
        assert list(looker.next().versions) == ["1.0.0", "1.1.0"]
        (tmp_path / "demo.1.0.0.nupkg").unlink()
        assert list(looker.next().versions) == ["1.1.0"]
        shutil.rmtree(tmp_path)
        assert looker.next().error == "unavailable"
        tmp_path.mkdir()


def test_what_cannot_be_read_is_no_end_of_a_list(tmp_path):
    """A package's folder that is there and cannot be opened; another's is nobody's business."""
    make_hierarchy(tmp_path, "Demo", ["1.0.0", "1.1.0"])
    (tmp_path / "closed").symlink_to("closed")
    with Looker(str(tmp_path), "Demo", "Demo", "Demo", "Demo") as looker:
        assert looker.next().complete
        (tmp_path / "demo").rename(tmp_path / ".away")
        (tmp_path / "demo").symlink_to("demo")
        assert looker.next().error == "unavailable"
        (tmp_path / "demo").unlink()
        (tmp_path / ".away").rename(tmp_path / "demo")
        (tmp_path / "demo" / "1.0.0").rename(tmp_path / ".away")
        (tmp_path / "demo" / "1.0.0").symlink_to("1.0.0")
        assert looker.next().error == "unavailable"
        (tmp_path / "demo" / "1.0.0").unlink()
        assert list(looker.next().versions) == ["1.1.0"]


def test_a_package_of_another_name_that_is_being_replaced(tmp_path):
    make_package(tmp_path / "demo.1.0.0.nupkg", "Demo", "1.0.0")
    make_package(tmp_path / "misnamed.nupkg", "Demo", "1.1.0")
    with Looker(str(tmp_path), "Demo", "Demo", "Demo") as looker:
        assert looker.next().complete
        whole = (tmp_path / "misnamed.nupkg").read_bytes()
        (tmp_path / "misnamed.nupkg").write_bytes(whole[:len(whole) // 2])
        for _ in range(2):
            half = looker.next()
            assert list(half.versions) == ["1.0.0"] and not half.complete


def test_a_hierarchical_folder(tmp_path):
    for version in ("1.0.0", "1.1.0-beta", "2.0.0"):
        folder = tmp_path / "demo" / version
        make_package(folder / f"demo.{version}.nupkg", "Demo", version)
        (folder / "demo.nuspec").write_text("<package/>")
        if version != "2.0.0":
            (folder / f"demo.{version}.nupkg.sha512").write_text("x")
    with Looker(str(tmp_path), "Demo", "Demo", "head:Demo:1.0.0", "head:Demo:9.9") as looker:
        found = looker.next()
        assert list(found.versions) == ["1.0.0", "1.1.0-beta"] and not found.complete
        (tmp_path / "demo" / "2.0.0" / "demo.2.0.0.nupkg.sha512").write_text("x")
        found = looker.next()
        assert list(found.versions) == ["1.0.0", "1.1.0-beta", "2.0.0"] and found.complete
        assert looker.next().facts["download"] == "there"
        assert looker.next().facts["download"] == "gone"


@pytest.mark.parametrize("content", [b"", b"PK", b"\0" * 4096, b"<html>"])
def test_files_that_are_no_packages(tmp_path, content):
    make_package(tmp_path / "demo.1.0.0.nupkg", "Demo", "1.0.0")
    (tmp_path / "other.1.0.0.nupkg").write_bytes(content)
    os.mkfifo(tmp_path / "pipe.nupkg")
    found = look(str(tmp_path))
    assert list(found.versions) == ["1.0.0"] and found.complete and "not whole" in found.text


def test_a_zip_bomb_for_a_nuspec(tmp_path):
    with zipfile.ZipFile(tmp_path / "demo.1.0.0.nupkg", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo.nuspec", b"<package>" + b" " * (200 << 20))
    make_package(tmp_path / "demo.1.1.0.nupkg", "Demo", "1.1.0")
    found = look(str(tmp_path))
    assert list(found.versions) == ["1.1.0"] and found.report("peak_kib") < SANITIZED_PEAK_KIB


def test_a_missing_folder(tmp_path):
    assert look(str(tmp_path / "nowhere")).error == "unavailable"
    assert look(str(tmp_path)).kind == "no-package"


def test_a_static_v3_feed_in_files(feed, tmp_path):
    feed.publish("Demo", *VERSIONS)
    feed.base_url = tmp_path.as_uri()
    import json
    for name, document in (("v3/index.json", feed.service_index()),
                           ("flat/demo/index.json", {"versions": feed.flat("Demo")}),
                           ("reg/demo/index.json", feed.registration("Demo"))):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
    for url in ((tmp_path / "v3" / "index.json").as_uri(), str(tmp_path / "v3")):
        with Looker(url, "Demo", "Demo", "Other") as looker:
            assert list(looker.next().versions) == VERSIONS
            assert looker.next().kind == "unchanged"
            assert looker.next().kind == "no-package"


def test_a_web_feed_may_not_name_local_files(feed, tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "index.json").write_text('{"versions": ["6.6.6"]}')
    feed.misbehave("/v3/index.json", fs.body(
        '{"version": "3.0.0", "resources": [{"@id": "%s/", "@type": "PackageBaseAddress/3.0.0"}]}'
        % tmp_path.as_uri()))
    found = look(feed.index_url)
    assert found.kind == "error" and "6.6.6" not in found.text


# -- the same list from every side


def make_hierarchy(root, package_id, versions):
    for version in versions:
        folder = root / package_id.lower() / version.lower()
        make_package(folder / f"{package_id.lower()}.{version.lower()}.nupkg", package_id, version)
        (folder / f"{package_id.lower()}.nuspec").write_text("<package/>")
        (folder / f"{package_id.lower()}.{version.lower()}.nupkg.sha512").write_text("x")


def test_the_same_list_from_every_side(feed, tmp_path):
    versions = ["1.23.0-2501011234-main", "2.4.0-2001312205-release-2-4", "2.8.0-Prerelease-X",
                "10.0.0", "9.0.0.1"]
    expected = sorted(version.lower() for version in versions)
    feed.publish("Demo", *versions)
    for version in versions:
        make_package(tmp_path / "flat" / f"demo.{version}.nupkg", "Demo", version)
    make_hierarchy(tmp_path / "deep", "Demo", versions)
    sides = {"v3": look(feed.index_url), "v2": look(feed.v2_url),
             "flat folder": look(str(tmp_path / "flat")),
             "hierarchical folder": look(str(tmp_path / "deep"))}
    order = [version.lower() for version in sides["v3"].versions]
    for name, found in sides.items():
        assert sorted(version.lower() for version in found.versions) == expected, name
        assert [version.lower() for version in found.versions] == order, name


def test_nuget_exe_is_the_judge(feed, tmp_path):
    """What NuGet's own client lists over v3 and v2, and the folder that it makes, in its order."""
    nuget_exe = pytest.importorskip("nuget_exe")
    try:
        client = nuget_exe.NugetExe(tmp_path)
    except nuget_exe.Unavailable as reason:
        pytest.skip(str(reason))
    versions = ["1.23.0-2501011234-main", "2.4.0-2001312205-release-2-4", "2.8.0-Prerelease-X",
                "10.0.0", "9.0.0.1", "9.0.0-alpha.10", "9.0.0-alpha.9", "9.0.0-alpha"]
    feed.publish("Demo", *versions)
    for version in versions:
        make_package(tmp_path / "flat" / f"demo.{version}.nupkg", "Demo", version)
    client.init(tmp_path / "flat", tmp_path / "deep")
    expected = client.list("Demo", feed.v2_url)[::-1]
    assert sorted(expected) == sorted(versions)
    assert client.list("Demo", feed.index_url)[::-1] == expected
    for source in (feed.index_url, feed.v2_url, str(tmp_path / "flat")):
        assert list(look(source).versions) == expected, source
    deep = [version.lower() for version in look(str(tmp_path / "deep")).versions]
    assert deep == [version.lower() for version in expected]


def test_the_same_list_from_four_sides(feed, tmp_path):
    """npm's nuget-server over v3, the feed of these tests over v3 and v2, and the folder that
    NuGet.exe makes, with NuGet.exe's own list as the judge of what is listed, in its order."""
    nuget_exe, nuget_server = map(pytest.importorskip, ("nuget_exe", "nuget_server"))
    try:
        client = nuget_exe.NugetExe(tmp_path)
        server = nuget_server.NugetServer(tmp_path)
    except nuget_server.Unavailable as reason:
        pytest.skip(str(reason))
    versions = ["1.23.0-2501011234-main", "2.4.0-2001312205-release-2-4", "2.8.0-prerelease-x",
                "10.0.0", "9.0.0", "9.0.0-alpha.10", "9.0.0-alpha.9", "9.0.0-alpha"]
    feed.publish("Demo", *versions)
    for version in versions:
        make_package(tmp_path / "flat" / f"demo.{version}.nupkg", "Demo", version)
    client.init(tmp_path / "flat", tmp_path / "deep")
    judged = client.list("Demo", feed.v2_url)[::-1]
    assert sorted(judged) == sorted(versions)
    with server:
        for version in versions:
            server.push("Demo", version)
        sides = {"nuget-server": look(server.index_url), "v3": look(feed.index_url),
                 "v2": look(feed.v2_url), "folder": look(str(tmp_path / "deep"))}
    for name, found in sides.items():
        assert list(found.versions) == judged, name
        assert found.complete, name


def test_a_feed_that_others_wrote(tmp_path):
    nuget_server = pytest.importorskip("nuget_server")
    try:
        server = nuget_server.NugetServer(tmp_path)
    except nuget_server.Unavailable as reason:
        pytest.skip(str(reason))
    with server:
        for version in ("1.0.0", "2.4.0-2001312205-Main", "1.1.0-beta"):
            server.push("Demo", version)
        with Looker(server.index_url, *["Demo"] * 3, "Other", "head:Demo:1.0.0") as looker:
            found = looker.next()
            assert list(found.versions) == ["1.0.0", "1.1.0-beta", "2.4.0-2001312205-Main"]
            assert found.complete
            assert looker.next().kind == "unchanged"
            server.push("Demo", "3.0.0")
            assert "3.0.0" in looker.next().versions
            assert looker.next().kind == "no-package"
            assert looker.next().facts["download"] == "there"
