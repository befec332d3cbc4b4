#!/usr/bin/env python3
"""Writes small template programs as seeds for the fuzzer: make_template_seeds.py FOLDER."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests/Oracles"))

from template_programs import Programs  # noqa: E402

folder = Path(sys.argv[1])
cases = json.loads((ROOT / "Tests/Fixtures/templates/features.json").read_text())["cases"]
sources = [case["source"] for case in cases]
sources += [Programs(seed).source() for seed in range(200)]
sources += [Programs(seed).expression_source() for seed in range(500)]
for number, source in enumerate(sources):
    (folder / f"program-{number}").write_text(source)
