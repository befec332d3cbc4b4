extension Grammar {
  /// Reads a grammar in the GBNF notation; the rule `root` is what a whole text follows.
  ///
  /// Source: llama.cpp, `grammars/README.md`.
  public init(gbnf source: String) throws(GrammarError) {
    var parser = try GBNFParser(source)
    self = try parser.parse()
  }
}

private struct GBNFParser {
  private let scalars: [Unicode.Scalar]
  private var offset = 0
  private var depth = 0
  private var grammar = Grammar()
  private var indices: [String: Int] = [:]
  /// The rules that were defined, and where rules were first mentioned.
  private var defined: Set<Int> = []
  private var mentions: [Int: Int] = [:]

  init(_ source: String) throws(GrammarError) {
    guard source.utf8.count <= GrammarLimit.sourceBytes else {
      throw .tooLarge(what: "bytes", limit: GrammarLimit.sourceBytes)
    }
    scalars = Array(source.unicodeScalars)
  }

  mutating func parse() throws(GrammarError) -> Grammar {
    skipSpace(lines: true)
    while offset < scalars.count { try rule() }
    for (index, place) in mentions.sorted(by: { $0.value < $1.value }) where !defined.contains(index) {
      throw failure("the rule \(grammar.rules[index].name) is not defined", at: place)
    }
    guard let root = indices["root"] else { throw failure("there is no rule named root") }
    grammar.root = root
    return grammar
  }

  // MARK: Characters

  private var next: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

  private func failure(_ problem: String, at place: Int? = nil) -> GrammarError {
    let before = scalars[..<min(place ?? offset, scalars.count)]
    let lineStart = before.lastIndex(of: "\n").map { $0 + 1 } ?? 0
    return .gbnf(
      line: before.count { $0 == "\n" } + 1, column: before.count - lineStart + 1, problem: problem)
  }

