import StoaFormats

/// Strings, numbers and fixed values.
extension SchemaCompiler {
  /// A count that a keyword gives; nil without it.
  func count(_ keyword: String, _ schema: JSONObject, _ pointer: String) throws(GrammarError) -> Int? {
    guard let value = schema[keyword] else { return nil }
    guard let count = value.intValue, (0...GrammarLimit.repetitions).contains(count) else {
      throw .schema(
        pointer: pointer, keyword: keyword, problem: "must be a whole number from 0 to \(GrammarLimit.repetitions)")
    }
    return count
  }

  // MARK: Strings

  mutating func string(_ schema: JSONObject, _ pointer: String) throws(GrammarError) -> Expression {
    let minimum = try count("minLength", schema, pointer) ?? 0
    let maximum = try count("maxLength", schema, pointer)
    guard minimum <= maximum ?? minimum else { return .nothing }
    let format = schema["format"]?.stringValue.flatMap(StringFormat.pattern)
    guard schema["pattern"] != nil || format != nil else {
      return try rule("a string of \(minimum) to \(maximum.map(String.init) ?? "any number of") characters") { _ in
        JSONText.quoted(.repetition(JSONText.anyCharacter, minimum: minimum, maximum: maximum))
      }
    }
    guard schema["pattern"] == nil || format == nil else {
      throw .schema(pointer: pointer, keyword: "pattern", problem: "together with format is not supported")
    }
    guard let pattern = schema["pattern"]?.stringValue ?? format.map({ "^(?:\($0))$" }) else {
      throw .schema(pointer: pointer, keyword: "pattern", problem: "must be a string")
    }
    let content: Expression
    do throws(GrammarError) {
      content = try RegexLowering(pattern, form: .json).expression(searches: true)
    } catch {
      throw .schema(pointer: pointer, keyword: "pattern", problem: error.description)
    }
    guard let limited = content.limited(to: minimum...(maximum ?? .max)) else {
      throw .schema(
        pointer: pointer, keyword: schema["minLength"] != nil ? "minLength" : "maxLength",
        problem: "together with a pattern or format that has several repetitions is not supported")
    }
    return try rule("the pattern \(pattern) of \(minimum) to \(maximum ?? -1) characters") { _ in
      JSONText.quoted(limited)
    }
  }

  // MARK: Numbers

  mutating func number(
    _ schema: JSONObject, _ pointer: String, isInteger: Bool
  ) throws(GrammarError) -> Expression {
    let low = try bound("minimum", "exclusiveMinimum", schema, pointer)
    let high = try bound("maximum", "exclusiveMaximum", schema, pointer)
    if let value = schema["multipleOf"], value != 1 {
      return try multiples(of: value, low, high, pointer)
    }
    if isInteger || schema["multipleOf"] != nil {
      guard low != nil || high != nil else { return try rule("an integer") { _ in JSONText.integer } }
      let (least, most) = (low?.integer(isLow: true), high?.integer(isLow: false))
      return try rule("an integer from \(least ?? .min) to \(most ?? .max)") { _ in
        NumberRange.expression(
          from: least.map(NumberRange.Bound.integer), to: most.map(NumberRange.Bound.integer), isInteger: true)
      }
    }
    guard low != nil || high != nil else { return try rule("a number") { _ in JSONText.number } }
    var bounds: [NumberRange.Bound?] = []
    for limit in [low, high] {
      let bound = limit.flatMap { NumberRange.Bound($0.value, isExclusive: $0.isExclusive) }
      guard limit == nil || bound != nil else {
        throw .schema(
          pointer: pointer, keyword: limit?.keyword ?? "",
          problem: "for numbers must be between 0.0001 and 10¹⁵ in size, or 0")
      }
      bounds.append(bound)
    }
    return NumberRange.expression(from: bounds[0], to: bounds[1], isInteger: false)
  }

  /// A bound as the schema gives it.
  private struct Limit {
    let value: Double
    let exact: Int?
    let isExclusive: Bool
    let keyword: String

    /// The integer nearest to it that is allowed.
    func integer(isLow: Bool) -> Int {
      if let exact, isExclusive { return isLow ? exact + 1 : exact - 1 }
      if let exact { return exact }
      let rounded = isLow ? value.rounded(.up) : value.rounded(.down)
      return Int(exactly: rounded) ?? (value < 0 ? -1 << 60 : 1 << 60)
    }
  }

