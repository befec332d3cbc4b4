/// A kind of number by which a state knows a person: how it looks, how it is checked, how it is called.
package struct NationalIdentifier: Sendable {
  /// Country and kind, as `PL_PESEL`.
  package let code: String
  /// Forms without separators: `9` a digit, `A` a letter, `*` either; other characters stand for themselves.
  package let shapes: [String]
  /// Forms with separators that nothing else has, so that they need no word beside them: `9` a digit, `*` any
  /// letter or digit; other characters stand for themselves.
  package let writtenForms: [String]
  /// Whether a text of the shape that passes the check is one even without a word beside it that says so.
  package let isDistinctive: Bool
  /// Words or abbreviations beside it that say what it is, in lower case.
  package let keywords: [String]
  /// The rule on the compact text, which has one of the shapes.
  package let check: @Sendable (CompactText) -> Bool

  package init(
    _ code: String, _ shapes: [String], written: [String] = [], distinctive: Bool = false, keywords: [String],
    check: @escaping @Sendable (CompactText) -> Bool
  ) {
    self.code = code
    self.shapes = shapes
    self.writtenForms = written
    self.isDistinctive = distinctive
    self.keywords = keywords
    self.check = check
  }

  /// Whether a text without separators has a shape of this kind and passes its check.
  package func isValid(_ text: CompactText) -> Bool {
    shapes.contains { Self.matches(text, shape: $0) } && check(text)
  }

  private static func matches(_ text: CompactText, shape: String) -> Bool {
    let shape = shape.utf8
    guard shape.count == text.count else { return false }
    var index = 0
    for expected in shape {
      let fits =
        switch expected {
        case UInt8(ascii: "9"): text.isDigit(index)
        case UInt8(ascii: "A"): text.isLetter(index)
        case UInt8(ascii: "*"): true
        default: text[index] == expected
        }
      guard fits else { return false }
      index += 1
    }
    return true
  }

  /// All kinds that are known.
  package static let all = northernEurope + westernEurope + southernEurope + easternEurope + americas + asiaPacific
}
