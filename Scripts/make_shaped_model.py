#!/usr/bin/env python3
"""Writes a GGUF file with the shape of a well-known model and random weights.

Speed and memory depend on shapes and element types, not on what a model has learnt, so such a file
stands in for a downloaded one in benchmarks. Every matrix has about unit gain: activations stay
finite. Rows repeat after some megabytes, which makes large files quick to write. The same arguments
give the same bytes.

    python3 Scripts/make_shaped_model.py tinyllama-1.1b OUT.gguf --type Q4_K_M

Needs `gguf` and `numpy` from PyPI.
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import LlamaFileType as FileType
from random_gguf import add_vocabulary, random_tensor

FILE_TYPES = {
    "Q4_K_M": FileType.MOSTLY_Q4_K_M,
    "Q6_K": FileType.MOSTLY_Q6_K,
    "Q8_0": FileType.MOSTLY_Q8_0,
    "Q4_0": FileType.MOSTLY_Q4_0,
    "Q4_1": FileType.MOSTLY_Q4_1,
    "Q5_0": FileType.MOSTLY_Q5_0,
    "Q5_1": FileType.MOSTLY_Q5_1,
    "Q2_K": FileType.MOSTLY_Q2_K,
    "Q3_K": FileType.MOSTLY_Q3_K_M,
    "Q4_K": FileType.MOSTLY_Q4_K_S,
    "Q5_K": FileType.MOSTLY_Q5_K_M,
    "IQ4_NL": FileType.MOSTLY_IQ4_NL,
    "IQ4_XS": FileType.MOSTLY_IQ4_XS,
    "F16": FileType.MOSTLY_F16,
    "BF16": FileType.MOSTLY_BF16,
    "F32": FileType.ALL_F32,
}
# Bytes of random rows that a matrix is made of before they repeat.
POOL_BYTES = 8 << 20


@dataclass(frozen=True)
class Shape:
    width: int
    ffn: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int
    context: int
    rope_base: float
    tied: bool = False
    experts: int = 0
    experts_used: int = 0
    latent: "Latent | None" = None


@dataclass(frozen=True)
class Latent:
    """What DeepSeek's second architecture adds: compressed keys and values, small experts, shared and dense parts."""

    rank: int
    rotated: int
    plain: int
    value: int
    expert_ffn: int
    shared_experts: int
    dense_layers: int


SHAPES = {
    "tinyllama-1.1b": Shape(2048, 5632, 22, 32, 4, 32000, 2048, 10000.0),
    "llama-3.2-1b": Shape(2048, 8192, 16, 32, 8, 128256, 131072, 500000.0, tied=True),
    "llama-3.1-8b": Shape(4096, 14336, 32, 32, 8, 128256, 131072, 500000.0),
    # Mixtral's architecture, small.
    "moe": Shape(1024, 3584, 8, 16, 4, 32000, 4096, 1000000.0, experts=8, experts_used=2),
    # Mixtral 8x7B with 6 of its 32 layers.
    "mixtral-6-layers": Shape(4096, 14336, 6, 32, 8, 32000, 32768, 1000000.0, experts=8, experts_used=2),
    "deepseek-v2-lite": Shape(
        2048, 10944, 27, 16, 16, 102400, 163840, 10000.0, experts=64, experts_used=6,
        latent=Latent(512, 64, 128, 128, expert_ffn=1408, shared_experts=2, dense_layers=1),
    ),
}
# What llama.cpp's quantiser takes where rows are no multiple of 256 (`tensor_type_fallback` in llama-quant.cpp).
FALLBACKS = {Type.Q4_K: Type.Q5_0, Type.Q5_K: Type.Q5_1, Type.Q6_K: Type.Q8_0}


def uses_more_bits(layer, layers):
    """The layers to which llama.cpp's Q4_K_M mix gives Q6_K (`use_more_bits` in llama-quant.cpp)."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def element_type(shape, name, layer, dimensions, mix):
    """The element type of one tensor: as llama.cpp's quantiser chooses it for Q4_K_M, otherwise the type itself,
    with Q6_K for the output matrix of quantised types other than Q8_0."""
    kind = mixed_type(shape, name, layer, mix)
    return kind if dimensions[-1] % gguf.GGML_QUANT_SIZES[kind][0] == 0 else FALLBACKS[kind]


def mixed_type(shape, name, layer, mix):
    if name.endswith(("_norm.weight", "ffn_gate_inp.weight")):
        return Type.F32
    output = name == ("token_embd.weight" if shape.tied else "output.weight")
    if output and mix not in ("Q8_0", "F16", "BF16", "F32"):
        return Type.Q6_K
    if mix != "Q4_K_M":
        return Type[mix]
    if shape.experts == 8 and "attn_" in name:
        return {"attn_q": Type.Q4_K, "attn_output": Type.Q5_K}.get(name.split(".")[2], Type.Q8_0)
    more = ("attn_v" in name or "ffn_down" in name) and uses_more_bits(layer, shape.layers)
    return Type.Q6_K if more else Type.Q4_K


def attention(shape):
    """The matrices of one layer's attention."""
    if latent := shape.latent:
        return [
            ("attn_q", (shape.heads * (latent.plain + latent.rotated), shape.width)),
            ("attn_kv_a_mqa", (latent.rank + latent.rotated, shape.width)),
            ("attn_kv_a_norm", (latent.rank,)),
            ("attn_k_b", (shape.heads, latent.rank, latent.plain)),
            ("attn_v_b", (shape.heads, latent.value, latent.rank)),
            ("attn_output", (shape.width, shape.heads * latent.value)),
        ]
    kv = shape.width // shape.heads * shape.kv_heads
    return [
        ("attn_q", (shape.width, shape.width)),
        ("attn_k", (kv, shape.width)),
        ("attn_v", (kv, shape.width)),
        ("attn_output", (shape.width, shape.width)),
    ]


