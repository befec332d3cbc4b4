/// Python's two ways to format strings: `'%s' % value` and `'{}'.format(value)`.
extension Interpreter {
  private struct Specification {
    var fill: Unicode.Scalar = " "
    var alignment: Unicode.Scalar?
    var sign: Unicode.Scalar?
    var isAlternate = false
    var padsZero = false
    var groups: Unicode.Scalar?
    var width = 0
    var precision: Int?
    var type: Unicode.Scalar?
  }

  private func pad(_ body: String, sign: String, _ spec: Specification, alignsRight: Bool) -> String {
    let padding = max(0, spec.width - sign.unicodeScalars.count - body.unicodeScalars.count)
    func fill(_ count: Int) -> String { String(repeating: String(spec.fill), count: count) }
    switch spec.alignment ?? (alignsRight ? ">" : "<") {
    case "<": return sign + body + fill(padding)
    case "^": return fill(padding / 2) + sign + body + fill(padding - padding / 2)
    case "=": return sign + fill(padding) + body
    default: return fill(padding) + sign + body
    }
  }

  private func checkWidth(_ value: Int) throws(TemplateError) -> Int {
    guard (-10_000...10_000).contains(value) else { throw fault(.limit, "a format is wider than 10000") }
    return value
  }

  private func grouped(_ digits: String, by separator: Unicode.Scalar?) -> String {
    guard let separator else { return digits }
    let whole = digits.prefix { $0.isHexDigit && $0 != "." }
    var result = ""
    for (i, digit) in whole.enumerated() {
      if i > 0, (whole.count - i) % 3 == 0 { result.unicodeScalars.append(separator) }
      result.append(digit)
    }
    return result + digits.dropFirst(whole.count)
  }

  private func number(_ value: Value, _ spec: Specification) throws(TemplateError) -> (sign: String, body: String) {
    func sign(_ isNegative: Bool) -> String { isNegative ? "-" : spec.sign == "+" ? "+" : spec.sign == " " ? " " : "" }
    let type = spec.type
    if let integer = value.integer, type == nil || "dixXobc".unicodeScalars.contains(type ?? "d") {
      guard spec.precision == nil || type == "d" || type == "i" else {
        throw fault(.value, "precision is not allowed in an integer format")
      }
      let magnitude = integer.magnitude
      switch type {
      case "x": return (sign(integer < 0), (spec.isAlternate ? "0x" : "") + String(magnitude, radix: 16))
      case "X":
        return (sign(integer < 0), (spec.isAlternate ? "0X" : "") + String(magnitude, radix: 16, uppercase: true))
      case "o": return (sign(integer < 0), (spec.isAlternate ? "0o" : "") + String(magnitude, radix: 8))
      case "b": return (sign(integer < 0), (spec.isAlternate ? "0b" : "") + String(magnitude, radix: 2))
      case "c":
        guard integer >= 0, let scalar = UInt32(exactly: integer).flatMap(Unicode.Scalar.init) else {
          throw fault(.value, "a character code is out of range")
        }
        return ("", String(scalar))
      default:
        let digits = String(magnitude)
        let zeros = String(repeating: "0", count: max(0, (spec.precision ?? 0) - digits.count))
        return (sign(integer < 0), grouped(zeros + digits, by: spec.groups))
      }
    }
    try refuseUndefined(value)
    guard let number = value.number else { throw fault(.value, "a number format got \(value.typeName)") }
    let isNegative = number.sign == .minus && !number.isNaN
    switch type {
    case nil:
      guard spec.precision == nil else {
        return (sign(isNegative), number.magnitude.formatted("g", precision: max(1, spec.precision ?? 6)))
      }
      return (sign(isNegative), grouped(number.magnitude.pythonDescription, by: spec.groups))
    case "f", "F", "e", "E", "g", "G":
      let conversion = Character(type ?? "f")
      let text = number.magnitude.formatted(conversion, precision: spec.precision ?? 6)
      return (sign(isNegative), grouped(text, by: spec.groups))
    case "%": return (sign(isNegative), (number.magnitude * 100).formatted("f", precision: spec.precision ?? 6) + "%")
    case let type?: throw fault(.value, "unknown format code '\(type)' for \(value.typeName)")
    }
  }

  // MARK: Percent

