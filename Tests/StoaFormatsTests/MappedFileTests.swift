import Foundation
import Testing

@testable import StoaFormats

@Suite struct MappedFileTests {
  @Test func mapsAFile() throws {
    try withTemporaryFolder { folder in
      let bytes = pattern(20_000, seed: 3)
      try Data(bytes).write(to: URL(fileURLWithPath: folder + "file"))
      let file = try MappedFile(path: folder + "file")
      #expect(file.count == 20_000)
      #expect(file.array(0..<20_000) == bytes)
      #expect(file.array(4095..<8200) == Array(bytes[4095..<8200]))
      #expect(file.array(7..<7).isEmpty)
      let last = file.bytes[19_999]
      #expect(last == bytes[19_999])
      try file.verifyUnchanged()
    }
  }

  @Test func anEmptyFileIsEmpty() throws {
    try withTemporaryFolder { folder in
      try Data().write(to: URL(fileURLWithPath: folder + "file"))
      let file = try MappedFile(path: folder + "file")
      #expect(file.count == 0)
      #expect(file.array(0..<0).isEmpty)
      let isEmpty = file.bytes.isEmpty
      #expect(isEmpty)
      file.discard(0..<100)
    }
  }

  @Test func refusesWhatIsNotAFile() throws {
    try withTemporaryFolder { folder in
      #expect(unsafe mkfifo(folder + "fifo", 0o600) == 0)
      let fifo = formatError { () throws(FormatError) in _ = try MappedFile(path: folder + "fifo") }
      #expect(fifo?.description == "\(folder)fifo: this is not a regular file")
      let directory = formatError { () throws(FormatError) in _ = try MappedFile(path: folder) }
      #expect(directory?.description == "\(folder): this is a folder, not a file")
      let missing = formatError { () throws(FormatError) in _ = try MappedFile(path: folder + "missing") }
      #expect(missing == .system(path: folder + "missing", operation: "open", code: ENOENT))
      #expect(missing?.description == "\(folder)missing: cannot open: No such file or directory")
    }
  }

  @Test func discardedPagesComeBackFromTheFile() throws {
    try withTemporaryFolder { folder in
      let bytes = pattern(50_000, seed: 1)
      try Data(bytes).write(to: URL(fileURLWithPath: folder + "file"))
      let file = try MappedFile(path: folder + "file")
      #expect(file.array(0..<50_000) == bytes)
      file.discard(100..<40_000)
      file.discard(0..<Int.max)
      #expect(file.array(0..<50_000) == bytes)
    }
  }

  @Test func noticesAChange() throws {
    try withTemporaryFolder { folder in
      try Data(pattern(100, seed: 1)).write(to: URL(fileURLWithPath: folder + "file"))
      let file = try MappedFile(path: folder + "file")
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "file"))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data([1]))
      try handle.close()
      #expect(formatError { () throws(FormatError) in try file.verifyUnchanged() } == .changed(path: folder + "file"))
    }
  }

  @Test func keepsTheBytesWhenTheFileIsReplaced() throws {
    try withTemporaryFolder { folder in
      let bytes = pattern(5000, seed: 1)
      try Data(bytes).write(to: URL(fileURLWithPath: folder + "file"))
      let file = try MappedFile(path: folder + "file")
      let replacement = try AtomicFile(path: folder + "file")
      try replacement.write(pattern(10, seed: 2))
      try replacement.commit()
      #expect(file.array(0..<5000) == bytes)
      try file.verifyUnchanged()
      #expect(try contents(folder + "file") == pattern(10, seed: 2))
    }
  }

  @Test func messagesShowHostileNamesHarmlessly() {
    #expect(quoted("a\u{1B}[2J\"b\\") == #""a\u{1b}[2J\"b\\""#)
    #expect(quoted("\u{202E}é") == #""\u{202e}é""#)
    #expect(quoted(String(repeating: "x", count: 1000)).count == 99)
    #expect(grouped(0) == "0")
    #expect(grouped(123) == "123")
    #expect(grouped(-1_234_567) == "-1,234,567")
    #expect(grouped(UInt64.max) == "18,446,744,073,709,551,615")
  }
}
