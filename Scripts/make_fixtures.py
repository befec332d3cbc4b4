#!/usr/bin/env python3
"""Writes the small checkpoints of Tests/Fixtures/models, each with reference outputs.

The weights are random, the outputs are those of Hugging Face transformers in float32 on the very
values that the file holds (dequantised where it is quantised); `reference_outputs.py` says what
is in the `expected.json` of each folder. Other families: `make_family_fixtures.py`.

    python3 Scripts/make_fixtures.py            # all; then `git diff` shows what changed

Needs torch==2.13.0 transformers==5.23.0 gguf==0.19.0 tokenizers safetensors numpy from PyPI.
"""

import json
import math
import shutil
from pathlib import Path

import gguf
import numpy as np
import tokenizers
import torch
import transformers
from gguf import GGMLQuantizationType as Type
from gguf import LlamaFileType as FileType
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
)

from random_gguf import add_vocabulary, random_tensor, to_bf16
from reference_outputs import EXACT, ROUNDED, write_expected

ROOT = Path(__file__).resolve().parent.parent / "Tests/Fixtures/models"
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
SMALL = dict(
    vocab_size=288,
    hidden_size=32,
    intermediate_size=64,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=128,
    rms_norm_eps=1e-5,
    rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
    bos_token_id=1,
    eos_token_id=2,
    attn_implementation="eager",
)
WIDE = dict(hidden_size=256, intermediate_size=256)
CONFIGURATIONS = {
    LlamaForCausalLM: LlamaConfig,
    MistralForCausalLM: MistralConfig,
    MixtralForCausalLM: MixtralConfig,
}


# Random weights


def make_model(seed, kind=LlamaForCausalLM, **changes):
    """A model of unit gain, so that logits spread by about one and attention is not uniform."""
    torch.manual_seed(seed)
    model = kind(CONFIGURATIONS[kind](**{**SMALL, **changes})).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 1:
                weight.copy_(1 + 0.1 * torch.randn(weight.shape))
            else:
                weight.copy_(torch.randn(weight.shape) / math.sqrt(weight.shape[-1]))
    return model


def fresh(name):
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


# Hugging Face folders


def write_folder(name, model, old_form=None, shards=None, dtype=torch.float32):
    """Saves a checkpoint; `old_form` puts its keys in place of the version 5 `rope_parameters` and `dtype`."""
    folder = fresh(name)
    model.to(dtype).save_pretrained(folder, max_shard_size=shards or "1GB")
    (folder / "generation_config.json").unlink(missing_ok=True)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    if old_form is not None:
        del config["rope_parameters"]
        config["torch_dtype"] = config.pop("dtype")
        config["transformers_version"] = "4.44.0"
        config.update(old_form)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    # What counts is what transformers makes of the files, not of the object in memory.
    kind = type(model)
    loaded = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    write_expected(folder, loaded, EXACT, tolerance=1e-3)