  func percentFormat(_ format: Text, _ right: Value) throws(TemplateError) -> Text {
    var mapping: Mapping?
    var arguments: [Value] = [right]
    if case .tuple(let tuple) = right { arguments = tuple.items }
    if case .dict(let dictionary) = right { mapping = dictionary }
    var next = 0
    var usesNames = false
    func argument() throws(TemplateError) -> Value {
      guard next < arguments.count else { throw fault(.value, "not enough arguments for the format string") }
      next += 1
      return arguments[next - 1]
    }
    var result: [UInt8] = []
    let scalars = format.scalars
    var place = 0
    func peek() throws(TemplateError) -> Unicode.Scalar {
      guard place < scalars.count else { throw fault(.value, "the format string is incomplete") }
      return scalars[place]
    }
    func digits() throws(TemplateError) -> Int? {
      if try peek() == "*" {
        place += 1
        return try checkWidth(try integer(try argument(), "a width"))
      }
      var value: Int?
      while case let scalar = try peek(), ("0"..."9").contains(scalar) {
        value = try checkWidth((value ?? 0) * 10 + Int(scalar.value - 48))
        place += 1
      }
      return value
    }
    while place < scalars.count {
      let scalar = scalars[place]
      place += 1
      guard scalar == "%" else {
        result.append(scalar: scalar)
        continue
      }
      var spec = Specification()
      var named: Value?
      if try peek() == "(" {
        guard let mapping else { throw fault(.value, "the format requires a mapping") }
        guard let close = scalars[place...].firstIndex(of: ")") else { throw fault(.value, "incomplete format key") }
        var name = Text.empty
        for scalar in scalars[(place + 1)..<close] { name.bytes.append(scalar: scalar) }
        guard let value = mapping.value(.text(name.bytes)) else {
          throw fault(.value, "the format names a missing key '\(name.string)'")
        }
        named = value
        usesNames = true
        place = close + 1
      }
      flags: while true {
        switch try peek() {
        case "-": spec.alignment = "<"
        case "0": spec.padsZero = true
        case "+": spec.sign = "+"
        case " ": spec.sign = spec.sign ?? " "
        case "#": spec.isAlternate = true
        default: break flags
        }
        place += 1
      }
      spec.width = try digits() ?? 0
      if spec.width < 0 {
        spec.alignment = "<"
        spec.width = -spec.width
      }
      if try peek() == "." {
        place += 1
        spec.precision = max(0, try digits() ?? 0)
      }
      while ["h", "l", "L"].contains(try peek()) { place += 1 }
      spec.type = try peek()
      place += 1
      if spec.type == "%" {
        result.append(UInt8(ascii: "%"))
        continue
      }
      let value = if let named { named } else { try argument() }
      result += try percentConverted(value, spec, isMarkup: format.isMarkup).utf8
      guard result.count <= limits.outputBytes else { throw fault(.limit, "a formatted string is too long") }
    }
    // Python takes everything with elements for a mapping, whose elements need not be used, but for tuples and strings.
    let mayBeUnused =
      switch right {
      case .dict, .list, .range, .undefined: true;
      default: false
      }
    if !usesNames, next < arguments.count, !mayBeUnused {
      throw fault(.value, "not all arguments were used by the format string")
    }
    return format.derived(result)
  }

  private func percentConverted(_ value: Value, _ spec: Specification, isMarkup: Bool) throws(TemplateError) -> String {
    var spec = spec
    switch spec.type {
    case "s", "r", "a":
      let text = spec.type == "s" ? try string(value) : try repr(value)
      var body = (isMarkup ? text.escaped : text).string
      if let precision = spec.precision {
        body = String(String.UnicodeScalarView(body.unicodeScalars.prefix(precision)))
      }
      return pad(body, sign: "", spec, alignsRight: true)
    case "c":
      if case .text(let text) = value, text.count == 1 { return pad(text.string, sign: "", spec, alignsRight: true) }
      fallthrough
    case "d", "i", "u", "x", "X", "o", "e", "E", "f", "F", "g", "G":
      var value = value
      if spec.type == "u" { spec.type = "d" }
      if spec.type == "d" || spec.type == "i", case .double(let double) = value {
        guard let integer = Int(exactly: double.rounded(.towardZero)) else {
          throw fault(.value, "a number does not fit a 64-bit integer")
        }
        value = .int(integer)
      }
      let (sign, body) = try number(value, spec)
      if spec.padsZero, spec.alignment == nil {
        spec.fill = "0"
        spec.alignment = "="
      }
      return pad(body, sign: sign, spec, alignsRight: true)
    default: throw fault(.value, "unsupported format character '\(spec.type.map { String($0) } ?? "")'")
    }
  }

