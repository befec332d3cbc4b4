"""The sizes and options of the tiny checkpoints that make_family_fixtures.py writes, a line or two for each family."""

import math
from dataclasses import dataclass
from typing import Callable

import torch

from reference_outputs import LENGTHS

# Prompts beyond the length before scaling.
BEYOND = (40, 100)
YARN = {"factor": 4.0, "original_max_position_embeddings": 32}


@dataclass
class Family:
    """How a checkpoint is made: classes of transformers, sizes, and in which form the files are written."""

    name: str
    model: str
    configuration: str
    sizes: dict
    # Keys of the form before transformers 5 in place of `rope_parameters` and `dtype`.
    old_form: dict | None = None
    # Keys that the publishers' files do not have.
    without: tuple = ()
    # The configuration around this one, which becomes `text_config`.
    outer: dict | None = None
    # The whole configuration where it is published in a form that transformers does not read.
    published: dict | None = None
    dtype: str = "bfloat16"
    lengths: tuple = LENGTHS
    # In its eager attention for Falcon, transformers 5.23 adds the slopes of alibi twice: with the mask and again.
    attention: str = "eager"
    # Whether the reference is computed token by token with a cache.
    is_stepwise: bool = False
    note: str = ""
    rewrite: Callable | None = None
    loading: Callable | None = None
    # How the finished checkpoint is published instead: the tensors and the settings of this quantisation. The reference
    # is of the weights that it stands for.
    quantise: Callable | None = None
    # Columns that share a scale where matrices are quantised and engines round their inputs too.
    block: int | None = None
    # For encoders: how sentence-transformers makes one vector of a text's, and whether it is scaled to length 1.
    pooling: tuple[str, bool] | None = None

    @property
    def is_encoder(self):
        return self.pooling is not None


def sizes(**changes):
    """What most families call their sizes; a value of None leaves one out."""
    common = dict(
        vocab_size=160,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        bos_token_id=1,
        eos_token_id=2,
    )
    return {key: value for key, value in {**common, **changes}.items() if value is not None}


def rope(theta=10000.0, kind="default", **more):
    return {"rope_type": kind, "rope_theta": theta, **more}


def with_next_token_module(tensors):
    """Adds some of the tensors of DeepSeek's module for predicting one more token, a layer that a decoder skips."""
    width = tensors["model.norm.weight"].shape[0]
    layer = {"enorm.weight": (width,), "hnorm.weight": (width,), "eh_proj.weight": (width, 2 * width)}
    return {
        **tensors,
        **{f"model.layers.3.{name}": torch.randn(shape).to(torch.bfloat16) for name, shape in layer.items()},
    }


