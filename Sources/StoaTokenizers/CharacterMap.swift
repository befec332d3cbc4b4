/// The replacement rules of a SentencePiece normaliser: `precompiled_charsmap`.
///
/// The bytes are the length of a double array as a u32, the double array itself, and NUL-terminated replacements, all
/// little-endian (`Normalizer::DecodePrecompiledCharsMap` of sentencepiece). A unit of the double array is 32 bits, as
/// Darts-clone packs them: the label in bits 0–7 and 31, "has a value" in bit 8, the offset in bits 10–30, which counts
/// 256 times as much when bit 9 is set. A node's children lie at its position xor its offset xor the label; its value,
/// the place of the replacement, at label 0. Offsets that lead out of the array end a match, as a missing child does.
struct CharacterMap: Sendable, Equatable {
  private let units: [UInt32]
  private let replacements: [UInt8]
  /// A rule consumes a byte with each step down, so a match ends at the end of the text; rules of sentencepiece have at
  /// most a few characters, and a double array with a cycle could match for ever longer stretches.
  private static let longest = 64

  /// - Parameter field: The name of the field for errors.
  init(_ bytes: [UInt8], field: String) throws(TokenizerError) {
    func word(_ at: Int) -> UInt32 {
      UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
    }
    guard bytes.count > 4 else { throw .malformed(field: field, reason: "\(bytes.count) bytes are too few") }
    let size = Int(word(0))
    guard size > 0, size % 4 == 0, size < bytes.count - 4 else {
      throw .malformed(field: field, reason: "a double array of \(size) bytes in a field of \(bytes.count)")
    }
    units = stride(from: 4, to: 4 + size, by: 4).map { word($0) }
    replacements = Array(bytes[(4 + size)...])
    guard replacements.last == 0 else {
      throw .malformed(field: field, reason: "the last replacement has no end")
    }
  }

  /// A rule that matches at a place in a text.
  struct Match {
    /// Bytes that it replaces.
    var length: Int
    var replacement: Range<Int>
  }

  /// The rule for the longest stretch of text at `start`.
  func longestMatch(_ text: Span<UInt8>, at start: Int, end: Int) -> Match? {
    var best: (length: Int, value: Int)?
    search(text, at: start, end: end) { length, value in
      best = (length, value)
      return true
    }
    return best.map { Match(length: $0.length, replacement: replacement($0.value)) }
  }

  /// The rule for the shortest stretch of text at `start`.
  func shortestMatch(_ text: Span<UInt8>, at start: Int, end: Int) -> Match? {
    var best: (length: Int, value: Int)?
    search(text, at: start, end: end) { length, value in
      best = (length, value)
      return false
    }
    return best.map { Match(length: $0.length, replacement: replacement($0.value)) }
  }

  /// The text of a replacement.
  func text(_ replacement: Range<Int>) -> ArraySlice<UInt8> { replacements[replacement] }

  /// Calls `body` with the length and the value of each rule that matches, shortest first, until it returns false.
  private func search(_ text: Span<UInt8>, at start: Int, end: Int, _ body: (Int, Int) -> Bool) {
    var node = Self.offset(units[0])
    var i = start
    let limit = min(end, start + Self.longest)
    while i < limit, text[i] != 0 {
      node ^= Int(text[i])
      guard node < units.count else { return }
      let unit = units[node]
      if unit & 0x8000_00FF != UInt32(text[i]) { return }
      node ^= Self.offset(unit)
      i += 1
      if unit & 0x100 != 0 {
        guard node < units.count else { return }
        let value = Int(units[node] & 0x7FFF_FFFF)
        if value < replacements.count, !body(i - start, value) { return }
      }
    }
  }

  @inline(__always)
  private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 0x200) >> 6) }

  private func replacement(_ start: Int) -> Range<Int> {
    var end = start
    // The last byte is NUL.
    while replacements[end] != 0 { end += 1 }
    return start..<end
  }
}
