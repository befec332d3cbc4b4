/// What stands before a candidate, in lower case, for questions about its words.
struct Context {
  private let bytes: [UInt8]

  init(_ before: ArraySlice<UInt8>) {
    bytes = before.map { $0 &- 65 < 26 ? $0 | 32 : $0 }
  }

  /// Whether one of the phrases, given in lower case, stands there as whole words.
  func contains(anyOf phrases: [String]) -> Bool {
    phrases.contains { contains($0) }
  }

  private func contains(_ phrase: String) -> Bool {
    var phrase = phrase
    return phrase.withUTF8 { needle in
      guard let first = unsafe needle.first, needle.count <= bytes.count else { return false }
      for start in 0...(bytes.count - needle.count) where bytes[start] == first {
        if start > 0, Self.isLetter(bytes[start - 1]) { continue }
        let end = start + needle.count
        if end < bytes.count, Self.isLetter(bytes[end]), !Self.isPlural(bytes, end) { continue }
        var matched = 1
        while unsafe matched < needle.count && bytes[start + matched] == needle[matched] { matched += 1 }
        if matched == needle.count { return true }
      }
      return false
    }
  }

  /// Scripts without spaces between words have no letters that end a word, so only those of ASCII count.
  private static func isLetter(_ byte: UInt8) -> Bool { (byte | 32) &- 97 < 26 }

  private static func isPlural(_ bytes: [UInt8], _ index: Int) -> Bool {
    bytes[index] == UInt8(ascii: "s") && (index + 1 == bytes.count || !isLetter(bytes[index + 1]))
  }
}
