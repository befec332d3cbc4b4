"""Runs lm-evaluation-harness, unchanged, on small tasks of three kinds; whatever the model and whoever runs it."""

import json
import os
import subprocess
import sys

from oracle import FIXTURES, HANG_SECONDS, environment

# What the harness measures with transformers, by Scripts/make_lm_eval_record.py.
RECORD = FIXTURES.parent / "lm_eval.json"

TASK = """\
task: {name}
dataset_path: json
dataset_kwargs:
  data_files: {{test: {name}.jsonl}}
test_split: test
"""
TASKS = {
    "choices": """\
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: "{{choices}}"
doc_to_target: answer
metric_list:
  - metric: acc
  - metric: acc_norm
""",
    "continuations": """\
output_type: loglikelihood
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
metric_list:
  - metric: perplexity
  - metric: acc
""",
    "texts": """\
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{text}}"
metric_list:
  - metric: word_perplexity
  - metric: byte_perplexity
""",
}
QUESTIONS = [
    ("Once there was a fox named", ["Ada", "seventeen", "the"], 0),
    ("The day was cold and", ["frosty", "spoon"], 0),
    ("She lived on the planet", ["because", "Khekville"], 1),
    ("Two and two are", ["five", "four", "fish"], 1),
    ("Łódź and 東京 are", ["cities", "rivers"], 0),
    ("a", ["b", "c", "d", "e"], 3),
    ("Once upon a time, there was a little", ["girl", "boy", "of"], 0),
    ("Lily liked to", ["play", "table"], 0),
    ("Tom had a red", ["ball", "quickly"], 0),
    ("They went to the", ["were", "park", "ran"], 1),
    ("The dog was very", ["happy", "sun"], 0),
    ('"Yes," said Mom. "We can go', ["soon", "seventeen"], 0),
]
ROWS = {
    "choices": [dict(zip(("question", "choices", "answer"), row, strict=True)) for row in QUESTIONS],
    "continuations": [{"question": text, "answer": " " + choices[answer]} for text, choices, answer in QUESTIONS],
    "texts": [{"text": f"{text} {choices[answer]}."} for text, choices, answer in QUESTIONS],
}


def run(folder, model, arguments, tasks):
    """Runs tasks, each its YAML and its rows by name; gives the folder of results and samples."""
    for name, (task, rows) in tasks.items():
        (folder / f"{name}.yaml").write_text(TASK.format(name=name) + task)
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [sys.executable, "-m", "lm_eval", "run", "--model", model, "--model_args", arguments]
    command += ["--tasks", ",".join(tasks), "--include_path", ".", "--log_samples", "--output_path", "out"]
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment(HF_HOME=str(folder / "hf"), HF_HUB_OFFLINE="1", PATH=os.defpath),
        capture_output=True,
        check=False,
        text=True,
        timeout=HANG_SECONDS,
    )
    if result.returncode != 0:
        raise AssertionError(result.stderr[-4000:])
    return folder / "out"


def evaluate(folder, model, arguments):
    """Metrics of each task by name, and for each of its rows the log-likelihoods of the requests."""
    out = run(folder, model, arguments, {name: (task, ROWS[name]) for name, task in TASKS.items()})
    (path,) = out.rglob("results_*.json")
    results = json.loads(path.read_text())["results"]
    answer = {}
    for name in TASKS:
        (path,) = out.rglob(f"samples_{name}_*.jsonl")
        samples = sorted(map(json.loads, path.read_text().splitlines()), key=lambda sample: sample["doc_id"])
        metrics = {
            key.removesuffix(",none"): value
            for key, value in results[name].items()
            if key.endswith(",none") and "stderr" not in key
        }
        responses = [[response[0] for response in sample["resps"]] for sample in samples]
        # Some requests bring a pair: the log-likelihood, and whether the text is the likeliest one.
        answer[name] = {
            "metrics": metrics,
            "likelihoods": [[float(r[0] if isinstance(r, list) else r) for r in row] for row in responses],
        }
    return answer
