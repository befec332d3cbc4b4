/// `'{}'.format(value)`.
extension Interpreter {
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
      let (sign, body) = try formattedNumber(value, spec)
      if spec.padsZero, spec.alignment == nil {
        spec.fill = "0"
        spec.alignment = "="
      }
      return pad(body, sign: sign, spec, alignsRight: true)
    case .text(let text):
      guard spec.type == nil || spec.type == "s", spec.sign == nil, spec.alignment != "=", spec.groups == nil,
        !spec.isAlternate
      else {
        throw fault(.value, "the format '\(specification.string)' does not apply to str")
      }
      if spec.padsZero, spec.alignment == nil { spec.fill = "0" }
      let scalars = text.string.unicodeScalars
      let body = spec.precision.map { String(String.UnicodeScalarView(scalars.prefix($0))) } ?? text.string
      return pad(body, sign: "", spec, alignsRight: false)
    default: throw fault(.value, "a format specification does not apply to \(value.typeName)")
    }
  }

  private func parse(_ text: Text) throws(TemplateError) -> FormatSpecification {
    var spec = FormatSpecification()
    var rest = text.scalars[...]
    func isAlignment(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { "<>=^".unicodeScalars.contains($0) } ?? false }
    var hasFill = false
    if rest.count > 1, isAlignment(rest[rest.startIndex + 1]) {
      hasFill = true
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
      if !hasFill { spec.fill = "0" }
      rest.removeFirst()
    }
    while let digit = rest.first, ("0"..."9").contains(digit) {
      spec.width = try checkFormatWidth(spec.width * 10 + Int(digit.value - 48))
      rest.removeFirst()
    }
    if let mark = rest.first, mark == "," || mark == "_" { spec.groups = rest.removeFirst() }
    if rest.first == "." {
      rest.removeFirst()
      var precision: Int?
      while let digit = rest.first, ("0"..."9").contains(digit) {
        precision = try checkFormatWidth((precision ?? 0) * 10 + Int(digit.value - 48))
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
