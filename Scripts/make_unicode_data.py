#!/usr/bin/env python3
"""Writes Sources/StoaTokenizers/UnicodeData.swift: general categories, scripts, and what Unicode 16 added.

Categories and scripts are read out of the regular expression engine of the PyPI package `tokenizers` (Oniguruma, Unicode 16),
because its splits are the ones to reproduce; the crate that tiktoken uses has the same. llama.cpp has tables of Unicode 15.1
(`src/unicode-data.cpp`, whose path is the argument), so scalars that came later count as unassigned there.

Usage: Scripts/make_unicode_data.py unicode-data.cpp > Sources/StoaTokenizers/UnicodeData.swift
"""
import re
import sys

from tokenizers import Regex, pre_tokenizers

CATEGORIES = "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co".split()
SCRIPTS = (
    "Han Hiragana Katakana Hangul Bopomofo Latin Greek Cyrillic Armenian Hebrew Arabic Devanagari Bengali Tamil Telugu "
    "Thai Lao Tibetan Myanmar Georgian Khmer Mongolian"
).split()

SCALARS = [s for s in range(0x110000) if not 0xD800 <= s < 0xE000]
TEXT = "".join(map(chr, SCALARS))


def members(pattern):
    """The indices in SCALARS of what a class matches."""
    at = 0
    splitter = pre_tokenizers.Split(Regex(f"{pattern}+"), "removed")
    for _, (start, end) in splitter.pre_tokenize_str(TEXT) + [("", (len(TEXT),) * 2)]:
        yield from range(at, start)
        at = end


def ranges(scalars):
    result = []
    for scalar in scalars:
        if result and result[-1][1] == scalar - 1:
            result[-1][1] = scalar
        else:
            result.append([scalar, scalar])
    return result


def lines(items, indent):
    line = indent
    for item in items:
        if len(line) + len(item) + 2 > 120:
            print(line.rstrip())
            line = indent
        line += item + ", "
    print(line.rstrip())


def swift(scalars):
    return [f"0x{a:X}...0x{b:X}" for a, b in ranges(scalars)]


category = [0] * 0x110000
for index, name in enumerate(CATEGORIES):
    for i in members(rf"\p{{{name}}}") if index else []:
        category[SCALARS[i]] = index
runs = []
for scalar in range(0x110000):
    if not runs or category[scalar] != runs[-1] & 0xFF:
        runs.append(scalar << 8 | category[scalar])

source = re.search(r"unicode_ranges_flags = \{(.*?)\n\};", open(sys.argv[1]).read(), re.S).group(1)
flags = [(int(a, 16), int(b, 16)) for a, b in re.findall(r"\{\s*0x([0-9A-Fa-f]+),\s*0x([0-9A-Fa-f]+)\s*\}", source)]
undefined = [s for (first, flag), (end, _) in zip(flags, flags[1:]) if flag & 1 for s in range(first, end)]
added = [s for s in undefined if category[s]]

print("// Written by Scripts/make_unicode_data.py from the Unicode 16 Character Database; do not edit.\n")
print("extension UnicodeCategory {")
print("  /// First scalar << 8 | category, ascending; a run reaches to the next one.")
print("  static let runs: [UInt32] = [")
lines([f"0x{r:X}" for r in runs], "    ")
print("  ]\n")
print("  /// What has been assigned since Unicode 15.1.")
print("  static let addedInUnicode16: [ClosedRange<UInt32>] = [")
lines(swift(added), "    ")
print("  ]\n}\n")
print("extension ScalarSet {")
print("  /// The scripts that expressions may name.")
print("  static let scripts: [String: [ClosedRange<UInt32>]] = [")
for name in SCRIPTS:
    print(f'    "{name}": [')
    lines(swift(SCALARS[i] for i in members(rf"\p{{{name}}}")), "      ")
    print("    ],")
print("  ]\n}")
