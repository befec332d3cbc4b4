#!/usr/bin/env python3
"""Writes Tests/Fixtures/quantization/vectors.json: what llama.cpp's quantiser makes of chosen rows.

Rows of floats of several distributions go through `ggml_quantize_chunk` of llama-cpp-python's library,
without and with importance weights. Random blocks of every type are decoded by `gguf`. All byte strings
are base64; floats are little-endian.

    python3 Scripts/make_quantization_fixtures.py

Needs llama-cpp-python==0.3.36 gguf==0.19.0 numpy from PyPI. The library must have been built without
fused multiply-adds in ggml-base, as its CMake files do on x86-64.
"""

import base64
import ctypes
import importlib.util
import json
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES
from gguf import GGMLQuantizationType as Type
from gguf.quants import dequantize

OUT = Path(__file__).resolve().parent.parent / "Tests/Fixtures/quantization/vectors.json"
COLUMNS = 512
PLAIN = (Type.F16, Type.BF16)
BLOCKS = (
    Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q2_K, Type.Q3_K, Type.Q4_K, Type.Q5_K, Type.Q6_K,
    Type.IQ4_NL, Type.IQ4_XS,
)  # fmt: skip
# Where the binary16 scales of a block lie.
SCALES = {
    Type.Q4_1: (0, 2),
    Type.Q5_1: (0, 2),
    Type.Q2_K: (80, 82),
    Type.Q3_K: (108,),
    Type.Q4_K: (0, 2),
    Type.Q5_K: (0, 2),
    Type.Q6_K: (208,),
}


def rows(rng):
    """Rows that differ in what is hard about them."""
    usual = np.concatenate([0.02 * rng.standard_normal(COLUMNS // 2), rng.standard_t(2, COLUMNS // 2)])
    hard = rng.standard_normal(COLUMNS)
    hard[:64] = 0  # whole blocks of zeros
    hard[64:128] = 0.7  # of one value
    hard[128:160] *= 1e-20  # below the search's threshold
    hard[160:192] *= 1e-41  # subnormal
    hard[192:256] *= np.exp(3 * rng.standard_normal(64))
    hard[256:352] = np.abs(hard[256:352])
    hard[500] = 100  # one outlier
    return np.stack([usual, hard]).astype(np.float32)


def quantizer():
    folder = Path(importlib.util.find_spec("llama_cpp").origin).parent / "lib"
    function = ctypes.CDLL(str(next(folder.glob("libggml-base.so")))).ggml_quantize_chunk
    function.restype = ctypes.c_size_t
    function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p] + 3 * [ctypes.c_int64] + [ctypes.c_void_p]

    def quantize(kind, values, importance):
        length, size = GGML_QUANT_SIZES[kind]
        out = np.zeros(values.size // length * size, np.uint8)
        weights = None if importance is None else importance.ctypes.data
        function(kind, values.ctypes.data, out.ctypes.data, 0, values.shape[0], values.shape[1], weights)
        return out

    return quantize


def random_blocks(rng, kind):
    """256 elements of random bits with scales near one."""
    length, size = GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (256 // length, size), dtype=np.uint8)
    for offset in SCALES.get(kind, (0,)):
        scales = rng.uniform(-2, 2, len(blocks)).astype(np.float16)
        blocks[:, offset : offset + 2] = scales.view(np.uint8).reshape(-1, 2)
    return blocks


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def main():
    rng = np.random.default_rng(11)
    values = rows(rng)
    importance = np.exp(2 * rng.standard_normal(COLUMNS)).astype(np.float32)
    importance[rng.random(COLUMNS) < 0.1] = 0
    quantize = quantizer()
    types = {}
    for kind in PLAIN + BLOCKS:
        entry = {"plain": text(quantize(kind, values, None)), "weighted": text(quantize(kind, values, importance))}
        if kind in BLOCKS:
            blocks = random_blocks(rng, kind)
            entry["blocks"] = text(blocks)
            entry["values"] = text(dequantize(blocks.reshape(1, -1), kind).astype(np.float32))
        types[kind.name] = entry
    OUT.parent.mkdir(parents=True, exist_ok=True)
    document = {"columns": COLUMNS, "input": text(values), "importance": text(importance), "types": types}
    OUT.write_text(json.dumps(document, indent=1) + "\n")
    print(f"{OUT}: {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
