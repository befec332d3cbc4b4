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
        case _:
            return {STORE}


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[2])
    for seed in seeds(sys.argv[1]):
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
