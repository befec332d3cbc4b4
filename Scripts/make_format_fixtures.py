#!/usr/bin/env python3
"""Writes Tests/Fixtures/formats with the reference implementations: gguf, safetensors, transformers.

    pip install gguf==0.19.0 safetensors==0.8.0 transformers==5.23.0 torch numpy
    Scripts/make_format_fixtures.py

The tests know the contents from the formulas below, not from these files.
"""

import json
import pathlib
import shutil
import struct

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from transformers import CONFIG_MAPPING

# gguf 0.19.0 still has the size that this type had in 2023; in ggml a block is two halves and 32 codes.
gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType.Q8_1] = (32, 2 + 2 + 32)

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/formats"


def pattern(count: int, seed: int) -> np.ndarray:
    """Byte i of tensor `seed` is (7 i + 13 seed) mod 256."""
    return ((7 * np.arange(count) + 13 * seed) % 256).astype(np.uint8)


def finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def values() -> None:
    """Every value type, alone and in arrays, with extreme values."""
    T = gguf.GGUFValueType
    writer = gguf.GGUFWriter(FOLDER / "values.gguf", "llama")
    scalars = {
        "u8": (T.UINT8, [0, 255]),
        "i8": (T.INT8, [-128, 127]),
        "u16": (T.UINT16, [0, 65535]),
        "i16": (T.INT16, [-32768, 32767]),
        "u32": (T.UINT32, [0, 2**32 - 1]),
        "i32": (T.INT32, [-(2**31), 2**31 - 1]),
        "u64": (T.UINT64, [0, 2**64 - 1]),
        "i64": (T.INT64, [-(2**63), 2**63 - 1]),
        "f32": (T.FLOAT32, [-0.5, 3.4028234663852886e38]),
        "f64": (T.FLOAT64, [0.1, 1.7976931348623157e308]),
        "bool": (T.BOOL, [False, True]),
        "string": (T.STRING, ["", "h\u00e9llo \U0001f30d"]),
    }
    for name, (kind, items) in scalars.items():
        writer.add_key_value(f"low.{name}", items[0], kind)
        writer.add_key_value(f"high.{name}", items[1], kind)
        writer.add_key_value(f"array.{name}", items, T.ARRAY, sub_type=kind)
    writer.add_key_value("array.array", [[1, 2, 3], [-4]], T.ARRAY)
    # A token may be a part of a character.
    writer.add_array("tokenizer.ggml.tokens", [b"a", b"\xc3", b"\xf0\x9f", "\u00e9".encode(), b""])
    finish(writer)


