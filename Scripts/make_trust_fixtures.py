"""Makes Tests/Fixtures/trust: chains of certificates with one fault each, and what openssl says about them.

Certificates, lists and status responses are made by `cryptography`, judged by the program `openssl`. Keys are new each
time, so all files change; needs `pip install cryptography` (50 or newer) and openssl 3:

    python3 Scripts/make_trust_fixtures.py
"""

import base64
import datetime
import json
import pathlib
import subprocess
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "Tests/Fixtures/trust"
ARC = "2.25.132688888612964288958261220889803484441"
SELF, THIRD = f"{ARC}.1.1", f"{ARC}.1.2"
INFO, PURPOSE = f"{ARC}.2.1", f"{ARC}.3.1"
ANY = "2.5.29.32.0"
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc)
DIGEST = bytes(range(32))


def p256():
    return ec.generate_private_key(ec.SECP256R1())


def p384():
    return ec.generate_private_key(ec.SECP384R1())


def name(text):
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
        x509.NameAttribute(NameOID.COMMON_NAME, text),
    ])


def pem(thing):
    return thing.public_bytes(serialization.Encoding.PEM).decode()


def digest_for(key):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    return hashes.SHA384() if getattr(getattr(key, "curve", None), "name", "") == "secp384r1" else hashes.SHA256()


class Entity:
    """A certificate with its key."""

    def __init__(self, subject, key, issuer=None, start=NOW - 10 * DAY, end=NOW + 80 * DAY, extensions=()):
        self.key = key
        signer = issuer or self
        parent = issuer.certificate.subject if issuer else name(subject)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(parent)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )
        for value, critical in extensions:
            builder = builder.add_extension(value, critical)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        if issuer:
            authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
            builder = builder.add_extension(authority, False)
        self.certificate = builder.sign(signer.key, digest_for(signer.key))


def usage(**names):
    every = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    every += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{key: names.get(key, False) for key in every}), True


def policies(*oids):
    return x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier(oid), None) for oid in oids]), False


def authority(subject, issuer, length, *more, key=None, signs=True, is_ca=True, **times):
    constraints = x509.BasicConstraints(ca=is_ca, path_length=length if is_ca else None), True
    extensions = [constraints, usage(key_cert_sign=signs, crl_sign=True), *more]
    times = {"start": NOW - 100 * DAY, "end": NOW + 1000 * DAY} | times
    return Entity(subject, key or p384(), issuer, extensions=extensions, **times)


def leaf(issuer, *more, policy=THIRD, purpose=PURPOSE, signs=True, **times):
    extensions = [usage(digital_signature=signs, content_commitment=not signs)]
    if purpose:
        extensions.append((x509.ExtendedKeyUsage([ObjectIdentifier(purpose)]), False))
    if policy:
        extensions.append(policies(policy))
    uri = x509.UniformResourceIdentifier(f"urn:oms:sha256:{DIGEST.hex()}")
    extensions.append((x509.SubjectAlternativeName([uri]), False))
    return Entity("model", p256(), issuer, extensions=[*extensions, *more], **times)


def crl(issuer, *revoked, start=NOW - DAY, end=NOW + 6 * DAY, key=None, number=1):
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(start).next_update(end).add_extension(x509.CRLNumber(number), False)
    for entity, reason in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(entity.certificate.serial_number)
        entry = entry.revocation_date(NOW - 2 * DAY)
        if reason:
            entry = entry.add_extension(x509.CRLReason(reason), False)
        builder = builder.add_revoked_certificate(entry.build())
    signer = key or issuer.key
    return builder.sign(signer, digest_for(signer))