def feed_forward(shape, layer):
    """The matrices of one layer's network or experts."""
    latent = shape.latent
    if not shape.experts or (latent and layer < latent.dense_layers):
        return gated("", (), shape.width, shape.ffn)
    shared = gated("_shexp", (), shape.width, latent.expert_ffn * latent.shared_experts) if latent else []
    width = latent.expert_ffn if latent else shape.ffn
    return [
        ("ffn_gate_inp", (shape.experts, shape.width)),
        *gated("_exps", (shape.experts,), shape.width, width),
        *shared,
    ]


def gated(ending, count, width, ffn):
    """The three matrices of a gated network, once or per expert."""
    return [
        ("ffn_gate" + ending, (*count, ffn, width)),
        ("ffn_up" + ending, (*count, ffn, width)),
        ("ffn_down" + ending, (*count, width, ffn)),
    ]


def tensors(shape):
    """Names, layers and dimensions (columns last) of every tensor, in file order."""
    yield "token_embd.weight", -1, (shape.vocabulary, shape.width)
    for layer in range(shape.layers):
        for name, dimensions in (
            ("attn_norm", (shape.width,)),
            *attention(shape),
            ("ffn_norm", (shape.width,)),
            *feed_forward(shape, layer),
        ):
            yield f"blk.{layer}.{name}.weight", layer, dimensions
    yield "output_norm.weight", -1, (shape.width,)
    if not shape.tied:
        yield "output.weight", -1, (shape.vocabulary, shape.width)


def write_metadata(writer, name, shape, mix):
    writer.add_name(f"{name} shape, random weights")
    writer.add_file_type(FILE_TYPES[mix])
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.ffn)
    latent = shape.latent
    writer.add_rope_dimension_count(latent.rotated if latent else shape.width // shape.heads)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(1 if latent else shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    if shape.experts:
        writer.add_expert_count(shape.experts)
        writer.add_expert_used_count(shape.experts_used)
    if latent:
        writer.add_key_length(latent.rank + latent.rotated)
        writer.add_value_length(latent.rank)
        writer.add_key_length_mla(latent.plain + latent.rotated)
        writer.add_value_length_mla(latent.value)
        writer.add_kv_lora_rank(latent.rank)
        writer.add_leading_dense_block_count(latent.dense_layers)
        writer.add_expert_feed_forward_length(latent.expert_ffn)
        writer.add_expert_shared_count(latent.shared_experts)
        writer.add_expert_weights_scale(1.0)
        writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SOFTMAX)
    add_vocabulary(writer, shape.vocabulary)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


class RandomRows:
    """Writes tensors from one pool of random rows for each element type and row length."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.pools = {}

    def write(self, stream, dimensions, kind):
        """Appends a tensor's bytes to the file; a vector is drawn afresh."""
        if len(dimensions) == 1:
            random_tensor(self.rng, dimensions, kind).tofile(stream)
            return
        columns = dimensions[-1]
        block, size = gguf.GGML_QUANT_SIZES[kind]
        if (kind, columns) not in self.pools:
            # An odd number, so that heads and experts do not begin at the same row.
            rows = POOL_BYTES // (columns // block * size) | 1
            self.pools[kind, columns] = random_tensor(self.rng, (rows, columns), kind)
        pool = self.pools[kind, columns]
        left, first = math.prod(dimensions[:-1]), int(self.rng.integers(len(pool)))
        while left:
            rows = pool[first : first + left]
            rows.tofile(stream)
            left, first = left - len(rows), 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("out", type=Path)
    parser.add_argument("--type", default="Q4_K_M", choices=FILE_TYPES)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    shape = SHAPES[arguments.shape]
    writer = gguf.GGUFWriter(arguments.out, "deepseek2" if shape.latent else "llama")
    write_metadata(writer, arguments.shape, shape, arguments.type)
    plan = []
    for name, layer, dimensions in tensors(shape):
        kind = element_type(shape, name, layer, dimensions, arguments.type)
        block, size = gguf.GGML_QUANT_SIZES[kind]
        count = math.prod(dimensions) // block * size
        writer.add_tensor_info(name, dimensions, np.dtype(np.float32), count, raw_dtype=kind)
        plan.append((dimensions, kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    rows = RandomRows(arguments.seed)
    stream = writer.fout[0]
    writer.write_padding(stream, stream.tell())
    for dimensions, kind in plan:
        rows.write(stream, dimensions, kind)
        writer.write_padding(stream, stream.tell())
    writer.close()
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
