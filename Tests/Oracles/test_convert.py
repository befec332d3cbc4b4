"""Conversion and quantisation against llama.cpp, transformers' logits and the tokenizers of PyPI."""

import json
import shutil
import struct
import unicodedata
import unittest

from oracle import DATA, FIXTURES, TemporaryCase, needs, stoa

GENERATED = "models/generated_arch_dev"
STORIES = "models/derived_stories260K_gguf/stories260K-F32.gguf"
TOKENIZERS = FIXTURES.parent / "tokenizers"
LLAMA_FOLDERS = ["llama", "llama3_ropescaling", "llama_sharded"]
FOLDERS = [*LLAMA_FOLDERS, "mistral_swa", "mistral_swa_bf16"]
TYPES = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S",
         "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K", "IQ4_NL", "IQ4_XS"]  # fmt: skip


class Conversion(TemporaryCase):
    @needs(data=[f"{GENERATED}/{name}" for name in FOLDERS])
    def test_logits(self):
        """F32 files give the logits of transformers; the BF16 folder has those of weights before rounding."""
        for name in FOLDERS:
            folder = DATA / GENERATED / name
            tolerance = 0.05 if name.endswith("bf16") else 1e-3
            model = self.convert(folder, name + ".gguf", "--type", "F32")
            for case in json.loads((folder / "expected.json").read_text())["cases"]:
                ids, where = case["input_ids"], f"{name}, {len(case['input_ids'])} tokens"
                ours = self.logits(model, ids)
                self.assert_close(ours, case["last_logits"], tolerance, where)
                self.assert_close(ours, self.logits(folder, ids), 1e-4, where + ", against the folder")
                self.assertEqual(self.greedy(model, ids, 8), case["greedy_next8"], where)

    @needs(data=["models/derived_stories260K_hf"])
    def test_stories(self):
        folder = DATA / "models/derived_stories260K_hf"
        model = self.convert(folder)
        for case in json.loads((folder / "expected.json").read_text()):
            ids = case["prompt_ids"]
            self.assert_close(self.logits(model, ids)[:16], case["last_logits_first16"], 1e-3, f"{len(ids)} tokens")

    @needs(data=[f"{GENERATED}/{name}" for name in FOLDERS], packages=["llama_cpp", "numpy"])
    def test_llama_cpp(self):
        """llama.cpp loads the files and goes on with the tokens of transformers.

        With Mistral only within the window of 8 positions: llama.cpp attends to everything in Llama files.
        """
        from llamacpp import Model

        for name in FOLDERS:
            folder = DATA / GENERATED / name
            with Model(self.convert(folder, name + ".gguf", "--type", "F32")) as model:
                for case in json.loads((folder / "expected.json").read_text())["cases"]:
                    ids, where = case["input_ids"], f"{name}, {len(case['input_ids'])} tokens"
                    count = 8 if name in LLAMA_FOLDERS else max(0, 9 - len(ids))
                    if count == 0:
                        continue
                    tolerance = 0.05 if name.endswith("bf16") else 1e-3
                    self.assert_close(model.logits(ids).tolist(), case["last_logits"], tolerance, where)
                    self.assertEqual(model.greedy(ids, count)[0], case["greedy_next8"][:count], where)

    @needs(data=[f"{GENERATED}/llama"], packages=["llama_cpp", "numpy"])
    def test_types_in_llama_cpp(self):
        """Files of every type load in llama.cpp, which goes on with the tokens that Stoa computes from them.

        Stoa computes with the same values as F32, llama.cpp with rounded activations; so tokens are compared as long
        as llama.cpp's best logit is 0.05 ahead of its second.
        """
        from llamacpp import Model

        folder = DATA / GENERATED / "llama"
        prompt = json.loads((folder / "expected.json").read_text())["cases"][1]["input_ids"]
        compared = 0
        for file_type in TYPES:
            path = self.convert(folder, file_type + ".gguf", "--type", file_type)
            with Model(path) as model:
                theirs, margins = model.greedy(prompt, 8)
            certain = next((i for i, margin in enumerate(margins) if margin < 0.05), len(margins))
            values = self.quantize(path, "F32", "--allow-requantize")
            self.assertEqual(self.greedy(values, prompt, certain), theirs[:certain], file_type)
            compared += certain
        self.assertGreater(compared, 4 * len(TYPES))

    @needs()
    def test_converting_to_a_type_is_converting_and_quantising(self):
        exact = self.convert(FIXTURES / "llama", "exact.gguf", "--type", "F32")
        for file_type in TYPES:
            direct = self.convert(FIXTURES / "llama", file_type + ".gguf", "--type", file_type).read_bytes()
            two_steps = self.quantize(exact, file_type).read_bytes()
            # The metadata are in another order; the tensors follow them.
            self.assertEqual(direct[-16384:], two_steps[-16384:], file_type)

    @needs()
    def test_refusals(self):
        """Messages name the cause, nothing is left behind, and nothing is overwritten."""
        source = FIXTURES / "llama"
        target = self.convert(source)
        before = target.read_bytes()
        again = stoa("convert", source, target)
        self.assertEqual(again.returncode, 1)
        self.assertIn("--force", again.stderr)
        self.assertEqual(stoa("convert", source, target, "--force").returncode, 0)
        self.assertEqual(target.read_bytes(), before)
        for arguments in [
            ("convert", source, self.folder / "x.gguf", "--type", "Q9"),
            ("quantize", target, self.folder / "x.gguf"),
        ]:
            self.assertEqual(stoa(*arguments).returncode, 2, arguments)
        for arguments in [
            ("convert", self.folder, self.folder / "x.gguf"),
            ("quantize", target, target, "--type", "Q8_0", "--force"),
            ("quantize", source / "config.json", self.folder / "x.gguf", "--type", "Q8_0"),
            ("quantize", target, self.folder / "no/x.gguf", "--type", "Q8_0"),
        ]:
            result = stoa(*arguments)
            self.assertEqual(result.returncode, 1, arguments)
            self.assertTrue(result.stderr.startswith("error: "), result.stderr)
        # What the file was made from is stated beside it.
        names = sorted(path.name for path in self.folder.iterdir())
        self.assertEqual(names, ["model.gguf", "model.gguf.evidence"])


