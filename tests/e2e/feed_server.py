"""A NuGet feed on loopback that tests program: v3 and v2 views of the same packages, and a
misbehaviour for any path, such as those of feed_faults.

    with FeedServer() as feed:
        feed.publish("Demo", "1.0.0")
        feed.misbehave(r"/flat/.*", faults.throttle(429, retry_after="7"))
        ... feed.index_url, feed.v2_url, feed.requests ...
"""

import base64
import gzip
import hashlib
import json
import re
import socket
import ssl
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

DEFAULT_PUBLISHED = "2024-01-31T22:05:00+00:00"
D = "http://schemas.microsoft.com/ado/2007/08/dataservices"
M = D + "/metadata"


class Version:
    """One version of a package. `published` None means that the feed does not say."""

    def __init__(self, text, listed=True, published=DEFAULT_PUBLISHED):
        self.text = text
        self.listed = listed
        self.published = published
        self.in_flat = True
        self.in_registration = True
        self.downloadable = True


def normalised(text):
    """Lower case, without metadata: enough of NuGet's normal form for tests."""
    return text.split("+")[0].lower()


class FeedServer:
    """`resources` says what the service index offers; see RESOURCES for the names."""

    RESOURCES = {
        "flat": ("PackageBaseAddress/3.0.0", "/flat/"),
        "registration": ("RegistrationsBaseUrl/3.6.0", "/reg/"),
        "registration-old": ("RegistrationsBaseUrl", "/reg/"),
        "gallery": ("LegacyGallery/2.0.0", "/v2"),
    }

    def __init__(self, resources=("flat", "registration", "gallery"), host="127.0.0.1", tls=None):
        """tls: (certificate file, key file)"""
        self.resources = list(resources)
        self.packages = {}
        self.requests = []  # Request, as they came
        self.rules = []
        self.lock = threading.RLock()
        self.page_size = 0  # leaves per registration page; 0 = one inline page
        self.page_stamps = True  # pages name their commit
        self.descending = False
        self.etags = "unquoted"  # unquoted | quoted | none | date
        self.clock = False  # documents hold the time at which they were written
        self.gzip = "no"  # no | asked | always | unannounced | announced-only
        self.credentials = None  # (user, password) that every request must bring
        self.v2_page_size = 100
        self.v2_listed = True  # entries carry d:Listed
        self.v2_next = "absolute"  # absolute | relative
        self.base_url = None
        self.tick = 0
        handler = type("Handler", (Handler,), {"feed": self})
        self.http = ThreadingHTTPServer((host, 0), handler)
        self.http.daemon_threads = True
        self.scheme = "https" if tls else "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.thread = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    # -- life

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    @property
    def port(self):
        return self.http.server_address[1]

    @property
    def url(self):
        return self.base_url or f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def index_url(self):
        return self.url + "/v3/index.json"

    @property
    def v2_url(self):
        return self.url + "/v2"

    # -- content

    def publish(self, package_id, *versions, **facts):
        """Adds versions, or replaces what is known of them."""
        with self.lock:
            self.tick += 1
            package = self.packages.setdefault(package_id, {})
            for text in versions:
                package[text] = Version(text, **facts)

    def version(self, package_id, text):
        self.tick += 1
        return self.packages[package_id][text]

    def unlist(self, package_id, text):
        self.version(package_id, text).listed = False

    def relist(self, package_id, text):
        self.version(package_id, text).listed = True

    def delete(self, package_id, text):
        with self.lock:
            self.tick += 1
            del self.packages[package_id][text]

    def find(self, package_id):
        for name, package in self.packages.items():
            if name.lower() == package_id.lower():
                return name, list(package.values())
        return None, []

    # -- misbehaviour

    def misbehave(self, pattern, behaviour, times=None):
        """Requests whose path matches get `behaviour(handler)`; `times` of them, or all."""
        self.rules.append([re.compile(pattern), behaviour, times])

    def behave(self):
        self.rules.clear()

    def rule_for(self, path):
        with self.lock:
            for rule in self.rules:
                if rule[0].fullmatch(path) and rule[2] != 0:
                    if rule[2] is not None:
                        rule[2] -= 1
                    return rule[1]
        return None

    def paths(self):
        return [request.path for request in self.requests]

    # -- documents

    def service_index(self):
        rows = [self.RESOURCES[name] for name in self.resources]
        return {
            "version": "3.0.0",
            "resources": [{"@id": self.url + path, "@type": kind} for kind, path in rows],
        }

    def flat(self, package_id):
        _, versions = self.find(package_id)
        texts = [normalised(v.text) for v in versions if v.in_flat]
        return texts[::-1] if self.descending else texts

    def leaf(self, name, version):
        base = f"{self.url}/reg/{name.lower()}"
        content = f"{self.url}/flat/{name.lower()}/{normalised(version.text)}/x.nupkg"
        entry = {"@id": f"{base}/{normalised(version.text)}.json#entry", "id": name,
                 "version": version.text}
        if version.listed is not None:
            entry["listed"] = version.listed
        if version.published is not None:
            entry["published"] = version.published
        return {"@id": f"{base}/{normalised(version.text)}.json", "catalogEntry": entry,
                "packageContent": content}

    def registration_pages(self, package_id):
        name, versions = self.find(package_id)
        leaves = [self.leaf(name, v) for v in versions if v.in_registration]
        if self.descending:
            leaves.reverse()
        size = self.page_size or max(len(leaves), 1)
        return [leaves[i:i + size] for i in range(0, len(leaves), size)]

    def registration(self, package_id):
        pages = []
        for number, leaves in enumerate(self.registration_pages(package_id)):
            body = json.dumps(leaves)
            page = {"@id": f"{self.url}/reg/{package_id}/page/{number}.json", "count": len(leaves)}
            if self.page_stamps:
                page["commitId"] = hashlib.sha1(body.encode()).hexdigest()
                page["commitTimeStamp"] = "2024-01-31T22:05:00.0000000Z"
            if not self.page_size:
                page["items"] = leaves
            pages.append(page)
        document = {"count": len(pages), "items": pages}
        if self.clock:
            document["commitTimeStamp"] = str(time.time())
        return document

    def v2_entry(self, name, version):
        published = version.published or "0001-01-02T00:00:00"
        listed = ""
        if self.v2_listed:
            listed = f'<d:Listed m:type="Edm.Boolean">{str(version.listed).lower()}</d:Listed>'
        elif not version.listed:
            published = "1900-01-01T00:00:00"
        text, source = escape(version.text), f"{self.v2_url}/package/{name}/{version.text}"
        return (f'<entry><title type="text">{name}</title>'
                f'<content type="application/zip" src="{source}"/>'
                f"<m:properties><d:Id>{name}</d:Id><d:Version>{text}</d:Version>"
                f'<d:Language m:null="true"/>'
                f'<d:Published m:type="Edm.DateTime">{published}</d:Published>'
                f"{listed}</m:properties></entry>")

    def v2_page(self, package_id, skip):
        name, versions = self.find(package_id)
        shown = versions[skip:skip + self.v2_page_size]
        entries = "".join(self.v2_entry(name, v) for v in shown)
        link = ""
        if skip + self.v2_page_size < len(versions):
            href = f"FindPackagesById()?id='{package_id}'&$skip={skip + self.v2_page_size}"
            if self.v2_next == "absolute":
                href = f"{self.v2_url}/{href}"
            link = f'<link rel="next" href="{escape(href)}"/>'
        if self.clock:
            entries = f"<updated>{time.time()}</updated>" + entries
        return atom(entries, link)


