"""The table of what is done about models, over HTTP: each state of a model, enforced and only warned about, and what clients
and the journal learn of it."""

import hashlib
import json
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from oracle import FIXTURES, HANG_SECONDS, OracleCase, needs, stoa
from server import Server

MODEL = FIXTURES / "gguf_f16/model.gguf"
# Name of a model: what is wrong with it, what it is when it is loaded all the same; a dash where it never is.
STATES = {
    "certified": (None, "certified"),
    "stale": ("stale-status", "certified"),
    "waived": ("jurisdiction", "certified"),
    "changed": ("digest-mismatch", "-"),
    "broken": ("bad-signature", "-"),
    "borrowed": ("certificate-mismatch", "-"),
    "revoked": ("revoked", "signed"),
    "stranger": ("unknown-issuer", "signed"),
    "foreign": ("wrong-usage", "signed"),
    "unsigned": ("unsigned", "unsigned"),
    "level": ("below-level", "certified"),
    "threshold": ("below-threshold", "certified"),
    "region": ("jurisdiction", "certified"),
}
# What enforce only gives an alert for.
ALERTS = {"stale", "waived"}
RULES = """
models:
  - {model: level.gguf, require: third-party}
  - {model: threshold.gguf, thresholds: [{task: t, metric: acc, at_least: 0.5}]}
  - {model: region.gguf, jurisdictions: [EU]}
  - {model: waived.gguf, jurisdictions: [EU]}
waivers:
  - {model: waived.gguf, waive: jurisdiction, reason: the pack is on its way, expires: 2100-01-31}
"""


def openssl(*arguments):
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=True, timeout=HANG_SECONDS).stdout


