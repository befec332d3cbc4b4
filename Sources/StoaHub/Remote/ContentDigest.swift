/// What the hub says a file's bytes hash to.
package enum ContentDigest: Sendable, Hashable, CustomStringConvertible {
  /// SHA-256 of the bytes: files in large-file storage.
  case sha256(String)
  /// SHA-1 of `blob SIZE\0` and the bytes, as git names its objects: small files.
  case gitBlob(String)

  /// Reads an entity tag or an object id: 64 or 40 hexadecimal digits and nothing else, so that it can be shown,
  /// compared and stored without a thought.
  package init?(_ text: String?) {
    guard var digits = text?[...] else { return nil }
    if digits.hasPrefix("W/") { digits = digits.dropFirst(2) }
    if digits.hasPrefix("\""), digits.hasSuffix("\""), digits.utf8.count >= 2 { digits = digits.dropFirst().dropLast() }
    if digits.hasPrefix("sha256:") { digits = digits.dropFirst(7) }
    let isHexadecimal = digits.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
      default: false
      }
    }
    guard isHexadecimal else { return nil }
    switch digits.utf8.count {
    case 64: self = .sha256(digits.lowercased())
    case 40: self = .gitBlob(digits.lowercased())
    default: return nil
    }
  }

  /// `sha256:…` or `git:…`.
  package var description: String {
    switch self {
    case .sha256(let digits): "sha256:" + digits
    case .gitBlob(let digits): "git:" + digits
    }
  }

  /// The digits of a SHA-256.
  package var sha256: String? { if case .sha256(let digits) = self { digits } else { nil } }
}
