"""Writes seeds for the readers of notes, tiles and statements: make_log_seeds.py TARGET FOLDER"""

import json
import sys
from pathlib import Path

ZEROS = "0" * 64
NOTE = """example.com/log
0
47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=

\u2014 example.com/log 1FXFIXIShRBLxRBEZXqVdy1Nkx+1zbp9Y0+6j7NZG/kHjr9NfsYnV9EfS77h9cSpgRjjZDwPKs8Cs27wuiMjKxk9QgE=
"""
PROOF = "c2sp.org/tlog-proof@v1\nextra AQID\nindex 0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n" + NOTE
KEY = "example.com/log+d455c521+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"

PREDICATES = {
    "urn:stoa:predicate:evaluation-result:v1": {
        "task": "t",
        "metric": "acc",
        "value": 0.5,
        "comparator": ">=",
        "threshold": 0.5,
        "passed": True,
        "n": 4,
        "interval": {"method": "wilson", "level": 0.95, "low": 0.1, "high": 0.9},
        "harness": {"name": "h", "version": "1", "configuration": {"sha256": ZEROS}},
        "seed": {"random": 1},
        "samples": {"merkleRoot": ZEROS, "count": 4},
    },
    "urn:stoa:predicate:openness:v1": {"framework": "MOF 1.0", "class": 2, "osaid": False, "assessed": "2026-11-01"},
    "urn:stoa:predicate:licence:v1": {"expression": "MIT", "texts": [{"name": "L", "digest": {"sha256": ZEROS}}]},
    "urn:stoa:predicate:data-documentation:v1": {
        "datasets": [{"name": "d", "use": "pretraining", "personalData": "removed"}]
    },
    "urn:stoa:predicate:guard-pack:v1": {
        "id": "p",
        "version": "1",
        "digest": {"sha256": ZEROS},
        "jurisdictions": [{"region": "EU", "verdict": "met"}],
    },
    "https://slsa.dev/provenance/v1": {
        "buildDefinition": {
            "buildType": "urn:stoa:build:quantized:v1",
            "externalParameters": {"type": "Q8_0"},
            "resolvedDependencies": [{"name": "b", "digest": {"sha256": ZEROS}}],
        },
        "runDetails": {"builder": {"id": "urn:stoa:builder", "version": {"stoa": "1"}}, "metadata": {}},
    },
}


def seeds(target):
    if target == "note":
        return [text.encode() for text in (NOTE, PROOF, KEY, "PRIVATE+KEY+" + KEY)]
    if target == "tile":
        return [bytes([1]) + bytes(64), bytes([1]) + b"\x00\x02ab\x00\x00", bytes([255]) + bytes(8192)]
    statements = [
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "m", "digest": {"sha256": ZEROS}}],
            "predicateType": kind,
            "predicate": predicate,
        }
        for kind, predicate in PREDICATES.items()
    ]
    if target == "harness-results":
        results = {
            "results": {"t": {"alias": "t", "acc,none": 0.5, "acc_stderr,none": 0.1, "ppl,filter": 3.5}},
            "n-samples": {"t": {"original": 4, "effective": 4}},
            "versions": {"t": 1.0},
            "configs": {"t": {"num_fewshot": 0}},
            "config": {"random_seed": 0, "numpy_seed": 1234},
            "lm_eval_version": "0.4.9",
        }
        samples = b'{"doc_id":0,"acc":1.0}\n{"doc_id":1,"acc":0.0}\n'
        return [json.dumps(results).encode(), samples]
    if target == "statement":
        return [json.dumps(value).encode() for value in statements]
    return [json.dumps(value).encode() for value in (*statements, *PREDICATES.values())]


if __name__ == "__main__":
    target, folder = sys.argv[1], Path(sys.argv[2])
    for number, seed in enumerate(seeds(target)):
        (folder / f"{target}-{number}").write_bytes(seed)
