extension RegexParser {
  enum Member {
    case scalar(UInt32)
    case set(ScalarSet)
  }

  /// A class after its opening bracket.
  mutating func bracketClass() throws(RegexError) -> ScalarSet {
    let isNegated = skip("^")
    var set = ScalarSet()
    // What stands before `&&`, as far as there has been one.
    var intersected: ScalarSet?
    var ranges: [ClosedRange<UInt32>] = []
    var isFirst = true
    while true {
      if next == "]", !isFirst { break }
      isFirst = false
      if skip("&&") {
        let side = set.union(folded(ScalarSet(ranges)))
        intersected = intersected?.intersection(side) ?? side
        (set, ranges) = (ScalarSet(), [])
        continue
      }
      if dialect != .llamaCpp, next == "[" {
        offset += 1
        set = set.union(try skip(":") ? posixClass() : bracketClass())
        continue
      }
      switch try member() {
      case .set(let members): set = set.union(members)
      case .scalar(let first): ranges.append(try range(from: first))
      }
    }
    offset += 1
    set = set.union(folded(ScalarSet(ranges)))
    if let intersected { set = intersected.intersection(set) }
    return isNegated ? set.inverted : set
  }

  private func folded(_ set: ScalarSet) -> ScalarSet { ignoresCase ? set.caseInsensitive : set }

  /// The range that begins with `first`, or that scalar alone.
  private mutating func range(from first: UInt32) throws(RegexError) -> ClosedRange<UInt32> {
    guard next == "-", offset + 1 < scalars.count, scalars[offset + 1] != "]" else { return first...first }
    offset += 1
    guard case .scalar(let last) = try member() else {
      throw failure("a range that ends with a class")
    }
    guard first <= last else { throw failure("a range whose end is before its beginning") }
    return first...last
  }

  private mutating func member() throws(RegexError) -> Member {
    let scalar = try take()
    return scalar == "\\" ? try escapedMember() : .scalar(scalar.value)
  }

  /// `[:alpha:]` after `[:`.
  private mutating func posixClass() throws(RegexError) -> ScalarSet {
    let isNegated = skip("^")
    var name = ""
    while let scalar = next, scalar != ":" {
      name.unicodeScalars.append(scalar)
      offset += 1
    }
    guard skip(":]") else { throw failure("a class in [: is not closed") }
    let set: ScalarSet? =
      switch name {
      case "alpha": ScalarSet(categories: [.lu, .ll, .lt, .lm, .lo, .nl])
      case "digit": ScalarSet(categories: [.nd])
      case "alnum": ScalarSet(categories: [.lu, .ll, .lt, .lm, .lo, .nl, .nd])
      case "space": .whiteSpace
      case "upper": ScalarSet(categories: [.lu])
      case "lower": ScalarSet(categories: [.ll])
      case "word": .word
      default: nil
      }
    guard let set else { throw failure("the class [:\(name):], which is not supported") }
    return isNegated ? set.inverted : set
  }

  /// What a backslash begins, in a class or outside.
  mutating func escapedMember() throws(RegexError) -> Member {
    switch try take() {
    case "s": return .set(.whiteSpace)
    case "S": return .set(ScalarSet.whiteSpace.inverted)
    case "d": return .set(digits)
    case "D": return .set(digits.inverted)
    case "w": return .set(word)
    case "W": return .set(word.inverted)
    case "p": return .set(try property(isNegated: false))
    case "P": return .set(try property(isNegated: true))
    case "r": return .scalar(0x0D)
    case "n": return .scalar(0x0A)
    case "t": return .scalar(0x09)
    case "f": return .scalar(0x0C)
    case "v": return .scalar(0x0B)
    case "a": return .scalar(0x07)
    case "e": return .scalar(0x1B)
    case "0": return .scalar(0)
    case "x": return .scalar(try hexadecimal(digits: 2))
    case "u": return .scalar(try hexadecimal(digits: 4))
    case let scalar:
      if scalar.isASCII, scalar.properties.isAlphabetic {
        offset -= 1
        throw failure("the escape \\\(scalar), which is not supported")
      }
      return .scalar(scalar.value)
    }
  }

  private var digits: ScalarSet {
    dialect == .llamaCpp ? ScalarSet([0x30...0x39]) : ScalarSet(categories: [.nd])
  }

  private var word: ScalarSet {
    // Each engine has its own opinion of these.
    switch dialect {
    case .oniguruma: ScalarSet.word.union(ScalarSet([0xB2...0xB3, 0xB9...0xB9, 0xBC...0xBE]))
    case .rust: ScalarSet.word.union(ScalarSet([0x200C...0x200D]))
    case .llamaCpp: ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    }
  }

  private mutating func hexadecimal(digits count: Int) throws(RegexError) -> UInt32 {
    var value: UInt32 = 0
    if skip("{") {
      while !skip("}") { value = try append(digit: take(), to: value) }
    } else {
      for _ in 0..<count { value = try append(digit: take(), to: value) }
    }
    return value
  }

  private func append(digit: Unicode.Scalar, to value: UInt32) throws(RegexError) -> UInt32 {
    guard let digit = Self.digit(digit, radix: 16), value <= ScalarSet.last >> 4 else {
      throw failure("not a number of a character")
    }
    return value << 4 | UInt32(digit)
  }

  /// The rest of `\p{…}` or `\pL`.
  private mutating func property(isNegated: Bool) throws(RegexError) -> ScalarSet {
    var name = ""
    if skip("{") {
      while true {
        let scalar = try take()
        if scalar == "}" { break }
        name.unicodeScalars.append(scalar)
      }
    } else {
      name = String(Character(try take()))
    }
    var isNegated = isNegated
    if name.hasPrefix("^") {
      isNegated.toggle()
      name.removeFirst()
    }
    for prefix in ["Script=", "sc=", "gc=", "General_Category="] where name.hasPrefix(prefix) {
      name.removeFirst(prefix.count)
    }
    let isLetter = name.count == 2 && name.hasPrefix("L")
    guard var set = ScalarSet(property: dialect == .llamaCpp && isLetter ? "L" : name) else {
      throw failure("the property \\p{\(name)}, which is not supported")
    }
    if dialect == .llamaCpp { set = set.subtracting(ScalarSet(UnicodeCategory.addedInUnicode16)) }
    return isNegated ? set.inverted : set
  }
}
