#!/usr/bin/env python3
"""Compares Stoa's speed, load time and memory with llama.cpp's, side by side on one GGUF file.

The two alternate, each run in a fresh process, because the memory bandwidth of a shared machine
shifts within minutes; the bandwidth of a plain read is sampled before every pair. Medians are
printed with their range, and the ratio Stoa / llama.cpp of the medians.

    pip install llama-cpp-python                # builds llama.cpp for this very processor
    swift build -c release --product stoa
    python3 Scripts/make_tinyllama.py /tmp/tiny.gguf && python3 Benchmarks/compare_llama_cpp.py /tmp/tiny.gguf

Both process the prompt in one call after a warm-up of the same length and then generate one token
after another behind it. Memory is the process's peak; Python's own share, measured before the model
is loaded, is taken off llama.cpp's. With mapped weights it includes those pages of the file that were touched.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

STOA = Path(__file__).resolve().parent.parent / ".build/release/stoa"
ROWS = (
    ("prompt_tps", "prompt, tokens/s"),
    ("generate_tps", "generate, tokens/s"),
    ("load_s", "load, s"),
    ("peak_rss_mb", "peak memory, MB"),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=64)
    parser.add_argument("--threads", default="2,1", help="comma-separated (default: 2,1)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stoa", type=Path, default=STOA, help="the program to measure")
    parser.add_argument("--json", type=Path, help="also write every run to this file")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        print(json.dumps(run_llama_cpp(arguments)))
        return
    record = []
    for threads in map(int, arguments.threads.split(",")):
        runs = {"stoa": [], "llama.cpp": []}
        bandwidth = []
        for round_number in range(arguments.rounds):
            bandwidth.append(read_bandwidth(threads))
            order = list(runs) if round_number % 2 == 0 else list(reversed(runs))
            for name in order:
                runs[name].append(measure(name, arguments, threads))
        report(arguments, threads, runs, bandwidth)
        record.append({"threads": threads, "bandwidth_gbs": bandwidth, "runs": runs})
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def measure(name, arguments, threads):
    """One run in a process of its own."""
    sizes = ["--prompt", str(arguments.prompt), "--generate", str(arguments.generate), "--threads", str(threads)]
    if name == "stoa":
        command = [arguments.stoa, "bench", arguments.model, *sizes, "--json"]
    else:
        command = [sys.executable, __file__, arguments.model, *sizes, "--peer"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{name} failed:\n{result.stderr}")
    return json.loads(result.stdout)


def report(arguments, threads, runs, bandwidth):
    isa = runs["stoa"][0].get("isa", "?")
    print(
        f"\n{arguments.model.name}: prompt {arguments.prompt}, generate {arguments.generate}, threads {threads}, "
        f"{arguments.rounds} runs each, {isa}; plain read {spread(bandwidth, 1)} GB/s"
    )
    print(f"{'':20} {'stoa':>26} {'llama.cpp':>26} {'ratio':>7}")
    for key, label in ROWS:
        ours, theirs = ([run[key] for run in runs[name]] for name in ("stoa", "llama.cpp"))
        digits = 2 if key == "load_s" else 1
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(f"{label:20} {spread(ours, digits):>26} {spread(theirs, digits):>26} {ratio:7.2f}")


def spread(values, digits):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def read_bandwidth(threads):
    """GB/s of reading an array that no cache holds, the best of five passes."""
    import numpy as np

    parts = [np.zeros(1 << 26, dtype=np.float32) + 1 for _ in range(threads)]
    best = 0.0
    for _ in range(5):
        workers = [threading.Thread(target=part.sum) for part in parts]
        start = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        best = max(best, sum(part.nbytes for part in parts) / (time.perf_counter() - start) / 1e9)
    return best


def run_llama_cpp(arguments):
    """The peer's run, by the low-level functions of llama-cpp-python; the numbers `stoa bench --json` gives."""
    import llama_cpp as llama

    silent = llama.llama_log_callback(lambda *_: None)
    llama.llama_log_set(silent, None)
    llama.llama_backend_init()
    before = peak_rss_mb()
    start = time.perf_counter()
    model_settings = llama.llama_model_default_params()
    model = llama.llama_model_load_from_file(os.fsencode(arguments.model), model_settings)
    settings = llama.llama_context_default_params()
    settings.n_ctx = arguments.prompt + arguments.generate
    settings.n_batch = settings.n_ubatch = arguments.prompt
    settings.n_threads = settings.n_threads_batch = int(arguments.threads)
    context = llama.llama_init_from_model(model, settings)
    load = time.perf_counter() - start
    vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))

    def decode(ids):
        tokens = (llama.llama_token * len(ids))(*ids)
        if llama.llama_decode(context, llama.llama_batch_get_one(tokens, len(ids))) != 0:
            sys.exit("llama_decode failed")
        llama.llama_synchronize(context)

    prompt = [(17 * i) % (vocabulary - 300) + 300 for i in range(arguments.prompt)]
    decode(prompt)
    llama.llama_memory_clear(llama.llama_get_memory(context), True)
    start = time.perf_counter()
    decode(prompt)
    prompt_time = time.perf_counter() - start
    token = prompt[0]
    start = time.perf_counter()
    for _ in range(arguments.generate):
        decode([token])
        logits = llama.llama_get_logits_ith(context, -1)
        token = max(range(300, 400), key=lambda i: logits[i])
    generate_time = time.perf_counter() - start
    return {
        "prompt_tps": arguments.prompt / prompt_time,
        "generate_tps": arguments.generate / generate_time,
        "load_s": load,
        "peak_rss_mb": peak_rss_mb() - before,
    }


def peak_rss_mb():
    """The highest resident memory of this process so far, in millions of bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
