"""Drives the small program tests/unit/feed/look.c, look by look: what the tests of the feed layer
hold against feeds and folders. Nothing wrong may ever be listed; memory and time stay bounded."""

import os
import pathlib
import subprocess
import zipfile

import pytest

VERSIONS = ["1.0.0", "1.1.0-Beta", "2.4.2001312205-main", "2.4.2001312227-main"]

# Sanitizers keep freed memory in quarantine.
SANITIZED_PEAK_KIB = 400 << 10


def find_look():
    """FP_LOOK, or the program of the build that FORKPOINT_BIN is of."""
    if "FP_LOOK" in os.environ:
        return os.environ["FP_LOOK"]
    binary = os.environ.get("FORKPOINT_BIN")
    return binary and str(pathlib.Path(binary).parents[1] / "tests" / "unit" / "feed" / "look")


needs_build = pytest.mark.skipif(
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


def make_package(path, package_id, version):
    nuspec = (
        '\ufeff<?xml version="1.0"?><package xmlns="http://schemas.microsoft.com/packaging/2013/05/'
        f'nuspec.xsd"><metadata><id>{package_id}</id><version>{version}</version></metadata>'
        "</package>")
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content/decoy.nuspec", "<no/>")
        archive.writestr(f"{package_id}.nuspec", nuspec)


def make_hierarchy(root, package_id, versions):
    """A folder as `nuget init` lays it out."""
    for version in versions:
        folder = root / package_id.lower() / version.lower()
        make_package(folder / f"{package_id.lower()}.{version.lower()}.nupkg", package_id, version)
        (folder / f"{package_id.lower()}.nuspec").write_text("<package/>")
        (folder / f"{package_id.lower()}.{version.lower()}.nupkg.sha512").write_text("x")
