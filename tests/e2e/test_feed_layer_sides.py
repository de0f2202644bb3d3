"""The same list from every side, NuGet's own programs among them."""

import pytest

import npm
import nuget_exe
import nuget_server
from feed_look import Looker, look, make_hierarchy, make_package, needs_build

pytestmark = needs_build


def made(program, folder):
    """A program of others; where it cannot be had, the test is skipped."""
    try:
        return program(folder)
    except npm.Unavailable as reason:
        pytest.skip(str(reason))


def publish(feed, folder, versions):
    """On the feed, and in a flat folder."""
    feed.publish("Demo", *versions)
    for version in versions:
        make_package(folder / f"demo.{version}.nupkg", "Demo", version)


def judged(feed, folder, versions):
    """NuGet.exe, and what it lists of the feed over v2, in its order; versions are published there,
    and it makes the hierarchical folder "deep" of them."""
    client = made(nuget_exe.NugetExe, folder)
    publish(feed, folder / "flat", versions)
    client.init(folder / "flat", folder / "deep")
    found = client.list("Demo", feed.v2_url)[::-1]
    assert sorted(found) == sorted(versions)
    return client, found


def test_the_same_list_from_every_side(feed, tmp_path):
    versions = ["1.23.0-2501011234-main", "2.4.0-2001312205-release-2-4", "2.8.0-Prerelease-X",
                "10.0.0", "9.0.0.1"]
    expected = sorted(version.lower() for version in versions)
    publish(feed, tmp_path / "flat", versions)
    make_hierarchy(tmp_path / "deep", "Demo", versions)
    sides = {"v3": look(feed.index_url), "v2": look(feed.v2_url),
             "flat folder": look(str(tmp_path / "flat")),
             "hierarchical folder": look(str(tmp_path / "deep"))}
    order = [version.lower() for version in sides["v3"].versions]
    for name, found in sides.items():
        assert sorted(version.lower() for version in found.versions) == expected, name
        assert [version.lower() for version in found.versions] == order, name


@pytest.mark.limit(500)      # with installations, and others' before it
def test_nuget_exe_is_the_judge(feed, tmp_path):
    """What NuGet's own client lists over v3 and v2, and the folder that it makes, in its order."""
    versions = ["1.23.0-2501011234-main", "2.4.0-2001312205-release-2-4", "2.8.0-Prerelease-X",
                "10.0.0", "9.0.0.1", "9.0.0-alpha.10", "9.0.0-alpha.9", "9.0.0-alpha"]
    client, expected = judged(feed, tmp_path, versions)
    assert client.list("Demo", feed.index_url)[::-1] == expected
    for source in (feed.index_url, feed.v2_url, str(tmp_path / "flat")):
        assert list(look(source).versions) == expected, source
    deep = [version.lower() for version in look(str(tmp_path / "deep")).versions]
    assert deep == [version.lower() for version in expected]


@pytest.mark.limit(500)      # with installations, and others' before it
def test_the_same_list_from_four_sides(feed, tmp_path):
    """npm's nuget-server over v3, the feed of these tests over v3 and v2, and the folder that
    NuGet.exe makes, with NuGet.exe's own list as the judge of what is listed, in its order."""
    server = made(nuget_server.NugetServer, tmp_path)
    versions = ["1.23.0-2501011234-main", "2.4.0-2001312205-release-2-4", "2.8.0-prerelease-x",
                "10.0.0", "9.0.0", "9.0.0-alpha.10", "9.0.0-alpha.9", "9.0.0-alpha"]
    _, expected = judged(feed, tmp_path, versions)
    with server:
        for version in versions:
            server.push("Demo", version)
        sides = {"nuget-server": look(server.index_url), "v3": look(feed.index_url),
                 "v2": look(feed.v2_url), "folder": look(str(tmp_path / "deep"))}
    for name, found in sides.items():
        assert list(found.versions) == expected, name
        assert found.complete, name


@pytest.mark.limit(500)      # with installations, and others' before it
def test_a_feed_that_others_wrote(tmp_path):
    with made(nuget_server.NugetServer, tmp_path) as server:
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
