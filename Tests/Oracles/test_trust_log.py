"""The log, the journal, evidence, lineage and receipts, checked by other programs and attacked from outside."""

import base64
import hashlib
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

import transparency
from oracle import (
    BINARY,
    FIXTURES,
    HANG_SECONDS,
    REPOSITORY,
    OracleCase,
    environment,
    needs,
    stoa,
)
from server import Server

MODEL = FIXTURES / "gguf_f16/model.gguf"
REFUSED = 3
SCHEMAS = REPOSITORY / "docs/predicates"
RECEIPT_TYPE = "application/vnd.stoa.receipt+json"


def new_key(path):
    """Writes a P-256 key and its public half; gives the key."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    public = key.public_key()
    path.with_suffix(".pub").write_bytes(public.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo))
    return key


def sign_again(envelope, key, change):
    """The envelope with a changed payload, signed by a key of one's own that the payload names."""
    import rfc8785
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    receipt = json.loads(base64.b64decode(envelope["payload"]))
    change(receipt)
    der = key.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    receipt["signer"] = base64.b64encode(der).decode()
    payload = rfc8785.dumps(receipt)
    message = b"DSSEv1 %d %s %d %s" % (len(RECEIPT_TYPE), RECEIPT_TYPE.encode(), len(payload), payload)
    signature = key.sign(message, ec.ECDSA(hashes.SHA256()))
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": RECEIPT_TYPE,
        "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
    }


