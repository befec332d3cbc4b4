"""Varied texts for comparing tokenizers, pseudo-random from a seed: words of many scripts, emoji, combining marks, code,
digits, whitespace runs, any scalars, and bytes that are no UTF-8."""

import random

WORDS = (
    "the of and to in Hello World don't I'm we'LL they'VE x's HTTPServer camelCase snake_case naïve café über résumé Straße ПРИВЕТ "
    "мир Ελλάδα שלום مرحبا नमस्ते สวัสดี 你好世界 狐狸 こんにちは カタカナ 한국어 안녕하세요 ǅabc İstanbul ﬁne ſtraße it'ſ"
).split()
EMOJI = ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "1️⃣"]
SPACES = [" ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", " \n", "\u00a0", "\u3000", "\u2003", "\u2028", "\u0085", "\x0b", "\x0c", "\u200b", "\ufeff", " " * 8, "\n   \n"]  # fmt: skip
MARKS = ["e\u0301", "a\u0300\u0301", "n\u0303", "\u0301", "Z\u0351\u036b", "か\u3099", "\u1100\u1161\u11a8", "क्षि", "\u05e9\u05c1", "\u064e\u0651"]  # fmt: skip
PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ["...", "—", "“", "”", "«", "。", "，", "！", "？", "、", "€", "£", "²", "½", "Ⅷ", "→", "©", "‼", "/*", "*/", "//", "==", "<|", "|>", "</", "\n/", "!\n", "?\r\n\r\n"]  # fmt: skip
CODE = ["def f(x):\n    return x+1\n", "for (int i=0;i<n;++i) {a[i]+=b[i];}", "SELECT * FROM t WHERE x='it''s';", "\tif x:\n\t\tpass\n", "https://ex.com/a?b=c&d=e#f", "<div class=\"a\">&amp;</div>", "{\"k\": [1, 2, null]}", "0x1F3A", "1e-10", "#include <stdio.h>"]  # fmt: skip
NUMBERS = ["١٢٣", "１２３４", "Ⅻ", "२४", "12345", "1,234.5", " 1234567", "a1b22c333"]
STRAY_BYTES = [0x80, 0xFF, 0xC3, 0xE2, 0xF0, 0xED, 0xA0, 0xC0, 0xBF, 0x9F, 0xF8]


class Writer:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def scalar(self):
        between = self.random.randint
        kind = self.random.random()
        if kind < 0.3:
            return chr(between(0, 0x7F))
        if kind < 0.6:
            return chr(self.random.choice([between(0x80, 0x7FF), between(0x800, 0x33FF), between(0xA000, 0xD7FF), between(0xE000, 0xFFFF)]))
        return chr(self.random.choice([between(0x4E00, 0x9FFF), between(0x10000, 0x1FFFF), between(0x20000, 0x3FFFF), between(0xE0000, 0x10FFFF)]))

    def piece(self):
        choose = self.random.choice
        kind = self.random.randint(0, 14)
        if kind <= 3:
            return choose(WORDS)
        if kind <= 6:
            return choose(SPACES) if self.random.random() < 0.5 else " "
        if kind == 13:
            return "".join(self.scalar() for _ in range(self.random.randint(1, 4)))
        if kind == 14:
            return choose([*NUMBERS, "aaaa" * self.random.randint(1, 8), "=" * self.random.randint(2, 20)])
        if kind == 10:
            return "".join(choose("0123456789") for _ in range(self.random.randint(1, choose([2, 4, 8, 20]))))
        return choose({7: EMOJI, 8: PUNCTUATION, 9: PUNCTUATION, 11: MARKS, 12: CODE}[kind])

    def text(self):
        return "".join(self.piece() for _ in range(self.random.randint(0, self.random.choice([3, 8, 20])))).encode()

    def damaged(self):
        text = bytearray(self.text())
        for _ in range(self.random.randint(1, 4)):
            text.insert(self.random.randint(0, len(text)), self.random.choice(STRAY_BYTES))
        return bytes(text)


def texts(count, seed):
    """Texts in UTF-8."""
    writer = Writer(seed)
    return [writer.text() for _ in range(count)]


def damaged_texts(count, seed):
    """Texts with stray bytes in them."""
    writer = Writer(seed)
    return [writer.damaged() for _ in range(count)]
