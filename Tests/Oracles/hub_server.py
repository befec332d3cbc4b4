"""A server that behaves as the Hugging Face hub does towards those who download, and misbehaves when told to.

Two listeners: the hub itself, and the content network that it redirects to for large files, on another port and
usually another address (127.0.0.2). Facts about the interface: https://huggingface.co/docs/hub/api and the requests
that huggingface_hub makes. Alone, it serves a folder of repositories:

    python3 Tests/Oracles/hub_server.py FOLDER        # FOLDER/OWNER/REPO/files
"""

import hashlib
import json
import re
import select
import socket
import ssl
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

LFS_THRESHOLD = 100_000


@dataclass
class Repository:
    """Files by path, and what the hub knows of them."""

    name: str
    files: dict[str, bytes]
    card: dict = field(default_factory=lambda: {"license": "apache-2.0", "base_model": ["someone/base"]})
    gated: str | bool = False
    token: str | None = None
    downloads: int = 0
    # Overrides in the listing: path → changed entry; None leaves the digest out everywhere.
    entries: dict[str, dict] = field(default_factory=dict)
    commit: str = ""
    has_tree: bool = True
    # What the file's own address claims as its size.
    linked_size: int | None = None
    # Bodies in place of what the interface would answer.
    raw_info: bytes | None = None
    raw_tree: bytes | None = None

    def __post_init__(self):
        self.refresh()

    def refresh(self):
        """A commit for the contents that are there now."""
        names = "".join(f"{path}:{sha256(data)}\n" for path, data in sorted(self.files.items()))
        self.commit = hashlib.sha1(names.encode()).hexdigest()

    def is_large(self, path):
        return len(self.files[path]) >= LFS_THRESHOLD

    def entry(self, path):
        """One file of the listing as `GET …/tree/…` has it."""
        data = self.files[path]
        result = {"type": "file", "path": path, "size": len(data), "oid": git_sha1(data)}
        if self.is_large(path):
            pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(data)}\nsize {len(data)}\n"
            result["oid"] = git_sha1(pointer.encode())
            result["lfs"] = {"oid": sha256(data), "size": len(data), "pointerSize": len(pointer)}
            # Any other digest; computing a true one for each listing would take longer than sending the file.
            result["xetHash"] = sha256(data)[::-1]
        return {**result, **self.entries.get(path, {})}

    def info(self, *, blobs):
        siblings = []
        for path in self.files:
            entry = self.entry(path)
            sibling = {"rfilename": entry["path"]}
            if blobs:
                sibling |= {"size": entry["size"], "blobId": entry["oid"]}
                if lfs := entry.get("lfs"):
                    sibling["lfs"] = {"sha256": lfs["oid"], "size": lfs["size"], "pointerSize": lfs["pointerSize"]}
            siblings.append(sibling)
        tags = ["gguf", f"license:{self.card.get('license', 'unknown')}"]
        return {
            "_id": "0" * 24, "id": self.name, "modelId": self.name, "sha": self.commit, "private": False,
            "gated": self.gated, "disabled": False, "downloads": self.downloads, "likes": self.downloads // 10,
            "lastModified": "2026-03-04T05:06:07.000Z", "tags": tags, "cardData": self.card, "siblings": siblings,
        }  # fmt: skip


@dataclass
class Fault:
    """What goes wrong with the bodies of one path, and how many times."""

    kind: str
    count: int = 10**9
    after: int = 0
    status: int = 503
    headers: dict = field(default_factory=dict)
    seconds: float = 60
    first_request: int = 0


