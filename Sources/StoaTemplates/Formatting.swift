/// What Python's two ways to format strings share: the fields of a format, numbers and padding.
extension Interpreter {
  struct FormatSpecification {
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

  func pad(_ body: String, sign: String, _ spec: FormatSpecification, alignsRight: Bool) -> String {
    let padding = max(0, spec.width - sign.unicodeScalars.count - body.unicodeScalars.count)
    func fill(_ count: Int) -> String { String(repeating: String(spec.fill), count: count) }
    switch spec.alignment ?? (alignsRight ? ">" : "<") {
    case "<": return sign + body + fill(padding)
    case "^": return fill(padding / 2) + sign + body + fill(padding - padding / 2)
    case "=": return sign + fill(padding) + body
    default: return fill(padding) + sign + body
    }
  }

  func checkFormatWidth(_ value: Int) throws(TemplateError) -> Int {
    guard (-10_000...10_000).contains(value) else { throw fault(.limit, "a format is wider than 10000") }
    return value
  }

  func grouped(_ digits: String, by separator: Unicode.Scalar?) -> String {
    guard let separator else { return digits }
    let whole = digits.prefix { $0.isHexDigit && $0 != "." }
    var result = ""
    for (i, digit) in whole.enumerated() {
      if i > 0, (whole.count - i) % 3 == 0 { result.unicodeScalars.append(separator) }
      result.append(digit)
    }
    return result + digits.dropFirst(whole.count)
  }

  func formattedNumber(_ value: Value, _ spec: FormatSpecification) throws(TemplateError) -> (
    sign: String, body: String
  ) {
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
}
