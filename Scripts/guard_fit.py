"""Fits a classifier of guard_features: logistic regression on windows, then weights of 8 bits."""

import numpy as np
from guard_features import Model, features, tokens, windows
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression


def matrix(parts, bits, cache={}):
    indices, values, ends = [], [], [0]
    for part in parts:
        key = (bits, tuple(part))
        if key not in cache:
            index, value = features(part, bits)
            cache[key] = index.astype(np.int32), value
        index, value = cache[key]
        indices.append(index)
        values.append(value)
        ends.append(ends[-1] + len(index))
    return csr_matrix((np.concatenate(values), np.concatenate(indices), ends), shape=(len(parts), 1 << bits))


def place(words, part):
    """Where the words of a part begin and end among all."""
    for start in range(len(words) - len(part) + 1):
        if words[start : start + len(part)] == part:
            return start, start + len(part)
    return None


class Windows:
    """The windows of texts: their labels, weights and texts."""

    def __init__(self, items, window, stride, masked, shares):
        self.parts, self.labels, self.weights, self.texts = [], [], [], []
        for number, item in enumerate(items):
            words = tokens(item.text, masked)
            pieces = windows(words, window, stride)
            inside = place(words, tokens(item.attack, masked)) if item.attack else None
            for step, piece in enumerate(pieces):
                label, weight = item.label, shares.get(item.source, 1)
                if inside:
                    # A window is an attack when it holds half of the attack, or of itself; one with a smaller part is neither.
                    begin = step * stride
                    common = min(inside[1], begin + len(piece)) - max(inside[0], begin)
                    label = int(common * 2 >= min(len(piece), inside[1] - inside[0]))
                    if not label and common > 0:
                        continue
                elif label:
                    weight = weight / len(pieces)
                self.parts.append(piece)
                self.labels.append(label)
                self.weights.append(weight)
                self.texts.append(number)
        self.labels, self.weights, self.texts = map(np.array, (self.labels, self.weights, self.texts))


def train(name, items, bits, window, stride, cost, masked=(), shares=(), rounds=1):
    """Fits weights on the windows of texts. In a second round, of a long positive text only the half of its windows counts
    that looked most like an attack in the first. `shares` gives the weight of a source's texts where it is not 1."""
    masked = frozenset(masked)
    data = Windows(items, window, stride, masked, dict(shares))
    x = matrix(data.parts, bits)
    labels, weights = data.labels, data.weights.astype(float)
    for number in range(rounds):
        balanced = weights.copy()
        balanced[labels == 1] *= balanced[labels == 0].sum() / balanced[labels == 1].sum()
        fit = LogisticRegression(C=cost, solver="liblinear", tol=1e-3, max_iter=100).fit(x, labels, sample_weight=balanced)
        if number + 1 < rounds:
            margins = fit.decision_function(x)
            for text in np.unique(data.texts[labels == 1]):
                own = np.flatnonzero((data.texts == text) & (labels == 1))
                if len(own) > 1:
                    weights[own[np.argsort(margins[own])[: len(own) // 2]]] = 0
    coefficients = fit.coef_[0]
    # The few largest weights are cut, so that the steps of the others are finer.
    scale = np.quantile(np.abs(coefficients[coefficients != 0]), 0.9995) / 127
    weights = np.clip(np.round(coefficients / scale), -127, 127).astype(np.int8)
    return Model(name, bits, window, stride, masked, weights, float(scale), float(fit.intercept_[0]))
