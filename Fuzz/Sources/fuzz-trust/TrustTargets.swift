import Foundation
import StoaFormats
import StoaTrust

private let time = Date(timeIntervalSince1970: 1_780_272_000)

/// A certificate in DER: read, shown, and validated as its own root and issuer.
func readCertificate(_ bytes: [UInt8]) -> CInt {
  guard let certificate = try? X509Certificate(der: bytes) else { return 0 }
  precondition(certificate.der == bytes, "what was read is not the whole input")
  _ = (certificate.serialText, certificate.pem, certificate.rootProblem(at: time), certificate.subject.description)
  let validator = PathValidator(anchors: [certificate], intermediates: [certificate], time: time)
  let path = validator.validate(certificate)
  let facts = CertificateFacts(
    path: path, rootDigest: [], statementDigest: [], evidence: RevocationEvidence(), time: time)
  _ = facts.json
  return 0
}

/// The extension about a model: one meaning has one encoding.
func readSafetyInfo(_ bytes: [UInt8]) -> CInt {
  guard let info = try? AISafetyInfo(der: bytes) else { return 0 }
  precondition((try? info.der()) == bytes, "written otherwise than read")
  _ = info.json
  return 0
}

func readRevocationList(_ bytes: [UInt8]) -> CInt {
  guard let list = try? RevocationList(der: bytes) else { return 0 }
  precondition(list.der == bytes, "what was read is not the whole input")
  _ = (list.pem, list.issuer.description, list.count)
  return 0
}

func readStatusResponse(_ bytes: [UInt8]) -> CInt {
  guard let response = try? StatusResponse(der: bytes) else { return 0 }
  precondition(response.der == bytes, "what was read is not the whole input")
  return 0
}

/// A timestamp, or the promises of logs in a certificate: of one input at most one of the two can be read.
func readTimestamp(_ bytes: [UInt8]) -> CInt {
  let timestamp = try? TimestampResponse(der: bytes)
  let promises = try? SignedCertificateTimestamp.list(bytes)
  precondition(timestamp == nil || promises == nil, "read as two things")
  return 0
}

func readTrustStore(_ bytes: [UInt8]) -> CInt {
  guard let store = try? TrustStore(parsing: bytes, path: "/nonexistent/trust.yaml") else { return 0 }
  _ = store.policy(for: ["primer"], digest: nil, fallback: .warn)
  return 0
}

/// A signature as it lies beside a model: the bundle, what checking it says, and the statement about the files in it.
func readBundle(_ bytes: [UInt8]) -> CInt {
  guard let bundle = try? SigstoreBundle(parsing: bytes, source: "bundle") else { return 0 }
  _ = bundle.json.text()
  _ = SignatureVerifier(store: TrustStore(keys: [], roots: []), time: time).verify(bundle, source: "bundle")
  guard let statement = try? InTotoStatement(bundle.envelope, source: "statement"),
    let manifest = try? ModelManifest(statement, source: "statement")
  else { return 0 }
  _ = manifest.statement.bytes
  return 0
}
