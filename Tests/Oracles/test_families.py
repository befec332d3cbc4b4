"""Every family of models against Hugging Face transformers and llama.cpp: as published, converted, and malformed.

A prompt and its reference continuation go through the program in one run: if the largest logit after each token is the
next one of the continuation, greedy decoding would have chosen it.
"""

import json
import math
import shutil
import struct
import unittest

from families import DECODERS, ENCODERS, MADE, SOURCES, document
from oracle import REPOSITORY, TemporaryCase, needs, nll, stoa

# What Q8_0 may cost: the root mean square of the logits' differences, in parts of that of the logits. Where a router
# finds two experts all but equal, rounding takes the other one, and a random expert answers something else: logits that
# had nothing to do with each other would differ by 1.4.
Q8_0_BOUND = 0.1
Q8_0_BOUND_EXPERTS = 0.8
CHUNKS = (1, 7, 64)
COMPARABLE = [source for source in DECODERS if not source.wrong_reference]


class FamilyCase(TemporaryCase):
    def each(self, check, sources=DECODERS, *, convertible=False):
        """Checks all supported checkpoints that are here, each in a subtest of its own."""
        for source in sources:
            if source.refusal or not source.folder.exists() or (convertible and source.unconvertible):
                continue
            with self.subTest(source.name):
                check(source)

    def converted(self, source, *options):
        path = self.folder / "model.gguf"
        path.unlink(missing_ok=True)
        return self.convert(source.folder, path.name, *options)


class Agreement(FamilyCase):
    def check(self, source, model, tolerance=None):
        """Logits of the last token, likelihoods and greedy tokens of every case."""
        tolerance = tolerance or source.tolerance
        for case in source.cases():
            ids, greedy = case["input_ids"], case["greedy_next8"]
            where = f"{source.name}, {len(ids)} tokens"
            rows = self.logits(model, ids + greedy[:-1], "--all")
            self.assert_close(rows[len(ids) - 1], case["last_logits"], tolerance, where)
            if len(ids) > 1:
                self.assert_close(nll(rows[: len(ids)], ids), case["token_nll"], 2 * tolerance, where)
            self.assertEqual([best(row) for row in rows[len(ids) - 1 :]], greedy, where)

    @needs()
    def test_as_published(self):
        self.each(lambda source: self.check(source, source.folder), COMPARABLE)

    @needs()
    def test_converted_to_f32(self):
        """The same through GGUF, and close to what the folder gives."""

        def check(source):
            model = self.converted(source, "--type", "F32")
            self.check(source, model)
            ids = source.cases()[-1]["input_ids"]
            self.assert_close(self.logits(model, ids), self.logits(source.folder, ids), 1e-4, source.name)

        self.each(check, COMPARABLE, convertible=True)

    @needs()
    def test_widened(self):
        """Blocks of 4 bits turned into F32 see activations that are not rounded, and then agree as the others do."""

        def check(source):
            path = self.quantize(self.converted(source), "F32", "--allow-requantize")
            self.check(source, path, 1e-3)

        self.each(check, [source for source in DECODERS if "MXFP4" in source.stored_types()])

    @needs()
    def test_converted_to_q8_0(self):
        def check(source):
            model = self.converted(source, "--type", "Q8_0")
            for case in source.cases():
                ours, reference = self.logits(model, case["input_ids"]), case["last_logits"]
                difference = math.dist(ours, reference) / math.hypot(*reference)
                bound = Q8_0_BOUND_EXPERTS if source.has_experts else Q8_0_BOUND
                self.assertLess(difference, bound, f"{source.name}, {len(case['input_ids'])} tokens")

        self.each(check, COMPARABLE, convertible=True)

    @needs(packages=["llama_cpp", "numpy"])
    def test_llama_cpp(self):
        """64 greedy tokens of llama.cpp, with F32 caches, are those of Stoa, unless two were all but equal."""
        from llamacpp import Model

        def check(source):
            path = self.converted(source, "--type", "F32")
            ids = source.cases()[0 if len(source.cases()) < 4 else 1]["input_ids"]
            with Model(path) as model:
                theirs, margins = model.greedy(ids, 64)
            rows = self.logits(path, ids + theirs[:-1], "--all")[len(ids) - 1 :]
            for index, (row, token, margin) in enumerate(zip(rows, theirs, margins, strict=True)):
                if best(row) != token:
                    self.assertLess(margin, 5e-3, f"{source.name}: token {index} differs, {margin} ahead")
                    break

        self.each(check, [source for source in DECODERS if not source.not_in_llama_cpp], convertible=True)

    @needs()
    def test_incremental(self):
        """Token by token, in pieces and as a whole a prompt gives the same bits."""

        def check(source):
            ids = source.cases()[-1]["input_ids"]
            whole, *others = [self.logits(source.folder, ids, "--all", "--chunk", chunk) for chunk in (512, *CHUNKS)]
            for chunk, other in zip(CHUNKS, others, strict=True):
                self.assertEqual(whole, other, f"{source.name}, chunks of {chunk}")

        self.each(check)

    def test_what_is_not_supported_says_so(self):
        """Nothing is skipped in silence: what is listed as refused must be refused in these words."""
        for source in SOURCES:
            if not source.refusal or not source.folder.exists():
                continue
            with self.subTest(source.name):
                result = stoa("logits", source.folder, "--tokens", "1", "--json")
                self.assertEqual(result.returncode, 1, result.stdout[:200])
                self.assertIn(source.refusal, result.stderr)

    def test_all_fixtures_are_listed(self):
        listed = {source.folder for source in SOURCES}
        self.assertEqual([path for path in MADE.iterdir() if path not in listed], [])
        for source in SOURCES:
            if source.types and source.folder.exists():
                self.assertEqual(source.types, source.stored_types(), source.name)

    def test_the_document_is_up_to_date(self):
        self.assertEqual(
            (REPOSITORY / "docs/MODELS.md").read_text(),
            document(),
            "python3 Tests/Oracles/families.py > docs/MODELS.md",
        )


