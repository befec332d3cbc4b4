"""docs/certify.md: every command in it is run, in its order and in one folder, and does what the text says."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from datetime import date
from pathlib import Path

from oracle import BINARY, HANG_SECONDS, REPOSITORY, OracleCase, environment, needs

DOCUMENT = REPOSITORY / "docs/certify.md"
PRIMER = sorted((REPOSITORY / "models").glob("primer/*.gguf"))[0]
BLOCK = re.compile(r"^```sh(?: fails=(\d+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EVALUATION = {
    "task": "stories",
    "metric": "acc",
    "value": 0.75,
    "comparator": ">=",
    "threshold": 0.5,
    "passed": True,
    "n": 40,
    "harness": {"name": "by hand", "version": "1"},
    "seed": {},
    "assessed": date.today().isoformat(),
}
PREDICATES = {
    "licence": {"expression": "Apache-2.0"},
    "data": {"datasets": [{"name": "stories", "use": "pretraining", "personalData": "none"}]},
    "evaluation": EVALUATION,
}


def commands():
    """The commands with the status that each must end with."""
    for status, block in BLOCK.findall(DOCUMENT.read_text()):
        for line in block.splitlines():
            yield line, int(status or 0)


class CertifyDocument(OracleCase):
    @needs(programs=["openssl"])
    def test_every_command(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            shutil.copy(PRIMER, folder / "primer.gguf")
            for name, predicate in PREDICATES.items():
                (folder / f"{name}.json").write_text(json.dumps(predicate))
            (folder / "bin").mkdir()
            (folder / "bin/stoa").symlink_to(BINARY)
            variables = environment(PATH=f"{folder / 'bin'}:{os.environ['PATH']}", STOA_HOME=str(folder / "home"))
            variables.pop("STOA_KEY_PASSWORD", None)
            outputs = {}
            for command, status in commands():
                result = subprocess.run(
                    ["bash", "-c", command],
                    cwd=folder,
                    env=variables,
                    capture_output=True,
                    check=False,
                    text=True,
                    timeout=HANG_SECONDS,
                )
                self.assertEqual(result.returncode, status, f"{command}\n{result.stdout}{result.stderr}")
                outputs.setdefault(command.partition(" primer.gguf")[0], []).append(result)
            first, second = outputs["stoa verify"]
            self.assertIn("certified self-vouched", first.stdout)
            self.assertIn("certified third-party", second.stdout)
            loaded, refused = outputs["stoa run"]
            self.assertTrue(loaded.stdout.strip(), "the model answers")
            self.assertEqual(refused.stdout, "")
            self.assertIn("revoked", refused.stderr)
            self.assertIn("keyCompromise", refused.stderr)

    def test_the_document_has_them(self):
        """About ten commands from nothing to a refusal, besides those for the third party."""
        ours = [command for command, _ in commands() if command.startswith("stoa ")]
        kinds = {" ".join(command.split()[1:3]) for command in ours if command.split()[1] in ("ca", "trust")}
        self.assertEqual(kinds, {"ca init", "ca issue", "ca crl", "ca revoke", "trust add-root"})
        self.assertLessEqual(len(set(ours)), 14)


if __name__ == "__main__":
    unittest.main()
