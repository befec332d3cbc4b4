"""The classifier of injections: which sentence of a text is addressed to an assistant, seen against the rest of the text.

The counterpart of Sources/StoaGuard/Classifiers/SegmentClassifier.swift and TextSegments.swift. A text's tokens (guard_features)
are cut into segments: at the ends of sentences, at the ends of lines (but not where a long line goes on in lower case), at `|`,
before and behind tags, at quotes that begin or end a value, and after `most` tokens. A segment becomes hashed features: words,
pairs with at most one word between them, marks of punctuation, and runs of one to four parts of its skeleton, in which words
of a class (guard_lexicon) are that class, names are `N`, and of others the ending is left. Several linear heads give what kind
of sentence it is. A small network then sees the heads of the segment, of its neighbours and of the rest, and where it stands;
the margin of a text is the highest of its segments'.
"""

import struct
from pathlib import Path

import numpy as np
from guard_features import APART, LOOKS, MAGIC, PAIR, WORD, ZEROS, Model, finish, fnv, is_letter

VERSION = 3
MARK, SKELETON = 10, 16
MOST = 32
# How many bytes around a mark are looked at.
NEAR = 64
NONE, LINE, BLANK, SENTENCE, CUT = range(5)
OTHER = b"_"
ENDINGS = ((b"ed", b"_d"), (b"ing", b"_g"), (b"ly", b"_y"), (b"s", b"_s"))


def is_space(byte):
    return byte in (9, 10, 13, 32)


def is_lower(byte):
    return 97 <= byte <= 122


class Segment:
    """Tokens, the marks of punctuation among and behind them, and what they are cut off with."""

    def __init__(self, before):
        self.words, self.capitals, self.marks, self.before, self.end = [], [], set(), before, 0

    def key(self):
        """Equal for segments with the same features."""
        return tuple(self.words), tuple(self.capitals), frozenset(self.marks), self.end


class Cutter:
    """Takes tokens as guard_features does, and cuts."""

    def __init__(self, raw, most):
        self.raw, self.most = raw, most
        self.done, self.segment = [], Segment(BLANK)
        self.current, self.capital, self.letters, self.line = bytearray(), False, 0, 0

    def end(self):
        if self.current:
            token = bytes(self.current)
            self.current = bytearray()
            self.add(token.translate(LOOKS if any(is_letter(b) for b in token) else ZEROS))

    def add(self, token):
        words = self.segment.words
        if len(words) >= self.most:
            self.cut(CUT)
            words = self.segment.words
        self.letters = self.letters + 1 if len(token) == 1 and is_letter(token[0]) else 0
        words.append(token)
        self.segment.capitals.append(self.capital)
        self.capital = False
        joined = 3 if self.letters == 3 else 2 if self.letters > 3 else 1
        if joined > 1:
            words[-joined:] = [b"".join(words[-joined:])]
            del self.segment.capitals[1 - joined :]

    def cut(self, kind):
        """Ends the segment; what is cut more than once in a row is cut with the strongest."""
        if self.segment.words:
            self.done.append(self.segment)
            self.segment = Segment(kind)
        elif kind in (LINE, BLANK, SENTENCE):
            rank = {NONE: 0, CUT: 0, SENTENCE: 1, LINE: 2, BLANK: 3}
            if rank[kind] > rank[self.segment.before]:
                self.segment.before = kind
        self.letters = 0

    def mark(self, index):
        """A byte of punctuation or space, outside of tokens."""
        raw, byte = self.raw, self.raw[index]
        following = raw[index + 1] if index + 1 < len(raw) else 10
        if byte == 10:
            self.newline(index)
            return
        if byte < 33:
            return
        if byte == 60 and (is_letter(following) or following in (33, 47)):
            self.cut(SENTENCE)
        if self.segment.words or byte not in (46, 33, 63, 58):
            self.segment.marks.add(byte)
        if byte in (46, 33, 63):
            place = index + 1
            while place < min(len(raw), index + NEAR) and raw[place] in b"\"')]}*.!?":
                place += 1
            if place >= len(raw) or is_space(raw[place]) or raw[place] == 60 or raw[place : place + 2] == b"\\n":
                self.segment.end = byte
                self.cut(SENTENCE)
        elif byte == 58:
            self.segment.end = byte if self.segment.words else self.segment.end
        elif byte == 124:
            self.cut(SENTENCE)
        elif byte == 62 and index and not is_space(raw[index - 1]):
            self.cut(SENTENCE)
        elif byte in (34, 39):
            before, after = index - 1, index + 1
            while before >= max(0, index - NEAR) and raw[before] == 32:
                before -= 1
            while after < min(len(raw), index + NEAR) and raw[after] == 32:
                after += 1
            opens = before >= 0 and raw[before] in b":{[,("
            closes = after < len(raw) and raw[after] in b":,}])"
            if opens or closes:
                self.cut(SENTENCE)

    def newline(self, index):
        raw, place, lines = self.raw, index + 1, 1
        while place < min(len(raw), index + NEAR) and is_space(raw[place]):
            lines += raw[place] == 10
            place += 1
        goes_on = lines == 1 and index - self.line >= 50 and place < len(raw) and is_lower(raw[place])
        self.line = index + 1
        if not goes_on:
            self.cut(BLANK if lines > 1 else LINE)


