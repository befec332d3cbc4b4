"""Perplexity equals what the logits say, and those are checked against transformers elsewhere."""

import math
import tempfile
import unittest
from pathlib import Path

from oracle import DATA, OracleCase, needs, nll

MODEL = "models/derived_stories260K_gguf/stories260K-F32.gguf"
TEXT = "Once upon a time, there was a little dog named Max. He loved to run in the park.\n"


class Perplexity(OracleCase):
    def score(self, text, context):
        """What the program reports, and the token ids of the text."""
        model = DATA / MODEL
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "text.txt"
            path.write_text(text)
            answer = self.json_of("perplexity", model, path, "--context", context, "--json")
        ids = self.json_of("tokenize", model, text, "--no-special", "--json")["tokens"]
        return answer, ids

    @needs(data=[MODEL])
    def test_one_window(self):
        answer, ids = self.score(TEXT, 512)
        values = nll(self.logits(DATA / MODEL, [1, *ids], "--all"), [1, *ids])
        self.assertEqual(answer["tokens"], len(ids))
        self.assertAlmostEqual(answer["nll"], math.fsum(values) / len(values), places=4)
        self.assertAlmostEqual(answer["perplexity"], math.exp(answer["nll"]), places=3)

    @needs(data=[MODEL])
    def test_windows_without_overlap(self):
        """Each window is the beginning-of-text token and the next 31 tokens."""
        answer, ids = self.score(TEXT * 4, 32)
        values = []
        for start in range(0, len(ids), 31):
            window = [1, *ids[start : start + 31]]
            values += nll(self.logits(DATA / MODEL, window, "--all"), window)
        self.assertEqual(answer["tokens"], len(ids))
        self.assertAlmostEqual(answer["nll"], math.fsum(values) / len(values), places=4)


if __name__ == "__main__":
    unittest.main()
