"""Files that mean harm: the program ends by itself, in bounded memory, with the right status and words.

`Scripts/make_hostile_files.py` makes them and says what must happen.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from oracle import BINARY, DATA, HANG_SECONDS, REPOSITORY, environment, needs

# What the program may hold, itself included, for files that are all small.
LIMIT_MEGABYTES = 400
# A message may be long, but not without end.
LIMIT_OUTPUT = 64 << 20
MEASURE = Path(__file__).with_name("measure.py")


class Outcome:
    """How a process ended: status (negative for a signal), what it wrote, and its largest resident set."""

    def __init__(self, arguments, stdin, folder, home):
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            source.write(stdin.encode())
            source.seek(0)
            report, write = os.pipe()
            process = subprocess.Popen(
                [sys.executable, "-IS", MEASURE, str(write), BINARY, *arguments], stdin=source, stdout=out, stderr=err,
                cwd=folder, env=environment(STOA_HOME=home), pass_fds=[write], start_new_session=True,
            )  # fmt: skip
            os.close(write)
            try:
                process.wait(HANG_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            with open(report) as stream:
                self.status, self.seconds, self.megabytes = json.loads(stream.read() or "[-9, 0, 0]")
            out.seek(0)
            err.seek(0)
            self.output = out.read(LIMIT_OUTPUT + 1)
            self.error = err.read(LIMIT_OUTPUT + 1).decode(errors="replace")


class HostileFiles(unittest.TestCase):
    def check(self, name, outcome, says):
        """One case; the message starts with `error:` and tells what and where, in words and not as a Swift value."""
        told = f"{name}: status {outcome.status}, {outcome.error[:600]}"
        self.assertIn(outcome.status, (0, 1), told)
        self.assertLess(outcome.megabytes, LIMIT_MEGABYTES, told)
        self.assertLessEqual(len(outcome.output), LIMIT_OUTPUT, told)
        self.assertNotIn("\x1b", outcome.error, told)
        for sign in ("Fatal error", "fatalError", "Optional(", "SIGILL", "Stack dump"):
            self.assertNotIn(sign, outcome.error, told)
        if outcome.status == 1:
            self.assertTrue(outcome.error.startswith("error: "), told)
            self.assertLess(len(outcome.error), 4000, told)
            self.assertEqual(outcome.output, b"", told)
        if says is not None:
            self.assertEqual(outcome.status, 1, told)
            self.assertRegex(re.sub(r"\s+", " ", outcome.error), says, told)

    def test_crafted_files(self):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
            subprocess.run([sys.executable, REPOSITORY / "Scripts/make_hostile_files.py", folder], check=True)
            cases = json.loads((Path(folder) / "manifest.json").read_text())
            self.assertGreater(len(cases), 500)
            outcomes = []
            for case in cases:
                with self.subTest(case["name"]):
                    outcome = Outcome(case["command"], case["stdin"], folder, home)
                    outcomes.append((outcome.seconds, outcome.megabytes, case["name"]))
                    self.check(case["name"], outcome, case["says"])
            slowest, largest = max(outcomes), max(outcomes, key=lambda outcome: outcome[1])
            print(f"\n{len(cases)} hostile cases; slowest {slowest[0]:.1f} s ({slowest[2]}); ", end="")
            print(f"largest {largest[1]:.0f} MB ({largest[2]})")

    @needs(data=["models/modelaudit_assets"])
    def test_published_malicious_files(self):
        """Formats that can run code are refused, with the safe alternative named."""
        suffixes = {".pkl", ".pickle", ".pt", ".h5", ".zip", ".skops", ".pb"}
        samples = DATA / "models/modelaudit_assets/samples"
        files = sorted(path for path in samples.rglob("*") if path.suffix in suffixes)
        self.assertGreater(len(files), 20)
        with tempfile.TemporaryDirectory() as home:
            for path in files:
                for command in ("show", "import"):
                    with self.subTest(f"{command} {path.name}"):
                        self.check(path.name, Outcome([command, path], "", samples, home), "safetensors or GGUF")

    @needs(data=["models/modelaudit_assets"])
    def test_published_malicious_templates(self):
        samples = DATA / "models/modelaudit_assets/samples"
        messages = json.dumps([{"role": "user", "content": "Hello"}])
        with tempfile.TemporaryDirectory() as home:
            for path in sorted((samples / "jinja2").rglob("*")):
                if path.is_file() and path.suffix != ".yaml":
                    with self.subTest(path.name):
                        name = path
                        if path.suffix in (".template", ""):
                            name = Path(home) / (path.name + ".jinja")
                            name.write_bytes(path.read_bytes())
                        outcome = Outcome(["template", name, "--messages", "-"], messages, samples, home)
                        self.check(path.name, outcome, None)
                        self.assertNotIn(b"uid=", outcome.output)


if __name__ == "__main__":
    unittest.main()