def broken(entity):
    """The certificate with one bit of its signature's last byte changed."""
    der = bytearray(entity.certificate.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    copy = Entity.__new__(Entity)
    copy.key, copy.certificate = entity.key, x509.load_der_x509_certificate(bytes(der))
    return copy


def verify(folder, case):
    """What openssl says, with the flags of the case."""
    files = {}
    for kind, things in (("roots", case["roots"]), ("between", case["chain"][1:]), ("crls", case["crls"])):
        files[kind] = folder / kind
        files[kind].write_text("".join(things))
    (folder / "leaf").write_text(case["chain"][0])
    command = ["openssl", "verify", "-attime", str(case["time"]), "-CAfile", str(files["roots"])]
    if case["chain"][1:]:
        command += ["-untrusted", str(files["between"])]
    if case["policy"]:
        command += ["-policy_check", "-explicit_policy", "-policy", case["policy"]]
    elif case["policy_check"]:
        command += ["-policy_check"]
    if case["revocation"] != "off":
        command += ["-crl_check_all" if case["revocation"] == "chain" else "-crl_check"]
        if case["crls"]:
            command += ["-CRLfile", str(files["crls"])]
    result = subprocess.run([*command, str(folder / "leaf")], capture_output=True, text=True)
    errors = [line.split(": ")[-1] for line in result.stderr.splitlines() if line.startswith("error ")]
    return {"ok": result.returncode == 0, "errors": errors}


def chains():
    root = authority("root", None, 1)
    issuing = authority("third-party", root, 0, policies(THIRD))
    lists = [crl(issuing), crl(root)]
    good = leaf(issuing)
    cases = []

    def case(title, chain, problem=None, roots=(root,), crls=None, revocation="chain", policy=THIRD, **more):
        entry = {
            "name": title,
            "chain": [pem(entity.certificate) for entity in chain],
            "roots": [pem(entity.certificate) for entity in roots],
            "crls": [pem(entry) for entry in (lists if crls is None else crls)],
            "time": int(NOW.timestamp()),
            "policy": policy,
            "policy_check": True,
            "revocation": revocation,
            "problem": problem,
            **more,
        }
        cases.append(entry)

    case("valid", [good, issuing])
    case("expired", [leaf(issuing, start=NOW - 91 * DAY, end=NOW - DAY), issuing], "expired")
    case("not yet valid", [leaf(issuing, start=NOW + DAY), issuing], "notYetValid")
    old = authority("third-party", root, 0, policies(THIRD), start=NOW - 90 * DAY, end=NOW - DAY)
    case("authority expired", [leaf(old), old], "expired", crls=[crl(old), lists[1]])
    case("unknown issuer", [good, issuing], "unknownIssuer", roots=[authority("stranger", None, 1)], revocation="off")
    case("intermediate missing", [good], "unknownIssuer", revocation="off")
    impostor = authority("root", None, 1)
    case("other root of the same name", [good, issuing], "signature", roots=[impostor], revocation="off", lax=True)
    case("wrong signature", [broken(good), issuing], "signature")
    case("authority's signature wrong", [good, broken(issuing)], "signature")
    case("wrong policy", [leaf(issuing, policy=SELF), issuing], "policy")
    case("no policy", [leaf(issuing, policy=None), issuing], "policy")
    case("policy not demanded", [leaf(issuing, policy=None), issuing], policy=None)
    other = authority("self-vouched", root, 0, policies(SELF))
    case("level of another authority", [leaf(other), other], "policy", crls=[crl(other), lists[1]])
    broad = authority("broad", root, 0, policies(ANY))
    case("authority for any policy", [leaf(broad), broad], crls=[crl(broad), lists[1]])
    strict = authority("strict", root, 0, policies(THIRD), (x509.PolicyConstraints(0, None), True))
    case("explicit policy required", [leaf(strict, policy=None), strict], "policy", policy=None, crls=[crl(strict), lists[1]])
    long_root = authority("long root", None, 3)
    no_any = authority("no any", long_root, 2, policies(ANY), (x509.InhibitAnyPolicy(0), True))
    below = authority("below", no_any, 1, policies(ANY))
    long_lists = [crl(long_root), crl(no_any), crl(below)]
    case("any policy inhibited", [leaf(below), below, no_any], "policy", roots=[long_root], crls=long_lists)
    late = authority("late", long_root, 2, policies(ANY), (x509.InhibitAnyPolicy(1), True))
    below = authority("below late", late, 1, policies(ANY))
    late_lists = [crl(long_root), crl(late), crl(below)]
    case("any policy inhibited later", [leaf(below), below, late], roots=[long_root], crls=late_lists)
    extra = authority("extra", issuing, 0, policies(THIRD))
    case("path too long", [leaf(extra), extra, issuing], "pathTooLong", crls=[*lists, crl(extra)])
    rollover = authority("third-party", issuing, 0, policies(THIRD))
    case("self-issued is not counted", [leaf(rollover), rollover, issuing], crls=[crl(rollover), *lists], revocation="off")
    plain = authority("plain", root, None, policies(THIRD), is_ca=False)
    case("issuer is no authority", [leaf(plain), plain], "notAnAuthority", revocation="off")
    mute = authority("mute", root, 0, policies(THIRD), signs=False)
    case("issuer may not sign certificates", [leaf(mute), mute], "notAnAuthority", revocation="off")
    critical = x509.UnrecognizedExtension(ObjectIdentifier(f"{ARC}.99"), b"\x05\x00"), True
    case("critical extension", [leaf(issuing, critical), issuing], "criticalExtension")
    # About these openssl has no opinion: it knows neither the purpose nor that the key must sign.
    case("wrong usage", [leaf(issuing, purpose="1.3.6.1.5.5.7.3.1"), issuing], "extendedKeyUsage", opinion=False)
    case("no usage", [leaf(issuing, purpose=None), issuing], "extendedKeyUsage", opinion=False)
    case("key may not sign", [leaf(issuing, signs=False), issuing], "keyUsage", opinion=False)
    for kind, key in (("RSA", rsa.generate_private_key(65537, 2048)), ("Ed25519", ed25519.Ed25519PrivateKey.generate())):
        top = authority(f"{kind} root", None, 1, key=key)
        middle = authority(f"below {kind}", top, 0, policies(THIRD), key=p256())
        case(f"root of {kind}", [leaf(middle), middle], roots=[top], crls=[crl(top), crl(middle)])

    # Revocation.
    reason = x509.ReasonFlags.key_compromise
    case("revoked", [good, issuing], "revoked", crls=[crl(issuing, (good, reason)), lists[1]])
    case("revoked without a reason", [good, issuing], "revoked", crls=[crl(issuing, (good, None)), lists[1]])
    case("another one revoked", [good, issuing], crls=[crl(issuing, (leaf(issuing), reason)), lists[1]])
    authority_revoked = [lists[0], crl(root, (issuing, x509.ReasonFlags.ca_compromise))]
    case("authority revoked", [good, issuing], "revoked", crls=authority_revoked)
    case("authority revoked, leaf asked", [good, issuing], crls=authority_revoked, revocation="leaf")
    case("no list", [good, issuing], "stale", crls=[], revocation="leaf")
    case("no list of the root", [good, issuing], "stale", crls=lists[:1])
    ended = [crl(issuing, start=NOW - 9 * DAY, end=NOW - 2 * DAY), lists[1]]
    case("list too old", [good, issuing], "stale", crls=ended)
    case("list of the future", [good, issuing], "stale", crls=[crl(issuing, start=NOW + DAY), lists[1]])
    case("list by another key", [good, issuing], "stale", crls=[crl(issuing, key=p384()), lists[1]])
    newer = [crl(issuing, start=NOW - 3 * DAY), crl(issuing, (good, reason), number=2), lists[1]]
    case("newer list revokes", [good, issuing], "revoked", crls=newer)
    return cases


def status_responses():
    root = authority("root", None, 1)
    issuing = authority("third-party", root, 0, policies(THIRD))
    good = leaf(issuing)
    signing = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False

    def responder(issuer, *more, purpose=signing, **times):
        extensions = [usage(digital_signature=True), *([purpose] if purpose else []), *more]
        return Entity("responder", p256(), issuer, extensions=extensions, **times)

    cases = []

    def case(title, signer, problem=None, status=ocsp.OCSPCertStatus.GOOD, subject=good, issuer=issuing, **more):
        revoked = status == ocsp.OCSPCertStatus.REVOKED
        start, end = more.get("start", NOW - DAY), more.get("end", NOW + DAY)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=subject.certificate,
            issuer=issuer.certificate,
            algorithm=more.get("hash", hashes.SHA1()),
            cert_status=status,
            this_update=start,
            next_update=end,
            revocation_time=NOW - 3 * DAY if revoked else None,
            revocation_reason=x509.ReasonFlags.superseded if revoked else None,
        )
        encoding = more.get("encoding", ocsp.OCSPResponderEncoding.HASH)
        builder = builder.responder_id(encoding, signer.certificate)
        if more.get("attach", signer is not issuing):
            builder = builder.certificates([signer.certificate])
        der = bytearray(builder.sign(signer.key, digest_for(signer.key)).public_bytes(serialization.Encoding.DER))
        if more.get("tampered"):
            # Without certificates the signature comes last.
            der[-1] ^= 1
        entry = {"name": title, "response": base64.b64encode(der).decode(), "problem": problem}
        cases.append(entry | {"hash": more.get("hash", hashes.SHA1()).name})

    delegate = responder(issuing)
    case("by the issuer", issuing)
    case("by the issuer, named", issuing, encoding=ocsp.OCSPResponderEncoding.NAME)
    case("SHA-256", issuing, hash=hashes.SHA256())
    case("by a delegate", delegate)
    case("by a delegate, named", delegate, encoding=ocsp.OCSPResponderEncoding.NAME)
    case("revoked", issuing, "revoked", status=ocsp.OCSPCertStatus.REVOKED)
    case("revoked by a delegate", delegate, "revoked", status=ocsp.OCSPCertStatus.REVOKED)
    case("unknown", issuing, "stale", status=ocsp.OCSPCertStatus.UNKNOWN)
    case("delegate without the usage", responder(issuing, purpose=None), "stale")
    case("delegate of another authority", responder(root), "stale")
    case("delegate expired", responder(issuing, start=NOW - 9 * DAY, end=NOW - DAY), "stale")
    case("delegate not attached", delegate, "stale", attach=False)
    case("wrong signature", issuing, "stale", tampered=True)
    case("about another model", issuing, "stale", subject=leaf(issuing))
    case("too old", issuing, "stale", start=NOW - 9 * DAY, end=NOW - 2 * DAY)
    case("of the future", issuing, "stale", start=NOW + DAY, end=NOW + 2 * DAY)
    setting = {"root": pem(root.certificate), "chain": [pem(good.certificate), pem(issuing.certificate)]}
    return setting | {"time": int(NOW.timestamp()), "cases": cases}


