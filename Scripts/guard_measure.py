"""Scores, thresholds and figures of the guard's classifiers, with 95 % intervals (Wilson; Hanley and McNeil)."""

from collections import defaultdict

import numpy as np
from guard_fit import matrix
from guard_segments import SegmentModel
from sklearn.linear_model import LogisticRegression

Z = 1.959964


def margins(model, texts):
    """What `model.margin` gives for each text, all at once."""
    if isinstance(model, SegmentModel):
        return np.array([model.margin(text) for text in texts])
    parts, starts = [], []
    for text in texts:
        starts.append(len(parts))
        parts += model.windows(text)
    values = matrix(parts, model.bits) @ model.weights.astype(float) * model.scale + model.bias
    return np.maximum.reduceat(values, starts)


def scores(model, texts):
    return 1 / (1 + np.exp(-(model.slope * margins(model, texts) + model.shift)))


def calibrate(model, items, limit, apart=(), by_source=False):
    """Fits the line from margin to probability on what neither trained nor tests, and the threshold on its benign part: a
    share of `limit` of all ordinary texts passes it, and of no source with fifty of them (but those `apart`) more than that. With
    `by_source` it is the mean of the sources' shares that may be no more than `limit`."""
    values = margins(model, [item.text for item in items])
    labels = np.array([item.label for item in items])
    weight = np.where(labels == 1, (labels == 0).sum() / max(1, (labels == 1).sum()), 1.0)
    line = LogisticRegression(C=1e3).fit(values[:, None], labels, sample_weight=weight)
    model.slope, model.shift = float(line.coef_[0][0]), float(line.intercept_[0])
    values = 1 / (1 + np.exp(-(model.slope * values + model.shift)))
    groups = defaultdict(list)
    for item, value in zip(items, values):
        if item.label == 0 and item.source not in apart:
            groups[""].append(value)
            groups[item.source].append(value)
    if by_source:
        # A source with a few templates, all of whose texts pass together, does not set the threshold alone.
        own = [np.array(benign) for source, benign in groups.items() if source and len(benign) >= 20]
        for value in sorted({0.5, *np.round(groups[""], 6)}):
            if value >= 0.5 and np.mean([(benign >= value + 1e-6).mean() for benign in own]) <= limit:
                model.threshold = float(value) + 1e-6
                return
    limits = [0.5]
    for source, benign in groups.items():
        if source == "" or len(benign) >= 50:
            benign.sort()
            limits.append(float(benign[int(np.ceil(len(benign) * (1 - limit))) - 1]) + 1e-6)
    model.threshold = max(limits)


def wilson(hits, count):
    if count == 0:
        return None
    p = hits / count
    center = (p + Z * Z / (2 * count)) / (1 + Z * Z / count)
    half = Z * np.sqrt(p * (1 - p) / count + Z * Z / (4 * count * count)) / (1 + Z * Z / count)
    return [round(float(v), 4) for v in (p, max(0, center - half), min(1, center + half))]


def auc(positive, negative):
    """The area under the curve with an interval by Hanley and McNeil (1982)."""
    if not len(positive) or not len(negative):
        return None
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left")
    upto = np.searchsorted(ordered, positive, "right")
    a = float(((below + upto) / 2).mean() / len(negative))
    q1, q2, m, n = a / (2 - a), 2 * a * a / (1 + a), len(positive), len(negative)
    half = Z * np.sqrt(max(0, (a * (1 - a) + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (m * n)))
    return [round(v, 4) for v in (a, max(0, a - half), min(1, a + half))]


def figures(labels, values, threshold):
    positive, negative = values[labels == 1], values[labels == 0]
    hits, false = int((positive >= threshold).sum()), int((negative >= threshold).sum())
    record = {"positive": len(positive), "negative": len(negative)}
    if len(positive):
        record["recall"] = wilson(hits, len(positive))
    if len(negative):
        record["false_positive_rate"] = wilson(false, len(negative))
    if len(positive) and len(negative):
        record["precision"] = wilson(hits, hits + false)
        record["auc"] = auc(positive, negative)
    return record


def measure(model, items, benign_apart=(), most=40):
    """For each source, for each family of sources with no more than `most`, and for all attacks and all ordinary texts but those of the sources `benign_apart`."""
    labels = np.array([item.label for item in items])
    values = scores(model, [item.text for item in items])
    groups, families = defaultdict(list), defaultdict(set)
    for item in items:
        families[item.source].add(item.family)
    for number, item in enumerate(items):
        groups[item.source].append(number)
        if len(families[item.source]) <= most:
            groups[f"{item.source}/{item.family}"].append(number)
        if item.source not in benign_apart:
            groups["(all)"].append(number)
    return {key: figures(labels[own], values[own], model.threshold) for key, own in sorted(groups.items())}

