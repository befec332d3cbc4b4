#!/usr/bin/env python3
"""Writes Sources/StoaTokenizers/UnicodeClassRuns.swift.

The general categories are read out of the regular expression engine of the PyPI package `tokenizers` (Oniguruma,
Unicode 16), because its splits are the ones to reproduce.

A run is one UInt32: first scalar << 8 | class bits. It reaches to the next run's first scalar.
The bits are those of `UnicodeClass`. Usage: Scripts/make_unicode_classes.py > Sources/StoaTokenizers/UnicodeClassRuns.swift
"""
from tokenizers import Regex, pre_tokenizers

CLASSES = {r"\p{L}": 1, r"\p{N}": 2, r"\s": 4, r"\p{P}": 8, r"\p{S}": 16, r"\p{M}": 32, r"[\p{Lu}\p{Lt}]": 64, r"\p{Ll}": 128}

scalars = [s for s in range(0x110000) if not 0xD800 <= s < 0xE000]
text = "".join(map(chr, scalars))
bits = [0] * len(scalars)
for pattern, bit in CLASSES.items():
    at = 0
    for _, (start, end) in pre_tokenizers.Split(Regex(f"{pattern}+"), "removed").pre_tokenize_str(text) + [("", (len(text),) * 2)]:
        for i in range(at, start):
            bits[i] |= bit
        at = end

runs, last = [], None
for scalar in range(0x110000):
    value = 0 if 0xD800 <= scalar < 0xE000 else bits[scalar - (0x800 if scalar >= 0xE000 else 0)]
    if value != last:
        runs.append(scalar << 8 | value)
        last = value

print("""// Written by Scripts/make_unicode_classes.py from the Unicode 16 Character Database; do not edit.

extension UnicodeClass {
  /// First scalar << 8 | class bits, ascending; a run reaches to the next one.
  static let runs: [UInt32] = [""")
for i in range(0, len(runs), 10):
    print("    " + " ".join(f"0x{r:X}," for r in runs[i : i + 10]))
print("  ]\n}")
