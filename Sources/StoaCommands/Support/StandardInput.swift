import Foundation
import StoaTerminal

/// Text that comes by standard input or from a file.
enum InputText {
  /// The most bytes that are taken: no context is that long, and a mistaken `< /dev/zero` ends.
  static let byteLimit = 256 << 20

  /// All of standard input, without one line break at its end.
  static func standardInput() throws -> String {
    let text = try file("-")
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  /// A whole file, or standard input for `-`.
  static func file(_ path: String) throws -> String {
    guard let text = String(validating: try bytes(path), as: UTF8.self) else {
      let name = path == "-" ? "standard input" : path
      throw CommandFailure(
        message: "\(name): the text is not UTF-8", advice: "convert it, for example: iconv -f latin1 -t utf-8")
    }
    return text
  }

  /// The bytes of a file, or of standard input for `-`.
  static func bytes(_ path: String) throws -> [UInt8] {
    if path == "-" {
      if Terminal.current().inputIsTerminal { Output.note("type the text; Ctrl-D on an empty line ends it\n") }
      return try read(FileHandle.standardInput, name: "standard input")
    }
    guard FileManager.default.fileExists(atPath: path) else {
      throw CommandFailure(message: "\(path): no such file", advice: "give a text file, or - for standard input")
    }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw CommandFailure(message: "\(path): cannot open the file", advice: "check its permissions")
    }
    defer { try? handle.close() }
    return try read(handle, name: path)
  }

  private static func read(_ handle: FileHandle, name: String) throws -> [UInt8] {
    var data = Data()
    while true {
      let part: Data?
      do { part = try handle.read(upToCount: 1 << 20) } catch {
        throw CommandFailure(message: "\(name): cannot be read as a file", advice: "give a text file")
      }
      guard let part, !part.isEmpty else { break }
      data.append(part)
      guard data.count <= byteLimit else {
        throw CommandFailure(
          message: "\(name): more than \(Format.bytes(byteLimit)) of text", advice: "split it into smaller files")
      }
    }
    return Array(data)
  }
}