class Malformed(FamilyCase):
    """A configuration that cannot be is an error that names what is wrong, in every family."""

    def refusal(self, source, change):
        """What the program says of a checkpoint whose config.json was changed."""
        folder = self.folder / "changed"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for path in source.folder.iterdir():
            if path.is_file() and path.name != "config.json":
                (folder / path.name).symlink_to(path)
        config = json.loads((source.folder / "config.json").read_text())
        change(config.get("text_config", config))
        (folder / "config.json").write_text(json.dumps(config))
        return self.message(folder, source.name)

    def message(self, folder, where):
        """The error of a model that must not load, whatever it is asked."""
        result = stoa("logits", folder, "--tokens", "1", "--json")
        self.assertEqual(result.returncode, 1, f"{where}: {result.stdout[:100]}")
        self.assertTrue(result.stderr.startswith("error: "), f"{where}: {result.stderr}")
        return result.stderr

    def served(self, folder):
        """What the server says of a model that makes vectors and cannot be loaded."""
        from server import Server

        with Server(str(folder)) as server:
            answer = server.post("/v1/embeddings", {"input": [[1]]})
            self.assertGreaterEqual(answer.status, 400, answer.text)
            return answer.text.replace("\\", "") + server.log

    def check(self, keys, value, *, is_needed=True):
        """Sets the first of the keys that a configuration has; None takes it away."""

        def check(source):
            config = source.configuration()
            key = next((key for key in keys if config.get(key) is not None), None)
            if key is None:
                self.assertFalse(is_needed, f"{source.name} has none of {keys}")
                return

            def change(config):
                if value is None:
                    del config[key]
                else:
                    config[key] = value

            message = self.refusal(source, change)
            where = f"{source.name}, {key} = {value}: {message}"
            # A missing key goes by its usual name, whatever the family calls it.
            named = (key, keys[0]) if value is None else (key,)
            self.assertTrue(any(f'{name}"' in message for name in named), where)
            if value is not None:
                self.assertIn(str(value), message.replace(",", ""), where)

        self.each(check, SOURCES)

    def test_missing_keys(self):
        for keys in (["hidden_size", "n_embd"], ["num_hidden_layers", "n_layer"], ["num_attention_heads", "n_head"]):
            self.check(keys, None)
        self.check(["vocab_size"], None)

    def test_zero_heads(self):
        self.check(["num_attention_heads", "n_head"], 0)

    def test_heads_that_do_not_divide(self):
        """Where heads have a width of their own and share one key, seven would do: then the tensors do not fit."""

        def check(source):
            config = source.configuration()
            key = "n_head" if "n_head" in config else "num_attention_heads"
            message = self.refusal(source, lambda config: config.update({key: 7}))
            if config.get("head_dim") and config.get("num_key_value_heads") == 1:
                self.assertIn("shape", message, source.name)
            else:
                self.assertIn(f'{key}" is 7', message, source.name)

        self.each(check, SOURCES)

    def test_a_million_layers(self):
        self.check(["num_hidden_layers", "n_layer"], 1_000_000)

    def test_negative_window(self):
        self.check(["sliding_window"], -8, is_needed=False)

    def test_wrong_shapes(self):
        """A tensor that is not as the configuration says is named."""

        def check(source):
            folder = self.folder / "changed"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(source.folder, folder, copy_function=shutil.copyfile)
            name = transpose_a_matrix(sorted(folder.glob("*.safetensors"))[0])
            message = self.served(folder) if source.is_encoder else self.message(folder, source.name)
            self.assertIn(name, message)
            self.assertIn("shape", message)

        self.each(check, SOURCES)