class GateCase(OracleCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="stoa-gate-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = self.folder / "home"
        self.trust = self.folder / "trust.yaml"

    def done(self, *arguments):
        result = stoa(*arguments, STOA_HOME=str(self.home))
        self.assertEqual(result.returncode, 0, f"{arguments}: {result.stderr}")
        return result.stdout

    def entries(self, kind):
        answer = json.loads(self.done("journal", "list", "--kind", kind, "--limit", 1000, "--json"))
        return [entry["body"] for entry in reversed(answer["entries"])]

    def path(self, name):
        return self.folder / f"{name}.gguf"

    def authority(self, name):
        self.done("ca", "init", self.folder / name, "--organization", f"Example {name}")
        return self.folder / name

    def certify(self, name, authority):
        key, leaf = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        arguments = ["--level", "self-vouched", "--new-key", key, "--organization", "Example Labs", "--out", leaf]
        self.done("ca", "issue", self.path(name), "--ca", authority, *arguments)
        self.sign(name, key, leaf)
        return key, leaf

    def sign(self, name, key, leaf):
        self.done("sign", self.path(name), "--key", key, "--certificate", leaf)

    def digest(self, name):
        """D of a model of one file: SHA-256 of the SHA-256 of its bytes."""
        return hashlib.sha256(hashlib.sha256(self.path(name).read_bytes()).digest()).hexdigest()

    @staticmethod
    def ask(server, name, **more):
        return server.post("/v1/completions", {"model": name, "prompt": "a", "max_tokens": 1, **more})

    def check_refusal(self, answer, verdict, name, state):
        self.assertEqual(answer.status, 503, answer.text)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        self.assertEqual(answer.headers["ai-safety-status"], "refused")
        problem = answer.json
        self.assertEqual((problem["type"], problem["status"]), ("urn:stoa:problem:model-refused", 503))
        self.assertEqual(problem["state"], state)
        self.assertIn(f"{name}.gguf", problem["detail"])
        self.assertEqual((verdict["verdict"], verdict["decision"]), ("refused", "refuse"))


class Gate(GateCase):
    # The models

    def foreign(self):
        """A root that is trusted and certifies keys for programs."""
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        root, root_key = self.folder / "foreign-root.pem", self.folder / "foreign-root.key"
        openssl("req", "-x509", *curve, "-keyout", root_key, "-out", root, "-subj", "/CN=Foreign root", "-days", 30)
        request, key, leaf = (self.folder / f"foreign.{kind}" for kind in ("csr", "key", "pem"))
        openssl("req", *curve, "-keyout", key, "-out", request, "-subj", "/CN=Foreign")
        extensions = self.folder / "foreign.ext"
        extensions.write_text("keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n")
        signing = ["-CA", root, "-CAkey", root_key, "-days", 20, "-set_serial", 77, "-extfile", extensions]
        openssl("x509", "-req", "-in", request, *signing, "-out", leaf)
        self.sign("foreign", key, leaf)
        return root

    def prepare(self):
        """A model of each state, and the store that judges them."""
        for number, name in enumerate(STATES):
            # Bytes behind the tensors change nothing but the digest: no two models are the same one.
            self.path(name).write_bytes(MODEL.read_bytes() + bytes([number]) * 32)
        ca, other = self.authority("ca"), self.authority("other")
        leaves = {}
        for name in STATES.keys() - {"stranger", "foreign", "unsigned", "borrowed"}:
            leaves[name] = self.certify(name, ca)
        self.certify("stranger", other)
        self.sign("borrowed", *leaves["certified"])
        root = self.foreign()
        changed = bytearray(self.path("changed").read_bytes())
        changed[-1] ^= 1
        self.path("changed").write_bytes(changed)
        bundle = json.loads(Path(f"{self.path('broken')}.sig").read_text())
        signature = bundle["dsseEnvelope"]["signatures"][0]
        signature["sig"] = signature["sig"][:20] + ("A" if signature["sig"][20] != "A" else "B") + signature["sig"][21:]
        Path(f"{self.path('broken')}.sig").write_text(json.dumps(bundle))
        self.done("ca", "revoke", leaves["revoked"][1], "--ca", ca, "--reason", "superseded")
        for authority, names in ((ca, STATES.keys() - {"stale", "stranger"}), (other, ["stranger"])):
            self.done("ca", "crl", "--ca", authority, "--out", self.folder / "lists")
            for name in names:
                shutil.copy(self.folder / "lists", f"{self.path(name)}.crl")
        for path, name in ((ca / "root.pem", "ours"), (root, "foreign")):
            self.done("trust", "add-root", path, "--name", name, "--trust", self.trust, "--yes")
        self.trust.write_text(self.trust.read_text() + RULES)
        return leaves

    def serve(self, policy, *more):
        models = [argument for name in STATES for argument in ("--model", f"{name}={self.path(name)}")]
        trust = [] if policy == "off" else ["--trust", self.trust]
        return Server(*models, "--trust-policy", policy, *trust, *more, home=self.home)

    # Tests

    @needs(programs=["openssl"])
    def test_every_state_enforced_and_warned_about(self):
        leaves = self.prepare()
        digests = {name: self.digest(name) for name in STATES}
        for policy in ("enforce", "warn"):
            with self.serve(policy) as server:
                loaded = []
                for name, (state, status) in STATES.items():
                    with self.subTest(f"{policy} {name}"):
                        answer = self.ask(server, name)
                        verdict = server.get(f"/v1/models/{name}/status").json
                        wrong = [reason["state"] for reason in verdict["reasons"] if not reason["ok"]]
                        self.assertEqual(wrong, self.wrong(name))
                        refuses = state and (status == "-" or policy == "enforce" and name not in ALERTS)
                        if refuses:
                            self.check_refusal(answer, verdict, name, state)
                            continue
                        loaded.append(name)
                        self.assertEqual(answer.status, 200, answer.text)
                        self.assertEqual(answer.headers["ai-safety-status"], status)
                        self.assertEqual(verdict["decision"], "load-with-alert" if state else "load")
                        signed = None if status == "unsigned" else f"sha256:{digests[name]}"
                        self.assertEqual(answer.headers.get("ai-model-digest"), signed)
                        self.assertEqual(verdict["digest"], signed)
                        if name in leaves:
                            self.check_certificate(server, answer, name, leaves[name][1])
                known = server.get("/.well-known/ai-safety").json
                self.assertEqual([model["model"] for model in known["models"]], sorted(loaded))
            self.check_journal(policy, loaded)

    @staticmethod
    def wrong(name):
        """All that is wrong with a model, the worst first."""
        state = STATES[name][0]
        # A root that is not of our making publishes no list here.
        return [state, "stale-status"] if name == "foreign" else [state] if state else []

    def check_certificate(self, server, answer, name, leaf):
        der = openssl("x509", "-in", leaf, "-outform", "DER")
        self.assertEqual(answer.headers["ai-safety-certificate"], f"sha256:{hashlib.sha256(der).hexdigest()}")
        chain = server.get(f"/v1/models/{name}/certificate")
        self.assertEqual(chain.headers["content-type"], "application/pem-certificate-chain")
        first = self.folder / "first.pem"
        first.write_text(chain.text)
        self.assertEqual(openssl("x509", "-in", first, "-outform", "DER"), der)
        self.assertEqual(chain.text.count("BEGIN CERTIFICATE"), 3)

    def check_journal(self, policy, loaded):
        loads = [body for body in self.entries("load") if body["policy"] == policy]
        self.assertEqual([body["model"] for body in loads], loaded)
        verdicts = {body["model"]: body for body in self.entries("verdict") if body["policy"] == policy}
        self.assertEqual(verdicts.keys(), STATES.keys())
        for name, body in verdicts.items():
            self.assertEqual(body["decision"] == "refuse", name not in loaded)
            self.assertEqual([problem["state"] for problem in body["problems"]], self.wrong(name))
        waivers = self.entries("waiver")
        self.assertEqual({(body["model"], body["waived"]) for body in waivers}, {("waived", "jurisdiction")})
        self.assertTrue(json.loads(self.done("journal", "verify", "--json"))["ok"])

    @needs(programs=["openssl"])
    def test_what_else_clients_see(self):
        """A refusal looks the same to all interfaces, and a file that is replaced is judged anew."""
        self.prepare()
        message = [{"role": "user", "content": "a"}]
        with self.serve("enforce") as server:
            for path, more in (
                ("/v1/completions", {"prompt": "a", "stream": True}),
                ("/v1/responses", {"input": "a"}),
                ("/v1/messages", {"messages": message, "max_tokens": 1}),
                ("/api/generate", {"prompt": "a"}),
                ("/v1/embeddings", {"input": "a"}),
            ):
                for _ in range(3):
                    answer = server.post(path, {"model": "revoked", **more})
                    self.assertEqual((answer.status, answer.json["state"]), (503, "revoked"), path)
            # Who asks often does not fill the journal.
            refusals = [body for body in self.entries("verdict") if body["model"] == "revoked"]
            self.assertEqual(len(refusals), 1)
            self.assertEqual(server.get("/v1/models/unsigned/certificate").status, 404)
            self.assertEqual(server.get("/v1/models/nobody/status").status, 404)
            self.assertEqual(server.get("/v1/models/certified/evidence").json, {"object": "list", "data": []})

            self.assertEqual(self.ask(server, "certified").status, 200)
            replacement = self.folder / "replacement"
            shutil.copy(self.path("unsigned"), replacement)
            replacement.rename(self.path("certified"))
            # In memory are the bytes that were judged.
            self.assertEqual(self.ask(server, "certified").status, 200)
            server.post("/api/generate", {"model": "certified", "prompt": "", "keep_alive": 0})
            answer = self.ask(server, "certified")
            self.assertEqual((answer.status, answer.json["state"]), (503, "digest-mismatch"))
        with self.serve("off") as server:
            answer = self.ask(server, "changed")
            self.assertEqual(answer.status, 200)
            self.assertNotIn("ai-safety-status", answer.headers)
            status = server.get("/v1/models/changed/status")
            self.assertEqual((status.status, status.json["error"]["code"]), (404, "trust_policy_off"))
            self.assertEqual(server.get("/.well-known/ai-safety").json["models"], [])

    @needs(programs=["openssl"])
    def test_what_else_is_journalled(self):
        """Loads by `stoa run`, keys, roots, and heads that a server signs."""
        key, public = self.folder / "key.pem", self.folder / "key.pub"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        openssl("pkey", "-in", key, "-pubout", "-out", public)
        model = self.path("m")
        shutil.copy(MODEL, model)
        run = ["run", model, "a", "--raw", "--max-tokens", 1]
        ledger = self.home / "ledger.sqlite"
        self.done(*run)
        self.assertFalse(ledger.exists(), "who only tries a model keeps no account")
        identifier = json.loads(self.done("key", "create", "laptop", "--json"))["id"]
        self.done("key", "revoke", "laptop")
        keys = self.entries("key")
        self.assertEqual(
            [(body["action"], body["id"]) for body in keys], [("created", identifier), ("revoked", identifier)]
        )
        self.done("trust", "add-root", self.authority("ca") / "root.pem", "--trust", self.trust, "--yes")
        root = openssl("x509", "-in", self.folder / "ca/root.pem", "-outform", "DER")
        self.assertEqual(self.entries("key")[-1]["sha256"], hashlib.sha256(root).hexdigest())

        self.done(*run)
        self.assertEqual([(body["model"], body["policy"]) for body in self.entries("load")], [("m", "warn")])
        # What nobody could write down does not run where that is demanded.
        self.done("sign", model, "--key", key)
        self.trust.write_text(f"version: 1\nrequire: signed\nkeys:\n  - {{name: ours, file: {public}}}\n")
        run += ["--trust", self.trust, "--trust-policy"]
        for policy, status in (("enforce", 1), ("warn", 0)):
            result = stoa(*run, policy, STOA_HOME=str(self.home), STOA_LEDGER=str(self.folder))
            self.assertEqual(result.returncode, status, result.stderr)
            self.assertEqual("nothing of this is in the journal" in result.stderr, status == 0)
        self.done(*run, "enforce")
        last = self.entries("verdict")[-1]
        self.assertEqual((last["verdict"], last["signer"], last["policy"]), ("signed", "ours", "enforce"))

        with Server("--model", f"m={model}", "--receipt-key", key, home=self.home) as server:
            self.assertEqual(self.ask(server, "m").status, 200)
        report = json.loads(self.done("journal", "verify", "--key", public, "--json"))
        self.assertEqual((report["ok"], report["unprotected"]), (True, 0))


DAY = 86_400
# What `openssl ca` needs to certify a key anew with other dates, or to sign a list.
SIGNING = """
[ca]
default_ca = own
[own]
database = {0}/index.txt
new_certs_dir = {0}
serial = {0}/serial
crlnumber = {0}/crlnumber
crl_extensions = list
default_md = sha384
policy = names
copy_extensions = copyall
unique_subject = no
[names]
organizationName = optional
commonName = optional
[list]
authorityKeyIdentifier = keyid
"""


def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds))