  // MARK: Braces

  func braceFormat(
    _ format: Text, _ positional: [Value], _ keyword: [(name: Text, value: Value)], isNested: Bool = false
  ) throws(TemplateError) -> Text {
    var automatic = 0
    return try braceFormat(format, positional, keyword, &automatic, isNested: isNested)
  }

  private func braceFormat(
    _ format: Text, _ positional: [Value], _ keyword: [(name: Text, value: Value)], _ automatic: inout Int,
    isNested: Bool
  ) throws(TemplateError) -> Text {
    var result: [UInt8] = []
    let bytes = format.bytes
    let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
    var place = 0
    while place < bytes.count {
      let byte = bytes[place]
      let isDoubled = place + 1 < bytes.count && bytes[place + 1] == byte
      guard byte == open || byte == close else {
        result.append(byte)
        place += 1
        continue
      }
      if isDoubled {
        result.append(byte)
        place += 2
        continue
      }
      guard byte == open else { throw fault(.value, "single '}' in a format string") }
      var depth = 0
      var end = place
      while end < bytes.count {
        if bytes[end] == open { depth += 1 }
        if bytes[end] == close {
          depth -= 1
          if depth == 0 { break }
        }
        end += 1
      }
      guard end < bytes.count else { throw fault(.value, "single '{' in a format string") }
      let field = Text(bytes: Array(bytes[(place + 1)..<end]))
      result += try braceField(field, positional, keyword, &automatic, format.isMarkup, isNested: isNested).utf8
      guard result.count <= limits.outputBytes else { throw fault(.limit, "a formatted string is too long") }
      place = end + 1
    }
    return format.derived(result)
  }

  private func braceField(
    _ field: Text, _ positional: [Value], _ keyword: [(name: Text, value: Value)], _ automatic: inout Int,
    _ isMarkup: Bool, isNested: Bool
  ) throws(TemplateError) -> String {
    // name, then '!' and a conversion, then ':' and a specification; brackets in the name hide both marks.
    var nameEnd = 0
    var bracketDepth = 0
    let bytes = field.bytes
    while nameEnd < bytes.count {
      let byte = bytes[nameEnd]
      if byte == UInt8(ascii: "[") { bracketDepth += 1 }
      if byte == UInt8(ascii: "]") { bracketDepth -= 1 }
      if bracketDepth <= 0, byte == UInt8(ascii: "!") || byte == UInt8(ascii: ":") { break }
      nameEnd += 1
    }
    let name = Text(bytes: Array(bytes[..<nameEnd]))
    var rest = bytes[nameEnd...]
    var value = try fieldValue(name, positional, keyword, &automatic)
    if rest.first == UInt8(ascii: "!") {
      switch rest.dropFirst().first {
      case UInt8(ascii: "s"): value = .text(try string(value))
      case UInt8(ascii: "r"), UInt8(ascii: "a"): value = .text(try repr(value))
      default: throw fault(.value, "unknown conversion in a format string")
      }
      rest = rest.dropFirst(2)
      guard rest.isEmpty || rest.first == UInt8(ascii: ":") else {
        throw fault(.value, "expected ':' after a conversion in a format string")
      }
    }
    var specification = Text(bytes: Array(rest.dropFirst()))
    if specification.bytes.contains(UInt8(ascii: "{")) {
      guard !isNested else { throw fault(.value, "format strings nest too deep") }
      specification = try braceFormat(specification, positional, keyword, &automatic, isNested: true)
    }
    let text = try formatted(value, specification)
    return isMarkup ? Text(text).escaped.string : text
  }

