#!/usr/bin/env python3
"""Writes Sources/StoaTokenizers/UnicodeTables.swift: what normalisers and word splitters know of each scalar.

Everything is read out of the PyPI package `tokenizers` by asking its components about every scalar (and every pair that
may compose), because its ids are the ones to reproduce: its normalisation forms are those of Unicode 12.1, its BERT
categories older, its lower case newer. Python's `unicodedata` only says which pairs and marks to ask about.

Each table is a stream of integers as Base64 VLQ, the coding of source maps: five bits a digit, lowest first, 32 for
"more follows", the sign in the lowest bit. Tables of scalars are ascending and hold differences.

Usage: Scripts/make_unicode_tables.py > Sources/StoaTokenizers/UnicodeTables.swift
"""
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [s for s in range(1, 0x110000) if not 0xD800 <= s < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def vlq(numbers):
    text = []
    for number in numbers:
        value = number << 1 if number >= 0 else -number << 1 | 1
        while value >= 32:
            text.append(DIGITS[value & 31 | 32])
            value >>= 5
        text.append(DIGITS[value])
    return "".join(text)


def mappings(pairs):
    """Of scalars to lists of scalars: difference, how many follow in the same way, length, differences of the values."""
    numbers, last, last_value, i = [], 0, 0, 0
    while i < len(pairs):
        scalar, values = pairs[i]
        run = 0
        if len(values) == 1:
            while i + run + 1 < len(pairs) and pairs[i + run + 1] == (scalar + run + 1, [values[0] + run + 1]):
                run += 1
        numbers += [scalar - last, run, len(values)]
        for value in values:
            numbers.append(value - last_value)
            last_value = value
        last, i = scalar + run, i + run + 1
    return vlq(numbers)


def ranges(members):
    """Of a set of scalars: how many are skipped, how many belong to it."""
    numbers, end = [], 0
    members = sorted(members)
    i = 0
    while i < len(members):
        first = members[i]
        while i + 1 < len(members) and members[i + 1] == members[i] + 1:
            i += 1
        numbers += [first - end, members[i] + 1 - first]
        end, i = members[i] + 1, i + 1
    return vlq(numbers)


def changed(normalizer):
    result = {}
    for scalar in SCALARS:
        text = normalizer.normalize_str(chr(scalar))
        if text != chr(scalar):
            result[scalar] = [ord(c) for c in text]
    return result


def matched(pattern):
    text = "".join(map(chr, SCALARS))
    kept = pre_tokenizers.Split(Regex(pattern), "removed").pre_tokenize_str(text)
    outside = {i for _, (start, end) in kept for i in range(start, end)}
    return [s for i, s in enumerate(SCALARS) if i not in outside]


nfd, nfkd, nfc = normalizers.NFD(), normalizers.NFKD(), normalizers.NFC()
canonical = {s: v for s, v in changed(nfd).items() if s not in HANGUL}
compatible = {s: v for s, v in changed(nfkd).items() if s not in HANGUL and canonical.get(s) != v}

classes = []
for scalar in SCALARS:
    if value := unicodedata.combining(chr(scalar)):
        low, high = chr(0x334), chr(0x345)  # classes 1 and 240
        known = nfd.normalize_str("a" + chr(scalar) + low)[1] == low if value > 1 else nfd.normalize_str("a" + high + chr(scalar))[1] != high
        if known:
            classes.append((scalar, value))
runs = []
for scalar, value in classes:
    if runs and runs[-1][2] == value and runs[-1][0] + runs[-1][1] == scalar:
        runs[-1][1] += 1
    else:
        runs.append([scalar, 1, value])
class_numbers, end = [], 0
for first, count, value in runs:
    class_numbers += [first - end, count, value]
    end = first + count

composition_numbers, last = [], (0, 0, 0)
for scalar in SCALARS:
    parts = unicodedata.decomposition(chr(scalar)).split()
    if len(parts) == 2 and not parts[0].startswith("<"):
        first, second = (int(part, 16) for part in parts)
        if nfc.normalize_str(chr(first) + chr(second)) == chr(scalar):
            triple = (scalar, first, second)
            composition_numbers += [new - old for new, old in zip(triple, last)]
            last = triple

clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
strip = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
bert, words = pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Whitespace()
removed = lambda normalizer: [s for s, v in changed(normalizer).items() if not v]

TABLES = [
    ("canonicalDecompositions", "Scalars that form D changes, in full, without Hangul syllables.", mappings(sorted(canonical.items()))),
    ("compatibilityDecompositions", "Scalars that form KD changes in another way than form D, in full.", mappings(sorted(compatible.items()))),
    ("compositions", "Composites that form C makes: the composite, its first and its second scalar.", vlq(composition_numbers)),
    ("combiningClasses", "Canonical combining classes: scalars skipped, scalars of the class, the class.", vlq(class_numbers)),
    ("lowercase", "Scalars that lower case changes.", mappings(sorted(changed(normalizers.Lowercase()).items()))),
    ("combiningMarks", "What the normaliser StripAccents removes.", ranges(removed(normalizers.StripAccents()))),
    ("bertMarks", "What BertNormalizer removes with the accents.", ranges(removed(strip))),
    ("bertControls", "What BertNormalizer removes when it cleans a text, less NUL.", ranges(removed(clean))),
    ("bertPunctuation", "What BertPreTokenizer cuts off.", ranges([s for s in SCALARS if len(bert.pre_tokenize_str(f"a{chr(s)}a")) == 3])),
    ("wordCharacters", r"What the pre-tokeniser Whitespace takes for `\w`.", ranges([s for s in SCALARS if len(words.pre_tokenize_str(f"a{chr(s)}a")) == 1])),
    ("controls", r"General categories Cc, Cf and Co.", ranges(matched(r"[\p{Cc}\p{Cf}\p{Co}]"))),
]

print("""// Written by Scripts/make_unicode_tables.py, which says how to read the tables; do not edit.

enum UnicodeTables {""")
for name, comment, text in TABLES:
    print(f'  /// {comment}\n  static let {name} = """')
    for i in range(0, len(text), 114):
        line = text[i : i + 114]
        print(f"    {line}" + ("\\" if i + 114 < len(text) else ""))
    print('    """')
print("}")
