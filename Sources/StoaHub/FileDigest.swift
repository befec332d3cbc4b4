import Crypto
import StoaFormats

/// SHA-256 of files, remembered.
///
/// The cache is as trustworthy as the disk it lies on; checks that guard against the disk hash again.
public final class FileDigests {
  private let cache: DigestCache

  /// Digests with a cache in a given home.
  public init(home: StoaHome) {
    // Without the folder nothing is remembered.
    try? home.create(home.cache)
    cache = DigestCache(path: home.digests)
  }

  /// The SHA-256 of a file in lower-case hexadecimal.
  ///
  /// - Parameters:
  ///   - progress: Bytes hashed and bytes in total; not called when the digest is known.
  ///   - isCancelled: Polled while reading.
  public func sha256(
    of path: String, progress: (Int, Int) -> Void = { _, _ in }, isCancelled: () -> Bool = { false }
  ) throws(HubError) -> String {
    do {
      let file = try VerifiedFile(path: path)
      if let digest = cache[file.identity] { return digest }
      var hash = SHA256()
      var done = 0
      var wasCancelled = false
      try unsafe file.read(file.range) { bytes in
        unsafe hash.update(bufferPointer: bytes)
        done += bytes.count
        progress(done, file.range.count)
        wasCancelled = isCancelled()
        return !wasCancelled
      }
      if wasCancelled { throw HubError.cancelled }
      let digest = hash.finalize().map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }.joined()
      if file.identity.isSettled { cache.remember(file.identity, digest) }
      return digest
    } catch let error as HubError {
      throw error
    } catch FormatError.changed {
      throw .changed(path: path)
    } catch FormatError.system(_, let operation, let code) {
      throw .system(path, operation, code: code)
    } catch FormatError.unsupported(_, let problem, _) {
      throw .system(path: path, operation: "read", problem: problem)
    } catch {
      throw .system(path: path, operation: "read", problem: "\(error)")
    }
  }
}
