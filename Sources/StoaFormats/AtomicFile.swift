import Glibc

/// A file that appears under its name only when it is complete.
///
/// Bytes go to a temporary file in the same folder; `commit` makes them durable and renames it. Without `commit`,
/// nothing is left behind.
package final class AtomicFile {
  private let path: String
  private let temporaryPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  /// The bytes written so far.
  package private(set) var count = 0

  private static let bufferSize = 1 << 20

  /// Starts a file that will be called `path`.
  package init(path: String) throws(FormatError) {
    self.path = path
    let (folder, name) = splitPath(path)
    guard !name.isEmpty else { throw .unsupported(path: path, problem: "this names a folder, not a file") }
    // Hidden, so that nobody takes it for the result; random, so that two writers do not meet.
    temporaryPath = folder + ".\(name).\(String(UInt64.random(in: 0 ... .max), radix: 36)).part"
    descriptor = unsafe open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .system(path: path, operation: "create", code: errno) }
    buffer.reserveCapacity(Self.bufferSize)
  }

  deinit {
    guard descriptor >= 0 else { return }
    _ = close(descriptor)
    unsafe _ = unlink(temporaryPath)
  }

  /// Appends `bytes`.
  package func write(_ bytes: Span<UInt8>) throws(FormatError) {
    if buffer.count + bytes.count > Self.bufferSize { try flush() }
    count += bytes.count
    if bytes.count >= Self.bufferSize {
      try writeAll(bytes)
    } else {
      unsafe bytes.withUnsafeBufferPointer { unsafe buffer.append(contentsOf: $0) }
    }
  }

  /// Appends `bytes`.
  package func write(_ bytes: [UInt8]) throws(FormatError) { try write(bytes.span) }

  /// Makes the contents durable and gives the file its name, replacing an older one.
  package func commit() throws(FormatError) {
    try flush()
    guard fsync(descriptor) == 0 else { throw .system(path: path, operation: "write", code: errno) }
    guard unsafe rename(temporaryPath, path) == 0 else { throw .system(path: path, operation: "replace", code: errno) }
    _ = close(descriptor)
    descriptor = -1
    // The new name is durable when its folder is. Some file systems refuse to sync folders; the contents are safe then.
    let folder = splitPath(path).folder
    let folderDescriptor = unsafe open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folderDescriptor >= 0 else { return }
    _ = fsync(folderDescriptor)
    _ = close(folderDescriptor)
  }

  private func flush() throws(FormatError) {
    var pending: [UInt8] = []
    swap(&pending, &buffer)
    try writeAll(pending.span)
    pending.removeAll(keepingCapacity: true)
    swap(&pending, &buffer)
  }

  private func writeAll(_ bytes: Span<UInt8>) throws(FormatError) {
    var done = 0
    while done < bytes.count {
      let rest = bytes.extracting(done..<bytes.count)
      let written = unsafe rest.withUnsafeBufferPointer { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 {
        if errno == EINTR { continue }
        throw .system(path: path, operation: "write", code: errno)
      }
      done += written
    }
  }
}
