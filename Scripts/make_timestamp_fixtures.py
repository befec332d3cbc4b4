"""Makes Tests/Fixtures/trust/timestamps.json: bundles as sigstore's second log leaves them, whose time is shown by RFC 3161
timestamps alone and whose certificates carry promises of a log of certificates, and the same with one fault each.

Certificates are made by `cryptography`, timestamps by `openssl ts`, promises as RFC 6962 says. Keys are new each time, so
all of the file changes; needs `pip install cryptography` (50 or newer) and openssl 3:

    python3 Scripts/make_timestamp_fixtures.py
"""

import base64
import datetime
import hashlib
import json
import pathlib
import struct
import subprocess
import tempfile
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

OUT = pathlib.Path(__file__).resolve().parents[1] / "Tests/Fixtures/trust/timestamps.json"
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
SCT_LIST = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
FULCIO_ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
SUBJECT, ISSUER = "ada@example.org", "https://accounts.example.org"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
CONFIGURATION = """\
[tsa]
default_tsa = tsa_config
[tsa_config]
serial = {folder}/serial
crypto_device = builtin
signer_digest = {signer_digest}
default_policy = 1.3.6.1.4.1.57264.2
digests = sha1, sha256, sha384, sha512
ess_cert_id_chain = no
ess_cert_id_alg = {ess}
"""


def base64_of(data):
    return base64.b64encode(data).decode()


def der(thing):
    return thing.public_bytes(serialization.Encoding.DER)


def spki(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def builder(subject, key, issuer, start, end, usages, authority=False):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    result = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if usages:
        result = result.add_extension(x509.ExtendedKeyUsage(usages), critical=True)
    return result


class Authority:
    """A root that certifies others."""

    def __init__(self, subject):
        self.key = ec.generate_private_key(ec.SECP384R1())
        self.certificate = builder(subject, self.key, None, NOW - 400 * DAY, NOW + 4000 * DAY, [], True).sign(
            self.key, hashes.SHA384()
        )

    def certify(self, unsigned):
        return unsigned.sign(self.key, hashes.SHA384())


class CertificateLog:
    """A log of certificates, which promises to show what is about to be issued (RFC 6962, 3.2)."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(spki(self.key)).digest()

    def promise(self, authority, unsigned):
        # An extension more changes nothing in what is signed before it but lengths: the body without it is that of the
        # same certificate made without it.
        body = authority.certify(unsigned).tbs_certificate_bytes
        milliseconds = int(time.time() * 1000)
        message = struct.pack(">BBQH", 0, 0, milliseconds, 1) + hashlib.sha256(spki(authority.key)).digest()
        message += struct.pack(">I", len(body))[1:] + body + struct.pack(">H", 0)
        signature = self.key.sign(message, ec.ECDSA(hashes.SHA256()))
        promise = struct.pack(">B32sQH2BH", 0, self.id, milliseconds, 0, 4, 3, len(signature)) + signature
        entries = struct.pack(">H", len(promise)) + promise
        return struct.pack(">H", len(entries)) + entries


class SignatureLog:
    """A log of signatures, as rekor's second version: entries without a time, in a tree that a checkpoint signs."""

    name = "log.example"

    def __init__(self):
        self.key = ed25519.Ed25519PrivateKey.generate()
        public = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.id = hashlib.sha256(f"{self.name}\n".encode() + b"\x01" + public).digest()

    def enter(self, payload, signature, certificate):
        """The entry of an envelope, the only one in the log."""
        spec = {
            "payloadHash": {"algorithm": "SHA2_256", "digest": base64_of(hashlib.sha256(payload).digest())},
            "signatures": [
                {
                    "content": base64_of(signature),
                    "verifier": {
                        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                        "x509Certificate": {"rawBytes": base64_of(der(certificate))},
                    },
                }
            ],
        }
        body = {"apiVersion": "0.0.2", "kind": "dsse", "spec": {"dsseV002": spec}}
        body = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
        root = base64_of(hashlib.sha256(b"\0" + body).digest())
        note = f"{self.name}\n1\n{root}\n"
        signed = base64_of(self.id[:4] + self.key.sign(note.encode()))
        return {
            "logIndex": "0",
            "logId": {"keyId": base64_of(self.id)},
            "kindVersion": {"kind": "dsse", "version": "0.0.2"},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": root,
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n\u2014 {self.name} {signed}\n"},
            },
            "canonicalizedBody": base64_of(body),
        }


