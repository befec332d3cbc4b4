import StoaFormats

/// How JSON is written in answers.
enum JSONText {
  /// The characters that a JSON string cannot hold as they are.
  private static let escaped = ScalarSet([0...0x1F, 0x22...0x22, 0x5C...0x5C])
  private static let shortEscapes: [UInt32: String] = [
    0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r", 0x22: "\\\"", 0x5C: "\\\\",
  ]

  // MARK: Strings

  /// One character of a set as the content of a string: as it is, or escaped in one way.
  static func character(_ set: ScalarSet) -> Expression {
    var choices: [Expression] = []
    let plain = set.subtracting(escaped)
    if !plain.isEmpty { choices.append(.scalar(plain)) }
    for range in set.intersection(escaped).ranges { choices += range.map { Expression.text(escape($0)) } }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private static func escape(_ scalar: UInt32) -> String {
    if let short = shortEscapes[scalar] { return short }
    let digits = String(scalar, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }

  /// The bytes of a string with its quotes.
  static func string(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = [UInt8(ascii: "\"")]
    for scalar in text.unicodeScalars {
      if escaped.contains(scalar.value) {
        bytes += escape(scalar.value).utf8
      } else {
        bytes.append(scalar: scalar.value)
      }
    }
    return bytes + [UInt8(ascii: "\"")]
  }

  /// Any character of a string, with all the escapes of JSON; a surrogate only with its other half.
  static let anyCharacter: Expression = {
    let hex = Expression.scalar(ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66]))
    let single = Expression.choice([
      .sequence([.scalar(ScalarSet("0123456789abcefABCEF")), hex, hex, hex]),
      .sequence([.scalar(ScalarSet("dD")), .scalar(ScalarSet("01234567")), hex, hex]),
    ])
    let pair = Expression.sequence([
      .scalar(ScalarSet("dD")), .scalar(ScalarSet("89abAB")), hex, hex, .text("\\u"), .scalar(ScalarSet("dD")),
      .scalar(ScalarSet("cdefCDEF")), hex, hex,
    ])
    return .choice([
      .scalar(escaped.inverted),
      .sequence([
        .text("\\"), .choice([.scalar(ScalarSet("\"\\/bfnrt")), .sequence([.text("u"), .choice([single, pair])])]),
      ]),
    ])
  }()

  static func quoted(_ content: Expression) -> Expression { .sequence([.text("\""), content, .text("\"")]) }

  /// The text of a value on one line.
  static func bytes(_ value: JSONValue) -> [UInt8] {
    switch value {
    case .string(let text): string(text)
    case .array(let items): [UInt8(ascii: "[")] + joined(items.map(bytes)) + [UInt8(ascii: "]")]
    case .object(let object):
      [UInt8(ascii: "{")]
        + joined(object.map { string($0.key) + [UInt8(ascii: ":"), UInt8(ascii: " ")] + bytes($0.value) })
        + [UInt8(ascii: "}")]
    case .null: Array("null".utf8)
    case .bool(let value): Array("\(value)".utf8)
    case .int(let value): Array("\(value)".utf8)
    case .double(let value): Array("\(value)".utf8)
    }
  }

  private static func joined(_ parts: [[UInt8]]) -> [UInt8] { Array(parts.joined(separator: Array(", ".utf8))) }

  // MARK: Space

  /// What may stand between brackets, commas and values: nothing, a space, or a line break with up to 20 spaces.
  static let space = Expression.choice([
    .empty, .text(" "), .sequence([.text("\n"), .repetition(.scalar(ScalarSet(" ")), minimum: 0, maximum: 20)]),
  ])

  // MARK: Numbers

  static let digit = Expression.scalar(.digits)

  /// An integer of up to 16 digits.
  static let integer = Expression.sequence([
    .optional(.text("-")), .choice([.text("0"), .sequence([nonzero, digits(0, 15)])]),
  ])

  /// A number of up to 16 digits, as many after the point, and an exponent of up to two.
  static let number = Expression.sequence([
    integer, .optional(.sequence([.text("."), digits(1, 16)])),
    .optional(
      .sequence([.scalar(ScalarSet("eE")), .optional(.scalar(ScalarSet("+-"))), digits(1, 2)])),
  ])

  static let nonzero = Expression.scalar(ScalarSet([0x31...0x39]))

  static func digits(_ minimum: Int, _ maximum: Int?) -> Expression {
    .repetition(digit, minimum: minimum, maximum: maximum)
  }
}
