"""Owns the picture of the loss: draws loss.svg from loss.csv and loss-two.csv with nothing but text."""

import csv
import math
from pathlib import Path

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT, LEFT, BOTTOM = 720, 400, 60, 350
STYLE = 'font-family="sans-serif" font-size="12" fill="#444"'


def read():
    """Return (tokens in millions, training loss, validation loss) for each row, stage two after stage one."""
    rows = []
    for path in filter(Path.exists, (HERE / "loss.csv", HERE / "loss-two.csv")):
        before = rows[-1][0] if rows else 0
        with open(path) as f:
            rows += [(before + int(r["tokens"]) / 1e6, float(r["train_loss"]), float(r["validation_loss"])) for r in csv.DictReader(f)]
    return rows


def scales(rows):
    """Return functions from tokens and from loss (logarithmic) to the page."""
    most = rows[-1][0]
    low = min(min(r[1:]) for r in rows) * 0.95
    high = max(max(r[1:]) for r in rows) * 1.05
    across = lambda t: LEFT + t / most * (WIDTH - LEFT - 20)
    up = lambda v: BOTTOM - math.log(v / low) / math.log(high / low) * (BOTTOM - 30)
    return across, up, low, high, most


def line(rows, column, colour, across, up):
    points = " ".join(f"{across(r[0]):.1f},{up(r[column]):.1f}" for r in rows)
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'


def draw(rows):
    """Return the picture as SVG text."""
    across, up, low, high, most = scales(rows)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>']
    for value in (0.5, 0.6, 0.7, 0.8, 1, 1.2, 1.5, 2, 3, 4, 5):
        if low <= value <= high:
            parts.append(f'<path d="M{LEFT} {up(value):.1f}H{WIDTH - 20}" stroke="#ddd"/>'
                         f'<text x="{LEFT - 8}" y="{up(value) + 4:.1f}" text-anchor="end" {STYLE}>{value}</text>')
    for i in range(6):
        t = most * i / 5
        parts.append(f'<text x="{across(t):.1f}" y="{BOTTOM + 18}" text-anchor="middle" {STYLE}>{t:.1f}</text>')
    parts += [line(rows, 1, "#9ab8d8", across, up), line(rows, 2, "#c0392b", across, up),
              f'<text x="{WIDTH / 2}" y="{HEIGHT - 10}" text-anchor="middle" {STYLE}>million tokens</text>',
              f'<text x="{WIDTH - 24}" y="44" text-anchor="end" {STYLE}>loss per token: '
              '<tspan fill="#5a86b5">training</tspan>, <tspan fill="#c0392b">validation</tspan></text>', "</svg>"]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    (HERE / "loss.svg").write_text(draw(read()))
