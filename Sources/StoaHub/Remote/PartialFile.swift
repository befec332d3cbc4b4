#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif
import StoaFormats

/// A file of known size that is written in pieces, in any order and from several tasks.
final class PartialFile: Sendable {
  let path: String
  /// Whether the file was there with its full length, so that pieces of it may be kept.
  let isContinued: Bool
  private let descriptor: Int32

  /// Opens or makes the file, as long as it is going to be; what was not written takes no space.
  init(path: String, bytes: Int) throws(HubError) {
    self.path = path
    // Never through a link that someone put there.
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else {
      isContinued = false
      throw .system(path, "create")
    }
    let status = try? FileStatus(descriptor: descriptor, path: path)
    isContinued = status?.isFile == true && status?.size == bytes
    guard status?.isFile == true else {
      close(descriptor)
      throw .system(path, "write", code: EINVAL)
    }
    if !isContinued, ftruncate(descriptor, 0) != 0 || ftruncate(descriptor, off_t(bytes)) != 0 {
      let code = errno
      close(descriptor)
      throw .system(path, "write", code: code)
    }
  }

  deinit { close(descriptor) }

  /// Writes `bytes` at `offset`.
  func write(_ bytes: RawSpan, at offset: Int) throws(HubError) {
    var done = 0
    while done < bytes.byteCount {
      let rest = bytes.extracting(done..<bytes.byteCount)
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe pwrite(descriptor, buffer.baseAddress, buffer.count, off_t(offset + done))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(path, "write")
      }
      done += count
    }
  }

  /// Gives the bytes of `range` to `use`, piece by piece.
  func read(_ range: Range<Int>, _ use: (RawSpan) -> Void) throws(HubError) {
    var buffer = [UInt8](repeating: 0, count: min(range.count, 1 << 20))
    var offset = range.lowerBound
    while offset < range.upperBound {
      let wanted = min(buffer.count, range.upperBound - offset)
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe pread(descriptor, $0.baseAddress, wanted, off_t(offset))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(path, "read")
      }
      guard count > 0 else { throw .changed(path: path) }
      unsafe use(buffer.span.bytes.extracting(0..<count))
      offset += count
    }
  }

  /// Brings the bytes to the disk and the file to its final place.
  func finish(at target: String) throws(HubError) {
    guard fsync(descriptor) == 0 else { throw .system(path, "write") }
    guard moveFile(path, to: target) else { throw .system(target, "move the file there") }
  }
}
