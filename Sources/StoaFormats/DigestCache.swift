import Glibc
import Synchronization

/// SHA-256 of files by their identities, remembered in a file: a line each, `identity digest`.
///
/// It is as trustworthy as the disk it lies on; checks that guard against the disk do without it. A cache that cannot be
/// read or written costs time, not correctness, so failures are ignored. Safe to use from any thread.
package final class DigestCache: Sendable {
  private let path: String
  private let known: Mutex<[String: String]?> = Mutex(nil)

  /// The file is read up to this size; it holds more than ten thousand digests. A longer one is begun again.
  private static let byteLimit = 2 << 20

  /// A cache in the file `path`, whose folder exists.
  package init(path: String) { self.path = path }

  /// The digest of a file in lower-case hexadecimal, when it is known.
  package subscript(_ identity: FileIdentity) -> String? {
    known.withLock { known in
      if known == nil { known = load() }
      return known?[identity.key]
    }
  }

  /// Remembers the digest of a version of a file that is settled.
  package func remember(_ identity: FileIdentity, _ digest: String) {
    known.withLock { $0?[identity.key] = digest }
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return }
    defer { _ = close(descriptor) }
    // One write, so that lines of two programs do not mix.
    let line = Array("\(identity.key) \(digest)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
  }

  private func load() -> [String: String] {
    guard let file = try? MappedFile(path: path) else { return [:] }
    guard file.count <= Self.byteLimit else {
      unsafe _ = unlink(path)
      return [:]
    }
    var known: [String: String] = [:]
    for line in file.text(0..<file.count).split(separator: "\n") {
      let fields = line.split(separator: " ")
      let isDigest = fields.count == 2 && fields[1].utf8.count == 64 && fields[1].allSatisfy(\.isHexDigit)
      if isDigest { known[String(fields[0])] = String(fields[1]) }
    }
    return known
  }
}
