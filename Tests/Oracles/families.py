"""Which families of models there are checkpoints of, and what is verified of each: the tests and docs/MODELS.md read it.

python3 Tests/Oracles/families.py > docs/MODELS.md
"""

import json
import struct
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
    # Why the reference outputs beside the checkpoint are not what the model computes.
    wrong_reference: str = ""
    # Why llama.cpp computes something else from the same file.
    not_in_llama_cpp: str = ""
    # The types of the weights, of checkpoints that may not be here.
    types: tuple = ()

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

    @property
    def has_experts(self):
        keys = ("num_local_experts", "n_routed_experts", "num_experts")
        return any((self.configuration().get(key) or 0) > 0 for key in keys)

    def stored_types(self):
        """The types of the matrices, the most frequent first."""
        counts = {}
        for path in self.folder.glob("*.safetensors"):
            with open(path, "rb") as stream:
                (length,) = struct.unpack("<Q", stream.read(8))
                header = json.loads(stream.read(length))
            for name, entry in header.items():
                if name == "__metadata__" or len(entry["shape"]) < 2 or "_scale" in name:
                    continue
                kind = "MXFP4" if entry["dtype"] == "U8" else entry["dtype"]
                counts[kind] = counts.get(kind, 0) + 1
        return tuple(sorted(counts, key=lambda kind: (-counts[kind], kind)))


def made(family, *names, **options):
    return [Source(family, MADE / name, **options) for name in names]


def given(family, *names, types=("F32",), **options):
    return [Source(family, GENERATED / name, types=types, **options) for name in names]


# What llama.cpp takes for granted in files of a family, and these checkpoints have otherwise.
WINDOW = "llama.cpp knows no window in this family"
LITE = "llama.cpp tells V2 Lite by its 26 or 27 layers"
SCALE = "llama.cpp takes the width of a head in place of query_pre_attn_scalar"
GROWING = "GGUF cannot say that the base of rotary embeddings grows"
TWICE = "eager attention of transformers 5.23 adds the slopes twice"
SLOPES = "llama.cpp knows no Falcon with alibi"
SOURCES = [
    *given("Llama 1 to 3", "llama", "llama3_ropescaling", "llama_sharded"),
    *made("Llama, YaRN", "llama_yarn"),
    *made("Llama, dynamic NTK", "llama_dynamic", unconvertible=GROWING),
    *made("Llama, dynamic NTK", "llama_dynamic_beyond", unconvertible=GROWING),
    *made("Llama 4", "llama4", not_in_llama_cpp="llama.cpp has chunks of 8,192 positions"),
    *made("Llama 4", "llama4_text", not_in_llama_cpp="llama.cpp tells models without query norms by their 128 experts"),
    *given("Mistral", "mistral_swa", not_in_llama_cpp=WINDOW),
    *given("Mistral", "mistral_swa_bf16", types=("BF16",), not_in_llama_cpp=WINDOW),
    *given("Mixtral", "mixtral"),
    *given("Falcon 7B", "falcon_mqa"),
    *made("Falcon 7B", "falcon_mqa"),
    *given("Falcon 40B and 180B", "falcon_newarch"),
    *made("Falcon 40B and 180B", "falcon_new"),
    *made("Falcon 2 11B", "falcon_new_one_norm"),
    *given(
        "Falcon RW",
        "falcon_alibi",
        wrong_reference=TWICE,
        not_in_llama_cpp=SLOPES,
    ),
    *made("Falcon RW", "falcon_alibi", not_in_llama_cpp=SLOPES),
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
    *given("DeepSeek V2", "deepseek_v2", not_in_llama_cpp=LITE),
    *made("DeepSeek V2", "deepseek_v2_lite", not_in_llama_cpp=LITE),
    *made("DeepSeek V2", "deepseek_v2", not_in_llama_cpp="llama.cpp does not choose among groups of experts in V2"),
    *given("DeepSeek V3, R1", "deepseek_v3"),
    *made("DeepSeek V3, R1", "deepseek_v3", "deepseek_v3_fp8"),
    *given("Qwen 2 and 2.5", "qwen2"),
    *made("Qwen 2 and 2.5", "qwen2", not_in_llama_cpp=WINDOW),
    *made("Qwen 2 and 2.5", "qwen2_tied"),
    *given("Qwen 2 MoE", "qwen2_moe"),
    *made("Qwen 2 MoE", "qwen2_moe", not_in_llama_cpp="llama.cpp has experts in every layer"),
    *given("Qwen 3", "qwen3"),
    *made("Qwen 3", "qwen3"),
    *made("Qwen 3 MoE", "qwen3_moe"),
    *made("Gemma", "gemma"),
    *given("Gemma 2", "gemma2", not_in_llama_cpp=SCALE),
    *made("Gemma 2", "gemma2", not_in_llama_cpp=SCALE),
    *made("Gemma 3", "gemma3_text", not_in_llama_cpp="llama.cpp lets every sixth layer see everything"),
    *made("Gemma 3", "gemma3", not_in_llama_cpp=SCALE),
    *given("Phi 3", "phi3"),
    *made("Phi 3", "phi3", not_in_llama_cpp=WINDOW),
    *made("Phi 3", "phi3_longrope_short", not_in_llama_cpp="llama.cpp goes by its own context, which is 512 here"),
    *made("Phi 3", "phi3_longrope"),
    *made("Phi 4", "phi4", "phi4_mini"),
    *given("GPT-2", "gpt2"),
    *made("GPT-2", "gpt2"),
    *made("StarCoder 2", "starcoder2", not_in_llama_cpp=WINDOW),
    *made("Llama, FP8", "llama_fp8_rows", "llama_fp8_tensors"),
    *made("gpt-oss", "gpt_oss", not_in_llama_cpp="llama.cpp rounds the ends of YaRN's ramp"),
    *given("BERT", "bert", is_encoder=True),
    *made("BERT", "bert", is_encoder=True),
    *made("Nomic BERT", "nomic_bert", is_encoder=True),
]
DECODERS = [source for source in SOURCES if not source.is_encoder]
ENCODERS = [source for source in SOURCES if source.is_encoder]

