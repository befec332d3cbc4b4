import Foundation
import Glibc
import StoaFormats

/// What an authority did, one JSON object a line, only ever appended to: `index.jsonl`.
struct AuthorityIndex {
  /// A certificate that was issued.
  struct Issued: Equatable {
    let serial: String
    /// `root` for the certificate of an authority, else the level whose authority issued it.
    let issuer: String
    let subject: String
    /// D in hexadecimal; nil for an authority's.
    let model: String?
    let fingerprint: String
    let notAfter: Date
    let time: Date
  }

  /// A certificate that was revoked.
  struct Revoked: Equatable {
    let serial: String
    let issuer: String
    let reason: RevocationReason
    let time: Date
  }

  /// A revocation list that was signed.
  struct Listed: Equatable {
    let issuer: String
    let number: Int
    let time: Date
  }

  private(set) var issued: [Issued] = []
  private(set) var revoked: [Revoked] = []
  private(set) var listed: [Listed] = []

  /// A line of the index.
  enum Record: Equatable {
    case issued(Issued)
    case revoked(Revoked)
    case listed(Listed)
  }

  private static let largestFile = 256 << 20
  /// No authority signs as many lists, and the number of the next one is no overflow.
  private static let largestNumber = 1 << 53

  /// Reads the lines; the last one counts only if it was written to its end.
  init(parsing bytes: [UInt8], source: String) throws(TrustError) {
    var number = 0
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
      number += 1
      let source = "\(source):\(number)"
      add(try Self.record(JSONFields(JSONValue(parsing: Array(line), source: source), source: source)))
    }
  }

  private mutating func add(_ record: Record) {
    switch record {
    case .issued(let entry): issued.append(entry)
    case .revoked(let entry): revoked.append(entry)
    case .listed(let entry): listed.append(entry)
    }
  }

  /// The number of the next list of an authority.
  func nextNumber(of issuer: String) -> Int { (listed.filter { $0.issuer == issuer }.map(\.number).max() ?? 0) + 1 }

  /// What an authority revoked and what has not expired since: expired certificates leave the list (RFC 5280, 3.3).
  func revocations(by issuer: String, at time: Date) -> [[UInt8]: Revocation] {
    var entries: [[UInt8]: Revocation] = [:]
    for entry in revoked where entry.issuer == issuer {
      let end = issued.first { $0.serial == entry.serial && $0.issuer == issuer }?.notAfter
      guard let serial = Hex.decode(entry.serial), end.map({ $0 + 86_400 >= time }) ?? true else { continue }
      entries[serial] = Revocation(time: entry.time, reason: entry.reason)
    }
    return entries
  }

  // MARK: Lines

  private static func record(_ fields: JSONFields) throws(TrustError) -> Record {
    let event = try fields.string("event")
    let (time, issuer) = (try time(fields, "time"), try fields.string("issuer"))
    switch event {
    case "issued":
      return .issued(
        Issued(
          serial: try fields.string("serial"), issuer: issuer, subject: try fields.string("subject"),
          model: try fields.optionalString("model"), fingerprint: try fields.string("sha256"),
          notAfter: try Self.time(fields, "not_after"), time: time))
    case "revoked":
      let name = try fields.string("reason")
      guard let reason = RevocationReason.allCases.first(where: { $0.name == name }) else {
        throw fields.malformed("reason", "is \(quoted(name)), which is no reason of RFC 5280")
      }
      return .revoked(Revoked(serial: try fields.string("serial"), issuer: issuer, reason: reason, time: time))
    case "crl":
      let number = try fields.integer("number")
      guard (0...Self.largestNumber).contains(number) else {
        throw fields.malformed("number", "is \(number); lists are counted from 1 to \(Self.largestNumber)")
      }
      return .listed(Listed(issuer: issuer, number: number, time: time))
    default: throw fields.malformed("event", "is \(quoted(event)), which nothing writes")
    }
  }

  private static func time(_ fields: JSONFields, _ key: String) throws(TrustError) -> Date {
    guard let time = try? Date(fields.string(key), strategy: .iso8601) else {
      throw fields.malformed(key, "is no time of RFC 3339")
    }
    return time
  }

  private static func line(_ record: Record) -> [UInt8] {
    var object: JSONObject
    switch record {
    case .issued(let entry):
      object = [
        "event": "issued", "time": .string(PKITime.text(entry.time)), "issuer": .string(entry.issuer),
        "serial": .string(entry.serial), "subject": .string(entry.subject), "sha256": .string(entry.fingerprint),
        "not_after": .string(PKITime.text(entry.notAfter)),
      ]
      object["model"] = entry.model.map { .string($0) }
    case .revoked(let entry):
      object = [
        "event": "revoked", "time": .string(PKITime.text(entry.time)), "issuer": .string(entry.issuer),
        "serial": .string(entry.serial), "reason": .string(entry.reason.name),
      ]
    case .listed(let entry):
      object = [
        "event": "crl", "time": .string(PKITime.text(entry.time)), "issuer": .string(entry.issuer),
        "number": .int(entry.number),
      ]
    }
    return Array(JSONValue.object(object).text().utf8) + [0x0A]
  }

  // MARK: The file

  /// Opens the index, keeps all others out, and runs `work`, which may append; each line is durable before it returns.
  static func locked<R>(path: String, _ work: (inout Open) throws -> R) throws -> R {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw TrustError.file(.system(path: path, operation: "open", code: errno))
    }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw TrustError.file(.system(path: path, operation: "lock", code: errno)) }
    }
    let bytes = try readBytes(path, limit: largestFile)
    var index = Open(
      contents: try AuthorityIndex(parsing: bytes, source: path), descriptor: descriptor, path: path,
      end: (bytes.lastIndex(of: 0x0A) ?? -1) + 1)
    return try work(&index)
  }

  /// An index that nobody else can change meanwhile.
  struct Open {
    private(set) var contents: AuthorityIndex
    fileprivate let descriptor: Int32
    fileprivate let path: String
    /// Where the next line begins: what follows the last whole one was cut off when it was written.
    fileprivate var end: Int

    fileprivate init(contents: AuthorityIndex, descriptor: Int32, path: String, end: Int) {
      self.contents = contents
      self.descriptor = descriptor
      self.path = path
      self.end = end
    }

    /// Writes a line down.
    mutating func append(_ record: Record) throws(TrustError) {
      guard ftruncate(descriptor, end) == 0 else { throw failure("shorten") }
      var rest = AuthorityIndex.line(record)[...]
      var offset = end
      while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, offset) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw failure("write") }
        offset += count
        rest = rest.dropFirst(count)
      }
      guard fsync(descriptor) == 0 else { throw failure("write") }
      end = offset
      contents.add(record)
    }

    private func failure(_ operation: String) -> TrustError {
      .file(.system(path: path, operation: operation, code: errno))
    }
  }
}
