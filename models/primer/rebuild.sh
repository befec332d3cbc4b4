#!/bin/sh
# Rebuilds primer from nothing: tokenizer, data, training in two stages, export, checks, evaluation.
# Usage: models/primer/rebuild.sh [python]      (needs requirements.txt installed)
set -eu
cd "$(dirname "$0")"
PYTHON=${1:-python3}
mkdir -p build
# waiting threads sleep: on a shared machine this is several times as fast
export OMP_WAIT_POLICY=PASSIVE
"$PYTHON" tokenizer.py
"$PYTHON" -m generator.write --seed 2 --tokens 120000 --out build/validation.npy
"$PYTHON" -m generator.write --out build/train.npy
"$PYTHON" train.py
"$PYTHON" export_gguf.py --stage one --out build/stage-one.gguf
"$PYTHON" -m generator.write --stage two --out build/train-two.npy
"$PYTHON" train.py --stage two
"$PYTHON" plot.py
"$PYTHON" export_gguf.py --out primer-q8_0.gguf
"$PYTHON" reference.py
"$PYTHON" evaluate.py --stories 40
