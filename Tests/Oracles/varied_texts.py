"""Seeded texts that are as varied as what people type and paste: for tests that compare tokenizers."""

import random

WORDS = (
    "the a of and river fox house time once upon little said they'd wouldn't I'm you'll we've it's HELLO World NASA "
    "iPhone e-mail co-operate naïve café résumé Zürich Straße größer über coöperate fiancée jalapeño œuvre "
    "Лиса жила у реки Ёлка Привет мир Ελλάδα λόγος ΣΊΣΥΦΟΣ σίσυφος İstanbul ISTANBUL ıI ǅungla "
    "狐は川 東京 日本語 テスト カタカナ ひらがな ｶﾀｶﾅ 中文 测试 漢字 繁體 한국어 여우 각 "
    "مرحبا العربية שלום עולם हिन्दी नमस्ते ไทย ภาษา বাংলা தமிழ் ქართული Հայերեն ትግርኛ ខ្មែរ "
    "def return print(x) for(i=0;i<n;++i) {} [] != == -> :: // /* */ #include <stdio.h> self.x lambda "
    "123 4567 3.14159 1e-10 0xFF 1,234.56 ½ ² Ⅷ ٣٤٥ １２３ ① 100% $9.99 €5 "
    "https://example.com/a?b=c user@example.org @name #tag C:\\path /usr/bin -- … — ‘q’ “q” «q» `code` ``q'' "
    "ﬁ ﬂ ﷺ ㎏ ㋿ ℡ Å Ω K ſ ẛ̣ ǆ ĳ ª º ™ ⁿ ₂ ﾊﾟ ｱ ﬀ "
    "<s> </s> <unk> <pad> [CLS] [SEP] [MASK] [UNK] <0x41> ▁ ▁▁ Ġ ## ##s <sym> <user> "
).split()
EMOJI = ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "☕", "🦊", "1️⃣", "🤷🏿‍♀️"]
MARKS = ["\u0301", "\u0300\u0327", "\u0323\u0307", "\u0307\u0323", "\u3099", "\u0345", "\u0f71\u0f72", "\u20dd", "\u05b0\u05bc", "\u064e\u0651"]
SPACES = [" ", " ", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\u00a0", "\u3000", "\u2003", "\u200b", "\u2028", "\u0085", "\x0b", "\x0c"]
ODD = ["\x01", "\x07", "\x1f", "\x7f", "\x9f", "\ufeff", "\u200d", "\u200f", "\u00ad", "\ufffd", "\ue000", "\U000f0000", "\u0378", "\U0010ffff", "\u2581", "\u180e", "\u061c"]
JAMO = ["\u1100\u1161\u11a8", "\u1112\u1161\u11ab", "\uac00\u11a8", "\uac01\u11a8", "\u1161", "\u11a8"]


def texts(count, seed=1):
    """`count` texts, some long, without lone surrogates and without NUL."""
    source = random.Random(seed)
    return [_text(source) for _ in range(count)]


def _text(source):
    kind = source.random()
    pieces = []
    for _ in range(source.choice([0, 1, 2, 3, 5, 8, 13, 21, 60])):
        pieces.append(_piece(source, kind))
        if source.random() < (0.3 if kind < 0.15 else 0.75):
            pieces.append(source.choice(SPACES) if source.random() < 0.25 else " ")
    return "".join(pieces)


def _piece(source, kind):
    draw = source.random()
    if kind < 0.08:
        return _scalar(source)
    if draw < 0.68:
        word = source.choice(WORDS)
        if source.random() < 0.1:
            word = source.choice([word.upper(), word.title(), word[::-1], word * source.randint(2, 9)])
        return word
    if draw < 0.74:
        return source.choice(EMOJI)
    if draw < 0.80:
        return source.choice("aeounкかاह ") + source.choice(MARKS) * source.choice([1, 1, 2, 5])
    if draw < 0.84:
        return source.choice(ODD)
    if draw < 0.88:
        return source.choice(SPACES) * source.randint(1, 6)
    if draw < 0.91:
        return source.choice(JAMO)
    if draw < 0.94:
        return source.choice("!?.,;:-_()[]{}'\"/\\@#$%^&*+=<>|~`") * source.randint(1, 5)
    if draw < 0.97:
        return str(source.randint(0, 10 ** source.randint(1, 20)))
    return _scalar(source)


def _scalar(source):
    while True:
        limit = source.choice([0x80, 0x250, 0x3000, 0xFFFF, 0x1FFFF, 0x10FFFF])
        scalar = source.randint(1, limit)
        if not 0xD800 <= scalar < 0xE000:
            return chr(scalar)
