"""lm-evaluation-harness measures the same through `stoa serve` as it does with transformers on the same weights."""

import json
import math
import tempfile
import unittest
from pathlib import Path

from harness import RECORD, evaluate
from oracle import DATA, FIXTURES, OracleCase, needs
from server import Server

STORIES = "models/derived_stories260K_gguf/stories260K-F32.gguf"


class Harness(OracleCase):
    def compare(self, name, path):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        # The prompts are token ids that /tokenize gave; the harness finds by itself that the server has it.
        with Server("--model", f"{name}={path}") as server:
            access = f"base_url={server.url}/v1/completions,model={name},num_concurrent=4,tokenizer_backend=auto"
            ours = evaluate(folder, "local-completions", access)
        for task, theirs in json.loads(RECORD.read_text())["models"][name].items():
            rows = zip(ours[task]["likelihoods"], theirs["likelihoods"], strict=True)
            for place, (row, expected) in enumerate(rows):
                self.assert_close(row, expected, 1e-4, f"{task}: log-likelihoods of row {place}")
            self.assertEqual(ours[task]["metrics"].keys(), theirs["metrics"].keys())
            for metric, expected in theirs["metrics"].items():
                value = ours[task]["metrics"][metric]
                # A perplexity is compared as what it is the exponential of.
                if metric.endswith("perplexity"):
                    value, expected = math.log(value), math.log(expected)
                self.assertAlmostEqual(value, expected, places=4, msg=f"{task}: {metric}")

    @needs(packages=["lm_eval"])
    def test_folder(self):
        self.compare("llama", FIXTURES / "llama")

    @needs(packages=["lm_eval"], data=[STORIES])
    def test_gguf(self):
        self.compare("stories", DATA / STORIES)


if __name__ == "__main__":
    unittest.main()
