import Foundation
import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTrust

struct JournalVerifierTests {
  private static let journal = "00112233445566778899aabbccddeeff"
  private static let moment = Date(timeIntervalSince1970: 1_795_608_000)

  private static func entries(_ count: Int) throws -> [JournalEntry] {
    var entries: [JournalEntry] = []
    for number in 1...count {
      let previous = entries.last?.hash ?? JournalEntry.origin(of: journal)
      entries.append(
        try JournalEntry(
          JournalEvent(.note, ["n": .int(number)]), journal: journal, sequence: number, previous: previous, at: moment))
    }
    return entries
  }

  private static func stored(_ entry: JournalEntry) -> StoredJournalEntry {
    StoredJournalEntry(sequence: entry.sequence, hash: entry.hash.bytes, bytes: entry.bytes)
  }

  private static func check(_ rows: [StoredJournalEntry], heads: [JournalHead]) -> JournalReport {
    var verifier = JournalVerifier(journal: journal, heads: heads)
    for row in rows.sorted(by: { $0.sequence < $1.sequence }) { verifier.take(row) }
    return verifier.finish()
  }

  @Test func entryIsCanonicalJSON() throws {
    let entry = try #require(try Self.entries(1).first)
    let origin = JournalEntry.origin(of: Self.journal).hex
    #expect(
      String(decoding: entry.bytes, as: UTF8.self)
        == #"{"body":{"n":1},"journal":"\#(Self.journal)","kind":"note","previous":"\#(origin)","sequence":1,"#
        + #""time":"2026-11-25T12:00:00.000Z"}"#)
    #expect(JournalEntry(parsing: entry.bytes) == entry)
  }

  @Test func intact() throws {
    let entries = try Self.entries(50)
    let report = Self.check(entries.map(Self.stored), heads: [JournalHead(entries[39])])
    #expect(report.isIntact)
    #expect(report.protected == 40)
    #expect(report.unprotected == 10)
    #expect(Self.check(entries.map(Self.stored), heads: []).protected == 0)
  }

  /// What somebody does who can write the database but not sign.
  enum Attack: CaseIterable {
    case edit, editWithHash, rehashAll, delete, deleteAndClose, swap, swapContents, insert, cut
  }

  /// 10,000 entries and 200 attacks before the last head: every one is found, at its place.
  @Test func everyChangeBeforeTheHeadIsFound() throws {
    let entries = try Self.entries(10_000)
    let heads = [JournalHead(entries[4_999]), JournalHead(entries[9_899])]
    let rows = entries.map(Self.stored)
    #expect(Self.check(rows, heads: heads).isIntact)
    var random = SeededGenerator(state: 7)
    for number in 0..<200 {
      let attack = Attack.allCases[number % Attack.allCases.count]
      let place = Int.random(in: 0..<9_898, using: &random)
      let changed = try Self.apply(attack, at: place, to: rows, entries)
      let report = Self.check(changed, heads: heads)
      #expect(!report.isIntact, "\(attack) at \(place + 1)")
      // Where all hashes were computed anew, the place is known up to the next head.
      let limit = attack == .rehashAll || attack == .deleteAndClose || attack == .insert ? 10_000 : place + 2
      let first = try #require(report.problems.first)
      #expect((place...limit).contains(first.first - 1) || attack == .cut, "\(attack) at \(place + 1): \(first)")
    }
  }