def tensors() -> None:
    """A tensor of every type, two rows of two blocks."""
    writer = gguf.GGUFWriter(FOLDER / "tensors.gguf", "llama")
    plain = {"F32": np.float32, "F16": np.float16, "F64": np.float64, "I8": np.int8, "I16": np.int16, "I32": np.int32,
             "I64": np.int64}
    for kind in gguf.GGMLQuantizationType:
        block, size = gguf.GGML_QUANT_SIZES[kind]
        columns = 2 * block if block > 1 else 3
        rows = 2
        data = pattern(rows * columns // block * size, int(kind))
        if kind.name in plain:
            writer.add_tensor(f"tensor.{kind.name}", data.view(plain[kind.name]).reshape(rows, columns))
        else:
            writer.add_tensor(f"tensor.{kind.name}", data.reshape(rows, -1), raw_dtype=kind)
    finish(writer)


def small(name: str, **options) -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(FOLDER / name, "llama", **options)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    return writer


def shapes_and_alignment() -> None:
    """One to four dimensions, data aligned to 64 bytes."""
    writer = small("align64.gguf")
    writer.add_custom_alignment(64)
    for seed, shape in enumerate([(5,), (2, 3), (2, 3, 4), (2, 3, 4, 5)]):
        count = int(np.prod(shape))
        writer.add_tensor(f"d{seed + 1}", pattern(4 * count, seed).view(np.float32).reshape(shape))
    finish(writer)


def version2() -> None:
    """Version 2 differs from 3 in nothing but the number, for little-endian files."""
    data = bytearray((FOLDER / "align64.gguf").read_bytes())
    data[4:8] = struct.pack("<I", 2)
    (FOLDER / "version2.gguf").write_bytes(data)


def big_endian() -> None:
    writer = small("big-endian.gguf", endianess=gguf.GGUFEndian.BIG)
    writer.add_tensor("a", np.zeros(4, dtype=np.float32))
    finish(writer)


def split() -> None:
    """Five tensors in three files."""
    writer = small("split.gguf", split_max_tensors=2)
    for seed in range(5):
        writer.add_tensor(f"t{seed}", pattern(16, seed).view(np.float32))
    finish(writer)


def fuzz() -> None:
    """A small header with every construct, for mutation."""
    T = gguf.GGUFValueType
    writer = gguf.GGUFWriter(FOLDER / "fuzz.gguf", "x")
    writer.add_uint32("general.alignment", 32)
    writer.add_key_value("n", [[1], [2, 3]], T.ARRAY)
    writer.add_array("s", ["ab", "", "c"])
    writer.add_key_value("b", [True, False], T.ARRAY, sub_type=T.BOOL)
    writer.add_float32("f", 0.5)
    writer.add_tensor("w", pattern(2 * 34, 0).reshape(2, 34), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("v", pattern(12, 1).view(np.float32))
    finish(writer)


def safetensors() -> None:
    numbers = torch.arange(6).reshape(2, 3)
    save_file(
        {
            "f64": numbers.double(), "f32": numbers.float(), "f16": numbers.half(), "bf16": numbers.bfloat16(),
            "i64": numbers.long(), "i32": numbers.int(), "i16": numbers.short(), "i8": numbers.to(torch.int8),
            "u8": numbers.to(torch.uint8), "bool": numbers % 2 == 1,
            "scalar": torch.tensor(1.5), "empty": torch.zeros(0, 4),
        },
        FOLDER / "types.safetensors",
        metadata={"note": "h\u00e9llo"},
    )
    save_file({"e8m0": torch.ones(2, 2).to(torch.float8_e8m0fnu)}, FOLDER / "e8m0.safetensors")
    folder = FOLDER / "sharded"
    folder.mkdir(exist_ok=True)
    weight_map = {}
    for shard in range(2):
        name = f"model-{shard + 1:05}-of-00002.safetensors"
        tensors = {f"layer.{shard}.{part}": torch.full((2, 2), float(10 * shard + part)) for part in range(2)}
        save_file(tensors, folder / name, metadata={"format": "pt"})
        weight_map |= {key: name for key in tensors}
    index = {"metadata": {"total_size": 64}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))


# The published forms of well-known files, reduced to what matters here, and what transformers makes of them.
CONFIGURATIONS = {
    "llama2-old": {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
                   "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 32000, "rms_norm_eps": 1e-5,
                   "max_position_embeddings": 4096, "hidden_act": "silu", "rope_scaling": None, "bos_token_id": 1,
                   "eos_token_id": 2, "torch_dtype": "float16", "tie_word_embeddings": False},
    "llama3.1-old": {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
                     "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "rms_norm_eps": 1e-5,
                     "max_position_embeddings": 131072, "hidden_act": "silu", "rope_theta": 500000.0,
                     "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                      "original_max_position_embeddings": 8192, "rope_type": "llama3"},
                     "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009], "torch_dtype": "bfloat16"},
    "llama3.2-tied": {"model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16,
                      "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 128256,
                      "rms_norm_eps": 1e-5, "max_position_embeddings": 131072, "hidden_act": "silu",
                      "rope_theta": 500000.0, "tie_word_embeddings": True,
                      "rope_scaling": {"factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                       "original_max_position_embeddings": 8192, "rope_type": "llama3"}},
    "mistral-old": {"model_type": "mistral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
                    "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32000, "rms_norm_eps": 1e-5,
                    "max_position_embeddings": 32768, "hidden_act": "silu", "rope_theta": 10000.0,
                    "sliding_window": 4096, "bos_token_id": 1, "eos_token_id": 2},
    "linear-type": {"model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
                    "num_attention_heads": 4, "vocab_size": 320, "max_position_embeddings": 8192,
                    "rms_norm_eps": 1e-6, "rope_scaling": {"type": "linear", "factor": 4}},
    "dynamic-type": {"model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
                     "num_attention_heads": 4, "vocab_size": 320, "max_position_embeddings": 4096,
                     "rms_norm_eps": 1e-6, "rope_scaling": {"type": "dynamic", "factor": 2.0}},
    "qwen2.5-yarn": {"model_type": "qwen2", "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
                     "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064, "rms_norm_eps": 1e-6,
                     "max_position_embeddings": 32768, "hidden_act": "silu", "rope_theta": 1000000.0,
                     "sliding_window": 131072, "use_sliding_window": False, "eos_token_id": 151645,
                     "rope_scaling": {"factor": 4.0, "original_max_position_embeddings": 32768, "type": "yarn"}},
    "deepseek-yarn": {"model_type": "deepseek_v3", "hidden_size": 256, "intermediate_size": 512,
                      "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 4, "vocab_size": 320,
                      "rms_norm_eps": 1e-6, "max_position_embeddings": 163840, "qk_rope_head_dim": 64,
                      "rope_theta": 10000,
                      "rope_scaling": {"beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 1.0,
                                       "mscale_all_dim": 1.0, "original_max_position_embeddings": 4096,
                                       "type": "yarn"}},
    "phi3-longrope": {"model_type": "phi3", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
                      "num_attention_heads": 4, "num_key_value_heads": 4, "vocab_size": 320, "rms_norm_eps": 1e-5,
                      "max_position_embeddings": 131072, "original_max_position_embeddings": 4096,
                      "pad_token_id": 0, "sliding_window": 2047,
                      "rope_scaling": {"long_factor": [1.5] * 8, "short_factor": [1.0] * 8, "type": "longrope"}},
    "neox-old": {"model_type": "gpt_neox", "hidden_size": 64, "intermediate_size": 256, "num_hidden_layers": 2,
                 "num_attention_heads": 4, "vocab_size": 320, "layer_norm_eps": 1e-5, "max_position_embeddings": 2048,
                 "rotary_emb_base": 10000, "rotary_pct": 0.25, "hidden_act": "gelu"},
    "gemma3-layers": {"model_type": "gemma3_text", "hidden_size": 64, "intermediate_size": 128,
                      "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
                      "vocab_size": 320, "rms_norm_eps": 1e-6, "max_position_embeddings": 32768,
                      "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 512,
                      "layer_types": ["sliding_attention", "full_attention"],
                      "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8.0,
                                                             "rope_theta": 1000000.0},
                                          "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}}},
    "gpt2": {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024, "n_ctx": 1024,
             "vocab_size": 50257, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new",
             "bos_token_id": 50256, "eos_token_id": 50256},
}


def configurations() -> None:
    cases = []
    for name, config in CONFIGURATIONS.items():
        read = CONFIG_MAPPING[config["model_type"]].from_dict(json.loads(json.dumps(config)))
        def get(*keys):
            return next((getattr(read, key) for key in keys if getattr(read, key, None) is not None), None)
        eos = get("eos_token_id")
        cases.append({"name": name, "config": config, "expected": {
            "hidden_size": read.hidden_size, "layers": read.num_hidden_layers, "heads": read.num_attention_heads,
            "kv_heads": get("num_key_value_heads", "num_attention_heads"),
            "vocab_size": read.vocab_size, "context": read.max_position_embeddings,
            "epsilon": get("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon"),
            "tied": read.tie_word_embeddings, "activation": get("hidden_activation", "hidden_act", "activation_function"),
            "sliding_window": get("sliding_window"),
            "eos": eos if isinstance(eos, list) else [eos] if eos is not None else [],
            "rope_parameters": getattr(read, "rope_parameters", None),
        }})
    (FOLDER / "configurations.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for make in [values, tensors, shapes_and_alignment, version2, big_endian, split, fuzz, safetensors, configurations]:
        make()
