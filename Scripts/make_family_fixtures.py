#!/usr/bin/env python3
"""Writes tiny checkpoints of every model family to Tests/Fixtures/models/families, each with reference outputs.

    python3 Scripts/make_family_fixtures.py            # all; then `git diff` shows what changed
    python3 Scripts/make_family_fixtures.py gemma3     # only these

The weights are random; names and configurations are as the families' publishers write them, some in the form of
transformers 5 (`rope_parameters`, `dtype`) and some in the one before (`rope_theta`, `rope_scaling`, `torch_dtype`).
The sizes are such that every kind of layer occurs and prompts are longer than windows, chunks and the lengths before
scaling. `reference_outputs.py` says what is in `expected.json`; for encoders it holds hidden states and pooled vectors.

Needs torch==2.13.0 transformers==5.23.0 sentence-transformers tokenizers safetensors numpy from PyPI.
"""

import json
import math
import shutil
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

from family_configurations import FAMILIES
from reference_outputs import EXACT, ROUNDED, stepwise, whole, write_expected

ROOT = Path(__file__).resolve().parent.parent / "Tests/Fixtures/models/families"
# Matrices that transformers keep as [input, output].
TRANSPOSED = ("c_attn.weight", "c_proj.weight", "c_fc.weight")


def randomise(model, seed):
    """Weights of unit gain, so that logits spread by about one and attention is not uniform."""
    torch.manual_seed(seed)
    # In Gemma norms multiply by one plus the weight.
    centre = 0.0 if model.config.model_type.startswith("gemma") else 1.0
    stacked = model.config.model_type in ("llama4_text", "gpt_oss")
    values = {**dict(model.named_parameters()), **{n: b for n, b in model.named_buffers() if n.endswith("_bias")}}
    with torch.no_grad():
        for name, weight in values.items():
            if name.endswith("sinks"):
                weight.copy_(torch.randn(weight.shape))
            elif name.endswith("bias"):
                weight.copy_(0.1 * torch.randn(weight.shape))
            elif weight.dim() == 1:
                weight.copy_(centre + 0.1 * torch.randn(weight.shape))
            else:
                gpt2 = model.config.model_type == "gpt2" and name.endswith(TRANSPOSED)
                inputs = weight.shape[-2] if gpt2 or (stacked and weight.dim() == 3) else weight.shape[-1]
                weight.copy_(torch.randn(weight.shape) / math.sqrt(inputs))


def write_family(family, seed):
    folder = ROOT / family.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kind = getattr(transformers, family.model)
    model = kind(getattr(transformers, family.configuration)(**family.sizes)).eval()
    randomise(model, seed)
    model.to(getattr(torch, family.dtype)).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if family.rewrite is not None:
        rewrite_tensors(folder, family.rewrite)
    rewrite_configuration(folder, family)
    stored = quantise(folder, family.quantise) if family.quantise else None
    model = load(kind, folder, family)
    if family.is_encoder:
        # Only here, because sentence-transformers takes long to load.
        from encoder_outputs import write_encodings, write_texts

        write_encodings(folder, model)
        write_texts(folder, model, *family.pooling)
    else:
        note = "; ".join(filter(None, [ROUNDED if family.block else EXACT, family.note]))
        compute = stepwise if family.is_stepwise else whole
        write_expected(
            folder, model, note, tolerance=None if family.block else 1e-3, block=family.block,
            lengths=family.lengths, compute=compute,
        )  # fmt: skip
    if stored is not None:
        store(folder, *stored)
    if family.outer is not None:
        wrap(folder, family.outer)
    if family.published is not None:
        write_json(folder / "config.json", family.published)


def load(kind, folder, family):
    """What counts is what transformers makes of the files, not of the object in memory."""
    options = family.loading() if family.loading else {}
    model, found = kind.from_pretrained(
        folder, dtype=torch.float32, attn_implementation=family.attention, output_loading_info=True, **options
    )
    if found["missing_keys"] or found["mismatched_keys"]:
        raise SystemExit(f"{family.name}: {found}")
    return model.eval()


def rewrite_tensors(folder, rewrite):
    (path,) = folder.glob("*.safetensors")
    torch.manual_seed(1)
    tensors = {name: tensor.contiguous() for name, tensor in rewrite(load_file(path)).items()}
    save_file(tensors, path, metadata={"format": "pt"})


def quantise(folder, quantise):
    """Leaves in the folder the weights that the quantised ones stand for; gives the quantised ones and their settings."""
    (path,) = folder.glob("*.safetensors")
    stored, meant, settings = quantise(load_file(path))
    save_file({name: tensor.contiguous() for name, tensor in meant.items()}, path, metadata={"format": "pt"})
    return stored, settings


def store(folder, tensors, settings):
    """Puts the quantised weights in their place."""
    (path,) = folder.glob("*.safetensors")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", {**config, "quantization_config": settings})


def rewrite_configuration(folder, family):
    path = folder / "config.json"
    config = json.loads(path.read_text())
    for key in family.without:
        config.pop(key, None)
    if family.old_form is not None:
        config.pop("rope_parameters", None)
        config["torch_dtype"] = config.pop("dtype")
        config["transformers_version"] = "4.44.0"
        config.update(family.old_form)
    write_json(path, config)


def wrap(folder, outer):
    """Makes a text model the text half of a model of text and images, as which some families are published."""
    path = folder / "config.json"
    write_json(path, {**outer, "text_config": json.loads(path.read_text())})
    other = {"llama4": "vision_model.class_embedding", "gemma3": "vision_tower.vision_model.embeddings.patch.bias"}
    rewrite_tensors(
        folder,
        lambda tensors: {
            **{"language_model." + name: tensor for name, tensor in tensors.items()},
            other[outer["model_type"]]: torch.ones(8, dtype=torch.bfloat16),
        },
    )


def write_json(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


def main():
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.use_deterministic_algorithms(True)
    names = [family.name for family in FAMILIES]
    if unknown := set(sys.argv[1:]) - set(names):
        raise SystemExit(f"no such family: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    for seed, family in enumerate(FAMILIES):
        if not sys.argv[1:] or family.name in sys.argv[1:]:
            write_family(family, 100 + seed)
            size = sum(path.stat().st_size for path in (ROOT / family.name).rglob("*") if path.is_file())
            print(f"{family.name}: {size:,} bytes", flush=True)


if __name__ == "__main__":
    main()