  /// All at once: every place that was touched is reported.
  @Test func manyChangesAtOnceAreAllReported() throws {
    let entries = try Self.entries(10_000)
    var rows = entries.map(Self.stored)
    var random = SeededGenerator(state: 11)
    // Places apart from each other, so that one change does not hide another.
    let places = Array(stride(from: 20, to: 9_800, by: 48).prefix(200))
    var expected: Set<Int> = []
    for place in places {
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        rows[place].bytes[8] ^= 1
        expected.insert(place + 1)
      case 1:
        rows[place].sequence = -1
        expected.insert(place + 1)
      default:
        (rows[place].bytes, rows[place + 1].bytes) = (rows[place + 1].bytes, rows[place].bytes)
        (rows[place].hash, rows[place + 1].hash) = (rows[place + 1].hash, rows[place].hash)
        expected.formUnion([place + 1, place + 2])
      }
    }
    let report = Self.check(rows.filter { $0.sequence > 0 }, heads: [JournalHead(entries[9_999])])
    let found = Set(report.problems.flatMap { Array($0.first...$0.last) })
    #expect(expected.isSubset(of: found))
    #expect(places.count == 200)
  }

  private static func apply(
    _ attack: Attack, at place: Int, to rows: [StoredJournalEntry], _ entries: [JournalEntry]
  ) throws -> [StoredJournalEntry] {
    var rows = rows
    func entry(_ sequence: Int, _ previous: MerkleHash, _ number: Int) throws -> JournalEntry {
      try JournalEntry(
        JournalEvent(.note, ["n": .int(number)]), journal: journal, sequence: sequence, previous: previous, at: moment)
    }
    switch attack {
    case .edit: rows[place].bytes[9] ^= 4
    case .editWithHash: rows[place] = stored(try entry(place + 1, entries[place].previous, -1))
    case .rehashAll, .deleteAndClose, .insert:
      var previous = entries[place].previous
      var next = place + 1
      let rest = attack == .deleteAndClose ? entries[(place + 1)...] : entries[place...]
      rows.removeSubrange(place...)
      if attack == .insert {
        let added = try entry(next, previous, -1)
        rows.append(stored(added))
        previous = added.hash
        next += 1
      }
      for (offset, old) in rest.enumerated() {
        let number = attack == .rehashAll && offset == 0 ? -1 : old.sequence
        let made = try entry(next, previous, number)
        rows.append(stored(made))
        previous = made.hash
        next += 1
      }
    case .delete: rows.remove(at: place)
    case .swap:
      rows[place].sequence += 1
      rows[place + 1].sequence -= 1
    case .swapContents: (rows[place].bytes, rows[place + 1].bytes) = (rows[place + 1].bytes, rows[place].bytes)
    case .cut: rows.removeSubrange(place...)
    }
    return rows
  }

  @Test func headsOfOthersCountForNothing() throws {
    let entries = try Self.entries(3)
    let rows = entries.map(Self.stored)
    let foreign = JournalHead(journal: "other", sequence: 3, hash: entries[2].hash)
    #expect(Self.check(rows, heads: [foreign]).problems.map(\.kind) == [.heads])
    let forked = JournalHead(journal: Self.journal, sequence: 3, hash: entries[0].hash)
    #expect(Self.check(rows, heads: [JournalHead(entries[2]), forked]).problems.map(\.kind) == [.heads])
  }

  @Test func headsAreSigned() throws {
    let key = SigningKey(generating: .p256)
    let head = JournalHead(journal: Self.journal, sequence: 5, hash: .emptyRoot)
    let envelope = try head.signed(by: key)
    #expect(try JournalHead(envelope, signedBy: key.publicKey, source: "x") == head)
    #expect(throws: JournalError.notSigned(source: "x")) {
      try JournalHead(envelope, signedBy: SigningKey(generating: .ed25519).publicKey, source: "x")
    }
    var altered = envelope
    altered.payload[20] ^= 1
    #expect(throws: JournalError.notSigned(source: "x")) {
      try JournalHead(altered, signedBy: key.publicKey, source: "x")
    }
  }

  @Test func headsComeBackFromTheLog() throws {
    let entry = try LogEntry.journalHead(journal: Self.journal, sequence: 5, hash: .emptyRoot)
    #expect(JournalHead(logEntry: entry) == JournalHead(journal: Self.journal, sequence: 5, hash: .emptyRoot))
    #expect(JournalHead(logEntry: Array("{}".utf8)) == nil)
  }

  @Test(arguments: ["", "Load", "a b", "ä"]) func kindsAreChecked(_ kind: String) {
    #expect(throws: JournalError.self) {
      try JournalEntry(
        JournalEvent(JournalEvent.Kind(rawValue: kind), [:]), journal: "j", sequence: 1, previous: .emptyRoot,
        at: Self.moment)
    }
  }
}
