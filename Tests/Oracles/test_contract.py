"""What programs rely on: the shape of JSON output, exit codes, and errors that say what and where."""

import hashlib
import json
import tempfile
import unittest
from pathlib import Path

from oracle import FIXTURES, OracleCase, stoa

MODEL = FIXTURES / "gguf_f16/model.gguf"
FAILED, WRONG_USAGE = 1, 2


class Contract(OracleCase):
    def complain(self, code, *arguments, **options):
        """Runs a command that must fail with this exit code, and gives its message."""
        result = stoa(*arguments, **options)
        self.assertEqual(result.returncode, code, result.stderr or result.stdout)
        self.assertIn("error:", result.stderr)
        if "--json" in arguments and result.stdout:
            self.assertIn(json.loads(result.stdout)["error"]["message"], result.stderr)
        else:
            self.assertEqual(result.stdout, "", "errors belong on standard error")
        return result.stderr

    def test_run(self):
        arguments = ["run", MODEL, "hello", "--raw", "--max-tokens", 9, "--seed", 7, "--json"]
        answer = self.json_of(*arguments)
        self.assertEqual(set(answer), {"text", "tokens", "prompt_tokens", "completion_tokens", "finish_reason", "seed"})
        self.assertIsInstance(answer["text"], str)
        self.assertEqual(answer["completion_tokens"], len(answer["tokens"]))
        self.assertEqual(answer["seed"], 7)
        self.assertIn(answer["finish_reason"], ("stop", "length"))
        self.assertEqual(self.json_of(*arguments), answer, "the same seed gives the same answer")
        ids = self.json_of("tokenize", MODEL, "hello", "--json")["tokens"]
        self.assertEqual(answer["prompt_tokens"], len(ids))

    def test_run_is_greedy_at_temperature_zero(self):
        ids = self.json_of("tokenize", MODEL, "hello", "--json")["tokens"]
        answer = self.json_of("run", MODEL, "hello", "--raw", "--temperature", 0, "--max-tokens", 8, "--json")
        self.assertEqual(answer["tokens"], self.greedy(MODEL, ids, len(answer["tokens"])))

    def test_piped_output_is_the_answer_alone(self):
        flags = ["--raw", "--max-tokens", 9, "--seed", 3]
        result = stoa("run", MODEL, "hello", *flags)
        self.assertEqual(result.returncode, 0, result.stderr)
        text = self.json_of("run", MODEL, "hello", *flags, "--json")["text"]
        self.assertEqual(result.stdout.rstrip("\n"), text.rstrip("\n"))

    def test_show(self):
        answer = self.json_of("show", MODEL, "--json")
        self.assertEqual(answer["architecture"], "llama")
        self.assertEqual(answer["context"], 128)
        weights = 2 * 288 * 32 + 32 + 3 * (2 * 32 + 2 * 32 * 32 + 2 * 16 * 32 + 3 * 64 * 32)
        self.assertEqual(answer["parameters"], weights)
        (file,) = answer["files"]
        content = MODEL.read_bytes()
        self.assertEqual(file["name"], "model.gguf")
        self.assertEqual(file["bytes"], len(content))
        self.assertEqual(file["sha256"], hashlib.sha256(content).hexdigest())

    def test_tokenize_reads_standard_input(self):
        from_argument = self.json_of("tokenize", MODEL, "hello there", "--json")
        from_input = self.json_of("tokenize", MODEL, "-", "--json", stdin="hello there")
        self.assertEqual(from_argument, from_input)

    def test_bench(self):
        answer = self.json_of("bench", MODEL, "--prompt", 16, "--generate", 4, "--json")
        for key in ("prompt_tps", "generate_tps", "load_s", "peak_rss_mb"):
            self.assertGreater(answer[key], 0, key)
        self.assertIsInstance(answer["isa"], str)

    def test_doctor(self):
        result = stoa("doctor")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("memory", result.stdout.lower())

    def test_library(self):
        """import, list, run and rm with a library in a folder of its own."""
        with tempfile.TemporaryDirectory() as home:
            self.assertEqual(stoa("import", MODEL, "--name", "tiny", STOA_HOME=home).returncode, 0)
            listed = self.json_of("list", "--json", STOA_HOME=home)
            self.assertIn("tiny", str(listed))
            self.assertIn("primer", str(listed))
            answer = self.logits("tiny", [1, 2, 3], STOA_HOME=home)
            self.assertEqual(answer, self.logits(MODEL, [1, 2, 3]))
            self.assertEqual(stoa("rm", "tiny", STOA_HOME=home).returncode, 0)
            self.assertNotIn("tiny", str(self.json_of("list", "--json", STOA_HOME=home)))
        self.assertTrue(MODEL.exists(), "the publisher's file stays")

    def test_truncated_file(self):
        content = MODEL.read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "broken.gguf"
            for length in (0, 3, 20, 3000, len(content) // 2, len(content) - 1):
                path.write_bytes(content[:length])
                message = self.complain(FAILED, "run", path, "hello", "--raw")
                self.assertIn("broken.gguf", message)
                if length > len(content) // 4:
                    self.assertIn("tensor", message)

    def test_no_such_model(self):
        self.assertIn("no-such-model", self.complain(FAILED, "run", "no-such-model", "hello"))

    def test_prompt_too_long(self):
        """The message says by how many tokens; the context is 128."""
        text = "e" * 400
        count = len(self.json_of("tokenize", MODEL, text, "--json")["tokens"])
        message = self.complain(FAILED, "run", MODEL, text, "--raw").replace(",", "")
        self.assertIn(str(count), message)
        self.assertRegex(message, rf"\b({count - 128}|{count - 127})\b")

    def test_token_out_of_range(self):
        self.assertIn("288", self.complain(FAILED, "logits", MODEL, "--tokens", "1,288", "--json"))

    def test_wrong_usage(self):
        self.complain(WRONG_USAGE, "run")
        self.complain(WRONG_USAGE, "logits", MODEL, "--tokens", "1,x", "--json")
        self.complain(WRONG_USAGE, "run", MODEL, "hello", "--temperature", "-1")


if __name__ == "__main__":
    unittest.main()