class Quantization(TemporaryCase):
    def check(self, source, file_type, flags=(), importance=None, metadata=(), **options):
        """Our file and llama.cpp's are the same bytes."""
        from llamacpp import quantize

        theirs = self.folder / "theirs.gguf"
        self.assertTrue(quantize(source, theirs, file_type, importance, metadata, **options), file_type)
        ours = self.quantize(source, file_type, *flags)
        self.assertEqual(ours.read_bytes(), theirs.read_bytes(), f"{source.name} as {file_type} {flags}")

    @needs(data=[STORIES], packages=["llama_cpp", "numpy"])
    def test_stories(self):
        for file_type in ["F32", *TYPES, "Q2_K_S"]:
            self.check(DATA / STORIES, file_type)

    @needs(packages=["llama_cpp", "gguf", "numpy"])
    def test_mixes(self):
        """Which tensor gets which type depends on layers, heads, experts, architecture and ties."""
        models = [
            dict(layers=17),
            dict(layers=8, heads=8, kv_heads=2, tied=True, half=True),
            dict(layers=5, width=256, kv_heads=2, experts=8),
            dict(layers=9, architecture="falcon", kv_heads=1),
            dict(layers=3, width=288, feed_forward=176),
        ]
        for sizes in models:
            path = random_model(self.folder / "random.gguf", **sizes)
            for file_type in TYPES:
                self.check(path, file_type)

    @needs(packages=["llama_cpp", "gguf", "numpy"])
    def test_options(self):
        import llama_cpp

        path = random_model(self.folder / "random.gguf", layers=3)
        types = dict(
            output_tensor_type=llama_cpp.GGML_TYPE_F16, token_embedding_type=llama_cpp.GGML_TYPE_Q8_0
        )
        flags = ["--output-tensor-type", "F16", "--token-embedding-type", "q8_0"]
        for file_type in ["Q4_K_M", "IQ4_XS", "F16"]:
            self.check(path, file_type, ["--pure"], pure=True)
            self.check(path, file_type, flags, **types)
        small = self.quantize(path, "Q8_0").rename(self.folder / "small.gguf")
        refused = stoa("quantize", small, self.folder / "x.gguf", "--type", "Q4_K_M")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("--allow-requantize", refused.stderr)
        for file_type in ["Q4_K_M", "F32"]:
            self.check(small, file_type, ["--allow-requantize"], allow_requantize=True)

    @needs(packages=["llama_cpp", "gguf", "numpy"])
    def test_importance(self):
        """Both forms of importance matrices, also with an expert that no text reached."""
        import numpy as np

        for sizes in [dict(layers=9), dict(layers=3, kv_heads=2, experts=8)]:
            path = random_model(self.folder / "random.gguf", **sizes)
            for write in [write_legacy_importance, write_gguf_importance]:
                matrix = self.folder / ("importance" + str(sizes["layers"]))
                values = write(matrix, path, np.random.default_rng(5))
                metadata = [
                    ("quantize.imatrix.file", str(matrix)), ("quantize.imatrix.dataset", "calibration.txt"),
                    ("quantize.imatrix.entries_count", len(values)), ("quantize.imatrix.chunks_count", 42),
                ]  # fmt: skip
                for file_type in ["Q4_0", "Q5_1", "Q2_K_S", "Q2_K", "Q3_K_M", "Q4_K_S", "Q5_K_M", "IQ4_XS", "Q8_0"]:
                    self.check(path, file_type, ["--imatrix", matrix], values, metadata)
        without = stoa("quantize", path, self.folder / "x.gguf", "--type", "Q2_K_S")
        self.assertEqual(without.returncode, 1)
        self.assertIn("--imatrix", without.stderr)

    @needs(packages=["llama_cpp", "numpy"])
    def test_split_input(self):
        folder = FIXTURES / "gguf_split"
        parts = sorted(folder.glob("*.gguf"))
        self.check(parts[0], "F16")
        ours = (self.folder / "ours.gguf").read_bytes()
        self.assertEqual(self.quantize(parts[2], "F16").read_bytes(), ours, "whichever part is given")