  private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    offset += 1
    return true
  }

  private mutating func take() throws(GrammarError) -> Unicode.Scalar {
    guard let scalar = next else { throw failure("the grammar ends too early") }
    offset += 1
    return scalar
  }

  /// Skips blanks and comments, and ends of lines where they mean nothing.
  private mutating func skipSpace(lines: Bool) {
    while let scalar = next {
      switch scalar {
      case " ", "\t": offset += 1
      case "\n" where lines, "\r" where lines: offset += 1
      case "#": while let scalar = next, scalar != "\n", scalar != "\r" { offset += 1 }
      default: return
      }
    }
  }

  private mutating func name() -> String? {
    let start = offset
    while let scalar = next, scalar.isASCII,
      scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "-" || scalar == "_"
    {
      offset += 1
    }
    guard offset > start else { return nil }
    var name = ""
    name.unicodeScalars.append(contentsOf: scalars[start..<offset])
    return name
  }

  // MARK: Structure

  private mutating func rule() throws(GrammarError) {
    let start = offset
    guard let name = name() else { throw failure("the name of a rule was expected") }
    let index = try index(of: name, at: start)
    skipSpace(lines: false)
    for scalar in "::=".unicodeScalars where !skip(scalar) { throw failure("::= was expected after \(name)") }
    skipSpace(lines: true)
    guard defined.insert(index).inserted else { throw failure("the rule \(name) is defined twice", at: start) }
    grammar.rules[index].body = try alternatives(nested: false)
    guard next == nil || next == "\n" || next == "\r" else { throw failure("unexpected \(shown(next))") }
    skipSpace(lines: true)
  }

  private mutating func index(of name: String, at place: Int) throws(GrammarError) -> Int {
    if let index = indices[name] { return index }
    guard grammar.rules.count < GrammarLimit.rules else {
      throw .tooLarge(what: "rules", limit: GrammarLimit.rules)
    }
    let index = grammar.add(name)
    indices[name] = index
    mentions[index] = place
    return index
  }

  private mutating func alternatives(nested: Bool) throws(GrammarError) -> Expression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= GrammarLimit.nesting else {
      throw failure("more than \(GrammarLimit.nesting) groups in each other")
    }
    var choices = [try sequence(nested: nested)]
    while skip("|") {
      skipSpace(lines: true)
      choices.append(try sequence(nested: nested))
    }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private mutating func sequence(nested: Bool) throws(GrammarError) -> Expression {
    var parts: [Expression] = []
    while let part = try element(nested: nested) { parts.append(part) }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  /// An element with its repetitions and the space after it; nil at the end of a sequence.
  private mutating func element(nested: Bool) throws(GrammarError) -> Expression? {
    var part: Expression
    switch next {
    case "\"": part = try literal()
    case "[": part = .scalar(try characterClass())
    case ".":
      offset += 1
      part = .scalar(.all)
    case "(":
      offset += 1
      skipSpace(lines: true)
      part = try alternatives(nested: true)
      guard skip(")") else { throw failure(") was expected") }
    case "<", "!": throw failure("tokens in a grammar are not supported; write their text in quotes")
    default:
      let start = offset
      guard let name = name() else { return nil }
      part = .rule(try index(of: name, at: start))
    }
    skipSpace(lines: nested)
    while let (minimum, maximum) = try repetition() {
      part = .repetition(part, minimum: minimum, maximum: maximum)
      skipSpace(lines: nested)
    }
    return part
  }

  private mutating func repetition() throws(GrammarError) -> (minimum: Int, maximum: Int?)? {
    switch next {
    case "*":
      offset += 1
      return (0, nil)
    case "+":
      offset += 1
      return (1, nil)
    case "?":
      offset += 1
      return (0, 1)
    case "{":
      offset += 1
      return try counts()
    default: return nil
    }
  }

  /// `m}`, `m,}`, `,n}` or `m,n}`.
  private mutating func counts() throws(GrammarError) -> (minimum: Int, maximum: Int?) {
    skipSpace(lines: false)
    let minimum = try number()
    skipSpace(lines: false)
    var maximum = minimum
    if skip(",") {
      skipSpace(lines: false)
      maximum = try number()
      skipSpace(lines: false)
    } else if minimum == nil {
      throw failure("a count was expected")
    }
    guard skip("}") else { throw failure("} was expected") }
    let least = minimum ?? 0
    guard least <= maximum ?? least else { throw failure("the counts in braces are in the wrong order") }
    return (least, maximum)
  }

  private mutating func number() throws(GrammarError) -> Int? {
    var value: Int?
    while let scalar = next, let digit = Character(scalar).wholeNumberValue, scalar.isASCII {
      value = (value ?? 0) * 10 + digit
      guard value ?? 0 <= GrammarLimit.repetitions else {
        throw failure("a count of more than \(GrammarLimit.repetitions)")
      }
      offset += 1
    }
    return value
  }

  // MARK: Texts

  private mutating func literal() throws(GrammarError) -> Expression {
    offset += 1
    var bytes: [UInt8] = []
    while !skip("\"") {
      guard next != "\n", next != nil else { throw failure("the text in quotes is not closed") }
      bytes.append(scalar: try character())
    }
    return .literal(bytes)
  }

  private mutating func characterClass() throws(GrammarError) -> ScalarSet {
    offset += 1
    let isNegated = skip("^")
    var ranges: [ClosedRange<UInt32>] = []
    while !skip("]") {
      guard next != nil else { throw failure("the class is not closed") }
      let first = try character()
      var last = first
      if next == "-", offset + 1 < scalars.count, scalars[offset + 1] != "]" {
        offset += 1
        last = try character()
      }
      guard first <= last else { throw failure("a range whose end is before its beginning") }
      ranges.append(first...last)
    }
    let set = ScalarSet(ranges)
    return isNegated ? set.inverted : set
  }

  /// A character or an escape.
  private mutating func character() throws(GrammarError) -> UInt32 {
    let scalar = try take()
    guard scalar == "\\" else { return scalar.value }
    switch try take() {
    case "n": return 0x0A
    case "r": return 0x0D
    case "t": return 0x09
    case "x": return try hexadecimal(2)
    case "u": return try hexadecimal(4)
    case "U": return try hexadecimal(8)
    case let scalar where "\\\"[]-^.".unicodeScalars.contains(scalar): return scalar.value
    case let scalar:
      offset -= 1
      throw failure("the escape \\\(shown(scalar)) is not known")
    }
  }

  private mutating func hexadecimal(_ digits: Int) throws(GrammarError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = Character(try take()).hexDigitValue else { throw failure("a hexadecimal digit was expected") }
      value = value << 4 | UInt32(digit)
    }
    guard Unicode.Scalar(value) != nil else { throw failure("not the number of a character") }
    return value
  }

  private func shown(_ scalar: Unicode.Scalar?) -> String { scalar.map { String(Character($0)) } ?? "end" }
}
