"""Git upstreams on loopback, for tests: smart HTTP (with and without TLS and passwords), git://, ssh,
and servers that misbehave. Each is a context manager whose `url(name)` names a repository below the
folder that it serves; only git, OpenSSH and Python's own library are needed.

    with GitHttpServer(folder) as server:
        subprocess.run(["git", "clone", server.url("up.git")])

As a program it runs one server until its standard input ends, for tests that are not in Python:

    git_servers.py KIND FOLDER [key=value ...]     prints the base URL, then `ready`
"""
import base64
import http.server
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "harness"))
from ports import LOOPBACK, free_port        # noqa: E402


def wait_for_port(port, process=None, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process and process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            socket.create_connection((LOOPBACK, port), 0.2).close()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port}")


def clean_git_environment():
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment.update(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null")
    return environment


class _GitHandler(http.server.BaseHTTPRequestHandler):
    """Hands each request to `git http-backend` as CGI."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def _authorised(self):
        wanted = self.server.owner.credentials
        if not wanted:
            return True
        given = self.headers.get("Authorization", "")
        return given == "Basic " + base64.b64encode(":".join(wanted).encode()).decode()

    def _body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _refuse(self, status, reason, headers=()):
        text = reason.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _environment(self, path, query):
        environment = clean_git_environment()
        environment.update(
            GIT_PROJECT_ROOT=str(self.server.owner.folder), GIT_HTTP_EXPORT_ALL="1",
            GATEWAY_INTERFACE="CGI/1.1", SERVER_PROTOCOL="HTTP/1.1",
            REQUEST_METHOD=self.command, PATH_INFO=path, QUERY_STRING=query,
            REMOTE_ADDR=self.client_address[0], REMOTE_USER="",
            CONTENT_TYPE=self.headers.get("Content-Type", ""),
            HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""))
        for number, (key, value) in enumerate(self.server.owner.git_config.items()):
            environment[f"GIT_CONFIG_KEY_{number}"] = key
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        environment["GIT_CONFIG_COUNT"] = str(len(self.server.owner.git_config))
        if "Git-Protocol" in self.headers:
            environment["GIT_PROTOCOL"] = self.headers["Git-Protocol"]
        return environment

    def _serve(self):
        owner = self.server.owner
        body = self._body()
        owner.requests.append((self.command, self.path, len(body)))
        if not self._authorised():
            self._refuse(401, "credentials are needed\n", [("WWW-Authenticate", 'Basic realm="git"')])
            return
        if owner.redirect_to:
            self._refuse(302, "elsewhere\n", [("Location", owner.redirect_to + self.path)])
            return
        path, _, query = self.path.partition("?")
        environment = self._environment(path, query)
        environment["CONTENT_LENGTH"] = str(len(body))
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(v.split()[0]) for k, v in headers if k == "Status"), 200)
        self.send_response(status)
        for name, value in headers:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _serve


class GitHttpServer:
    """Smart HTTP below `folder`.

    username, password: basic authentication; certificate, key: TLS (see make_certificate);
    redirect_to: every request is redirected there; git_config: settings for the served side, such
    as {"uploadpack.allowReachableSHA1InWant": "true"}. `requests` lists (method, path, body length).
    """

    def __init__(self, folder, username=None, password=None, certificate=None, key=None, redirect_to=None,
                 git_config=None):
        self.folder = pathlib.Path(folder).resolve()
        self.credentials = (username, password) if username is not None else None
        self.redirect_to = redirect_to
        self.git_config = {"safe.directory": "*", **(git_config or {})}
        self.requests = []
        self._server = http.server.ThreadingHTTPServer((LOOPBACK, 0), _GitHandler)
        self._server.daemon_threads = True
        self._server.owner = self
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self.scheme = "https"

    @property
    def port(self):
        return self._server.server_address[1]

    @property
    def base(self):
        # by name for TLS: not every client checks addresses in certificates
        return f"{self.scheme}://{'localhost' if self.scheme == 'https' else LOOPBACK}:{self.port}/"

    def url(self, name):
        return self.base + name

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self._server.shutdown()
        self._server.server_close()


class _ProcessServer:
    """A server that is a process of its own; `_command` is set by the heir."""

    def __init__(self):
        self.port = free_port()
        self._process = None

    def url(self, name):
        return self.base + name

    def __enter__(self):
        self._process = subprocess.Popen(self._command, env=clean_git_environment(), stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                         start_new_session=True)
        try:
            wait_for_port(self.port, self._process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()


class GitDaemon(_ProcessServer):
    """git:// below `folder`; bare repositories and folders with a .git."""

    def __init__(self, folder):
        super().__init__()
        folder = pathlib.Path(folder).resolve()
        self.base = f"git://{LOOPBACK}:{self.port}/"
        self._command = ["git", "-c", "safe.directory=*", "daemon", "--export-all", "--reuseaddr",
                         f"--base-path={folder}", f"--listen={LOOPBACK}", f"--port={self.port}", str(folder)]


class SshServer(_ProcessServer):
    """sshd below `folder` for the user who runs the tests.

    `key_file` is the client's key and `known_hosts_file` names the server's, both in `keys`, a folder
    that this makes. `wrong_known_hosts_file` names another key for the server.
    """

    @staticmethod
    def available():
        return shutil.which("sshd", path="/usr/sbin:/usr/bin:/usr/local/sbin") is not None

    def __init__(self, folder, keys=None):
        super().__init__()
        folder = pathlib.Path(folder).resolve()
        self.keys = pathlib.Path(keys or tempfile.mkdtemp(prefix="fp-ssh-"))
        self._own_keys = keys is None
        self.user = os.environ.get("USER") or subprocess.check_output(["id", "-un"], text=True).strip()
        self.base = f"ssh://{self.user}@{LOOPBACK}:{self.port}{folder}/"
        for name in ("host", "other_host", "client", "other_client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.keys / name], check=True)
        self.key_file = str(self.keys / "client")
        self.wrong_key_file = str(self.keys / "other_client")
        self.known_hosts_file = self._known_hosts("host")
        self.wrong_known_hosts_file = self._known_hosts("other_host")
        shutil.copy(self.keys / "client.pub", self.keys / "authorized")
        config = self.keys / "config"
        config.write_text(f"ListenAddress {LOOPBACK}\nPort {self.port}\nHostKey {self.keys}/host\n"
                          f"AuthorizedKeysFile {self.keys}/authorized\nStrictModes no\nUsePAM no\n"
                          f"PasswordAuthentication no\nPermitRootLogin yes\nPidFile none\n"
                          f"SetEnv GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=*\n")
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        self._command = [shutil.which("sshd", path="/usr/sbin:/usr/bin:/usr/local/sbin"), "-D", "-f", str(config)]

    def _known_hosts(self, host):
        path = self.keys / f"known_{host}"
        kind, key = (self.keys / f"{host}.pub").read_text().split()[:2]
        path.write_text(f"[{LOOPBACK}]:{self.port} {kind} {key}\n")
        return str(path)

    def __exit__(self, *exception):
        super().__exit__(*exception)
        if self._own_keys:
            shutil.rmtree(self.keys, ignore_errors=True)


class HangingServer:
    """Accepts connections and says nothing, or says `greeting` and then nothing; for any protocol."""

    def __init__(self, greeting=b""):
        self.greeting = greeting
        self._socket = socket.create_server((LOOPBACK, 0))
        self.port = self._socket.getsockname()[1]
        self.base = f"http://{LOOPBACK}:{self.port}/"
        self.connections = []

    def url(self, name, scheme="http"):
        return f"{scheme}://{LOOPBACK}:{self.port}/{name}"

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections.append(connection)
            try:
                connection.sendall(self.greeting)
            except OSError:
                pass

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self.connections:
            connection.close()


def make_certificate(folder):
    """A certificate for loopback that is its own authority; (certificate file, key file)."""
    certificate, key = os.path.join(folder, "tls.pem"), os.path.join(folder, "tls.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", f"/CN={LOOPBACK}",
                    "-addext", f"subjectAltName=IP:{LOOPBACK},DNS:localhost",
                    "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    return certificate, key


def main(kind, folder, *options):
    settings = dict(option.split("=", 1) for option in options)
    if "certificate" in settings:
        settings["certificate"], settings["key"] = make_certificate(settings["certificate"])
    for name, key in (("reachable", "uploadpack.allowReachableSHA1InWant"), ("any", "uploadpack.allowAnySHA1InWant")):
        if name in settings:
            settings["git_config"] = {key: settings.pop(name)}
    kinds = {"http": GitHttpServer, "git": GitDaemon, "ssh": SshServer,
             "hang": lambda folder, **settings: HangingServer(settings.get("greeting", "").encode())}
    with kinds[kind](folder, **settings) as server:
        print(server.base)
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