class TokenizerRoundTrip(TemporaryCase):
    """The ids of a converted tokenizer, in Stoa and in llama.cpp, are those of the tokenizer it came from."""

    def model_with(self, size, *files):
        """A tiny model of random weights with these tokenizer files."""
        folder = self.folder / "source"
        shutil.rmtree(folder, ignore_errors=True)
        write_checkpoint(folder, vocabulary=size)
        for path, name in files:
            shutil.copy(path, folder / name)
        target = self.folder / "model.gguf"
        target.unlink(missing_ok=True)
        return self.convert(folder), folder

    def check(self, path, texts, reference):
        from llamacpp import Model

        with Model(path, vocabulary_only=True) as model:
            for index, text in enumerate(texts):
                expected = reference(text)
                self.assertEqual(model.tokenize(text), expected, f"{text!r} in llama.cpp")
                # Stoa is a process for each text; its own tests compare all of them.
                if index % 5 == 0:
                    ours = self.json_of("tokenize", path, "-", "--no-special", "--json", stdin=text)["tokens"]
                    self.assertEqual(ours, expected, f"{text!r} in Stoa")

    def texts(self, reference=None):
        """Texts without invalid bytes, and without what the formats treat differently by design: the letter ſ in
        contractions, zero bytes, and for `tokenizers` also text that its normaliser composes and names of added tokens."""
        texts = [bytes(text) for text in json.loads((TOKENIZERS / "texts.json").read_text())]
        texts = [text.decode() for text in texts if text and valid(text) and b"\0" not in text]
        added = [token.content for token in reference.get_added_tokens_decoder().values()] if reference else []
        return [
            text
            for text in texts
            if "ſ" not in text
            and not any(name.strip() in text for name in added if name.strip())
            and (reference is None or unicodedata.is_normalized("NFC", text))
        ]

    @needs(packages=["llama_cpp", "tokenizers", "numpy"])
    def test_byte_level(self):
        from tokenizers import Tokenizer

        folder = TOKENIZERS / "byte-level"
        reference = Tokenizer.from_file(str(folder / "tokenizer.json"))
        files = [(folder / name, name) for name in ["tokenizer.json", "tokenizer_config.json"]]
        path, _ = self.model_with(reference.get_vocab_size(), *files)
        self.check(path, self.texts(reference), lambda text: reference.encode(text, add_special_tokens=False).ids)

    @needs(packages=["llama_cpp", "sentencepiece", "numpy"])
    def test_sentencepiece(self):
        import sentencepiece

        file = TOKENIZERS / "sentencepiece/tokenizer.model"
        reference = sentencepiece.SentencePieceProcessor(model_file=str(file))
        path, _ = self.model_with(reference.vocab_size(), (file, "tokenizer.model"))
        # GGUF's readers put a space before a text, but not between a text's start and a user-defined token.
        self.check(path, [text for text in self.texts() if "<tool>" not in text], reference.encode)

    @needs(data=["tokenizers/llama2/tokenizer.model"], packages=["llama_cpp", "sentencepiece", "numpy"])
    def test_llama2(self):
        import sentencepiece

        file = DATA / "tokenizers/llama2/tokenizer.model"
        reference = sentencepiece.SentencePieceProcessor(model_file=str(file))
        path, _ = self.model_with(reference.vocab_size(), (file, "tokenizer.model"))
        self.check(path, self.texts(), reference.encode)

    @needs(data=["tokenizers/gpt-neox_pythia"], packages=["llama_cpp", "tokenizers", "numpy"])
    def test_gpt_neox(self):
        from tokenizers import Tokenizer

        file = DATA / "tokenizers/gpt-neox_pythia/20B_tokenizer.json"
        reference = Tokenizer.from_file(str(file))
        path, _ = self.model_with(50_304, (file, "tokenizer.json"))
        self.check(path, self.texts(reference), lambda text: reference.encode(text, add_special_tokens=False).ids)


