"""What a feed does wrong: each makes a function of feed_server's Handler, for `misbehave`."""

import contextlib
import gzip
import socket
import struct
import time
import urllib.parse
from xml.sax.saxutils import escape

from feed_server import Version, atom


# What a client that has had enough ends.
UNTIL_HUNG_UP = contextlib.suppress(OSError)


def header_names(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def status(code, body=b"", kind="text/plain", **headers):
    return lambda h: h.send(code, body, kind, header_names(headers))


def throttle(code=429, retry_after=None, body=b"slow down"):
    headers = {"Retry-After": retry_after} if retry_after else {}
    return lambda h: h.send(code, body, "text/plain", headers)


def changing_validators():
    """As it is, but with a validator that no later answer has."""
    def behave(h):
        h.validators = lambda body: {"ETag": f'"{time.time_ns()}"'}
        h.answer()
    return behave


def azure_throttle():
    text = (b"TF400733: The request has been canceled: Request was blocked due to exceeding usage"
            b" of resource 'X'")
    return throttle(500, None, text)


def body(data, kind="application/json", code=200, **headers):
    data = data if isinstance(data, bytes) else data.encode()
    return lambda h: h.send(code, data, kind, header_names(headers))


def sign_in_page(code=200):
    page = b"<!DOCTYPE html><html><head><title>Sign in to your account</title></head></html>"
    return body(page, "text/html", code)


def html_page():
    return body(b"<html><body>It works!</body></html>", "text/html")


def redirect(url, code=302):
    def behave(h):
        target = url(h) if callable(url) else url
        h.send(code, b"", "text/plain", {"Location": target})
    return behave


def redirect_to_itself():
    return redirect(lambda h: h.path)


def reset(after=b'{"versions": ["1.0.0"'):
    """Promises more than it sends, then resets the connection."""
    def behave(h):
        h.send(200, after, "application/json", length=len(after) + 1000)
        h.wfile.flush()
        time.sleep(0.05)
        h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        h.connection.close()
        h.close_connection = True
    return behave


def truncated(data):
    """Ends in the middle without saying how long it would be."""
    def behave(h):
        h.start_endless()
        h.wfile.write(data)
    return behave


def wrong_length(data, length):
    def behave(h):
        h.close_connection = True
        h.send(200, data, "application/json", length=length)
    return behave


def endless(piece, total, kind="application/json", start=b"", **headers):
    """start, then `piece` again and again up to `total` bytes."""
    def behave(h):
        h.start_endless(kind, header_names(headers))
        h.wfile.write(start)
        block = piece * max(1, 65536 // len(piece))
        with UNTIL_HUNG_UP:
            for _ in range(0, total, len(block)):
                h.wfile.write(block)
    return behave


def drip(data, interval=1.0):
    """A byte at a time."""
    def behave(h):
        h.start_endless()
        with UNTIL_HUNG_UP:
            for i in range(len(data)):
                h.wfile.write(data[i:i + 1])
                h.wfile.flush()
                time.sleep(interval)
    return behave


def hang(seconds=60):
    """Accepts, and says nothing."""
    def behave(h):
        h.close_connection = True
        deadline = time.time() + seconds
        h.connection.settimeout(0.2)
        while time.time() < deadline:
            try:
                if h.connection.recv(1) == b"":
                    return
            except socket.timeout:
                continue
            except OSError:
                return
    return behave


def stall(data, seconds=60):
    """Sends some, then nothing more."""
    def behave(h):
        h.start_endless()
        h.wfile.write(data)
        h.wfile.flush()
        hang(seconds)(h)
    return behave


def endless_headers():
    def behave(h):
        h.close_connection = True
        h.wfile.write(b"HTTP/1.1 200 OK\r\n")
        with UNTIL_HUNG_UP:
            for i in range(1000000):
                h.wfile.write(b"X-Filler-%d: %s\r\n" % (i, b"x" * 1000))
    return behave


def gzip_bomb(megabytes):
    return body(gzip.compress(b" " * (megabytes << 20)), "application/json",
                Content_Encoding="gzip")


def deep_json(levels=50000):
    return body(b'{"versions": ' + b"[" * levels + b"]" * levels + b"}")


def billion_laughs():
    entities = "".join(f'<!ENTITY l{i} "{("&l%d;" % (i - 1)) * 10}">' for i in range(1, 10))
    text = (f'<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY l0 "lol">{entities}]>'
            f'<feed xmlns="http://www.w3.org/2005/Atom"><title>&l9;</title></feed>')
    return body(text, "application/atom+xml")


def page(version_of, next_of):
    """A page of one entry and a link to the next; both are made of the request and the page's
    number."""
    def behave(h):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(h.path).query)
        number = int(query.get("$skip", ["0"])[0])
        name = query["id"][0].strip("'")
        link = f'<link rel="next" href="{escape(next_of(h, name, number))}"/>'
        h.send(200, atom(h.feed.v2_entry(name, Version(version_of(number))), link),
               "application/atom+xml")
    return behave


def next_number(h, name, number):
    return f"{h.feed.v2_url}/FindPackagesById()?id='{name}'&$skip={number + 1}"


def endless_next():
    """Every page is new and has a next page."""
    return page(lambda number: f"1.0.{number}", next_number)


def same_page_for_ever():
    """Every page has a new next page, and the same entries."""
    return page(lambda number: "1.0.0", next_number)


def next_page_at(url):
    """One entry, and a next link to wherever."""
    return page(lambda number: "1.0.0", lambda h, *_: url(h) if callable(url) else url)
