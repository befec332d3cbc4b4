#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif
import Crypto
import Foundation

/// SHA-256 of files, remembered.
///
/// The cache is keyed by what changes whenever a file's contents do: device, inode, size, and the times of modification
/// and change. It is as trustworthy as the disk it lies on; checks that guard against the disk hash again.
public final class FileDigests {
  private let home: StoaHome
  private var known: [String: String] = [:]
  private var loaded = false

  /// The file of the cache is read up to this size; it holds more than ten thousand digests.
  private static let byteLimit = 2 << 20

  /// Digests with a cache in a given home.
  public init(home: StoaHome) { self.home = home }

  /// The SHA-256 of a file in lower-case hexadecimal.
  ///
  /// - Parameters:
  ///   - progress: Bytes hashed and bytes in total; not called when the digest is known.
  ///   - isCancelled: Polled while reading.
  public func sha256(
    of path: String, progress: (Int, Int) -> Void = { _, _ in }, isCancelled: () -> Bool = { false }
  ) throws(HubError) -> String {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(path, "open") }
    defer { close(descriptor) }
    let before = try FileStatus(descriptor: descriptor, path: path)
    guard before.isFile else { throw .system(path, "read", code: before.isFolder ? EISDIR : EINVAL) }
    load()
    if let digest = known[before.identity] { return digest }

    let digest = try hash(descriptor, path, before.size, progress, isCancelled)
    guard try FileStatus(descriptor: descriptor, path: path) == before else { throw .changed(path: path) }
    // Times have the grain of a clock tick: a write just after this one could leave them as they are.
    if Date().timeIntervalSince1970 - before.changed > 0.1 { remember(before.identity, digest) }
    return digest
  }

  private func hash(
    _ descriptor: Int32, _ path: String, _ size: Int, _ progress: (Int, Int) -> Void, _ isCancelled: () -> Bool
  ) throws(HubError) -> String {
    var hash = SHA256()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var done = 0
    while true {
      if isCancelled() { throw .cancelled }
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(path, "read")
      }
      unsafe buffer.withUnsafeBytes {
        unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count]))
      }
      done += count
      progress(min(done, size), size)
    }
    guard done == size else { throw .changed(path: path) }
    return hash.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  // MARK: The cache file: one line a file, `identity digest`

  private var cachePath: String { home.cache + "/sha256" }

  private func load() {
    guard !loaded else { return }
    loaded = true
    guard let handle = FileHandle(forReadingAtPath: cachePath) else { return }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: Self.byteLimit + 1) else { return }
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: " ")
      let isDigest = fields.count == 2 && fields[1].utf8.count == 64 && fields[1].allSatisfy(\.isHexDigit)
      if isDigest { known[String(fields[0])] = String(fields[1]) }
    }
    // Too long: start again rather than grow for ever.
    if data.count > Self.byteLimit { try? FileManager.default.removeItem(atPath: cachePath) }
  }

  /// A cache that cannot be written costs time, not correctness: failures are ignored.
  private func remember(_ identity: String, _ digest: String) {
    known[identity] = digest
    guard (try? home.create(home.cache)) != nil else { return }
    let descriptor = unsafe open(cachePath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // One write, so that lines of two programs do not mix.
    let line = Array("\(identity) \(digest)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
  }
}