def with_promise(unsigned, promise):
    # DER: an OCTET STRING of less than 128 bytes.
    assert len(promise) < 128
    return unsigned.add_extension(
        x509.UnrecognizedExtension(SCT_LIST, bytes([4, len(promise)]) + promise), critical=False
    )


class Clock:
    """An authority for timestamps: openssl with a key and a certificate of its own."""

    def __init__(self, subject, start=NOW - DAY, end=NOW + 3000 * DAY):
        self.authority = Authority(subject + " root")
        # As that of sigstore: P-384, and signatures with SHA-256.
        self.key = ec.generate_private_key(ec.SECP384R1())
        unsigned = builder(
            subject, self.key, self.authority.certificate, start, end, [ExtendedKeyUsageOID.TIME_STAMPING]
        )
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        self.certificate = self.authority.certify(unsigned.add_extension(usage, critical=True))

    def stamp(self, data, digest="sha256", ess="sha256", carries_certificate=False):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "data").write_bytes(data)
            (folder / "serial").write_text("01\n")
            (folder / "configuration").write_text(CONFIGURATION.format(folder=folder, signer_digest="sha256", ess=ess))
            (folder / "key").write_bytes(
                self.key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
            (folder / "signer").write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
            query = ["-query", "-data", "data", f"-{digest}", "-out", "query"]
            run(folder, *query, *(["-cert"] if carries_certificate else []))
            run(
                folder,
                *("-reply", "-config", "configuration", "-queryfile", "query", "-inkey", "key", "-signer", "signer"),
                *("-out", "reply"),
            )
            return (folder / "reply").read_bytes()

    def in_root(self, end=None):
        return {
            "certChain": chain(self.certificate, self.authority.certificate),
            "validFor": {"start": text(NOW - 100 * DAY)} | ({"end": text(end)} if end else {}),
        }


def run(folder, *arguments):
    subprocess.run(["openssl", "ts", *arguments], cwd=folder, check=True, capture_output=True)


def text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def chain(*certificates):
    return {"certificates": [{"rawBytes": base64_of(der(certificate))} for certificate in certificates]}


def main():
    signers, log, clock = Authority("Signers"), CertificateLog(), Clock("Clock")
    key = ec.generate_private_key(ec.SECP256R1())
    unsigned = (
        builder("leaf", key, signers.certificate, NOW - DAY / 144, NOW + DAY / 144, [ExtendedKeyUsageOID.CODE_SIGNING])
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(SUBJECT)]), critical=True)
        .add_extension(
            x509.UnrecognizedExtension(FULCIO_ISSUER, bytes([12, len(ISSUER)]) + ISSUER.encode()), critical=False
        )
    )
    promise = log.promise(signers, unsigned)
    altered = promise[:-1] + bytes([promise[-1] ^ 1])
    leaf = signers.certify(with_promise(unsigned, promise))
    digest = hashlib.sha256(b"weights").digest()
    payload = json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "m", "digest": {"sha256": hashlib.sha256(digest).hexdigest()}}],
            "predicateType": "https://model_signing/signature/v1.0",
            "predicate": {
                "serialization": {
                    "method": "files",
                    "hash_type": "sha256",
                    "allow_symlinks": False,
                    "ignore_paths": [],
                },
                "resources": [{"name": "m.bin", "algorithm": "sha256", "digest": digest.hex()}],
            },
        }
    ).encode()
    message = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    signature = key.sign(message, ec.ECDSA(hashes.SHA256()))

    def bundle(*timestamps, certificate=leaf, entries=()):
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": base64_of(der(certificate))},
                "tlogEntries": list(entries),
                "timestampVerificationData": {
                    "rfc3161Timestamps": [{"signedTimestamp": base64_of(timestamp)} for timestamp in timestamps]
                },
            },
            "dsseEnvelope": {
                "payload": base64_of(payload),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{"sig": base64_of(signature), "keyid": ""}],
            },
        }

    stamp = clock.stamp(signature)
    entries = SignatureLog()
    entry = entries.enter(payload, signature, leaf)
    foreign = entries.enter(payload, key.sign(message, ec.ECDSA(hashes.SHA256())), leaf)
    stranger = Clock("Stranger").stamp(signature)
    late, retired = Clock("Late", end=NOW - DAY / 24), Clock("Retired")
    cases = [
        ("a timestamp", bundle(stamp), None),
        ("a timestamp with its certificate", bundle(clock.stamp(signature, carries_certificate=True)), None),
        ("an imprint by SHA-512", bundle(clock.stamp(signature, "sha512")), None),
        ("a name of the certificate by SHA-512", bundle(clock.stamp(signature, ess="sha512")), None),
        ("a stranger's besides", bundle(stranger, stamp), None),
        ("an entry of a log besides", bundle(stamp, entries=[entry]), None),
        ("an entry of a log alone", bundle(entries=[entry]), "expired"),
        ("an entry of another signature", bundle(stamp, entries=[foreign]), "the entry is of another signature"),
        ("no timestamp", bundle(), "expired"),
        ("of another signature", bundle(clock.stamp(b"other")), "it is of another signature"),
        ("altered", bundle(stamp[:-1] + bytes([stamp[-1] ^ 1])), "does not fit the key"),
        ("another time", bundle(earlier(stamp)), "is not that of its content"),
        ("one good, one altered", bundle(stamp, stamp[:-1] + bytes([stamp[-1] ^ 1])), "does not fit the key"),
        ("a stranger's", bundle(stranger), "not in the trusted root"),
        ("by an expired key", bundle(late.stamp(signature)), "expired"),
        ("by a retired authority", bundle(retired.stamp(signature)), "was not in use then"),
        ("an imprint by SHA-1", bundle(clock.stamp(signature, "sha1")), "which is not supported"),
        ("a certificate named by SHA-1", bundle(clock.stamp(signature, ess="sha1")), "ESSCertIDv2"),
        ("a refusal", bundle(bytes([0x30, 5, 0x30, 3, 2, 1, 2])), "gave no timestamp"),
        ("cut short", bundle(stamp[:-1]), "is not DER"),
        ("no promise", bundle(stamp, certificate=signers.certify(unsigned)), "has no promise"),
        (
            "an altered promise",
            bundle(stamp, certificate=signers.certify(with_promise(unsigned, altered))),
            "does not hold",
        ),
        (
            "a promise of an unknown log",
            bundle(
                stamp, certificate=signers.certify(with_promise(unsigned, CertificateLog().promise(signers, unsigned)))
            ),
            "no log that promised",
        ),
        (
            "a promise for another certificate",
            bundle(stamp, certificate=signers.certify(with_promise(other(unsigned), promise))),
            "does not hold",
        ),
    ]
    root = {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [
            {
                "publicKey": {"rawBytes": base64_of(spki(entries.key)), "validFor": {"start": text(NOW - 90 * DAY)}},
                "logId": {"keyId": base64_of(entries.id)},
            }
        ],
        "certificateAuthorities": [
            {"certChain": chain(signers.certificate), "validFor": {"start": text(NOW - 90 * DAY)}}
        ],
        "ctlogs": [
            {
                "publicKey": {"rawBytes": base64_of(spki(log.key)), "validFor": {"start": text(NOW - 90 * DAY)}},
                "logId": {"keyId": base64_of(log.id)},
            }
        ],
        "timestampAuthorities": [clock.in_root(), late.in_root(), retired.in_root(end=NOW - DAY)],
    }
    fixture = {
        "subject": SUBJECT,
        "issuer": ISSUER,
        "signed": NOW.timestamp(),
        "verified": (NOW + 100 * DAY).timestamp(),
        "root": root,
        "cases": [{"name": name, "bundle": bundle, "problem": problem} for name, bundle, problem in cases],
    }
    OUT.write_text(json.dumps(fixture, indent=1) + "\n")


def other(unsigned):
    """The same certificate with one extension more."""
    return unsigned.add_extension(x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00"), critical=False)


def earlier(stamp):
    """The same timestamp with another second in its statement."""
    place = stamp.index(b"\x18\x0f" + NOW.strftime("%Y").encode()) + 2
    second = place + 13
    return stamp[:second] + bytes([stamp[second] ^ 1]) + stamp[second + 1 :]


if __name__ == "__main__":
    main()