class Encoders(FamilyCase):
    """Vectors of `/v1/embeddings` against transformers and sentence-transformers."""

    def check(self, source, model):
        from server import Server

        with Server(str(model)) as server:

            def vectors(inputs):
                answer = server.post("/v1/embeddings", {"input": inputs})
                self.assertEqual(answer.status, 200, answer.text)
                return [entry["embedding"] for entry in answer.json["data"]]

            refused = server.post("/v1/completions", {"prompt": "a"})
            self.assertEqual(refused.status, 400, refused.text)
            self.assertIn("embeddings", refused.json["error"]["message"])
            texts = source.folder / "expected_texts.json"
            if texts.exists():
                expected = json.loads(texts.read_text())
                by_ids = vectors([case["input_ids"] for case in expected["cases"]])
                for case, vector in zip(expected["cases"], by_ids, strict=True):
                    self.assert_close(
                        vector, case["embedding"], expected["tolerance"], f"{source.name}: {case['text']}"
                    )
                texts = [case["text"] for case in expected["cases"] if case["text"]]
                for vector, text in zip(vectors(texts), texts, strict=True):
                    (known,) = [case["embedding"] for case in expected["cases"] if case["text"] == text]
                    self.assert_close(vector, known, expected["tolerance"], f"{source.name}: {text}")
            else:
                # A model that says nothing of pooling gives the mean, scaled to length 1.
                for case, vector in zip(
                    source.cases(), vectors([case["input_ids"] for case in source.cases()]), strict=True
                ):
                    self.assert_close(vector, unit(case["mean_pooled"]), 1e-4, source.name)

    @needs()
    def test_as_published(self):
        self.each(lambda source: self.check(source, source.folder), ENCODERS)

    @needs()
    def test_converted(self):
        self.each(lambda source: self.check(source, self.converted(source, "--type", "F32")), ENCODERS)

    @needs(packages=["llama_cpp", "numpy"])
    def test_llama_cpp(self):
        """llama.cpp's vectors of a converted file; it looks the error function up in a table of half precision."""
        from llamacpp import Model

        def check(source):
            expected = json.loads((source.folder / "expected_texts.json").read_text())
            with Model(self.converted(source, "--type", "F32")) as model:
                for case in expected["cases"]:
                    ours, theirs = (unit(vector) for vector in (case["embedding"], model.embedding(case["input_ids"])))
                    self.assert_close(theirs, ours, 1e-3, f"{source.name}: {case['text']}")

        self.each(check, [source for source in ENCODERS if (source.folder / "expected_texts.json").exists()])

    def test_an_encoder_answers_nothing(self):
        def check(source):
            result = stoa("logits", source.folder, "--tokens", "1")
            self.assertEqual(result.returncode, 1)
            self.assertIn("vectors", result.stderr)

        self.each(check, ENCODERS)


def best(row):
    """The largest logit; ties go to the lower id."""
    return row.index(max(row))


def unit(vector):
    """The vector scaled to length 1."""
    length = math.hypot(*vector)
    return [value / length for value in vector]


def transpose_a_matrix(path):
    """Makes a matrix of some layer in a safetensors file lie on its other side; gives its name."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    name = next(
        name
        for name, entry in header.items()
        if (".0." in name or "h.0" in name) and len(entry["shape"]) == 2 and entry["shape"][0] != entry["shape"][1]
    )
    header[name]["shape"].reverse()
    text = json.dumps(header, separators=(",", ":")).encode().ljust(length)
    assert len(text) == length, "the header grew"
    path.write_bytes(content[:8] + text + content[8 + length :])
    return name


if __name__ == "__main__":
    unittest.main()
