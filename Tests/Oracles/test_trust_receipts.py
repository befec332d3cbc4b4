"""A receipt of an answer that was given among strangers: the answer is computed again alone, by other instructions, and whatever
is altered afterwards is found, and where."""

import json
import shutil
import tempfile
import threading
import time
import unittest
from pathlib import Path

from oracle import REPOSITORY, OracleCase, needs, stoa
from server import Server
from test_trust_log import new_key, sign_again

PRIMER = sorted((REPOSITORY / "models").glob("primer/*.gguf"))[0]
REFUSED = 3
STRANGERS = 8
BODY = {
    "model": "primer", "seed": 7, "temperature": 1.1, "top_p": 0.95, "max_tokens": 60, "ignore_eos": True,
    "messages": [{"role": "user", "content": "tell me a story about a fox named Ada at the harbour"}],
}  # fmt: skip


class Replay(OracleCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="stoa-receipts-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.home = cls.folder / "home"
        cls.envelopes = None

    def setUp(self):
        """Receipts with tokens and with hashes only, both of the same answer, made once for all tests."""
        try:
            import cryptography  # noqa: F401
        except ImportError:
            return
        if Replay.envelopes is None:
            new_key(self.folder / "server.pem")
            Replay.envelopes = {flag: self.served(*flag) for flag in ((), ("--receipt-tokens",))}
        (self.folder / "request.json").write_text(json.dumps(BODY))

    def served(self, *flags):
        """The receipt of an answer for which all the others were in the batch from its first token to its last."""
        arguments = ["--model", f"primer={PRIMER}", "--receipt-key", self.folder / "server.pem", "--parallel", 16]
        with Server(*arguments, *flags, home=self.home) as server:
            leaves = threading.Event()
            strangers = [
                threading.Thread(target=self.disturb, args=(server, number, leaves)) for number in range(STRANGERS)
            ]
            try:
                for stranger in strangers:
                    stranger.start()
                answer, running = self.answer(server)
                while running < STRANGERS:
                    # One of them was just beginning anew.
                    answer, running = self.answer(server)
            finally:
                leaves.set()
                for stranger in strangers:
                    stranger.join()
            self.assertEqual(answer.status, 200, answer.text)
            self.assertEqual(answer.json["usage"]["completion_tokens"], BODY["max_tokens"])
            receipt = server.get(f"/v1/receipts/{answer.headers['x-request-id']}")
            self.assertEqual(receipt.status, 200, receipt.text)
            return receipt.json

    def answer(self, server):
        """The answer that counts, and how many others there were before and after it."""
        before = self.running(server)
        while before < STRANGERS:
            time.sleep(0.01)
            before = self.running(server)
        answer = server.post("/v1/chat/completions", BODY, Stoa_Receipt="1")
        return answer, self.running(server)

    @staticmethod
    def disturb(server, number, leaves):
        """Asks one long question after the other; some begin like the one that counts."""
        topic = BODY["messages"][0]["content"] if number % 2 else f"tell me about {'boats ' * number}"
        body = {**BODY, "messages": [{"role": "user", "content": topic}], "seed": number, "max_tokens": 900}
        while not leaves.is_set():
            connection = server.connect()
            try:
                content = json.dumps({**body, "stream": True})
                connection.request("POST", "/v1/chat/completions", content, {"Content-Type": "application/json"})
                response = connection.getresponse()
                while not leaves.is_set() and response.readline():
                    pass
            finally:
                connection.close()

    @staticmethod
    def running(server):
        for line in server.get("/metrics").text.splitlines():
            if line.startswith("stoa_num_requests_running{"):
                return int(line.split()[-1])
        return 0

    def verify(self, envelope, *arguments, model=PRIMER, status=0, **variables):
        path = self.folder / "receipt.json"
        path.write_text(json.dumps(envelope))
        command = ["receipt", "verify", path, "--replay", model, *arguments, "--json"]
        result = stoa(*command, STOA_HOME=str(self.home), **variables)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return json.loads(result.stdout)

    @needs(packages=["cryptography"])
    def test_among_strangers_and_alone(self):
        key = ["--key", self.folder / "server.pub"]
        for flags, envelope in self.envelopes.items():
            request = [] if flags else ["--request", self.folder / "request.json"]
            # The receipt comes from the widest instructions of this machine and all its threads.
            answer = self.verify(envelope, *key, *request, "--threads", 1, STOA_ISA="scalar")
            self.assertEqual((answer["signature"], answer["replay"]), ("ok", "identical"), answer["first_difference"])
            self.assertEqual(answer["receipt"]["completion_tokens"], BODY["max_tokens"])

    @needs(packages=["cryptography", "rfc8785"])
    def test_what_was_altered_and_signed_again_is_found(self):
        key = new_key(self.folder / "forger.pem")
        request = ["--request", self.folder / "request.json"]
        hashed, plain = self.envelopes.values()

        def token(receipt):
            receipt["answer"]["tokens"][33] ^= 1

        def shortened(receipt):
            del receipt["answer"]["tokens"][40:]

        def prompt(receipt):
            receipt["prompt"]["tokens"][2] ^= 1

        def parameter(receipt):
            receipt["parameters"]["top_p"] = 0.5

        def seed(receipt):
            receipt["parameters"]["seed"] = "8"

        def salted(receipt):
            receipt["answer"]["sha256"] = "00" * 32

        for envelope, change, arguments, field, index in (
            (plain, token, [], "answer", 33),
            (plain, shortened, [], "answer", 40),
            (plain, prompt, request, "prompt", 2),
            (plain, parameter, request, "parameters.top_p", None),
            (plain, seed, request, "parameters.seed", None),
            (hashed, parameter, request, "parameters.top_p", None),
            (hashed, seed, request, "parameters.seed", None),
            (hashed, salted, request, "answer", None),
        ):
            with self.subTest(change.__name__, field=field):
                answer = self.verify(sign_again(envelope, key, change), *arguments, status=REFUSED)
                self.assertEqual((answer["signature"], answer["replay"]), ("ok", "different"))
                difference = answer["first_difference"]
                self.assertEqual((difference["field"], difference.get("index")), (field, index))
        # Without the request a seed shows in the first token that another one would have drawn.
        answer = self.verify(sign_again(plain, key, seed), status=REFUSED)
        self.assertEqual(answer["first_difference"]["field"], "answer")

    @needs(packages=["cryptography", "gguf"])
    def test_a_bit_of_the_weights(self):
        from gguf import GGUFReader

        (tensor,) = [t for t in GGUFReader(PRIMER).tensors if t.name == "blk.0.attn_norm.weight"]
        model = self.folder / "changed.gguf"
        weights = bytearray(PRIMER.read_bytes())
        # The sign of the first number, an F32.
        weights[tensor.data_offset + 3] ^= 0x80
        model.write_bytes(weights)
        answer = self.verify(self.envelopes[("--receipt-tokens",)], model=model, status=REFUSED)
        self.assertEqual(answer["replay"], "different")
        difference = answer["first_difference"]
        self.assertEqual(difference["field"], "answer")
        self.assertIsInstance(difference["index"], int)


if __name__ == "__main__":
    unittest.main()
