"""What the guard's classifiers see of a text, and their file: the counterpart of Sources/StoaGuard/Classifiers.

A text becomes tokens: runs of ASCII letters, digits and bytes above 127, in lower case. An apostrophe counts between
letters, and so do `$` (as `s`) and `*`. In a token with a letter digits stand for the letters that they look like, in
others all are 0. Of general punctuation (U+2000 to U+203F) the right single quotation mark is an apostrophe, zero-width
characters are nothing, and all else ends a token. `@` with what follows it is the token `@`, a URL is the token `@u`.
Three and more single letters in a row are one token. A token that is in a classifier's list of masked words is the token
`#`, so that what is learnt of one group of people holds for every other.

Tokens are taken in windows of `window` with steps of `stride`; a window's features are its single words, pairs of words
with at most one between them, and runs of 3, 4 and 5 bytes of the words with single spaces between and around them. A feature is a hash of `bits` bits,
its value 1 + ln(count), and the vector has length 1. The score of a text is the highest of its windows'.
"""

import struct
from pathlib import Path

import numpy as np

MAGIC = b"STGC"
VERSION = 2
PRIME = 16777619
BASIS = 2166136261
WORD, PAIR, RUN, APART = 1, 2, 3, 9
MASK = b"#"
LOOKS = bytes.maketrans(b"0123456789", b"oi0eas0t00")
ZEROS = bytes.maketrans(b"0123456789", b"0000000000")


def is_letter(byte):
    return 97 <= byte | 32 <= 122 and byte < 128


class Tokens:
    """Collects tokens and joins single letters."""

    def __init__(self):
        self.done, self.current, self.letters = [], bytearray(), 0

    def end(self):
        if not self.current:
            return
        token = bytes(self.current)
        self.current = bytearray()
        if any(is_letter(b) for b in token):
            token = token.translate(LOOKS)
        else:
            token = token.translate(ZEROS)
        self.add(token)

    def add(self, token):
        self.letters = self.letters + 1 if len(token) == 1 and is_letter(token[0]) else 0
        self.done.append(token)
        if self.letters == 3:
            self.done[-3:] = [b"".join(self.done[-3:])]
        elif self.letters > 3:
            self.done[-2:] = [b"".join(self.done[-2:])]


def tokens(text, masked=frozenset()):
    raw = text.encode()
    result, index, size = Tokens(), 0, len(raw)
    while index < size:
        byte = raw[index]
        if byte == 0xE2 and index + 2 < size and raw[index + 1] == 0x80:
            mark = raw[index + 2]
            if mark == 0x99 and result.current and index + 3 < size and is_letter(raw[index + 3]):
                result.current.append(39)
            elif not 0x8B <= mark <= 0x8D:
                result.end()
            index += 3
            continue
        if is_letter(byte):
            result.current.append(byte | 32)
        elif byte >= 128 or 48 <= byte <= 57:
            result.current.append(byte)
        elif byte in (36, 39, 42) and result.current and index + 1 < size and is_letter(raw[index + 1]):
            result.current.append(115 if byte == 36 else byte)
        else:
            if byte == 58 and bytes(result.current) in (b"http", b"https") and raw[index : index + 3] == b"://":
                result.current = bytearray()
                result.add(b"@u")
                while index < size and raw[index] > 32:
                    index += 1
            result.end()
            if index < size and raw[index] == 64:
                result.add(b"@")
                index += 1
                while index < size and (raw[index] >= 128 or chr(raw[index]).isalnum() or raw[index] == 95):
                    index += 1
                continue
        index += 1
    result.end()
    return [MASK if token in masked else token for token in result.done] if masked else result.done


def finish(hashes, bits):
    """Mixes 32-bit hashes, as MurmurHash3 ends, and keeps the lower bits."""
    h = np.asarray(hashes, np.uint32)
    with np.errstate(over="ignore"):
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        h = h ^ (h >> np.uint32(16))
    return h & np.uint32((1 << bits) - 1)