def write_tokenizer(folder):
    """A byte-level BPE tokenizer of the models' vocabulary size with a chat template, and encodings by `tokenizers`."""
    model = tokenizers.models.BPE()
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=SMALL["vocab_size"],
        special_tokens=["<pad>", "<s>", "</s>", "<|user|>", "<|assistant|>"],
        initial_alphabet=sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["the weather there and then the other thing in the north and the land"] * 4, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    template = (
        "{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>{{ message.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    settings = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "chat_template": template,
        "model_max_length": 128,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    texts = ["", "the other land", "Ünïcode 東京 🙂", "line\n\n  two\t", "<|user|>hi</s>"]
    rows = [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in texts]
    (folder / "expected_tokens.json").write_text(json.dumps(rows, indent=1) + "\n")


# GGUF files

NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.gate": "ffn_gate_inp",
    "mlp.experts.down_proj": "ffn_down_exps",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def gguf_tensors(key, values):
    """The names and values in GGUF of a parameter; gates and inner layers of experts are one parameter in transformers."""
    if not key.endswith("experts.gate_up_proj"):
        return [(gguf_name(key), values)]
    prefix = "blk.{}.".format(key.split(".")[2])
    gate, up = np.split(values, 2, axis=1)
    return [(prefix + "ffn_gate_exps.weight", gate), (prefix + "ffn_up_exps.weight", up)]


def gguf_name(name):
    fixed = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    if name in fixed:
        return fixed[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{NAMES[rest.removesuffix('.weight')]}.weight"


def to_interleaved(weight, heads):
    """Rows of a q or k matrix from rotate-half order to the adjacent pairs that GGUF llama files hold."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def from_interleaved(weight, heads):
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def heads_of(name, config):
    if "q_proj" in name:
        return config.num_attention_heads
    return config.num_key_value_heads if "k_proj" in name else None


def encode(values, kind):
    """Float values as the bytes of an element type, and the values that those bytes stand for."""
    if kind == Type.F32:
        return values, values
    if kind == Type.F16:
        return values.astype(np.float16), values.astype(np.float16).astype(np.float32)
    data = to_bf16(values) if kind == Type.BF16 else gguf.quants.quantize(values, kind)
    return data, decode(data, kind)


def decode(data, kind):
    return gguf.quants.dequantize(data.view(np.uint8), kind)


def small_kind(mix, name, columns):
    """Vectors stay F32, and rows that do not divide into blocks F16."""
    if name.endswith(("norm.weight", "mlp.gate.weight")):
        return Type.F32
    kind = Type[mix]
    return kind if columns % gguf.GGML_QUANT_SIZES[kind][0] == 0 else Type.F16


def k_kind(_, name, columns):
    """Both K-types in one file, as in the Q4_K_M mix."""
    if name.endswith("norm.weight"):
        return Type.F32
    return Type.Q6_K if name.endswith(("lm_head.weight", "v_proj.weight", "1.mlp.down_proj.weight")) else Type.Q4_K


def mixed_kind(types):
    """A type for each of the embeddings and q, k, v, o, gate, up, down, in this order."""
    parts = ("embed_tokens", "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

    def choose(_, name, columns):
        found = [kind for part, kind in zip(parts, types, strict=True) if part in name]
        return found[0] if found else Type.F32

    return choose


MIXED_32 = (Type.Q5_1, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.IQ4_NL, Type.Q5_0, Type.IQ4_NL, Type.Q4_1)
MIXED_256 = (Type.Q2_K, Type.Q2_K, Type.Q5_K, Type.IQ4_XS, Type.Q3_K, Type.Q2_K, Type.Q3_K, Type.Q2_K)


def llama3_factors(config):
    """The divisors of the rotary frequencies that llama.cpp's converter stores as rope_freqs.weight."""
    rope = config.rope_parameters
    inverse = 1.0 / rope["rope_theta"] ** (np.arange(0, config.head_dim, 2, dtype=np.float64) / config.head_dim)
    wavelength = 2 * math.pi / inverse
    low = rope["original_max_position_embeddings"] / rope["low_freq_factor"]
    high = rope["original_max_position_embeddings"] / rope["high_freq_factor"]
    smooth = (rope["original_max_position_embeddings"] / wavelength - rope["low_freq_factor"]) / (
        rope["high_freq_factor"] - rope["low_freq_factor"]
    )
    between = 1 / ((1 - smooth) / rope["factor"] + smooth)
    return np.where(wavelength < high, 1.0, np.where(wavelength > low, rope["factor"], between)).astype(np.float32)


def write_gguf(name, model, mix, choose=small_kind, draw=None, split=0, block=32):
    """Writes a model as GGUF and gives it the values that the file holds, then writes the reference.

    `draw` is a random generator for types that `gguf` can read but not quantise to. `block` is the length of the
    blocks in which an engine rounds activations.
    """
    folder, config = fresh(name), model.config
    config.head_dim = config.head_dim or config.hidden_size // config.num_attention_heads
    writer = gguf.GGUFWriter(folder / "model.gguf", "llama", split_max_tensors=split, small_first_shard=split > 0)
    writer.add_name(name)
    writer.add_file_type(FileType.ALL_F32 if mix == "F32" else FileType[f"MOSTLY_{mix}"])
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    add_vocabulary(writer, config.vocab_size)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    if isinstance(config, MixtralConfig):
        writer.add_expert_count(config.num_local_experts)
        writer.add_expert_used_count(config.num_experts_per_tok)
    rope = config.rope_parameters["rope_type"]
    if rope == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config))
    if rope == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(config.rope_parameters["factor"])
    with torch.no_grad():
        for key, weight in model.named_parameters():
            values = weight.numpy()
            heads = heads_of(key, config)
            kind = choose(mix, key, values.shape[-1])
            parts = []
            for tensor, part in gguf_tensors(key, values):
                if draw is not None and values.ndim == 2:
                    data = random_tensor(draw, values.shape, kind)
                    held = decode(data, kind)
                else:
                    data, held = encode(to_interleaved(part, heads) if heads else part, kind)
                writer.add_tensor(tensor, data, raw_dtype=kind)
                parts.append(from_interleaved(held, heads) if heads else held)
            held = np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
            weight.copy_(torch.from_numpy(np.ascontiguousarray(held)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    if mix in ("F32", "F16", "BF16"):
        write_expected(folder, model, EXACT, tolerance=1e-3, format=mix)
    else:
        write_expected(folder, model, ROUNDED, margin=0.08, block=block, format=mix)


def main():
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.use_deterministic_algorithms(True)

    llama3 = dict(
        max_position_embeddings=256,
        tie_word_embeddings=True,
        rope_parameters={"rope_theta": 500000.0, **LLAMA3_ROPE},
    )
    linear = dict(
        num_key_value_heads=4,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.0},
    )
    window = dict(kind=MistralForCausalLM, sliding_window=8, head_dim=16)

    write_folder("llama", make_model(1))
    write_tokenizer(ROOT / "llama")
    write_folder("llama3_rope_old", make_model(2, **llama3), {"rope_theta": 500000.0, "rope_scaling": LLAMA3_ROPE})
    write_folder(
        "llama_tied_linear_old",
        make_model(3, **linear),
        {"rope_theta": 10000.0, "rope_scaling": {"type": "linear", "factor": 2.0}},
    )
    write_folder("llama_sharded", make_model(4), shards="70KB")
    write_folder("llama_bf16", make_model(5), dtype=torch.bfloat16)
    write_folder("mistral_window", make_model(6, **window), {"rope_theta": 10000.0})
    experts = dict(kind=MixtralForCausalLM, num_local_experts=5, num_experts_per_tok=2, num_hidden_layers=2)
    write_folder("mixtral", make_model(10, **experts))
    write_folder("mistral_window_bf16", make_model(6, **window), dtype=torch.bfloat16)

    for mix in ("F32", "F16", "BF16", "Q8_0", "Q4_0"):
        write_gguf(f"gguf_{mix.lower()}", make_model(1), mix)
    for mix in ("F16", "Q8_0"):
        write_gguf(f"gguf_mixtral_{mix.lower()}", make_model(10, **experts), mix)
    write_gguf("gguf_split", make_model(4), "F16", split=12)
    write_gguf("gguf_llama3_rope", make_model(2, **llama3), "F16")
    write_gguf("gguf_linear_rope", make_model(3, **linear), "F16")
    wide = make_model(7, **WIDE, num_hidden_layers=2)
    write_gguf("gguf_q4_k_m", wide, "Q4_K_M", choose=k_kind, draw=np.random.default_rng(7), block=256)
    narrow = make_model(8, tie_word_embeddings=True)
    write_gguf("gguf_mixed_32", narrow, "Q5_0", mixed_kind(MIXED_32), np.random.default_rng(8))
    wide = make_model(9, **WIDE, num_hidden_layers=1, num_key_value_heads=1, tie_word_embeddings=True)
    write_gguf("gguf_mixed_256", wide, "Q2_K", mixed_kind(MIXED_256), np.random.default_rng(9), block=256)

    size = sum(path.stat().st_size for path in ROOT.rglob("*") if path.is_file())
    print(f"{ROOT}: {size:,} bytes")


if __name__ == "__main__":
    main()
