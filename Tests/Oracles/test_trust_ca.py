"""Authorities, certificates and verdicts against openssl: what stoa issues and revokes, openssl accepts and refuses."""

import json
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import uuid
from pathlib import Path

from oracle import HANG_SECONDS, OracleCase, needs, stoa

ARC = "2.25.132688888612964288958261220889803484441"
SELF, THIRD, REPRODUCED = (f"{ARC}.1.{level}" for level in (1, 2, 3))
DAY = 86_400


def openssl(*arguments):
    """The output of openssl, and whether it succeeded."""
    result = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, check=False, text=True, timeout=HANG_SECONDS
    )
    return result.returncode == 0, result.stdout + result.stderr


class Authority(OracleCase):
    def setUp(self):
        if shutil.which("openssl") is None:
            return
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.model = self.folder / "model.bin"
        self.model.write_bytes(b"weights" * 1000)
        self.ca = self.folder / "ca"
        self.done("ca", "init", self.ca, "--organization", "Example")

    def done(self, *arguments, **variables):
        result = stoa(*arguments, STOA_HOME=str(self.folder / "home"), **variables)
        self.assertEqual(result.returncode, 0, f"{arguments}: {result.stderr}")
        return result.stdout

    def issue(self, name="leaf", level="self-vouched", *more):
        """A new key, its certificate and the model signed by it."""
        leaf = self.folder / f"{name}.pem"
        key = self.folder / f"{name}.key"
        arguments = ["--ca", self.ca, "--level", level, "--new-key", key, "--organization", "Example Labs"]
        self.done("ca", "issue", self.model, *arguments, "--out", leaf, *more)
        self.done("sign", self.model, "--key", key, "--certificate", leaf)
        return leaf

    def lists(self, *more):
        self.done("ca", "crl", "--ca", self.ca, "--out", f"{self.model}.crl", *more)

    def trust(self):
        store = self.folder / "trust.yaml"
        if not store.exists():
            self.done("trust", "add-root", self.ca / "root.pem", "--trust", store, "--yes")
        return store

    def verdict(self, at=None):
        """Our verdict: its word, and the states of what is wrong."""
        arguments = ["verify", self.model, "--trust", self.trust(), "--json"]
        if at is not None:
            arguments += ["--at", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))]
        result = stoa(*arguments, STOA_HOME=str(self.folder / "home"))
        answer = json.loads(result.stdout)
        self.assertEqual(result.returncode, 3 if answer["verdict"] == "refused" else 0, result.stderr)
        return answer["verdict"], [check["state"] for check in answer["reasons"] if not check["ok"]]

    def verify(self, leaf, policy, at=None, authority="self-vouched"):
        """The verdict of openssl: whether it accepts the chain under a policy and the lists, and its errors."""
        command = ["verify", "-CAfile", self.ca / "root.pem", "-untrusted", self.ca / f"{authority}.pem"]
        command += ["-policy_check", "-explicit_policy", "-policy", policy]
        command += ["-crl_check_all", "-CRLfile", self.ca / "crl.pem"]
        if at is not None:
            command += ["-attime", int(at)]
        ok, output = openssl(*command, leaf)
        return ok, re.findall(r"error \d+ .*?: (.*)", output)

    @needs(programs=["openssl"])
    def test_verdicts_beside_openssl(self):
        """Our verdict and openssl's for the same chain, policy, lists and time."""
        leaf, now = self.issue(), time.time()
        table = [
            ("valid", None, now + 60, True, "certified", []),
            ("not yet valid", None, now - DAY, False, "refused", ["expired", "stale-status"]),
            ("expired", lambda: self.lists("--days", 120), now + 91 * DAY, False, "refused", ["expired"]),
            ("list ended", lambda: self.lists("--days", 1), now + 3 * DAY, False, "certified", ["stale-status"]),
            ("list ended long ago", None, now + 9 * DAY, False, "refused", ["overdue-status"]),
            ("revoked", lambda: self.revoke(leaf), now + 60, False, "refused", ["revoked"]),
        ]
        self.lists()
        for name, change, at, accepted, word, states in table:
            with self.subTest(name):
                if change:
                    change()
                self.assertEqual(self.verify(leaf, SELF, at)[0], accepted)
                self.assertEqual(self.verdict(at), (word, states))

    @needs(programs=["openssl"])
    def test_renewal(self):
        """A renewed certificate is another one for the same key, model and names, which openssl accepts longer than the
        first; of the two each can be revoked alone, and what was revoked is not renewed."""
        leaf = self.issue("leaf", "self-vouched", "--licence", "MIT", "--days", 10)
        self.lists("--days", 120)
        renewed = self.folder / "renewed.pem"
        answer = self.json_of("ca", "renew", leaf, "--ca", self.ca, "--out", renewed, "--json")
        old, new = ({flag: self.shown(path, flag) for flag in self.FLAGS} for path in (leaf, renewed))
        differing = {flag for flag in self.FLAGS if old[flag] != new[flag]}
        self.assertLessEqual(differing, {"-serial", "-startdate", "-enddate", "-fingerprint"})
        self.assertLessEqual({"-serial", "-enddate", "-fingerprint"}, differing)
        self.assertEqual(answer["serial"], new["-serial"].split("=")[1])
        # All that it says about the model is the same, byte for byte: the extensions, but for none.
        self.assertEqual(self.extensions(leaf), self.extensions(renewed))
        now = time.time()
        for path, at, accepted in (
            (leaf, now + 60, True),
            (leaf, now + 11 * DAY, False),
            (renewed, now + 60, True),
            (renewed, now + 11 * DAY, True),
            (renewed, now + 91 * DAY, False),
        ):
            self.assertEqual(self.verify(path, SELF, at)[0], accepted, (path.name, (at - now) / DAY))
        self.assertEqual(self.verdict(now + 11 * DAY), ("refused", ["expired"]))
        self.done("sign", self.model, "--key", self.folder / "leaf.key", "--certificate", renewed)
        self.assertEqual(self.verdict(now + 11 * DAY), ("certified", []))

        self.revoke(leaf)
        self.assertIn("certificate revoked", self.verify(leaf, SELF)[1])
        self.assertTrue(self.verify(renewed, SELF)[0])
        self.assertEqual(self.verdict(), ("certified", []))
        again = stoa("ca", "renew", leaf, "--ca", self.ca, "--out", self.folder / "no.pem")
        self.assertEqual(again.returncode, 1)
        self.assertIn("was revoked", again.stderr)
        self.done("ca", "init", self.folder / "other", "--organization", "Other")
        other = stoa("ca", "renew", renewed, "--ca", self.folder / "other", "--out", self.folder / "no.pem")
        self.assertEqual(other.returncode, 1)
        self.assertIn("did not issue", other.stderr)
        self.assertFalse((self.folder / "no.pem").exists())

    FLAGS = ("-serial", "-startdate", "-enddate", "-subject", "-issuer", "-pubkey", "-fingerprint", "-ext")

    def shown(self, path, flag):
        """What openssl shows of a certificate; for `-ext` those of the extensions that it knows by name."""
        known = ["subjectAltName,keyUsage,extendedKeyUsage,certificatePolicies,authorityKeyIdentifier"]
        ok, text = openssl("x509", "-in", path, "-noout", flag, *(known if flag == "-ext" else []))
        self.assertTrue(ok, text)
        return text.strip()

    def extensions(self, path):
        """Every extension as openssl asn1parse dumps it, by its name."""
        lines = openssl("asn1parse", "-in", path)[1].splitlines()
        start = next(number for number, line in enumerate(lines) if "cont [ 3 ]" in line)
        found = {}
        for number, line in enumerate(lines[start:], start):
            if "prim: OBJECT" in line:
                value = next(later for later in lines[number + 1 :] if "OCTET STRING" in later)
                found[line.split(":")[-1]] = value.split("OCTET STRING")[-1].strip()
            if line.split(":")[1].startswith("d=1") and number > start:
                break
        self.assertGreaterEqual(len(found), 5)
        return found

    def revoke(self, leaf):
        self.done("ca", "revoke", leaf, "--ca", self.ca, "--reason", "keyCompromise")
        self.lists()

    @needs(programs=["openssl"])
    def test_policies(self):
        """A leaf holds for its own level and no other."""
        leaf = self.issue()
        self.lists()
        for policy, accepted in ((SELF, True), (THIRD, False), (REPRODUCED, False)):
            self.assertEqual(self.verify(leaf, policy)[0], accepted, policy)
        store = self.trust()
        store.write_text(store.read_text().replace("require: self-vouched", "require: third-party"))
        self.assertEqual(self.verdict(), ("refused", ["below-level"]))

    @needs(programs=["openssl"])
    def test_what_openssl_shows(self):
        """The profile, read by openssl."""
        leaf = self.issue("leaf", "self-vouched", "--licence", "MIT OR Apache-2.0")
        ok, text = openssl("x509", "-in", leaf, "-noout", "-text")
        self.assertTrue(ok, text)
        digest = self.json_of("verify", self.model, "--root", self.ca / "root.pem", "--json")["digest"]
        for line in (
            "Version: 3 (0x2)",
            f"URI:urn:oms:sha256:{digest}",
            f"Policy: {SELF}",
            f"{ARC}.3.1",
            f"{ARC}.2.1: \n",
            "ASN1 OID: prime256v1",
        ):
            self.assertIn(line, text)
        self.assertIn("X509v3 Key Usage: critical\n                Digital Signature\n", text)
        serial = re.search(r"Serial Number:\s+([0-9a-f:]+)", text)[1].split(":")
        self.assertEqual(len(serial), 20)
        dates = openssl("x509", "-in", leaf, "-noout", "-startdate", "-enddate", "-dateopt", "iso_8601")[1]
        start, end = (
            time.mktime(time.strptime(line.split("=")[1], "%Y-%m-%d %H:%M:%SZ")) for line in dates.splitlines()
        )
        self.assertEqual(end - start, 90 * DAY - 1)
        for name, length in (("root", 1), ("self-vouched", 0), ("third-party", 0), ("reproduced", 0)):
            text = openssl("x509", "-in", self.ca / f"{name}.pem", "-noout", "-text")[1]
            self.assertIn(f"CA:TRUE, pathlen:{length}", text)
            self.assertIn("ASN1 OID: secp384r1", text)

    @needs(programs=["openssl"])
    def test_the_extension(self):
        """openssl asn1parse finds the extension, not critical, and in it what the certificate says."""
        leaf = self.issue("leaf", "self-vouched", "--licence", "MIT OR Apache-2.0")
        lines = openssl("asn1parse", "-in", leaf)[1].splitlines()
        index = next(i for i, line in enumerate(lines) if line.endswith(f":{ARC}.2.1"))
        self.assertIn("OCTET STRING", lines[index + 1], "a critical extension has a boolean there")
        offset = lines[index + 1].split(":")[0].strip()
        parsed = openssl("asn1parse", "-in", leaf, "-strparse", offset)[1]
        answer = self.json_of("verify", self.model, "--root", self.ca / "root.pem", "--json")
        safety = answer["certificate"]["safety"]
        self.assertEqual(safety["licence"], "MIT OR Apache-2.0")
        self.assertEqual(safety["assurance"], "self")
        fields = [line.split("prim:")[-1].strip() for line in parsed.splitlines()[1:]]
        self.assertRegex(fields[0], r"^INTEGER\s+:01$")
        for field, name in ((fields[1], "omsRoot"), (fields[2], "omsManifest")):
            self.assertIn(f"[HEX DUMP]:{safety[name].upper()}", field)
        self.assertTrue(any(field.endswith(":MIT OR Apache-2.0") for field in fields))
        self.assertTrue(any(field.startswith("ENUMERATED") and field.endswith(":00") for field in fields))

    @needs(programs=["openssl"])
    def test_revocation_lists(self):
        """openssl reads and checks every list; numbers grow, reasons are there."""
        leaf = self.issue()
        self.revoke(leaf)
        blocks = re.findall(r"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----\n", self.text("crl.pem"), re.DOTALL)
        self.assertEqual(len(blocks), 4)
        numbers = {}
        for block, issuer in zip(blocks, ("self-vouched", "third-party", "reproduced", "root"), strict=True):
            path = self.folder / "one.crl"
            path.write_text(block)
            ok, text = openssl("crl", "-in", path, "-noout", "-text", "-CAfile", self.ca / f"{issuer}.pem")
            self.assertTrue(ok and "verify OK" in text, text)
            numbers[issuer] = int(re.search(r"X509v3 CRL Number:\s+(\d+)", text)[1])
            revoked = re.findall(r"Serial Number: ([0-9A-F]+)", text)
            serial = openssl("x509", "-in", leaf, "-noout", "-serial")[1].split("=")[1].strip()
            self.assertEqual(revoked, [serial] if issuer == "self-vouched" else [])
            self.assertEqual("Key Compromise" in text, issuer == "self-vouched")
        self.assertGreater(numbers["self-vouched"], 1)

    def text(self, name):
        return (self.ca / name).read_text()

    @needs(programs=["openssl"])
    def test_a_revoked_authority(self):
        """An authority that the root revokes takes all that it certified with it."""
        leaf = self.issue()
        self.lists()
        self.done("ca", "revoke", self.ca / "self-vouched.pem", "--ca", self.ca, "--reason", "caCompromise")
        self.lists()
        ok, errors = self.verify(leaf, SELF)
        self.assertFalse(ok)
        self.assertIn("certificate revoked", errors)
        self.assertEqual(self.verdict(), ("refused", ["revoked"]))

    @needs(programs=["openssl"])
    def test_an_encrypted_root(self):
        """With a password the root's key is encrypted PKCS #8 that openssl opens with it and not without."""
        folder = self.folder / "other"
        self.done("ca", "init", folder, "--organization", "Example", STOA_KEY_PASSWORD="correct horse")
        key = folder / "root.key"
        self.assertIn("BEGIN ENCRYPTED PRIVATE KEY", key.read_text())
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertTrue(openssl("pkey", "-in", key, "-passin", "pass:correct horse", "-noout")[0])
        self.assertFalse(openssl("pkey", "-in", key, "-passin", "pass:wrong", "-noout")[0])
        before = (folder / "crl.pem").read_text()
        self.done("ca", "crl", "--ca", folder)
        self.assertEqual(before.split("-----BEGIN")[-1], (folder / "crl.pem").read_text().split("-----BEGIN")[-1])
        self.done("ca", "crl", "--ca", folder, STOA_KEY_PASSWORD="correct horse")
        self.assertNotEqual(before.split("-----BEGIN")[-1], (folder / "crl.pem").read_text().split("-----BEGIN")[-1])
        wrong = stoa("ca", "crl", "--ca", folder, STOA_KEY_PASSWORD="wrong")
        self.assertEqual(wrong.returncode, 1)

    @needs(programs=["openssl"])
    def test_what_is_refused(self):
        """Levels without evidence, other keys, a second folder, a root nobody compared."""
        key = self.folder / "p384.key"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", key)
        public = self.folder / "p384.pub"
        openssl("pkey", "-in", key, "-pubout", "-out", public)
        issue = ["ca", "issue", self.model, "--ca", self.ca, "--organization", "Example Labs"]
        new = ["--new-key", self.folder / "k"]
        init = ["ca", "init", self.ca, "--organization", "E"]
        add = ["trust", "add-root", self.ca / "root.pem", "--trust", self.folder / "t"]
        for arguments, status, words in (
            ([*issue, "--level", "third-party", *new], 1, "missing: a statement of type evaluation"),
            ([*issue, "--level", "reproduced", *new], 1, "audits cannot be run again here yet"),
            ([*issue, "--level", "self-vouched", "--key", public], 1, "certificates of models are for P-256"),
            ([*issue, "--level", "platinum", *new], 2, "platinum"),
            (init, 1, "there is an authority already"),
            ([*add], 1, "somebody has to compare the fingerprint"),
            (["trust", "add-root", self.ca / "self-vouched.pem", "--trust", self.folder / "t", "--yes"], 1, "no root"),
        ):
            result = stoa(*arguments)
            self.assertEqual(result.returncode, status, result.stderr)
            self.assertIn(words, result.stderr)
        self.assertFalse((self.folder / "k").exists(), "no key without a certificate")
        self.assertFalse((self.folder / "t").exists())
        fingerprint = openssl("x509", "-in", self.ca / "root.pem", "-noout", "-fingerprint", "-sha256")[1]
        self.assertIn(fingerprint.strip().split("=")[1], stoa(*add).stderr)

    @needs(programs=["openssl"])
    def test_other_bytes(self):
        """The certificate of one model says nothing about another that its key signs."""
        leaf = self.issue()
        self.lists()
        self.model.write_bytes(b"other weights")
        self.assertEqual(self.verdict(), ("refused", ["digest-mismatch"]))
        self.done("sign", self.model, "--key", self.folder / "leaf.key", "--certificate", leaf)
        self.assertEqual(self.verdict(), ("refused", ["certificate-mismatch"]))

    @needs(programs=["openssl"])
    def test_another_profile(self):
        """A good signature by a certificate for code signing is signed, and refused where certified is demanded."""
        root, leaf = self.foreign("codeSigning")
        store = self.folder / "trust.yaml"
        self.done("trust", "add-root", root, "--trust", store, "--yes")
        self.done("sign", self.model, "--key", self.folder / "foreign.key", "--certificate", leaf)
        # openssl has no opinion: without -purpose it accepts the chain whatever the key is for.
        self.assertTrue(openssl("verify", "-CAfile", root, leaf)[0])
        word, states = self.verdict()
        self.assertEqual(word, "refused")
        self.assertIn("wrong-usage", states)
        store.write_text(store.read_text().replace("require: self-vouched", "require: signed\nrevocation: off"))
        self.assertEqual(self.verdict(), ("signed", []))

    def foreign(self, usage):
        """A root and a leaf by openssl."""
        root, leaf = self.folder / "foreign-root.pem", self.folder / "foreign.pem"
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
        key = self.folder / "foreign-root.key"
        openssl("req", "-x509", *curve, "-keyout", key, "-out", root, "-subj", "/CN=Foreign root")
        request = self.folder / "foreign.csr"
        openssl("req", *curve[:-2], "-keyout", self.folder / "foreign.key", "-out", request, "-subj", "/CN=Foreign")
        extensions = self.folder / "foreign.ext"
        extensions.write_text(f"keyUsage=critical,digitalSignature\nextendedKeyUsage={usage}\n")
        signing = ["-CA", root, "-CAkey", key, "-days", "20", "-set_serial", "77", "-extfile", extensions]
        ok, output = openssl("x509", "-req", "-in", request, *signing, "-out", leaf)
        self.assertTrue(ok, output)
        return root, leaf

    @needs(programs=["openssl"])
    def test_a_stapled_response(self):
        """A response by openssl's responder beside the model stands in for a list, and says when it is revoked."""
        leaf = self.issue()
        authority, key = self.ca / "self-vouched.pem", self.ca / "self-vouched.key"
        serial = openssl("x509", "-in", leaf, "-noout", "-serial")[1].split("=")[1].strip()
        self.done("ca", "crl", "--ca", self.ca)
        root_list = "-----BEGIN" + self.text("crl.pem").split("-----BEGIN")[-1]
        (self.folder / "model.bin.crl").write_text(root_list)
        for flag, when, expected in (("V", "", ("certified", [])), ("R", "200101000000Z", ("refused", ["revoked"]))):
            index = self.folder / "index.txt"
            index.write_text(f"{flag}\t491231235959Z\t{when}\t{serial}\tunknown\t/CN=model\n")
            response = self.folder / "model.bin.ocsp"
            arguments = ["-index", index, "-CA", authority, "-rsigner", authority, "-rkey", key, "-ndays", "3"]
            arguments += ["-issuer", authority, "-cert", leaf, "-respout", response, "-noverify"]
            ok, output = openssl("ocsp", *arguments)
            self.assertTrue(ok, output)
            self.assertEqual(self.verdict(), expected)


class Identifiers(unittest.TestCase):
    def test_the_arc_is_of_the_uuid(self):
        """X.667: the arc below 2.25 is the UUID as a number."""
        self.assertEqual(ARC, f"2.25.{uuid.UUID('63d2f34c-8b3c-425c-9ad9-7205a8dded19').int}")


if __name__ == "__main__":
    unittest.main()
