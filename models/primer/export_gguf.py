"""Owns the GGUF file: writes the weights, the tokenizer and the chat template.

    python export_gguf.py --out primer-q8_0.gguf            # Q8_0
    python export_gguf.py --type f32 --out build/f32.gguf   # exact, for checks
    python export_gguf.py --stage one --out build/stage-one.gguf   # what stage two begins with

The network is trained with interleaved rotary pairs, which is the layout of the
`llama` architecture in GGUF, so that no rows are permuted here.
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
import torch

from model import Primer

HERE = Path(__file__).resolve().parent
TEMPLATE = ("{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + "
            "message['content'] + '<|end|>' }}{% endfor %}{% if add_generation_prompt %}"
            "{{ '<|assistant|>' }}{% endif %}")
DESCRIPTION = ("The small bundled demonstration model of Stoa. Tells little stories and answers "
               "questions about them. Trained only on text that a program wrote.")
NAMES = {
    "embedding": "token_embd", "norm": "output_norm", "attention_norm": "attn_norm",
    "attention.q": "attn_q", "attention.k": "attn_k", "attention.v": "attn_v",
    "attention.o": "attn_output", "feed_norm": "ffn_norm", "feed.gate": "ffn_gate",
    "feed.up": "ffn_up", "feed.down": "ffn_down",
}
CHECKPOINTS = {"one": HERE / "build/checkpoint.pt", "two": HERE / "build/checkpoint-two.pt"}


def load(config, checkpoint=CHECKPOINTS["two"]):
    """Return the trained model of a checkpoint."""
    model = Primer(config["model"], config["tokenizer"]["vocab_size"])
    model.load_state_dict(torch.load(checkpoint, weights_only=True)["model"])
    return model.eval()


def gguf_name(name):
    """Return the GGUF name of a parameter: blocks.0.feed.up.weight -> blk.0.ffn_up.weight."""
    parts = name.split(".")
    if parts[0] == "blocks":
        return f"blk.{parts[1]}.{NAMES['.'.join(parts[2:-1])]}.weight"
    return NAMES[parts[0]] + ".weight"


@torch.no_grad()
def dequantised(model, path):
    """Give the network the weights as a GGUF file keeps them."""
    tensors = {t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in gguf.GGUFReader(path).tensors}
    for name, p in model.named_parameters():
        p.copy_(torch.from_numpy(np.array(tensors[gguf_name(name)])).reshape(p.shape))
    return model


def add_metadata(writer, config, size, kind):
    """Write what the model is and its hyper-parameters."""
    c = config["model"]
    writer.add_name("primer")
    writer.add_author("the Stoa project")
    writer.add_description(DESCRIPTION)
    writer.add_license("Apache-2.0")
    writer.add_size_label(f"{size / 1e6:.1f}M")
    writer.add_context_length(c["context"])
    writer.add_embedding_length(c["width"])
    writer.add_block_count(c["layers"])
    writer.add_feed_forward_length(c["feed_forward"])
    writer.add_head_count(c["heads"])
    writer.add_head_count_kv(c["kv_heads"])
    writer.add_rope_dimension_count(c["head_size"])
    writer.add_rope_freq_base(c["rope_base"])
    writer.add_layer_norm_rms_eps(c["norm_eps"])
    writer.add_vocab_size(config["tokenizer"]["vocab_size"])
    writer.add_float32("general.sampling.temp", config["sampling"]["temperature"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0 if kind == "q8_0" else gguf.LlamaFileType.ALL_F32)


def add_tokenizer(writer, config):
    """Write the vocabulary, the merges, the special tokens and the chat template."""
    bpe = json.loads((HERE / "build/tokenizer.json").read_text())["model"]
    tokens = sorted(bpe["vocab"], key=bpe["vocab"].get)
    special = config["tokenizer"]["special_tokens"]
    merges = [m if isinstance(m, str) else " ".join(m) for m in bpe["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if t in special else gguf.TokenType.NORMAL for t in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(special.index("<|bos|>"))
    writer.add_eos_token_id(special.index("<|end|>"))
    writer.add_eot_token_id(special.index("<|end|>"))
    writer.add_pad_token_id(special.index("<|pad|>"))
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)


def add_tensors(writer, model, kind):
    """Write the weights: matrices as `kind`, norms in 32 bits."""
    for name, p in model.named_parameters():
        data = p.detach().float().numpy()
        if kind == "q8_0" and data.ndim == 2:
            quantised = gguf.quants.quantize(data, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(gguf_name(name), quantised, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(gguf_name(name), data)


def export(path, kind, stage="two"):
    """Write the model of the last checkpoint of a stage to `path`."""
    config = json.loads((HERE / "config.json").read_text())
    model = load(config, CHECKPOINTS[stage])
    writer = gguf.GGUFWriter(str(path), "llama")
    add_metadata(writer, config, model.parameter_count(), kind)
    add_tokenizer(writer, config)
    add_tensors(writer, model, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "primer-q8_0.gguf")
    parser.add_argument("--type", choices=("q8_0", "f32"), default="q8_0")
    parser.add_argument("--stage", choices=CHECKPOINTS, default="two")
    args = parser.parse_args()
    export(args.out, args.type, args.stage)
    print(f"{args.out}: {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
