/// What a `Replace` or a `Split` of a `tokenizer.json` looks for.
enum TextPattern: Sendable {
  case text([UInt8])
  /// A run of at least `minimum` of one set of scalars.
  case run(RunMember, minimum: Int)

  enum RunMember: Sendable, Equatable {
    case scalar(UInt32)
    case whitespace

    fileprivate func contains(_ scalar: DecodedScalar) -> Bool {
      switch self {
      case .scalar(let value): scalar.value == value
      case .whitespace: UnicodeClass(scalar).intersects(.space)
      }
    }
  }

  /// The regular expressions that tokenizers have here: `x`, `x+`, `x{n,}` where x is a character or `\s`; nil for others.
  init?(regularExpression: String) {
    var rest = Array(regularExpression.unicodeScalars)[...]
    guard let first = rest.popFirst() else { return nil }
    let member: RunMember
    switch (first, first == "\\" ? rest.popFirst() : nil) {
    case ("\\", "s"): member = .whitespace
    case ("\\", "n"): member = .scalar(0xA)
    case ("\\", "t"): member = .scalar(0x9)
    case ("\\", "r"): member = .scalar(0xD)
    case ("\\", _): return nil
    default:
      if ".[](){}*+?^$|".unicodeScalars.contains(first) { return nil }
      member = .scalar(first.value)
    }
    let suffix = rest.map { String($0) }.joined()
    switch suffix {
    case "+": self = .run(member, minimum: 1)
    case "":
      guard case .scalar(let value) = member, let scalar = Unicode.Scalar(value) else { return nil }
      self = .text(Array(String(Character(scalar)).utf8))
    default:
      guard suffix.hasPrefix("{"), suffix.hasSuffix(",}"), let minimum = Int(suffix.dropFirst().dropLast(2)),
        minimum > 0
      else { return nil }
      self = .run(member, minimum: minimum)
    }
  }

  /// The matches from left to right; they do not overlap, and none is empty.
  func matches(in text: Span<UInt8>, _ range: Range<Int>) -> [Range<Int>] {
    switch self {
    case .text(let wanted): Self.matches(of: wanted, in: text, range)
    case .run(let member, let minimum): Self.runs(of: member, minimum: minimum, in: text, range)
    }
  }

  private static func matches(of wanted: [UInt8], in text: Span<UInt8>, _ range: Range<Int>) -> [Range<Int>] {
    guard let first = wanted.first else { return [] }
    var matches: [Range<Int>] = []
    var i = range.lowerBound
    while i + wanted.count <= range.upperBound {
      var length = text[i] == first ? 1 : 0
      while length > 0, length < wanted.count, text[i + length] == wanted[length] { length += 1 }
      if length == wanted.count { matches.append(i..<i + length) }
      i += length == wanted.count ? length : 1
    }
    return matches
  }

  private static func runs(
    of member: RunMember, minimum: Int, in text: Span<UInt8>, _ range: Range<Int>
  ) -> [Range<Int>] {
    var matches: [Range<Int>] = []
    var (start, count, i) = (range.lowerBound, 0, range.lowerBound)
    while i < range.upperBound {
      let scalar = text.scalar(at: i, end: range.upperBound)
      if member.contains(scalar) {
        if count == 0 { start = i }
        count += 1
      } else {
        if count >= minimum { matches.append(start..<i) }
        count = 0
      }
      i += scalar.length
    }
    if count >= minimum { matches.append(start..<i) }
    return matches
  }

  /// The text with all matches replaced.
  func replacing(in text: [UInt8], with content: [UInt8]) -> [UInt8] {
    let matches = matches(in: text.span, 0..<text.count)
    if matches.isEmpty { return text }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var end = 0
    for match in matches {
      result += text[end..<match.lowerBound]
      result += content
      end = match.upperBound
    }
    return result + text[end...]
  }
}
