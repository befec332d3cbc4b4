/// Addresses of cryptocurrencies, told from random text by their checksums.
package enum CryptoAddresses {
  /// The currency of an address, or `nil` when the text is none: Base58Check (Bitcoin, Litecoin, Dogecoin, Tron),
  /// Bech32 and Bech32m (BIP 173, BIP 350), or a hexadecimal Ethereum address (EIP-55 when letters are of both cases).
  package static func currency(of text: [UInt8]) -> String? {
    if text.count == 42, text[0] == UInt8(ascii: "0"), text[1] | 32 == UInt8(ascii: "x") {
      return isEthereum(Array(text[2...])) ? "ethereum" : nil
    }
    if (26...35).contains(text.count), let currency = base58Currency(text) { return currency }
    if (14...90).contains(text.count) { return bech32Currency(text) }
    return nil
  }

  private static let base58Digits: [Int8] = {
    var table = [Int8](repeating: -1, count: 256)
    for (value, byte) in "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8.enumerated() {
      table[Int(byte)] = Int8(value)
    }
    return table
  }()

  /// A version byte, twenty bytes, and the first four bytes of SHA-256 taken twice.
  private static func base58Currency(_ text: [UInt8]) -> String? {
    var bytes = [UInt8](repeating: 0, count: 25)
    for character in text {
      var carry = Int(base58Digits[Int(character)])
      guard carry >= 0 else { return nil }
      for index in bytes.indices.reversed() {
        carry += Int(bytes[index]) * 58
        bytes[index] = UInt8(truncatingIfNeeded: carry)
        carry >>= 8
      }
      guard carry == 0 else { return nil }
    }
    let currency: String
    switch bytes[0] {
    case 0x00, 0x05: currency = "bitcoin"
    case 0x1E: currency = "dogecoin"
    case 0x30, 0x32: currency = "litecoin"
    case 0x41: currency = "tron"
    default: return nil
    }
    let checksum = Digests.sha256(Digests.sha256(Array(bytes[..<21])))
    return bytes[21...].elementsEqual(checksum[..<4]) ? currency : nil
  }

  private static let bech32Digits: [Int8] = {
    var table = [Int8](repeating: -1, count: 256)
    for (value, byte) in "qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8.enumerated() { table[Int(byte)] = Int8(value) }
    return table
  }()

  private static func bech32Currency(_ text: [UInt8]) -> String? {
    let hasUpper = text.contains { $0 &- 65 < 26 }
    let hasLower = text.contains { $0 &- 97 < 26 }
    guard !(hasUpper && hasLower) else { return nil }
    let lower = text.map { $0 &- 65 < 26 ? $0 + 32 : $0 }
    let prefixes = [("bc", "bitcoin"), ("tb", "bitcoin"), ("ltc", "litecoin")]
    guard let (prefix, currency) = prefixes.first(where: { lower.starts(with: Array(($0.0 + "1").utf8)) }) else {
      return nil
    }
    var values = prefix.utf8.map { Int($0) >> 5 } + [0] + prefix.utf8.map { Int($0) & 31 }
    for byte in lower[(prefix.utf8.count + 1)...] {
      let value = Int(bech32Digits[Int(byte)])
      guard value >= 0 else { return nil }
      values.append(value)
    }
    var check = 1
    for value in values {
      let top = check >> 25
      check = (check & 0x1FF_FFFF) << 5 ^ value
      for (bit, generator) in [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3].enumerated()
      where top >> bit & 1 == 1 { check ^= generator }
    }
    // 1 for Bech32 (witness version 0), the other constant for Bech32m (versions from 1 on).
    return check == 1 || check == 0x2BC8_30A3 ? currency : nil
  }

  /// EIP-55: a letter is upper case when the nibble at its place in the Keccak-256 of the lower-case text is over 7.
  private static func isEthereum(_ digits: [UInt8]) -> Bool {
    guard digits.allSatisfy({ $0 &- 48 < 10 || ($0 | 32) &- 97 < 6 }) else { return false }
    let hasUpper = digits.contains { $0 &- 65 < 26 }
    let hasLower = digits.contains { $0 &- 97 < 26 }
    guard hasUpper && hasLower else { return true }
    let hash = Digests.keccak256(digits.map { $0 &- 65 < 26 ? $0 + 32 : $0 })
    for (index, byte) in digits.enumerated() where byte > 64 {
      let nibble = index % 2 == 0 ? hash[index / 2] >> 4 : hash[index / 2] & 15
      guard (nibble > 7) == (byte &- 65 < 26) else { return false }
    }
    return true
  }
}