  private func bound(
    _ inclusive: String, _ exclusive: String, _ schema: JSONObject, _ pointer: String
  ) throws(GrammarError) -> Limit? {
    func limit(_ keyword: String, isExclusive: Bool) throws(GrammarError) -> Limit? {
      guard let value = schema[keyword] else { return nil }
      guard let number = value.doubleValue else {
        throw .schema(pointer: pointer, keyword: keyword, problem: "must be a number")
      }
      // Beyond this a bound says nothing about numbers of up to 16 digits.
      let exact = value.intValue.map { max(-1 << 60, min(1 << 60, $0)) }
      return Limit(value: number, exact: exact, isExclusive: isExclusive, keyword: keyword)
    }
    // In draft 4 the exclusive keyword was a truth value about the other.
    if let isExclusive = schema[exclusive]?.boolValue { return try limit(inclusive, isExclusive: isExclusive) }
    let isLow = inclusive == "minimum"
    guard let first = try limit(inclusive, isExclusive: false) else { return try limit(exclusive, isExclusive: true) }
    guard let second = try limit(exclusive, isExclusive: true) else { return first }
    let isTighter = isLow ? second.value >= first.value : second.value <= first.value
    return isTighter ? second : first
  }

  /// The largest divisor, and the most multiples that are written out.
  private static let largestDivisor = 1_000
  private static let mostMultiples = 10_000

  private mutating func multiples(
    of value: JSONValue, _ low: Limit?, _ high: Limit?, _ pointer: String
  ) throws(GrammarError) -> Expression {
    guard let divisor = value.intValue, (1...Self.largestDivisor).contains(divisor) else {
      throw .schema(
        pointer: pointer, keyword: "multipleOf", problem: "must be a whole number from 1 to \(Self.largestDivisor)")
    }
    if low == nil, high == nil {
      return .sequence([.optional(.text("-")), try remainders(divisor)])
    }
    guard let low = low?.integer(isLow: true), let high = high?.integer(isLow: false) else {
      throw .schema(pointer: pointer, keyword: "multipleOf", problem: "with one bound needs the other one too")
    }
    let first = low / divisor + (low % divisor > 0 ? 1 : 0)
    let last = high / divisor - (high % divisor < 0 ? 1 : 0)
    guard first <= last else { return .nothing }
    let (span, overflow) = last.subtractingReportingOverflow(first)
    guard !overflow, span < Self.mostMultiples else {
      throw .schema(
        pointer: pointer, keyword: "multipleOf", problem: "more than \(Self.mostMultiples) multiples between the bounds"
      )
    }
    return .choice((first...last).map { .text("\($0 * divisor)") })
  }

  /// The digits of the multiples of a divisor: a rule for each remainder of the digits so far.
  private mutating func remainders(_ divisor: Int) throws(GrammarError) -> Expression {
    try rule("a multiple of \(divisor)") { compiler throws(GrammarError) in
      let first = compiler.grammar.rules.count
      guard first + divisor < GrammarLimit.rules else { throw .tooLarge(what: "rules", limit: GrammarLimit.rules) }
      for remainder in 0..<divisor { _ = compiler.grammar.add("a remainder of \(remainder)") }
      func after(_ remainder: Int, _ digits: ClosedRange<Int>) -> [Expression] {
        digits.map { digit in .sequence([.text("\(digit)"), .rule(first + (10 * remainder + digit) % divisor)]) }
      }
      for remainder in 0..<divisor {
        compiler.grammar.rules[first + remainder].body =
          .choice(after(remainder, 0...9) + (remainder == 0 ? [.empty] : []))
      }
      return .choice([.text("0")] + after(0, 1...9))
    }
  }

  // MARK: Fixed values

  /// The values of `enum` or `const` that the other keywords allow.
  mutating func enumeration(_ schema: JSONObject, _ pointer: String) throws(GrammarError) -> Expression {
    var rest = schema
    (rest["enum"], rest["const"]) = (nil, nil)
    var values = schema["const"].map { [$0] }
    if let list = schema["enum"] {
      guard let list = list.arrayValue else {
        throw .schema(pointer: pointer, keyword: "enum", problem: "must be a list of values")
      }
      values = values.map { $0.filter { list.contains($0) } } ?? list
    }
    var allowed = values ?? []
    for case .double(let number) in allowed where number.magnitude >= 0x1p53 {
      throw .schema(
        pointer: pointer, keyword: schema["const"] == nil ? "enum" : "const",
        problem: "numbers beyond 2⁵³ must be integers of 64 bits")
    }
    if schema["type"] != nil {
      let types = try SchemaType.types(of: schema, pointer)
      allowed.removeAll { value in !types.contains { $0.includes(value) } }
    }
    rest["type"] = nil
    if rest.contains(where: { SchemaKeyword.isAssertion($0.key) }) {
      let candidates = allowed
      allowed = []
      for value in candidates where try isAllowed(value, by: schema, rest, pointer) { allowed.append(value) }
    }
    return .choice(allowed.map { .literal(JSONText.bytes($0)) })
  }