HEAD = """\
# Models

Generated by `python3 Tests/Oracles/families.py > docs/MODELS.md`; a test compares this file with what the tests do.

Every row is checked by `Tests/Oracles/test_families.py` on tiny checkpoints with random weights, in the form and under
the names in which the family is published. The references were computed by transformers 5.23 in float32;
`Scripts/make_family_fixtures.py` makes the checkpoints that lie in the repository.

- **transformers**: logits within 1e-3 of the reference, likelihoods within 2e-3, the same greedy tokens; from the folder
  and again from the GGUF file of type F32 that `stoa convert` makes of it. gpt-oss is multiplied with in MXFP4, which
  rounds activations: its logits are within three times what that costs when simulated with transformers, and those of
  the file that `stoa quantize --type F32 --allow-requantize` makes of it within 1e-3. Weights in FP8 are read as BF16,
  and the references are of these. Encoders: vectors within 1e-4, with
  sentence-transformers for the pooling.
- **Q8_0**: logits of the file of this type are within 10 % of the reference (root mean square, relative); with experts
  within 80 %, since rounding makes routers with random weights choose other experts.
- **llama.cpp**: 64 greedy tokens of llama.cpp from the same F32 file are the same, or the first that differs was less than
  5e-3 ahead: llama.cpp looks gelu up in a table of half precision.
- **bits**: a prompt at once, in pieces and token by token gives the same bits.

What can be computed with does not depend on the family: F32, F16, BF16 and the quantised types that `docs/CANONICAL.md`
lists. Sizes differ from real models', so nothing here says that a model of a given size fits a machine.

DeepSeek V2 to R1 cache for each token and layer the compressed vector and the rotated part of the key, 512 + 64 values
(arXiv:2405.04434, section 2.1): {latent:,} bytes a token in V2's 60 layers in half precision, where its 128 heads of
keys (192) and values (128) would take {heads:,}, {ratio:.0f} times as much. `LatentCacheTests` holds the memory to it.

| Family | `model_type` | Folder with | GGUF | Verified |
|---|---|---|---|---|
"""


def document():
    """The text of docs/MODELS.md."""
    rows, notes = [], []
    for family in dict.fromkeys(source.family for source in SOURCES):
        sources = [source for source in SOURCES if source.family == family]
        runs = [source for source in sources if not source.refusal]
        for source in sources:
            for what, why in (
                ("is refused", source.refusal), ("is not converted", source.unconvertible),
                ("is not compared with llama.cpp", source.not_in_llama_cpp),
                ("is not compared with its reference outputs", source.wrong_reference),
            ):  # fmt: skip
                if why:
                    notes.append(f"- {family}: `{source.folder.name}` {what}: {why}.")
        models = [source for source in sources if source.folder.parent == MADE]
        names = sorted({source.configuration()["model_type"] for source in models}) or [sources[0].folder.name]
        types = sorted({kind for source in runs for kind in source.types or source.stored_types()})
        converted = [source for source in runs if not source.unconvertible]
        verified = []
        if runs and runs[0].is_encoder:
            verified = ["transformers", "sentence-transformers", "llama.cpp"]
        elif runs:
            verified = ["transformers"] + (["Q8_0"] if converted else [])
            verified += ["llama.cpp"] if any(not source.not_in_llama_cpp for source in converted) else []
            verified += ["bits"]
        formats = "F32" if converted and converted[0].is_encoder else "F32, Q8_0" if converted else "no"
        names = ", ".join(f"`{name}`" for name in names)
        rows.append(f"| {family} | {names} | {', '.join(types) or 'no'} | {formats} | {', '.join(verified) or 'no'} |")
    latent, heads = 60 * (512 + 64) * 2, 60 * 128 * (192 + 128) * 2
    text = HEAD.format(latent=latent, heads=heads, ratio=heads / latent) + "\n".join(rows) + "\n"
    return text + ("\nExceptions:\n\n" + "\n".join(dict.fromkeys(notes)) + "\n" if notes else "")


if __name__ == "__main__":
    print(document(), end="")
