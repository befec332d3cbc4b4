"""One real chain: primer is measured by lm-evaluation-harness through `stoa serve`, an assessor states the result, an
authority certifies it, a server insists on that, and a revocation ends it, on the command line and over HTTP."""

import hashlib
import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness
from oracle import HANG_SECONDS, REPOSITORY, OracleCase, needs, stoa
from server import Server

PRIMER = sorted((REPOSITORY / "models").glob("primer/*.gguf"))[0]
# One word continues the text, the other does not. An authority asks for 20 items at least.
ITEMS = [
    (f"{start}", [good, bad])
    for start, good, bad in [
        ("Once upon a", "time", "because"),
        ("Ada was a fox, and a very hard-working", "one", "the"),
        ("He lived at the", "harbour", "was"),
        ("The morning was wet and", "windy", "of"),
        ("She was a", "fox", "were"),
        ("One day she went to the", "harbour", "and"),
        ("He wanted to", "help", "harbour"),
        ("They were very", "happy", "the"),
        ("The evening was cold and", "dark", "who"),
        ("Ada and Tom went", "home", "a"),
        ("She said that she was", "sorry", "of"),
        ("There was a", "fox", "is"),
        ("He was glad to", "help", "fox"),
        ("It was a warm", "day", "were"),
        ("The fox ran to the", "house", "and"),
        ("Then they went", "home", "an"),
        ("He thanked", "her", "was"),
        ("She asked him to", "help", "windy"),
        ("They all went to the", "market", "had"),
        ("In the", "morning", "was"),
        ("That was the end of the", "day", "were"),
        ("A fox named", "Ada", "the"),
        ("She was not afraid of the", "dark", "went"),
        ("Everybody was", "happy", "and"),
    ]
]
TASK = """\
output_type: multiple_choice
doc_to_text: "{{text}}"
doc_to_choice: "{{words}}"
doc_to_target: 0
metric_list:
  - metric: acc
"""
DATA_DOCUMENTATION = {"datasets": [{"name": "stories", "use": "pretraining", "personalData": "none"}]}
PROMPT = ("Once upon a time", "--raw", "--max-tokens", 8)


