#!/usr/bin/env python3
"""Records what lm-evaluation-harness measures with transformers, for Tests/Oracles/test_lm_eval.py to compare with.

    python3 -m venv venv
    venv/bin/pip install torch==2.13.0+cpu transformers==5.23.0 'lm_eval[api]==0.4.13' accelerate gguf==0.19.0 sentencepiece
    venv/bin/python Scripts/make_lm_eval_record.py

The weights are those that the test serves, in float32. Without the reference data ($STOA_TEST_DATA) the record of
the model that is there stays as it was.
"""

import importlib.metadata
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests/Oracles"))
from harness import RECORD, evaluate  # noqa: E402
from oracle import DATA, FIXTURES  # noqa: E402

STORIES = DATA / "models/derived_stories260K_gguf"
MODELS = {
    "llama": (FIXTURES / "llama", f"pretrained={FIXTURES / 'llama'}"),
    "stories": (STORIES, f"pretrained={STORIES},gguf_file=stories260K-F32.gguf"),
}

record = json.loads(RECORD.read_text()) if RECORD.exists() else {"models": {}}
packages = ("torch", "transformers", "lm_eval", "gguf")
record["made_with"] = {name: importlib.metadata.version(name) for name in packages}
for name, (path, arguments) in MODELS.items():
    if path.exists():
        with tempfile.TemporaryDirectory() as folder:
            record["models"][name] = evaluate(Path(folder), "hf", f"{arguments},dtype=float32,add_bos_token=False")
RECORD.write_text(json.dumps(record, indent=1) + "\n")
