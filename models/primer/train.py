"""Owns training: token windows, Muon and AdamW, the rate schedule, checkpoints and the loss log.

The schedule counts tokens, never time: `rate_points` in config.json gives the share of
the full learning rate after so many tokens, with straight lines between the points, and
the run ends at the last of them. From `long_from` on the windows are longer.

`--stage two` trains the model of stage one further on another mix of text: it begins with
the weights that build/stage-one.gguf keeps (Q8_0), and with what `stage_two` in config.json
says in place of `training`.
"""

import argparse
import csv
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from export_gguf import dequantised
from model import Primer

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"
BOS = 0


class Windows:
    """Cuts a token stream into windows that each start at the start of a document."""

    def __init__(self, path):
        self.ids = np.load(path)
        self.starts = np.flatnonzero(self.ids == BOS)
        self.position = 0

    def batch(self, rows, length):
        """Return the next inputs and targets, [rows, length] each."""
        cut = np.stack([self._next(length + 1) for _ in range(rows)]).astype(np.int64)
        cut = torch.from_numpy(cut)
        return cut[:, :-1], cut[:, 1:]

    def _next(self, length):
        if self.position + length > len(self.ids):
            self.position = 0
        window = self.ids[self.position:self.position + length]
        following = np.searchsorted(self.starts, self.position + length)
        self.position = int(self.starts[following]) if following < len(self.starts) else 0
        return window


def orthogonal(g, bfloat16=True):
    """Return a batch of matrices with singular values near one (Newton-Schulz, five steps)."""
    x = g.bfloat16() if bfloat16 else g
    turned = x.shape[-2] > x.shape[-1]
    x = x.mT if turned else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for a, b, c in [(3.4445, -4.7750, 2.0315)] * 5:
        s = x @ x.mT
        x = a * x + (b * s + c * (s @ s)) @ x
    return (x.mT if turned else x).float()


class Muon(torch.optim.Optimizer):
    """Momentum with orthogonal updates for the matrices inside the layers."""

    def __init__(self, parameters, lr, momentum, decay, bfloat16):
        super().__init__(parameters, dict(lr=lr, momentum=momentum, decay=decay))
        self.bfloat16 = bfloat16

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes = {}
            for p in group["params"]:
                shapes.setdefault(p.shape, []).append(p)
            for same in shapes.values():
                self._update(same, group)

    def _update(self, matrices, group):
        lr, m = group["lr"], group["momentum"]
        ahead = []
        for p in matrices:
            v = self.state[p].setdefault("velocity", torch.zeros_like(p))
            v.lerp_(p.grad, 1 - m)
            ahead.append(p.grad.lerp(v, m))
        scale = max(1, matrices[0].shape[0] / matrices[0].shape[1]) ** 0.5
        for p, u in zip(matrices, orthogonal(torch.stack(ahead), self.bfloat16)):
            p.mul_(1 - lr * group["decay"]).add_(u, alpha=-lr * scale)


def optimisers(model, c):
    """Return Muon for the layer matrices and AdamW for the rest."""
    inner = [p for n, p in model.named_parameters() if p.ndim == 2 and "embedding" not in n]
    outer = [p for n, p in model.named_parameters() if p.ndim != 2 or "embedding" in n]
    return (Muon(inner, c["muon_rate"], c["muon_momentum"], c["muon_decay"], c["bfloat16"]),
            torch.optim.AdamW(outer, lr=c["adam_rate"], betas=(0.9, 0.95), weight_decay=0.0, fused=True))


def rate(tokens, c):
    """Return the share of the full learning rate after `tokens`."""
    return float(np.interp(tokens, *zip(*c["rate_points"])))


def loss_of(model, inputs, targets, bfloat16=True):
    """Return the mean loss per token, with the layers in bfloat16 unless that is false."""
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        logits = model(inputs)
    return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


@torch.no_grad()
def validation_loss(model, windows=None, bfloat16=True):
    """Return the mean loss on held-out documents of stage one (on the first `windows` windows)."""
    data = Windows(BUILD / "validation.npy")
    losses = []
    while len(losses) < (windows or 10 ** 6):
        before = data.position
        losses.append(float(loss_of(model, *data.batch(1, 1024), bfloat16)))
        if data.position <= before:
            break
    return sum(losses) / len(losses)


