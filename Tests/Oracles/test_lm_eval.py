"""lm-evaluation-harness, unchanged, measures a served model as a forward pass in numpy does."""

import json
import math
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from oracle import FIXTURES, HANG_SECONDS, OracleCase, environment, needs, nll
from server import Server

TASK = """\
task: animals
dataset_path: json
dataset_kwargs:
  data_files: {test: animals.jsonl}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: "{{choices}}"
doc_to_target: answer
metric_list:
  - metric: acc
  - metric: acc_norm
"""
QUESTIONS = [
    ("Once there was a fox named", ["Ada", "seventeen", "the"], 0),
    ("The day was cold and", ["frosty", "spoon"], 0),
    ("She lived on the planet", ["because", "Khekville"], 1),
    ("Two and two are", ["five", "four", "fish"], 1),
    ("Łódź and 東京 are", ["cities", "rivers"], 0),
    ("a", ["b", "c", "d", "e"], 3),
]


class Harness(OracleCase):
    def evaluate(self, server, model):
        """The harness's results, and for each question the log-likelihoods of its choices."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "animals.yaml").write_text(TASK)
        rows = [dict(zip(("question", "choices", "answer"), question, strict=True)) for question in QUESTIONS]
        (folder / "animals.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        access = f"base_url={server.url}/v1/completions,model={model},num_concurrent=4,tokenizer_backend=auto"
        command = ["-m", "lm_eval", "run", "--model", "local-completions", "--model_args", access]
        command += ["--tasks", "animals", "--include_path", ".", "--log_samples", "--output_path", "out"]
        result = subprocess.run(
            [sys.executable, *command],
            cwd=folder,
            env=environment(HF_HOME=str(folder / "hf"), HF_HUB_OFFLINE="1", PATH=os.defpath),
            capture_output=True,
            check=False,
            text=True,
            timeout=HANG_SECONDS,
        )
        self.assertEqual(result.returncode, 0, result.stderr[-4000:])
        (results,) = (folder / "out").rglob("results_*.json")
        (samples,) = (folder / "out").rglob("samples_animals_*.jsonl")
        lines = sorted(map(json.loads, samples.read_text().splitlines()), key=lambda sample: sample["doc_id"])
        likelihoods = [[float(response[0][0]) for response in sample["resps"]] for sample in lines]
        return json.loads(results.read_text())["results"]["animals"], likelihoods

    @needs(packages=["lm_eval", "numpy", "tokenizers"])
    def test_likelihoods_of_choices(self):
        import tokenizers
        from reference import Llama

        folder = FIXTURES / "llama"
        tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        model = Llama(folder)

        def ids(text):
            return tokenizer.encode(text, add_special_tokens=False).ids

        expected = []
        for question, choices, _ in QUESTIONS:
            begins = len(ids(question))
            wholes = [ids(f"{question} {choice}") for choice in choices]
            expected.append([-math.fsum(nll(model.logits(whole).tolist(), whole)[begins - 1 :]) for whole in wholes])
        with Server("--model", f"small={folder}") as server:
            results, likelihoods = self.evaluate(server, "small")
        for ours, theirs in zip(likelihoods, expected, strict=True):
            self.assert_close(ours, theirs, 1e-4, "log-likelihoods")

        def share(score):
            right = 0
            for (_, choices, answer), values in zip(QUESTIONS, expected, strict=True):
                scores = [score(value, choice) for value, choice in zip(values, choices, strict=True)]
                right += scores.index(max(scores)) == answer
            return right / len(QUESTIONS)

        self.assertAlmostEqual(results["acc,none"], share(lambda value, choice: value), places=4)
        self.assertAlmostEqual(results["acc_norm,none"], share(lambda value, choice: value / len(choice)), places=4)


if __name__ == "__main__":
    unittest.main()
