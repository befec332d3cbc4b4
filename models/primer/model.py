"""Owns the network: a small Llama with interleaved rotary pairs, as llama.cpp and Stoa expect."""

import torch
import torch.nn.functional as F
from torch import nn

from circuit import build_in


class Norm(nn.Module):
    """RMS normalisation with a learned scale."""

    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        return F.rms_norm(x, x.shape[-1:], self.weight.to(x.dtype), self.eps)


def rotary(c):
    """Return cosines and sines, [context, head_size / 2]."""
    rates = c["rope_base"] ** (-torch.arange(0, c["head_size"], 2).double() / c["head_size"])
    angles = torch.outer(torch.arange(c["context"]).double(), rates)
    return angles.cos().float(), angles.sin().float()


def rotate(x, cos, sin):
    """Turn each pair (2i, 2i + 1) of [batch, time, heads, head_size] by its angle."""
    even, odd = x.unflatten(-1, (-1, 2)).unbind(-1)
    cos, sin = cos[:, None].to(x.dtype), sin[:, None].to(x.dtype)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Attention(nn.Module):
    """Causal attention with grouped keys and values."""

    def __init__(self, c):
        super().__init__()
        self.heads, self.kv_heads, size = c["heads"], c["kv_heads"], c["head_size"]
        self.q = nn.Linear(c["width"], self.heads * size, bias=False)
        self.k = nn.Linear(c["width"], self.kv_heads * size, bias=False)
        self.v = nn.Linear(c["width"], self.kv_heads * size, bias=False)
        self.o = nn.Linear(self.heads * size, c["width"], bias=False)

    def forward(self, x, cos, sin):
        q = rotate(self.q(x).unflatten(-1, (self.heads, -1)), cos, sin)
        k = rotate(self.k(x).unflatten(-1, (self.kv_heads, -1)), cos, sin)
        v = self.v(x).unflatten(-1, (self.kv_heads, -1))
        group = self.heads // self.kv_heads
        k, v = k.repeat_interleave(group, 2), v.repeat_interleave(group, 2)
        # 32-bit attention is twice as fast as bfloat16 here on a CPU
        q, k, v = (t.transpose(1, 2).float() for t in (q, k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o(mixed.transpose(1, 2).flatten(-2))


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, c):
        super().__init__()
        self.gate = nn.Linear(c["width"], c["feed_forward"], bias=False)
        self.up = nn.Linear(c["width"], c["feed_forward"], bias=False)
        self.down = nn.Linear(c["feed_forward"], c["width"], bias=False)

    def forward(self, x):
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    """One layer."""

    def __init__(self, c):
        super().__init__()
        self.attention_norm = Norm(c["width"], c["norm_eps"])
        self.attention = Attention(c)
        self.feed_norm = Norm(c["width"], c["norm_eps"])
        self.feed = FeedForward(c)

    def forward(self, x, cos, sin):
        x = x + self.attention(self.attention_norm(x), cos, sin)
        return x + self.feed(self.feed_norm(x))


class Primer(nn.Module):
    """The whole model; the embedding is also the output matrix."""

    def __init__(self, c, vocabulary):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, c["width"])
        self.blocks = nn.ModuleList(Block(c) for _ in range(c["layers"]))
        self.norm = Norm(c["width"], c["norm_eps"])
        cos, sin = rotary(c)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialise()

    def _initialise(self):
        nn.init.normal_(self.embedding.weight, std=0.02)
        for name, p in self.named_parameters():
            if name.endswith(("o.weight", "down.weight")):
                nn.init.zeros_(p)
            elif p.ndim == 2 and "embedding" not in name:
                nn.init.normal_(p, std=0.5 * p.shape[1] ** -0.5)
        build_in(self)

    def forward(self, ids):
        """Return logits [batch, time, vocabulary] of token ids [batch, time]."""
        x = self.embedding(ids)
        cos, sin = self.cos[:ids.shape[1]], self.sin[:ids.shape[1]]
        for block in self.blocks:
            x = block(x, cos, sin)
        return F.linear(self.norm(x), self.embedding.weight)

    def parameter_count(self):
        return sum(p.numel() for p in self.parameters())


@torch.no_grad()
def greedy(model, ids, count, end):
    """Return up to `count` greedily chosen ids that follow `ids`."""
    ids, start = list(ids), len(ids)
    while len(ids) < start + count:
        ids.append(int(model(torch.tensor([ids]))[0, -1].argmax()))
        if ids[-1] == end:
            break
    return ids[start:]
