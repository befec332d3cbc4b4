"""Personal data: what the guard finds beside presidio-analyzer's pattern recognisers on the same spans, and how fast.

    python3 -m venv venv && venv/bin/pip install presidio-analyzer
    venv/bin/python Benchmarks/guard_personal_data.py --data DIR [--json FILE] [--skip-speed]

DIR holds eval/pii_presidio (presidio-research's synthetic sentences with spans). Presidio runs its recognisers of e-mail,
phone, IBAN, card, social security number, IP address and crypto address with tokens and lower-case lemmas by spaCy's blank
pipeline, so that words beside a match raise its score as they do with a model; it is counted at the threshold of 0 to 0.6
that is best for it. The guard is counted at 0.5. A span is found when a hit of its type overlaps it by half of both
(intersection over union), or, under `exact`, is equal to it. F2 weighs recall twice as much as precision.
"""

import argparse
import json
import os
import random
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Type in the data: the guard's detectors and Presidio's entities.
TYPES = {
    "EMAIL_ADDRESS": (["email"], ["EMAIL_ADDRESS"]),
    "PHONE_NUMBER": (["phone"], ["PHONE_NUMBER"]),
    "CREDIT_CARD": (["credit-card"], ["CREDIT_CARD"]),
    "IBAN_CODE": (["iban"], ["IBAN_CODE"]),
    "US_SSN": (["national-id"], ["US_SSN"]),
    "IP_ADDRESS": (["ip-address"], ["IP_ADDRESS"]),
}
NAMES = {"PERSON": (["person"], ["PERSON"])}
# Between texts: more than the bytes before a match that the guard looks at.
GAP = "\n" * 120


def load(data):
    """(set, text, spans): spans are (type, start, end) in characters."""
    result = []
    for name, path in (("synth_dataset_v2", "data/synth_dataset_v2.json"), ("generated_small", "tests/data/generated_small.json")):
        for row in json.loads((data / "eval/pii_presidio" / path).read_text()):
            spans = [(s["entity_type"], s["start_position"], s["end_position"]) for s in row["spans"]]
            result.append((name, row["full_text"], spans))
    return result


def pack(folder):
    """A pack with a rail for each type, which only flags."""
    lines = ["pack: evaluation", "version: 1.0.0", "summary: A rail for each type of personal data.", "rails:"]
    for name, (detectors, _) in {**TYPES, **NAMES}.items():
        lines += [f"  - id: {name.lower().replace('_', '-')}", f"    detector: [{', '.join(detectors)}]", "    class: S7", "    threshold: 0.5", "    action: flag"]
    path = Path(folder) / "evaluation.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def guard(binary, pack_path, texts):
    """Hits of each text as (type, start, end) in characters: all texts go through one run."""
    content, starts = "", []
    for text in texts:
        starts.append(len(content.encode()))
        content += text + GAP
    answer = subprocess.run(
        [binary, "guard", "check", "--pack", str(pack_path), "--json", "-"], input=content.encode(), capture_output=True, check=True
    )
    hits = sorted(json.loads(answer.stdout)["hits"], key=lambda h: h["start"])
    result, index = [[] for _ in texts], 0
    for hit in hits:
        while index + 1 < len(starts) and starts[index + 1] <= hit["start"]:
            index += 1
        raw = texts[index].encode()
        start, end = hit["start"] - starts[index], hit["end"] - starts[index]
        name = hit["rail"].upper().replace("-", "_")
        result[index].append((name, len(raw[:start].decode(errors="ignore")), len(raw[:end].decode(errors="ignore")), hit["score"]))
    return result


def presidio():
    """An engine with the pattern recognisers alone; spaCy's blank English pipeline gives tokens, and lemmas in lower case."""
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        CryptoRecognizer,
        EmailRecognizer,
        IbanRecognizer,
        IpRecognizer,
        PhoneRecognizer,
        UsSsnRecognizer,
    )
    from spacy.language import Language

    @Language.component("lower_lemmas")
    def lower_lemmas(doc):
        for token in doc:
            token.lemma_ = token.lower_
        return doc

    class Blank(SpacyNlpEngine):
        def __init__(self):
            super().__init__()
            pipeline = spacy.blank("en")
            pipeline.max_length = 10**8
            pipeline.add_pipe("lower_lemmas")
            self.nlp = {"en": pipeline}

        def is_loaded(self):
            return True

        def load(self):
            pass

    recognizers = [CreditCardRecognizer(), CryptoRecognizer(), EmailRecognizer(), IbanRecognizer(), IpRecognizer(), PhoneRecognizer(), UsSsnRecognizer()]
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=["en"])
    return AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])


