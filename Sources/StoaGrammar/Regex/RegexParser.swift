/// A regular expression as it is written.
indirect enum RegexNode {
  case empty
  case set(ScalarSet)
  case sequence([RegexNode])
  case alternatives([RegexNode])
  case repetition(RegexNode, minimum: Int, maximum: Int?)
  /// `^`
  case start
  /// `$`
  case end
}

/// Reads the part of ECMA-262's regular expressions that describes regular sets: classes, groups, alternatives,
/// repetitions, anchors. What looks around or back is refused.
struct RegexParser {
  private let pattern: String
  private let scalars: [Unicode.Scalar]
  private var offset = 0
  private var depth = 0

  init(_ pattern: String) {
    self.pattern = pattern
    scalars = Array(pattern.unicodeScalars)
  }

  mutating func parse() throws(GrammarError) -> RegexNode {
    guard scalars.count <= GrammarLimit.patternLength else {
      throw failure("more than \(GrammarLimit.patternLength) characters")
    }
    let node = try alternatives()
    guard offset == scalars.count else { throw failure("a closing parenthesis without an opening one") }
    return node
  }

  // MARK: Characters

  private var next: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

  func failure(_ problem: String) -> GrammarError { .regex(pattern: pattern, offset: offset, problem: problem) }

  private mutating func skip(_ text: String) -> Bool {
    guard scalars[offset...].starts(with: text.unicodeScalars) else { return false }
    offset += text.unicodeScalars.count
    return true
  }

  private mutating func take() throws(GrammarError) -> Unicode.Scalar {
    guard let scalar = next else { throw failure("the expression ends too early") }
    offset += 1
    return scalar
  }

  // MARK: Structure

