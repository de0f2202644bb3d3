"""A look at a v3 feed: any choice of resources, gzip and validators, what changes, and what is
odd."""

import pytest

from feed_look import VERSIONS, Looker, look, needs_build
import feed_faults as faults

pytestmark = needs_build


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
    feed.misbehave("/reg/.*", faults.changing_validators())
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
        feed.misbehave("/flat/.*", faults.status(404), times=1)
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
    feed.misbehave("/flat/.*", faults.body("{}"))
    assert look(feed.index_url).kind == "no-package"
    feed.misbehave("/flat/.*", faults.body('{"versions": []}'))
    assert look(feed.index_url).kind == "no-package"


def test_an_index_with_everything_odd(feed):
    feed.publish("Demo", "1.0.0")
    feed.misbehave("/v3/index.json", faults.body("""{"version": "3.0.0-beta.1", "resources": [
        {"@id": "urn:uuid:1", "@type": "PackageBaseAddress/3.0.0"},
        {"@id": "%s/other/{id-lower}", "@type": ["PackageBaseAddress/3.0.0"]},
        {"@id": "file:///etc/", "@type": "RegistrationsBaseUrl/3.6.0"},
        {"@id": "/flat", "@type": ["Foreign/1", "PackageBaseAddress/3.0.0"]},
        {"@id": 7, "@type": "RegistrationsBaseUrl"}, {"@type": "RegistrationsBaseUrl"},
        {"@id": "%s/reg", "@type": "RegistrationsBaseUrl/3.4.0"}, "x", null]}"""
                                             % (feed.url, feed.url)))
    assert look(feed.index_url).versions == {"1.0.0": ("listed", "2024-01-31T22:05:00Z")}
