"""The chat in a terminal: an answer streams, Ctrl-C stops it and not the program, commands work."""

import os
import pty
import re
import select
import signal
import tempfile
import time
import unittest

from oracle import BINARY, HANG_SECONDS, environment

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>78]|\r")
INTERRUPT = "\x03"


class Terminal:
    """The program, believing that it talks to a person."""

    def __init__(self, *arguments, **changes):
        self.text = ""
        self.home = tempfile.TemporaryDirectory()
        changes = {"TERM": "xterm", "XDG_DATA_HOME": self.home.name, "STOA_HOME": self.home.name, **changes}
        self.process, self.descriptor = pty.fork()
        if self.process == 0:
            os.execve(BINARY, [str(BINARY), *arguments], environment(**changes))

    def send(self, text):
        os.write(self.descriptor, text.encode())

    def wait_for(self, pattern):
        """Reads until the text since the last call matches, and gives it."""
        deadline = time.monotonic() + HANG_SECONDS
        while not re.search(pattern, self.text):
            if time.monotonic() > deadline or not self.read():
                raise AssertionError(f"no {pattern!r} in {self.text[-2000:]!r}")
        text, self.text = self.text, ""
        return text

    def read(self):
        """Takes what arrives within a tenth of a second; false at the end."""
        if not select.select([self.descriptor], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # Linux reports the end of a terminal so.
            return False
        self.text += CONTROL.sub("", data.decode(errors="replace"))
        return bool(data)

    def exit_status(self):
        """The exit status once the program ends."""
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline:
            self.read()
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                self.process = None
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("the program does not end")

    def close(self):
        if self.process:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        os.close(self.descriptor)
        self.home.cleanup()


class Chat(unittest.TestCase):
    def start(self, *arguments, **changes):
        terminal = Terminal("run", "primer", *arguments, **changes)
        self.addCleanup(terminal.close)
        terminal.wait_for("›")
        return terminal

    def test_story_then_exit(self):
        terminal = self.start("--seed", "1")
        terminal.send("tell me a story about a fox named Ada at the harbour\r")
        answer = terminal.wait_for(r"tokens/s[^›]*›")
        self.assertGreaterEqual(answer.count("Ada"), 2, answer)
        terminal.send("/exit\r")
        self.assertEqual(terminal.exit_status(), 0)

    def test_interrupt_stops_the_answer_and_not_the_program(self):
        # Slow arithmetic, so that there is an answer to stop.
        terminal = self.start("--seed", "1", "--threads", "1", STOA_ISA="scalar")
        question = "tell me a story about a fox named Ada at the harbour"
        terminal.send(question + "\r")
        terminal.wait_for(r"harbour\s+\S+")
        terminal.send(INTERRUPT)
        terminal.wait_for("›")
        terminal.send("/help\r")
        self.assertIn("/clear", terminal.wait_for("/save"))
        terminal.send("/exit\r")
        self.assertEqual(terminal.exit_status(), 0)

    def test_end_of_input_ends_the_chat(self):
        terminal = self.start()
        terminal.send("\x04")
        self.assertEqual(terminal.exit_status(), 0)


if __name__ == "__main__":
    unittest.main()
