import Foundation
import StoaFormats

/// Whom sigstore trusts: authorities, logs and clocks (`sigstore_trustroot.proto`, TrustedRoot), as the file
/// `trusted_root.json` has them that sigstore's clients fetch.
public struct SigstoreRoot: Sendable {
  /// A key of a log.
  struct Log: Sendable {
    let id: [UInt8]
    let key: VerificationKey
    let validity: Validity
  }

  /// A certificate authority with what it signed itself by, the root last.
  struct Authority: Sendable {
    let chain: [X509Certificate]
    let validity: Validity
  }

  /// When a key was in use.
  struct Validity: Sendable {
    let start: Date
    let end: Date?

    func contains(_ time: Date) -> Bool { time >= start && (end.map { time <= $0 } ?? true) }
  }

  /// Logs of signatures.
  let logs: [Log]
  /// Logs of certificates.
  let certificateLogs: [Log]
  /// Who issues signers' certificates.
  let authorities: [Authority]
  /// Who says what time it was.
  let timestampAuthorities: [Authority]

  private static let maximumItems = 256

  /// Reads the file.
  public init(path: String) throws(TrustError) { try self.init(parsing: readBytes(path), source: path) }

  /// Reads the bytes of such a file; `source` names them in messages.
  public init(parsing bytes: [UInt8], source: String) throws(TrustError) {
    let fields = try JSONFields(JSONValue(parsing: bytes, source: source), source: source)
    let mediaType = try fields.string("mediaType")
    guard mediaType.hasPrefix("application/vnd.dev.sigstore.trustedroot") else {
      throw .unsupported(
        source: source, problem: "this is a document of type \(quoted(mediaType)), not a trusted root of sigstore")
    }
    logs = try Self.logs(fields, "tlogs")
    certificateLogs = try Self.logs(fields, "ctlogs")
    authorities = try Self.authorities(fields, "certificateAuthorities")
    timestampAuthorities = try Self.authorities(fields, "timestampAuthorities")
  }

  private static func items(_ fields: JSONFields, _ key: String) throws(TrustError) -> [JSONFields] {
    let objects = try fields.objects(key)
    guard objects.count <= maximumItems else { throw fields.malformed(key, "has more than \(maximumItems) entries") }
    return objects
  }

  private static func logs(_ fields: JSONFields, _ key: String) throws(TrustError) -> [Log] {
    var logs: [Log] = []
    for entry in try items(fields, key) {
      let publicKey = try entry.fields("publicKey")
      logs.append(
        Log(
          id: try entry.fields("logId").bytes("keyId"),
          key: try VerificationKey(der: publicKey.bytes("rawBytes"), source: fields.source),
          validity: try validity(publicKey)))
    }
    return logs
  }

  private static func authorities(_ fields: JSONFields, _ key: String) throws(TrustError) -> [Authority] {
    var authorities: [Authority] = []
    for entry in try items(fields, key) {
      var chain: [X509Certificate] = []
      for certificate in try items(entry.fields("certChain"), "certificates") {
        let der = try certificate.bytes("rawBytes")
        do {
          chain.append(try X509Certificate(der: der))
        } catch {
          throw .malformed(source: fields.source, problem: "\(key): \(error.message)")
        }
      }
      guard !chain.isEmpty else { throw entry.malformed("certChain", "is empty") }
      authorities.append(Authority(chain: chain, validity: try validity(entry)))
    }
    return authorities
  }

  private static func validity(_ fields: JSONFields) throws(TrustError) -> Validity {
    guard let range = try fields.optionalFields("validFor") else { return Validity(start: .distantPast, end: nil) }
    return Validity(start: try time(range, "start") ?? .distantPast, end: try time(range, "end"))
  }

  private static func time(_ fields: JSONFields, _ key: String) throws(TrustError) -> Date? {
    guard let text = try fields.optionalString(key) else { return nil }
    let plain = Date.ISO8601FormatStyle()
    let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    guard let time = (try? plain.parse(text)) ?? (try? fractional.parse(text)) else {
      throw fields.malformed(key, "is \(quoted(text)), which is no time of RFC 3339")
    }
    return time
  }
}