  /// Whether the keywords beside `enum` allow a value, found out by the grammar that they make.
  private func isAllowed(
    _ value: JSONValue, by schema: JSONObject, _ rest: JSONObject, _ pointer: String
  ) throws(GrammarError) -> Bool {
    var rest = rest
    rest["type"] = schema["type"]
    // A keyword about one type of value says nothing about others.
    let own = SchemaType.allCases.filter { $0.includes(value) }
    if rest["type"] == nil, !own.contains(where: { SchemaKeyword.ofType[$0]?.contains { rest[$0] != nil } ?? false }) {
      return true
    }
    var probe = self
    let expression = try probe.expression(.object(rest), pointer)
    probe.grammar.root = probe.grammar.add("enum", expression)
    do throws(GrammarError) {
      var state = try GrammarState(CompiledGrammar(probe.grammar))
      return try state.advance(JSONText.bytes(value)) && state.canEnd
    } catch .matchesNothing {
      return false
    }
  }
}

extension Expression {
  /// The expression's texts of some lengths in characters of JSON strings; nil when its repetitions cannot say that.
  fileprivate func limited(to lengths: ClosedRange<Int>) -> Expression? {
    let own = lengthsInCharacters
    if own.lowerBound >= lengths.lowerBound, own.upperBound <= lengths.upperBound { return self }
    switch self {
    case .repetition(let part, let minimum, let maximum) where part.lengthsInCharacters == 1...1:
      let (least, most) = (max(minimum, lengths.lowerBound), min(maximum ?? .max, lengths.upperBound))
      return least <= most ? .repetition(part, minimum: least, maximum: most == .max ? nil : most) : .nothing
    case .sequence(let parts):
      // One part may vary in length; the others take theirs away from it.
      let varying = parts.indices.filter { index in
        let own = parts[index].lengthsInCharacters
        return own.lowerBound < own.upperBound
      }
      guard varying.count == 1 else { return nil }
      let fixed = own.lowerBound - parts[varying[0]].lengthsInCharacters.lowerBound
      guard fixed <= lengths.upperBound else { return .nothing }
      let left = max(0, lengths.lowerBound - fixed)...(lengths.upperBound == .max ? .max : lengths.upperBound - fixed)
      var parts = parts
      guard let part = parts[varying[0]].limited(to: left) else { return nil }
      parts[varying[0]] = part
      return .sequence(parts)
    case .choice(let parts):
      let limited = parts.compactMap { $0.limited(to: lengths) }
      return limited.count == parts.count ? .choice(limited) : nil
    default: return own.overlaps(lengths) ? nil : .nothing
    }
  }

  /// The fewest and most characters of a regular expression's texts, an escape counted as what it stands for.
  private var lengthsInCharacters: ClosedRange<Int> {
    switch self {
    case .literal(let bytes): bytes.isEmpty ? 0...0 : 1...1
    case .scalar: 1...1
    case .choice(let parts):
      parts.dropFirst().reduce(parts.first?.lengthsInCharacters ?? 0...0) { lengths, part in
        let own = part.lengthsInCharacters
        return min(lengths.lowerBound, own.lowerBound)...max(lengths.upperBound, own.upperBound)
      }
    case .sequence(let parts):
      parts.reduce(0...0) { lengths, part in
        let own = part.lengthsInCharacters
        return Self.sum(lengths.lowerBound, own.lowerBound)...Self.sum(lengths.upperBound, own.upperBound)
      }
    case .repetition(let part, let minimum, let maximum):
      Self.product(
        part.lengthsInCharacters.lowerBound, minimum)...Self.product(
          part.lengthsInCharacters.upperBound, maximum ?? .max)
    case .rule, .members: 0...Int.max
    }
  }

  private static func sum(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }

  private static func product(_ left: Int, _ right: Int) -> Int {
    let (product, overflow) = left.multipliedReportingOverflow(by: right)
    return overflow ? .max : product
  }
}
