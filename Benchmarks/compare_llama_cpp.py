#!/usr/bin/env python3
"""Compares Stoa's speed, start and memory with llama.cpp's own benchmark program, side by side on GGUF files.

The two alternate, each run in a fresh process, and the rate at which memory can be read is sampled
between all runs, because the bandwidth of a shared machine shifts within minutes. Medians are printed
with their range, the ratio of the medians Stoa / llama.cpp, and the generation rate as a share of what
the bandwidth allows: bytes of all weights that a token needs, read once per token.

    pip install gguf numpy
    swift build -c release --product stoa
    python3 Scripts/make_shaped_model.py tinyllama-1.1b /tmp/tiny.gguf
    python3 Benchmarks/compare_llama_cpp.py /tmp/tiny.gguf

The first run builds llama.cpp with native flags from the sources that llama-cpp-python carries. It runs
with flash attention. With --batch, llama-batched-bench measures the generation of several sequences.
Memory is the process's peak, at least this script's own (about 120 MB); with mapped weights it includes those pages
of the file that were touched.
"First token" is the time from starting a process until it has loaded the model, run one token and ended.
"""

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gguf import GGUFReader
from llama_bench import ROOT, llama_programs

ROWS = (
    ("prompt_tps", "prompt, tokens/s", 1),
    ("generate_tps", "generate, tokens/s", 1),
    ("bandwidth_share", "share of bandwidth, %", 0),
    ("first_token_s", "first token, s", 2),
    ("peak_rss_mb", "peak memory, MB", 0),
)
PEERS = ("stoa", "llama.cpp")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL.gguf")
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=64)
    parser.add_argument("--depth", type=int, default=0, help="tokens of context before both")
    parser.add_argument("--batch", type=int, default=1, help="sequences to generate side by side")
    parser.add_argument("--cache-type", default="f16", help="of keys and values: f16, f32 or q8_0")
    parser.add_argument("--threads", default="2,1", help="comma-separated (default: 2,1)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stoa", type=Path, default=ROOT / ".build/release/stoa", help="the program to measure")
    parser.add_argument("--llama", type=Path, default=ROOT / ".build-llama", help="where llama.cpp is built")
    parser.add_argument("--json", type=Path, help="also write every run to this file")
    arguments = parser.parse_args()

    stoa, llama = arguments.stoa.resolve(), arguments.llama.resolve()
    if not stoa.exists():
        parser.error(
            f"{stoa} does not exist: build it with `swift build -c release --product stoa`, or name it with --stoa"
        )
    tools = {**llama_programs(llama), "stoa": stoa, "read": build_reader(llama)}
    records = []
    for model in arguments.models:
        for threads in map(int, arguments.threads.split(",")):
            records.append(compare(arguments, tools, model, threads))
            report(records[-1])
            if arguments.json:
                arguments.json.write_text(json.dumps(records, indent=1) + "\n")
    summarise(records)


def compare(arguments, tools, model, threads):
    """Alternating runs of both programs on one model."""
    record = {
        "model": model.name,
        "bytes_per_token": bytes_per_token(model),
        "runs": {name: [] for name in PEERS},
        "threads": threads,
        **{key: getattr(arguments, key) for key in ("prompt", "generate", "depth", "batch", "cache_type")},
    }
    before = read_bandwidth(tools, threads)
    for index in range(arguments.rounds):
        for name in PEERS if index % 2 == 0 else reversed(PEERS):
            run = (run_stoa if name == "stoa" else run_llama)(arguments, tools, model, threads)
            after = read_bandwidth(tools, threads)
            run["bandwidth_gbs"] = (before + after) / 2
            steps = run["generate_tps"] / arguments.batch
            run["bandwidth_share"] = 100 * steps * record["bytes_per_token"] / run["bandwidth_gbs"] / 1e9
            record["runs"][name].append(run)
            before = after
    return record


def run_stoa(arguments, tools, model, threads):
    sizes = ["--prompt", arguments.prompt, "--generate", arguments.generate, "--threads", threads]
    # Options that differ from their defaults only, so that older versions can be measured too.
    if arguments.depth:
        sizes += ["--depth", arguments.depth]
    if arguments.batch > 1:
        sizes += ["--batch", arguments.batch]
    if arguments.cache_type != "f16":
        sizes += ["--cache-type", arguments.cache_type]
    output, _, memory = run([tools["stoa"], "bench", model, *sizes, "--json"])
    answer = json.loads(output)
    result = {key: answer[key] for key in ("prompt_tps", "generate_tps", "isa")}
    _, seconds, _ = run([tools["stoa"], "logits", model, "--tokens", "1", "--threads", threads])
    return {**result, "first_token_s": seconds, "peak_rss_mb": memory}