class Case(OracleCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="stoa-trust-log-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = self.folder / "home"

    def run_stoa(self, *arguments, status=0, **options):
        result = stoa(*arguments, STOA_HOME=str(self.home), **options)
        self.assertEqual(result.returncode, status, result.stderr or result.stdout)
        return result

    def answer(self, *arguments, status=0, **options):
        return json.loads(self.run_stoa(*arguments, "--json", status=status, **options).stdout)


class Log(Case):
    def make(self):
        self.log, self.key = self.folder / "log", self.folder / "log.key"
        self.public = self.run_stoa(
            "log", "init", self.log, "--name", "example.com/log", "--key", self.key
        ).stdout.strip()

    def append(self, data):
        path = self.folder / "entry"
        path.write_bytes(data)
        return self.answer(
            "log", "append", self.log, "--key", self.key, "--file", path, "--proof", self.folder / "proof"
        )

    @needs(packages=["pymerkle", "cryptography"])
    def test_others_compute_our_roots_and_check_our_proofs(self):
        import pymerkle

        self.make()
        tree = pymerkle.InmemoryTree(algorithm="sha256")
        entries = [bytes([number]) * number for number in range(20)]
        notes = []
        for number, entry in enumerate(entries):
            answer = self.append(entry)
            tree.append_entry(entry)
            self.assertEqual(answer["index"], number)
            self.assertEqual(answer["root"], tree.get_root().hex())
            self.assertEqual(transparency.check_proof((self.folder / "proof").read_text(), entry, self.public), number)
            notes.append((self.log / "checkpoint").read_text())
        leaves = [transparency.leaf(entry) for entry in entries]
        tiles = transparency.Tiles(self.log)
        self.assertEqual(tiles.entries(len(entries)), entries)
        tiles.check_hashes(leaves)
        for size, note in enumerate(notes, 1):
            self.assertEqual(
                transparency.checkpoint(note, self.public), ("example.com/log", size, transparency.root(leaves[:size]))
            )
        # A monitor accepts each state after each earlier one.
        state = self.folder / "state"
        state.write_text(notes[4])
        seen = self.answer("log", "monitor", self.log, "--log-key", self.public, "--state", state)
        self.assertEqual([entry["index"] for entry in seen["entries"]], list(range(5, 20)))
        self.assertEqual(
            [entry["sha256"] for entry in seen["entries"]], [hashlib.sha256(entry).hexdigest() for entry in entries[5:]]
        )

    @needs(packages=["cryptography"])
    def test_witnesses_count(self):
        self.make()
        self.append(b"entry")
        note = self.log / "checkpoint"
        keys = []
        for number in range(2):
            key, sign = transparency.witness(bytes([number]) * 32, f"witness.example/{number}")
            note.write_text(note.read_text() + sign(note.read_text(), 1_700_000_000 + number))
            keys += ["--witness", key]
        proof = self.folder / "proof"
        verify = ["log", "verify", proof, "--log-key", self.public, "--entry", self.folder / "entry", *keys]
        self.assertFalse(self.answer(*verify, "--quorum", 1, status=REFUSED)["ok"])
        self.run_stoa("log", "prove", self.log, "--log-key", self.public, "--proof", proof)
        answer = self.answer(*verify, "--quorum", 2)
        self.assertEqual([line["time"] for line in answer["cosignatures"]], [1_700_000_000, 1_700_000_001])
        text = proof.read_text()
        proof.write_text(text[:-20] + ("A" if text[-20] != "A" else "B") + text[-19:])
        self.assertIn("witness", self.answer(*verify, "--quorum", 1, status=REFUSED)["why"])

    @needs(packages=["cryptography"])
    def test_a_rewritten_log_is_found(self):
        self.make()
        for number in range(3):
            self.append(b"%d" % number)
        state = self.folder / "state"
        monitor = ["log", "monitor", self.log, "--log-key", self.public, "--state", state]
        self.run_stoa(*monitor)
        shutil.rmtree(self.log)
        self.run_stoa("log", "init", self.log, "--key", self.key)
        for number in (0, 7, 2, 3):
            self.append(b"%d" % number)
        self.assertIn("does not begin", self.run_stoa(*monitor, status=REFUSED).stderr)


class Journal(Case):
    def fill(self, bodies):
        lines = "".join(json.dumps(body) + "\n" for body in bodies)
        return self.run_stoa("journal", "append", stdin=lines).stdout.splitlines()

    @property
    def database(self):
        return self.home / "ledger.sqlite"

    @needs(packages=["rfc8785"])
    def test_entries_are_hashed_in_canonical_form(self):
        import rfc8785

        source = random.Random(5)

        def value(depth):
            kind = source.randrange(8 if depth < 3 else 5)
            if kind == 0:
                return source.choice([None, True, False])
            if kind == 1:
                return source.randrange(-(2**53) + 1, 2**53)
            if kind == 2:
                return source.uniform(-1, 1) * 10.0 ** source.randrange(-320, 308)
            if kind in (3, 4):
                points = [source.choice([0x41, 0xE9, 0x20AC, 0x1F600, 0xFB33, 7, 0x7F, 0x22, 0x5C, 0x2028])] * 2
                return "".join(map(chr, points + [source.randrange(0x20, 0xD800)]))
            if kind == 5:
                return [value(depth + 1) for _ in range(source.randrange(4))]
            return {str(value(9)): value(depth + 1) for _ in range(source.randrange(5))}

        bodies = [{"value": value(0)} for _ in range(300)]
        acknowledged = [line.split() for line in self.fill(bodies)]
        rows = sqlite3.connect(self.database).execute("SELECT sequence, hash, entry FROM journal ORDER BY sequence")
        for (sequence, stored, text), (printed, digest), body in zip(rows, acknowledged, bodies, strict=True):
            # A whole number beyond 2^53 is a double that RFC 8785 writes without an exponent.
            entry = json.loads(text, parse_int=lambda n: int(n) if abs(int(n)) < 2**53 else float(n))
            self.assertEqual(entry["body"], body)
            self.assertEqual(rfc8785.dumps(entry), text.encode())
            self.assertEqual(hashlib.sha256(text.encode()).digest(), stored)
            self.assertEqual((str(sequence), stored.hex()), (printed, digest))

    @needs(packages=["cryptography"])
    def test_every_attack_before_the_last_head_is_found(self):
        new_key(self.folder / "journal.pem")
        self.fill([{"n": number} for number in range(400)])
        head = self.folder / "head.json"
        self.run_stoa("journal", "sign", "--key", self.folder / "journal.pem", "--out", head)
        self.fill([{"after": True}])
        verify = ["journal", "verify", "--key", self.folder / "journal.pub", "--head", head]
        report = self.answer(*verify)
        self.assertEqual((report["ok"], report["protected"], report["unprotected"]), (True, 400, 1))
        saved = self.folder / "saved.sqlite"
        sqlite3.connect(self.database).execute(f"VACUUM INTO '{saved}'")
        source = random.Random(3)
        for number in range(12):
            for path in self.home.glob("ledger.sqlite*"):
                path.unlink()
            shutil.copy(saved, self.database)
            place = source.randrange(1, 400)
            with sqlite3.connect(self.database) as db:
                db.executescript("DROP TRIGGER journal_keeps_entries; DROP TRIGGER journal_keeps_contents")
                if number % 3 == 0:
                    (text,) = db.execute("SELECT entry FROM journal WHERE sequence = ?", [place]).fetchone()
                    text = text.replace('"n":', '"n":9')
                    digest = hashlib.sha256(text.encode()).digest()
                    db.execute("UPDATE journal SET entry = ?, hash = ? WHERE sequence = ?", [text, digest, place])
                elif number % 3 == 1:
                    db.execute("DELETE FROM journal WHERE sequence = ?", [place])
                else:
                    db.execute("UPDATE journal SET sequence = -1 WHERE sequence = ?", [place])
                    db.execute("UPDATE journal SET sequence = ? WHERE sequence = ?", [place, place + 1])
                    db.execute("UPDATE journal SET sequence = ? WHERE sequence = -1", [place + 1])
            report = self.answer(*verify, status=REFUSED)
            places = [range(problem["first"], problem["last"] + 1) for problem in report["problems"]]
            self.assertTrue(any(place in found for found in places), (number, place, report["problems"]))
        # The end cut off, with the head that lies in the ledger: only the one outside shows it.
        shutil.copy(saved, self.database)
        with sqlite3.connect(self.database) as db:
            db.executescript("DROP TRIGGER journal_keeps_entries; DELETE FROM journal WHERE sequence > 300")
            db.execute("DELETE FROM journal_head")
        self.assertEqual(self.answer(*verify[:-2])["protected"], 0)
        (problem,) = self.answer(*verify, status=REFUSED)["problems"]
        self.assertEqual((problem["kind"], problem["first"], problem["last"]), ("missing", 301, 400))

    @needs(packages=["cryptography"])
    def test_heads_in_a_log_protect(self):
        new_key(self.folder / "journal.pem")
        log, key = self.folder / "log", self.folder / "log.key"
        public = self.run_stoa("log", "init", log, "--name", "example.com/journal", "--key", key).stdout.strip()
        self.fill([{"n": number} for number in range(5)])
        self.run_stoa("journal", "sign", "--key", self.folder / "journal.pem", "--log", log, "--log-key", key)
        verify = ["journal", "verify", "--log", log, "--log-key", public]
        self.assertEqual(self.answer(*verify)["protected"], 5)
        with sqlite3.connect(self.database) as db:
            db.executescript("DROP TRIGGER journal_keeps_entries; DELETE FROM journal WHERE sequence = 5")
        self.assertFalse(self.answer(*verify, status=REFUSED)["ok"])

    def test_killed_while_writing_it_loses_nothing_acknowledged(self):
        for number in range(3):
            process = subprocess.Popen(
                [BINARY, "journal", "append"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment(STOA_HOME=str(self.home)),
                text=True,
            )
            acknowledged = []
            process.stdin.write('{"n": 1}\n' * 500)
            process.stdin.flush()
            for _ in range(20 + 30 * number):
                acknowledged.append(process.stdout.readline().split())
            process.send_signal(signal.SIGKILL)
            rest, _ = process.communicate(timeout=HANG_SECONDS)
            acknowledged += [line.split() for line in rest.splitlines(keepends=True) if line.endswith("\n")]
            rows = dict(sqlite3.connect(self.database).execute("SELECT sequence, hash FROM journal"))
            for sequence, digest in acknowledged:
                self.assertEqual(rows[int(sequence)].hex(), digest)
            self.assertTrue(self.answer("journal", "verify")["ok"])


class Evidence(Case):
    def model(self):
        shutil.copy(MODEL, self.folder / "model.gguf")
        return self.folder / "model.gguf"

    @needs(packages=["jsonschema", "securesystemslib", "cryptography"])
    def test_statements_satisfy_schema_and_signature(self):
        import jsonschema
        from securesystemslib.dsse import Envelope
        from securesystemslib.signer import SSlibKey

        model = self.model()
        key = new_key(self.folder / "assessor.pem")
        results = {
            "results": {"quiz": {"alias": "quiz", "acc,none": 0.75, "acc_stderr,none": 0.25}},
            "configs": {"quiz": {"task": "quiz"}},
            "versions": {"quiz": "1.0"},
            "n-samples": {"quiz": {"original": 4, "effective": 4}},
            "config": {"random_seed": 0, "numpy_seed": 1234},
            "lm_eval_version": "0.4.9",
        }
        (self.folder / "results.json").write_text(json.dumps(results))
        lines = [json.dumps({"doc_id": number, "acc": float(number < 3)}) for number in range(4)]
        (self.folder / "samples.jsonl").write_text("\n".join(lines) + "\n")
        answer = self.answer(
            *("attest", "evaluation", model, "--from", "lm-eval", self.folder / "results.json"),
            *(
                "--samples",
                self.folder / "samples.jsonl",
                "--threshold",
                ">=0.5",
                "--key",
                self.folder / "assessor.pem",
            ),
        )
        predicate = answer["predicate"]
        self.assertEqual(
            predicate["samples"]["merkleRoot"],
            transparency.root([transparency.leaf(line.encode()) for line in lines]).hex(),
        )
        self.assertEqual(predicate["interval"]["method"], "wilson")
        others = {
            "licence": {"expression": "MIT"},
            "openness": {"framework": "MOF 1.0", "class": 3, "osaid": False},
            "data-documentation": {"datasets": [{"name": "d", "use": "pretraining", "personalData": "none"}]},
            "guard-pack": {"id": "p", "version": "1", "digest": {"sha256": "0" * 64}},
        }
        for name, value in others.items():
            (self.folder / "predicate.json").write_text(json.dumps(value))
            self.run_stoa(
                *("attest", name, model, "--predicate", self.folder / "predicate.json"),
                *("--key", self.folder / "assessor.pem"),
            )
        listed = self.answer("evidence", model, "--key", self.folder / "assessor.pub")
        self.assertEqual(len(listed["evidence"]), 5)
        # D of OpenSSF Model Signing: the hash of the hashes of the files.
        root = hashlib.sha256(hashlib.sha256(model.read_bytes()).digest()).hexdigest()
        for entry in listed["evidence"]:
            self.assertEqual(entry["signature"], "signed")
            name = "evaluation-result" if entry["type"] == "evaluation" else entry["type"]
            schema = json.loads((SCHEMAS / f"{name}.json").read_text())
            jsonschema.Draft202012Validator.check_schema(schema)
            jsonschema.Draft202012Validator(schema).validate(entry["predicate"])
            envelope = Envelope.from_dict(json.loads(Path(entry["path"]).read_text()))
            signature = next(iter(envelope.signatures.values()))
            public = SSlibKey.from_crypto(key.public_key(), keyid=signature.keyid)
            public.verify_signature(signature, envelope.pae())
            statement = json.loads(envelope.payload)
            self.assertEqual(statement["subject"][0]["digest"], {"sha256": root})
            self.assertEqual(entry["sha256"], hashlib.sha256(envelope.payload).hexdigest())

    def test_schema_and_decoder_refuse_the_same(self):
        model = self.model()
        for text, key in (
            ('{"expression": 3}', "expression"),
            ("{}", "expression"),
            ('{"expression": "MIT", "other": 1}', "other"),
        ):
            (self.folder / "predicate.json").write_text(text)
            result = self.run_stoa("attest", "licence", model, "--predicate", self.folder / "predicate.json", status=1)
            self.assertIn(key, result.stderr)

    def test_quantising_states_its_base(self):
        model = self.model()
        small = self.folder / "small.gguf"
        before = model.read_bytes()
        plain = self.folder / "plain.gguf"
        self.run_stoa("quantize", model, plain, "--type", "Q8_0", "--no-provenance")
        self.run_stoa("quantize", model, small, "--type", "Q8_0")
        self.assertEqual(small.read_bytes(), plain.read_bytes())
        self.assertEqual(model.read_bytes(), before)
        self.assertFalse(Path(f"{plain}.evidence").exists())
        base = hashlib.sha256(hashlib.sha256(before).digest()).hexdigest()
        answer = self.answer("lineage", small)
        self.assertEqual([step["base"] for step in answer["steps"]], [base])
        self.assertFalse(answer["tainted"])
        self.assertTrue(self.answer("lineage", small, "--revoked", base, status=REFUSED)["tainted"])


class Receipts(Case):
    def receipt(self):
        new_key(self.folder / "server.pem")
        path = self.folder / "receipt.json"
        self.run_stoa(
            *("run", MODEL, "hello", "--raw", "--max-tokens", 24, "--temperature", 1.5, "--top-k", 0, "--top-p", 1),
            *("--min-p", 0, "--seed", 11, "--receipt", path, "--receipt-key", self.folder / "server.pem"),
        )
        return path

    def verify(self, path, *arguments, status=0, **options):
        return self.answer("receipt", "verify", path, *arguments, status=status, **options)

    @needs(packages=["cryptography", "rfc8785"])
    def test_replay_on_other_instructions_and_threads(self):
        path = self.receipt()
        answer = self.verify(path, "--key", self.folder / "server.pub")
        self.assertEqual((answer["signature"], answer["replay"], answer["key_given"]), ("ok", "not-run", True))
        for isa in ("scalar", None):
            options = {"STOA_ISA": isa} if isa else {}
            answer = self.verify(path, "--replay", MODEL, "--threads", 1, **options)
            self.assertEqual((answer["replay"], answer["first_difference"]), ("identical", None))
        new_key(self.folder / "other.pem")
        self.assertEqual(
            self.verify(path, "--key", self.folder / "other.pub", status=REFUSED)["signature"], "wrong-key"
        )

    @needs(packages=["cryptography", "rfc8785"])
    def test_what_was_altered_is_found(self):
        path = self.receipt()
        envelope = json.loads(path.read_text())
        payload = bytearray(base64.b64decode(envelope["payload"]))
        source = random.Random(1)
        for _ in range(10):
            changed = bytearray(payload)
            changed[source.randrange(len(changed))] ^= 1 << source.randrange(7)
            path.write_text(json.dumps({**envelope, "payload": base64.b64encode(changed).decode()}))
            self.assertIn(self.verify(path, status=REFUSED)["signature"], ("invalid", "malformed"))
        key = new_key(self.folder / "forger.pem")

        def forged(change):
            path.write_text(json.dumps(sign_again(envelope, key, change)))
            answer = self.verify(path, "--replay", MODEL, status=REFUSED)
            self.assertEqual((answer["signature"], answer["replay"]), ("ok", "different"))
            return answer["first_difference"]

        def token(receipt):
            receipt["answer"]["tokens"][5] += 1

        def temperature(receipt):
            receipt["parameters"]["temperature"] = 0.2

        def seed(receipt):
            receipt["parameters"]["seed"] = "12"

        difference = forged(token)
        self.assertEqual((difference["field"], difference["index"]), ("answer", 5))
        self.assertEqual(difference["receipt"], difference["replay"] + 1)
        self.assertEqual(forged(temperature)["field"], "answer")
        self.assertEqual(forged(seed)["field"], "answer")

    @needs(packages=["cryptography"])
    def test_other_weights_are_found(self):
        path = self.receipt()
        model = self.folder / "changed.gguf"
        data = bytearray(MODEL.read_bytes())
        data[-1000] ^= 1
        model.write_bytes(data)
        answer = self.verify(path, "--replay", model, status=REFUSED)
        self.assertEqual(answer["replay"], "different")
        self.assertIn(answer["first_difference"]["field"], ("answer", "model.digest"))

    @needs(packages=["cryptography"])
    def test_served_answers(self):
        new_key(self.folder / "server.pem")
        body = {"model": "m", "prompt": "hello", "max_tokens": 12, "temperature": 1.2, "seed": 5, "n": 2}
        with Server("--model", f"m={MODEL}", "--receipt-key", self.folder / "server.pem", home=self.home) as server:
            plain = server.post("/v1/completions", body)
            self.assertEqual(server.get(f"/v1/receipts/{plain.headers['x-request-id']}").status, 404)
            by_header = server.post("/v1/completions", body, Stoa_Receipt="1")
            by_field = server.post("/v1/completions", {**body, "receipt": True, "stream": True, "n": 1})
            self.assertEqual((by_header.status, by_field.status), (200, 200))
            envelopes = []
            for name in (by_header, by_field):
                answer = server.get(f"/v1/receipts/{name.headers['x-request-id']}")
                self.assertEqual(answer.status, 200, answer.text)
                envelopes.append(answer.json)
            second = server.get(f"/v1/receipts/{by_header.headers['x-request-id']}-1")
            self.assertEqual(second.status, 200)
        path, request = self.folder / "served.json", self.folder / "request.json"
        for envelope in (*envelopes, second.json):
            path.write_text(json.dumps(envelope))
            request.write_text(json.dumps(body))
            answer = self.verify(path, "--replay", MODEL, "--request", request, STOA_ISA="scalar")
            self.assertEqual(answer["replay"], "identical", answer["first_difference"])
            request.write_text(json.dumps({**body, "prompt": "hellp"}))
            answer = self.verify(path, "--replay", MODEL, "--request", request, status=REFUSED)
            self.assertEqual(answer["first_difference"]["field"].split(".")[0], "prompt")
        entries = self.answer("journal", "list", "--kind", "receipt")["entries"]
        self.assertEqual(len(entries), 3)
        self.assertTrue(self.answer("journal", "verify")["ok"])

    def test_a_server_without_a_key_says_so(self):
        with Server("--model", f"m={MODEL}", home=self.home) as server:
            answer = server.post("/v1/completions", {"model": "m", "prompt": "a", "max_tokens": 1, "receipt": True})
            self.assertEqual(answer.status, 400)
            self.assertIn("receipt", answer.text)


if __name__ == "__main__":
    unittest.main()
