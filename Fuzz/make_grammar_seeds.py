"""Writes seeds for the targets `json-schema`, `gbnf` and `regex`."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests/Oracles"))

from schemas import PATTERNS, SchemaGenerator  # noqa: E402

GRAMMARS = [
    'root ::= item ("," item){2,6}\nitem ::= [a-f]+ "=" [0-9]{1,4}',
    'root ::= ("Ada" | "Ben") " " verb # who\nverb ::= "saw" | "m\\x65t"',
    'root ::= "<" [^<>]{1,80} ">" "\u00e9"?\n',
    'root ::= "(" root? ")" | [^()] .*',
]
EXPRESSIONS = [r"\p{Lu}[^\W\d]{2,}(?:a|b?){3}$", r"^(\d+|[a-z\-]*?)\.\u00e9", r"(yes|no), because [a-z ]{10,80}\."]


def main():
    target, folder = sys.argv[1], Path(sys.argv[2])
    generator = SchemaGenerator(1)
    seeds = {
        "json-schema": [json.dumps(generator.schema()) for _ in range(60)],
        "gbnf": GRAMMARS,
        "regex": [*PATTERNS, *EXPRESSIONS],
    }[target]
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_text(seed)


if __name__ == "__main__":
    main()
