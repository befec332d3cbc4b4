"""Starts `stoa serve` for a test, asks it over HTTP without any client library, and sees that it stops properly."""

import http.client
import json
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from oracle import BINARY, HANG_SECONDS, environment


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Answer:
    """What came back: status, headers with lower-case names, and the body."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def lines(self):
        """The objects of a body with one JSON text a line."""
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def events(self):
        """Pairs of name and data of an event stream; data as JSON but for `[DONE]`."""
        result = []
        for block in self.text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if data := fields.get("data"):
                result.append((fields.get("event"), data if data == "[DONE]" else json.loads(data)))
        return result


class Server:
    """A running `stoa serve` with a library of its own; leaving the context stops it and requires exit status 0."""

    def __init__(self, *arguments, home=None, **variables):
        self.arguments = [str(argument) for argument in arguments]
        self.home = home
        self.variables = variables
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="stoa-serve-"))
        self.home = self.home or self.folder / "home"
        self.ends = []
        self.start()
        return self

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", *self.arguments, "--port", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(STOA_HOME=str(self.home), **self.variables),
            )
        try:
            self.wait_until_ready()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def ensure_running(self):
        """Starts the server again if it has ended, so that a crash fails one test, and the context as a whole."""
        if self.process.poll() is not None:
            self.ends.append(self.process.returncode)
            self.start()

    def wait_until_ready(self):
        end = time.monotonic() + HANG_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"stoa serve ended with {self.process.returncode}:\n{self.log}")
            try:
                if self.get("/readyz").status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"stoa serve is not ready:\n{self.log}")

    def __exit__(self, kind, error, trace):
        self.stop(checks=kind is None)
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self, checks=True):
        """Ends the server as a service manager does."""
        if self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=HANG_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        ends = [end for end in (*self.ends, status) if end != 0]
        if checks and ends:
            raise AssertionError(f"stoa serve ended with {ends}, not 0:\n{self.log}")

    @property
    def log(self):
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def memory(self):
        """Resident memory in bytes."""
        with open(f"/proc/{self.process.pid}/status") as lines:
            return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS"))

    # Requests

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG_SECONDS)

    def ask(self, method, path, body=None, **headers):
        """One request on a connection of its own; a body that is not bytes is sent as JSON."""
        connection = self.connect()
        try:
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            if body is not None:
                names = {"Content-Type": "application/json", **names}
            connection.request(method, path, body, names)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, body, **headers):
        return self.ask("POST", path, body, **headers)
