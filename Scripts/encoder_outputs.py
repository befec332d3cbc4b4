"""Reference outputs for tiny encoders, by Hugging Face transformers and sentence-transformers."""

import json

import numpy as np
import sentence_transformers
import tokenizers
import torch
import transformers
from sentence_transformers.models import Normalize, Pooling

from reference_outputs import LENGTHS

TEXTS = ["", "the other land", "There and then: the weather, in the NORTH!", "unknown Ünïcode 東京 words", "the " * 60]


@torch.no_grad()
def write_encodings(folder, model):
    """The hidden states of the first and the last token, their mean over all tokens, and the pooler's output.

    `typed_mean_pooled` has tokens of two types: those of the second half are of type 1.
    """
    cases = []
    for length in LENGTHS:
        rng = np.random.default_rng(length)
        ids = torch.tensor([[int(x) for x in rng.integers(0, model.config.vocab_size, length)]])
        types = (torch.arange(length) >= (length + 1) // 2).long()[None]
        found = model(ids)
        hidden = found.last_hidden_state[0]
        entry = {
            "input_ids": ids[0].tolist(),
            "last_hidden_first_token": numbers(hidden[0]),
            "last_hidden_last_token": numbers(hidden[-1]),
            "mean_pooled": numbers(hidden.mean(0)),
            "typed_mean_pooled": numbers(model(ids, token_type_ids=types).last_hidden_state[0].mean(0)),
        }
        if found.get("pooler_output") is not None:
            entry["pooler"] = numbers(found.pooler_output[0])
        cases.append(entry)
    write(folder / "expected.json", cases, {"transformers": transformers.__version__})


@torch.no_grad()
def write_texts(folder, model, pooling, is_normalised):
    """Gives the model a tokenizer and the files of sentence-transformers, and writes texts with ids and vectors."""
    tokenizer = word_pieces(model.config.vocab_size)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "model_max_length": model.config.max_position_embeddings,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")},
    }
    save_json(folder / "tokenizer_config.json", settings)
    stages = [Pooling(model.config.hidden_size, pooling_mode=pooling)] + ([Normalize()] if is_normalised else [])
    listed = [("", "Transformer"), ("1_Pooling", "Pooling")] + ([("2_Normalize", "Normalize")] if is_normalised else [])
    modules = [
        {"idx": index, "name": str(index), "path": path, "type": "sentence_transformers.models." + kind}
        for index, (path, kind) in enumerate(listed)
    ]
    save_json(folder / "modules.json", modules)
    save_json(folder / "sentence_bert_config.json", {"max_seq_length": 100, "do_lower_case": False})
    (folder / "1_Pooling").mkdir(exist_ok=True)
    modes = {
        "cls": "cls_token",
        "mean": "mean_tokens",
        "max": "max_tokens",
        "mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    }
    settings = {f"pooling_mode_{key}": mode == pooling for mode, key in modes.items()}
    save_json(folder / "1_Pooling/config.json", {"word_embedding_dimension": model.config.hidden_size, **settings})
    cases = []
    for text in TEXTS:
        ids = torch.tensor([tokenizer.encode(text).ids])
        mask = torch.ones_like(ids)
        features = {"token_embeddings": model(ids).last_hidden_state, "attention_mask": mask}
        for stage in stages:
            features = stage(features)
        cases.append(
            {"text": text, "input_ids": ids[0].tolist(), "embedding": numbers(features["sentence_embedding"][0])}
        )
    versions = {
        "sentence_transformers": sentence_transformers.__version__,
        "tokenizers": tokenizers.__version__,
        "pooling": pooling,
        "normalised": is_normalised,
    }
    write(folder / "expected_texts.json", cases, versions)


def word_pieces(size):
    """A lower-casing WordPiece tokenizer as BERT has it."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = tokenizers.decoders.WordPiece()
    trainer = tokenizers.trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    text = "there and then the weather, the other thing in the north and the land: words of the unknown!"
    tokenizer.train_from_iterator([text, "abcdefghijklmnopqrstuvwxyz 0 1 2 3 4 5 6 7 8 9 . , ! ?"] * 4, trainer)
    ends = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    return tokenizer


def numbers(vector):
    return [round(float(x), 6) for x in vector]


def write(path, cases, versions):
    expected = {**versions, "torch": torch.__version__, "dtype": "float32", "tolerance": 1e-4, "cases": cases}
    text = json.dumps(expected, ensure_ascii=False)
    for key in ('{"input_ids"', '{"text"'):
        text = text.replace(key, "\n" + key)
    path.write_text(text + "\n")


def save_json(path, content):
    path.write_text(json.dumps(content, indent=2) + "\n")