def ocsp_verdict(folder, setting, case):
    """The status that openssl gives, or that it gives none."""
    for file, text in (("root", setting["root"]), ("leaf", setting["chain"][0]), ("issuer", setting["chain"][1])):
        (folder / file).write_text(text)
    (folder / "response").write_bytes(base64.b64decode(case["response"]))
    command = ["openssl", "ocsp", "-respin", str(folder / "response"), "-CAfile", str(folder / "root")]
    command += ["-attime", str(setting["time"]), "-verify_other", str(folder / "issuer")]
    command += ["-issuer", str(folder / "issuer"), f"-{case['hash']}", "-cert", str(folder / "leaf")]
    result = subprocess.run(command, capture_output=True, text=True)
    output = result.stdout + result.stderr
    # The period is compared with the machine's clock, so openssl's warning about it is passed over.
    words = [line.split(": ")[-1].strip() for line in output.splitlines()]
    status = next((word for word in words if word in ("good", "revoked", "unknown")), None)
    return {"signature": "Response verify OK" in output, "status": status}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        cases = chains()
        for case in cases:
            case["openssl"] = verify(folder, case)
            print(f"{case['name']:32} {case['problem'] or 'valid':18} {case['openssl']}")
        setting = status_responses()
        for case in setting["cases"]:
            case["openssl"] = ocsp_verdict(folder, setting, case)
            print(f"{case['name']:32} {case['problem'] or 'good':18} {case['openssl']}")
    (FOLDER / "chains.json").write_text(json.dumps(cases, indent=1) + "\n")
    (FOLDER / "ocsp.json").write_text(json.dumps(setting, indent=1) + "\n")


if __name__ == "__main__":
    main()
