#!/usr/bin/env python3
"""What a JSON schema costs while an answer is generated: tokens/s of one server with and without it, in turn.

    python3 Scripts/make_shaped_model.py llama-3.2-1b /tmp/one.gguf
    python3 Benchmarks/schema_overhead.py /tmp/one.gguf

Each round sends the same request once without and once with a schema whose answers cannot end before the limit of tokens
(arrays with many items), on one stream and on several; a stream's rate is that between its first and its last piece. The
first request with a schema compiles it and is left out. The bar: 5 %.
"""

import argparse
import asyncio
import json
import os
import statistics
from pathlib import Path

from compare_servers import stoa_server
from llama_bench import ROOT
from load_server import Request

WORDS = {"type": "array", "minItems": 4000, "items": {"type": "string"}}
RECORDS = {
    "type": "array",
    "minItems": 4000,
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 24},
            "count": {"type": "integer"},
            "kind": {"enum": ["first", "second", "third"]},
            "parts": {"type": "array", "items": {"type": "number"}},
        },
        "required": ["name", "count", "kind", "parts"],
        "additionalProperties": False,
    },
}
SCHEMAS = {"words": WORDS, "records": RECORDS}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("--streams", default="1,8")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--stoa", type=Path, default=ROOT / ".build/release/stoa", help="the program to measure")
    options = parser.parse_args()
    with stoa_server(options) as base:
        for streams in map(int, options.streams.split(",")):
            for name, schema in SCHEMAS.items():
                asyncio.run(compare(options, base, streams, name, schema))


async def compare(options, base, streams, name, schema):
    await rate(options, base, streams, schema)
    plain, held = [], []
    for index in range(options.rounds):
        for rates, form in [(plain, None), (held, schema)][:: 1 if index % 2 == 0 else -1]:
            rates.append(await rate(options, base, streams, form))
    middle = [statistics.median(rates) for rates in (plain, held)]
    print(
        f"{streams} streams, {name}: {middle[0]:.2f} tokens/s without ({min(plain):.2f}–{max(plain):.2f}), "
        f"{middle[1]:.2f} with ({min(held):.2f}–{max(held):.2f}): {100 * (1 - middle[1] / middle[0]):+.1f} %",
        flush=True,
    )


async def rate(options, base, streams, schema):
    """Tokens a second of all streams together between the first and the last piece of each."""
    results = await asyncio.gather(*(Request(base, body(options, number, schema)).run() for number in range(streams)))
    if failures := {one.failure for one in results if one.failure}:
        raise SystemExit(f"a request failed: {failures}")
    short = [one.tokens for one in results if one.tokens < options.tokens]
    if short:
        raise SystemExit(f"answers ended early, after {short} tokens")
    return sum((one.tokens - 1) / (one.times[-1] - one.times[0]) for one in results)


def body(options, number, schema):
    form = {"response_format": {"type": "json_schema", "json_schema": {"name": "form", "schema": schema}}}
    return {
        "model": "m",
        "prompt": [300 + number, *range(400, 431)],
        "max_tokens": options.tokens,
        "seed": number,
        "ignore_eos": True,
        "stream": True,
        "stream_options": {"include_usage": True},
        **(form if schema else {}),
    }


if __name__ == "__main__":
    main()
