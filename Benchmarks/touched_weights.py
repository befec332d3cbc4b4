#!/usr/bin/env python3
"""Measures how many bytes of a model one token touches, by the reference bits that the processor sets in the page table.

    stoa serve runs with the model; its bits are cleared (/proc/PID/clear_refs), one token goes through the model, and
    the pages that were touched are counted (/proc/PID/smaps). Huge pages are switched off for that, so that a page is
    4 KiB. Beside it stands what the file says that a token needs: everything but the embedding's other rows and the
    experts that are not chosen.

    pip install gguf numpy
    python3 Scripts/make_shaped_model.py mixtral-6-layers /tmp/mixtral.gguf
    python3 Benchmarks/touched_weights.py /tmp/mixtral.gguf

Linux alone.
"""

import argparse
import ctypes
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from compare_llama_cpp import bytes_per_token
from llama_bench import ROOT

PR_SET_THP_DISABLE = 41


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL.gguf")
    parser.add_argument("--tokens", type=int, default=10, help="how many tokens to try")
    parser.add_argument("--stoa", type=Path, default=ROOT / ".build/release/stoa", help="the program to measure")
    parser.add_argument("--port", type=int, default=11599)
    arguments = parser.parse_args()
    for model in arguments.models:
        needed, size = bytes_per_token(model), model.stat().st_size
        touched = measure(arguments, model)
        share = statistics.median(touched) / needed
        print(f"{model.name}: {size / 1e9:.2f} GB, a token needs {needed / 1e9:.3f} GB by the file")
        print(
            f"  touched: {statistics.median(touched) / 1e9:.3f} GB, median of {len(touched)} tokens "
            f"({min(touched) / 1e9:.3f} to {max(touched) / 1e9:.3f}): {share:.3f} of what it needs, "
            f"{statistics.median(touched) / size:.3f} of the file"
        )


def measure(arguments, model):
    with tempfile.TemporaryDirectory() as home:
        command = [arguments.stoa, "serve", "--model", f"m={model}", "--port", str(arguments.port), "--context", "2048"]
        server = subprocess.Popen(
            command, env={**os.environ, "STOA_HOME": home}, stderr=subprocess.DEVNULL, preexec_fn=without_huge_pages
        )
        try:
            ask(arguments, 1, patience=60)
            touched = []
            for token in range(arguments.tokens):
                # A prompt of one token is one pass through the model.
                Path(f"/proc/{server.pid}/clear_refs").write_text("1")
                ask(arguments, 1000 + 137 * token)
                touched.append(referenced(server.pid))
            # What the process touches whatever it computes.
            Path(f"/proc/{server.pid}/clear_refs").write_text("1")
            urllib.request.urlopen(f"http://127.0.0.1:{arguments.port}/v1/models", timeout=10).read()
            idle = referenced(server.pid)
        finally:
            server.terminate()
            server.wait()
    return [value - idle for value in touched]


def without_huge_pages():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)


def ask(arguments, token, patience=0):
    """One token through the model."""
    body = json.dumps({"model": "m", "prompt": [token], "max_tokens": 1, "temperature": 0}).encode()
    url = f"http://127.0.0.1:{arguments.port}/v1/completions"
    deadline = time.monotonic() + patience
    while True:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=300) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise SystemExit(error.read().decode()) from None
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def referenced(pid):
    """Bytes of pages that were touched since the bits were cleared."""
    text = Path(f"/proc/{pid}/smaps").read_text()
    return 1024 * sum(map(int, re.findall(r"^Referenced: +(\d+) kB", text, re.MULTILINE)))


if __name__ == "__main__":
    main()
