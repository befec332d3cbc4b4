#!/usr/bin/env python3
"""Writes a GGUF file with the shape of TinyLlama-1.1B and random weights.

Speed and memory depend on shapes and element types, not on what a model has learnt, so this file
stands in for a downloaded one in benchmarks. Every matrix has about unit gain: activations stay
finite. The same arguments give the same bytes.

    python3 Scripts/make_tinyllama.py OUT.gguf --type Q4_K_M

Needs `gguf` and `numpy` from PyPI.
"""

import argparse
import math
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import LlamaFileType as FileType
from random_gguf import add_vocabulary, random_tensor

WIDTH, FFN, HEADS, KV_HEADS, VOCAB, CONTEXT = 2048, 5632, 32, 4, 32000, 2048
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
    "Q5_K": FileType.MOSTLY_Q5_K_M,
    "IQ4_NL": FileType.MOSTLY_IQ4_NL,
    "IQ4_XS": FileType.MOSTLY_IQ4_XS,
    "F16": FileType.MOSTLY_F16,
    "BF16": FileType.MOSTLY_BF16,
}


def uses_more_bits(layer, layers):
    """The layers to which llama.cpp's Q4_K_M mix gives Q6_K (`use_more_bits` in llama-quant.cpp)."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2


def element_type(name, layer, layers, mix):
    """The element type of one tensor: as llama.cpp's quantiser chooses it for Q4_K_M, otherwise the type itself,
    with Q6_K for the output matrix of types below it."""
    if name.endswith("_norm.weight"):
        return Type.F32
    if mix == "Q4_K_M":
        more = name.endswith(("attn_v.weight", "ffn_down.weight")) and uses_more_bits(layer, layers)
        return Type.Q6_K if more or name == "output.weight" else Type.Q4_K
    if name == "output.weight" and mix not in ("Q8_0", "F16", "BF16"):
        return Type.Q6_K
    return Type[mix]


def tensors(layers):
    """Names, rows and columns of every tensor, in file order; a vector has no rows."""
    kv = WIDTH // HEADS * KV_HEADS
    yield "token_embd.weight", -1, (VOCAB, WIDTH)
    for layer in range(layers):
        for name, shape in (
            ("attn_norm", (WIDTH,)),
            ("attn_q", (WIDTH, WIDTH)),
            ("attn_k", (kv, WIDTH)),
            ("attn_v", (kv, WIDTH)),
            ("attn_output", (WIDTH, WIDTH)),
            ("ffn_norm", (WIDTH,)),
            ("ffn_gate", (FFN, WIDTH)),
            ("ffn_up", (FFN, WIDTH)),
            ("ffn_down", (WIDTH, FFN)),
        ):
            yield f"blk.{layer}.{name}.weight", layer, shape
    yield "output_norm.weight", -1, (WIDTH,)
    yield "output.weight", -1, (VOCAB, WIDTH)


def write_metadata(writer, layers, mix):
    writer.add_name("TinyLlama-1.1B shape, random weights")
    writer.add_file_type(FILE_TYPES[mix])
    writer.add_vocab_size(VOCAB)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(FFN)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    add_vocabulary(writer, VOCAB)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--type", default="Q4_K_M", choices=FILE_TYPES)
    parser.add_argument("--layers", type=int, default=22)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    writer = gguf.GGUFWriter(arguments.out, "llama")
    write_metadata(writer, arguments.layers, arguments.type)
    plan = []
    for name, layer, shape in tensors(arguments.layers):
        kind = element_type(name, layer, arguments.layers, arguments.type)
        block, size = gguf.GGML_QUANT_SIZES[kind]
        count = math.prod(shape) // block * size
        writer.add_tensor_info(name, shape, np.dtype(np.float32), count, raw_dtype=kind)
        plan.append((shape, kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    rng = np.random.default_rng(arguments.seed)
    for shape, kind in plan:
        writer.write_tensor_data(random_tensor(rng, shape, kind))
    writer.close()
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