def fnv(data, kind, _cache={}):
    key = (data, kind)
    if key not in _cache:
        h = ((BASIS ^ kind) * PRIME) & 0xFFFFFFFF
        for byte in data:
            h = ((h ^ byte) * PRIME) & 0xFFFFFFFF
        _cache[key] = h
    return _cache[key]


def features(words, bits):
    """Sorted indices and values of a window."""
    if not words:
        return np.zeros(0, np.int64), np.zeros(0)
    hashes = [fnv(w, WORD) for w in words]
    hashes += [fnv(a + b" " + b, PAIR) for a, b in zip(words, words[1:])]
    hashes += [fnv(a + b" " + b, APART) for a, b in zip(words, words[2:])]
    text = np.frombuffer(b" " + b" ".join(words) + b" ", np.uint8).astype(np.uint32)
    parts = [np.array(hashes, np.uint32)]
    with np.errstate(over="ignore"):
        for length in (3, 4, 5):
            if len(text) >= length:
                h = np.full(len(text) - length + 1, ((BASIS ^ (RUN + length)) * PRIME) & 0xFFFFFFFF, np.uint32)
                for offset in range(length):
                    h = (h ^ text[offset : offset + len(h)]) * np.uint32(PRIME)
                parts.append(h)
    indices, counts = np.unique(finish(np.concatenate(parts), bits), return_counts=True)
    values = 1 + np.log(counts)
    return indices.astype(np.int64), values / np.sqrt((values * values).sum())


def windows(words, window, stride):
    result = [words[:window]]
    start = stride
    while start + window - stride < len(words):
        result.append(words[start : start + window])
        start += stride
    return result


class Model:
    """Weights in int8 with one scale, a bias, and the line that makes a margin a probability."""

    def __init__(self, name, bits, window, stride, masked, weights, scale, bias, slope=1.0, shift=0.0, threshold=0.5):
        self.name, self.bits, self.window, self.stride, self.masked = name, bits, window, stride, frozenset(masked)
        self.weights, self.scale, self.bias = weights, scale, bias
        self.slope, self.shift, self.threshold = slope, shift, threshold

    def windows(self, text):
        return windows(tokens(text, self.masked), self.window, self.stride)

    def margin(self, text):
        best = None
        for part in self.windows(text):
            indices, values = features(part, self.bits)
            value = float((self.weights[indices].astype(float) * values).sum()) * self.scale + self.bias
            best = value if best is None else max(best, value)
        return best

    def score(self, text):
        return 1 / (1 + np.exp(-(self.slope * self.margin(text) + self.shift)))

    def write(self, path):
        """`STGC`, version, bits, window, stride (u32 each), scale, bias, slope, shift, threshold (f64), length of the name
        (u32), the name, length of the masked words (u32), these with spaces between, 2^bits weights (i8); little-endian."""
        name, masked = self.name.encode(), b" ".join(sorted(self.masked))
        with open(path, "wb") as stream:
            stream.write(MAGIC + struct.pack("<4I", VERSION, self.bits, self.window, self.stride))
            stream.write(struct.pack("<5d", self.scale, self.bias, self.slope, self.shift, self.threshold))
            for text in (name, masked):
                stream.write(struct.pack("<I", len(text)) + text)
            stream.write(self.weights.astype(np.int8).tobytes())

    @classmethod
    def read(cls, path):
        data = Path(path).read_bytes()
        version, bits, window, stride = struct.unpack_from("<4I", data, 4)
        assert data[:4] == MAGIC and version == VERSION
        scale, bias, slope, shift, threshold = struct.unpack_from("<5d", data, 20)
        offset, texts = 60, []
        for _ in range(2):
            (length,) = struct.unpack_from("<I", data, offset)
            texts.append(data[offset + 4 : offset + 4 + length])
            offset += 4 + length
        weights = np.frombuffer(data, np.int8, 1 << bits, offset)
        return cls(texts[0].decode(), bits, window, stride, texts[1].split(b" ") if texts[1] else (), weights, scale, bias, slope, shift, threshold)
