#!/usr/bin/env python3
"""Loads OpenAI-compatible servers with many streams at once, side by side, and measures what the clients see.

    stoa serve --model m=model.gguf --port 11500 &
    llama-server -m model.gguf --port 8080 -np 64 -c 16384 -fa on &
    python3 Benchmarks/load_server.py stoa=http://127.0.0.1:11500/v1 llama=http://127.0.0.1:8080/v1

Prompts are token ids drawn from a seeded generator, different from the first token on, so that no cache of prefixes
helps. Rounds alternate between the servers, since a machine's speed shifts within minutes; figures are medians of
the rounds for tokens/s and over all requests for times. A gap is the time between two pieces of one stream.

    --open 1000      1,000 streams at once, once: how many completed, how long it took, memory before and after (--pid)
    --open 1000 --for 600    the same again and again for ten minutes
    --vanish 200     200 clients that leave in the middle of their streams: how soon the server is idle again, and
                     whether it answers as before
"""

import argparse
import asyncio
import json
import random
import re
import statistics
import sys
import time
import urllib.parse


class Failure(Exception):
    """An answer that is none: a status, or a connection that broke."""


class Request:
    """One streamed completion and the times at which its pieces came."""

    def __init__(self, base, body, leave_after=None):
        self.base = urllib.parse.urlsplit(base)
        self.body = body
        self.leave_after = leave_after
        self.times = []
        self.tokens = 0
        self.failure = None

    async def run(self):
        self.start = time.perf_counter()
        try:
            await self.stream()
        except (Failure, OSError, asyncio.IncompleteReadError, ValueError) as error:
            self.failure = f"{type(error).__name__}: {error}" if not isinstance(error, Failure) else str(error)
        self.end = time.perf_counter()
        return self

    async def stream(self):
        content = json.dumps(self.body).encode()
        reader, writer = await asyncio.open_connection(self.base.hostname, self.base.port or 80, limit=1 << 20)
        try:
            head = [
                f"POST {self.base.path}/completions HTTP/1.1",
                f"Host: {self.base.netloc}",
                "Content-Type: application/json",
                f"Content-Length: {len(content)}",
                "Connection: close",
            ]
            writer.write("\r\n".join([*head, "", ""]).encode() + content)
            status = await self.read_head(reader)
            if status != 200:
                raise Failure(f"status {status}")
            finished = False
            async for line in self.lines(reader):
                if line == b"data: [DONE]":
                    finished = True
                elif line.startswith(b"data: "):
                    self.take(json.loads(line[6:]))
                    if self.leave_after is not None and len(self.times) >= self.leave_after:
                        return
            if not finished:
                raise Failure("the stream broke off")
        finally:
            writer.close()

    async def read_head(self, reader):
        line = await reader.readline()
        if not line:
            raise Failure("no answer")
        self.chunked = False
        while (header := await reader.readline()) not in (b"\r\n", b""):
            name, _, value = header.decode("latin-1").partition(":")
            if name.lower() == "transfer-encoding" and "chunked" in value.lower():
                self.chunked = True
        return int(line.split()[1])

    async def lines(self, reader):
        rest = b""
        while True:
            if self.chunked:
                size = int((await reader.readline()).split(b";")[0], 16)
                piece = await reader.readexactly(size + 2)
                piece = piece[:-2]
            else:
                piece = await reader.read(65536)
            if not piece:
                return
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line.rstrip(b"\r")

    def take(self, chunk):
        if error := chunk.get("error"):
            raise Failure(error.get("message", "an error in the stream"))
        if any(choice.get("text") for choice in chunk.get("choices", [])):
            self.times.append(time.perf_counter())
        if usage := chunk.get("usage"):
            self.tokens = usage["completion_tokens"]

    @property
    def gaps(self):
        return [later - earlier for earlier, later in zip(self.times, self.times[1:])]


