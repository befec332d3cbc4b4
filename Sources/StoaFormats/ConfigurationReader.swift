/// Reads typed values out of a configuration object and names file and key when one does not fit.
///
/// A value of `null` counts as absent, as it does in `transformers`.
struct ConfigurationReader {
  let members: JSONObject
  let path: String
  /// What stands before a key in messages, such as `rope_scaling.`.
  var prefix = ""

  /// Counts and sizes beyond this are no model's; the limit keeps products of two of them from overflowing.
  static let maximumCount = 1 << 31

  /// The value of the first of `keys` that is present.
  func value(_ keys: [String]) -> (key: String, value: JSONValue)? {
    for key in keys {
      if let value = members[key], !value.isNull { return (key, value) }
    }
    return nil
  }

  /// A positive count.
  func count(_ keys: String...) throws(FormatError) -> Int? { try count(keys) }

  /// A positive count that must be there.
  func requiredCount(_ keys: String..., atMost limit: Int = Self.maximumCount) throws(FormatError) -> Int {
    guard let count = try count(keys, limit) else { throw missing(keys[0]) }
    return count
  }

  private func count(_ keys: [String], _ limit: Int = Self.maximumCount) throws(FormatError) -> Int? {
    guard let (key, value) = value(keys) else { return nil }
    guard let count = value.intValue else { throw wrong(key, value, "a whole number") }
    guard (1...limit).contains(count) else {
      throw malformed("\"\(prefix)\(key)\" is \(count); it must be from 1 to \(grouped(limit))")
    }
    return count
  }

  /// A positive finite number.
  func number(_ keys: String...) throws(FormatError) -> Double? {
    guard let (key, value) = value(keys) else { return nil }
    guard let number = value.doubleValue else { throw wrong(key, value, "a number") }
    guard number > 0 else { throw malformed("\"\(prefix)\(key)\" is \(number); it must be greater than 0") }
    return number
  }

  /// A positive finite number that must be there.
  func requiredNumber(_ key: String) throws(FormatError) -> Double {
    guard let number = try number(key) else { throw missing(key) }
    return number
  }

  /// A list of positive finite numbers that must be there.
  func requiredNumbers(_ key: String) throws(FormatError) -> [Double] {
    guard let (_, value) = value([key]) else { throw missing(key) }
    guard let elements = value.arrayValue else { throw wrong(key, value, "a list of numbers") }
    var numbers: [Double] = []
    for element in elements {
      guard let number = element.doubleValue, number > 0 else {
        throw malformed("\"\(prefix)\(key)\" must hold numbers greater than 0")
      }
      numbers.append(number)
    }
    return numbers
  }

  func bool(_ keys: String...) throws(FormatError) -> Bool? {
    guard let (key, value) = value(keys) else { return nil }
    guard let bool = value.boolValue else { throw wrong(key, value, "true or false") }
    return bool
  }

  func string(_ keys: String...) throws(FormatError) -> String? {
    guard let (key, value) = value(keys) else { return nil }
    guard let string = value.stringValue else { throw wrong(key, value, "a text") }
    return string
  }

  /// Texts in a list.
  func strings(_ key: String) throws(FormatError) -> [String]? {
    guard let (_, value) = value([key]) else { return nil }
    guard let elements = value.arrayValue else { throw wrong(key, value, "a list of texts") }
    var strings: [String] = []
    for element in elements {
      guard let string = element.stringValue else { throw wrong(key, element, "a text") }
      strings.append(string)
    }
    return strings
  }

  /// Token ids, given as one number or as a list; empty when absent.
  func tokens(_ key: String) throws(FormatError) -> [Int] {
    guard let (_, value) = value([key]) else { return [] }
    var tokens: [Int] = []
    for element in value.arrayValue ?? [value] {
      guard let token = element.intValue else { throw wrong(key, element, "a token id") }
      // Some published files say -1 for "none".
      if token >= 0 { tokens.append(token) }
    }
    return tokens
  }

  /// The object under the first of `keys` that is present.
  func object(_ keys: String...) throws(FormatError) -> ConfigurationReader? {
    guard let (key, value) = value(keys) else { return nil }
    guard let object = value.objectValue else { throw wrong(key, value, "an object") }
    return ConfigurationReader(members: object, path: path, prefix: "\(prefix)\(key).")
  }

  func missing(_ key: String) -> FormatError { malformed("\"\(prefix)\(key)\" is missing") }

  func malformed(_ problem: String) -> FormatError { .malformed(path: path, problem: problem) }

  private func wrong(_ key: String, _ value: JSONValue, _ wanted: String) -> FormatError {
    malformed("\"\(prefix)\(key)\" is \(value.kindName); it must be \(wanted)")
  }
}
