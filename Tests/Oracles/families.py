"""Which families of models there are checkpoints of, and what is verified of each: the tests and docs/MODELS.md read it.

    python3 Tests/Oracles/families.py > docs/MODELS.md
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from oracle import DATA, FIXTURES

GENERATED = DATA / "models/generated_arch_dev"
MADE = FIXTURES / "families"


@dataclass(frozen=True)
class Source:
    """A tiny checkpoint with reference outputs beside it."""

    family: str
    folder: Path
    is_encoder: bool = False
    # Why the program refuses it, as its message says; empty for what it runs.
    refusal: str = ""
    # Why GGUF cannot hold the model.
    unconvertible: str = ""
    # Why llama.cpp computes something else from the same file.
    not_in_llama_cpp: str = ""
    # Prompts for which transformers computes something else than a model that decodes token by token.
    is_by_length: bool = False

    @property
    def name(self):
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def tolerance(self):
        # Reference outputs of this folder are from before its weights were rounded.
        return self.expected().get("tolerance", 0.05 if self.folder.name == "mistral_swa_bf16" else 1e-3)

    def cases(self):
        return self.expected()["cases"]

    @cache
    def expected(self):
        return json.loads((self.folder / "expected.json").read_text())

    @cache
    def configuration(self):
        config = json.loads((self.folder / "config.json").read_text())
        return config.get("text_config", config)


def made(family, *names, **options):
    return [Source(family, MADE / name, **options) for name in names]


def given(family, *names, **options):
    return [Source(family, GENERATED / name, **options) for name in names]


WINDOW = "llama.cpp attends to everything in Llama files"
SOURCES = [
    *given("Llama 1 to 3", "llama", "llama3_ropescaling", "llama_sharded"),
    *made("Llama, YaRN", "llama_yarn"),
    *made("Llama, dynamic NTK", "llama_dynamic"),
    *made("Llama, dynamic NTK", "llama_dynamic_beyond", is_by_length=True),
    *made("Llama 4", "llama4", "llama4_text"),
    *given("Mistral", "mistral_swa", "mistral_swa_bf16", not_in_llama_cpp=WINDOW),
    *given("Mixtral", "mixtral"),
    *given("Falcon 7B", "falcon_mqa"),
    *made("Falcon 7B", "falcon_mqa"),
    *given("Falcon 40B and 180B", "falcon_newarch"),
    *made("Falcon 40B and 180B", "falcon_new"),
    *made("Falcon 2 11B", "falcon_new_one_norm"),
    *given("Falcon RW", "falcon_alibi"),
    *made("Falcon RW", "falcon_alibi"),
    *made("Falcon 3", "falcon3"),
    *given("OLMo", "olmo"),
    *made("OLMo", "olmo"),
    *given("OLMo 2", "olmo2"),
    *made("OLMo 2", "olmo2"),
    *made("OLMo 3", "olmo3"),
    *made("OLMoE", "olmoe"),
    *given("GPT-NeoX, Pythia", "gpt_neox_parallel", "gpt_neox_sequential"),
    *made("GPT-NeoX, Pythia", "gpt_neox_parallel", "gpt_neox_sequential"),
    *made("DeepSeek LLM", "deepseek_llm"),
    *given("DeepSeek V2", "deepseek_v2"),
    *made("DeepSeek V2", "deepseek_v2_lite", "deepseek_v2"),
    *given("DeepSeek V3, R1", "deepseek_v3"),
    *made("DeepSeek V3, R1", "deepseek_v3"),
    *given("Qwen 2 and 2.5", "qwen2"),
    *made("Qwen 2 and 2.5", "qwen2", "qwen2_tied"),
    *given("Qwen 2 MoE", "qwen2_moe"),
    *made("Qwen 2 MoE", "qwen2_moe"),
    *given("Qwen 3", "qwen3"),
    *made("Qwen 3", "qwen3"),
    *made("Qwen 3 MoE", "qwen3_moe"),
    *made("Gemma", "gemma"),
    *given("Gemma 2", "gemma2"),
    *made("Gemma 2", "gemma2"),
    *made("Gemma 3", "gemma3_text", "gemma3"),
    *given("Phi 3", "phi3"),
    *made("Phi 3", "phi3", "phi3_longrope_short"),
    *made("Phi 3", "phi3_longrope", is_by_length=True),
    *made("Phi 4", "phi4"),
    *made("Phi 4", "phi4_mini", is_by_length=True),
    *given("GPT-2", "gpt2"),
    *made("GPT-2", "gpt2"),
    *made("StarCoder 2", "starcoder2"),
    *made("gpt-oss", "gpt_oss"),
    *given("BERT", "bert", is_encoder=True),
    *made("BERT", "bert", is_encoder=True),
    *made("Nomic BERT", "nomic_bert", is_encoder=True),
]
DECODERS = [source for source in SOURCES if not source.is_encoder]
ENCODERS = [source for source in SOURCES if source.is_encoder]
