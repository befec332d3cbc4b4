/// Python's `str` and `repr`.
extension Interpreter {
  /// What printing the value shows.
  func string(_ value: Value) throws(TemplateError) -> Text {
    switch value {
    case .text(let text): text
    case .undefined: .empty
    case .int(let integer): Text(String(integer))
    default: try repr(value)
    }
  }

  func repr(_ value: Value) throws(TemplateError) -> Text {
    var bytes: [UInt8] = []
    try appendRepr(value, to: &bytes)
    try allocate(bytes.count)
    return Text(bytes: bytes)
  }

  private func appendRepr(_ value: Value, to bytes: inout [UInt8]) throws(TemplateError) {
    try charge()
    guard bytes.count <= limits.outputBytes else {
      throw fault(.limit, "a string is longer than \(limits.outputBytes) bytes")
    }
    try enter()
    defer { leave() }
    switch value {
    case .undefined: bytes += "Undefined".utf8
    case .none: bytes += "None".utf8
    case .bool(let value): bytes += (value ? "True" : "False").utf8
    case .int(let value): bytes += String(value).utf8
    case .double(let value): bytes += value.pythonDescription.utf8
    case .text(let text):
      try charge(text.bytes.count >> 4)
      if text.isMarkup { bytes += "Markup(".utf8 }
      text.appendRepr(to: &bytes)
      if text.isMarkup { bytes += ")".utf8 }
    case .list(let sequence): try appendRepr(sequence.items, "[", "]", to: &bytes)
    case .tuple(let sequence): try appendRepr(sequence.items, "(", sequence.items.count == 1 ? ",)" : ")", to: &bytes)
    case .dict(let dictionary): try appendRepr(dictionary.keys, dictionary.values, to: &bytes)
    case .range(let range):
      bytes += "range(\(range.start), \(range.stop)\(range.step == 1 ? "" : ", \(range.step)"))".utf8
    case .view(let view):
      let items = (0..<view.dictionary.keys.count).map(view.item)
      try appendRepr(items, view.part.rawValue + "([", "])", to: &bytes)
    case .namespace(let namespace):
      bytes += "<Namespace ".utf8
      try appendRepr(namespace.names.map { .text($0) }, namespace.values, to: &bytes)
      bytes += ">".utf8
    case .macro(let macro):
      let isNamed = macro.definition.symbol != nil
      bytes += (isNamed ? "<Macro '\(macro.definition.name.string)'>" : "<Macro anonymous>").utf8
    case .loop(let loop):
      let count = try loop.count { () throws(TemplateError) in try charge() }
      bytes += "<LoopContext \(loop.index + 1)/\(count)>".utf8
    case .function, .method, .iterator: bytes += "<\(value.typeName)>".utf8
    }
  }

  private func appendRepr(
    _ items: [Value], _ open: String, _ close: String, to bytes: inout [UInt8]
  ) throws(TemplateError) {
    bytes += open.utf8
    for (i, item) in items.enumerated() {
      if i > 0 { bytes += ", ".utf8 }
      try appendRepr(item, to: &bytes)
    }
    bytes += close.utf8
  }

  private func appendRepr(_ keys: [Value], _ values: [Value], to bytes: inout [UInt8]) throws(TemplateError) {
    bytes += "{".utf8
    for (i, (key, value)) in zip(keys, values).enumerated() {
      if i > 0 { bytes += ", ".utf8 }
      try appendRepr(key, to: &bytes)
      bytes += ": ".utf8
      try appendRepr(value, to: &bytes)
    }
    bytes += "}".utf8
  }
}

extension Double {
  /// Python's `repr(float)`: the shortest digits that read back, without exponent from 1e-4 to below 1e16.
  var pythonDescription: String {
    if isNaN { return "nan" }
    if isInfinite { return self < 0 ? "-inf" : "inf" }
    // Swift prints the same shortest digits, but changes to an exponent elsewhere.
    let text = description
    let sign = text.hasPrefix("-") ? "-" : ""
    let parts = text.dropFirst(sign.count).split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = String(mantissa[0])
    var fraction = mantissa.count > 1 ? String(mantissa[1]) : ""
    if fraction == "0" { fraction = "" }
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let all = whole + fraction
    let leadingZeros = all.prefix { $0 == "0" }.count
    var digits = String(all.dropFirst(leadingZeros))
    guard !digits.isEmpty else { return sign + "0.0" }
    // The value is 0.digits × 10^point.
    let point = whole.count + exponent - leadingZeros
    while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    if point > 16 || point < -3 {
      let power = point - 1
      let tail = digits.dropFirst()
      let magnitude = String(power.magnitude)
      return sign + digits.prefix(1) + (tail.isEmpty ? "" : "." + tail) + "e" + (power < 0 ? "-" : "+")
        + (magnitude.count < 2 ? "0" : "") + magnitude
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
    if digits.count <= point { return sign + digits + String(repeating: "0", count: point - digits.count) + ".0" }
    return sign + digits.prefix(point) + "." + digits.dropFirst(point)
  }
}

extension Unicode.Scalar {
  /// Python's `str.isprintable` for one code point.
  var isPythonPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: self == " "
    default: true
    }
  }
}

extension Text {
  /// Appends a Python string literal.
  func appendRepr(to result: inout [UInt8]) {
    let hasSingle = bytes.contains(UInt8(ascii: "'"))
    let quote: Unicode.Scalar = hasSingle && !bytes.contains(UInt8(ascii: "\"")) ? "\"" : "'"
    result.append(scalar: quote)
    for scalar in string.unicodeScalars {
      switch scalar {
      case quote, "\\":
        result.append(UInt8(ascii: "\\"))
        result.append(scalar: scalar)
      case "\n": result += "\\n".utf8
      case "\r": result += "\\r".utf8
      case "\t": result += "\\t".utf8
      case _ where scalar.isPythonPrintable: result.append(scalar: scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        let width = scalar.value < 0x100 ? 2 : scalar.value < 0x10000 ? 4 : 8
        result += (width == 2 ? "\\x" : width == 4 ? "\\u" : "\\U").utf8
        result += (String(repeating: "0", count: max(0, width - digits.count)) + digits).utf8
      }
    }
    result.append(scalar: quote)
  }
}
