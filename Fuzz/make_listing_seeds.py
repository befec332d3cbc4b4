"""Writes seeds for the target `hub-listing`: what the test server answers about a few repositories."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests/Oracles"))

from hub_server import Repository  # noqa: E402

LARGE = bytes(100_000)
SPLIT = {f"Q8_0/m-Q8_0-0000{i}-of-00003.gguf": LARGE for i in (1, 2, 3)}
SHARDS = {f"model-0000{i}-of-00002.safetensors": LARGE for i in (1, 2)}
CHECKPOINT = {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors.index.json": b"{}", **SHARDS}
OTHER = {"license": "other", "license_name": "llama3", "license_link": "LICENSE", "base_model": "a/b"}
REPOSITORIES = [
    Repository("acme/m-GGUF", {"m-Q4_K_M.gguf": LARGE, "m-Q8_0.gguf": b"GGUF", "README.md": b"# m"}),
    Repository("acme/split", {**SPLIT, "mmproj-m-f16.gguf": LARGE}, card=OTHER, gated="manual"),
    Repository("acme/checkpoint", {**CHECKPOINT, "pytorch_model.bin": LARGE}, downloads=123_456),
    Repository("acme/nothing", {"a/b/c.txt": b"c"}, card={}),
]


def main():
    folder = Path(sys.argv[1])
    infos = [repository.info(blobs=True) for repository in REPOSITORIES]
    trees = [[repository.entry(path) for path in repository.files] for repository in REPOSITORIES]
    for number, answer in enumerate([*infos, *trees, infos[:2], {"error": "Repository not found"}]):
        (folder / f"answer-{number}.json").write_text(json.dumps(answer, separators=(",", ":")))


if __name__ == "__main__":
    main()
