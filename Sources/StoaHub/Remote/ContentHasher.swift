import Crypto

extension ContentDigest {
  /// Something that computes a digest of this kind over a file of `size` bytes.
  func hasher(size: Int) -> ContentHasher {
    switch self {
    case .sha256: .sha256(SHA256())
    case .gitBlob:
      {
        var hash = Insecure.SHA1()
        unsafe Array("blob \(size)\0".utf8).withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        return .gitBlob(hash)
      }()
    }
  }
}

/// A digest in the making.
enum ContentHasher: Sendable {
  case sha256(SHA256)
  case gitBlob(Insecure.SHA1)

  mutating func update(_ bytes: RawSpan) {
    switch self {
    case .sha256(var hash):
      // Taken out for the time of the update: two owners would copy the state.
      self = .sha256(SHA256())
      unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
      self = .sha256(hash)
    case .gitBlob(var hash):
      self = .gitBlob(Insecure.SHA1())
      unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
      self = .gitBlob(hash)
    }
  }

  /// The digest of what was given.
  var digest: ContentDigest {
    switch self {
    case .sha256(let hash): .sha256(hexadecimal(hash.finalize()))
    case .gitBlob(let hash): .gitBlob(hexadecimal(hash.finalize()))
    }
  }
}

/// Bytes as lower-case hexadecimal digits.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}
