import Glibc
package import StoaFormats

/// Files and folders that have to be durable or secret before anything else happens.
package enum DurableFiles {
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
