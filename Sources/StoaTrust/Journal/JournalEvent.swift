public import StoaFormats

/// Something that is to be kept for an auditor.
public struct JournalEvent: Sendable, Equatable {
  /// What kind of thing happened.
  public struct Kind: RawRepresentable, Hashable, Sendable {
    /// The name in the entry.
    public let rawValue: String

    /// A kind by its name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A model was loaded.
    public static let load = Kind(rawValue: "load")
    /// What was found out about a model before it was loaded.
    public static let verdict = Kind(rawValue: "verdict")
    /// A rule was set aside, by whom and until when.
    public static let waiver = Kind(rawValue: "waiver")
    /// A key was made, trusted or revoked.
    public static let key = Kind(rawValue: "key")
    /// A receipt was given.
    public static let receipt = Kind(rawValue: "receipt")
    /// Something that a person or program wrote down.
    public static let note = Kind(rawValue: "note")

    /// Whether the name is one: up to 64 lower-case letters, digits, dots and hyphens.
    public var isValid: Bool {
      (1...64).contains(rawValue.utf8.count)
        && rawValue.utf8.allSatisfy {
          (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || [0x2D, 0x2E].contains($0)
        }
    }
  }

  /// What kind of thing it is.
  public var kind: Kind
  /// What there is to say about it; hashes instead of what must not be kept.
  public var body: JSONObject

  /// An event.
  public init(_ kind: Kind, _ body: JSONObject) {
    self.kind = kind
    self.body = body
  }
}

/// Where events are written down so that later changes are found.
public protocol JournalSink: Sendable {
  /// Appends an event; returns once it would survive a power cut.
  @discardableResult
  func append(_ event: JournalEvent) async throws -> JournalEntry
  /// Appends events one after the other, all or none; returns once they would survive a power cut.
  func append(_ events: [JournalEvent]) async throws
}

/// Why a journal cannot be written or checked.
public enum JournalError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An event that no entry can hold.
  case invalidEvent(problem: String)
  /// A head that is not one.
  case malformedHead(source: String, problem: String)
  /// A head that the given key has not signed.
  case notSigned(source: String)
  /// There is nothing to sign.
  case empty

  /// What is wrong, and on a second line what to do.
  public var description: String {
    switch self {
    case .invalidEvent(let problem): "the event cannot be written into the journal: \(problem)"
    case .malformedHead(let source, let problem): "\(source) is no head of a journal: \(problem)"
    case .notSigned(let source):
      "\(source) is not signed by the given key\ngive the key that signs this journal's heads"
    case .empty: "the journal has no entries"
    }
  }
}
