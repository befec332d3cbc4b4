import Glibc

/// A regular file that is read once from its first byte to its last through one open descriptor, for instance to hash
/// it, and that must not change meanwhile.
///
/// Its `identity` is that of the bytes that were read: a file that is mapped later and has another one is not the file
/// that was verified (`MappedFile.identity`). Somebody who may write into the file in place and set its times back is
/// out of reach of any such check; fs-verity is for that.
package final class VerifiedFile {
  /// The path as it was given.
  package let path: String
  /// The version of the file.
  package let identity: FileIdentity

  private let descriptor: Int32

  /// Small enough for the second-level cache, where the reader finds again what the system copied.
  private static let chunkSize = 256 << 10

  /// Opens the file at `path`; symbolic links are followed.
  package init(path: String) throws(FormatError) {
    (descriptor, identity) = try FileIdentity.openRegularFile(path)
    self.path = path
  }

  deinit { _ = close(descriptor) }

  /// Calls `body` with the bytes of `range` in their order, piece by piece, until it returns false; then throws when the
  /// file changed while it was open.
  package func read(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Bool) throws(FormatError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkSize, alignment: 64)
    defer { unsafe buffer.deallocate() }
    _ = posix_fadvise(descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_SEQUENTIAL)
    var offset = range.lowerBound
    while offset < range.upperBound {
      let wanted = min(buffer.count, range.upperBound - offset)
      let count = unsafe pread(descriptor, buffer.baseAddress, wanted, off_t(offset))
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(path: path, operation: "read", code: errno)
      }
      guard count > 0 else { throw .changed(path: path) }
      offset += count
      guard unsafe body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
    }
    try verifyUnchanged()
  }

  /// All bytes.
  package var range: Range<Int> { 0..<Int(identity.size) }

  /// Throws when the file was written to since it was opened.
  package func verifyUnchanged() throws(FormatError) {
    guard try FileIdentity(descriptor: descriptor, path: path).hasContents(of: identity) else {
      throw .changed(path: path)
    }
  }
}
