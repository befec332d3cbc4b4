/// Characters that are not seen, and letters that look like others.
enum HiddenTextDetectors {
  static let all = [
    Detector(
      "invisible", "zero-width, bidirectional and tag characters", groups: ["hidden"],
      [
        Pattern(
          "zero-width",
          "[\u{200B}\u{200C}\u{2060}-\u{2064}\u{FEFF}\u{180E}\u{00AD}\u{034F}\u{115F}\u{1160}\u{3164}\u{FFA0}]{1,64}",
          label: "", score: 0.8, validate: zeroWidth),
        Pattern("bidi", "[\u{202A}-\u{202E}\u{2066}-\u{2069}]{1,16}", label: "", score: 0.9),
        Pattern("tags", "[\u{E0000}-\u{E007F}]{1,512}", label: "", score: 0.95, validate: tags),
        Pattern("variation selectors", "[\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]{3,512}", label: "", score: 0.95),
      ]),
    Detector(
      "mixed-script", "words that mix Latin with look-alike letters of other scripts", groups: ["hidden"],
      [
        Pattern(
          "look-alike",
          "\\<[A-Za-z]{1,20}[\(similar)][A-Za-z\(similar)]{0,20}|[\(similar)]{1,20}[A-Za-z][A-Za-z\(similar)]{0,20}",
          label: "MIXED", validate: mixed)
      ]),
  ]

  /// The letters of Greek, Cyrillic and Armenian.
  private static let similar = "\u{0370}-\u{03FF}\u{0400}-\u{052F}\u{0531}-\u{0556}\u{0561}-\u{0587}"

  /// A joiner between letters of scripts that need it, or a soft hyphen alone, is ordinary; so is a byte order mark in front.
  private static let zeroWidth: @Sendable (Candidate) -> Judgement? = { candidate in
    let scalars = Array(candidate.text.unicodeScalars)
    guard let before = candidate.before.last else { return scalars == ["\u{FEFF}"] ? nil : Judgement(score: 0.8) }
    if scalars == ["\u{200C}"], before >= 0x80 { return nil }
    if scalars == ["\u{00AD}"] { return Judgement(score: 0.3) }
    return Judgement(score: scalars.count > 1 ? 0.9 : 0.7)
  }

  /// The flags of England, Scotland and Wales are spelt with tags after a black flag.
  private static let tags: @Sendable (Candidate) -> Judgement? = { candidate in
    let flag = Array("\u{1F3F4}".utf8)
    return candidate.before.suffix(4).elementsEqual(flag) && candidate.bytes.count <= 28 ? nil : Judgement(score: 0.95)
  }

  /// Counts when Latin letters stand beside ones that look like Latin and all others do.
  private static let mixed: @Sendable (Candidate) -> Judgement? = { candidate in
    var latin = 0
    var similar = 0
    for scalar in candidate.text.unicodeScalars {
      if scalar.isASCII {
        latin += 1
      } else if case .scalar(let other) = ScalarFolding.fold(scalar), other.isASCII {
        similar += 1
      } else {
        return nil
      }
    }
    return latin > 0 && similar > 0 ? Judgement(score: 0.8) : nil
  }
}
