"""Perplexity equals what the logits say, and is that of llama.cpp on the same file in every element type."""

import math
import random
import sys
import tempfile
import unittest
from pathlib import Path

from oracle import DATA, REPOSITORY, OracleCase, needs, nll

MODEL = "models/derived_stories260K_gguf/stories260K-F32.gguf"
PRIMER = REPOSITORY / "models/primer"
TYPES = (
    "F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K_S", "Q4_K_S", "Q5_K_S", "Q6_K",
    "IQ4_NL", "IQ4_XS",
)  # fmt: skip
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


class PerplexityOfTypes(OracleCase):
    """The same file, text and windows for both: 512 tokens without overlap, the first of each the BOS token."""

    WINDOW = 512

    @needs(packages=["llama_cpp", "numpy"])
    def test_within_half_a_percent_of_llama_cpp(self):
        import llamacpp

        text = primer_stories(9)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "text.txt").write_text(text)
            for file_type in TYPES:
                with self.subTest(file_type):
                    path = folder / f"{file_type}.gguf"
                    options = {"allow_requantize": True, "pure": True}
                    source = PRIMER / "primer-q8_0.gguf"
                    self.assertTrue(llamacpp.quantize(source, path, file_type, **options))
                    ours = self.json_of("perplexity", path, folder / "text.txt", "--context", self.WINDOW, "--json")
                    with llamacpp.Model(path) as model:
                        values = self.reference(model, text)
                    self.assertEqual(ours["tokens"], len(values))
                    theirs = math.exp(math.fsum(values) / len(values))
                    self.assertLess(abs(ours["perplexity"] / theirs - 1), 0.005, f"{ours['perplexity']} and {theirs}")
                    path.unlink()

    def reference(self, model, text):
        """llama.cpp's negative log-likelihood of every token of the text."""
        import numpy as np

        first, *ids = model.tokenize(text, special=True)
        self.assertEqual(first, model.tokenize("", special=True)[0], "the text begins with BOS")
        self.assertGreater(len(ids), 3 * self.WINDOW, "several windows")
        values = []
        for start in range(0, len(ids), self.WINDOW - 1):
            window = [first, *ids[start : start + self.WINDOW - 1]]
            logits = model.all_logits(window)[:-1].astype(np.float64)
            top = logits.max(axis=1)
            sums = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
            values += list(sums - logits[np.arange(len(logits)), window[1:]])
        return values


def primer_stories(count):
    """Text of the kind that primer was trained on, from its own generator."""
    sys.path.insert(0, str(PRIMER))
    try:
        from generator.world import World
    finally:
        sys.path.pop(0)
    return "\n\n".join(World(random.Random(f"perplexity {index}")).tell() for index in range(count))


if __name__ == "__main__":
    unittest.main()
