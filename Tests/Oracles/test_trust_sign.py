"""Models are signed and verified as OpenSSF Model Signing 1.0 says: model_signing takes ours, and we take theirs."""

import datetime
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock
from pathlib import Path

from oracle import DATA, HANG_SECONDS, OracleCase, environment, needs, stoa
from server import Server

VECTORS = "documents/model_signing_vectors/scripts/tests"
NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
PACKAGES = ["model_signing", "OpenSSL", "cryptography"]


def model_signing(*arguments):
    """Runs the reference program to its end."""
    command = [sys.executable, "-m", "model_signing", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, check=False, text=True, timeout=HANG_SECONDS, env=environment(PATH=os.defpath)
    )


def write_key(path, key, password=None):
    from cryptography.hazmat.primitives import serialization as form

    encryption = form.BestAvailableEncryption(password.encode()) if password else form.NoEncryption()
    path.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, encryption))
    public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    path.with_suffix(".pub").write_bytes(public)
    return path, path.with_suffix(".pub")


def certify(path, name, key, issuer=None, start=NOW - DAY, days=90, authority=False):
    """Writes a certificate for `key`; `issuer` is a certificate and its key, none for a root."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signer, signer_key = issuer if issuer else (None, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + days * DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(not authority, False, False, False, False, authority, authority, False, False), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer_key.public_key()), critical=False)
    )
    certificate = builder.sign(signer_key, hashes.SHA256())
    from cryptography.hazmat.primitives.serialization import Encoding

    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return certificate


class Signing(OracleCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        # Digests are remembered in a home of its own.
        home = unittest.mock.patch.dict(os.environ, STOA_HOME=str(self.folder / "home"))
        home.start()
        self.addCleanup(home.stop)
        self.model = self.folder / "model"
        self.make_model(self.model)

    @staticmethod
    def make_model(folder):
        (folder / "sub").mkdir(parents=True)
        (folder / "config.json").write_text("{}")
        (folder / "weights-1.bin").write_bytes(bytes(range(256)) * 5000)
        (folder / "weights.bin").write_bytes(b"\1\2\3" * 12345)
        (folder / "sub" / "é.txt").write_text("text")
        (folder / "sub.txt").write_text("sorts before the folder's files by components, behind them by code points")
        (folder / "empty").write_bytes(b"")
        (folder / ".gitattributes").write_text("not signed")

    def key(self, name="key", kind="P-256", password=None):
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519

        made = {
            "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
            "Ed25519": ed25519.Ed25519PrivateKey.generate,
        }[kind]()
        return *write_key(self.folder / f"{name}.pem", made, password), made

    def chain(self, **leaf):
        """A root, an authority below it and a leaf for the key; their files."""
        path, _, key = self.key("leaf")
        _, _, root_key = self.key("root-key", "P-384")
        _, _, middle_key = self.key("middle-key", "P-384")
        files = [self.folder / name for name in ("root.pem", "middle.pem", "leaf-certificate.pem")]
        root = certify(files[0], "Root", root_key, authority=True, start=NOW - 400 * DAY, days=4000)
        issuer = (root, root_key)
        middle = certify(files[1], "Middle", middle_key, issuer, authority=True, start=NOW - 400 * DAY, days=3000)
        certify(files[2], "Publisher", key, (middle, middle_key), **leaf)
        return path, *files

    def sign(self, *arguments, **options):
        result = stoa("sign", *arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)

    def verify(self, *arguments, **options):
        """The verdict, and the states of what is wrong."""
        result = stoa("verify", *arguments, "--json", **options)
        answer = json.loads(result.stdout)
        self.assertEqual(result.returncode, 0 if answer["verdict"] in ("signed", "certified") else 3, result.stderr)
        return answer["verdict"], [reason["state"] for reason in answer["reasons"] if not reason["ok"]]

    def assert_reference(self, *arguments):
        result = model_signing(*arguments)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    # What we sign

    @needs(packages=PACKAGES)
    def test_reference_accepts_ours_by_key(self):
        for kind in ("P-256", "P-384"):
            key, public, _ = self.key(f"key-{kind}", kind)
            self.sign(self.model, "--key", key)
            signature = self.model / "model.sig"
            self.assert_reference("verify", "key", self.model, "--signature", signature, "--public_key", public)
            self.assertEqual(self.verify(self.model, "--key", public), ("signed", []))

    @needs(packages=PACKAGES)
    def test_reference_accepts_ours_of_one_file(self):
        key, public, _ = self.key()
        path = self.model / "weights.bin"
        self.sign(path, "--key", key)
        signature = self.model / "weights.bin.sig"
        self.assert_reference("verify", "key", path, "--signature", signature, "--public_key", public)
        self.assertEqual(self.verify(path, "--key", public), ("signed", []))
        self.assertEqual(self.verify(path, "--key", public, "--fresh"), ("signed", []))

    @needs(packages=PACKAGES)
    def test_packs_of_rails(self):
        """A signed pack is one for the reference, and is used only as it was signed, also when it changes."""
        key, public, _ = self.key()
        bank, base = self.folder / "packs" / "bank", self.folder / "packs" / "base"
        text = (
            "pack: {}\nversion: 1\n{}rails:\n"
            "  - {{id: {}, detector: ban, options: {{terms: [{}]}}, action: refuse}}\n"
        )
        for folder, head, term in ((base, "", "old"), (bank, "extends: ../base\n", "zephyr")):
            folder.mkdir(parents=True)
            (folder / "pack.yaml").write_text(text.format(folder.name, head, folder.name, term))
            self.sign(folder, "--key", key)
            signature = folder / "model.sig"
            self.assert_reference("verify", "key", folder, "--signature", signature, "--public_key", public)
            self.assertEqual(self.verify(folder, "--key", public), ("signed", []))
        trust = self.folder / "trust.yaml"
        rule = "models:\n  - {model: primer, require: unsigned}\n"
        trust.write_text(f"version: 1\nrequire: signed\nkeys:\n  - {{name: ours, file: {public}}}\n{rule}")
        guarded = ("--guard", bank, "--trust", trust, "--trust-policy")

        def run(policy):
            return stoa("run", "primer", "about zephyr", *guarded, policy)

        self.assertIn("I can't help with that.", run("enforce").stdout)
        with Server("primer", *guarded, "enforce", home=self.folder / "home") as server:
            changed = text.format("bank", "extends: ../base\n", "bank", "kraken")
            (bank / "pack.yaml").write_text(changed)
            end = time.monotonic() + HANG_SECONDS
            while "cannot be used" not in server.log and time.monotonic() < end:
                time.sleep(0.05)
            self.assertIn("refused", server.log)
            check = {"text": "a kraken, a zephyr", "pack": "bank"}
            hits = server.ask("POST", "/v1/guard/check", check).json["hits"]
            self.assertEqual([hit["start"] for hit in hits], [12])
            self.sign(bank, "--key", key)
            while server.ask("POST", "/v1/guard/check", check).json["hits"][0]["start"] != 2:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
        (base / "pack.yaml").write_text(text.format("base", "", "base", "older"))
        for policy in ("enforce", "warn"):
            refused = run(policy)
            self.assertEqual(refused.returncode, 3, refused.stderr)
            self.assertIn("/packs/base'", refused.stderr)
        (base / "model.sig").unlink()
        self.assertEqual(run("enforce").returncode, 3)
        warned = run("warn")
        self.assertEqual(warned.returncode, 0, warned.stderr)
        self.assertIn("base is unsigned", warned.stderr)

    @needs(packages=PACKAGES)
    def test_reference_accepts_ours_by_certificate(self):
        key, root, middle, leaf = self.chain()
        out = self.folder / "elsewhere.sig"
        self.sign(self.model, "--key", key, "--certificate", leaf, "--chain", middle, "--out", out)
        self.assert_reference("verify", "certificate", self.model, "--signature", out, "--certificate_chain", root)
        self.assertEqual(self.verify(self.model, "--signature", out, "--root", root), ("signed", []))
        other = self.folder / "other.pem"
        certify(other, "Other", self.key("other")[2], authority=True)
        self.assertEqual(
            self.verify(self.model, "--signature", out, "--root", other), ("refused", ["unknown-issuer"])
        )

    @needs(packages=[*PACKAGES, "securesystemslib"])
    def test_securesystemslib_verifies_our_envelope(self):
        from securesystemslib.dsse import Envelope
        from securesystemslib.signer import SSlibKey

        for kind in ("P-256", "P-384", "Ed25519"):
            key, _, private = self.key(f"key-{kind}", kind)
            self.sign(self.model, "--key", key)
            bundle = json.loads((self.model / "model.sig").read_text())["dsseEnvelope"]
            public = SSlibKey.from_crypto(private.public_key())
            # A hint that is not signed; the library looks keys up by it.
            bundle["signatures"][0]["keyid"] = public.keyid
            self.assertTrue(Envelope.from_dict(bundle).verify([public], 1))

    @needs(packages=["jsonschema", "cryptography"], data=["documents/model_signing_spec"])
    def test_bundle_fits_the_schemas(self):
        import base64

        from jsonschema import Draft202012Validator
        from referencing import Registry, Resource

        folder = DATA / "documents/model_signing_spec/schemas/v1.0"
        schemas = [json.loads(path.read_text()) for path in folder.glob("*.json")]
        registry = Registry().with_resources((s["$id"], Resource.from_contents(s)) for s in schemas)
        by_name = {schema["$id"].split("/")[3]: schema for schema in schemas}
        self.sign(self.model, "--key", self.key()[0])
        bundle = json.loads((self.model / "model.sig").read_text())
        Draft202012Validator(by_name["bundle"], registry=registry).validate(bundle)
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        Draft202012Validator(by_name["statement"], registry=registry).validate(statement)
        names = [resource["name"] for resource in statement["predicate"]["resources"]]
        self.assertEqual(names, sorted(names))

    @needs(packages=["cryptography"], programs=["openssl"])
    def test_kinds_of_keys(self):
        def verified(public):
            self.assertEqual(self.verify(self.model, "--key", public), ("signed", []))

        key, public, _ = self.key("ed", "Ed25519")
        self.sign(self.model, "--key", key)
        verified(public)
        key, public, _ = self.key("encrypted", password="pass word")
        self.sign(self.model, "--key", key, STOA_KEY_PASSWORD="pass word")
        verified(public)
        (self.folder / "password").write_text("pass word\n")
        self.sign(self.model, "--key", key, "--password-file", self.folder / "password")
        verified(public)
        self.assertIn("password is wrong", stoa("sign", self.model, "--key", key, STOA_KEY_PASSWORD="no").stderr)
        self.assertIn("STOA_KEY_PASSWORD", stoa("sign", self.model, "--key", key).stderr)
        openssl, plain = self.folder / "openssl.pem", self.key("plain")[0]
        command = ["openssl", "pkcs8", "-topk8", "-in", plain, "-out", openssl, "-passout", "pass:x"]
        subprocess.run([*command, "-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"], check=True)
        self.sign(self.model, "--key", openssl, STOA_KEY_PASSWORD="x")
        sec1 = self.folder / "sec1.pem"
        subprocess.run(["openssl", "ec", "-in", plain, "-out", sec1], check=True, capture_output=True)
        self.sign(self.model, "--key", sec1)
        verified(plain.with_suffix(".pub"))
        self.sign(
            self.model, "--key", plain.with_suffix(".pub"), "--signer", f"openssl dgst -sha256 -sign '{plain}'"
        )
        verified(plain.with_suffix(".pub"))
        wrong = stoa("sign", self.model, "--key", plain.with_suffix(".pub"), "--signer", "echo no")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("no signature by the given public key", wrong.stderr)

    # What others sign

    @needs(packages=PACKAGES)
    def test_we_accept_theirs(self):
        key, public, _ = self.key()
        signature = self.folder / "theirs.sig"
        self.assert_reference("sign", "key", self.model, "--signature", signature, "--private_key", key)
        self.assertEqual(self.verify(self.model, "--signature", signature, "--key", public), ("signed", []))
        (self.model / "left-out").write_text("x")
        ignore = ("--ignore-paths", self.model / "left-out")
        self.assert_reference("sign", "key", self.model, "--signature", signature, "--private_key", key, *ignore)
        self.assertEqual(self.verify(self.model, "--signature", signature, "--key", public), ("signed", []))
        os.rename(self.model / "left-out", self.model / "left-out.json")
        ignore = ("--ignore-paths", self.model / "left-out.json")
        self.assert_reference("sign", "key", self.model, "--signature", signature, "--private_key", key, *ignore)
        # What would be loaded has to be signed, whatever the signer left out.
        self.assertEqual(
            self.verify(self.model, "--signature", signature, "--key", public), ("refused", ["digest-mismatch"])
        )
        os.remove(self.model / "left-out.json")
        (self.model / "link.bin").symlink_to(self.model / "weights.bin")
        link = ("--allow_symlinks",)
        self.assert_reference("sign", "key", self.model, "--signature", signature, "--private_key", key, *link)
        self.assertEqual(self.verify(self.model, "--signature", signature, "--key", public), ("signed", []))
        self.sign(self.model, "--key", key, "--allow-symlinks")
        ours = ("--signature", self.model / "model.sig", "--public_key", public)
        self.assert_reference("verify", "key", self.model, *ours, *link)

    @needs(packages=PACKAGES)
    def test_we_accept_theirs_by_certificate_and_in_shards(self):
        key, root, middle, leaf = self.chain()
        signature = self.folder / "theirs.sig"
        certificate = ("--signing_certificate", leaf, "--certificate_chain", middle)
        arguments = ("--signature", signature, "--private_key", key, *certificate)
        self.assert_reference("sign", "certificate", self.model, *arguments)
        self.assertEqual(self.verify(self.model, "--signature", signature, "--root", root), ("signed", []))

        from model_signing import hashing, signing

        hashes = hashing.Config().use_shard_serialization(shard_size=100_000)
        config = signing.Config().set_hashing_config(hashes).use_elliptic_key_signer(private_key=key)
        config.sign(self.model, signature)
        public = key.with_suffix(".pub")
        self.assertEqual(self.verify(self.model, "--signature", signature, "--key", public), ("signed", []))
        with open(self.model / "weights-1.bin", "r+b") as file:
            file.seek(150_000)
            file.write(b"!")
        refused = ("refused", ["digest-mismatch"])
        self.assertEqual(self.verify(self.model, "--signature", signature, "--key", public), refused)

    @needs(data=[VECTORS])
    def test_vectors_by_key_and_certificate(self):
        keys = DATA / VECTORS / "keys/certificate"
        for version in ("v1.0.0", "v1.0.1"):
            model = DATA / VECTORS / f"{version}-elliptic-key"
            target = model / "signme-1" if version == "v1.0.0" else model
            ignore = ["--ignore", "ignore-me"] if version == "v1.0.1" else []
            arguments = (target, "--signature", model / "model.sig", *ignore, "--key", keys / "signing-key-pub.pem")
            self.assertEqual(self.verify(*arguments), ("signed", []), version)
            model = DATA / VECTORS / f"{version}-certificate"
            self.assertEqual(self.verify(model, *ignore, "--root", keys / "ca-cert.pem"), ("signed", []), version)

    @needs(data=[VECTORS], packages=["sigstore"])
    def test_vectors_by_sigstore(self):
        stores = Path(importlib.util.find_spec("sigstore").origin).parent / "_store"
        root = stores / "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev/trusted_root.json"
        identity = ("--identity", "stefanb@us.ibm.com", "--issuer", "https://sigstore.verify.ibm.com/oauth2")
        for version in ("v1.0.0", "v1.0.1"):
            model = self.folder / version
            shutil.copytree(DATA / VECTORS / f"{version}-sigstore", model, copy_function=shutil.copyfile)
            model.chmod(0o755)
            (model / "ignore-me").unlink(missing_ok=True)
            self.assertEqual(self.verify(model, "--sigstore-root", root, *identity), ("signed", []), version)
            self.assertEqual(self.verify(model, *identity), ("refused", ["unknown-issuer"]))
            self.assertEqual(self.verify(model, "--sigstore-root", root), ("refused", ["unknown-issuer"]))
            stranger = ("--identity", "eve@example.org", "--issuer", identity[3])
            wrong = self.verify(model, "--sigstore-root", root, *stranger)
            self.assertEqual(wrong, ("refused", ["unknown-issuer"]))
            bundle = json.loads((model / "model.sig").read_text())
            for change, states in self.sigstore_changes(bundle):
                (model / "model.sig").write_text(json.dumps(change))
                self.assertEqual(self.verify(model, "--sigstore-root", root, *identity), ("refused", states))

    @staticmethod
    def sigstore_changes(bundle):
        """Bundles that claim another time, another place in the log, or nothing, and what is wrong with them."""

        def changed(path, value):
            copy = json.loads(json.dumps(bundle))
            *way, last = path
            place = copy["verificationMaterial"]
            for step in way:
                place = place[step]
            if value is None:
                del place[last]
            else:
                place[last] = value
            return copy

        entry = bundle["verificationMaterial"]["tlogEntries"][0]
        proof = ("tlogEntries", 0, "inclusionProof")
        hashes = entry["inclusionProof"]["hashes"]
        checkpoint = entry["inclusionProof"]["checkpoint"]["envelope"]
        late = str(int(entry["integratedTime"]) + 1)
        bad = ["bad-signature"]
        yield changed(("tlogEntries", 0, "integratedTime"), late), bad
        yield changed(("tlogEntries", 0, "logIndex"), "7"), bad
        yield changed((*proof, "hashes"), hashes[1:] + hashes[:1]), bad
        yield changed((*proof, "treeSize"), str(int(entry["inclusionProof"]["treeSize"]) + 1)), bad
        yield changed((*proof, "checkpoint", "envelope"), checkpoint.replace("sigstore.dev - ", "sigstore.dev - 1")), bad
        # Without the log's word about the time the certificate counts now, and it was good for ten minutes.
        yield changed(("tlogEntries",), []), ["expired"]
        yield changed(("tlogEntries", 0, "inclusionPromise"), None), ["expired"]

    # What is refused

    @needs(packages=["cryptography"])
    def test_tampering_is_refused_with_its_reason(self):
        key, public, _ = self.key()
        other_key, other_public, _ = self.key("other")
        pristine = self.folder / "pristine"
        self.sign(self.model, "--key", key)
        shutil.copytree(self.model, pristine)
        other = self.folder / "other-model"
        self.make_model(other)
        (other / "config.json").write_text('{"other": 1}')
        self.sign(other, "--key", key)
        signature = self.model / "model.sig"

        def flip(path, offset=1000):
            data = bytearray(path.read_bytes())
            data[offset] ^= 1
            path.write_bytes(data)

        def change_payload():
            bundle = json.loads(signature.read_text())
            payload = bundle["dsseEnvelope"]["payload"]
            bundle["dsseEnvelope"]["payload"] = payload[:400] + ("A" if payload[400] != "A" else "B") + payload[401:]
            signature.write_text(json.dumps(bundle))

        tampering = {
            "a flipped bit": (lambda: flip(self.model / "weights-1.bin"), "digest-mismatch", "changed"),
            "a longer file": (lambda: (self.model / "empty").write_text("x"), "digest-mismatch", "changed"),
            "a renamed file": (
                lambda: os.rename(self.model / "weights.bin", self.model / "weights-2.bin"),
                "digest-mismatch",
                "missing",
            ),
            "two files exchanged": (self.exchange, "digest-mismatch", "changed"),
            "an extra file": (lambda: (self.model / "new.bin").write_text("x"), "digest-mismatch", "not signed"),
            "an extra empty file below": (
                lambda: (self.model / "sub/.git").write_text(""),
                "digest-mismatch",
                "not signed",
            ),
            "a missing file": (lambda: os.remove(self.model / "sub/é.txt"), "digest-mismatch", "missing"),
            "a file become a link": (self.link, "digest-mismatch", "symbolic link"),
            "another model's signature": (
                lambda: shutil.copyfile(other / "model.sig", signature),
                "digest-mismatch",
                "changed",
            ),
            "another payload": (change_payload, "bad-signature", "not made by"),
            "half a bundle": (
                lambda: signature.write_bytes(signature.read_bytes()[:700]),
                "bad-signature",
                "model.sig",
            ),
            "an empty bundle": (lambda: signature.write_bytes(b""), "bad-signature", "model.sig"),
            "no signature": (lambda: os.remove(signature), "unsigned", "no signature"),
            "a stranger's signature": (
                lambda: self.sign(self.model, "--key", other_key),
                "unknown-issuer",
                "not trusted",
            ),
        }
        for name, (tamper, state, word) in tampering.items():
            with self.subTest(name):
                shutil.rmtree(self.model)
                shutil.copytree(pristine, self.model)
                tamper()
                verdict, states = self.verify(self.model, "--key", public)
                self.assertIn(verdict, ("refused", "unsigned"))
                self.assertIn(state, states)
                told = stoa("verify", self.model, "--key", public)
                self.assertEqual(told.returncode, 3)
                self.assertIn(word, told.stdout)
        shutil.rmtree(self.model)
        shutil.copytree(pristine, self.model)
        self.assertEqual(self.verify(self.model, "--key", other_public), ("refused", ["unknown-issuer"]))
        self.assertEqual(self.verify(self.model, "--key", public, "--key", other_public), ("signed", []))

    def exchange(self):
        one, two = self.model / "weights.bin", self.model / "weights-1.bin"
        os.rename(one, self.model / "three")
        os.rename(two, one)
        os.rename(self.model / "three", two)

    def link(self):
        os.rename(self.model / "weights.bin", self.folder / "moved")
        (self.model / "weights.bin").symlink_to(self.folder / "moved")

    @needs(packages=PACKAGES)
    def test_an_expired_leaf_is_refused(self):
        start = NOW - 100 * DAY
        key, root, middle, leaf = self.chain(start=start, days=10)
        self.sign(self.model, "--key", key, "--certificate", leaf, "--chain", middle)
        signature = self.model / "model.sig"
        # sigstore/model-transparency#663: the reference looks at the first moment of the leaf only.
        self.assert_reference("verify", "certificate", self.model, "--signature", signature, "--certificate_chain", root)
        self.assertEqual(self.verify(self.model, "--root", root), ("refused", ["expired"]))
        during = (start + 5 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.assertEqual(self.verify(self.model, "--root", root, "--at", during), ("signed", []))
        before = (start - 5 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.assertEqual(self.verify(self.model, "--root", root, "--at", before), ("refused", ["expired"]))


if __name__ == "__main__":
    unittest.main()