class Moments(GateCase):
    """The states that time, a log and a base bring about; openssl signs with the authority's key what no authority would."""

    def openssl_ca(self, authority, *arguments):
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        (work / "index.txt").write_text("")
        (work / "ca.cnf").write_text(SIGNING.format(work))
        signer = ["-cert", authority / "self-vouched.pem", "-keyfile", authority / "self-vouched.key"]
        openssl("ca", "-batch", "-config", work / "ca.cnf", *signer, *arguments)

    def expire(self, name, authority, key, leaf):
        """The same certificate, but that it ended five days ago."""
        request = self.folder / "again.csr"
        copied = ["-x509toreq", "-copy_extensions", "copyall", "-out", request]
        openssl("x509", "-in", leaf, "-signkey", key, *copied)
        serial = openssl("x509", "-in", leaf, "-noout", "-serial").decode().strip().split("=")[1]
        (self.folder / "work").mkdir(exist_ok=True)
        (self.folder / "work/serial").write_text(serial + "\n")
        again = self.folder / "again.pem"
        dates = ["-startdate", stamp(-20 * DAY), "-enddate", stamp(-5 * DAY)]
        self.openssl_ca(authority, "-in", request, "-preserveDN", "-notext", *dates, "-out", again)
        leaf.write_text(again.read_text() + (authority / "self-vouched.pem").read_text())
        self.sign(name, key, leaf)

    def outdate(self, name, authority):
        """A list that ended nine days ago; that of the root is new."""
        (self.folder / "work").mkdir(exist_ok=True)
        (self.folder / "work/crlnumber").write_text("01\n")
        old = self.folder / "old.crl"
        dates = ["-crl_lastupdate", stamp(-20 * DAY), "-crl_nextupdate", stamp(-9 * DAY)]
        self.openssl_ca(authority, "-gencrl", *dates, "-out", old)
        root = "-----BEGIN" + (authority / "crl.pem").read_text().split("-----BEGIN")[-1]
        Path(f"{self.path(name)}.crl").write_text(old.read_text() + root)

    def derive(self, name, authority, base, base_leaf):
        """A model that its publisher says was quantized of another."""
        key, public, leaf = (self.folder / f"{name}.{kind}" for kind in ("key", "pub", "pem"))
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        openssl("pkey", "-in", key, "-pubout", "-out", public)
        made = {
            "buildDefinition": {
                "buildType": "urn:stoa:build:quantized:v1",
                "externalParameters": {"type": "F16"},
                "resolvedDependencies": [{"name": base, "digest": {"sha256": self.digest(base)}}],
            },
            "runDetails": {"builder": {"id": "urn:example:builder"}},
        }
        predicate = self.folder / "made.json"
        predicate.write_text(json.dumps(made))
        self.done("attest", "derivation", self.path(name), "--predicate", predicate, "--key", key)
        arguments = ["--level", "self-vouched", "--key", public, "--organization", "Example Labs", "--out", leaf]
        self.done("ca", "issue", self.path(name), "--ca", authority, *arguments, "--base", base_leaf)
        self.sign(name, key, leaf)
        Path(f"{self.path(name)}.bases.pem").write_text(base_leaf.read_text())

    def prepare(self):
        names = ("expired", "overdue", "tainted", "derived", "withdrawn", "kept", "unlogged", "logged")
        for number, name in enumerate(names):
            self.path(name).write_bytes(MODEL.read_bytes() + bytes([100 + number]) * 32)
        ca = self.authority("ca")
        leaves = {name: self.certify(name, ca) for name in names if name not in ("tainted", "derived")}
        self.derive("tainted", ca, "withdrawn", leaves["withdrawn"][1])
        self.derive("derived", ca, "kept", leaves["kept"][1])
        self.done("ca", "revoke", leaves["withdrawn"][1], "--ca", ca, "--reason", "keyCompromise")
        self.expire("expired", ca, *leaves["expired"])
        for name in names:
            self.done("ca", "crl", "--ca", ca, "--out", f"{self.path(name)}.crl")
        self.outdate("overdue", ca)
        log, log_key = self.folder / "log", self.folder / "log.key"
        public = self.done("log", "init", log, "--name", "example.com/log", "--key", log_key).strip()
        self.done("log", "append", log, "--key", log_key, "--model", self.path("logged"))
        self.done("trust", "add-root", ca / "root.pem", "--trust", self.trust, "--yes")
        self.logging = self.folder / "logging.yaml"
        self.logging.write_text(self.trust.read_text() + f"logs:\n  - {{key: {json.dumps(public)}}}\n")

    @needs(programs=["openssl"])
    def test_time_logs_and_lineage_enforced_and_warned_about(self):
        self.prepare()
        table = {
            self.trust: {
                "expired": ("expired", "signed"),
                "overdue": ("overdue-status", "signed"),
                "tainted": ("tainted-lineage", "certified"),
                "derived": (None, "certified"),
            },
            self.logging: {"unlogged": ("no-log-proof", "signed"), "logged": (None, "certified")},
        }
        for store, states in table.items():
            for name, (state, _) in states.items():
                self.check_program(name, store, state)
            models = [argument for name in states for argument in ("--model", f"{name}={self.path(name)}")]
            for policy in ("enforce", "warn"):
                with Server(*models, "--trust", store, "--trust-policy", policy, home=self.home) as server:
                    for name, (state, status) in states.items():
                        with self.subTest(f"{policy} {name}"):
                            answer = self.ask(server, name)
                            verdict = server.get(f"/v1/models/{name}/status").json
                            wrong = [reason["state"] for reason in verdict["reasons"] if not reason["ok"]]
                            self.assertEqual(wrong, [state] if state else [])
                            if state and policy == "enforce":
                                self.check_refusal(answer, verdict, name, state)
                                continue
                            self.assertEqual(answer.status, 200, answer.text)
                            self.assertEqual(answer.headers["ai-safety-status"], status)
                            self.assertEqual(verdict["decision"], "load-with-alert" if state else "load")

    def check_program(self, name, store, state):
        """`stoa verify` and `stoa run` say the same, and end with 3 when it is refused."""
        path, home = self.path(name), str(self.home)
        result = stoa("verify", path, "--trust", store, "--json", STOA_HOME=home)
        answer = json.loads(result.stdout)
        wrong = [reason["state"] for reason in answer["reasons"] if not reason["ok"]]
        self.assertEqual((wrong, result.returncode), ([state] if state else [], 3 if state else 0), name)
        self.assertEqual(answer["verdict"], "refused" if state else "certified")
        for policy in ("enforce", "warn"):
            run = ["run", path, "a", "--raw", "--max-tokens", 1, "--trust", store, "--trust-policy", policy]
            result = stoa(*run, STOA_HOME=home)
            self.assertEqual(result.returncode, 3 if state and policy == "enforce" else 0, result.stderr)


if __name__ == "__main__":
    unittest.main()
