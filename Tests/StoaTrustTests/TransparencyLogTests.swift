import Foundation
import StoaTestSupport
import Testing

@testable import StoaTrust

/// A folder of a test; it goes away with the value.
final class TrustFolder {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-trust-\(UUID().uuidString)").path

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

struct TransparencyLogTests {
  private static func entry(_ number: Int) -> [UInt8] { Array("entry \(number)".utf8) }

  private static func log(_ folder: TrustFolder) throws -> TransparencyLog {
    try TransparencyLog.create(folder: folder.path + "/log", signer: NoteSigner(SignedNoteTests.signerText))
  }

  /// Tile names of C2SP tlog-tiles.
  @Test(arguments: [(1_234_067, 256, "tile/0/x001/x234/067"), (0, 112, "tile/0/000.p/112"), (999, 256, "tile/0/999")])
  func tilePaths(index: Int, width: Int, path: String) {
    #expect(TilePath(.hashes(level: 0), index: index, width: width).path == path)
  }

  @Test func growsInPiecesAndProvesAll() throws {
    let folder = try TrustFolder()
    let log = try Self.log(folder)
    var leaves: [MerkleHash] = []
    var checkpoints = [try log.reader.latest().checkpoint]
    for count in [1, 1, 5, 248, 1, 1, 255, 300, 1] {
      let first = leaves.count
      #expect(try log.append((first..<(first + count)).map(Self.entry)) == first)
      leaves += (first..<(first + count)).map { .leaf(Self.entry($0)) }
      let latest = try log.reader.latest()
      #expect(latest.checkpoint.size == leaves.count)
      #expect(latest.checkpoint.root == MerkleTree.root(leaves))
      for old in checkpoints { try log.reader.consistency(from: old, to: latest.checkpoint) }
      checkpoints.append(latest.checkpoint)
    }
    let latest = try log.reader.latest()
    for index in [0, 6, 254, 255, 256, 511, 512, leaves.count - 1] {
      let proof = try log.reader.proof(of: index, in: latest, extra: [1, 2])
      let read = try LogProof(parsing: Array(proof.encoded.utf8))
      #expect(read == proof)
      #expect(try read.verify(entry: Self.entry(index), policy: log.reader.policy) == latest)
      #expect(throws: LogError.notIncluded(index: index, size: leaves.count)) {
        try read.verify(entry: Self.entry(index + 1), policy: log.reader.policy)
      }
    }
    #expect(try log.reader.index(of: Self.entry(300), in: latest) == 300)
    #expect(try log.reader.index(of: [9], in: latest) == nil)
    // The files that the specification names for this size, and no partial tile that a full one replaces.
    let files = Set(try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/log"))
    for path in ["tile/0/000", "tile/0/002", "tile/entries/000", "tile/0/003.p/45", "tile/1/000.p/3", "checkpoint"] {
      #expect(files.contains(path), "\(path)")
    }
    #expect(!files.contains("tile/0/000.p"))
  }

