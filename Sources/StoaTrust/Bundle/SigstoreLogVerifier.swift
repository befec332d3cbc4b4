import Foundation
import StoaFormats
import SwiftASN1

/// Checks that a signature was entered into a log that sigstore trusts, and when.
struct SigstoreLogVerifier {
  let root: SigstoreRoot

  /// Why an entry proves nothing.
  struct Failure: Error {
    let why: String

    init(_ why: String) { self.why = why }
  }

  /// What an entry proves.
  struct Evidence {
    /// The number of the entry in its log.
    let index: Int
    /// When the log says that it took the entry; nil when nothing that it signed says so.
    let time: Date?
  }

  /// Checks one entry against the envelope and the signer's certificate that it should be of.
  func verify(
    _ entry: SigstoreLogEntry, envelope: DSSEEnvelope, certificate: [UInt8]
  ) throws(Failure) -> Evidence {
    let logs = root.logs.filter { $0.id == entry.logID }
    guard !logs.isEmpty else {
      throw Failure("the entry is of the log \(Base64.encode(entry.logID)), which is not in the trusted root")
    }
    guard entry.signedEntryTimestamp != nil || entry.proof != nil else {
      throw Failure("the entry has neither an inclusion promise nor an inclusion proof")
    }
    var time: Date?
    var key: VerificationKey?
    if let signature = entry.signedEntryTimestamp {
      guard let seconds = entry.integratedTime else { throw Failure("the inclusion promise is of no known time") }
      let integrated = Date(timeIntervalSince1970: Double(seconds))
      guard let log = logs.first(where: { $0.validity.contains(integrated) }) else {
        throw Failure("the log's key was not in use when it says that it took the entry")
      }
      guard log.key.isValidSignature(signature, for: try promise(entry, seconds)) else {
        throw Failure("the log's signature over the entry and its time does not hold")
      }
      time = integrated
      key = log.key
    }
    if let proof = entry.proof { try verify(proof, entry, key.map { [$0] } ?? logs.map(\.key)) }
    try matches(entry, envelope, certificate)
    return Evidence(index: entry.index, time: time)
  }

  /// What the log signs at once: canonical JSON of the entry with its place and time.
  private func promise(_ entry: SigstoreLogEntry, _ seconds: Int) throws(Failure) -> [UInt8] {
    do {
      return try CanonicalJSON.encode([
        "body": .string(Base64.encode(entry.body)), "integratedTime": .int(seconds),
        "logID": .string(Hex.encode(entry.logID)), "logIndex": .int(entry.index),
      ])
    } catch {
      throw Failure("the entry has a number out of range")
    }
  }

  /// The proof leads from the entry to the root hash that the checkpoint signs.
  private func verify(
    _ proof: SigstoreLogEntry.InclusionProof, _ entry: SigstoreLogEntry, _ keys: [VerificationKey]
  ) throws(Failure) {
    let (note, checkpoint): (SignedNote, Checkpoint)
    do {
      note = try SignedNote(parsing: Array(proof.checkpoint.utf8))
      checkpoint = try Checkpoint(parsing: note.text)
    } catch {
      throw Failure("\(error)")
    }
    let identifier = NoteVerifier.number(entry.logID.prefix(4))
    let text = Array(note.text.utf8)
    let isSigned = note.signatures.contains { signature in
      signature.id == identifier && keys.contains { $0.isValidSignature(signature.bytes, for: text) }
    }
    guard isSigned else { throw Failure("the checkpoint is not signed by the log's key") }
    let hashes = proof.hashes.compactMap { MerkleHash($0) }
    guard checkpoint.size == proof.treeSize, checkpoint.root.bytes == proof.root,
      MerkleTree.root(leaf: .leaf(entry.body), index: proof.index, size: proof.treeSize, proof: hashes)
        == checkpoint.root
    else { throw Failure("the proof does not show that the entry is in the tree that the checkpoint signs") }
  }

  // MARK: The body

  /// The body speaks of this envelope and this certificate, so that a good entry of another signature does not pass.
  private func matches(
    _ entry: SigstoreLogEntry, _ envelope: DSSEEnvelope, _ certificate: [UInt8]
  ) throws(Failure) {
    let isMatch: Bool
    do throws(TrustError) {
      let body = try JSONFields(JSONValue(parsing: entry.body, source: "the log entry"), source: "the log entry")
      guard try body.string("kind") == entry.kind, try body.string("apiVersion") == entry.version else {
        throw body.malformed("kind", "is not that of the bundle")
      }
      let spec = try body.fields("spec")
      switch (entry.kind, entry.version) {
      case ("dsse", "0.0.1"): isMatch = try Self.matchesEnvelope(spec, envelope, certificate)
      case ("dsse", "0.0.2"): isMatch = try Self.matchesEnvelope2(spec.fields("dsseV002"), envelope, certificate)
      case ("hashedrekord", "0.0.2"):
        isMatch = try Self.matchesDigest(spec.fields("hashedRekordV002"), envelope, certificate)
      default: throw body.malformed("kind", "is \(quoted(entry.kind)) \(quoted(entry.version)), which is not supported")
      }
    } catch {
      throw Failure(error.description)
    }
    guard isMatch else { throw Failure("the entry is of another signature, not of this one") }
  }

  /// rekor's type `dsse`: digest of the payload, signatures and signers.
  private static func matchesEnvelope(
    _ spec: JSONFields, _ envelope: DSSEEnvelope, _ certificate: [UInt8]
  ) throws(TrustError) -> Bool {
    let hash = try spec.fields("payloadHash")
    let signatures = try spec.objects("signatures")
    guard try hash.string("algorithm") == "sha256", try hash.hexBytes("value") == sha256(envelope.payload),
      signatures.count == envelope.signatures.count
    else { return false }
    for (entry, signature) in zip(signatures, envelope.signatures) {
      let verifier = String(decoding: try entry.bytes("verifier"), as: UTF8.self)
      let signer = try pemDocuments(verifier, source: spec.source).first { $0.discriminator == "CERTIFICATE" }
      guard try entry.bytes("signature") == signature.bytes, signer?.derBytes == certificate else { return false }
    }
    return true
  }

  /// The same in rekor's second version.
  private static func matchesEnvelope2(
    _ spec: JSONFields, _ envelope: DSSEEnvelope, _ certificate: [UInt8]
  ) throws(TrustError) -> Bool {
    let hash = try spec.fields("payloadHash")
    let signatures = try spec.objects("signatures")
    guard try hash.string("algorithm") == "SHA2_256", try hash.bytes("digest") == sha256(envelope.payload),
      signatures.count == envelope.signatures.count
    else { return false }
    for (entry, signature) in zip(signatures, envelope.signatures) {
      let signer = try entry.fields("verifier").fields("x509Certificate").bytes("rawBytes")
      guard try entry.bytes("content") == signature.bytes, signer == certificate else { return false }
    }
    return true
  }

  /// rekor's second version: digest of what is signed, the signature and its signer.
  private static func matchesDigest(
    _ spec: JSONFields, _ envelope: DSSEEnvelope, _ certificate: [UInt8]
  ) throws(TrustError) -> Bool {
    let data = try spec.fields("data")
    let signature = try spec.fields("signature")
    let signer = try signature.fields("verifier").fields("x509Certificate").bytes("rawBytes")
    guard try data.string("algorithm") == "SHA2_256", envelope.signatures.count == 1 else { return false }
    let (digest, content) = (try data.bytes("digest"), try signature.bytes("content"))
    return digest == sha256(envelope.preAuthenticationEncoding) && content == envelope.signatures[0].bytes
      && signer == certificate
  }
}
