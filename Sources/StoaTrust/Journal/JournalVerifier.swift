/// An entry as it was stored, not yet believed.
public struct StoredJournalEntry: Sendable, Equatable {
  /// The place under which it was stored.
  public var sequence: Int
  /// The hash that was stored with it.
  public var hash: [UInt8]
  /// The entry.
  public var bytes: [UInt8]

  /// What was stored.
  public init(sequence: Int, hash: [UInt8], bytes: [UInt8]) {
    self.sequence = sequence
    self.hash = hash
    self.bytes = bytes
  }
}

/// Something wrong with a journal.
public struct JournalProblem: Sendable, Equatable {
  /// What was done to it.
  public enum Kind: String, Sendable {
    /// Entries are not there.
    case missing
    /// An entry is not what its hash says.
    case altered
    /// An entry lies at another's place.
    case misplaced
    /// An entry is not the one that the next entry followed.
    case replaced
    /// A signed head says something else.
    case contradictsHead = "contradicts-head"
    /// Two signed heads contradict each other, or one is of another journal.
    case heads
  }

  /// What was done.
  public let kind: Kind
  /// The first entry concerned.
  public let first: Int
  /// The last entry concerned.
  public let last: Int

  /// One line for people.
  public var text: String {
    let place = first == last ? "entry \(first)" : "entries \(first) to \(last)"
    return switch kind {
    case .missing: "\(place) \(first == last ? "is" : "are") missing"
    case .altered: "\(place) is not what its hash says"
    case .misplaced: "\(place) belongs to another place or journal"
    case .replaced: "\(place) is not what entry \(last + 1) followed"
    case .contradictsHead: "\(place) is not what the signed head says"
    case .heads: "signed heads contradict each other at \(place)"
    }
  }
}

/// What a check of a journal found.
public struct JournalReport: Sendable, Equatable {
  /// The journal's identifier.
  public let journal: String
  /// Entries that were read.
  public let entries: Int
  /// The last entry that a signed head covers; 0 when there is no head.
  public let protected: Int
  /// What is wrong, in the order of places.
  public let problems: [JournalProblem]

  /// Whether nothing up to the last signed head was changed.
  public var isIntact: Bool { problems.isEmpty }
  /// Entries after the last signed head: whoever can write the database can change them unseen.
  public var unprotected: Int { max(0, entries - protected) }
}

/// Checks a journal entry by entry: edits, deletions and changes of order.
///
/// Up to the last signed head everything is found, even when hashes were computed anew; after it only what breaks the
/// chain.
public struct JournalVerifier: Sendable {
  private let journal: String
  private let heads: [Int: [JournalHead]]
  private let lastHead: Int
  private var problems: [JournalProblem] = []
  private var entries = 0
  private var last = 0
  /// The hashes that the next entry may follow: one, or two when the last entry is not what its hash says.
  private var expected: Set<MerkleHash>

  /// A check of the journal, from its first entry on.
  ///
  /// - Parameter heads: Heads whose signatures were checked, or that were found in a log.
  public init(journal: String, heads: [JournalHead]) {
    self.journal = journal
    let own = heads.filter { $0.journal == journal }
    self.heads = Dictionary(grouping: own, by: \.sequence)
    lastHead = own.map(\.sequence).max() ?? 0
    expected = [JournalEntry.origin(of: journal)]
    for head in heads where head.journal != journal {
      problems.append(JournalProblem(kind: .heads, first: head.sequence, last: head.sequence))
    }
  }

  /// Takes the next entry in the order of places.
  public mutating func take(_ stored: StoredJournalEntry) {
    entries += 1
    let sequence = stored.sequence
    let hasGap = sequence != last + 1
    if sequence > last + 1 {
      add(.missing, last + 1, sequence - 1)
      for place in heads.keys.sorted() where place > last && place < sequence { add(.contradictsHead, place) }
    }
    let hash = MerkleHash(of: stored.bytes)
    if hash.bytes != stored.hash { add(.altered, sequence) }
    if let entry = JournalEntry(parsing: stored.bytes) {
      if entry.sequence != sequence || entry.journal != journal || sequence <= last {
        add(.misplaced, sequence)
      } else if !hasGap, !expected.contains(entry.previous) {
        // The first entry follows the journal itself: there the entry is what was changed.
        add(.replaced, max(1, sequence - 1))
      }
    } else if hash.bytes == stored.hash {
      add(.altered, sequence)
    }
    if let heads = heads[sequence] {
      if !heads.allSatisfy({ $0.hash == heads[0].hash }) {
        add(.heads, sequence)
      } else if heads[0].hash != hash {
        add(.contradictsHead, sequence)
      }
    }
    expected = [hash]
    if let stored = MerkleHash(stored.hash) { expected.insert(stored) }
    last = max(last, sequence)
  }

  private mutating func add(_ kind: JournalProblem.Kind, _ first: Int, _ last: Int? = nil) {
    problems.append(JournalProblem(kind: kind, first: first, last: last ?? first))
  }

  /// What was found, once all entries were taken.
  public consuming func finish() -> JournalReport {
    // Without these entries the head stands for nothing that is there.
    if lastHead > last { add(.missing, last + 1, lastHead) }
    return JournalReport(
      journal: journal, entries: entries, protected: lastHead, problems: problems.sorted { $0.first < $1.first })
  }
}