class HubServer:
    """Both listeners with their repositories, faults, and a record of all requests."""

    def __init__(self, *repositories, cdn_host="127.0.0.2", page=1000, rate=None, latency=0.0, certificate=None):
        self.repositories = {r.name: r for r in repositories}
        self.renamed = {}
        self.faults = {}
        self.requests = []
        self.api_status = None
        self.redirect_to = None
        self.link_origin = None
        self.page = page
        self.rate = rate
        self.latency = latency
        # Bytes of bodies after which everything waits, until a test raises it; None for no limit.
        self.limit = None
        self.honours_ranges = True
        self.expired = set()
        self.signature = 1
        self.new_signature = None
        self.bytes_sent = 0
        self.lock = threading.Lock()
        # A file with a certificate and its key, for HTTPS.
        self.certificate = certificate
        scheme = "https" if certificate else "http"
        self.hub = self._listen("127.0.0.1", HubHandler)
        self.cdn = self._listen(cdn_host, CDNHandler)
        self.endpoint = f"{scheme}://127.0.0.1:{self.hub.server_port}"
        self.cdn_endpoint = f"{scheme}://{cdn_host}:{self.cdn.server_port}"

    def _listen(self, host, handler):
        server = _Listener((host, 0), handler)
        server.owner = self
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    def close(self):
        self.limit = None
        for server in (self.hub, self.cdn):
            server.shutdown()
            server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def take_fault(self, path):
        with self.lock:
            fault = self.faults.get(path)
            if fault is None or fault.count <= 0:
                return None
            if fault.first_request > 0:
                fault.first_request -= 1
                return None
            fault.count -= 1
            return fault

    def blobs(self):
        return {sha256(data): data for r in self.repositories.values() for data in r.files.values()}


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    block_on_close = False

    def handle_error(self, request, client_address):
        # A client that goes away is what half of the tests are about.
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, *_):
        pass

    @property
    def owner(self):
        return self.server.owner

    def note(self):
        host = self.server.server_address[0]
        with self.owner.lock:
            self.owner.requests.append((host, self.command, self.path, dict(self.headers)))

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.note()
        if self.owner.latency:
            time.sleep(self.owner.latency)
        url = urlsplit(self.path)
        self.handle_request(url, {key: values[0] for key, values in parse_qs(url.query).items()})

    def answer(self, status, body=b"", headers=(), content_type="application/json"):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code, message):
        body = json.dumps({"error": message}).encode()
        self.answer(status, body, [("X-Error-Code", code), ("X-Error-Message", message)])

    def send_file(self, data, path, headers=()):
        """A body with ranges, and with the faults that were asked for."""
        fault = self.owner.take_fault(path) if self.command == "GET" else None
        kind = fault.kind if fault else None
        if kind == "status":
            return self.answer(fault.status, b'{"error":"as asked"}', fault.headers.items())
        if kind == "drop":
            return self.drop()
        first, last, status = 0, len(data) - 1, 200
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if wanted and self.owner.honours_ranges and kind != "whole":
            first = int(wanted[1])
            last = min(int(wanted[2] or last), last)
            if first >= len(data):
                return self.answer(416, b"", [("Content-Range", f"bytes */{len(data)}")])
            status = 206
        if kind == "corrupt":
            data = bytearray(data)
            data[(first + last) // 2] ^= 0x01
        if kind == "changed":
            data = data + b"more"
        body = memoryview(data)[first : last + 1]
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Accept-Ranges", "bytes")
        if status == 206:
            shift = 1 if kind == "shifted" else 0
            self.send_header("Content-Range", f"bytes {first + shift}-{last + shift}/{len(data)}")
        if kind == "gzip":
            self.send_header("Content-Encoding", "gzip")
        if kind == "endless":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return None
        if kind == "truncated":
            self.send_body(body[: fault.after])
            self.close_connection = True
            return None
        if kind == "stalled":
            self.send_body(body[: fault.after])
            self.wfile.flush()
            time.sleep(fault.seconds)
            return self.drop()
        if kind == "endless":
            block = b"\0" * 65536
            while True:
                self.wfile.write(b"10000\r\n" + block + b"\r\n")
        return self.send_body(body)

    def send_body(self, body):
        rate = self.owner.rate
        step = 1 << 20 if self.owner.limit is None else 1 << 16
        if rate:
            step = max(1, min(step, rate // 20))
        for start in range(0, len(body), step):
            while self.owner.limit is not None and self.owner.bytes_sent >= self.owner.limit:
                # Clients send nothing during a body: what can be read is the end of the connection.
                if select.select([self.connection], [], [], 0.01)[0]:
                    self.close_connection = True
                    return
            part = body[start : start + step]
            self.wfile.write(part)
            with self.owner.lock:
                self.owner.bytes_sent += len(part)
            if rate:
                self.wfile.flush()
                time.sleep(len(part) / rate)

    def drop(self):
        """Resets the connection: what is still on its way is lost."""
        self.wfile.flush()
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()


class HubHandler(_Handler):
    """huggingface.co."""

    def handle_request(self, url, query):
        path = unquote(url.path)
        if path == "/api/models":
            return self.search(query)
        if path.startswith("/api/models/"):
            return self.api(path.removeprefix("/api/models/"), query)
        if match := re.fullmatch(r"/([^/]+(?:/[^/]+)?)/resolve/([^/]+)/(.+)", path):
            return self.resolve(*match.groups())
        return self.refuse(404, "", "Not found")

    def repository(self, name):
        """The repository, or None when the refusal was sent."""
        if target := self.owner.renamed.get(name):
            self.answer(307, b"", [("Location", self.path.replace(quote(name), quote(target), 1))])
            return None
        repository = self.owner.repositories.get(name)
        authorization = self.headers.get("Authorization")
        if repository is None:
            # The hub does not tell strangers what is private and what is not there.
            self.refuse(401 if authorization is None else 404, "RepoNotFound", "Repository not found")
            return None
        if authorization and repository.token and authorization != f"Bearer {repository.token}":
            self.refuse(401, "", "Invalid credentials in Authorization header")
            return None
        return repository

    def search(self, query):
        words = query.get("search", "").lower().split()
        found = [
            r.info(blobs=False)
            for r in self.owner.repositories.values()
            if all(word in r.name.lower() for word in words)
        ]
        found.sort(key=lambda model: -model["downloads"])
        self.answer(200, json.dumps(found[: int(query.get("limit", 30))]).encode())

    def api(self, path, query):
        if self.owner.api_status:
            status, headers = self.owner.api_status
            return self.answer(status, b'{"error":"as asked"}', headers.items())
        match = re.fullmatch(r"(.+?)(?:/(revision|tree)/([^/]+))?", path)
        repository = self.repository(match[1])
        if repository is None:
            return None
        revision = match[3] or "main"
        if revision not in ("main", "v1.0", repository.commit):
            return self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if match[2] != "tree":
            return self.answer(200, repository.raw_info or json.dumps(repository.info(blobs="blobs" in query)).encode())
        if not repository.has_tree:
            return self.refuse(404, "", "Not found")
        if repository.raw_tree is not None:
            return self.answer(200, repository.raw_tree)
        paths = sorted(repository.files)
        start = int(query.get("cursor", 0))
        headers = []
        if start + self.owner.page < len(paths):
            origin = self.owner.link_origin or self.owner.endpoint
            target = f"{origin}/api/models/{path}?recursive=true&cursor={start + self.owner.page}"
            headers.append(("Link", f'<{target}>; rel="next"'))
        page = [repository.entry(path) for path in paths[start : start + self.owner.page]]
        if start == 0:
            page.insert(0, {"type": "directory", "path": "folder", "oid": "0" * 40, "size": 0})
        return self.answer(200, json.dumps(page).encode(), headers)

    def resolve(self, name, revision, path):
        repository = self.repository(name)
        if repository is None:
            return None
        if repository.gated and not self.headers.get("Authorization"):
            return self.refuse(401, "GatedRepo", f"Access to model {name} is restricted.")
        if repository.gated and repository.token is None:
            return self.refuse(403, "GatedRepo", f"Access to model {name} is restricted and you are not authorized.")
        if revision not in ("main", "v1.0", repository.commit):
            return self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if path not in repository.files:
            return self.refuse(404, "EntryNotFound", "Entry not found")
        data = repository.files[path]
        if not repository.is_large(path):
            headers = [("X-Repo-Commit", repository.commit)]
            if repository.entries.get(path, {}).get("oid", "") is not None:
                headers.append(("ETag", f'"{git_sha1(data)}"'))
            return self.send_file(data, path, headers)
        target = f"{self.owner.cdn_endpoint}/{sha256(data)}?path={quote(path)}&signature={self.owner.signature}"
        if self.owner.redirect_to:
            target = self.owner.redirect_to.format(target=target, path=self.path, hub=self.owner.endpoint)
        headers = [
            ("Location", target), ("X-Repo-Commit", repository.commit), ("X-Linked-Size", str(repository.linked_size or len(data))),
        ]  # fmt: skip
        if repository.entries.get(path, {}).get("lfs", "") is not None:
            headers.append(("X-Linked-Etag", f'"{sha256(data)}"'))
        return self.answer(302, b"", headers)


class CDNHandler(_Handler):
    """The content network: signed addresses, no accounts."""

    def handle_request(self, url, query):
        if int(query.get("signature", 0)) in self.owner.expired:
            self.owner.signature = self.owner.new_signature or self.owner.signature
            return self.answer(403, b"<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")
        data = self.owner.blobs().get(url.path.strip("/"))
        if data is None:
            return self.answer(404, b"")
        return self.send_file(data, query.get("path", ""))


def sha256(data):
    return _digest("sha256", data)


def git_sha1(data):
    return _digest("sha1", data)


_DIGESTS = {}


def _digest(kind, data):
    """Digests of large constant files are remembered: a benchmark must not measure them."""
    key = (kind, id(data), len(data))
    if key not in _DIGESTS or _DIGESTS[key][0] is not data:
        start = f"blob {len(data)}\0".encode() if kind == "sha1" else b""
        _DIGESTS[key] = (data, hashlib.new(kind, start + bytes(data)).hexdigest())
    return _DIGESTS[key][1]


def main():
    folder = Path(sys.argv[1])
    repositories = []
    for path in sorted(folder.glob("*/*")):
        files = {str(f.relative_to(path)): f.read_bytes() for f in sorted(path.rglob("*")) if f.is_file()}
        repositories.append(Repository(str(path.relative_to(folder)), files))
    with HubServer(*repositories) as server:
        print(f"export HF_ENDPOINT={server.endpoint}", flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