def counts(texts, hits, kinds, threshold, exact):
    """True positives, false positives and misses by type."""
    result = defaultdict(lambda: [0, 0, 0])
    for (_, _, spans), found in zip(texts, hits, strict=True):
        for kind in kinds:
            gold = [(s, e) for k, s, e in spans if k == kind]
            mine = [(s, e) for k, s, e, score in found if k == kind and score >= threshold]
            used = set()
            for start, end in mine:
                match = next((g for g in gold if g not in used and same((start, end), g, exact)), None)
                if match is None:
                    result[kind][1] += 1
                else:
                    used.add(match)
                    result[kind][0] += 1
            result[kind][2] += len(gold) - len(used)
    return result


def same(a, b, exact):
    if exact:
        return a == b
    both = min(a[1], b[1]) - max(a[0], b[0])
    return both > 0 and both / (max(a[1], b[1]) - min(a[0], b[0])) >= 0.5


def f2(right, wrong, missed):
    return 5 * right / max(1, 5 * right + 4 * missed + wrong)


def summary(table):
    total = [sum(row[i] for row in table.values()) for i in range(3)]
    rows = {kind: numbers(*row) for kind, row in sorted(table.items())}
    return {"all": numbers(*total), **rows}


def numbers(right, wrong, missed):
    return {
        "spans": right + missed, "precision": round(right / max(1, right + wrong), 4),
        "recall": round(right / max(1, right + missed), 4), "f2": round(f2(right, wrong, missed), 4),
    }  # fmt: skip


def speed(binary, pack_path, engine, texts):
    """MB/s of both on ordinary sentences with some personal data; the guard's start is measured with an empty text and left out."""
    rng = random.Random(3)
    sentences = [text for _, text, _ in texts]
    chunks = []
    while sum(map(len, chunks)) < 64_000_000:
        chunks.append("\n".join(rng.choice(sentences) for _ in range(1000)))
    large = "\n".join(chunks).encode()

    def seconds(content):
        began = time.perf_counter()
        subprocess.run([binary, "guard", "check", "--pack", str(pack_path), "--json", "-"], input=content, capture_output=True, check=True)
        return time.perf_counter() - began

    mine = sorted(seconds(large) - seconds(b"") for _ in range(3))
    small, taken = [c[:2000] for c in chunks[:150]], []
    for _ in range(3):
        began = time.perf_counter()
        for text in small:
            engine.analyze(text, "en")
        taken.append(time.perf_counter() - began)
    theirs = sorted(taken)
    size = sum(len(t.encode()) for t in small)
    ours, other = len(large) / mine[1] / 1e6, size / theirs[1] / 1e6
    return {
        "guard_mb_s": round(ours, 1), "guard_range": [round(len(large) / s / 1e6, 1) for s in (mine[2], mine[0])],
        "presidio_mb_s": round(other, 3), "presidio_range": [round(size / s / 1e6, 3) for s in (theirs[2], theirs[0])], "ratio": round(ours / other, 1),
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("STOA_TEST_DATA") or ROOT.parent / "shared/data"))
    parser.add_argument("--binary", default=os.environ.get("STOA_BINARY") or str(ROOT / ".build/release/stoa"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--skip-speed", action="store_true")
    parser.add_argument("--errors", action="store_true", help="print the guard's misses and false hits")
    arguments = parser.parse_args()
    texts = load(arguments.data)
    record = {}
    with tempfile.TemporaryDirectory() as folder:
        pack_path = pack(folder)
        ours = guard(arguments.binary, pack_path, [text for _, text, _ in texts])
        engine = presidio()
        theirs = [
            [(next(k for k, v in TYPES.items() if r.entity_type in v[1]), r.start, r.end, r.score) for r in engine.analyze(text, "en") if any(r.entity_type in v[1] for v in TYPES.values())]
            for _, text, _ in texts
        ]
        for exact in (False, True):
            best = max((summary(counts(texts, theirs, TYPES, t / 20, exact))["all"]["f2"], t / 20) for t in range(13))
            key = "exact" if exact else "overlap"
            record[key] = {
                "guard": summary(counts(texts, ours, TYPES, 0.5, exact)),
                "presidio": {"threshold": best[1], **summary(counts(texts, theirs, TYPES, best[1], exact))},
                "guard_names": summary(counts(texts, ours, NAMES, 0.5, exact))["PERSON"],
            }
        if not arguments.skip_speed:
            record["speed"] = speed(arguments.binary, pack_path, engine, texts)
        if arguments.errors:
            errors(texts, ours)
    print(json.dumps(record, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n")


def errors(texts, hits):
    for (_, text, spans), found in zip(texts, hits, strict=True):
        for kind, start, end in spans:
            if kind in {**TYPES, **NAMES} and not any(k == kind and same((s, e), (start, end), False) for k, s, e, _ in found):
                print("MISS", kind, repr(text[start:end]), "|", repr(text[max(0, start - 40) : end + 10]))
        for kind, start, end, score in found:
            if not any(k == kind and same((start, end), (s, e), False) for k, s, e in spans):
                print("FALSE", kind, round(score, 2), repr(text[start:end]), "|", repr(text[max(0, start - 40) : end + 10]))


if __name__ == "__main__":
    main()