class Chain(OracleCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="stoa-chain-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = self.folder / "home"
        self.model = self.folder / "primer.gguf"
        shutil.copy(PRIMER, self.model)

    def done(self, *arguments, status=0):
        result = stoa(*arguments, STOA_HOME=str(self.home))
        self.assertEqual(result.returncode, status, f"{arguments}: {result.stdout}{result.stderr}")
        return result

    def openssl(self, *arguments):
        command = ["openssl", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, check=True, timeout=HANG_SECONDS).stdout

    def key(self, name):
        private, public = self.folder / f"{name}.key", self.folder / f"{name}.pub"
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", private)
        self.openssl("pkey", "-in", private, "-pubout", "-out", public)
        return private, public

    def measure(self):
        """What lm-evaluation-harness writes about the model: results and samples."""
        rows = [{"text": text, "words": words} for text, words in ITEMS]
        with Server("--model", f"primer={self.model}", home=self.home) as server:
            access = f"base_url={server.url}/v1/completions,model=primer,num_concurrent=4,tokenizer_backend=auto"
            out = harness.run(self.folder, "local-completions", access, {"words": (TASK, rows)})
        (results,) = out.rglob("results_*.json")
        (samples,) = out.rglob("samples_words_*.jsonl")
        return results, samples

    def attest(self, assessor, results, samples):
        for name, predicate in (("licence", {"expression": "Apache-2.0"}), ("data-documentation", DATA_DOCUMENTATION)):
            path = self.folder / f"{name}.json"
            path.write_text(json.dumps(predicate))
            self.done("attest", name, self.model, "--predicate", path, "--key", assessor)
        arguments = ["--from", "lm-eval", results, "--samples", samples, "--threshold", ">=0.6"]
        answer = json.loads(
            self.done("attest", "evaluation", self.model, *arguments, "--key", assessor, "--json").stdout
        )
        measured = json.loads(results.read_text())
        self.assertEqual(answer["predicate"]["value"], measured["results"]["words"]["acc,none"])
        self.assertTrue(answer["predicate"]["passed"], answer["predicate"])
        self.assertEqual((answer["predicate"]["n"], answer["predicate"]["samples"]["count"]), (len(ITEMS),) * 2)
        return answer["predicate"]["value"]

    def certify(self, publisher, assessor):
        ca, leaf = self.folder / "ca", self.folder / "leaf.pem"
        self.done("ca", "init", ca, "--organization", "Example Authority")
        issue = ["ca", "issue", self.model, "--ca", ca, "--level", "third-party", "--key", publisher[1]]
        issue += ["--organization", "Example Labs", "--out", leaf]
        # A publisher who assesses is no third party.
        refused = self.done(*issue, "--assessor", publisher[1], status=1)
        self.assertIn("missing", refused.stderr)
        self.done(*issue, "--assessor", assessor[1])
        self.done("sign", self.model, "--key", publisher[0], "--certificate", leaf)
        self.lists(ca)
        return ca, leaf

    def lists(self, ca):
        self.done("ca", "crl", "--ca", ca, "--out", f"{self.model}.crl")

    def serve(self, trust):
        return Server("--model", f"primer={self.model}", "--trust-policy", "enforce", "--trust", trust, home=self.home)

    @needs(packages=["lm_eval"], programs=["openssl"])
    def test_from_a_measurement_to_a_refusal(self):
        publisher, assessor = self.key("publisher"), self.key("assessor")
        value = self.attest(assessor[0], *self.measure())
        ca, leaf = self.certify(publisher, assessor)
        trust = self.folder / "trust.yaml"
        self.done("trust", "add-root", ca / "root.pem", "--trust", trust, "--yes")
        store = trust.read_text().replace("require: self-vouched", "require: third-party")
        # What was measured is what the store's threshold is held against.
        verify = ["verify", self.model, "--trust", trust]
        trust.write_text(store + f"thresholds:\n  - {{task: words, metric: acc, at_least: {value + 0.001}}}\n")
        self.assertIn("words gave", self.done(*verify, status=3).stdout)
        trust.write_text(store + f"thresholds:\n  - {{task: words, metric: acc, at_least: {value}}}\n")
        self.assertIn("certified third-party", self.done(*verify).stdout)
        run = ["run", self.model, *PROMPT, "--trust-policy", "enforce", "--trust", trust]
        self.assertTrue(self.done(*run).stdout.strip())
        self.check_served(trust, leaf)

        self.done("ca", "revoke", leaf, "--ca", ca, "--reason", "keyCompromise")
        self.lists(ca)
        refused = self.done(*run, status=3)
        self.assertEqual(refused.stdout, "")
        self.assertIn("keyCompromise", refused.stderr)
        with self.serve(trust) as server:
            answer = server.post("/v1/completions", {"model": "primer", "prompt": "a", "max_tokens": 1})
            self.assertEqual(answer.status, 503, answer.text)
            self.assertEqual(answer.headers["content-type"], "application/problem+json")
            self.assertEqual((answer.json["status"], answer.json["state"]), (503, "revoked"))
            self.assertIn("keyCompromise", answer.json["detail"])
            self.assertEqual(server.get("/v1/models/primer/status").json["verdict"], "refused")
            self.assertEqual(server.get("/.well-known/ai-safety").json["models"], [])

    def check_served(self, trust, leaf):
        """What a client learns from a server that insists on the certificate."""
        with self.serve(trust) as server:
            answer = server.post("/v1/completions", {"model": "primer", "prompt": "Once", "max_tokens": 4})
            self.assertEqual(answer.status, 200, answer.text)
            fingerprint = hashlib.sha256(self.openssl("x509", "-in", leaf, "-outform", "DER")).hexdigest()
            # D of a model of one file: SHA-256 of the SHA-256 of its bytes.
            digest = hashlib.sha256(hashlib.sha256(self.model.read_bytes()).digest()).hexdigest()
            self.assertEqual(answer.headers["ai-model-digest"], f"sha256:{digest}")
            self.assertEqual(answer.headers["ai-safety-status"], "certified")
            self.assertEqual(answer.headers["ai-safety-certificate"], f"sha256:{fingerprint}")
            chain = server.get("/v1/models/primer/certificate")
            self.assertEqual(chain.headers["content-type"], "application/pem-certificate-chain")
            self.assertTrue(chain.text.startswith(leaf.read_text().strip().split("-----END")[0]))
            evidence = server.get("/v1/models/primer/evidence").json["data"]
            self.assertEqual(len(evidence), 3)
            (known,) = server.get("/.well-known/ai-safety").json["models"]
            self.assertEqual(known, server.get("/v1/models/primer/status").json)
            self.assertEqual((known["verdict"], known["level"]), ("certified", "third-party"))


if __name__ == "__main__":
    unittest.main()
