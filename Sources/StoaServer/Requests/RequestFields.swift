import StoaFormats

/// Reads the members of a JSON object of a request; every error names the field by its path.
///
/// `null` counts as absent: clients write it for what they do not set.
struct RequestFields {
  let object: JSONObject
  /// The path of the object in the request, empty at the top.
  let path: String

  init(_ object: JSONObject, path: String = "") {
    self.object = object
    self.path = path
  }

  /// The path of a member: `messages[0].role`.
  func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// Whether the member is there and not null.
  func has(_ key: String) -> Bool { value(key) != nil }

  /// The member, nil when it is absent or null.
  func value(_ key: String) -> JSONValue? {
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  /// The first of several names of one member that is there; for messages the first of all when none is.
  func key(_ names: String...) -> String { names.first(where: has) ?? names[0] }

  func string(_ key: String) throws(APIError) -> String? {
    try read(key, "a string") { $0.stringValue }
  }

  func bool(_ key: String) throws(APIError) -> Bool? {
    try read(key, "true or false") { $0.boolValue }
  }

  func int(_ key: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let number = try read(key, "a whole number", { $0.intValue }) else { return nil }
    guard range.contains(number) else {
      throw .invalid(path(of: key), "is \(number), but must be \(Self.words(range))")
    }
    return number
  }

  func double(_ key: String, in range: ClosedRange<Double>) throws(APIError) -> Double? {
    guard let number = try read(key, "a number", { $0.doubleValue }) else { return nil }
    guard range.contains(number) else {
      throw .invalid(path(of: key), "is \(number), but must be from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func array(_ key: String) throws(APIError) -> [JSONValue]? {
    try read(key, "an array") { $0.arrayValue }
  }

  func object(_ key: String) throws(APIError) -> RequestFields? {
    guard let object = try read(key, "an object", { $0.objectValue }) else { return nil }
    return RequestFields(object, path: path(of: key))
  }

  /// The objects of an array.
  func objects(_ key: String) throws(APIError) -> [RequestFields]? {
    guard let items = try array(key) else { return nil }
    return try Self.objects(items, path: path(of: key))
  }

  /// The objects of an array that lies at `path`.
  static func objects(_ items: [JSONValue], path: String) throws(APIError) -> [RequestFields] {
    var result: [RequestFields] = []
    for (index, item) in items.enumerated() {
      let place = "\(path)[\(index)]"
      guard let object = item.objectValue else { throw .invalid(place, "must be an object, not \(item.kindName)") }
      result.append(RequestFields(object, path: place))
    }
    return result
  }

  /// A string or an array of strings, as `stop` is.
  func strings(_ key: String) throws(APIError) -> [String]? {
    guard let value = value(key) else { return nil }
    if let text = value.stringValue { return [text] }
    guard let items = value.arrayValue else {
      throw .invalid(path(of: key), "must be a string or an array of strings, not \(value.kindName)")
    }
    var result: [String] = []
    for (index, item) in items.enumerated() {
      guard let text = item.stringValue else {
        throw .invalid("\(path(of: key))[\(index)]", "must be a string, not \(item.kindName)")
      }
      result.append(text)
    }
    return result
  }

  /// A member that must be there.
  func required<Value>(_ key: String, _ value: Value?) throws(APIError) -> Value {
    guard let value else { throw .invalid(path(of: key), "is missing", code: "missing_required_parameter") }
    return value
  }

  /// One of a few words.
  func word(_ key: String, of words: [String]) throws(APIError) -> String? {
    guard let word = try string(key) else { return nil }
    guard words.contains(word) else {
      let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
      throw .invalid(path(of: key), "is \"\(word.prefix(80))\", but must be one of \(list)")
    }
    return word
  }

  private func read<Value>(
    _ key: String, _ kind: String, _ convert: (JSONValue) -> Value?
  ) throws(APIError) -> Value? {
    guard let value = value(key) else { return nil }
    guard let result = convert(value) else {
      throw .invalid(path(of: key), "must be \(kind), not \(value.kindName)")
    }
    return result
  }

  private static func words(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max ? "\(range.lowerBound) or more" : "from \(range.lowerBound) to \(range.upperBound)"
  }
}
