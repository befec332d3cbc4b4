/// `'%s' % value`.
extension Interpreter {
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
        return try checkFormatWidth(try integer(try argument(), "a width"))
      }
      var value: Int?
      while case let scalar = try peek(), ("0"..."9").contains(scalar) {
        value = try checkFormatWidth((value ?? 0) * 10 + Int(scalar.value - 48))
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
      var spec = FormatSpecification()
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

  private func percentConverted(_ value: Value, _ spec: FormatSpecification, isMarkup: Bool) throws(TemplateError)
    -> String
  {
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
      let (sign, body) = try formattedNumber(value, spec)
      if spec.padsZero, spec.alignment == nil {
        spec.fill = "0"
        spec.alignment = "="
      }
      return pad(body, sign: sign, spec, alignsRight: true)
    default: throw fault(.value, "unsupported format character '\(spec.type.map { String($0) } ?? "")'")
    }
  }
}
