#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenizers/pretokenizers.json and gguf-names.json: what reference implementations cut texts into.

  pretokenizers.json  [{"pre_tokenizer": …, "pieces": [[[start, end], …], …]}, …]: the byte offsets of the pieces that the
                      PyPI package `tokenizers` makes of each text with that component of a tokenizer.json
  gguf-names.json     {NAME: [[id, …], …]}: the ids of llama.cpp for byte-level.gguf with that `tokenizer.ggml.pre`
  pretokenizer-texts.json  the texts

Usage: Scripts/make_pretokenizer_fixtures.py, with PyPI `tokenizers` and `llama-cpp-python`.
"""
import ctypes
import json
import struct
import tempfile
from pathlib import Path

import llama_cpp
from tokenizers import pre_tokenizers
from tokenizers.pre_tokenizers import PreTokenizer

FIXTURES = Path(__file__).resolve().parents[1] / "Tests/Fixtures/tokenizers"

TEXTS = [
    "Hello  World, it's 12345!\n\n  done.", "I'M sure we'LL 'ſ x''s", "HTTPServer camelCase ABCdef ÀÉî Ǆab",
    "a\u0300b\u0301 \u0301x क्षि", "狐は川の、カタカナ。한국어 ㄱㄴ", "١٢٣４５６ ½² 1234567 12", "  lead  trail  ", " \n \n x\r\n\r\ny\u2028z\u00a0w\u3000v",
    "def f(x):\n\treturn x/2 // y\n", "a-b_c.d!? (e) [f] {g} <h> `i` $9.9^2|~", "", " ", "\n", "\u200b\ufeff\x00\x7f\U0010ffff\ue000",
    "😀😀 👍🏽 x😀", "aaaa bbbb  cccc", "--- ___ ***", "foo,,bar, baz", "שלום עולם مرحبا", "Straße ΑΒΓ где", "wörd wo\u0308rd", "1a22b333c4444",
    "<sentinel:12> IMGIMGABCZ \t\n    x  y", "\u1c89\ua7dax \U00010d6f", "x\u0085y\x0bz\x0c", "'tis the 'D'o'", "…“q”—，。！", "\r\n\n\r",
]  # fmt: skip


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert}


def sequence(*members):
    return {"type": "Sequence", "pretokenizers": list(members)}


BEHAVIORS = ["Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
COMPONENTS = [split(p, b, i) for p in [r"[aeiou]", r"\s+"] for b in BEHAVIORS for i in [False, True]]
COMPONENTS += [
    split(p)
    for p in [
        r"\d{1,3}(?=(?:\d{3})*\b)", r"(?i:[a-z]+'s|WORLD)", r"[\p{Lu}&&[^A-D]]+", r"(?<=\s)\S+", r"(?<!\w)[a-z]{2,4}?", r"\p{Han}+|\p{Hiragana}+|\p{Katakana}+",
        r"^\s*\S|.$", r"\bx\b|\B[a-c]", r"[^\P{L}a-f]++|[[:digit:]]+", r"(?:ab|a(?:b|c)?)*?c", r"\s+$", r"(?=(\p{N}{3})+(?!\p{N}))", r"[\p{M}\p{Lm}]|\x{1F600}|\u72D0",
        r" ?[^(\s|[.,!?…。，、।۔،])]+", r"\s?\p{L}+", r"[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}",
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
        r"[\p{P}\p{S}]|\h+", r"\w+|[^\w\s]+", r"(?:)", r"a{2}|b{3,}|c{,2}",
    ]
    if r"\h" not in p
]  # fmt: skip
COMPONENTS += [
    {"type": "Split", "pattern": {"String": "a"}, "behavior": "MergedWithPrevious", "invert": False},
    {"type": "Split", "pattern": {"String": ". "}, "behavior": "Isolated", "invert": False},
    {"type": "Whitespace"}, {"type": "WhitespaceSplit"}, {"type": "BertPreTokenizer"}, {"type": "Punctuation", "behavior": "Isolated"},
    {"type": "Punctuation", "behavior": "Contiguous"}, {"type": "Digits", "individual_digits": True}, {"type": "Digits", "individual_digits": False},
    {"type": "CharDelimiterSplit", "delimiter": "-"}, {"type": "FixedLength", "length": 3},
    sequence({"type": "WhitespaceSplit"}, {"type": "Punctuation", "behavior": "Contiguous"}, {"type": "Digits", "individual_digits": True}),
    sequence(split(r"\p{N}{1,3}"), split("[一-龥\u3040-ゟ゠-ヿ]+"), split(r"\s?\p{L}+", "Removed", True)),
]  # fmt: skip

GGUF_NAMES = (
    "default llama3 dbrx glm4 qwen2 qwen35 starcoder falcon gpt-2 deepseek-llm deepseek-coder deepseek-v3 spark2_5 youtu tekken gpt-4o "
    "granite-embed-multi-97m tiny_aya kimi-k2 jais-2 bloom viking chameleon superbpe bailingmoe seed-coder ufakzeka afmoe laguna "
    "exaone-moe minicpm5"
).split()


def component(json_component):
    """A pre-tokeniser from its JSON form, by way of the state that pickling uses."""
    result = pre_tokenizers.Whitespace()
    if json_component["type"] == "Sequence":
        return pre_tokenizers.Sequence([component(c) for c in json_component["pretokenizers"]])
    from tokenizers import Tokenizer, models

    tokenizer = Tokenizer(models.BPE())
    data = json.loads(tokenizer.to_str()) | {"pre_tokenizer": json_component}
    result = Tokenizer.from_str(json.dumps(data)).pre_tokenizer
    assert isinstance(result, PreTokenizer)
    return result


def pieces(splitter, text):
    offset = [0]
    for scalar in text:
        offset.append(offset[-1] + len(scalar.encode()))
    return [[offset[start], offset[end]] for _, (start, end) in splitter.pre_tokenize_str(text)]


def renamed(data, name):
    """The GGUF file with another text for `tokenizer.ggml.pre`."""
    key = b"tokenizer.ggml.pre"
    at = data.index(key) + len(key) + 4
    (length,) = struct.unpack_from("<Q", data, at)
    return data[:at] + struct.pack("<Q", len(name)) + name.encode() + data[at + 8 + length :]


def write(name, value):
    (FIXTURES / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    quiet = llama_cpp.llama_log_callback(lambda *_: None)
    llama_cpp.llama_log_set(quiet, ctypes.c_void_p(0))
    components = [{"pre_tokenizer": c, "pieces": [pieces(component(c), text) for text in TEXTS]} for c in COMPONENTS]
    ids = {}
    data = (FIXTURES / "byte-level.gguf").read_bytes()
    with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
        for name in GGUF_NAMES:
            Path(file.name).write_bytes(renamed(data, name))
            model = llama_cpp.Llama(file.name, vocab_only=True, verbose=False)
            ids[name] = [model.tokenize(text.encode(), add_bos=False, special=False) for text in TEXTS]
    write("pretokenizer-texts.json", TEXTS)
    write("pretokenizers.json", components)
    write("gguf-names.json", ids)


main()
