import Foundation
import StoaFormats

@testable import StoaTrust

// The readers of what signers and authorities keep: keys, certificates in PEM, an authority's own files, results of a
// harness, sigstore's root.

/// Certificates, revocation lists and keys in PEM or DER.
func readPEM(_ bytes: [UInt8]) -> CInt {
  if let certificates = try? X509Certificate.certificates(pemOrDER: bytes) {
    let again = try? X509Certificate.certificates(pemOrDER: Array(certificates.map(\.pem).joined().utf8))
    precondition(again == certificates, "written otherwise than read")
  }
  _ = try? RevocationList.lists(pemOrDER: bytes)
  let text = String(decoding: bytes, as: UTF8.self)
  _ = try? VerificationKey(pem: text, source: "key")
  _ = try? SigningKey(pem: text, source: "key")
  _ = try? EncryptedPrivateKey(der: bytes, source: "key")
  return 0
}

/// An in-toto statement and what each kind of predicate makes of it.
func readStatement(_ bytes: [UInt8]) -> CInt {
  guard let statement = try? InTotoStatement(parsing: bytes, source: "statement") else { return 0 }
  let again = try? InTotoStatement(parsing: statement.bytes, source: "statement")
  precondition(again == statement, "written otherwise than read")
  _ = (try? ModelManifest(statement, source: "statement"))?.statement.bytes
  _ = (try? Lineage([statement]))?.taint(of: "00", revoked: ["00"])
  for type in PredicateType.allCases { try? type.check(statement.predicate, source: "statement") }
  return 0
}

func readSigstoreRoot(_ bytes: [UInt8]) -> CInt {
  _ = try? SigstoreRoot(parsing: bytes, source: "trusted_root.json")
  return 0
}

func readLevels(_ bytes: [UInt8]) -> CInt {
  _ = try? LevelRules(parsing: bytes, file: "levels.yaml")
  return 0
}

/// What an authority wrote down, and what it does next by it.
func readAuthorityIndex(_ bytes: [UInt8]) -> CInt {
  guard let index = try? AuthorityIndex(parsing: bytes, source: "index.jsonl") else { return 0 }
  for issuer in Set(index.issued.map(\.issuer) + index.listed.map(\.issuer) + index.revoked.map(\.issuer)) {
    precondition(index.nextNumber(of: issuer) > 0, "a list without a number")
    _ = index.revocations(by: issuer, at: Date(timeIntervalSince1970: 1_780_272_000))
  }
  return 0
}

/// Results of lm-evaluation-harness, and samples in lines.
func readHarnessResults(_ bytes: [UInt8]) -> CInt {
  let samples = try? EvaluationSamples(parsing: bytes, source: "samples.jsonl")
  guard let results = try? EvaluationHarnessResults(parsing: bytes, source: "results.json") else { return 0 }
  for task in results.tasks.prefix(8) {
    for metric in results.metrics(of: task).prefix(8) {
      _ = try? results.result(task: task, metric: metric, .atLeast, 0.5, samples: samples)
    }
  }
  return 0
}