def segments(text, most=MOST):
    """The segments of a text; none is empty."""
    raw = text.encode()
    result, index, size = Cutter(raw, most), 0, len(raw)
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
            if not result.current:
                result.capital = byte < 97
            result.current.append(byte | 32)
        elif byte >= 128 or 48 <= byte <= 57:
            result.current.append(byte)
        elif byte in (36, 39, 42) and result.current and index + 1 < size and is_letter(raw[index + 1]):
            result.current.append(115 if byte == 36 else byte)
        else:
            if byte == 58 and bytes(result.current) in (b"http", b"https") and raw[index : index + 3] == b"://":
                result.current = bytearray()
                result.add(b"@u")
                while index < size and raw[index] > 32 and raw[index] not in b"\"'<>|)":
                    index += 1
                continue
            result.end()
            if byte == 64:
                result.add(b"@")
                index += 1
                while index < size and (raw[index] >= 128 or chr(raw[index]).isalnum() or raw[index] == 95):
                    index += 1
                continue
            if byte == 92 and index + 1 < size and raw[index + 1] in b"nrt":
                # An escape in a string, as JSON has them.
                if raw[index + 1] == 110:
                    result.cut(LINE)
                index += 2
                continue
            result.mark(index)
        index += 1
    result.end()
    result.cut(LINE)
    return result.done


def bone(word, is_name, lexicon):
    """The class of a word, or what its form tells."""
    name = lexicon.get(word)
    if name:
        return name
    if word[0] == 48:
        return b"0"
    if is_name:
        return b"N"
    if len(word) >= 5:
        for ending, name in ENDINGS:
            if word.endswith(ending):
                return name
    return OTHER


def skeleton(segment, lexicon):
    """Classes of words; words without a class are one, however many. A capital behind the first word makes a name."""
    result = []
    for place, word in enumerate(segment.words):
        name = bone(word, place > 0 and segment.capitals[place], lexicon)
        if not result or name != result[-1] or name[0] not in b"_N0":
            result.append(name)
    return result


def hashes(segment, lexicon, bits):
    """The hashed features of a segment, in no order."""
    words = segment.words
    end = bytes([segment.end]) if segment.end else b""
    padded = [b"^", *words, b"$" + end]
    found = [fnv(w, WORD) for w in words]
    found += [fnv(a + b" " + b, PAIR) for a, b in zip(padded, padded[1:])]
    found += [fnv(a + b" " + b, APART) for a, b in zip(words, words[2:])]
    found += [fnv(bytes([mark]), MARK) for mark in sorted(segment.marks)]
    bones = [b"^", *skeleton(segment, lexicon), b"$" + end]
    for length in (1, 2, 3, 4):
        for start in range(len(bones) - length + 1):
            found.append(fnv(b" ".join(bones[start : start + length]), SKELETON + length))
    return finish(found, bits)


def content(segment, lexicon):
    """Hashes of the words that say what a segment is about."""
    return [fnv(w, WORD) for w in segment.words if len(w) >= 4 and w not in lexicon and w[0] != 48]


def surroundings(parts, values, lexicon):
    """What the network sees of each segment. `values`: the heads' margins, a row a segment."""
    count, heads = values.shape
    sizes = np.array([len(s.words) for s in parts], float)
    shares = 1 / (1 + np.exp(-values))
    weighted = shares * sizes[:, None]
    whole, total = weighted.sum(0), sizes.sum()
    result = np.zeros((count, 4 * heads + 13))
    contents = [content(s, lexicon) for s in parts]
    seen = {}
    for words in contents:
        for word in set(words):
            seen[word] = seen.get(word, 0) + 1
    start = 0.0
    for i, segment in enumerate(parts):
        rest = total - sizes[i]
        row = list(np.clip(values[i], -8, 8) / 4)
        row += list(shares[i - 1]) if i else [0.0] * heads
        row += list(shares[i + 1]) if i + 1 < count else [0.0] * heads
        row += list((whole - weighted[i]) / rest) if rest > 0 else [0.0] * heads
        words = set(contents[i])
        row.append(sum(seen[w] > 1 for w in words) / len(words) if words else 0.0)
        row.append(float(bool(words)))
        row += [np.log(sizes[i]) / 4, np.log(1 + rest) / 8, float(i == 0), float(i + 1 == count), start / total]
        row += [float(segment.end == mark) for mark in b"?!:"]
        row += [float(segment.before == LINE), float(segment.before == BLANK), float(count == 1)]
        result[i] = row
        start += sizes[i]
    return result


