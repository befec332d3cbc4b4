"""The chat at the keyboard: commands, pasted text, history, and a terminal that is left as it was."""

import json
import os
import signal
import tempfile
import termios
import time
import unittest
from pathlib import Path

from oracle import FIXTURES, HANG_SECONDS
from test_chat import Terminal

MODEL = str(FIXTURES / "gguf_f16/model.gguf")
CONTROL_C, CONTROL_D, UP = "\x03", "\x04", "\x1b[A"
ANSWERED = r"seed 1[^›]*› $"


class Keyboard(unittest.TestCase):
    def start(self, *arguments, **changes):
        terminal = Terminal("run", MODEL, "--seed", "1", "--max-tokens", "3", *arguments, **changes)
        self.addCleanup(terminal.close)
        terminal.wait_for("› $")
        return terminal

    def ask(self, terminal, keys, pattern):
        terminal.send(keys)
        return terminal.wait_for(pattern)

    def leave(self, terminal):
        terminal.send("/exit\r")
        self.assertEqual(terminal.exit_status(), 0)

    def echoes(self, terminal):
        """Whether the terminal shows what is typed, as it does outside the editor."""
        return bool(termios.tcgetattr(terminal.descriptor)[3] & termios.ECHO)

    def test_commands(self):
        terminal = self.start()
        self.assertIn("/retry", self.ask(terminal, "/help\r", r"/exit[^›]*"))
        self.assertIn("/help lists", self.ask(terminal, "/nonsense\r", r"error: [^›]*› $"))
        self.ask(terminal, "/set temperature 0\r", "› $")
        self.assertRegex(self.ask(terminal, "/set\r", r"max-tokens[^›]*› $"), r"temperature +0")
        self.assertIn("settings:", self.ask(terminal, "/set warmth 1\r", r"error: [^›]*› $"))
        self.ask(terminal, "hello\r", ANSWERED)
        self.assertIn("of 128 tokens", self.ask(terminal, "/stats\r", r"last answer[^›]*› $"))
        self.ask(terminal, "/retry\r", ANSWERED)
        self.ask(terminal, "/clear\r", r"forgotten[^›]*› $")
        self.assertIn("error:", self.ask(terminal, "/retry\r", r"error: [^›]*› $"))
        self.leave(terminal)

    def test_save_never_overwrites(self):
        with tempfile.TemporaryDirectory() as folder:
            terminal = self.start()
            self.ask(terminal, "hello\r", ANSWERED)
            path = Path(folder) / "talk.json"
            self.ask(terminal, f"/save {path}\r", r"saved 2[^›]*› $")
            messages = json.loads(path.read_text())["messages"]
            self.assertEqual([m["role"] for m in messages], ["user", "assistant"])
            self.ask(terminal, f"/save {path}\r", r"already[^›]*› $")
            self.leave(terminal)

    def test_pasted_line_breaks_do_not_submit(self):
        terminal = self.start()
        terminal.send("\x1b[200~one\ntwo\x1b[201~")
        self.assertNotIn("seed", terminal.wait_for("two$"))
        self.ask(terminal, "\r", ANSWERED)
        self.leave(terminal)

    def test_history_outlives_the_program(self):
        terminal = self.start()
        self.ask(terminal, "remember me\r", ANSWERED)
        home = terminal.home.name
        history = Path(home) / "history"
        self.assertEqual(history.read_text(), "remember me\n")
        self.assertEqual(history.stat().st_mode & 0o777, 0o600)
        terminal.send(CONTROL_D)
        self.assertEqual(terminal.exit_status(), 0)
        later = self.start(STOA_HOME=home)
        self.assertIn("remember me", self.ask(later, UP, "remember me$"))
        later.send(CONTROL_C + CONTROL_D)
        self.assertEqual(later.exit_status(), 0)

    def test_control_c_twice_says_how_to_leave(self):
        terminal = self.start()
        self.ask(terminal, "text" + CONTROL_C, "› $")
        self.assertIn("Ctrl-D", self.ask(terminal, CONTROL_C + CONTROL_C, r"to leave[^›]*› $"))
        self.leave(terminal)

    def test_too_long_a_message_ends_nothing(self):
        terminal = self.start()
        self.assertIn("/clear", self.ask(terminal, "e " * 400 + "\r", r"more than the context of 128[^›]*› $"))
        self.leave(terminal)

    def test_signals_restore_the_terminal(self):
        for number, status in ((signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)):
            terminal = self.start()
            self.assertFalse(self.echoes(terminal))
            os.kill(terminal.process, number)
            deadline = time.monotonic() + HANG_SECONDS
            while not self.echoes(terminal) and time.monotonic() < deadline:
                time.sleep(0.02)
            self.assertTrue(self.echoes(terminal))
            self.assertEqual(terminal.exit_status(), status)

    def test_control_z_suspends_and_resumes(self):
        terminal = self.start()
        terminal.send("half\x1a")
        deadline = time.monotonic() + 10
        stopped = False
        while not stopped and time.monotonic() < deadline:
            process, status = os.waitpid(terminal.process, os.WNOHANG | os.WUNTRACED)
            stopped = bool(process) and os.WIFSTOPPED(status)
            terminal.read()
        # Without a shell the process group is orphaned, and the kernel then drops the stop: either way the line is kept.
        if stopped:
            self.assertTrue(self.echoes(terminal))
            os.kill(terminal.process, signal.SIGCONT)
        self.ask(terminal, " done", "half done$")
        terminal.send(CONTROL_C)
        self.leave(terminal)


if __name__ == "__main__":
    unittest.main()
