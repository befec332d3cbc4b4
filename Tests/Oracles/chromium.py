"""Drives headless Chromium over its debugging pipe, with nothing but the standard library."""

import contextlib
import fcntl
import json
import os
import select
import subprocess
import tempfile
import time

from oracle import HANG_SECONDS


class Page:
    """A page in a browser of its own."""

    def __init__(self, url, *, width=1280, height=860, dark=False):
        self.url = url
        self.size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.scheme = "dark" if dark else "light"
        self.events = []
        self.number = 0
        self.rest = b""

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        # Chromium reads commands from descriptor 3 and writes to 4; numbers far from those do not collide with them.
        pipes = [*os.pipe(), *os.pipe()]
        theirs_in, self.commands, self.answers, theirs_out = (fcntl.fcntl(pipe, fcntl.F_DUPFD, 20) for pipe in pipes)
        for pipe in pipes:
            os.close(pipe)
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out} {theirs_in}<&- {theirs_out}>&-', "-", "chromium"]
            + [*flags, f"--user-data-dir={folder}", "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs_in, theirs_out),
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.stack.callback(os.close, self.answers)
        self.stack.callback(self.process.wait)
        self.stack.callback(self.process.kill)
        self.stack.callback(os.close, self.commands)
        try:
            self.session = None
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Network", "Log"):
                self.call(f"{domain}.enable")
            self.call("Emulation.setDeviceMetricsOverride", **self.size)
            features = [{"name": "prefers-color-scheme", "value": self.scheme}]
            self.call("Emulation.setEmulatedMedia", features=features)
            self.call("Page.navigate", url=self.url)
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_):
        self.stack.close()

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def read(self):
        while b"\0" not in self.rest:
            if not select.select([self.answers], [], [], HANG_SECONDS)[0]:
                raise AssertionError("the browser does not answer")
            piece = os.read(self.answers, 1 << 16)
            if not piece:
                raise AssertionError("the browser ended")
            self.rest += piece
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def value(self, expression):
        """What an expression is in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, condition):
        end = time.monotonic() + HANG_SECONDS
        while not self.value(condition):
            if time.monotonic() > end:
                raise AssertionError(f"never came true: {condition}")
            time.sleep(0.05)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def press(self, key, shift=False):
        codes = {"Enter": 13, "Escape": 27, "Tab": 9}
        event = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key], "modifiers": 8 if shift else 0}
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **event, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def named(self, method):
        """The parameters of all events of a name so far."""
        return [event["params"] for event in self.events if event.get("method") == method]