  @Test func monitorAcceptsGrowthAndNothingElse() throws {
    let folder = try TrustFolder()
    let log = try Self.log(folder)
    try log.append((0..<300).map(Self.entry))
    let old = try log.reader.latest()
    try log.append((300..<700).map(Self.entry))
    let new = try log.reader.latest()
    var seen: [Int] = []
    try log.reader.follow(from: old.checkpoint, to: new) { (index, entry) throws(LogError) in
      seen.append(index)
      if entry != Self.entry(index) { throw .missing(path: "the entry") }
    }
    #expect(seen == Array(300..<700))
    // The same key, another history.
    let other = try TransparencyLog.create(
      folder: folder.path + "/other", signer: NoteSigner(SignedNoteTests.signerText))
    try other.append((0..<700).map { Self.entry($0 == 17 ? 18 : $0) })
    let forged = try other.reader.latest()
    for start in [old.checkpoint, new.checkpoint] {
      #expect(throws: LogError.self) {
        try other.reader.follow(from: start, to: forged) { (_, _) throws(LogError) in }
      }
    }
    #expect(throws: LogError.self) {
      try log.reader.follow(from: new.checkpoint, to: old) { (_, _) throws(LogError) in }
    }
    // An entry that its hash does not cover.
    let bundle = folder.path + "/log/tile/entries/001"
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: bundle)))
    bytes[bytes.count - 5] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: bundle))
    #expect(throws: LogError.self) {
      try log.reader.follow(from: old.checkpoint, to: new) { (_, _) throws(LogError) in }
    }
  }

  /// What an append that was interrupted leaves behind changes nothing, at whatever file it stopped.
  @Test func interruptedAppendsLeaveTheLogAsItWas() throws {
    let folder = try TrustFolder()
    let log = try Self.log(folder)
    try log.append((0..<250).map(Self.entry))
    let checkpoint = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/log/checkpoint"))
    try log.append((250..<300).map { Self.entry($0 + 1000) })
    // All files of the append are there but for the last one.
    try checkpoint.write(to: URL(fileURLWithPath: folder.path + "/log/checkpoint"))
    let before = try log.reader.latest()
    #expect(before.checkpoint.size == 250)
    try log.reader.follow(from: nil, to: before) { (_, _) throws(LogError) in }
    #expect(try log.append((250..<600).map(Self.entry)) == 250)
    let after = try log.reader.latest()
    #expect(after.checkpoint.root == MerkleTree.root((0..<600).map { .leaf(Self.entry($0)) }))
    try log.reader.follow(from: before.checkpoint, to: after) { (_, _) throws(LogError) in }
  }

  @Test func damageIsFoundBeforeAppending() throws {
    let folder = try TrustFolder()
    let log = try Self.log(folder)
    try log.append((0..<10).map(Self.entry))
    let tile = folder.path + "/log/tile/0/000.p/10"
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: tile)))
    bytes[33] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: tile))
    #expect(throws: LogError.self) { try log.append([[1]]) }
    try FileManager.default.removeItem(atPath: tile)
    #expect(throws: LogError.missing(path: "tile/0/000.p/10")) { try log.append([[1]]) }
  }

  @Test func limits() throws {
    let folder = try TrustFolder()
    let log = try Self.log(folder)
    #expect(throws: LogError.entryTooLarge(bytes: 65_536)) { try log.append([Array(repeating: 0, count: 65_536)]) }
    #expect(try log.append([Array(repeating: 7, count: 65_535), []]) == 0)
    try log.reader.follow(from: nil, to: log.reader.latest()) { (_, _) throws(LogError) in }
    #expect(throws: LogError.exists(path: folder.path + "/log")) { try Self.log(folder) }
  }

  @Test(
    arguments: [
      [], [0], [0, 1], [0, 2, 7], Array(repeating: 0, count: 6), [0, 0, 0, 0, 9],
    ] as [[UInt8]])
  func malformedBundles(_ bytes: [UInt8]) {
    #expect(throws: LogError.self) { try TileContents.entries(bytes, width: 2, path: "tile") }
  }

  @Test func certificateEntriesAreReproducible() throws {
    let evidence = [LogEntry.EvidenceDigest(predicateType: "urn:x", sha256: MerkleHash(of: []))]
    let entry = try LogEntry.certificate(der: [1, 2, 3], evidence: evidence)
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    #expect(
      String(decoding: entry, as: UTF8.self)
        == #"{"certificate":"AQID","evidence":[{"predicateType":"urn:x","sha256":"\#(hash)"}],"type":"certificate"}"#)
    let folder = try TrustFolder()
    let log = try Self.log(folder)
    try log.append([[0], entry])
    let proof = try log.reader.proof(of: 1, in: log.reader.latest(), extra: entry)
    try proof.verify(certificate: [1, 2, 3], policy: log.reader.policy)
    #expect(throws: LogError.self) { try proof.verify(certificate: [1, 2, 4], policy: log.reader.policy) }
  }
}
