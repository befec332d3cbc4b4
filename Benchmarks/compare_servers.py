#!/usr/bin/env python3
"""Compares `stoa serve` with llama.cpp's `llama-server` under load, side by side on one GGUF file.

Both are started here with the same threads; llama-server with flash attention and as many slots as there are streams,
each long enough for a prompt and its answer. For every number of streams `load_server.py` sends both the same requests,
in rounds that alternate, and prints tokens/s, the time to the first token and the gaps between pieces; the ratios follow.

    python3 Scripts/make_shaped_model.py tinyllama-1.1b /tmp/tiny.gguf
    python3 Benchmarks/compare_servers.py /tmp/tiny.gguf

The first run builds llama.cpp with native flags from the sources that llama-cpp-python carries (some minutes, once).
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import load_server
from llama_bench import ROOT, llama_programs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", type=Path)
    load_server.add_load_options(parser)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--stoa", type=Path, default=ROOT / ".build/release/stoa", help="the program to measure")
    parser.add_argument("--llama", type=Path, default=ROOT / ".build-llama", help="where llama.cpp is built")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    options.model = "m"

    llama = llama_programs(options.llama.resolve())["llama-server"]
    record = []
    counts = options.streams
    for streams in map(int, counts.split(",")):
        options.streams = str(streams)
        with contextlib.ExitStack() as stack:
            servers = {
                "stoa": stack.enter_context(stoa_server(options)),
                "llama": stack.enter_context(llama_server(llama, options, streams)),
            }
            asyncio.run(load_server.compare(load_server.Load(options), servers, record))
    report(record)
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n")


def stoa_server(options):
    port = free_port()
    command = [options.stoa.resolve(), "serve", "--model", f"m={options.gguf.resolve()}", "--port", port]
    return running([*command, "--threads", options.threads], port, "/readyz")


def llama_server(program, options, streams):
    port = free_port()
    room = options.prompt_tokens + options.tokens + 8
    sizes = ["-np", streams, "-c", streams * room, "-t", options.threads, "-tb", options.threads]
    return running([program, "-m", options.gguf, "-a", "m", "--port", port, "-fa", "on", *sizes], port, "/health")


@contextlib.contextmanager
def running(command, port, path):
    """A server as a process; its base URL once it answers."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile("w+") as log:
        environment = {**os.environ, "STOA_HOME": home}
        command = [str(part) for part in command]
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)
        try:
            wait(process, f"http://127.0.0.1:{port}{path}", log, command)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait()


def wait(process, address, log, command):
    for _ in range(1200):
        if process.poll() is not None:
            log.seek(0)
            sys.exit(f"{' '.join(command)} ended:\n{log.read()[-4000:]}")
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            with urllib.request.urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.1)
    sys.exit(f"{' '.join(command)} does not get ready")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def report(record):
    """Stoa beside llama-server, a row for each number of streams."""
    print("\n| streams | tokens/s: stoa, llama-server | ratio | TTFT p95 ms | ratio | worst gap ms |\n|---|---|---|---|---|---|")
    for ours, theirs in zip(record[::2], record[1::2]):
        print(
            f"| {ours['streams']} | {ours['tokens_per_second']:.1f}, {theirs['tokens_per_second']:.1f} "
            f"| {ours['tokens_per_second'] / theirs['tokens_per_second']:.2f} "
            f"| {ours['ttft_ms'][1]:.0f}, {theirs['ttft_ms'][1]:.0f} | {ours['ttft_ms'][1] / theirs['ttft_ms'][1]:.2f} "
            f"| {ours['gap_ms'][2]:.0f}, {theirs['gap_ms'][2]:.0f} |"
        )


if __name__ == "__main__":
    main()
