#!/usr/bin/env python3
"""What rails cost a model's answers: tokens/s of `stoa serve` with and without `--guard`.

    python3 Benchmarks/guard_overhead.py MODEL.gguf [--guard default] [--tokens 128] [--streams 1] [--rounds 9]

Two servers with the same model run side by side, one with the rails; they are asked in turns, so that one is idle
while the other answers, and which begins changes from round to round. Requests stream, with the same prompt and seeds
for both, past the model's own end. Tokens/s of a round are those between the first and the last piece of the streams,
all streams together; what rails hold back comes with the last piece at the latest. The figure is the median over
rounds of the ratio of both, with the quartiles. The first round warms both and does not count. Files with random
weights (Scripts/make_shaped_model.py) stand in for real ones: their text is of random tokens, which meets more rails
than prose does; --prompt FILE gives another prompt.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROMPT = "The harbour was quiet in the morning. A fox named Ada walked along the pier and"


class Server:
    """A `stoa serve` on a free port, which the context ends."""

    def __init__(self, binary, model, arguments, folder):
        self.command = [binary, "serve", "--model", f"m={model}", *arguments]
        self.folder = Path(folder)

    def __enter__(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.folder.mkdir(parents=True)
        environment = {**os.environ, "STOA_HOME": str(self.folder / "home"), "NO_COLOR": "1"}
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            [*self.command, "--port", str(self.port)], stdout=self.log, stderr=self.log, env=environment
        )
        while True:
            if self.process.poll() is not None:
                sys.exit((self.folder / "log").read_text(errors="replace"))
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.1)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.close()

    def stream(self, body):
        """Tokens of a streamed answer, and when its first and its last piece came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            sys.exit(f"status {response.status}: {response.read().decode(errors='replace')}")
        times, tokens = [], 0
        for line in response:
            if not line.startswith(b"data: ") or line.strip() == b"data: [DONE]":
                continue
            data = json.loads(line[6:])
            if data.get("usage"):
                tokens = data["usage"]["completion_tokens"]
            if any(choice.get("text") for choice in data["choices"]):
                times.append(time.perf_counter())
        connection.close()
        return tokens, times

    def speed(self, prompt, tokens, streams, seed):
        """Tokens/s of all streams together."""
        answers = [None] * streams

        def ask(number):
            body = {
                "model": "m", "prompt": prompt, "max_tokens": tokens, "seed": seed * 1000 + number, "stream": True,
                "ignore_eos": True, "stream_options": {"include_usage": True},
            }  # fmt: skip
            answers[number] = self.stream(body)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(streams)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if any(answer is None or len(answer[1]) < 2 for answer in answers):
            sys.exit("an answer came in fewer than two pieces: ask for more --tokens")
        begun = min(times[0] for _, times in answers)
        ended = max(times[-1] for _, times in answers)
        return sum(count - 1 for count, _ in answers) / (ended - begun)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--guard", default="default")
    parser.add_argument("--tokens", default=128, type=int)
    parser.add_argument("--streams", default=1, type=int)
    parser.add_argument("--rounds", default=9, type=int)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--prompt", type=Path)
    parser.add_argument("--binary", default=os.environ.get("STOA_BINARY") or str(ROOT / ".build/release/stoa"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    prompt = options.prompt.read_text() if options.prompt else PROMPT
    more = ["--threads", str(options.threads)] if options.threads else []
    speeds = {"plain": [], "guarded": []}
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(options.binary, options.model, more, f"{folder}/plain") as plain,
        Server(options.binary, options.model, [*more, "--guard", options.guard], f"{folder}/guarded") as guarded,
    ):
        servers = {"plain": plain, "guarded": guarded}
        for number in range(options.rounds + 1):
            names = list(servers) if number % 2 else list(servers)[::-1]
            for name in names:
                speed = servers[name].speed(prompt, options.tokens, options.streams, number)
                if number > 0:
                    speeds[name].append(speed)
    ratios = [ours / free for ours, free in zip(speeds["guarded"], speeds["plain"], strict=True)]
    ratio = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratio, ratio, ratio)
    for name, values in speeds.items():
        print(f"{name:10}{statistics.median(values):10.2f} tokens/s ({min(values):.2f} to {max(values):.2f})")
    print(f"{options.guard}: {1 - ratio:+.2%} of tokens/s (quartiles {1 - high:+.2%} to {1 - low:+.2%})")
    if options.json:
        record = {
            "guard": options.guard, "tokens": options.tokens, "streams": options.streams, "tokens_per_second": speeds,
            "ratio": ratio, "quartiles": [low, high],
        }  # fmt: skip
        options.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
