/// Validators of addresses of machines and of money on chains.
enum NetworkAddresses {
  /// Four octets (RFC 791), perhaps with a prefix length; a byte or two after it tell that no further part follows.
  static let version4Expression = #"\<(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?\>(?:$|[^.]|\.(?:[^0-9]|$))"#

  /// Judges a match of `version4Expression`.
  static func version4(_ candidate: Candidate) -> Judgement? {
    if let last = candidate.before.last {
      if last == UInt8(ascii: ".") { return nil }
      // `v1.2.3.4` and `version 1.2.3.4` are releases.
      if Context(candidate.before.suffix(12)).contains(anyOf: ["version", "v", "release", "ver", "build"]) {
        return nil
      }
    }
    let end = candidate.bytes.prefix { $0 &- 48 < 10 || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
    var length = end.count
    while length > 0, !(end[end.startIndex + length - 1] &- 48 < 10) { length -= 1 }
    let octets = end.prefix(length).split { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
    for (index, octet) in octets.enumerated() {
      let value = octet.reduce(0) { $0 * 10 + Int($1) - 48 }
      guard value <= (index == 4 ? 32 : 255), octet.count == 1 || octet.first != UInt8(ascii: "0") else { return nil }
    }
    return Judgement(score: 0.9, part: 0..<length)
  }

  /// Groups of up to four hexadecimal digits between colons (RFC 4291), perhaps an IPv4 tail, a zone or a prefix length.
  static let version6Expression =
    #"(?:\<[0-9A-Fa-f]{1,4}:|::)(?:[0-9A-Fa-f]{0,4}:){0,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{1,4}|:)?(?:%[A-Za-z0-9]{1,15})?(?:/\d{1,3})?\>(?:$|[^:])"#

  /// Judges a match of `version6Expression`.
  static func version6(_ candidate: Candidate) -> Judgement? {
    if let last = candidate.before.last, last == UInt8(ascii: ":") || (last | 32) &- 97 < 26 || last &- 48 < 10 {
      return nil
    }
    // The byte that ends the match is not part of the address, unless the text ended.
    var bytes = candidate.bytes
    let isPart = { (byte: UInt8) in byte &- 48 < 10 || (byte | 32) &- 97 < 26 || byte == UInt8(ascii: ":") }
    if let last = bytes.last, !isPart(last) { bytes = bytes.dropLast() }
    let length = bytes.count
    bytes = bytes.prefix { $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "/") }
    guard isVersion6(bytes) else { return nil }
    return Judgement(score: 0.9, part: 0..<length)
  }

  private static func isVersion6(_ bytes: ArraySlice<UInt8>) -> Bool {
    let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count >= 3 else { return false }
    var groups = 0
    var empty = 0
    for (index, part) in parts.enumerated() {
      if part.isEmpty {
        let isEdge = index == 0 || index == parts.count - 1
        let neighbour = index == 0 ? parts[1] : parts[max(0, index - 1)]
        if isEdge, !neighbour.isEmpty { return false }
        if !isEdge { empty += 1 }
      } else if part.contains(UInt8(ascii: ".")) {
        guard index == parts.count - 1 else { return false }
        groups += 2
      } else if part.count <= 4 {
        groups += 1
      } else {
        return false
      }
    }
    if empty == 0 { return groups == 8 }
    // `::` stands for at least one group; a few letters on both sides are more often a name in a program.
    let hasDigit = bytes.contains { $0 &- 48 < 10 }
    return empty == 1 && (1...7).contains(groups) && hasDigit
  }

  /// IEEE 802 addresses of 48 or 64 bits in pairs with colons or hyphens; a byte after it tells that no pair follows.
  static let macExpression =
    #"\<[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5,7}\>(?:$|[^:])|\<[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5,7}\>(?:$|[^-])"#

  /// Judges a match of `macExpression`.
  static func mac(_ candidate: Candidate) -> Judgement? {
    if let last = candidate.before.last, last == UInt8(ascii: ":") || last == UInt8(ascii: "-") { return nil }
    // Pairs with their separators, and the byte after them unless the text ended.
    let length = candidate.bytes.count.isMultiple(of: 3) ? candidate.bytes.count - 1 : candidate.bytes.count
    return length == 17 || length == 23 ? Judgement(score: 0.9, part: 0..<length) : nil
  }

  /// What may be an address of a cryptocurrency.
  static let cryptoExpression = [
    #"\<0x[0-9A-Fa-f]{40}\>"#, #"\<[13LMDAT9][1-9A-HJ-NP-Za-km-z]{25,34}\>"#,
    #"\<(?:bc1|tb1|ltc1|BC1|TB1|LTC1)[02-9A-HJ-NP-Zac-hj-np-z]{11,87}\>"#,
  ].joined(separator: "|")

  /// Judges a match of `cryptoExpression`.
  static func crypto(_ candidate: Candidate) -> Judgement? {
    CryptoAddresses.currency(of: Array(candidate.bytes)) == nil ? nil : Judgement(score: 1)
  }
}
