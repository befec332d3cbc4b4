package import StoaFormats

/// Reads the members of a JSON object; every error names the file and the member by its path.
///
/// `null` counts as absent: some writers of bundles have it for what they do not set.
package struct JSONFields {
  package let object: JSONObject
  /// What the object was read from, for messages.
  package let source: String
  /// The path of the object in the document, empty at the top.
  private let path: String

  /// The members of `value`, which must be an object.
  package init(_ value: JSONValue, source: String, path: String = "") throws(TrustError) {
    guard let object = value.objectValue else {
      throw .malformed(
        source: source, problem: "\(path.isEmpty ? "the document" : quoted(path)) is \(value.kindName), not an object")
    }
    self.object = object
    self.source = source
    self.path = path
  }

  /// The path of a member: `dsseEnvelope.payload`.
  package func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// The member, nil when it is absent or null.
  package func value(_ key: String) -> JSONValue? {
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  /// The member, which must be there.
  package func required(_ key: String) throws(TrustError) -> JSONValue {
    guard let value = value(key) else { throw malformed(key, "is missing") }
    return value
  }

  package func string(_ key: String) throws(TrustError) -> String { try read(key, "a text", required(key).stringValue) }

  package func optionalString(_ key: String) throws(TrustError) -> String? {
    value(key) == nil ? nil : try string(key)
  }

  package func bool(_ key: String) throws(TrustError) -> Bool {
    try read(key, "true or false", required(key).boolValue)
  }

  /// A whole number; also one written as a text, as protobuf's JSON form has 64-bit numbers.
  package func integer(_ key: String) throws(TrustError) -> Int {
    let value = try required(key)
    return try read(key, "a whole number", value.intValue ?? value.stringValue.flatMap { Int($0) })
  }

  /// Bytes in base64.
  package func bytes(_ key: String) throws(TrustError) -> [UInt8] {
    try read(key, "base64", Base64.decode(string(key)))
  }

  /// Bytes in hexadecimal.
  package func hexBytes(_ key: String) throws(TrustError) -> [UInt8] {
    try read(key, "hexadecimal", Hex.decode(string(key)))
  }

  package func fields(_ key: String) throws(TrustError) -> JSONFields {
    try JSONFields(required(key), source: source, path: path(of: key))
  }

  package func optionalFields(_ key: String) throws(TrustError) -> JSONFields? {
    value(key) == nil ? nil : try fields(key)
  }

  package func array(_ key: String) throws(TrustError) -> [JSONValue] {
    try read(key, "an array", required(key).arrayValue)
  }

  /// The objects of an array; none when the member is absent.
  package func objects(_ key: String) throws(TrustError) -> [JSONFields] {
    guard value(key) != nil else { return [] }
    var objects: [JSONFields] = []
    for (index, element) in try array(key).enumerated() {
      objects.append(try JSONFields(element, source: source, path: "\(path(of: key))[\(index)]"))
    }
    return objects
  }

  /// The texts of an array; none when the member is absent.
  package func strings(_ key: String) throws(TrustError) -> [String] {
    guard value(key) != nil else { return [] }
    var strings: [String] = []
    for element in try array(key) {
      strings.append(try read(key, "an array of texts", element.stringValue))
    }
    return strings
  }

  /// The error that the member `key` is not what it must be.
  package func malformed(_ key: String, _ problem: String) -> TrustError {
    .malformed(source: source, problem: "\(quoted(path(of: key))) \(problem)")
  }

  private func read<T>(_ key: String, _ wanted: String, _ value: T?) throws(TrustError) -> T {
    guard let value else { throw malformed(key, "is not \(wanted)") }
    return value
  }
}

extension JSONValue {
  /// The document in `bytes`; `source` names them in messages.
  package init(parsing bytes: [UInt8], source: String) throws(TrustError) {
    do {
      try self.init(parsing: bytes.span)
    } catch {
      throw .file(.json(path: source, error))
    }
  }
}
