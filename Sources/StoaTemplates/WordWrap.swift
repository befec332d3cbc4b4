/// The filter `wordwrap`: Python's `textwrap.wrap` on each line.
extension Interpreter {
  func wordWrapped(_ text: Text, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, "wordwrap", ["width", "break_long_words", "wrapstring", "break_on_hyphens"])
    let width = try integer(values[0] ?? .int(79), "width")
    let separator: Text =
      switch values[2] {
      case nil, .none?: Text("\n")
      case let value?: try self.text(value, "wordwrap")
      }
    let wrapper = WordWrapper(
      width: width, breaksLongWords: values[1]?.isTrue ?? true, breaksOnHyphens: values[3]?.isTrue ?? true)
    var result: [UInt8] = []
    let lines = text.lines(limit: limits.sequenceLength)
    try checkLength(lines.count)
    for (i, line) in lines.enumerated() {
      guard width > 0 else { throw fault(.value, "the width of wordwrap must be positive") }
      if i > 0 { result += separator.bytes }
      // A chunk may be one letter, and takes many bytes for each.
      try allocate(line.bytes.count * 64)
      for (i, piece) in wrapper.wrap(line.scalars).enumerated() {
        if i > 0 { result += separator.bytes }
        for scalar in piece { result.append(scalar: scalar) }
        guard result.count <= limits.outputBytes else {
          throw fault(.limit, "a string is longer than \(limits.outputBytes) bytes")
        }
      }
    }
    return try make(separator.derived(result))
  }
}

/// Breaks a line into lines of at most `width` code points, where words end.
///
/// The rules are those of Python's `textwrap.TextWrapper`: white space is dropped at the ends of lines, and words can be
/// broken after hyphens.
private struct WordWrapper {
  let width: Int
  let breaksLongWords: Bool
  let breaksOnHyphens: Bool

  typealias Chunk = ArraySlice<Unicode.Scalar>

  func wrap(_ line: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
    var lines: [[Unicode.Scalar]] = []
    let chunks = chunks(of: line)
    var next = 0
    /// What is left of the chunk at `next` when a part of it stands on the line before.
    var rest: Chunk?
    while next < chunks.count {
      var current: [Chunk] = []
      var length = 0
      if !lines.isEmpty, isBlank(rest ?? chunks[next]) { (next, rest) = (next + 1, nil) }
      while next < chunks.count, case let chunk = rest ?? chunks[next], length + chunk.count <= width {
        current.append(chunk)
        length += chunk.count
        (next, rest) = (next + 1, nil)
      }
      if next < chunks.count, case let chunk = rest ?? chunks[next], chunk.count > width {
        let space = width - length
        if breaksLongWords {
          // Without space this is an empty part, which then counts as the blank end of the line, as in Python.
          let end = chunk.startIndex + breakPoint(in: chunk, space: space)
          current.append(chunk[..<end])
          rest = chunk[end...]
        } else if current.isEmpty {
          current.append(chunk)
          (next, rest) = (next + 1, nil)
        }
      }
      if let last = current.last, isBlank(last) { current.removeLast() }
      if !current.isEmpty { lines.append(Array(current.joined())) }
    }
    return lines
  }

  private func breakPoint(in chunk: Chunk, space: Int) -> Int {
    guard breaksOnHyphens, let hyphen = chunk.prefix(space).lastIndex(of: "-"), hyphen > chunk.startIndex,
      chunk[..<hyphen].contains(where: { $0 != "-" })
    else { return space }
    return hyphen - chunk.startIndex + 1
  }

  private func isBlank(_ chunk: Chunk) -> Bool { chunk.allSatisfy(\.isPythonSpace) }

