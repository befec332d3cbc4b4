import Glibc
import StoaFormats

/// Files that are read whole: keys, notes, statements, tiles.
package enum SmallFile {
  /// What a key, note, statement or receipt may have at most.
  package static let usualLimit = 16 << 20

  /// The bytes of a regular file of at most `limit` bytes.
  package static func read(_ path: String, limit: Int = usualLimit) throws(FormatError) -> [UInt8] {
    let file = try MappedFile(path: path)
    guard file.count <= limit else {
      throw .unsupported(path: path, problem: "\(grouped(file.count)) bytes are more than \(grouped(limit))")
    }
    let bytes = file.bytes
    let copy = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    try file.verifyUnchanged()
    return copy
  }

  /// Writes a file that appears when it is complete and durable, and replaces an older one.
  package static func write(_ bytes: [UInt8], to path: String) throws(FormatError) {
    let file = try AtomicFile(path: path)
    try file.write(bytes)
    try file.commit()
  }

  /// Writes a new file that only its owner can read; an existing one is an error.
  package static func writeSecret(_ text: String, to path: String) throws(FormatError) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system(path: path, operation: "create", code: errno) }
    defer { close(descriptor) }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .system(path: path, operation: "write", code: errno) }
      bytes = bytes.dropFirst(count)
    }
    guard fsync(descriptor) == 0 else { throw .system(path: path, operation: "write", code: errno) }
  }

  /// Makes the folders of a path, each durable before what comes into it.
  package static func makeFolders(_ path: String) throws(FormatError) {
    if path.isEmpty || isDirectory(path) { return }
    let trimmed = path.hasSuffix("/") ? String(path.dropLast()) : path
    let parent = splitPath(trimmed).folder
    try makeFolders(parent)
    guard unsafe mkdir(trimmed, 0o777) == 0 || errno == EEXIST else {
      throw .system(path: trimmed, operation: "make the folder", code: errno)
    }
    // Some file systems refuse to sync folders; nothing more can be done there.
    let descriptor = unsafe open(parent.isEmpty ? "." : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }
}
