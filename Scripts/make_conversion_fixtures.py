#!/usr/bin/env python3
"""Makes Tests/Fixtures/conversion: a small GGUF file, importance matrices for it, and what llama.cpp makes of them.

    python3 Scripts/make_conversion_fixtures.py

Needs gguf, numpy and llama-cpp-python, in the versions of Tests/Oracles/requirements.txt. The seeds are fixed.
"""

import json
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "Tests/Oracles"))

import gguf  # noqa: E402
import numpy as np  # noqa: E402
from llamacpp import FILE_TYPES, quantize  # noqa: E402
from test_convert import write_gguf_importance, write_legacy_importance  # noqa: E402

TARGET = REPOSITORY / "Tests/Fixtures/conversion"


def shapes(architecture, layers, columns=256, down_columns=None, experts=0, tied=False):
    """Names and shapes of a model whose matrices have two rows, which is all that the choice of types needs."""
    yield "token_embd.weight", (2, columns)
    yield "output_norm.weight", (columns,)
    if not tied:
        yield "output.weight", (2, columns)
    for layer in range(layers):
        name = f"blk.{layer}."
        yield name + "attn_norm.weight", (columns,)
        for part in ["attn_qkv"] if architecture == "falcon" else ["attn_q", "attn_k", "attn_v"]:
            yield f"{name}{part}.weight", (2, columns)
        yield name + "attn_output.weight", (2, columns)
        if experts:
            yield name + "ffn_gate_inp.weight", (experts, columns)
        suffix, outer = ("_exps", (experts,)) if experts else ("", ())
        yield f"{name}ffn_up{suffix}.weight", (*outer, 2, columns)
        yield f"{name}ffn_down{suffix}.weight", (*outer, 2, down_columns or columns)


def write(path, seed, architecture="llama", heads=4, kv_heads=4, **sizes):
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_tags(["random", "weights"])
    writer.add_block_count(sizes["layers"])
    writer.add_context_length(64)
    writer.add_embedding_length(256)
    writer.add_feed_forward_length(256)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_layer_norm_eps(1e-5)
    writer.add_tokenizer_model("none")
    writer.add_vocab_size(2)
    if sizes.get("experts"):
        writer.add_expert_count(sizes["experts"])
        writer.add_expert_used_count(2)
    for name, shape in shapes(architecture, **sizes):
        kind = np.float16 if name.endswith("weight") and len(shape) > 1 and "gate_inp" not in name else np.float32
        writer.add_tensor(name, (0.05 * random.standard_normal(shape)).astype(kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def digest(data):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def tensor_digest(path):
    return digest(b"".join(bytes(tensor.data.tobytes()) for tensor in gguf.GGUFReader(path).tensors))


MODELS = [
    dict(layers=17),
    dict(layers=32, heads=8, kv_heads=2, tied=True),
    dict(layers=80, heads=8, kv_heads=4),
    dict(layers=16, heads=8, kv_heads=2, experts=8),
    dict(layers=9, experts=4),
    dict(layers=33, architecture="falcon", kv_heads=1),
    dict(layers=3, columns=288, down_columns=48),
]


def main():
    TARGET.mkdir(exist_ok=True)
    small = TARGET / "small.gguf"
    write(small, 1, layers=3, down_columns=288)
    expected = {"files": {}, "importance": {}, "types": []}
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output.gguf"
        for file_type in FILE_TYPES:
            if quantize(small, output, file_type):
                expected["files"][file_type] = digest(output.read_bytes())
        for name, make in [("legacy.imatrix", write_legacy_importance), ("gguf.imatrix", write_gguf_importance)]:
            values = make(TARGET / name, small, np.random.default_rng(2))
            expected["importance"][name] = {}
            for file_type in FILE_TYPES:
                if not quantize(small, output, file_type, values):
                    raise RuntimeError(file_type)
                expected["importance"][name][file_type] = tensor_digest(output)
        for sizes in MODELS:
            model = Path(folder) / "model.gguf"
            write(model, 3, **sizes)
            entry = {"model": sizes, "tensors": len(gguf.GGUFReader(model).tensors), "types": {}}
            for file_type in FILE_TYPES:
                if quantize(model, output, file_type):
                    kinds = [t.tensor_type for t in gguf.GGUFReader(output).tensors]
                    # A letter for each tensor, in the order of the file: `A` is type 0, F32.
                    entry["types"][file_type] = "".join(chr(ord("A") + kind) for kind in kinds)
            expected["types"].append(entry)
    (TARGET / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
