"""Owns the starting weights that let the network copy from the first step on.

To keep an unseen name through a story, a network must look up what followed the same
piece of the name earlier ("Z" -> "om" -> "ira"). Such a look-up needs two layers that
work together, and takes long to appear from random weights. So it is built in at the
start, from random but fitting matrices; training then changes it like all other weights.

Layer 0, head 0 looks one token back and head 1 two tokens back: their queries and keys
read only a constant part of the embedding, so that the rotary angles alone decide. What
head 0 finds is written into a free part of the residual stream. In layers 1 and 2, head 0
compares the present token with that part and copies the token it finds.
"""

import torch

MATCH, SIZE = 28, 64
CONSTANT = 0.1
BACK, STRENGTH, MATCH_SCALE = 12, 1.05, 1.9


@torch.no_grad()
def build_in(model):
    """Write the copying circuit into a freshly initialised model."""
    width = model.embedding.weight.shape[1]
    basis = torch.zeros(width, width - 1)
    basis[1:] = torch.linalg.qr(torch.randn(width - 1, width - 1))[0]
    present, past, token = basis[:, :MATCH], basis[:, MATCH:MATCH + SIZE], basis[:, MATCH + SIZE:MATCH + 2 * SIZE]
    table = model.embedding.weight
    table -= table @ past @ past.T
    table[:, 0] = CONSTANT
    _look_back(model, present, past, token)
    for layer in (1, 2):
        _look_up(model.blocks[layer].attention, present, past, token)


def _look_back(model, present, past, token):
    """Let heads 0 and 1 of layer 0 attend one and two tokens back."""
    a = model.blocks[0].attention
    rates = torch.atan2(model.sin[1], model.cos[1])[:BACK]
    a.k.weight[:SIZE] = 0
    a.k.weight[0:2 * BACK:2, 0] = STRENGTH
    for head, distance in ((0, 1), (1, 2)):
        q = a.q.weight[head * SIZE:(head + 1) * SIZE]
        q.zero_()
        q[0:2 * BACK:2, 0] = STRENGTH * torch.cos(distance * rates)
        q[1:2 * BACK:2, 0] = -STRENGTH * torch.sin(distance * rates)
    a.v.weight[:SIZE] = torch.cat((present, token[:, :SIZE - MATCH]), 1).T
    a.o.weight[:, :SIZE] = 0.04 * past


def _look_up(a, present, past, token):
    """Let head 0 attend to where the present token was the last one, and copy what stands there."""
    a.q.weight[:SIZE] = 0
    a.k.weight[:SIZE] = 0
    a.q.weight[SIZE - MATCH:SIZE] = MATCH_SCALE * present.T
    a.k.weight[SIZE - MATCH:SIZE] = MATCH_SCALE * past[:, :MATCH].T
    a.v.weight[:SIZE] = token.T
    a.o.weight[:, :SIZE] = 0.06 * token
