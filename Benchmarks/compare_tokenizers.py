#!/usr/bin/env python3
"""Compares the speed of Stoa's tokenizers with tiktoken and sentencepiece, side by side on one core.

The same text, at least 10 MB of it, goes to both in turn; loading is not counted. Prints the medians, their ratio, and what
a megabyte of one character takes in comparison with a megabyte of prose. Ids must be equal.

    python3 Benchmarks/compare_tokenizers.py TEXT... --ranks RANKS --pre NAME --model TOKENIZER.MODEL

TEXT are files of prose, RANKS is a tiktoken file of the family NAME (llama-bpe, qwen2), TOKENIZER.MODEL is of sentencepiece.
Needs the PyPI packages tiktoken and sentencepiece, and `stoa` built in release mode (STOA_BINARY names another).
"""

import argparse
import base64
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import sentencepiece
import tiktoken

REPOSITORY = Path(__file__).resolve().parents[1]
BINARY = Path(os.environ.get("STOA_BINARY") or REPOSITORY / ".build/release/stoa")
DIGITS = {"llama-bpe": "{1,3}", "qwen2": ""}
ROUNDS = 5


def pattern(name):
    return (
        rf"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{DIGITS[name]}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )


def read_ranks(path):
    with open(path, "rb") as file:
        pairs = (line.split() for line in file if line.strip())
        return {base64.b64decode(token): int(rank) for token, rank in pairs}


def stoa(text, *arguments):
    """Seconds that Stoa takes for a text, the fastest of its five runs left to the median of rounds."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        command = [BINARY, "tokenize", *arguments, "--file", file.name, "--no-special", "--stats", "--json"]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return statistics.median(answer["seconds"]), answer["count"]


def timed(function, text):
    start = time.perf_counter()
    count = len(function(text))
    return time.perf_counter() - start, count


def compare(name, reference, text, arguments):
    """Rounds of one and the other in turn."""
    size = len(text.encode())
    ours, theirs = [], []
    for _ in range(ROUNDS):
        seconds, our_count = stoa(text, *arguments)
        ours.append(size / seconds / 1e6)
        seconds, their_count = timed(reference, text)
        theirs.append(size / seconds / 1e6)
        assert our_count == their_count, f"{our_count} tokens, {name} has {their_count}"
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    print(f"{name:<14} {theirs:8.1f} MB/s   stoa {ours:8.1f} MB/s   ratio {ours / theirs:6.2f}")


def single_character(text, arguments):
    prose = text.encode()[: 1 << 20].decode("utf-8", "ignore")
    base = statistics.median(stoa(prose, *arguments)[0] for _ in range(3))
    for character in ["a", " ", "\n", "=", "7", "é", "狐", "😀"]:
        run = character * ((1 << 20) // len(character.encode()))
        seconds = statistics.median(stoa(run, *arguments)[0] for _ in range(3))
        print(f"  1 MiB of {character!r:<6} {seconds / base:6.2f} times 1 MiB of prose")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("text", nargs="+", type=Path)
    parser.add_argument("--ranks", type=Path, required=True)
    parser.add_argument("--pre", choices=sorted(DIGITS), default="llama-bpe")
    parser.add_argument("--model", type=Path, required=True)
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    text = "".join(path.read_text(encoding="utf-8") for path in options.text)
    text *= -(-10_000_000 // len(text.encode()))
    ranks = tiktoken.Encoding("ranks", pat_str=pattern(options.pre), mergeable_ranks=read_ranks(options.ranks), special_tokens={})
    arguments = [options.ranks, "--pre", options.pre]
    compare("tiktoken", ranks.encode_ordinary, text, arguments)
    single_character(text, arguments)

    processor = sentencepiece.SentencePieceProcessor(model_file=str(options.model))
    # Line by line, as sentencepiece is meant to be used; it slows down on long texts.
    lines = [line for line in text.split("\n") if line]

    def by_lines(_):
        return [token for ids in processor.encode(lines) for token in ids]

    size = len(text.encode())
    theirs = statistics.median(size / timed(by_lines, text)[0] / 1e6 for _ in range(3))
    ours = statistics.median(size / stoa(text, options.model)[0] / 1e6 for _ in range(3))
    print(f"{'sentencepiece':<14} {theirs:8.1f} MB/s   stoa {ours:8.1f} MB/s   ratio {ours / theirs:6.2f}")
    single_character(text, [options.model])


if __name__ == "__main__":
    main()
