#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokenizers/words: small unigram and WordPiece tokenizers and what their references make of texts.

  NAME/…          a folder with a tokenizer as Hugging Face and sentencepiece have it, or NAME.gguf
  expected.json   texts, and for each tokenizer the ids (NAME → [[id, …], …]) and, where it says so, the texts decoded
  normalized.json for each normalisation: texts as changed, and a hash over what becomes of every scalar

The references are the PyPI packages `sentencepiece`, `tokenizers`, `transformers` (vocab.txt) and `llama-cpp-python` (GGUF).
Usage: Scripts/make_word_tokenizers.py
"""
import io
import json
import pathlib
import struct
import sys
import tempfile

import gguf
import llama_cpp
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertTokenizer

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "Tests/Fixtures/tokenizers/words"
sys.path.insert(0, str(ROOT / "Tests/Oracles"))
from protobuf import fields  # noqa: E402
from varied_texts import texts  # noqa: E402

TEXTS = ["", " ", "  ", "a", " a ", "\t\n", "the the", "▁", "<s>", "[MASK]", "é" * 3, "\u0301", "\x00", "##a"]
TEXTS += [text[:120] for text in texts(76, seed=3)]
CORPUS = [line for text in texts(500, seed=4) for line in text.split("\n") if 0 < len(line) < 300]
RULES = {"ﬁ": "fi", "①": "1", "½": "1/2", "　": " ", "\t": " ", "\u00a0": " ", "\u200b": "", "e\u0301": "é", "Ｈ": "H", "™": " tm ", "…": "..."}
expected = {"texts": TEXTS, "ids": {}, "plain": {}, "decoded": {}}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def pieces(model):
    found = [dict(fields(value)) for number, value in fields(model) if number == 1]
    return [(p[1].decode(), struct.unpack("<f", p[2])[0] if 2 in p else 0.0, p.get(3, 1)) for p in found]


def character_map(model):
    return next((dict(fields(value)).get(2, b"") for number, value in fields(model) if number == 3), b"")


def sentencepiece_model(name, **options):
    model = io.BytesIO()
    standard = {"vocab_size": 700, "hard_vocab_limit": False, "minloglevel": 2, "num_threads": 1, "character_coverage": 0.98}
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
        for source, target in RULES.items():
            rules.write("\t".join(" ".join(f"{ord(c):X}" for c in side) for side in (source, target)) + "\n")
        rules.flush()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(CORPUS), model_writer=model, normalization_rule_tsv=rules.name, **{**standard, **options})
    model = model.getvalue()
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    write(OUT / name / "tokenizer.model", model)
    expected["plain"][name] = [processor.encode(text) for text in TEXTS]
    if options.get("byte_fallback"):
        expected["decoded"][name] = [processor.decode(ids) for ids in expected["plain"][name]]
    return model


def tokenizer_json(name, tokenizer):
    write(OUT / name / "tokenizer.json", compact(json.loads(tokenizer.to_str())))
    expected["ids"][name] = [tokenizer.encode(text).ids for text in TEXTS]
    expected["decoded"][name] = [tokenizer.decode(ids) for ids in expected["ids"][name]]


def unigram(model, normalizer, pre_tokenizer, decoder):
    tokenizer = Tokenizer(models.Unigram([(text, score) for text, score, _ in pieces(model)], unk_id=0))
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, pre_tokenizer, decoder
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.add_tokens([AddedToken("<user>", normalized=True), AddedToken("word", single_word=True, normalized=False)])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 1))
    return tokenizer


def word_piece(normalizer, pre_tokenizer):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=40))
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, pre_tokenizer, decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    # Ties in this training are broken by chance, so that ids change from run to run.
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=700, limit_alphabet=250, special_tokens=special, show_progress=False))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def write_gguf(name, kind, tokens, scores, types, **keys):
    path = OUT / f"{name}.gguf"
    writer = gguf.GGUFWriter(path, kind)
    writer.add_tokenizer_model(kind)
    writer.add_token_list(tokens)
    if scores:
        writer.add_token_scores(scores)
    writer.add_token_types(types)
    for key, value in keys.items():
        getattr(writer, f"add_{key}")(value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    expected["ids"][f"{name}.gguf"] = [model.tokenize(text.encode(), add_bos=True, special=True) for text in TEXTS]
    expected["plain"][f"{name}.gguf"] = [model.tokenize(text.encode(), add_bos=False, special=False) for text in TEXTS]


plain = sentencepiece_model("unigram", model_type="unigram", remove_extra_whitespaces=True)
sentencepiece_model(
    "unigram-bytes", model_type="unigram", byte_fallback=True, remove_extra_whitespaces=False, add_dummy_prefix=False,
    user_defined_symbols=["<sym>", "ﬁ"])
sentencepiece_model("suffix", model_type="bpe", treat_whitespace_as_suffix=True, byte_fallback=True)
charsmap = character_map(plain)
metaspace = pre_tokenizers.Metaspace
tokenizer_json(
    "xlm-roberta",
    unigram(plain, normalizers.Precompiled(charsmap), pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace()]), decoders.Metaspace()))
tokenizer_json(
    "albert",
    unigram(
        plain,
        normalizers.Sequence(
            [normalizers.Replace("``", '"'), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()]),
        metaspace(prepend_scheme="first"), decoders.Metaspace(prepend_scheme="first")))
bert = word_piece(normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer())
tokenizer_json("bert", bert)
tokenizer_json(
    "wordpiece",
    word_piece(
        normalizers.Sequence([normalizers.NFC(), normalizers.Nmt(), normalizers.Lowercase()]),
        pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Punctuation("contiguous")])))

vocabulary = [text for text, _ in sorted(bert.get_vocab().items(), key=lambda item: item[1])]
write(OUT / "bert-vocab/vocab.txt", "\n".join(vocabulary) + "\n")
write(OUT / "bert-vocab/tokenizer_config.json", compact({"do_lower_case": False, "tokenizer_class": "BertTokenizer"}))
tokenizer = BertTokenizer.from_pretrained(OUT / "bert-vocab")
expected["ids"]["bert-vocab"] = [tokenizer(text)["input_ids"] for text in TEXTS]

tokens, scores, types = zip(*pieces(plain))
write_gguf(
    "unigram", "t5", list(tokens), list(scores), list(types), precompiled_charsmap=charsmap, add_space_prefix=True,
    remove_extra_whitespaces=True, unk_token_id=0, eos_token_id=2, pad_token_id=1)
# As the converter of llama.cpp writes BERT's vocabulary.
marked = [t if t.startswith("[") and t.endswith("]") else t[2:] if t.startswith("##") else "▁" + t for t in vocabulary]
write_gguf(
    "bert", "bert", marked, None, [3 if i < 5 else 1 for i in range(len(marked))], bos_token_id=2, sep_token_id=3,
    unk_token_id=1, pad_token_id=0, mask_token_id=4)
write(OUT / "expected.json", compact(expected))

NORMALIZERS = {
    "NFC": normalizers.NFC(), "NFD": normalizers.NFD(), "NFKC": normalizers.NFKC(), "NFKD": normalizers.NFKD(),
    "Lowercase": normalizers.Lowercase(), "StripAccents": normalizers.StripAccents(), "Nmt": normalizers.Nmt(),
    "Strip": normalizers.Strip(), "BertNormalizer": normalizers.BertNormalizer(),
    "ByteLevel": normalizers.ByteLevel(),
}


def digest(normalizer):
    """FNV-1a of every scalar but NUL, between a letter and a letter, as changed."""
    value = 0xCBF29CE484222325
    for scalar in range(1, 0x110000):
        if not 0xD800 <= scalar < 0xE000:
            for byte in normalizer.normalize_str(f"a{chr(scalar)}b").encode():
                value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


CLUSTERS = [t for t in texts(60, seed=5) if len(t) < 120][:40]
write(OUT / "normalized.json", compact({
    "texts": CLUSTERS,
    "results": {name: [n.normalize_str(text) for text in CLUSTERS] for name, n in NORMALIZERS.items()},
    "digests": {name: digest(n) for name, n in NORMALIZERS.items()},
}))
print({name: sum(map(len, ids)) for name, ids in (expected["ids"] | expected["plain"]).items()})
