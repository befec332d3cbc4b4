/// The classes of regular expressions.
///
/// ECMA-262 and Python disagree on some characters. A class here holds those that both put into it, so that a text made
/// by it satisfies either.
extension ScalarSet {
  /// `.`: anything but ends of lines.
  static let anyOnLine = ScalarSet("\n\r\u{2028}\u{2029}").inverted
  static let digits = ScalarSet([0x30...0x39])
  static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  static let space = ScalarSet([
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
    0x205F...0x205F, 0x3000...0x3000,
  ])
  static let notSpace = space.union(ScalarSet([0x1C...0x1F, 0x85...0x85, 0xFEFF...0xFEFF])).inverted
  // Python counts every letter and number of Unicode; what this version of Unicode has not assigned may become one.
  static let notDigits = ScalarSet(categories: ["Nd", "Cn"]).union(digits).inverted
  static let notWord = ScalarSet(categories: ["L", "N", "M", "Cn"]).union(word).inverted

  /// The scalars of a general category: `Lu`, or `L` for all that begin so.
  init?(category name: String) {
    guard Self.categories.keys.contains(where: { $0 == name || name.count == 1 && $0.hasPrefix(name) }) else {
      return nil
    }
    self.init(categories: [name])
  }

  private init(categories names: [String]) {
    self.init(
      Self.categories.filter { entry in names.contains { entry.key == $0 || $0.count == 1 && entry.key.hasPrefix($0) } }
        .flatMap(\.value))
  }

  /// The scalars of each general category, by its short name.
  private static let categories: [String: [ClosedRange<UInt32>]] = {
    var runs: [String: [ClosedRange<UInt32>]] = [:]
    var current: (category: Unicode.GeneralCategory, start: UInt32)?
    for value in 0...last + 1 {
      let category = Unicode.Scalar(value)?.properties.generalCategory
      guard category != current?.category else { continue }
      if let current { runs[name(current.category), default: []].append(current.start...value - 1) }
      current = category.map { ($0, value) }
    }
    return runs
  }()

  private static func name(_ category: Unicode.GeneralCategory) -> String {
    switch category {
    case .uppercaseLetter: "Lu"
    case .lowercaseLetter: "Ll"
    case .titlecaseLetter: "Lt"
    case .modifierLetter: "Lm"
    case .otherLetter: "Lo"
    case .nonspacingMark: "Mn"
    case .spacingMark: "Mc"
    case .enclosingMark: "Me"
    case .decimalNumber: "Nd"
    case .letterNumber: "Nl"
    case .otherNumber: "No"
    case .connectorPunctuation: "Pc"
    case .dashPunctuation: "Pd"
    case .openPunctuation: "Ps"
    case .closePunctuation: "Pe"
    case .initialPunctuation: "Pi"
    case .finalPunctuation: "Pf"
    case .otherPunctuation: "Po"
    case .mathSymbol: "Sm"
    case .currencySymbol: "Sc"
    case .modifierSymbol: "Sk"
    case .otherSymbol: "So"
    case .spaceSeparator: "Zs"
    case .lineSeparator: "Zl"
    case .paragraphSeparator: "Zp"
    case .control: "Cc"
    case .format: "Cf"
    case .surrogate: "Cs"
    case .privateUse: "Co"
    case .unassigned: "Cn"
    @unknown default: "Cn"
    }
  }
}
