"""What the guard's classifiers see of a text, and their file: the counterpart of Sources/StoaGuard/Classifiers.

A text becomes tokens: runs of ASCII letters, digits (all as 0), apostrophes and bytes above 127, in lower case. `@` with
what follows it is the token `@`, and a URL is the token `@u`. Tokens are taken in windows of `window` with steps of
`stride`; a window's features are its single words, pairs of words, and runs of 3, 4 and 5 bytes of the words with single
spaces between and around them. A feature is a hash of `bits` bits, its value 1 + ln(count), and the vector has length 1.
The score of a text is the highest of its windows'.
"""

import struct

import numpy as np

MAGIC = b"STGC"
PRIME = 16777619
BASIS = 2166136261
WORD, PAIR, RUN = 1, 2, 3


def tokens(text):
    raw = text.encode()
    result, index, size = [], 0, len(raw)
    current = bytearray()
    while index < size:
        byte = raw[index]
        if 65 <= byte <= 90:
            byte += 32
        if 97 <= byte <= 122 or byte == 39 or byte >= 128:
            current.append(byte)
        elif 48 <= byte <= 57:
            current.append(48)
        else:
            if current:
                if byte == 58 and bytes(current) in (b"http", b"https") and raw[index : index + 3] == b"://":
                    current = bytearray(b"@u")
                    while index < size and raw[index] > 32:
                        index += 1
                result.append(bytes(current))
                current = bytearray()
            if index < size and raw[index] == 64:
                result.append(b"@")
                index += 1
                while index < size and (raw[index] >= 128 or chr(raw[index]).isalnum() or raw[index] == 95):
                    index += 1
                continue
        index += 1
    if current:
        result.append(bytes(current))
    return result


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

    def __init__(self, name, bits, window, stride, weights, scale, bias, slope, shift, threshold):
        self.name, self.bits, self.window, self.stride = name, bits, window, stride
        self.weights, self.scale, self.bias = weights, scale, bias
        self.slope, self.shift, self.threshold = slope, shift, threshold

    def margin(self, text):
        best = None
        for part in windows(tokens(text), self.window, self.stride):
            indices, values = features(part, self.bits)
            value = float((self.weights[indices].astype(float) * values).sum()) * self.scale + self.bias
            best = value if best is None else max(best, value)
        return best

    def score(self, text):
        return 1 / (1 + np.exp(-(self.slope * self.margin(text) + self.shift)))

    def write(self, path):
        """`STGC`, version 1, bits, window, stride (u32 each), scale, bias, slope, shift, threshold (f64), length of the
        name (u32), the name, 2^bits weights (i8); all little-endian."""
        name = self.name.encode()
        with open(path, "wb") as stream:
            stream.write(MAGIC + struct.pack("<4I", 1, self.bits, self.window, self.stride))
            stream.write(struct.pack("<5d", self.scale, self.bias, self.slope, self.shift, self.threshold))
            stream.write(struct.pack("<I", len(name)) + name + self.weights.astype(np.int8).tobytes())

    @classmethod
    def read(cls, path):
        data = open(path, "rb").read()
        version, bits, window, stride = struct.unpack_from("<4I", data, 4)
        assert data[:4] == MAGIC and version == 1
        scale, bias, slope, shift, threshold = struct.unpack_from("<5d", data, 20)
        (length,) = struct.unpack_from("<I", data, 60)
        name = data[64 : 64 + length].decode()
        weights = np.frombuffer(data, np.int8, 1 << bits, 64 + length)
        return cls(name, bits, window, stride, weights, scale, bias, slope, shift, threshold)
