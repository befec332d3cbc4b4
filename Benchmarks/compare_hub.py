#!/usr/bin/env python3
"""Compares how long Stoa and huggingface_hub take to download the same files from the same server.

The server is that of the tests: a hub and its content network on this machine, optionally with a
delay for every answer and a limit of bytes per second for every connection, as on a real line.
The two alternate; each download is a fresh process into an empty folder. Medians are printed with
their range. huggingface_hub fetches by plain HTTP (HF_HUB_DISABLE_XET=1), as Stoa does, and does
not check digests; Stoa's time includes the SHA-256 of every byte.

    pip install huggingface_hub
    swift build -c release --product stoa
    python3 Benchmarks/compare_hub.py
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests/Oracles"))

MB = 1_000_000
PEER = (
    "import sys, huggingface_hub as h\n"
    "repo, target, *files = sys.argv[1:]\n"
    "if files: h.hf_hub_download(repo, files[0], local_dir=target)\n"
    "else: h.snapshot_download(repo, local_dir=target, max_workers=8)\n"
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stoa", type=Path, default=ROOT / ".build/release/stoa", help="the program to measure")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write every run to this file")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--latency", type=float, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        return serve(arguments)
    record = []
    for title, rate, latency in (
        ("no limits", 0, 0.0),
        ("20 ms to every answer, 20 MB/s a connection", 20 * MB, 0.02),
    ):
        with Server(rate, latency) as endpoint:
            for repository, file in (("bench/file", "model-Q4_K_M.gguf"), ("bench/checkpoint", None)):
                runs = {"stoa": [], "huggingface_hub": []}
                for round_number in range(arguments.rounds):
                    order = list(runs) if round_number % 2 == 0 else list(reversed(runs))
                    for name in order:
                        runs[name].append(measure(name, arguments.stoa, endpoint, repository, file))
                report(f"{repository}, {title}", runs)
                record.append({"repository": repository, "line": title, "runs": runs})
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")
    return None


def measure(name, stoa, endpoint, repository, file):
    """One download in a process of its own, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            **os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": folder + "/hf", "STOA_HOME": folder + "/home",
            "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_TOKEN": "", "NO_PROXY": "*",
        }  # fmt: skip
        if name == "stoa":
            command = [stoa, "pull", repository + (":" + file if file else "")]
        else:
            command = [sys.executable, "-c", PEER, repository, folder + "/theirs", *([file] if file else [])]
        start = time.perf_counter()
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
        seconds = time.perf_counter() - start
        if result.returncode != 0:
            sys.exit(f"{name} failed:\n{result.stderr}")
        written = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        if written < 100 * MB:
            sys.exit(f"{name} brought only {written} bytes")
        return seconds


def report(title, runs):
    print(f"\n{title}, {len(runs['stoa'])} runs each")
    for name, seconds in runs.items():
        print(f"  {name:16} {statistics.median(seconds):6.2f} s  ({min(seconds):.2f}–{max(seconds):.2f})")
    ratio = statistics.median(runs["stoa"]) / statistics.median(runs["huggingface_hub"])
    print(f"  ratio            {ratio:6.2f}", flush=True)


class Server:
    """The server in a process of its own, so that it does not share this one's interpreter lock."""

    def __init__(self, rate, latency):
        self.options = ["--rate", str(rate), "--latency", str(latency)]

    def __enter__(self):
        command = [sys.executable, __file__, "--serve", *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        return self.process.stdout.readline().strip()

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def serve(arguments):
    from hub_server import HubServer, Repository

    generator = random.Random(0)
    block = generator.randbytes(16 << 20)
    file = block * 16
    shards = {f"model-{i:05}-of-00004.safetensors": block * 4 + bytes([i]) for i in range(1, 5)}
    small = {"config.json": b"{}", "tokenizer.json": generator.randbytes(3 * MB), "model.safetensors.index.json": b"{}"}
    with HubServer(
        Repository("bench/file", {"model-Q4_K_M.gguf": file}),
        Repository("bench/checkpoint", {**shards, **small}),
        rate=arguments.rate or None,
        latency=arguments.latency,
    ) as server:
        # Digests are computed before the clock runs.
        for repository in server.repositories.values():
            repository.info(blobs=True)
        server.blobs()
        print(server.endpoint, flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
