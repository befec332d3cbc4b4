"""Unigram, WordPiece and SentencePiece models trained here encode as the packages that define them do."""

import io
import json
import struct
import tempfile
import unittest
from pathlib import Path

from oracle import OracleCase, needs, stoa
from protobuf import fields
from varied_texts import texts

COUNT = 2000
TEXTS = texts(COUNT)
CORPUS = [line for text in texts(1500, seed=7) for line in text.split("\n") if line.strip()]

SENTENCEPIECE = {
    "unigram nmt_nfkc": {},
    "unigram nfkc_cf": {"normalization_rule_name": "nfkc_cf"},
    "unigram nmt_nfkc_cf, bytes": {"normalization_rule_name": "nmt_nfkc_cf", "byte_fallback": True, "character_coverage": 0.98},
    "unigram identity, all spaces": {"normalization_rule_name": "identity", "remove_extra_whitespaces": False},
    "unigram identity, bytes, digits": {"normalization_rule_name": "identity", "byte_fallback": True, "split_digits": True, "character_coverage": 0.98},
    "unigram, spaces behind": {"treat_whitespace_as_suffix": True},
    "unigram, no space in front": {"normalization_rule_name": "nfkc", "add_dummy_prefix": False},
    "unigram, pieces across spaces": {"split_by_whitespace": False, "split_by_unicode_script": False, "split_by_number": False},
    "bpe nmt_nfkc, symbols": {"model_type": "bpe", "user_defined_symbols": ["<sym>", "<user>", "ﬁ", "ing"]},
    "bpe nfkc_cf, bytes": {"model_type": "bpe", "normalization_rule_name": "nfkc_cf", "byte_fallback": True, "split_digits": True},
    "bpe identity, all spaces": {"model_type": "bpe", "normalization_rule_name": "identity", "remove_extra_whitespaces": False, "byte_fallback": True},
    "bpe, spaces behind": {"model_type": "bpe", "normalization_rule_name": "nfkc", "treat_whitespace_as_suffix": True},
    "characters": {"model_type": "char"},
}


def train(**options):
    import sentencepiece

    model = io.BytesIO()
    standard = {
        "model_type": "unigram", "normalization_rule_name": "nmt_nfkc", "vocab_size": 2000, "minloglevel": 2,
        "num_threads": 1, "hard_vocab_limit": False, "character_coverage": 0.995}
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=model, **{**standard, **options})
    return model.getvalue()


