"""Writes seeds for the readers of certificates, lists and responses: make_trust_seeds.py TARGET FOLDER

They are taken out of Tests/Fixtures/trust; a trust store is written by hand.
"""

import base64
import hashlib
import json
import pathlib
import re
import sys

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Tests/Fixtures/trust"
STORE = b"""version: 1
mode: warn
require: third-party
thresholds: [{task: arc_easy, metric: acc, at_least: 0.3}]
jurisdictions: [EU]
models: [{model: primer, require: signed}]
waivers: [{model: primer, waive: tainted-lineage, reason: r, expires: 2027-01-31}]
"""

START = "2026-01-01T00:00:00.000Z"
INDEX = b"""{"event":"issued","time":"2026-11-01T00:00:00Z","issuer":"root","serial":"01","subject":"CN=a","sha256":"00",\
"not_after":"2027-11-01T00:00:00Z","model":"00"}
{"event":"revoked","time":"2026-11-02T00:00:00Z","issuer":"root","serial":"01","reason":"keyCompromise"}
{"event":"crl","time":"2026-11-03T00:00:00Z","issuer":"root","number":1}
"""
# An Ed25519 key pair of RFC 8410, section 10.
KEYS = [
    b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    b"-----END PUBLIC KEY-----\n",
    b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    b"-----END PRIVATE KEY-----\n",
]


def der(pem):
    return base64.b64decode("".join(re.findall(r"^[A-Za-z0-9+/=]+$", pem, re.MULTILINE)))


def info():
    """An extension of the tests' source, in the one place where it is written down."""
    source = (FIXTURES.parents[1] / "StoaTrustTests/AISafetyInfoTests.swift").read_text()
    encoded = source[source.index("Hex.decode(") : source.index("static func bytes")]
    return bytes.fromhex("".join(re.findall(r'"([0-9a-f]+)"', encoded)))


def promises(certificates):
    """The values of the extension with promises of logs; its type is 1.3.6.1.4.1.11129.2.4.2."""
    for certificate in certificates:
        _, found, rest = certificate.partition(bytes.fromhex("060a2b06010401d679020402"))
        if found:
            assert rest[0] == 4 and rest[1] < 128
            yield rest[2 : 2 + rest[1]]


def seeds(target):
    chains = json.loads((FIXTURES / "chains.json").read_text())
    match target:
        case "certificate":
            return {der(pem) for case in chains for pem in case["chain"] + case["roots"]}
        case "crl":
            return {der(pem) for case in chains for pem in case["crls"]}
        case "ocsp":
            return {
                base64.b64decode(case["response"]) for case in json.loads((FIXTURES / "ocsp.json").read_text())["cases"]
            }
        case "timestamp":
            bundles = [case["bundle"] for case in json.loads((FIXTURES / "timestamps.json").read_text())["cases"]]
            materials = [bundle["verificationMaterial"] for bundle in bundles]
            stamps = [
                stamp for material in materials for stamp in material["timestampVerificationData"]["rfc3161Timestamps"]
            ]
            certificates = [base64.b64decode(material["certificate"]["rawBytes"]) for material in materials]
            return {base64.b64decode(stamp["signedTimestamp"]) for stamp in stamps} | set(promises(certificates))
        case "safety-info":
            return {info()}
        case "pem":
            texts = [text for case in chains for text in case["chain"] + case["crls"]]
            return {"".join(texts[first : first + 2]).encode() for first in range(0, len(texts), 7)} | set(KEYS)
        case "sigstore-root":
            certificate = base64.b64encode(der(chains[0]["roots"][0])).decode()
            key = {"rawBytes": certificate, "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": {"start": START}}
            log = {
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": key,
                "logId": {"keyId": "AA=="},
            }
            chain = {"certificates": [{"rawBytes": certificate}]}
            authority = {"subject": {}, "uri": "https://ca.example", "certChain": chain, "validFor": {"start": START}}
            return {
                json.dumps(
                    {
                        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                        "tlogs": [log],
                        "ctlogs": [log],
                        "certificateAuthorities": [authority],
                        "timestampAuthorities": [authority],
                    }
                ).encode()
            }
        case "levels":
            return {(FIXTURES.parents[2] / "docs/levels.yaml").read_bytes()}
        case "authority-index":
            return {INDEX}
        case _:
            return {STORE}


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[2])
    for seed in seeds(sys.argv[1]):
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
