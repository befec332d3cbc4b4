import Foundation
import StoaFormats
import SwiftASN1

/// Checks that a certificate was issued in public: a log that sigstore trusts promised to show it (RFC 6962).
struct CertificateTimestamps {
  let root: SigstoreRoot

  /// Why nothing shows that the certificate was issued in public; nil when something does, or when no log of certificates
  /// is known.
  func problem(_ leaf: X509Certificate, issuer: X509Certificate) -> String? {
    guard !root.certificateLogs.isEmpty else { return nil }
    guard let list = leaf.extensions.certificateTimestamps else {
      return "the certificate of \(leaf.subject) has no promise of a log that it is public"
    }
    let timestamps: [SignedCertificateTimestamp]
    let body: [UInt8]
    do throws(PKIError) {
      timestamps = try SignedCertificateTimestamp.list(list)
      body = try leaf.body(without: StandardOIDs.certificateTimestamps)
    } catch {
      return error.description
    }
    let issuerHash = sha256(issuer.key.der)
    var knowsLog = false
    for timestamp in timestamps {
      for log in root.certificateLogs where log.id == timestamp.logID && log.validity.contains(timestamp.time) {
        knowsLog = true
        let message = timestamp.message(issuerKeyHash: issuerHash, body: body)
        if log.key.isValidSignature(timestamp.signature, for: message, digest: .sha256) { return nil }
      }
    }
    return knowsLog
      ? "the log's promise that the certificate of \(leaf.subject) is public does not hold"
      : "no log that promised to show the certificate of \(leaf.subject) is in the trusted root"
  }
}

/// A log's promise to show a certificate (RFC 6962, 3.2).
package struct SignedCertificateTimestamp: Hashable, Sendable {
  let logID: [UInt8]
  /// Milliseconds since 1970.
  let milliseconds: UInt64
  let extensions: [UInt8]
  let signature: [UInt8]

  var time: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

  private static let sha256ECDSA: [UInt8] = [4, 3]
  private static let sha256RSA: [UInt8] = [4, 1]

  /// Reads the value of the extension: an OCTET STRING that holds a list of TLS (RFC 6962, 3.3). Promises of later versions
  /// are left out.
  package static func list(_ value: [UInt8]) throws(PKIError) -> [SignedCertificateTimestamp] {
    let place = "the list of certificate timestamps"
    let octets = try DERReading.root(value, place, limit: X509Certificate.limit).octets(place)
    var outer = TLSBytes(octets, place)
    var list = TLSBytes(try outer.vector(2), place)
    try outer.end()
    var timestamps: [SignedCertificateTimestamp] = []
    while !list.isAtEnd {
      guard timestamps.count < 64 else { throw PKIError(.size, "\(place) has more than 64 entries") }
      if let timestamp = try SignedCertificateTimestamp(list.vector(2)) { timestamps.append(timestamp) }
    }
    return timestamps
  }

  /// Nil for a version that is not the first.
  private init?(_ bytes: ArraySlice<UInt8>) throws(PKIError) {
    var fields = TLSBytes(bytes, "a certificate timestamp")
    guard try fields.number(1) == 0 else { return nil }
    logID = Array(try fields.take(32))
    milliseconds = try fields.number(8)
    extensions = Array(try fields.vector(2))
    let algorithm = Array(try fields.take(2))
    guard algorithm == Self.sha256ECDSA || algorithm == Self.sha256RSA else {
      throw PKIError(
        .signature, "a certificate timestamp has a signature of a kind that is not supported: \(algorithm)")
    }
    signature = Array(try fields.vector(2))
    try fields.end()
  }

  /// What the log signed about a certificate that was not there yet: its body without the promises, and who would issue it.
  func message(issuerKeyHash: [UInt8], body: [UInt8]) -> [UInt8] {
    // Version 1, a promise; then the time, and that it is of a certificate to come.
    [0, 0] + Self.octets(milliseconds, 8) + [0, 1] + issuerKeyHash + Self.octets(UInt64(body.count), 3) + body
      + Self.octets(UInt64(extensions.count), 2) + extensions
  }

  private static func octets(_ number: UInt64, _ count: UInt64) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}

/// Reads the numbers and vectors of TLS (RFC 8446, section 3).
private struct TLSBytes {
  private var rest: ArraySlice<UInt8>
  private let place: String

  init(_ bytes: ArraySlice<UInt8>, _ place: String) {
    rest = bytes
    self.place = place
  }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ count: Int) throws(PKIError) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw PKIError(.encoding, "\(place) is cut short") }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func number(_ count: Int) throws(PKIError) -> UInt64 {
    try take(count).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Bytes whose count is written before them in `width` bytes.
  mutating func vector(_ width: Int) throws(PKIError) -> ArraySlice<UInt8> { try take(Int(number(width))) }

  func end() throws(PKIError) {
    guard isAtEnd else { throw PKIError(.encoding, "\(place) has bytes that do not belong there") }
  }
}

extension X509Certificate {
  /// The signed body without an extension: what it was before that came in.
  fileprivate func body(without type: ObjectIdentifier) throws(PKIError) -> [UInt8] {
    let place = "the certificate's body"
    var fields = try DERFields(DERReading.root(signed.body, place, limit: Self.limit), place)
    var parts: [ArraySlice<UInt8>] = []
    var extensions: [ArraySlice<UInt8>] = []
    while let field = fields.next() {
      guard field.identifier == .context(3) else {
        parts.append(field.encodedBytes)
        continue
      }
      var tagged = try DERFields(field, place, as: .context(3))
      var list = try DERFields(tagged.next("extensions"), place)
      extensions = try list.rest(limit: 64) { (node) throws(PKIError) in
        try CertificateExtensions.Entry(node).type == type ? nil : node.encodedBytes
      }.compactMap { $0 }
    }
    var coder = DER.Serializer()
    coder.write { coder in
      for part in parts { coder.serializeRawBytes(part) }
      coder.write(explicit: 3) { coder in
        coder.write { coder in for entry in extensions { coder.serializeRawBytes(entry) } }
      }
    }
    return coder.serializedBytes
  }
}
