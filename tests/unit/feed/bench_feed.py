"""A feed with 100,000 versions of one package: the first look, unchanged looks, and one new version.
usage: bench_feed.py LOOK   (LOOK: the program of look.c)

Aims: an unchanged look costs one request and under 1 ms of CPU; one new version among 100,000 costs
a fraction of 50 ms of CPU. The feed is a Python program on the same machine, so walls include it."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from feed_server import FeedServer  # noqa: E402

VERSIONS = 100000


class RememberingServer(FeedServer):
    """Makes each document once per state, so that the server's own time matters less."""

    documents = (None, {})

    def remember(self, name, make):
        if self.documents[0] != self.tick:
            self.documents = (self.tick, {})
        return self.documents[1].setdefault(name, None) or self.documents[1].update(
            {name: make()}) or self.documents[1][name]

    def flat(self, package_id):
        return self.remember("flat", lambda: FeedServer.flat(self, package_id))

    def registration_pages(self, package_id):
        return self.remember("pages", lambda: FeedServer.registration_pages(self, package_id))

    def registration(self, package_id):
        return self.remember("index", lambda: FeedServer.registration(self, package_id))


def look(process):
    """One look's report as a dictionary."""
    report = {}
    for line in process.stdout:
        word, _, rest = line.strip().partition(" ")
        if word == "end":
            return report
        if word in ("listing", "unchanged", "error"):
            report["kind"] = f"{word} {rest}"[:60]
        if word == "report":
            report.update(pair.split("=") for pair in rest.split(" ") if "=" in pair)
    raise SystemExit("look ended early")


def show(name, report):
    print(f"  {name:22} {report['kind'].split(' ')[0]:10} requests {report['requests']:>5}"
          f"  bytes {int(report['bytes']):>10,}  wall {int(report['wall_us']) / 1000:>8.1f} ms"
          f"  cpu {int(report['cpu_us']) / 1000:>7.1f} ms  peak {int(report['peak_kib']) >> 10} MiB",
          flush=True)


def measure(title, program, resources, page_size, etags):
    print(title)
    with RememberingServer(resources) as feed:
        feed.page_size, feed.etags = page_size, etags
        feed.publish("Demo", *[f"2.4.{i}-main" for i in range(VERSIONS)])
        feed.registration("Demo")
        steps = ["Demo", "wait", "Demo", "wait", "Demo", "wait", "Demo"]
        process = subprocess.Popen([program, feed.index_url, *steps], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)

        def go_on():
            process.stdin.write("\n")
            process.stdin.flush()

        show("first look", look(process))
        for _ in range(2):
            go_on()
            show("unchanged", look(process))
        feed.publish("Demo", "2.5.0-main")
        feed.registration("Demo")
        feed.flat("Demo")
        go_on()
        show("one version more", look(process))
        process.stdin.close()
        process.wait()


def main():
    program = sys.argv[1]
    both = ("flat", "registration")
    measure("pages of 64, validators (as nuget.org)", program, both, 64, "unquoted")
    measure("one inline page, no validators (as Azure Artifacts)", program, both, 0, "none")
    measure("a flat container only, no validators", program, ("flat",), 0, "none")


main()
