"""Logits, likelihoods and greedy tokens against Hugging Face transformers."""

import json
import unittest

from oracle import DATA, FIXTURES, OracleCase, needs, nll

GENERATED = "models/generated_arch_dev"


class Logits(OracleCase):
    def check(self, folder, tolerance=1e-3):
        """Every case of a folder's expected.json."""
        expected = json.loads((folder / "expected.json").read_text())
        tolerance = expected.get("tolerance", tolerance)
        files = sorted(folder.glob("*.gguf"))
        model = files[0] if files else folder
        for case in expected["cases"]:
            ids = case["input_ids"]
            where = f"{folder.name}, {len(ids)} tokens"
            with self.subTest(where):
                rows = self.logits(model, ids, "--all")
                self.assertEqual(len(rows), len(ids))
                self.assert_close(rows[-1], case["last_logits"], tolerance, where)
                self.assertEqual(rows[-1], self.logits(model, ids), "the last row of --all is the last position")
                if len(ids) > 1:
                    self.assert_close(nll(rows, ids), case["token_nll"], 2 * tolerance, where)
                self.assertEqual(self.greedy(model, ids, 8), case["greedy_next8"], where)

    @needs(data=[f"{GENERATED}/llama"])
    def test_llama(self):
        self.check(DATA / GENERATED / "llama")

    @needs(data=[f"{GENERATED}/llama3_ropescaling"])
    def test_llama3_rope_scaling(self):
        self.check(DATA / GENERATED / "llama3_ropescaling")

    @needs(data=[f"{GENERATED}/llama_sharded"])
    def test_llama_sharded(self):
        self.check(DATA / GENERATED / "llama_sharded")

    @needs(data=[f"{GENERATED}/mistral_swa"])
    def test_mistral_sliding_window(self):
        self.check(DATA / GENERATED / "mistral_swa")

    @needs(data=[f"{GENERATED}/mistral_swa_bf16"], packages=["numpy"])
    def test_mistral_sliding_window_bf16(self):
        """The reference is a forward pass in numpy over the values in the file.

        The logits in this folder's expected.json are those of mistral_swa, from before its weights were
        rounded to BF16: transformers itself, reading the file, is up to 0.038 away from them. The tolerance
        leaves room for a cache of keys and values in F16.
        """
        from reference import Llama

        exact, rounded = DATA / GENERATED / "mistral_swa", DATA / GENERATED / "mistral_swa_bf16"
        for case in json.loads((rounded / "expected.json").read_text())["cases"]:
            ids = case["input_ids"]
            where = f"{len(ids)} tokens"
            if exact.exists():
                self.assert_close(Llama(exact).logits(ids)[-1], case["last_logits"], 1e-4, "the reference, " + where)
            self.assert_close(self.logits(rounded, ids), Llama(rounded).logits(ids)[-1], 3e-3, where)
        self.check(rounded, tolerance=0.05)

    def test_fixtures(self):
        folders = sorted(path.parent for path in FIXTURES.glob("*/expected.json"))
        self.assertGreater(len(folders), 10)
        for folder in folders:
            self.check(folder)


if __name__ == "__main__":
    unittest.main()
