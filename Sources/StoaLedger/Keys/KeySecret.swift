import Crypto

/// The text that a client sends.
enum KeySecret {
  static let start = "sk-stoa-"
  /// How much of it is shown: 32 of its 256 random bits.
  static let prefixLength = start.count + 8

  static func make() -> String {
    start + (0..<4).map { _ in hexadecimal(UInt64.random(in: .min ... .max)) }.joined()
  }

  /// The secret has 256 random bits, so nobody can try them all: a slow password hash would protect nothing,
  /// and would have to be computed for every request.
  static func digest(_ secret: String) -> SHA256Digest { SHA256.hash(data: Array(secret.utf8)) }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

enum KeyID {
  static func make() -> String {
    let alphabet = Array("0123456789abcdefghijkmnpqrstuvwxyz")
    return "key_" + String((0..<12).map { _ in alphabet[Int.random(in: 0..<alphabet.count)] })
  }
}
