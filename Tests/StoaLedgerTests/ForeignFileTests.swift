import Foundation
import GRDB
import Testing

@testable import StoaLedger

@Suite("Files that are no ledger, or no longer one, are left as they are")
struct ForeignFileTests {
  private let fixture = LedgerFixture()

  private func write(_ data: Data) throws {
    try FileManager.default.createDirectory(
      at: fixture.folder.appendingPathComponent("home"), withIntermediateDirectories: true)
    try data.write(to: URL(fileURLWithPath: fixture.path))
  }

  private func contents() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: fixture.path)) }

  @Test(arguments: ["just text", String(repeating: "long enough for a header. ", count: 400)])
  func otherFiles(_ text: String) throws {
    try write(Data(text.utf8))
    let error = #expect(throws: LedgerError.notALedger(path: fixture.path)) { try fixture.open() }
    #expect(try #require(error).description.contains(fixture.path))
    #expect(try contents() == Data(text.utf8))
  }

  @Test func otherDatabases() throws {
    try write(Data())
    try DatabaseQueue(path: fixture.path).write { try $0.execute(sql: "CREATE TABLE other (a)") }
    let before = try contents()
    #expect(throws: LedgerError.notALedger(path: fixture.path)) { try fixture.open() }
    #expect(try contents() == before)
  }

  @Test func laterVersions() async throws {
    let ledger = try fixture.open()
    try await ledger.pool.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('of next year')") }
    try await ledger.close()
    #expect(throws: LedgerError.newer(path: fixture.path)) { try fixture.open() }
  }

  @Test("Damaged pages give an error that names the file, never a crash")
  func damage() async throws {
    let ledger = try fixture.open()
    for index in 0..<300 { try await ledger.record(LedgerFixture.row("r\(index)", key: "key_\(index)")) }
    try await ledger.close()
    let whole = try contents()
    var damaged = whole
    for place in stride(from: 4096, to: damaged.count, by: 64) { damaged[place] ^= 0xFF }
    try write(damaged)
    let error = await #expect(throws: LedgerError.self) {
      let ledger = try fixture.open()
      try await ledger.record(LedgerFixture.row("new"))
      _ = try await ledger.usage(UsageQuery(by: .key))
    }
    #expect(try #require(error).description.contains(fixture.path))
    try write(whole.prefix(whole.count / 2))
    await #expect(throws: LedgerError.self) {
      let ledger = try fixture.open()
      _ = try await ledger.usage(UsageQuery(by: .key))
      try await ledger.record(LedgerFixture.row("new"))
    }
    #expect(FileManager.default.fileExists(atPath: fixture.path))
  }

  @Test func folders() throws {
    try FileManager.default.createDirectory(atPath: fixture.path, withIntermediateDirectories: true)
    #expect(throws: LedgerError.self) { try fixture.open() }
  }
}
