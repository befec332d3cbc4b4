import Foundation
import Testing

@testable import StoaTerminal

@Suite struct HistoryTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-history-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private var path: String { folder.appendingPathComponent("history").path }

  @Test func survivesTheProgram() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var history = History(path: path)
    history.add("one")
    history.add("two\nlines \\n not a break")
    history.add("two\nlines \\n not a break")
    history.add("   ")
    history.add(" secret")
    #expect(History(path: path).entries == ["one", "two\nlines \\n not a break"])
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test func isBounded() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let lines = (0..<2_500).map { "entry \($0)\n" }.joined()
    try Data(lines.utf8).write(to: URL(fileURLWithPath: path))
    let history = History(path: path)
    #expect(history.entries.count == History.entryLimit)
    #expect(history.entries.last == "entry 2499")
    let kept = try String(contentsOfFile: path, encoding: .utf8)
    #expect(kept.split(separator: "\n").count == History.entryLimit)
  }

  @Test func aHugeFileIsReadFromItsEnd() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var data = Data(repeating: 0x61, count: History.byteLimit + 100)
    data.append(Data("\nlast\n".utf8))
    try data.write(to: URL(fileURLWithPath: path))
    #expect(History(path: path).entries == ["last"])
  }

  @Test func aBrokenPlaceOnlyShortensIt() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var history = History(path: folder.path)
    history.add("one")
    #expect(history.entries == ["one"])
    // A symbolic link could point at someone's file.
    let target = folder.appendingPathComponent("target").path
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    var linked = History(path: path)
    linked.add("two")
    #expect(!FileManager.default.fileExists(atPath: target))
  }
}
