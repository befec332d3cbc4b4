/// What a `Replace` of a `tokenizer.json` looks for.
enum TextPattern: Sendable {
  case text([UInt8])
  case expression(RegexProgram)

  /// The matches from left to right; they do not overlap, and none is empty.
  func matches(in text: Span<UInt8>) -> [Range<Int>] {
    var matches: [Range<Int>] = []
    switch self {
    case .text(let wanted):
      guard let first = wanted.first else { return [] }
      var i = 0
      while i + wanted.count <= text.count {
        var length = text[i] == first ? 1 : 0
        while length > 0, length < wanted.count, text[i + length] == wanted[length] { length += 1 }
        if length == wanted.count { matches.append(i..<i + length) }
        i += length == wanted.count ? length : 1
      }
    case .expression(let program):
      var matcher = RegexMatcher(program, text, 0..<text.count)
      while let match = matcher.next() { if !match.isEmpty { matches.append(match) } }
    }
    return matches
  }

  /// The text with all matches replaced.
  func replacing(in text: [UInt8], with content: [UInt8]) -> [UInt8] {
    let matches = matches(in: text.span)
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