  // MARK: Chunks

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar == " " || (0x09...0x0D).contains(scalar.value)
  }

  /// `\w` of Python's regular expressions.
  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.isPythonAlphabetic || scalar.properties.numericType != nil
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    isWord(scalar) && scalar.properties.numericType != .decimal
  }

  private static func isWordOrPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    isWord(scalar) || "!\"'&.,?".unicodeScalars.contains(scalar)
  }

  /// Runs of white space, words and their hyphenated parts, and dashes of two or more hyphens between words.
  private func chunks(of line: [Unicode.Scalar]) -> [Chunk] {
    var chunks: [Chunk] = []
    var start = 0
    while start < line.count {
      var end = start
      if Self.isSpace(line[start]) {
        while end < line.count, Self.isSpace(line[end]) { end += 1 }
      } else if let dash = breaksOnHyphens ? dashEnd(line, start) : nil {
        end = dash
      } else {
        end = wordEnd(line, start)
      }
      chunks.append(line[start..<end])
      start = end
    }
    return chunks
  }

  /// Where the dash that starts at `start` ends, when it joins two words.
  private func dashEnd(_ line: [Unicode.Scalar], _ start: Int) -> Int? {
    guard start > 0, line[start] == "-", Self.isWordOrPunctuation(line[start - 1]) else { return nil }
    var end = start
    while end < line.count, line[end] == "-" { end += 1 }
    return end - start >= 2 && end < line.count && Self.isWord(line[end]) ? end : nil
  }

  private func wordEnd(_ line: [Unicode.Scalar], _ start: Int) -> Int {
    var end = start + 1
    while end < line.count, !Self.isSpace(line[end]) {
      if breaksOnHyphens {
        if Self.isWordOrPunctuation(line[end - 1]), dashEnd(line, end) != nil { return end }
        if line[end] == "-", end > start, endsHyphenatedPart(line, end) { return end + 1 }
      }
      end += 1
    }
    return end
  }

  /// Whether a hyphen stands after two letters, or after a letter, a hyphen and a further character, and before letters.
  private func endsHyphenatedPart(_ line: [Unicode.Scalar], _ hyphen: Int) -> Bool {
    func isLetter(_ place: Int) -> Bool { line.indices.contains(place) && Self.isLetter(line[place]) }
    let afterTwo = isLetter(hyphen - 1) && isLetter(hyphen - 2)
    let afterOne =
      hyphen >= 3 && isLetter(hyphen - 3) && line[hyphen - 2] == "-" && Self.isWordOrPunctuation(line[hyphen - 1])
    guard afterTwo || afterOne, isLetter(hyphen + 1) else { return false }
    let next = hyphen + 2 < line.count && line[hyphen + 2] == "-" ? hyphen + 3 : hyphen + 2
    return isLetter(next)
  }
}

/// The filter `urlencode`.
extension Interpreter {
  func urlEncoded(_ value: Value) throws(TemplateError) -> Value {
    switch value {
    case .text, .none, .bool, .int, .double, .undefined:
      return try make(percentEncoded(try string(value), isQuery: false))
    default: break
    }
    var pairs: [Value]
    if case .dict(let dictionary) = value {
      pairs = (0..<dictionary.keys.count).map(DictionaryView(dictionary, .items).item)
    } else {
      pairs = try items(of: value)
    }
    var result: [UInt8] = []
    for (i, pair) in pairs.enumerated() {
      let parts = try items(of: pair)
      guard parts.count == 2 else { throw fault(.value, "urlencode takes a string, a mapping or pairs") }
      if i > 0 { result.append(UInt8(ascii: "&")) }
      result += try percentEncoded(try string(parts[0]), isQuery: true).bytes
      result.append(UInt8(ascii: "="))
      result += try percentEncoded(try string(parts[1]), isQuery: true).bytes
      guard result.count <= limits.outputBytes else { throw fault(.limit, "a string is too long") }
    }
    return try make(Text(bytes: result))
  }

  /// As Python's `urllib.parse.quote` does, and `quote_plus` for parts of a query.
  private func percentEncoded(_ text: Text, isQuery: Bool) throws(TemplateError) -> Text {
    try charge(text.bytes.count >> 2)
    var result: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.bytes {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
        UInt8(ascii: "~"):
        result.append(byte)
      case UInt8(ascii: "/") where !isQuery: result.append(byte)
      case UInt8(ascii: " ") where isQuery: result.append(UInt8(ascii: "+"))
      default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return Text(bytes: result)
  }
}
