/// Reads the part of regular expressions that pre-tokenisers use: alternatives, groups, classes with `\p{…}` and `&&`,
/// repetitions, look-ahead, look-behind of one character, anchors and case-insensitive groups.
///
/// Source: the documentation of Oniguruma (`doc/RE`) and of the crates `regex` and `fancy-regex`.
struct RegexParser {
  let scalars: [Unicode.Scalar]
  let dialect: RegexDialect
  var offset = 0
  var ignoresCase = false
  private var depth = 0

  private static let longest = 16_384
  private static let deepest = 64
  /// The largest count in braces.
  static let mostRepetitions = 4096

  init(_ expression: String, _ dialect: RegexDialect) {
    scalars = Array(expression.unicodeScalars)
    self.dialect = dialect
  }

  mutating func parse() throws(RegexError) -> RegexNode {
    guard scalars.count <= Self.longest else { throw failure("more than \(Self.longest) characters") }
    let node = try alternatives()
    guard offset == scalars.count else { throw failure("a closing parenthesis without an opening one") }
    return node
  }

  // MARK: Characters

  var next: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

  func failure(_ reason: String) -> RegexError { RegexError(offset: offset, reason: reason) }

  mutating func skip(_ text: String) -> Bool {
    let expected = Array(text.unicodeScalars)
    guard scalars[offset...].starts(with: expected) else { return false }
    offset += expected.count
    return true
  }

  mutating func take() throws(RegexError) -> Unicode.Scalar {
    guard let scalar = next else { throw failure("the expression ends too early") }
    offset += 1
    return scalar
  }

  // MARK: Structure

  private mutating func alternatives() throws(RegexError) -> RegexNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw failure("more than \(Self.deepest) groups in each other") }
    // A flag set within a group ends with it.
    let outerCase = ignoresCase
    defer { ignoresCase = outerCase }
    var branches = [try sequence()]
    while skip("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  private mutating func sequence() throws(RegexError) -> RegexNode {
    var parts: [RegexNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      let item = try atom()
      parts.append(try repetitions(of: item))
    }
    return parts.isEmpty ? .empty : parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func atom() throws(RegexError) -> RegexNode {
    switch try take() {
    case "(": return try group()
    case "[": return .set(finished(try bracketClass()))
    case ".": return .set(finished(ScalarSet(0x0A).inverted))
    case "^": return .assertion(dialect == .oniguruma ? .lineStart : .textStart)
    case "$": return .assertion(dialect == .oniguruma ? .lineEnd : .textEnd)
    case "\\": return try escape()
    case "*", "+", "?":
      offset -= 1
      throw failure("nothing to repeat")
    case let scalar: return .set(literal(scalar.value))
    }
  }

  private func literal(_ scalar: UInt32) -> ScalarSet {
    let set = ScalarSet(scalar)
    return finished(ignoresCase ? set.caseInsensitive : set)
  }

  private mutating func group() throws(RegexError) -> RegexNode {
    if !skip("?") { return try closed(alternatives()) }
    if skip(":") { return try closed(alternatives()) }
    if skip("=") { return .lookahead(try closed(alternatives()), negated: false) }
    if skip("!") { return .lookahead(try closed(alternatives()), negated: true) }
    if skip("<=") { return .lookbehind(try singleSet(), negated: false) }
    if skip("<!") { return .lookbehind(try singleSet(), negated: true) }
    if next == "<" || next == "P" {
      // A named group; nothing here refers to names.
      while try take() != ">" {}
      return try closed(alternatives())
    }
    // `(?i)`, `(?i:…)`, `(?-i)`.
    var isOn = true
    var ignores = ignoresCase
    while true {
      switch try take() {
      case "i": ignores = isOn
      case "u": break
      case "-": isOn = false
      case ")":
        ignoresCase = ignores
        return .empty
      case ":":
        let outer = ignoresCase
        ignoresCase = ignores
        defer { ignoresCase = outer }
        return try closed(alternatives())
      default:
        offset -= 1
        throw failure("a kind of group that is not supported")
      }
    }
  }

  private mutating func closed(_ node: RegexNode) throws(RegexError) -> RegexNode {
    guard skip(")") else { throw failure("a group is not closed") }
    return node
  }

  private mutating func singleSet() throws(RegexError) -> ScalarSet {
    guard case .set(let set) = try closed(alternatives()) else {
      throw failure("a look-behind of more than one character, which is not supported")
    }
    return set
  }

  // MARK: Repetition

  private mutating func repetitions(of item: RegexNode) throws(RegexError) -> RegexNode {
    var node = item
    while let (minimum, maximum) = try repetition() {
      var greed = RegexGreed.greedy
      let inBraces = scalars[offset - 1] == "}"
      if skip("?") {
        greed = .lazy
      } else if !(inBraces && dialect == .oniguruma), skip("+") {
        // In Ruby's syntax `{1,3}+` repeats the repetition.
        greed = .possessive
      }
      if greed == .possessive, !node.isSet {
        throw failure("a possessive repetition of more than one character, which is not supported")
      }
      node = .repetition(node, minimum: minimum, maximum: maximum, greed)
    }
    return node
  }

  private mutating func repetition() throws(RegexError) -> (minimum: Int, maximum: Int?)? {
    if skip("*") { return (0, nil) }
    if skip("+") { return (1, nil) }
    if skip("?") { return (0, 1) }
    guard next == "{" else { return nil }
    let start = offset
    offset += 1
    let minimum = try number()
    let maximum = skip(",") ? try number() : minimum
    guard skip("}"), minimum != nil || maximum != nil else {
      // Braces that hold no count stand for themselves.
      offset = start
      return nil
    }
    let least = minimum ?? 0
    if let maximum, maximum < least { throw failure("the counts in braces are in the wrong order") }
    return (least, maximum)
  }

  private mutating func number() throws(RegexError) -> Int? {
    var value: Int?
    while let scalar = next, let digit = Self.digit(scalar, radix: 10) {
      let sum = (value ?? 0) * 10 + digit
      guard sum <= Self.mostRepetitions else { throw failure("a count of more than \(Self.mostRepetitions)") }
      value = sum
      offset += 1
    }
    return value
  }

  static func digit(_ scalar: Unicode.Scalar, radix: Int) -> Int? {
    guard scalar.isASCII else { return nil }
    return Int(String(Character(scalar)), radix: radix)
  }

  // MARK: Escapes

  private mutating func escape() throws(RegexError) -> RegexNode {
    switch next {
    case "A": return assertion(.textStart)
    case "z", "Z": return assertion(.textEnd)
    case "b": return assertion(.wordBoundary)
    case "B": return assertion(.notWordBoundary)
    case let scalar? where ("1"..."9").contains(scalar):
      throw failure("a reference to a group, which is not supported")
    default: break
    }
    switch try escapedMember() {
    case .set(let set): return .set(finished(set))
    case .scalar(let scalar): return .set(literal(scalar))
    }
  }

  private mutating func assertion(_ assertion: RegexAssertion) -> RegexNode {
    offset += 1
    return .assertion(assertion)
  }

  /// The set as the text that the engine sees has it.
  func finished(_ set: ScalarSet) -> ScalarSet {
    guard dialect == .llamaCpp else { return set }
    let wide = ScalarSet.whiteSpace.subtracting(ScalarSet([0...0x7F]))
    return set.contains(0x0B) ? set.union(wide) : set.subtracting(wide)
  }
}

extension RegexNode {
  var isSet: Bool { if case .set = self { true } else { false } }
}
