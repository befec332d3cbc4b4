#!/usr/bin/env python3
"""What trust costs: hashing of models beside `openssl speed -evp sha256`, and what the check adds to a warm load.

    python3 Benchmarks/trust_speed.py [--program .build/release/stoa] [--size MiB] [--rounds N] [--json FILE]

Files of random bytes are made in a temporary folder and read once, so that the disk does not count. Ours is the time of
`stoa verify --fresh` on the model less that on a tiny one; both alternate with openssl's, on one core (one file) and on all
(a file for each). The load is that of the bundled model, signed, with its digest remembered, with and without the check.
The bars: 80 % of openssl's rate for the cores used, and 50 ms.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
BLOCK = 1 << 20


def openssl(cores, seconds):
    """Bytes a second by openssl in blocks of 1 MiB."""
    command = ["openssl", "speed", "-evp", "sha256", "-bytes", str(BLOCK), "-seconds", str(seconds)]
    command += ["-multi", str(cores)] if cores > 1 else []
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (rate,) = re.findall(r"^(?:sha256|evp)\s+([0-9.]+)k\s*$", text, re.IGNORECASE | re.MULTILINE)
    return float(rate) * 1000


class Bench:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.environment = {**os.environ, "STOA_HOME": str(folder / "home"), "NO_COLOR": "1"}
        self.key, self.public = folder / "key.pem", folder / "key.pub"
        generate = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.key]
        subprocess.run(generate, check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout", "-out", self.public], check=True)

    def seconds(self, *arguments):
        start = time.perf_counter()
        command = [self.program, *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, env=self.environment, stdin=subprocess.DEVNULL)
        return time.perf_counter() - start

    def model(self, name, sizes):
        """A signed folder with files of these sizes, all in the page cache."""
        model = self.folder / name
        model.mkdir()
        for number, size in enumerate(sizes):
            with open(model / f"{number}.bin", "wb") as file:
                for start in range(0, size, BLOCK):
                    file.write(os.urandom(min(BLOCK, size - start)))
        self.seconds("sign", model, "--key", self.key)
        return model

    def verify(self, model):
        return self.seconds("verify", model, "--key", self.public, "--fresh")


def hashing(bench, size, rounds):
    tiny = bench.model("tiny", [1])
    results = []
    for cores in sorted({1, len(os.sched_getaffinity(0))}):
        model = bench.model(f"model-{cores}", [size] * cores)
        ours, theirs = [], []
        for _ in range(rounds):
            theirs.append(openssl(cores, 1))
            spent = bench.verify(model) - bench.verify(tiny)
            ours.append(size * cores / max(spent, 1e-9))
        shutil.rmtree(model)
        row = {"cores": cores, "openssl": statistics.median(theirs), "stoa": statistics.median(ours)}
        row["share"] = row["stoa"] / row["openssl"]
        results.append(row)
        print(
            f"{cores} {'core' if cores == 1 else 'cores'}: openssl {row['openssl'] / 1e9:.2f} GB/s, "
            f"stoa {row['stoa'] / 1e9:.2f} GB/s ({min(ours) / 1e9:.2f} to {max(ours) / 1e9:.2f}), {row['share']:.0%}"
        )
    return results


def loads(bench, rounds):
    model = bench.folder / "primer.gguf"
    shutil.copy(sorted((REPOSITORY / "models").glob("primer/*.gguf"))[0], model)
    # A version of a file is remembered once it is settled.
    time.sleep(0.2)
    bench.seconds("sign", model, "--key", bench.key)
    trust = bench.folder / "trust.yaml"
    trust.write_text(f"version: 1\nrequire: signed\nkeys:\n  - {{name: ours, file: {bench.public}}}\n")
    run = ["run", model, "a", "--raw", "--max-tokens", 1]
    checked = [*run, "--trust-policy", "enforce", "--trust", trust]
    plain = [*run, "--trust-policy", "off"]
    times = {"checked": [], "plain": []}
    bench.seconds(*checked)
    for _ in range(rounds * 4):
        times["plain"].append(bench.seconds(*plain))
        times["checked"].append(bench.seconds(*checked))
    difference = statistics.median(times["checked"]) - statistics.median(times["plain"])
    print(
        f"warm load: {statistics.median(times['plain']) * 1000:.1f} ms, checked and journalled "
        f"{statistics.median(times['checked']) * 1000:.1f} ms: {difference * 1000:+.1f} ms"
    )
    return {name: statistics.median(values) for name, values in times.items()} | {"added": difference}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=REPOSITORY / ".build/release/stoa", type=pathlib.Path)
    parser.add_argument("--size", default=512, type=int, help="MiB of each file")
    parser.add_argument("--rounds", default=5, type=int)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stoa-trust-speed-") as folder:
        bench = Bench(options.program.resolve(), pathlib.Path(folder))
        record = {"hashing": hashing(bench, options.size << 20, options.rounds), "load": loads(bench, options.rounds)}
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