  private mutating func alternatives() throws(GrammarError) -> RegexNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= GrammarLimit.nesting else {
      throw failure("more than \(GrammarLimit.nesting) groups in each other")
    }
    var branches = [try sequence()]
    while skip("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  private mutating func sequence() throws(GrammarError) -> RegexNode {
    var parts: [RegexNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      let item = try atom()
      parts.append(try repeated(item))
    }
    return parts.isEmpty ? .empty : parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func atom() throws(GrammarError) -> RegexNode {
    switch try take() {
    case "(": return try group()
    case "[": return .set(try bracketClass())
    case ".": return .set(.anyOnLine)
    case "^": return .start
    case "$": return .end
    case "\\": return try escape()
    case "*", "+", "?":
      offset -= 1
      throw failure("nothing to repeat")
    case let scalar: return .set(ScalarSet([scalar.value...scalar.value]))
    }
  }

  private mutating func group() throws(GrammarError) -> RegexNode {
    if skip("?") {
      for kind in ["=", "!", "<=", "<!"] where skip(kind) {
        throw failure("looking ahead or behind is not supported; say what the text is, not what surrounds it")
      }
      if skip("<") || skip("P<") {
        // A named group; nothing here refers to names.
        while try take() != ">" {}
      } else if !skip(":") {
        throw failure("a kind of group that is not supported")
      }
    }
    let node = try alternatives()
    guard skip(")") else { throw failure("a group is not closed") }
    return node
  }

  private mutating func escape() throws(GrammarError) -> RegexNode {
    switch next {
    case "b", "B": throw failure("\\b and \\B look at what surrounds them, which is not supported")
    case "k": throw failure("a reference to a group is not supported")
    case let scalar? where ("1"..."9").contains(scalar):
      throw failure("a reference to a group is not supported")
    default: break
    }
    switch try escapedMember() {
    case .set(let set): return .set(set)
    case .scalar(let scalar): return .set(ScalarSet([scalar...scalar]))
    }
  }

  // MARK: Repetition

  private mutating func repeated(_ item: RegexNode) throws(GrammarError) -> RegexNode {
    guard let (minimum, maximum) = try repetition() else { return item }
    switch item {
    case .start, .end: throw failure("an anchor cannot be repeated")
    default: break
    }
    // Which of several matches is found does not matter for the set of texts.
    if !skip("?"), skip("+") { throw failure("a possessive repetition is not supported") }
    if let scalar = next, scalar == "*" || scalar == "+" || scalar == "?" { throw failure("nothing to repeat") }
    return .repetition(item, minimum: minimum, maximum: maximum)
  }

  private mutating func repetition() throws(GrammarError) -> (minimum: Int, maximum: Int?)? {
    if skip("*") { return (0, nil) }
    if skip("+") { return (1, nil) }
    if skip("?") { return (0, 1) }
    let start = offset
    guard skip("{") else { return nil }
    guard let minimum = try number() else {
      // Braces that hold no count stand for themselves.
      offset = start
      return nil
    }
    var maximum: Int? = minimum
    if skip(",") { maximum = try number() }
    guard skip("}") else {
      offset = start
      return nil
    }
    if let maximum, maximum < minimum { throw failure("the counts in braces are in the wrong order") }
    return (minimum, maximum)
  }

  private mutating func number() throws(GrammarError) -> Int? {
    var value: Int?
    while let scalar = next, scalar.isASCII, let digit = Character(scalar).wholeNumberValue {
      let sum = (value ?? 0) * 10 + digit
      guard sum <= GrammarLimit.repetitions else { throw failure("a count of more than \(GrammarLimit.repetitions)") }
      value = sum
      offset += 1
    }
    return value
  }

  // MARK: Classes

  private enum Member {
    case scalar(UInt32)
    case set(ScalarSet)
  }

  /// A class after its opening bracket.
  private mutating func bracketClass() throws(GrammarError) -> ScalarSet {
    let isNegated = skip("^")
    var ranges: [ClosedRange<UInt32>] = []
    while !skip("]") {
      switch try member() {
      case .set(let set): ranges += set.ranges
      case .scalar(let first):
        guard next == "-", offset + 1 < scalars.count, scalars[offset + 1] != "]" else {
          ranges.append(first...first)
          continue
        }
        offset += 1
        guard case .scalar(let last) = try member(), first <= last else {
          throw failure("a range whose end is before its beginning, or a class")
        }
        ranges.append(first...last)
      }
    }
    let set = ScalarSet(ranges)
    return isNegated ? set.inverted : set
  }

  private mutating func member() throws(GrammarError) -> Member {
    let scalar = try take()
    return scalar == "\\" ? try escapedMember() : .scalar(scalar.value)
  }

  /// What a backslash begins, in a class or outside.
  private mutating func escapedMember() throws(GrammarError) -> Member {
    switch try take() {
    case "d": return .set(.digits)
    case "D": return .set(.notDigits)
    case "w": return .set(.word)
    case "W": return .set(.notWord)
    case "s": return .set(.space)
    case "S": return .set(.notSpace)
    case "p": return .set(try property(isNegated: false))
    case "P": return .set(try property(isNegated: true))
    case "n": return .scalar(0x0A)
    case "r": return .scalar(0x0D)
    case "t": return .scalar(0x09)
    case "f": return .scalar(0x0C)
    case "v": return .scalar(0x0B)
    case "b": return .scalar(0x08)
    case "0": return .scalar(0)
    case "x": return .scalar(try hexadecimal(2))
    case "u": return .scalar(skip("{") ? try bracedHexadecimal() : try hexadecimal(4))
    case let scalar:
      if scalar.isASCII, scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
        offset -= 1
        throw failure("the escape \\\(scalar) is not supported")
      }
      return .scalar(scalar.value)
    }
  }

  private mutating func hexadecimal(_ digits: Int) throws(GrammarError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = Character(try take()).hexDigitValue else { throw failure("a hexadecimal digit was expected") }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  private mutating func bracedHexadecimal() throws(GrammarError) -> UInt32 {
    var value: UInt32 = 0
    while !skip("}") {
      guard let digit = Character(try take()).hexDigitValue, value <= ScalarSet.last >> 4 else {
        throw failure("not the number of a character")
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// The rest of `\p{…}`.
  private mutating func property(isNegated: Bool) throws(GrammarError) -> ScalarSet {
    guard skip("{") else { throw failure("{ was expected after \\p") }
    var name = ""
    while !skip("}") { name.unicodeScalars.append(try take()) }
    for prefix in ["gc=", "General_Category="] where name.hasPrefix(prefix) { name.removeFirst(prefix.count) }
    guard let set = ScalarSet(category: name) else {
      throw failure("\\p{\(name)} is not supported; general categories such as L, Lu or Nd are")
    }
    return isNegated ? set.inverted : set
  }
}
