/// How many columns text takes in a terminal.
///
/// Facts from Unicode: EastAsianWidth.txt (W and F take two columns; UAX #11), Emoji_Presentation and variation
/// selector 16 (UTS #51), general categories Mn, Me and Cf (no column of their own). Ambiguous width counts as one.
/// The standard library knows the emoji and the categories, so the table holds only wide ranges that are not emoji.
public enum DisplayWidth {
  /// The columns of a text without control characters; those, if present, count as none.
  public static func of(_ text: String) -> Int {
    var columns = 0
    for character in text { columns += of(character) }
    return columns
  }

  /// The columns of a text that may hold SGR escape sequences, as `Style` writes them.
  public static func of(styled text: String) -> Int {
    guard text.unicodeScalars.contains("\u{1B}") else { return of(text) }
    var plain = String.UnicodeScalarView()
    var inEscape = false
    for scalar in text.unicodeScalars {
      if inEscape {
        // A sequence is ESC [ parameters, and its final byte is a letter.
        inEscape = !("a"..."z").contains(scalar) && !("A"..."Z").contains(scalar)
      } else if scalar == "\u{1B}" {
        inEscape = true
      } else {
        plain.append(scalar)
      }
    }
    return of(String(plain))
  }

  /// The columns of one grapheme cluster: two for every emoji, else the sum over its scalars.
  public static func of(_ character: Character) -> Int {
    let scalars = character.unicodeScalars
    guard let first = scalars.first else { return 0 }
    if first.value < 0x7F { return first.value < 0x20 ? 0 : scalars.contains("\u{FE0F}") ? 2 : 1 }
    // A sequence joined by ZWJ, a skin tone, a flag or an emoji keycap is drawn as one picture.
    if first.properties.isEmojiPresentation { return 2 }
    if scalars.contains("\u{FE0F}") && first.properties.isEmoji { return 2 }
    var columns = 0
    for scalar in scalars { columns += of(scalar) }
    return columns
  }

  /// The columns of one scalar on its own.
  static func of(_ scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x20 || (0x7F..<0xA0).contains(value) { return 0 }
    if value < 0x300 { return value == 0xAD ? 0 : 1 }
    // Vowels and final consonants of conjoining Hangul are drawn inside the leading consonant's two columns.
    if (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) { return 0 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control, .lineSeparator, .paragraphSeparator: return 0
    default: break
    }
    if scalar.properties.isEmojiPresentation { return 2 }
    return isWide(value) ? 2 : 1
  }

  /// Wide ranges that are not emoji, in ascending order; unassigned gaps inside a block are joined over.
  private static let wideRanges: [ClosedRange<UInt32>] = [
    0x1100...0x115F,  // Hangul leading consonants
    0x2329...0x232A, 0x2630...0x2637, 0x268A...0x268F,  // angle brackets, trigrams, monograms and digrams
    0x2E80...0x303E, 0x3041...0x3247, 0x3250...0xA4C6,  // CJK, kana, Yi
    0xA960...0xA97C, 0xAC00...0xD7A3,  // Hangul
    0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B,  // CJK compatibility
    0xFF01...0xFF60, 0xFFE0...0xFFE6,  // full-width forms
    0x16FE0...0x1B2FB,  // Tangut, Khitan, kana supplement, Nüshu
    0x1D300...0x1D356, 0x1D360...0x1D376,  // Tai Xuan Jing, counting rods
    0x1F200...0x1F265,  // enclosed ideographs
    0x20000...0x3FFFD,  // ideographic planes
  ]

  private static func isWide(_ value: UInt32) -> Bool {
    var low = 0
    var high = wideRanges.count
    while low < high {
      let middle = (low + high) / 2
      if value > wideRanges[middle].upperBound { low = middle + 1 } else { high = middle }
    }
    return low < wideRanges.count && wideRanges[low].contains(value)
  }
}
