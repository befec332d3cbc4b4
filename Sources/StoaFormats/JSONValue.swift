/// A JSON document.
///
/// Integers that fit `Int` are exact; all other numbers are the nearest `Double`. Objects keep the order of their keys,
/// and keys and strings are compared by their bytes: vocabularies hold both forms of an accented letter.
public enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// The value of `key` in an object; nil in anything else.
  public subscript(key: String) -> JSONValue? { objectValue?[key] }

  /// The element `index` of an array; nil in anything else or beyond its end.
  public subscript(index: Int) -> JSONValue? {
    guard let array = arrayValue, array.indices.contains(index) else { return nil }
    return array[index]
  }

  /// Whether this is `null`.
  public var isNull: Bool { if case .null = self { true } else { false } }

  /// The truth value.
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The integer; also a number written with a fraction or exponent whose value is one, such as `1e3`.
  public var intValue: Int? {
    switch self {
    case .int(let value): value
    // The smallest integer is read as one; as a double it is what a smaller one was rounded to.
    case .double(let value): value > -0x1p63 ? Int(exactly: value) : nil
    default: nil
    }
  }

  /// The number, rounded when it is an integer beyond 2^53.
  public var doubleValue: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// The text.
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }

  /// The elements of an array.
  public var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

  /// The members of an object.
  public var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// The kind of value, for messages: `an object`, `a string`.
  package var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .int, .double: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSONValue: Equatable {
  /// Whether both are the same document; the order of members does not matter, the form of a number does.
  public static func == (left: JSONValue, right: JSONValue) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.int(let left), .int(let right)): left == right
    case (.double(let left), .double(let right)): left == right
    case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
    case (.array(let left), .array(let right)): left == right
    case (.object(let left), .object(let right)): left == right
    default: false
    }
  }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// `null`.
  public init(nilLiteral: ()) { self = .null }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An integer.
  public init(integerLiteral value: Int) { self = .int(value) }
  /// A floating-point number.
  public init(floatLiteral value: Double) { self = .double(value) }
  /// A text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An array.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// An object; of a key that occurs twice the last value counts.
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
}
