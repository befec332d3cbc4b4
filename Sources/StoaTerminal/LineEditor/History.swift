#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Lines entered before, kept in a file that only its owner can read.
///
/// One entry a line, `\n` and `\\` escaped. New entries are appended, so that two programs at once lose nothing; the file
/// is cut back when it is loaded. A file that cannot be read or written is no reason to stop a conversation: the history
/// is then shorter.
public struct History: Sendable {
  /// Earlier lines, oldest first.
  public private(set) var entries: [String] = []

  /// How many entries are kept.
  public static let entryLimit = 1000
  /// How many bytes of the file are read, and the longest entry that is kept is a quarter of it.
  static let byteLimit = 4 << 20

  private let path: String?

  /// Loads the history of a file; without a path it lives in memory only.
  public init(path: String? = nil) {
    self.path = path
    guard let path, let (bytes, isCut) = Self.readTail(of: path) else { return }
    var lines = bytes.split(separator: UInt8(ascii: "\n"))
    // The first line of a file cut in the middle is half an entry.
    if isCut && !lines.isEmpty { lines.removeFirst() }
    let count = lines.count
    entries = lines.suffix(Self.entryLimit).map { Self.unescaped(String(decoding: $0, as: UTF8.self)) }
    if isCut || count > 2 * Self.entryLimit { rewrite(path) }
  }

  /// Adds a line at the end, in memory and in the file. Empty lines, repetitions of the last line and lines that start
  /// with a space are not kept; the space is the usual way to say so.
  public mutating func add(_ entry: String) {
    guard !entry.allSatisfy(\.isWhitespace), !entry.hasPrefix(" "), entry != entries.last,
      entry.utf8.count <= Self.byteLimit / 4
    else { return }
    entries.append(entry)
    if entries.count > Self.entryLimit { entries.removeFirst(entries.count - Self.entryLimit) }
    guard let path else { return }
    Self.write(Self.escaped(entry) + "\n", to: path, flags: O_APPEND)
  }

  private func rewrite(_ path: String) {
    let temporary = path + ".\(getpid())"
    let text = entries.map { Self.escaped($0) + "\n" }.joined()
    guard Self.write(text, to: temporary, flags: O_TRUNC), unsafe rename(temporary, path) == 0 else {
      unsafe unlink(temporary)
      return
    }
  }

  private static func escaped(_ entry: String) -> String {
    var result = ""
    for scalar in entry.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func unescaped(_ line: String) -> String {
    var result = String.UnicodeScalarView()
    var isEscape = false
    for scalar in line.unicodeScalars {
      if isEscape {
        result.append(scalar == "n" ? "\n" : scalar)
        isEscape = false
      } else if scalar == "\\" {
        isEscape = true
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }

  @discardableResult
  private static func write(_ text: String, to path: String, flags: Int32) -> Bool {
    // Not through a symbolic link: the file holds what someone typed, and the folder may be shared.
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0o600)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return (try? Output.write(bytes: Array(text.utf8), to: descriptor)) != nil
  }

  private static func readTail(of path: String) -> (bytes: [UInt8], isCut: Bool)? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let size = Int(status.st_size)
    let start = max(0, size - byteLimit)
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size - start) { buffer, count in
      while count < size - start {
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
        let got = unsafe pread(descriptor, room.baseAddress, room.count, off_t(start + count))
        if got <= 0 { break }
        count += got
      }
    }
    return (bytes, start > 0)
  }
}