def run_llama(arguments, tools, model, threads):
    cache = ["-ctk", arguments.cache_type, "-ctv", arguments.cache_type]
    common = ["-m", model, "-t", threads, "-fa", "1", *cache]
    bench = [tools["llama-bench"], *common, "-r", "1", "-o", "json"]
    output, _, memory = run([*bench, "-p", arguments.prompt, "-n", arguments.generate, "-d", arguments.depth])
    prompt, generate = (test["avg_ts"] for test in sorted(json.loads(output), key=lambda test: test["n_gen"]))
    if arguments.batch > 1:
        generate, memory = run_batch(arguments, tools, common)
    _, seconds, _ = run([*bench, "-p", "0", "-n", "1", "--no-warmup"])
    return {"prompt_tps": prompt, "generate_tps": generate, "first_token_s": seconds, "peak_rss_mb": memory}


def run_batch(arguments, tools, common):
    """Generation of several sequences, each behind a context of its own."""
    context = max(arguments.depth, 1)
    room = arguments.batch * (context + arguments.generate)
    sizes = ["-npp", context, "-ntg", arguments.generate, "-npl", arguments.batch, "-c", room]
    output, _, memory = run([tools["llama-batched-bench"], *common, *sizes, "--output-format", "jsonl"])
    lines = [line for line in output.splitlines() if line.startswith("{")]
    return json.loads(lines[-1])["speed_tg"], memory


def run(command):
    """Output, seconds and peak memory in MB of a process."""
    command = [str(part) for part in command]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)} failed:\n{errors.read()[-4000:]}")
        return output.read(), seconds, usage.ru_maxrss * 1024 / 1e6


def build_reader(folder):
    """The program that measures how fast memory can be read."""
    sources = ROOT / "Benchmarks/Kernels/Sources/CMeasure"
    program = folder / "read_bandwidth"
    files = [ROOT / "Benchmarks/read_bandwidth.c", *(sources / f"{name}.c" for name in ("read", "memory", "threads"))]
    run(["cc", "-O3", "-march=native", "-pthread", "-I", sources / "include", "-o", program, *files])
    return program


def read_bandwidth(tools, threads):
    return float(run([tools["read"], threads])[0])


@functools.cache
def bytes_per_token(model):
    """Bytes of the weights that generating a token reads: rows of the embedding are only looked up unless it is the
    output matrix too, and of experts only those in use count."""
    reader = GGUFReader(model)
    architecture = reader.fields["general.architecture"].contents()

    def number(key):
        field = reader.fields.get(f"{architecture}.{key}")
        return field.contents() if field else 1

    sizes = {tensor.name: int(tensor.n_bytes) for tensor in reader.tensors}
    if "output.weight" in sizes:
        sizes.pop("token_embd.weight", None)
    used = number("expert_used_count") / number("expert_count")
    return round(sum(size * (used if "_exps." in name else 1) for name, size in sizes.items()))


def values(record, name, key):
    return [run[key] for run in record["runs"][name]]


def ratio(record, key):
    return statistics.median(values(record, "stoa", key)) / statistics.median(values(record, "llama.cpp", key))


def report(record):
    bandwidth = [gbs for name in PEERS for gbs in values(record, name, "bandwidth_gbs")]
    extra = "".join(
        f", {key} {record[key]}"
        for key, usual in (("depth", 0), ("batch", 1), ("cache_type", "f16"))
        if record[key] != usual
    )
    print(
        f"\n{record['model']}: prompt {record['prompt']}, generate {record['generate']}{extra}, "
        f"threads {record['threads']}, {len(record['runs']['stoa'])} runs each, {record['runs']['stoa'][0]['isa']}; "
        f"{record['bytes_per_token'] / 1e6:,.0f} MB a token; plain read {spread(bandwidth, 1)} GB/s"
    )
    print(f"{'':22} {'stoa':>24} {'llama.cpp':>24} {'ratio':>7}")
    for key, label, digits in ROWS:
        ours, theirs = (spread(values(record, name, key), digits) for name in PEERS)
        print(f"{label:22} {ours:>24} {theirs:>24} {ratio(record, key):7.2f}", flush=True)


def spread(numbers, digits):
    return f"{statistics.median(numbers):.{digits}f} ({min(numbers):.{digits}f}–{max(numbers):.{digits}f})"


def summarise(records):
    """Medians of all models in one table."""
    print(
        "\n| model | threads | prompt: stoa, llama.cpp | ratio | generate: stoa, llama.cpp | ratio | of the bandwidth |"
    )
    print("|---|---|---|---|---|---|---|")
    for record in records:
        print(
            f"| {record['model'].removesuffix('.gguf')} | {record['threads']} | {medians(record, 'prompt_tps', 1)} "
            f"| {ratio(record, 'prompt_tps'):.2f} | {medians(record, 'generate_tps', 1)} "
            f"| {ratio(record, 'generate_tps'):.2f} | {medians(record, 'bandwidth_share', 0)} % |"
        )


def medians(record, key, digits):
    return ", ".join(f"{statistics.median(values(record, name, key)):.{digits}f}" for name in PEERS)


if __name__ == "__main__":
    main()