def stage_settings(config, stage):
    """Return the settings of a stage; the second has those of the first that it does not change."""
    return config["training"] if stage == "one" else {**config["training"], **config["stage_two"]["training"], "long_from": 0}


class Run:
    """One training run with its state; resumes from its checkpoint when it is there."""

    def __init__(self, config, stage="one"):
        self.c = stage_settings(config, stage)
        self.suffix = "" if stage == "one" else "-two"
        torch.manual_seed(self.c["seed"])
        torch.set_num_threads(self.c["threads"])
        self.model = Primer(config["model"], config["tokenizer"]["vocab_size"])
        if stage == "two":
            dequantised(self.model, BUILD / "stage-one.gguf")
        # compiled once per window length; a fifth faster than without, but it takes a C++ compiler
        self.compiled = torch.compile(self.model, dynamic=False) if self.c["compiled"] else self.model
        self.optimisers = optimisers(self.model, self.c)
        self.data = Windows(BUILD / f"train{self.suffix}.npy")
        self.step, self.tokens, self.log = 0, 0, []
        if self.checkpoint.exists():
            self._load()

    @property
    def checkpoint(self):
        return BUILD / f"checkpoint{self.suffix}.pt"

    def advance(self):
        """Take one step and return its loss and learning rate."""
        share = rate(self.tokens, self.c)
        late = self.tokens >= self.c["long_from"]
        length = self.c["final_window"] if late else self.c["window"]
        for optimiser, full in zip(self.optimisers, (self.c["muon_rate"], self.c["adam_rate"])):
            optimiser.param_groups[0]["lr"] = full * share
        loss = loss_of(self.compiled, *self.data.batch(self.c["batch_tokens"] // length, length), self.c["bfloat16"])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad()
        self.step += 1
        self.tokens += self.c["batch_tokens"]
        return loss.item(), share * self.c["muon_rate"]

    def save(self):
        """Write the checkpoint and the loss log, each in one move."""
        state = dict(model=self.model.state_dict(), optimisers=[o.state_dict() for o in self.optimisers],
                     step=self.step, tokens=self.tokens, position=self.data.position, log=self.log)
        torch.save(state, BUILD / "checkpoint.tmp")
        os.replace(BUILD / "checkpoint.tmp", self.checkpoint)
        with open(BUILD / "loss.tmp", "w", newline="") as f:
            csv.writer(f).writerows([("step", "tokens", "train_loss", "validation_loss", "rate"), *self.log])
        os.replace(BUILD / "loss.tmp", HERE / f"loss{self.suffix}.csv")

    def _load(self):
        state = torch.load(self.checkpoint, weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"]):
            optimiser.load_state_dict(saved)
        self.step, self.tokens, self.log = state["step"], state["tokens"], [tuple(r) for r in state["log"]]
        self.data.position = state["position"]


def train(run, every):
    """Train until the token budget is used up; report and save every `every` steps."""
    began, total, losses, first = time.time(), run.c["rate_points"][-1][0], [], run.tokens
    while run.tokens < total:
        loss, lr = run.advance()
        losses.append(loss)
        if run.step % 10 == 0:
            speed = (run.tokens - first) / (time.time() - began)
            print(f"step {run.step} tokens {run.tokens} of {total} loss {loss:.4f} rate {lr:.4f} "
                  f"{speed:.0f} tokens/s", flush=True)
        if run.step % every == 0 or run.tokens >= total:
            checked = validation_loss(run.model, 24, run.c["bfloat16"])
            run.log.append((run.step, run.tokens, round(sum(losses) / len(losses), 4), round(checked, 4), round(lr, 5)))
            losses = []
            run.save()
            print(f"validation {checked:.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=("one", "two"), default="one")
    parser.add_argument("--every", type=int, default=100, help="steps between checkpoints")
    parser.add_argument("--threads", type=int, help="instead of the number in config.json")
    args = parser.parse_args()
    config = json.loads((HERE / "config.json").read_text())
    if args.threads:
        config["training"]["threads"] = config["stage_two"]["training"]["threads"] = args.threads
    run = Run(config, args.stage)
    print(f"{run.model.parameter_count()} parameters", flush=True)
    train(run, args.every)
    print(f"final validation loss {validation_loss(run.model, bfloat16=run.c['bfloat16']):.4f}")


if __name__ == "__main__":
    main()
