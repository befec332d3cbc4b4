"""Secrets planted in texts are found, and what only looks like one is left alone."""

import json
import tempfile
import unittest
from pathlib import Path

import guard_secrets
from oracle import OracleCase, stoa

PACK = """\
pack: secrets
version: 1.0.0
summary: Secrets alone.
rails:
  - id: secrets
    detector: secrets
    class: LLM02
    action: flag
"""
# Between texts: more than the bytes before a match that detectors look at.
GAP = "\n" * 120


class GuardSecretsTest(OracleCase):
    def test_planted_secrets_and_decoys(self):
        texts = list(guard_secrets.generate(2000))
        content, starts = "", []
        for text, _, _ in texts:
            starts.append(len(content.encode()))
            content += text + GAP
        with tempfile.TemporaryDirectory() as folder:
            pack = Path(folder) / "secrets.yaml"
            pack.write_text(PACK)
            result = stoa("guard", "check", "--pack", pack, "--json", "-", stdin=content)
        self.assertIn(result.returncode, (0, 3), result.stderr)
        spans, index = [[] for _ in texts], 0
        for hit in sorted(json.loads(result.stdout)["hits"], key=lambda h: h["start"]):
            while index + 1 < len(starts) and starts[index + 1] <= hit["start"]:
                index += 1
            spans[index].append((hit["start"] - starts[index], hit["end"] - starts[index]))
        measured = guard_secrets.measure(texts, spans)
        self.assertGreaterEqual(measured["recall"], 0.95, measured["missed"][:20])
        self.assertGreaterEqual(measured["precision"], 0.95, measured["wrong"][:20])


if __name__ == "__main__":
    unittest.main()