  private func fieldValue(
    _ name: Text, _ positional: [Value], _ keyword: [(name: Text, value: Value)], _ automatic: inout Int
  ) throws(TemplateError) -> Value {
    let stops = [UInt8(ascii: "."), UInt8(ascii: "[")]
    let headEnd = name.bytes.firstIndex { stops.contains($0) } ?? name.bytes.count
    let head = Text(bytes: Array(name.bytes[..<headEnd]))
    var value: Value
    if head.bytes.isEmpty || head.bytes.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
      let index = head.bytes.isEmpty ? automatic : Int(head.string) ?? .max
      if head.bytes.isEmpty { automatic += 1 }
      guard positional.indices.contains(index) else {
        throw fault(.value, "the format string names the missing argument \(index)")
      }
      value = positional[index]
    } else {
      guard let found = keyword.first(where: { $0.name == head }) else {
        throw fault(.value, "the format string names the missing argument '\(head.string)'")
      }
      value = found.value
    }
    var place = headEnd
    while place < name.bytes.count {
      let isElement = name.bytes[place] == UInt8(ascii: "[")
      let start = place + 1
      if isElement {
        guard let end = name.bytes[start...].firstIndex(of: UInt8(ascii: "]")) else {
          throw fault(.value, "missing ']' in a format string")
        }
        let key = Text(bytes: Array(name.bytes[start..<end]))
        value = try element(Int(key.string).map { .int($0) } ?? .text(key), of: value)
        place = end + 1
      } else {
        guard name.bytes[place] == UInt8(ascii: ".") else { throw fault(.value, "only '.' or '[' may follow ']'") }
        let end = name.bytes[start...].firstIndex { stops.contains($0) } ?? name.bytes.count
        let attribute = Text(bytes: Array(name.bytes[start..<end]))
        value = try self.attribute(attribute, method: Method(rawValue: attribute.string), of: value)
        place = end
      }
    }
    return value
  }

  private func formatted(_ value: Value, _ specification: Text) throws(TemplateError) -> String {
    guard !specification.bytes.isEmpty else { return try string(value).string }
    var spec = try parse(specification)
    switch value {
    case .int, .double, .bool:
      let (sign, body) = try number(value, spec)
      if spec.padsZero, spec.alignment == nil {
        spec.fill = "0"
        spec.alignment = "="
      }
      return pad(body, sign: sign, spec, alignsRight: true)
    case .text(let text):
      guard spec.type == nil || spec.type == "s", spec.sign == nil, spec.alignment != "=" else {
        throw fault(.value, "the format '\(specification.string)' does not apply to str")
      }
      if spec.padsZero, spec.alignment == nil { spec.fill = "0" }
      let scalars = text.string.unicodeScalars
      let body = spec.precision.map { String(String.UnicodeScalarView(scalars.prefix($0))) } ?? text.string
      return pad(body, sign: "", spec, alignsRight: false)
    default: throw fault(.value, "a format specification does not apply to \(value.typeName)")
    }
  }

  private func parse(_ text: Text) throws(TemplateError) -> Specification {
    var spec = Specification()
    var rest = text.scalars[...]
    func isAlignment(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { "<>=^".unicodeScalars.contains($0) } ?? false }
    if rest.count > 1, isAlignment(rest[rest.startIndex + 1]) {
      spec.fill = rest.removeFirst()
      spec.alignment = rest.removeFirst()
    } else if isAlignment(rest.first) {
      spec.alignment = rest.removeFirst()
    }
    if let sign = rest.first, "+- ".unicodeScalars.contains(sign) { spec.sign = rest.removeFirst() }
    if rest.first == "#" {
      spec.isAlternate = true
      rest.removeFirst()
    }
    if rest.first == "0" {
      spec.padsZero = true
      rest.removeFirst()
    }
    while let digit = rest.first, ("0"..."9").contains(digit) {
      spec.width = try checkWidth(spec.width * 10 + Int(digit.value - 48))
      rest.removeFirst()
    }
    if let mark = rest.first, mark == "," || mark == "_" { spec.groups = rest.removeFirst() }
    if rest.first == "." {
      rest.removeFirst()
      var precision: Int?
      while let digit = rest.first, ("0"..."9").contains(digit) {
        precision = try checkWidth((precision ?? 0) * 10 + Int(digit.value - 48))
        rest.removeFirst()
      }
      guard let precision else { throw fault(.value, "a format misses its precision") }
      spec.precision = precision
    }
    spec.type = rest.popFirst()
    guard rest.isEmpty else { throw fault(.value, "invalid format specification '\(text.string)'") }
    return spec
  }
}