def atom(entries, link=""):
    return ("\ufeff<?xml version='1.0' encoding='utf-8'?>"
            f'<feed xml:base="http://wrong.invalid/" xmlns="http://www.w3.org/2005/Atom" '
            f'xmlns:d="{D}" xmlns:m="{M}">{entries}{link}</feed>').encode()


class Request:
    def __init__(self, method, path, headers):
        self.method, self.path, self.headers = method, path, headers


class Handler(BaseHTTPRequestHandler):
    feed = None
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, socket.timeout):
            self.close_connection = True

    def do_GET(self):
        feed = self.feed
        with feed.lock:
            feed.requests.append(Request(self.command, self.path, dict(self.headers)))
        rule = feed.rule_for(self.path)
        if rule:
            rule(self)
        elif not self.is_authorised():
            self.send(401, b"who are you?")
        else:
            self.answer()

    do_HEAD = do_CONNECT = do_GET

    def is_authorised(self):
        if not self.feed.credentials:
            return True
        token = base64.b64encode(":".join(self.feed.credentials).encode()).decode()
        return self.headers.get("Authorization") == "Basic " + token

    def answer(self):
        feed = self.feed
        url = urllib.parse.urlsplit(self.path)
        parts = [urllib.parse.unquote(p) for p in url.path.strip("/").split("/")]
        query = urllib.parse.parse_qs(url.query)
        with feed.lock:
            if url.path == "/v3/index.json":
                self.send_json(feed.service_index())
            elif parts[0] == "flat" and parts[2:] == ["index.json"]:
                versions = feed.flat(parts[1])
                self.send_json({"versions": versions}) if versions else self.send(404)
            elif parts[0] == "flat" and len(parts) == 4:
                self.send_package(parts[1], parts[2])
            elif parts[0] == "reg":
                self.answer_registration(parts)
            elif parts[0] == "v2":
                self.answer_v2(parts, query)
            else:
                self.send(404)

    def answer_registration(self, parts):
        pages = self.feed.registration_pages(parts[1])
        if parts[2:] == ["index.json"] and pages:
            self.send_json(self.feed.registration(parts[1]))
        elif parts[2] == "page" and int(parts[3].split(".")[0]) < len(pages):
            number = int(parts[3].split(".")[0])
            self.send_json({"count": 1, "items": pages[number]})
        else:
            self.send(404)

    def answer_v2(self, parts, query):
        if parts[1:] == []:
            body = b'<service xmlns="http://www.w3.org/2007/app"><workspace/></service>'
            self.send(200, body, "application/xml")
        elif parts[1] == "FindPackagesById()":
            package_id = query["id"][0].strip("'")
            skip = int(query.get("$skip", ["0"])[0])
            self.send(200, self.feed.v2_page(package_id, skip), "application/atom+xml")
        elif parts[1] == "Search()":        # what NuGet.exe's `list` asks
            package_id = query.get("searchTerm", [""])[0].strip("'")
            skip = int(query.get("$skip", ["0"])[0])
            self.send(200, self.feed.v2_page(package_id, skip), "application/atom+xml")
        elif parts[1] == "package":
            self.send_package(parts[2], parts[3])
        else:
            self.send(404)

    def send_package(self, package_id, text):
        _, versions = self.feed.find(package_id)
        there = any(normalised(v.text) == text.lower() and v.downloadable for v in versions)
        self.send(200 if there else 404, b"PK", "application/octet-stream")

    def send_json(self, document):
        self.send(200, json.dumps(document).encode(), "application/json")

    def validators(self, body):
        kind = self.feed.etags
        tag = hashlib.sha1(body).hexdigest()
        if kind == "none":
            return {}
        if kind == "date":
            return {"Last-Modified": "Wed, 31 Jan 2024 22:05:%02d GMT" % (self.feed.tick % 60)}
        return {"ETag": f'"{tag}"' if kind == "quoted" else tag}

    def is_unchanged(self, validators):
        asked = (self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since"))
        return any(value in asked for value in validators.values())

    def send(self, status, body=b"", kind="text/plain", headers=None, length=None):
        headers = dict(headers or {})
        if status == 200:
            validators = self.validators(body)
            headers.update(validators)
            if self.is_unchanged(validators):
                status, body = 304, b""
        mode = self.feed.gzip
        accepts = "gzip" in self.headers.get("Accept-Encoding", "")
        if status == 200 and (mode in ("always", "unannounced") or mode == "asked" and accepts):
            body = gzip.compress(body)
        if status == 200 and (mode in ("always", "announced-only") or mode == "asked" and accepts):
            headers["Content-Encoding"] = "gzip"
        self.send_response(status)
        if status != 304:
            headers.setdefault("Content-Type", kind)
            headers["Content-Length"] = str(len(body) if length is None else length)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def start_endless(self, kind="application/json", headers=None):
        """A reply that ends when the connection does."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
