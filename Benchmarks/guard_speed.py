#!/usr/bin/env python3
"""How fast texts pass the guard's rails, beside presidio-analyzer's pattern recognisers and llm-guard's scanners.

    python3 -m venv venv && venv/bin/pip install presidio-analyzer llm-guard
    venv/bin/python Benchmarks/guard_speed.py TEXT... [--rounds 5] [--peer-bytes 1000000] [--json FILE]

Everything runs on one core (this process and all that it starts are bound to it), and the rounds alternate: every
system once, then all again. Times are the processor's and are of the scanning alone; every system has read text
before. Figures are medians of the rounds with the least and the most, ratios are of medians.

The guard: all its pattern and personal-data rails together as one pack (`all`: secrets, pii, injections, hidden,
links), and its packs `default` and `strict` on answers, in pieces of 64 KiB. Presidio: its recognisers of card, crypto
address, e-mail, IBAN, IP address, phone and social security number, alone without tokens (`presidio-recognizers`, its
fastest), and in its engine with spaCy's blank pipeline (`presidio-engine`). llm-guard: the scanners of prompts that
need no model hub, each by itself. Peers read the first `--peer-bytes` in texts of `--chunk` characters. What is not
installed, or does not start, is skipped, and the record says why.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ALL = """\
pack: all
version: 1
rails:
  - {id: secrets, detector: secrets, action: flag}
  - {id: personal, detector: pii, action: flag}
  - {id: injections, detector: injections, action: flag}
  - {id: hidden, detector: hidden, action: flag}
  - {id: links, detector: links, action: flag}
"""


def guards(binary, folder, text):
    """The guard's systems: each gives the seconds of one pass over all of the text, and its bytes."""
    own = Path(folder) / "all.yaml"
    own.write_text(ALL)
    file = Path(folder) / "text.txt"
    file.write_bytes(text)

    def measure(pack):
        command = [binary, "guard", "bench", "--pack", str(pack), "--rounds", "1", "--json", str(file)]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return answer["seconds"][0], answer["bytes"]

    return {f"stoa {Path(pack).stem}": lambda pack=pack: measure(pack) for pack in (own, "default", "strict")}


def timed(scan, chunks):
    """A system that scans texts in this process."""
    size = sum(len(chunk.encode()) for chunk in chunks)

    def measure():
        start = time.process_time()
        for chunk in chunks:
            scan(chunk)
        return time.process_time() - start, size

    return measure


def presidio_recognizers():
    from presidio_analyzer import predefined_recognizers as known

    names = ("CreditCard", "Crypto", "Email", "Iban", "Ip", "Phone", "UsSsn")
    recognizers = [getattr(known, name + "Recognizer")() for name in names]

    def scan(text):
        for recognizer in recognizers:
            recognizer.analyze(text, recognizer.supported_entities, None)

    return scan


def presidio_engine():
    from guard_personal_data import presidio

    engine = presidio()
    return lambda text: engine.analyze(text, "en")


def llm_guard(name, **options):
    def make():
        from llm_guard import input_scanners

        scanner = getattr(input_scanners, name)(**options)
        return scanner.scan

    return make


# Those of llm-guard's scanners that have no model to fetch.
PEERS = {
    "presidio-recognizers": presidio_recognizers,
    "presidio-engine": presidio_engine,
    "llm-guard Secrets": llm_guard("Secrets"),
    "llm-guard InvisibleText": llm_guard("InvisibleText"),
    "llm-guard BanSubstrings": llm_guard(
        "BanSubstrings", substrings=["project zephyr", "kill switch", "acme internal"], match_type="word"
    ),
    "llm-guard Regex": llm_guard("Regex", patterns=[r"\bACC-\d{8}\b", r"Bearer [A-Za-z0-9._~+/]{8,64}"]),
}


def peers(text, chunk):
    """The peers that start, and why the others do not."""
    systems, skipped = {}, {}
    decoded = text.decode(errors="ignore")
    chunks = [decoded[place : place + chunk] for place in range(0, len(decoded), chunk)]
    for name, make in PEERS.items():
        try:
            scan = make()
            # Warm, and it fails here if it wants something from a hub.
            scan(chunks[0])
        except Exception as error:  # noqa: BLE001 -- whatever keeps a peer from starting is reported, not fixed
            skipped[name] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            continue
        systems[name] = timed(scan, chunks)
    return systems, skipped


def processor():
    with open("/proc/cpuinfo") as lines:
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", nargs="+", type=Path, help="files whose text is scanned, one after the other")
    parser.add_argument("--binary", default=os.environ.get("STOA_BINARY") or str(ROOT / ".build/release/stoa"))
    parser.add_argument("--rounds", default=5, type=int)
    parser.add_argument("--peer-bytes", default=1_000_000, type=int, help="how much of the text the peers read")
    parser.add_argument("--chunk", default=2000, type=int, help="characters of each text that the peers read")
    parser.add_argument("--core", default=min(os.sched_getaffinity(0)), type=int)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.sched_setaffinity(0, {options.core})
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    text = b"".join(path.read_bytes() for path in options.text)
    if not text:
        parser.error("the text is empty")
    with tempfile.TemporaryDirectory() as folder:
        others, skipped = peers(text[: options.peer_bytes], options.chunk)
        systems = guards(options.binary, folder, text) | others
        speeds = {name: [] for name in systems}
        for number in range(options.rounds):
            for name, measure in systems.items():
                seconds, size = measure()
                speeds[name].append(size / max(seconds, 1e-9) / 1e6)
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    ours = medians["stoa all"]
    print(f"{processor()}, one core; {len(text):,} bytes, peers {min(len(text), options.peer_bytes):,}")
    for name, values in speeds.items():
        ratio = f"{ours / medians[name]:10.1f}×" if name in others else ""
        print(f"{name:26}{medians[name]:10.3f} MB/s ({min(values):.3f} to {max(values):.3f}){ratio}")
    for name, why in skipped.items():
        print(f"{name:26}skipped: {why}")
    if options.json:
        record = {
            "processor": processor(), "bytes": len(text), "peer_bytes": min(len(text), options.peer_bytes),
            "chunk": options.chunk,
            "mb_s": {name: [round(value, 4) for value in values] for name, values in speeds.items()},
            "median_mb_s": {name: round(value, 4) for name, value in medians.items()},
            "ratios": {name: round(ours / medians[name], 2) for name in others}, "skipped": skipped,
        }  # fmt: skip
        options.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
