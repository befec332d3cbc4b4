"""Reference outputs of Hugging Face transformers for small random checkpoints: what `expected.json` holds.

The outputs are those of transformers in float32 with eager attention: cases of input_ids with the logits of the last
position, the negative log-likelihood of every token after the first, the next eight greedy tokens, and by how much the
closest of those eight choices was ahead of the runner-up.
"""

import json

import numpy as np
import torch
import transformers
from transformers.models.gpt_oss.modeling_gpt_oss import GptOssExperts

LENGTHS = (1, 7, 40, 100)
EXACT = "random weights; logits agree within the tolerance"
ROUNDED = (
    "random weights; the reference is float32 on the dequantised weights; an engine that quantises activations to "
    "8 bits differs from it, and the tolerance is three times what that costs when simulated with transformers"
)


def whole(model, ids):
    """Logits of all tokens, computed at once and without a cache."""
    return model(torch.tensor([ids]), use_cache=False).logits[0]


def stepwise(model, ids):
    """The same token by token with a cache, for models whose rotations depend on how far the text has come."""
    cache, rows = None, []
    for token in ids:
        found = model(torch.tensor([[token]]), past_key_values=cache, use_cache=True)
        cache = found.past_key_values
        rows.append(found.logits[0, -1])
    return torch.stack(rows)


@torch.no_grad()
def case(model, ids, compute=whole):
    """The reference outputs for one prompt."""
    logits = compute(model, ids)
    nll = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:], dtype=torch.long), reduction="none")
    greedy, margins, sequence, last = [], [], list(ids), logits[-1]
    for _ in range(8):
        best = torch.topk(last, 2)
        greedy.append(int(best.indices[0]))
        margins.append(float(best.values[0] - best.values[1]))
        sequence.append(greedy[-1])
        last = compute(model, sequence)[-1]
    return {
        "input_ids": ids,
        "last_logits": [round(float(x), 5) for x in logits[-1]],
        "token_nll": [round(float(x), 6) for x in nll],
        "greedy_next8": greedy,
        "greedy_margin": round(min(margins), 5),
    }


class ActivationsIn8Bits:
    """While active, every matrix sees its input rounded to 8 bits in blocks with one scale each.

    In gpt-oss only the matrices of the experts are quantised, and so only their inputs are rounded.
    """

    def __init__(self, model, block):
        kind = GptOssExperts if model.config.model_type == "gpt_oss" else torch.nn.Linear
        self.modules = [module for module in model.modules() if isinstance(module, kind)]
        self.block, self.hooks, self.gates = block, [], []

    def round(self, values):
        return self.quantise(None, (values,))

    def quantise(self, _, inputs):
        blocks = inputs[0].unflatten(-1, (-1, self.block))
        scale = blocks.abs().amax(-1, keepdim=True).clamp_min(1e-30) / 127
        return (((blocks / scale).round() * scale).flatten(-2), *inputs[1:])

    def __enter__(self):
        self.hooks = [module.register_forward_pre_hook(self.quantise) for module in self.modules]
        for module in self.modules:
            if isinstance(module, GptOssExperts):
                # What lies between the two matrices of an expert is no module of its own.
                gate = module._apply_gate
                module._apply_gate = lambda values, gate=gate: self.round(gate(values))[0]
                self.gates.append(module)

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()
        for module in self.gates:
            del module._apply_gate
        self.gates = []


def clear_case(model, length, margin, block=None, compute=whole):
    """A case whose greedy choices are no near ties, so that they are a fair test, and its deviation in 8 bits.

    With a `block`, the choices must also survive 8-bit activations.
    """
    vocabulary = model.get_input_embeddings().num_embeddings
    for seed in range(2000):
        rng = np.random.default_rng([length, seed])
        ids = [1] + [int(x) for x in rng.integers(3, vocabulary, length - 1)]
        if length == 1:
            ids = [int(rng.integers(3, vocabulary))]
        result = case(model, ids, compute)
        if result["greedy_margin"] < margin:
            continue
        if block is None:
            return result, 0.0
        with ActivationsIn8Bits(model, block):
            rounded = case(model, ids)
        if rounded["greedy_next8"] == result["greedy_next8"]:
            return result, float(np.abs(np.subtract(rounded["last_logits"], result["last_logits"])).max())
    raise SystemExit(f"no prompt of {length} tokens has a margin of {margin}")


def write_expected(
    folder, model, note, tolerance=None, margin=0.01, block=None, lengths=LENGTHS, compute=whole, **more
):
    """The tolerance, if none is given, is measured by rounding activations in blocks."""
    found = [clear_case(model, length, margin, block, compute) for length in lengths]
    expected = {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "dtype": "float32",
        "attn": model.config._attn_implementation,
        "note": note,
        "tolerance": tolerance or round(3 * max(deviation for _, deviation in found), 3),
        **more,
        "cases": [result for result, _ in found],
    }
    text = json.dumps(expected).replace('{"input_ids"', '\n{"input_ids"')
    (folder / "expected.json").write_text(text + "\n")
