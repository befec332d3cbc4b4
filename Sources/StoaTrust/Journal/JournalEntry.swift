package import Foundation
import StoaFormats

/// An event in its place: it holds the hash of the entry before it, so that none can be changed without all that follow.
public struct JournalEntry: Sendable, Equatable {
  /// The journal's identifier.
  public let journal: String
  /// The place, from 1.
  public let sequence: Int
  /// When it was written: RFC 3339 in UTC with milliseconds.
  public let time: String
  /// What happened.
  public let event: JournalEvent
  /// The hash of the entry before it.
  public let previous: MerkleHash
  /// The canonical JSON of all that.
  public let bytes: [UInt8]
  /// SHA-256 of `bytes`.
  public let hash: MerkleHash

  /// What an entry may have at most.
  public static let maximumByteCount = 1 << 20

  /// The entry after one with the hash `previous`.
  package init(
    _ event: JournalEvent, journal: String, sequence: Int, previous: MerkleHash, at time: Date
  ) throws(JournalError) {
    guard event.kind.isValid else { throw .invalidEvent(problem: "\(quoted(event.kind.rawValue)) is no kind of event") }
    self.journal = journal
    self.sequence = sequence
    self.time = time.formatted(
      .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted))
    self.event = event
    self.previous = previous
    do {
      bytes = try CanonicalJSON.encode([
        "body": .object(event.body), "journal": .string(journal), "kind": .string(event.kind.rawValue),
        "previous": .string(previous.hex), "sequence": .int(sequence), "time": .string(self.time),
      ])
    } catch {
      throw .invalidEvent(problem: error.description)
    }
    guard bytes.count <= Self.maximumByteCount else {
      throw .invalidEvent(problem: "\(grouped(bytes.count)) bytes are more than \(grouped(Self.maximumByteCount))")
    }
    hash = MerkleHash(of: bytes)
  }

  /// Reads an entry; nil when the bytes are not the canonical form of one.
  public init?(parsing bytes: [UInt8]) {
    guard let fields = CanonicalJSON.decode(bytes)?.objectValue, fields.count == 6,
      let body = fields["body"]?.objectValue, let journal = fields["journal"]?.stringValue,
      let kind = fields["kind"]?.stringValue, let sequence = fields["sequence"]?.intValue,
      let time = fields["time"]?.stringValue,
      let previous = fields["previous"]?.stringValue.flatMap({ MerkleHash(hex: $0) })
    else { return nil }
    self.journal = journal
    self.sequence = sequence
    self.time = time
    event = JournalEvent(JournalEvent.Kind(rawValue: kind), body)
    self.previous = previous
    self.bytes = bytes
    hash = MerkleHash(of: bytes)
  }

  /// What the first entry follows: the journal itself, so that no entry fits into another one.
  public static func origin(of journal: String) -> MerkleHash {
    MerkleHash(of: Array("stoa-journal-v1\n\(journal)".utf8))
  }
}
