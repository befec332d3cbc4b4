"""What the oracle tests share: the program under test, the reference data, and the record of what ran.

The tests drive the `stoa` program from outside, as a user would, and compare with reference outputs.
Run them through ./test, or alone once it has built the program:

    python3 -m unittest discover -s Tests/Oracles -p 'test_*.py' -v
"""

import functools
import importlib.util
import json
import math
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "Tests/Fixtures/models"
DATA = Path(os.environ.get("STOA_TEST_DATA") or REPOSITORY.parent / "shared/data")
# What takes longer hangs. No test asserts that something is fast, and machines may be slow and loaded.
HANG_SECONDS = 900
BINARY = Path(os.environ.get("STOA_BINARY") or REPOSITORY / ".build/release/stoa")


def needs(*, data=(), packages=(), programs=()):
    """Marks an oracle test: skipped when reference data, PyPI packages or programs are absent, and counted either way."""

    def decorate(test):
        @functools.wraps(test)
        def counted(self):
            missing = [path for path in data if not (DATA / path).exists()]
            missing += [name for name in packages if importlib.util.find_spec(name) is None]
            missing += [name for name in programs if shutil.which(name) is None]
            record("skip" if missing else "run", self.id())
            if missing:
                self.skipTest("needs " + ", ".join(missing))
            return test(self)

        return counted

    return decorate


def record(what, name):
    """Appends to the log from which ./test counts."""
    if log := os.environ.get("STOA_ORACLE_LOG"):
        with open(log, "a") as stream:
            stream.write(f"{what} {name}\n")


def environment(**changes):
    """The environment of a run: no colours, and no instruction set forced by the caller's shell."""
    result = {key: value for key, value in os.environ.items() if key != "STOA_ISA"}
    return {**result, "NO_COLOR": "1", **changes}


def stoa(*arguments, stdin="", timeout=HANG_SECONDS, **changes):
    """Runs the program to its end; keyword arguments are environment variables."""
    return subprocess.run(
        [BINARY, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
        text=True,
        timeout=timeout,
        env=environment(**changes),
    )


class OracleCase(unittest.TestCase):
    """Assertions on what the program prints."""

    def json_of(self, *arguments, **options):
        """The JSON that a successful run prints."""
        result = stoa(*arguments, **options)
        command = " ".join(map(str, arguments))
        self.assertEqual(result.returncode, 0, f"stoa {command}: {result.stderr}")
        return json.loads(result.stdout)

    def logits(self, model, ids, *flags, **options):
        """Logits of the last position, or of all with the flag --all."""
        tokens = ",".join(map(str, ids))
        answer = self.json_of("logits", model, "--tokens", tokens, *flags, "--json", **options)
        self.assertEqual(answer["tokens"], list(ids))
        return answer["logits"]

    def greedy(self, model, ids, count, **options):
        """The next tokens when each is the most likely one; ties go to the lower id."""
        sequence = list(ids)
        for _ in range(count):
            logits = self.logits(model, sequence, **options)
            sequence.append(logits.index(max(logits)))
        return sequence[len(ids) :]

    def assert_close(self, ours, reference, tolerance, where):
        self.assertEqual(len(ours), len(reference), where)
        worst = max(abs(a - b) for a, b in zip(ours, reference, strict=True))
        self.assertLessEqual(worst, tolerance, f"{where}: largest difference {worst:.2e}")


class TemporaryCase(OracleCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def convert(self, source, name="model.gguf", *options):
        target = self.folder / name
        summary = self.json_of("convert", source, target, *options, "--json")
        self.assertEqual(summary["path"], str(target))
        return target

    def quantize(self, source, file_type, *options):
        target = self.folder / "ours.gguf"
        target.unlink(missing_ok=True)
        self.json_of("quantize", source, target, "--type", file_type, *options, "--json")
        return target


def nll(logits, ids):
    """The negative log-likelihood of every token after the first, from the logits of all positions."""
    result = []
    for row, target in zip(logits, ids[1:]):
        top = max(row)
        result.append(top + math.log(math.fsum(math.exp(x - top) for x in row)) - row[target])
    return result