class WordTokenizerTests(OracleCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def tokens(self, model, special):
        lines = "".join(json.dumps(text) + "\n" for text in TEXTS)
        result = stoa("tokenize", model, "-", "--batch", *([] if special else ["--no-special"]), stdin=lines)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [json.loads(line)["tokens"] for line in result.stdout.splitlines()]

    def assert_equal(self, ours, reference, allowed=0):
        self.assertEqual(len(ours), COUNT)
        wrong = [text for text, a, b in zip(TEXTS, ours, reference, strict=True) if list(a) != list(b)]
        self.assertLessEqual(len(wrong), allowed, f"{len(wrong)} texts differ, the first: {wrong[:1]}")

    @needs(packages=["sentencepiece"])
    def test_sentencepiece_models(self):
        import sentencepiece

        for name, options in SENTENCEPIECE.items():
            with self.subTest(name):
                model = train(**options)
                (self.folder / "tokenizer.model").write_bytes(model)
                processor = sentencepiece.SentencePieceProcessor(model_proto=model)
                self.assert_equal(self.tokens(self.folder / "tokenizer.model", special=False), [processor.encode(text) for text in TEXTS])

    @needs(packages=["sentencepiece"])
    def test_unigram_with_user_defined_symbols(self):
        """Where two ways to cut a run after a symbol score the same, the last bit of a sum decides: one text in 1,000."""
        import sentencepiece

        model = train(normalization_rule_name="nfkc", user_defined_symbols=["<sym>", "<user>", "ﬁ", "①", "ing", "▁▁"])
        (self.folder / "tokenizer.model").write_bytes(model)
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        self.assert_equal(
            self.tokens(self.folder / "tokenizer.model", special=False), [processor.encode(text) for text in TEXTS], COUNT // 1000)

    @needs(packages=["sentencepiece", "tokenizers"])
    def test_hugging_face_unigram(self):
        from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers as n, pre_tokenizers as p, processors

        model = train()
        pieces = [dict(fields(value)) for number, value in fields(model) if number == 1]
        vocabulary = [(piece[1].decode(), struct.unpack("<f", piece[2])[0] if 2 in piece else 0.0) for piece in pieces]
        rules = next(dict(fields(value))[2] for number, value in fields(model) if number == 3)
        pipelines = {
            "XLM-R": (n.Precompiled(rules), p.Sequence([p.WhitespaceSplit(), p.Metaspace()])),
            "T5": (n.Precompiled(rules), p.Metaspace(prepend_scheme="always")),
            "first": (n.Sequence([n.Precompiled(rules), n.Replace(Regex(" {2,}"), " ")]), p.Metaspace(prepend_scheme="first")),
            "never": (n.Sequence([n.Strip(), n.NFKC()]), p.Metaspace(prepend_scheme="never", split=False)),
            "ALBERT": (n.Sequence([n.Replace("``", '"'), n.NFKD(), n.StripAccents(), n.Precompiled(rules)]), p.Metaspace()),
            "NMT": (n.Sequence([n.Nmt(), n.NFD(), n.Strip(left=True, right=False)]), p.Sequence([p.Punctuation(), p.Metaspace()])),
        }
        for name, (normalizer, splitter) in pipelines.items():
            with self.subTest(name):
                tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0))
                tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, splitter
                tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
                tokenizer.add_tokens([AddedToken("<user>", normalized=True), AddedToken("Zürich", single_word=True, normalized=False)])
                tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 1))
                self.check(tokenizer)

    @needs(packages=["tokenizers"])
    def test_hugging_face_wordpiece(self):
        from tokenizers import Tokenizer, models, normalizers as n, pre_tokenizers as p, processors, trainers

        pipelines = {
            "uncased": (n.BertNormalizer(), p.BertPreTokenizer()),
            "cased": (n.BertNormalizer(lowercase=False), p.BertPreTokenizer()),
            "accents": (n.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=False), p.BertPreTokenizer()),
            "words": (None, p.Whitespace()),
            "digits": (n.Sequence([n.NFKC(), n.Lowercase()]), p.Sequence([p.WhitespaceSplit(), p.Digits(individual_digits=True), p.Punctuation("contiguous")])),
            "splits": (n.Sequence([n.NFD(), n.StripAccents()]), p.Sequence([p.Split(" ", "merged_with_next"), p.Split("-", "merged_with_previous"), p.CharDelimiterSplit("e")])),
        }
        for name, (normalizer, splitter) in pipelines.items():
            with self.subTest(name):
                tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
                tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, splitter
                special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
                tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=1800, limit_alphabet=500, special_tokens=special, show_progress=False))
                tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
                self.check(tokenizer)

    def check(self, tokenizer):
        (self.folder / "tokenizer.json").write_text(tokenizer.to_str())
        self.assert_equal(self.tokens(self.folder / "tokenizer.json", special=True), [tokenizer.encode(text).ids for text in TEXTS])

    @needs(packages=["tokenizers"])
    def test_bert_vocabulary_file(self):
        from tokenizers import BertWordPieceTokenizer

        names = {"do_lower_case": "lowercase", "strip_accents": "strip_accents", "tokenize_chinese_chars": "handle_chinese_chars"}
        for options in [{}, {"do_lower_case": False}, {"strip_accents": False, "tokenize_chinese_chars": False}]:
            with self.subTest(options):
                words = sorted({word for text in TEXTS[:400] for word in text.split()} | {f"##{chr(c)}" for c in range(33, 127)})
                vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *map(chr, range(33, 127)), *words]
                (self.folder / "vocab.txt").write_text("\n".join(dict.fromkeys(vocabulary)) + "\n")
                (self.folder / "tokenizer_config.json").write_text(json.dumps({**options, "tokenizer_class": "BertTokenizer"}))
                tokenizer = BertWordPieceTokenizer(str(self.folder / "vocab.txt"), **{names[name]: value for name, value in options.items()})
                self.assert_equal(self.tokens(self.folder, special=True), [tokenizer.encode(text).ids for text in TEXTS])

    @needs(packages=["sentencepiece", "gguf", "llama_cpp"])
    def test_gguf_unigram(self):
        import gguf

        model = train()
        pieces = [dict(fields(value)) for number, value in fields(model) if number == 1]
        rules = next(dict(fields(value))[2] for number, value in fields(model) if number == 3)
        for prefix, removes in [(True, True), (True, False), (False, True), (False, False)]:
            with self.subTest(prefix=prefix, removes=removes):
                path = self.folder / f"{prefix}{removes}.gguf"
                writer = gguf.GGUFWriter(path, "t5")
                writer.add_tokenizer_model("t5")
                writer.add_token_list([piece[1] for piece in pieces])
                writer.add_token_scores([struct.unpack("<f", piece[2])[0] if 2 in piece else 0.0 for piece in pieces])
                writer.add_token_types([piece.get(3, 1) for piece in pieces])
                writer.add_add_space_prefix(prefix)
                writer.add_remove_extra_whitespaces(removes)
                writer.add_precompiled_charsmap(rules)
                writer.add_eos_token_id(2)
                writer.add_unk_token_id(0)
                self.compare_with_llama_cpp(path, writer)

    def compare_with_llama_cpp(self, path, writer=None):
        from llamacpp import Model

        if writer:
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
            writer.close()
        with Model(path, vocabulary_only=True) as model:
            for special in [True, False]:
                reference = [model.tokenize(text, special=special) for text in TEXTS]
                self.assert_equal(self.tokens(path, special), reference)

    @needs(data=["tokenizers/ggml-vocab/ggml-vocab-bert-bge.gguf"], packages=["llama_cpp"])
    def test_gguf_bert(self):
        from oracle import DATA

        self.compare_with_llama_cpp(DATA / "tokenizers/ggml-vocab/ggml-vocab-bert-bge.gguf")


if __name__ == "__main__":
    unittest.main()