def valid(text):
    try:
        return text.decode() is not None
    except UnicodeDecodeError:
        return False


# Models and matrices of random numbers


def write_checkpoint(folder, vocabulary, width=32, layers=1):
    """A Llama checkpoint of one safetensors file."""
    import numpy as np

    folder.mkdir()
    config = dict(
        architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=width, num_hidden_layers=layers,
        num_attention_heads=2, num_key_value_heads=2, intermediate_size=64, vocab_size=vocabulary,
        max_position_embeddings=128, rms_norm_eps=1e-5, tie_word_embeddings=True,
    )  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    shapes = {"model.embed_tokens": (vocabulary, width), "model.norm": (width,)}
    for layer in range(layers):
        name = f"model.layers.{layer}."
        shapes |= {name + "self_attn." + part + "_proj": (width, width) for part in "qkvo"}
        shapes |= {name + "mlp." + part + "_proj": (64, width) for part in ["gate", "up"]}
        shapes |= {name + "mlp.down_proj": (width, 64), name + "input_layernorm": (width,)}
        shapes |= {name + "post_attention_layernorm": (width,)}
    header, data = {}, b""
    random = np.random.default_rng(1)
    for name, shape in shapes.items():
        values = (0.1 * random.standard_normal(shape)).astype("<f4").tobytes()
        header[name + ".weight"] = dict(dtype="F32", shape=shape, data_offsets=[len(data), len(data) + len(values)])
        data += values
    encoded = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)


