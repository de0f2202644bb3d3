"""Feeds that are folders, and static v3 feeds in files."""

import json
import os
import shutil
import zipfile

import pytest

from feed_look import (SANITIZED_PEAK_KIB, VERSIONS, Looker, look, make_hierarchy, make_package,
                       needs_build)
import feed_faults as faults

pytestmark = needs_build


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
    feed.misbehave("/v3/index.json", faults.body(
        '{"version": "3.0.0", "resources": [{"@id": "%s/", "@type": "PackageBaseAddress/3.0.0"}]}'
        % tmp_path.as_uri()))
    found = look(feed.index_url)
    assert found.kind == "error" and "6.6.6" not in found.text