class SegmentModel:
    """Heads in int8 with a scale and a bias each, a network with one hidden layer, and the calibration."""

    def __init__(self, name, bits, lexicon, weights, scales, biases, hidden, inner, outer, last, slope=1.0, shift=0.0, threshold=0.5, most=MOST):
        self.name, self.bits, self.lexicon, self.most = name, bits, lexicon, most
        self.weights, self.scales, self.biases = weights, scales, biases  # weights: [2^bits, heads]
        self.hidden, self.inner, self.outer, self.last = hidden, inner, outer, last
        self.slope, self.shift, self.threshold = slope, shift, threshold
        self.known = {}

    def heads(self, segment):
        key = segment.key()
        if key not in self.known:
            h = hashes(segment, self.lexicon, self.bits)
            self.known[key] = self.weights[h].astype(np.int64).sum(0) / np.sqrt(len(h)) * self.scales + self.biases
        return self.known[key]

    def network(self, rows):
        return np.tanh(rows @ self.hidden + self.inner) @ self.outer + self.last

    def margin(self, text):
        parts = segments(text, self.most)
        if not parts:
            return float(self.last) - float(np.abs(self.outer).sum())
        return float(self.network(surroundings(parts, np.array([self.heads(s) for s in parts]), self.lexicon)).max())

    def score(self, text):
        return 1 / (1 + np.exp(-(self.slope * self.margin(text) + self.shift)))

    def write(self, path):
        """`STGC`, version 3, bits, most tokens of a segment, heads, hidden units (u32 each), slope, shift, threshold (f64),
        length of the name (u32), the name, length of the lexicon (u32), lines of a class and its words with spaces between,
        a scale and a bias for each head (f64), the hidden layer's weights by input, its biases, the last layer's weights and
        bias (f32), 2^bits times heads weights (i8); little-endian."""
        classes = {}
        for word, name in self.lexicon.items():
            classes.setdefault(name, []).append(word)
        lines = b"\n".join(b" ".join([name, *sorted(words)]) for name, words in sorted(classes.items()))
        with open(path, "wb") as stream:
            stream.write(MAGIC + struct.pack("<5I", VERSION, self.bits, self.most, len(self.scales), len(self.inner)))
            stream.write(struct.pack("<3d", self.slope, self.shift, self.threshold))
            for text in (self.name.encode(), lines):
                stream.write(struct.pack("<I", len(text)) + text)
            stream.write(np.stack([self.scales, self.biases], 1).astype("<f8").tobytes())
            for values in (self.hidden, self.inner, self.outer, np.array([self.last])):
                stream.write(np.asarray(values).astype("<f4").tobytes())
            stream.write(self.weights.astype(np.int8).tobytes())

    @classmethod
    def read(cls, path):
        data = Path(path).read_bytes()
        version, bits, most, heads, units = struct.unpack_from("<5I", data, 4)
        assert data[:4] == MAGIC and version == VERSION
        slope, shift, threshold = struct.unpack_from("<3d", data, 24)
        offset, texts = 48, []
        for _ in range(2):
            (length,) = struct.unpack_from("<I", data, offset)
            texts.append(data[offset + 4 : offset + 4 + length])
            offset += 4 + length
        lexicon = {word: line.split(b" ")[0] for line in texts[1].split(b"\n") if line for word in line.split(b" ")[1:]}

        def take(count, kind):
            nonlocal offset
            values = np.frombuffer(data, kind, count, offset)
            offset += values.nbytes
            return values.astype(float) if kind != np.int8 else values

        pairs = take(2 * heads, "<f8").reshape(heads, 2)
        inputs = 4 * heads + 13
        hidden = take(inputs * units, "<f4").reshape(inputs, units)
        inner, outer, last = take(units, "<f4"), take(units, "<f4"), float(take(1, "<f4")[0])
        weights = take(heads << bits, np.int8).reshape(1 << bits, heads)
        return cls(texts[0].decode(), bits, lexicon, weights, pairs[:, 0], pairs[:, 1], hidden, inner, outer, last, slope, shift, threshold, most)


def read(path):
    """The model of a file, of whichever form."""
    (version,) = struct.unpack_from("<I", Path(path).read_bytes(), 4)
    return SegmentModel.read(path) if version == VERSION else Model.read(path)