def random_model(
    path, layers, architecture="llama", width=256, heads=4, kv_heads=4, feed_forward=512, experts=0, tied=False,
    half=False, vocabulary=64,
):  # fmt: skip
    """A GGUF file with the tensor names and key-value pairs that the choice of types looks at."""
    import gguf
    import numpy as np

    random = np.random.default_rng(7)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_tags(["random", "weights"])
    writer.add_block_count(layers)
    writer.add_context_length(64)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_layer_norm_eps(1e-5)
    writer.add_tokenizer_model("none")
    writer.add_vocab_size(vocabulary)
    if experts:
        writer.add_expert_count(experts)
        writer.add_expert_used_count(2)

    def add(name, *shape):
        matrix = len(shape) > 1 and "gate_inp" not in name
        values = 0.05 * random.standard_normal(shape)
        writer.add_tensor(name + ".weight", values.astype(np.float16 if half and matrix else np.float32))

    add("token_embd", vocabulary, width)
    for layer in range(layers):
        name, shared = f"blk.{layer}.", width // heads * kv_heads
        add(name + "attn_norm", width)
        if architecture == "falcon":
            add(name + "attn_qkv", width + 2 * shared, width)
        else:
            add(name + "attn_q", width, width)
            add(name + "attn_k", shared, width)
            add(name + "attn_v", shared, width)
        add(name + "attn_output", width, width)
        if experts:
            add(name + "ffn_gate_inp", experts, width)
            for part, shape in [("gate", (width, width)), ("up", (width, width)), ("down", (width, width))]:
                add(name + f"ffn_{part}_exps", experts, *shape)
        else:
            add(name + "ffn_up", feed_forward, width)
            add(name + "ffn_down", width, feed_forward)
    add("output_norm", width)
    if not tied:
        add("output", vocabulary, width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def importance_of(path, random):
    """Random sums of squares for the matrices of a model, one row for each expert."""
    import gguf
    import numpy as np

    sums = {}
    for tensor in gguf.GGUFReader(path).tensors:
        if len(tensor.shape) > 1 and tensor.name != "token_embd.weight":
            matrices = int(tensor.shape[2]) if len(tensor.shape) > 2 else 1
            sums[tensor.name] = (10 * random.random((matrices, int(tensor.shape[0]))) ** 2).astype(np.float32)
    return sums


def write_legacy_importance(target, path, random, calls=7):
    """The older file; returns the values that it stands for."""
    import numpy as np

    sums = importance_of(path, random)
    with open(target, "wb") as stream:
        stream.write(struct.pack("<i", len(sums)))
        for name, values in sums.items():
            stream.write(struct.pack("<i", len(name)) + name.encode() + struct.pack("<ii", calls, values.size))
            stream.write(values.tobytes())
        dataset = b"calibration.txt"
        stream.write(struct.pack("<ii", 42, len(dataset)) + dataset)
    return {name: values.reshape(-1) / np.float32(calls) for name, values in sums.items()}


def write_gguf_importance(target, path, random, count=11):
    """The newer file, whose second expert has seen nothing; returns the values that it stands for."""
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(target, "imatrix")
    writer.add_type("imatrix")
    writer.add_array("imatrix.datasets", ["calibration.txt"])
    writer.add_uint32("imatrix.chunk_count", 42)
    writer.add_uint32("imatrix.chunk_size", 512)
    result = {}
    for name, values in importance_of(path, random).items():
        counts = np.full((len(values), 1), count, np.float32)
        counts[1:2] = 0
        writer.add_tensor(name + ".in_sum2", values)
        writer.add_tensor(name + ".counts", counts)
        result[name] = np.where(counts > 0, values / np.maximum(counts, 1), 1).astype(np.float32).reshape(-1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return result


if __name__ == "__main__":
    unittest.main()