class Load:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.count = 0

    def body(self, tokens=None):
        """A request whose prompt begins with a token that no other prompt began with lately."""
        low, high = self.options.first_id, self.options.first_id + self.options.ids
        prompt = [low + self.count % (high - low)]
        prompt += [self.random.randrange(low, high) for _ in range(self.options.prompt_tokens - 1)]
        self.count += 1
        return {
            "model": self.options.model,
            "prompt": prompt,
            "max_tokens": tokens or self.options.tokens,
            "seed": self.count,
            # Answers as long as the limit, on servers that know the field.
            "ignore_eos": True,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    async def round(self, base, streams):
        """Every stream sends its requests one after the other; all begin together."""

        async def client():
            return [await Request(base, self.body()).run() for _ in range(self.options.requests)]

        start = time.perf_counter()
        results = [one for many in await asyncio.gather(*(client() for _ in range(streams))) for one in many]
        return results, time.perf_counter() - start


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def spread(values):
    """Median, 95th percentile and worst in milliseconds."""
    return [
        1000 * value for value in (percentile(values, 0.5), percentile(values, 0.95), max(values, default=float("nan")))
    ]


def summary(rounds):
    requests = [request for results, _ in rounds for request in results]
    good = [request for request in requests if not request.failure]
    return {
        "tokens_per_second": statistics.median(sum(r.tokens for r in results) / wall for results, wall in rounds),
        "ttft_ms": spread([r.times[0] - r.start for r in good if r.times]),
        "gap_ms": spread([gap for r in good for gap in r.gaps]),
        "tokens": sum(r.tokens for r in good),
        "failures": [r.failure for r in requests if r.failure],
    }


def memory(pid):
    """Resident MiB of a process."""
    with open(f"/proc/{pid}/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


async def compare(load, servers, record):
    print(
        f"{'streams':>7}  {'server':<10} {'tokens/s':>9}   {'TTFT ms p50/p95/worst':>24}   {'gap ms p50/p95/worst':>24}"
    )
    for base in servers.values():
        await load.round(base, 1)
    for streams in map(int, load.options.streams.split(",")):
        rounds = {name: [] for name in servers}
        for _ in range(load.options.rounds):
            for name, base in servers.items():
                rounds[name].append(await load.round(base, streams))
        for name in servers:
            result = summary(rounds[name])
            record.append({"streams": streams, "server": name, **result})
            ttft, gap = (" / ".join(f"{value:.0f}" for value in result[key]) for key in ("ttft_ms", "gap_ms"))
            failed = f"   {len(result['failures'])} failed: {result['failures'][0]}" if result["failures"] else ""
            print(
                f"{streams:>7}  {name:<10} {result['tokens_per_second']:>9,.1f}   {ttft:>24}   {gap:>24}{failed}",
                flush=True,
            )


async def open_many(load, base, record):
    options = load.options
    end = time.monotonic() + options.seconds
    while True:
        before = memory(options.pid) if options.pid else None
        start = time.perf_counter()
        results = await asyncio.gather(*(Request(base, load.body()).run() for _ in range(options.open)))
        wall = time.perf_counter() - start
        failures = {}
        for request in results:
            if request.failure:
                failures[request.failure] = failures.get(request.failure, 0) + 1
        result = {
            "open": options.open,
            "completed": sum(not request.failure for request in results),
            "seconds": wall,
            "tokens_per_second": sum(request.tokens for request in results) / wall,
            "ttft_ms": spread([r.times[0] - r.start for r in results if r.times]),
            "failures": failures,
        }
        if options.pid:
            result["memory_mib"] = [before, memory(options.pid)]
        record.append(result)
        print(json.dumps({key: value for key, value in result.items() if key != "open"}), flush=True)
        if time.monotonic() >= end:
            return


async def busy(base):
    """Requests that the server says are running or waiting; None if it does not say."""
    parts = urllib.parse.urlsplit(base)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    writer.write(f"GET /metrics HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
    text = (await reader.read()).decode()
    writer.close()
    gauges = re.findall(r"^\S*requests_(?:running|waiting|processing|deferred)\S*\s+([\d.]+)", text, re.MULTILINE)
    return sum(map(float, gauges)) if gauges else None


async def vanish(load, base, record):
    count = load.options.vanish
    results, wall = await load.round(base, 1)
    tasks = [Request(base, load.body(), leave_after=load.random.randint(1, 8)).run() for _ in range(count)]
    left = await asyncio.gather(*tasks)
    start = time.perf_counter()
    while (running := await busy(base)) and time.perf_counter() - start < 60:
        await asyncio.sleep(0.005)
    idle = time.perf_counter() - start
    again, again_wall = await load.round(base, 1)
    result = {
        "vanished": sum(not request.failure for request in left),
        "failures": sorted({request.failure for request in left if request.failure}),
        "still_running": running,
        "idle_after_ms": 1000 * idle,
        "alone_before_s": wall,
        "alone_after_s": again_wall,
    }
    record.append(result)
    print(json.dumps(result))


def add_load_options(parser):
    """How many requests of which sizes are sent; what `Load` reads."""
    parser.add_argument("--streams", default="1,4,8,16,64", help="numbers of streams, with commas between")
    parser.add_argument("--requests", type=int, default=2, help="requests that each stream sends in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prompt-tokens", type=int, default=128)
    parser.add_argument("--tokens", type=int, default=64, help="tokens to generate for each request")
    parser.add_argument("--first-id", type=int, default=300, help="the lowest token id of prompts")
    parser.add_argument("--ids", type=int, default=1500, help="how many token ids prompts are drawn from")
    parser.add_argument("--seed", type=int, default=1)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("servers", nargs="+", metavar="NAME=URL", help="a name and a base URL that ends in /v1")
    parser.add_argument("--model", default="primer", help="the model's name on all servers")
    add_load_options(parser)
    parser.add_argument("--open", type=int, help="streams to open at once, on the first server")
    parser.add_argument("--for", dest="seconds", type=float, default=0, help="seconds to repeat --open for")
    parser.add_argument("--vanish", type=int, help="clients that leave mid-stream, on the first server")
    parser.add_argument("--pid", type=int, help="the first server's process, for its memory")
    parser.add_argument("--json", help="a file for the figures")
    options = parser.parse_args()
    servers = dict(server.split("=", 1) for server in options.servers)
    load = Load(options)
    record = []
    first = next(iter(servers.values()))
    if options.open:
        await open_many(load, first, record)
    elif options.vanish:
        await vanish(load, first, record)
    else:
        await compare(load, servers, record)
    if options.json:
        with open(options.json, "w") as stream:
            json.dump(record, stream, indent=1)
    return any(entry.get("failures") for entry in record)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