def mxfp4(tensors):
    """The experts' matrices as blocks of 32 four-bit numbers with a shared exponent, as gpt-oss is published.

    Source: OCP Microscaling Formats 1.0; the order of rows and nibbles is that of the published checkpoints.
    """
    result = dict(tensors)
    for name, tensor in tensors.items():
        if not name.endswith(("gate_up_proj", "down_proj")):
            continue
        del result[name]
        experts, inputs, outputs = tensor.shape
        codes = torch.randint(0, 256, (experts, outputs, inputs // 32, 16), dtype=torch.uint8)
        # The root mean square of the sixteen numbers is 2.9; the exponent's bias is 127.
        exponent = 127 + round(math.log2(1 / (2.9 * math.sqrt(inputs))))
        result[name + "_blocks"] = codes
        result[name + "_scales"] = torch.randint(exponent - 1, exponent + 2, codes.shape[:3], dtype=torch.uint8)
    return result


def float8(tensor, scale, dtype=torch.float8_e4m3fn):
    """The numbers that times the scale are nearest to the tensor, and in bfloat16 what they then stand for."""
    numbers = (tensor.float() / scale).to(dtype)
    return numbers, (numbers.float() * scale).to(torch.bfloat16)


def spread(scales, block, shape):
    """A scale for each value from one for each block, of which the last ones may be cut."""
    rows = scales.repeat_interleave(block[0], 0)[: shape[0]]
    return rows.repeat_interleave(block[1], 1)[:, : shape[1]]


def float8_blocks(tensors, block=(32, 24)):
    """The matrices of layers in blocks with a scale each, as DeepSeek V3 is published, there in blocks of 128 × 128.

    Routers, embeddings and the output stay as they are. Source: deepseek-ai/DeepSeek-V3, `README_WEIGHTS.md`.
    """
    stored, meant = dict(tensors), dict(tensors)
    for name, tensor in tensors.items():
        if not name.endswith("proj.weight") and "proj_with_mqa" not in name and "_a_proj" not in name:
            continue
        if tensor.dim() != 2 or "eh_proj" in name:
            continue
        counts = [-(-size // step) for size, step in zip(tensor.shape, block, strict=True)]
        scales = torch.empty(counts)
        for row in range(counts[0]):
            for column in range(counts[1]):
                part = tensor[row * block[0] :, column * block[1] :][: block[0], : block[1]]
                scales[row, column] = part.float().abs().max() / 448
        stored[name], meant[name] = float8(tensor, spread(scales, block, tensor.shape))
        stored[name + "_scale_inv"] = scales
    settings = {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": list(block)}
    return stored, meant, settings


def float8_rows(tensors):
    """A scale for each row of a layer's matrices and a bound for activations, as Llama 3.1 405B is published in FP8."""
    stored, meant = dict(tensors), dict(tensors)
    for name, tensor in tensors.items():
        if not name.endswith("proj.weight"):
            continue
        scales = tensor.float().abs().amax(1, keepdim=True) / 448
        stored[name], meant[name] = float8(tensor, scales)
        stored[name + "_scale"] = scales
        stored[name.replace("weight", "input_scale_ub")] = torch.tensor([1200.0])
    settings = {"quant_method": "fbgemm_fp8", "activation_scale_ub": 1200.0, "modules_to_not_convert": ["lm_head"]}
    return stored, meant, settings


def float8_tensors(tensors):
    """One scale for a matrix, as compressed-tensors has it; half of them in the format of less precision."""
    stored, meant = dict(tensors), dict(tensors)
    for index, (name, tensor) in enumerate(tensors.items()):
        if not name.endswith(("proj.weight", "lm_head.weight")):
            continue
        dtype = (torch.float8_e4m3fn, torch.float8_e5m2)[index % 2]
        scale = (tensor.float().abs().max() / torch.finfo(dtype).max).to(torch.bfloat16)
        stored[name], meant[name] = float8(tensor, scale.float(), dtype)
        stored[name + "_scale"] = scale.reshape((1,) if index % 3 else ())
    weights = {"num_bits": 8, "type": "float", "strategy": "tensor", "symmetric": True}
    settings = {"quant_method": "compressed-tensors", "format": "float-quantized", "ignore": [],
                "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights}}}  # fmt: skip
    return stored, meant, settings


def dequantised():
    from transformers import Mxfp4Config

    return {"quantization_config": Mxfp4Config(dequantize=True)}


LLAMA = ("LlamaForCausalLM", "LlamaConfig")
LLAMA4 = ("Llama4ForCausalLM", "Llama4TextConfig")
FALCON = ("FalconForCausalLM", "FalconConfig")
NEOX = ("GPTNeoXForCausalLM", "GPTNeoXConfig")
GEMMA3 = ("Gemma3ForCausalLM", "Gemma3TextConfig")
PHI3 = ("Phi3ForCausalLM", "Phi3Config")
DEEPSEEK2 = ("DeepseekV2ForCausalLM", "DeepseekV2Config")
DEEPSEEK3 = ("DeepseekV3ForCausalLM", "DeepseekV3Config")

FALCON_SIZES = dict(
    vocab_size=160, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, ffn_hidden_size=64, bias=False,
    alibi=False, max_position_embeddings=128, bos_token_id=1, eos_token_id=2,
)  # fmt: skip
NEOX_SIZES = sizes(num_key_value_heads=None, intermediate_size=96)
MLA = dict(
    num_key_value_heads=4, kv_lora_rank=32, qk_nope_head_dim=16, qk_rope_head_dim=8, v_head_dim=12,
    moe_intermediate_size=32, first_k_dense_replace=1, num_experts_per_tok=2,
)  # fmt: skip
LLAMA4_SIZES = dict(
    num_hidden_layers=4, intermediate_size=32, intermediate_size_mlp=64, head_dim=8, num_local_experts=3,
    num_experts_per_tok=1, attention_chunk_size=16, no_rope_layers=[1, 1, 1, 0], attn_temperature_tuning=True,
    floor_scale=32, attn_scale=0.1,
)  # fmt: skip
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
LONGROPE = {
    "short_factor": [1.0, 1.1, 1.25, 1.5],
    "long_factor": [1.0, 1.5, 3.0, 4.0],
}
NOMIC_FORM = {
    "activation_function": "swiglu",
    "architectures": ["NomicBertModel"],
    "causal": False,
    "layer_norm_epsilon": 1e-12,
    "mlp_fc1_bias": False,
    "mlp_fc2_bias": False,
    "model_type": "nomic_bert",
    "n_embd": 32,
    "n_head": 4,
    "n_inner": 64,
    "n_layer": 2,
    "n_positions": 128,
    "prenorm": False,
    "qkv_proj_bias": False,
    "rotary_emb_base": 1000,
    "rotary_emb_fraction": 1.0,
    "rotary_emb_interleaved": False,
    "type_vocab_size": 2,
    "vocab_size": 160,
}


FAMILIES = [
    Family(
        "llama_yarn", *LLAMA, sizes(rope_parameters=rope(kind="yarn", **YARN)),
        old_form={"rope_theta": 10000.0, "rope_scaling": {"type": "yarn", **YARN}},
    ),
    Family(
        "llama_dynamic", *LLAMA, sizes(rope_parameters=rope(kind="dynamic", factor=2.0)), lengths=(1, 7, 40, 100),
    ),
    Family(
        "llama_dynamic_beyond", *LLAMA,
        sizes(max_position_embeddings=32, rope_parameters=rope(kind="dynamic", factor=4.0)), lengths=BEYOND,
        is_stepwise=True, note="token by token: what is rotated once stays so while the base grows",
    ),
    Family(
        "deepseek_llm", *LLAMA, sizes(num_key_value_heads=4, rope_parameters=rope(kind="linear", factor=4.0)),
        old_form={"rope_theta": 10000.0, "rope_scaling": {"type": "linear", "factor": 4.0}},
    ),
    Family(
        "falcon3", *LLAMA, sizes(head_dim=16, rope_parameters=rope(1000042.0)),
        old_form={"rope_theta": 1000042, "rope_scaling": None},
    ),
    Family(
        "llama4", *LLAMA4,
        sizes(**LLAMA4_SIZES, interleave_moe_layer_step=1, use_qk_norm=True, rope_parameters=rope(500000.0, "llama3",
              **{k: v for k, v in LLAMA3_ROPE.items() if k != "rope_type"})),
        old_form={"rope_theta": 500000.0, "rope_scaling": LLAMA3_ROPE}, without=("layer_types",),
        outer={"architectures": ["Llama4ForConditionalGeneration"], "model_type": "llama4", "torch_dtype": "bfloat16"},
    ),
    Family(
        "llama4_text", *LLAMA4,
        sizes(**LLAMA4_SIZES, interleave_moe_layer_step=2, use_qk_norm=False, rope_parameters=rope(500000.0)),
    ),
    Family("falcon_mqa", *FALCON, dict(FALCON_SIZES, multi_query=True, parallel_attn=True,
                                       new_decoder_architecture=False), old_form={}),
    Family(
        "falcon_new", *FALCON,
        dict(FALCON_SIZES, num_kv_heads=2, multi_query=True, parallel_attn=True, new_decoder_architecture=True),
        old_form={}, without=("num_ln_in_parallel_attn",),
    ),
    Family(
        "falcon_new_one_norm", *FALCON,
        dict(FALCON_SIZES, num_kv_heads=2, new_decoder_architecture=True, num_ln_in_parallel_attn=1,
             rope_parameters=rope(500042.0)),
    ),
    Family(
        "falcon_alibi", *FALCON,
        dict(FALCON_SIZES, hidden_size=48, num_attention_heads=6, alibi=True, bias=True, multi_query=False,
             parallel_attn=False, new_decoder_architecture=False),
        old_form={}, attention="sdpa",
    ),
    Family("olmo", "OlmoForCausalLM", "OlmoConfig", sizes(num_key_value_heads=4, clip_qkv=1.5),
           old_form={"rope_theta": 10000.0, "rope_scaling": None}),
    Family("olmo2", "Olmo2ForCausalLM", "Olmo2Config", sizes(rms_norm_eps=1e-6, rope_parameters=rope(500000.0)),
           old_form={"rope_theta": 500000, "rope_scaling": None}),
    Family(
        "olmo3", "Olmo3ForCausalLM", "Olmo3Config",
        sizes(num_hidden_layers=4, sliding_window=8, rope_parameters={
            "full_attention": rope(500000.0, "yarn", beta_fast=32.0, beta_slow=1.0, **YARN),
            "sliding_attention": rope(500000.0)}),
        old_form={"rope_theta": 500000, "rope_scaling": {
            "rope_type": "yarn", "beta_fast": 32.0, "beta_slow": 1.0, "attention_factor": 1.1386294361119891, **YARN}},
    ),
    Family("olmoe", "OlmoeForCausalLM", "OlmoeConfig",
           sizes(intermediate_size=32, num_key_value_heads=4, num_experts=6, num_experts_per_tok=3,
                 norm_topk_prob=False)),
    Family(
        "deepseek_v2_lite", *DEEPSEEK2,
        sizes(**MLA, num_hidden_layers=3, q_lora_rank=None, n_routed_experts=6, n_shared_experts=2, n_group=1,
              topk_group=1, topk_method="greedy", routed_scaling_factor=1.0, norm_topk_prob=False) | {"q_lora_rank": None}
        | {"rope_parameters": rope(kind="yarn", mscale=0.707, mscale_all_dim=0.707, beta_fast=32.0, beta_slow=1.0,
                                   **YARN)},
        old_form={"rope_theta": 10000, "rope_scaling": {"type": "yarn", "mscale": 0.707, "mscale_all_dim": 0.707,
                                                        "beta_fast": 32, "beta_slow": 1, **YARN}},
    ),
    Family(
        "deepseek_v2", *DEEPSEEK2,
        sizes(**MLA, num_hidden_layers=3, q_lora_rank=24, n_routed_experts=6, n_shared_experts=1, n_group=3,
              topk_group=2, topk_method="group_limited_greedy", routed_scaling_factor=16.0, norm_topk_prob=False),
    ),
    Family(
        "deepseek_v3", *DEEPSEEK3,
        sizes(**MLA, num_hidden_layers=3, q_lora_rank=24, n_routed_experts=8, n_shared_experts=1, n_group=4,
              topk_group=2, routed_scaling_factor=2.5, norm_topk_prob=True, num_nextn_predict_layers=1,
              rope_parameters=rope(kind="yarn", mscale=1.0, mscale_all_dim=1.0, beta_fast=32.0, beta_slow=1.0, **YARN)),
        old_form={"rope_theta": 10000, "rope_scaling": {"type": "yarn", "mscale": 1.0, "mscale_all_dim": 1.0,
                                                        "beta_fast": 32, "beta_slow": 1, **YARN}},
        rewrite=with_next_token_module,
    ),
    Family(
        "qwen2", "Qwen2ForCausalLM", "Qwen2Config",
        sizes(num_hidden_layers=3, use_sliding_window=True, sliding_window=8, max_window_layers=1,
              rope_parameters=rope(1000000.0)),
        old_form={"rope_theta": 1000000.0}, without=("layer_types",),
    ),
    Family(
        "qwen2_tied", "Qwen2ForCausalLM", "Qwen2Config",
        sizes(tie_word_embeddings=True, use_sliding_window=False, sliding_window=8, rope_parameters=rope(1000000.0)),
        old_form={"rope_theta": 1000000.0, "sliding_window": 8, "use_sliding_window": False}, without=("layer_types",),
    ),
    Family(
        "qwen2_moe", "Qwen2MoeForCausalLM", "Qwen2MoeConfig",
        sizes(num_hidden_layers=3, moe_intermediate_size=32, shared_expert_intermediate_size=64, num_experts=4,
              num_experts_per_tok=2, norm_topk_prob=False, mlp_only_layers=[1], decoder_sparse_step=1),
        old_form={"rope_theta": 10000.0}, without=("layer_types",),
    ),
    Family("qwen3", "Qwen3ForCausalLM", "Qwen3Config", sizes(head_dim=16, rope_parameters=rope(1000000.0))),
    Family(
        "qwen3_moe", "Qwen3MoeForCausalLM", "Qwen3MoeConfig",
        sizes(num_hidden_layers=2, head_dim=16, moe_intermediate_size=32, num_experts=6, num_experts_per_tok=2,
              norm_topk_prob=True, rope_parameters=rope(1000000.0)),
        old_form={"rope_theta": 1000000.0, "rope_scaling": None, "num_experts": 6}, without=("num_local_experts",),
    ),
    Family("gemma", "GemmaForCausalLM", "GemmaConfig", sizes(num_key_value_heads=1, head_dim=16),
           old_form={"rope_theta": 10000.0, "hidden_act": "gelu_pytorch_tanh", "hidden_activation": None}),
    Family(
        "gemma2", "Gemma2ForCausalLM", "Gemma2Config",
        sizes(num_hidden_layers=3, head_dim=16, sliding_window=8, query_pre_attn_scalar=24,
              attn_logit_softcapping=2.0, final_logit_softcapping=1.5),
        old_form={"rope_theta": 10000.0, "hidden_act": "gelu_pytorch_tanh"}, without=("layer_types",),
    ),
    Family(
        "gemma3_text", *GEMMA3,
        sizes(num_hidden_layers=4, head_dim=16, sliding_window=8, query_pre_attn_scalar=16,
              layer_types=["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"],
              rope_parameters={"full_attention": rope(1000000.0), "sliding_attention": rope(10000.0)}),
        old_form={"rope_theta": 1000000, "rope_local_base_freq": 10000, "rope_scaling": None,
                  "sliding_window_pattern": 3, "cache_implementation": "hybrid"},
        without=("layer_types", "_sliding_window_pattern"),
    ),
    Family(
        "gemma3", *GEMMA3,
        sizes(num_hidden_layers=3, head_dim=16, sliding_window=8, query_pre_attn_scalar=24,
              layer_types=["sliding_attention", "full_attention", "sliding_attention"],
              rope_parameters={"full_attention": rope(1000000.0, "linear", factor=8.0),
                               "sliding_attention": rope(10000.0)}),
        outer={"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "dtype": "bfloat16",
               "eos_token_id": [2, 3]},
    ),
    Family("phi3", *PHI3, sizes(num_key_value_heads=4, sliding_window=8, pad_token_id=0),
           old_form={"rope_theta": 10000.0, "rope_scaling": None}),
    Family(
        "phi3_longrope", *PHI3,
        sizes(num_key_value_heads=4, pad_token_id=0, original_max_position_embeddings=32,
              rope_parameters=rope(kind="longrope", **LONGROPE)),
        old_form={"rope_theta": 10000.0, "rope_scaling": {"type": "longrope", **LONGROPE}}, lengths=BEYOND,
        note="beyond 32 tokens, where the long factors hold",
    ),
    Family(
        "phi3_longrope_short", *PHI3,
        sizes(num_key_value_heads=4, pad_token_id=0, original_max_position_embeddings=128,
              rope_parameters=rope(kind="longrope", **LONGROPE)),
        old_form={"rope_theta": 10000.0, "rope_scaling": {"type": "longrope", **LONGROPE}},
        note="within the length before scaling, where the short factors hold",
    ),
    Family(
        "phi4_mini", *PHI3,
        sizes(hidden_size=64, num_attention_heads=4, pad_token_id=0, tie_word_embeddings=True, intermediate_size=64,
              original_max_position_embeddings=32,
              rope_parameters=rope(kind="longrope", partial_rotary_factor=0.5, **LONGROPE)),
        old_form={"rope_theta": 10000.0, "partial_rotary_factor": 0.5,
                  "rope_scaling": {"type": "longrope", **LONGROPE}},
        lengths=BEYOND,
    ),
    Family("phi4", *PHI3, sizes(num_key_value_heads=1, pad_token_id=0, rope_parameters=rope(250000.0))),
    Family("gpt2", "GPT2LMHeadModel", "GPT2Config",
           dict(vocab_size=160, n_embd=32, n_head=4, n_layer=2, n_positions=128, bos_token_id=1, eos_token_id=2)),
    Family(
        "starcoder2", "Starcoder2ForCausalLM", "Starcoder2Config",
        sizes(sliding_window=8, use_bias=True, rope_parameters=rope(999999.4420358813)),
        old_form={"rope_theta": 999999.4420358813},
    ),
    Family("gpt_neox_parallel", *NEOX, dict(NEOX_SIZES, use_parallel_residual=True,
                                            rope_parameters=rope(partial_rotary_factor=0.25)),
           old_form={"rotary_pct": 0.25, "rotary_emb_base": 10000}),
    Family("gpt_neox_sequential", *NEOX, dict(NEOX_SIZES, use_parallel_residual=False,
                                              rope_parameters=rope(partial_rotary_factor=1.0))),
    Family(
        "gpt_oss", "GptOssForCausalLM", "GptOssConfig",
        sizes(num_hidden_layers=2, intermediate_size=32, head_dim=16, num_local_experts=4, num_experts_per_tok=2,
              sliding_window=8, rope_parameters=rope(150000.0, "yarn", beta_fast=32.0, beta_slow=1.0, truncate=False,
                                                     **YARN)),
        old_form={"rope_theta": 150000, "rope_scaling": {
                      "rope_type": "yarn", "beta_fast": 32.0, "beta_slow": 1.0, "truncate": False, **YARN},
                  "quantization_config": {"quant_method": "mxfp4", "modules_to_not_convert": [
                      "model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]}},
        rewrite=mxfp4, loading=dequantised, block=32,
    ),
    Family(
        "bert", "BertModel", "BertConfig", sizes(num_key_value_heads=None, type_vocab_size=2, pad_token_id=0),
        old_form={}, dtype="float32", pooling=("cls", True),
    ),
    Family(
        "nomic_bert", "NomicBertModel", "NomicBertConfig", sizes(num_key_value_heads=None, type_vocab_size=2),
        dtype="float32", published=NOMIC_FORM, pooling=("mean", False),
    ),
    Family(
        "deepseek_v3_fp8", *DEEPSEEK3,
        sizes(**MLA, num_hidden_layers=3, q_lora_rank=24, n_routed_experts=4, n_shared_experts=1, n_group=2,
              topk_group=1, routed_scaling_factor=2.5, norm_topk_prob=True, num_nextn_predict_layers=1,
              rope_parameters=rope(kind="yarn", mscale=1.0, mscale_all_dim=1.0, beta_fast=32.0, beta_slow=1.0, **YARN)),
        old_form={"rope_theta": 10000, "rope_scaling": {"type": "yarn", "mscale": 1.0, "mscale_all_dim": 1.0,
                                                        "beta_fast": 32, "beta_slow": 1, **YARN}},
        rewrite=with_next_token_module, quantise=float8_blocks,
    ),
    Family("llama_fp8_rows", *LLAMA, sizes(), old_form={"rope_theta": 10000.0}, quantise=float8_rows),
    Family("llama_fp8_tensors", *LLAMA, sizes(), old_form={"rope_theta": 10000.0}, quantise=float8_tensors),
]  # fmt: skip
