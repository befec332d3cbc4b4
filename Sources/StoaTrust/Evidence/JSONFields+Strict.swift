import StoaFormats

/// What a predicate's decoder asks beyond the reading of members: it takes nothing that its schema would refuse.
extension JSONFields {
  /// Throws when there is a member that the format does not have, or one that is null.
  func allowOnly(_ keys: String...) throws(TrustError) {
    for (key, value) in object {
      guard keys.contains(key) else { throw malformed(key, "is no member of this format") }
      if value.isNull { throw malformed(key, "is null; leave it out instead") }
    }
  }

  func text(_ key: String) throws(TrustError) -> String {
    let text = try string(key)
    guard !text.isEmpty else { throw malformed(key, "is empty") }
    return text
  }

  func optionalText(_ key: String) throws(TrustError) -> String? { value(key) == nil ? nil : try text(key) }

  func number(_ key: String) throws(TrustError) -> Double {
    guard let number = try required(key).doubleValue else { throw malformed(key, "is not a number") }
    return number
  }

  func optionalNumber(_ key: String) throws(TrustError) -> Double? { value(key) == nil ? nil : try number(key) }

  func count(_ key: String, from least: Int = 0) throws(TrustError) -> Int {
    guard let count = try required(key).intValue, count >= least else {
      throw malformed(key, "is not a whole number of at least \(least)")
    }
    return count
  }

  func choice<Value: RawRepresentable & CaseIterable>(_ key: String) throws(TrustError) -> Value
  where Value.RawValue == String {
    let text = try string(key)
    guard let value = Value(rawValue: text) else {
      throw malformed(key, "is not one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return value
  }

  /// A SHA-256 in lower-case hexadecimal.
  func hash(_ key: String) throws(TrustError) -> MerkleHash {
    guard let hash = MerkleHash(hex: try string(key)) else {
      throw malformed(key, "is not a SHA-256 in lower-case hexadecimal")
    }
    return hash
  }

  /// An array of objects, which must be there.
  func list(_ key: String, from least: Int = 0) throws(TrustError) -> [JSONFields] {
    guard try array(key).count >= least else { throw malformed(key, "has fewer than \(least) elements") }
    return try objects(key)
  }

  /// `{"sha256": …}`.
  func digest(_ key: String) throws(TrustError) -> MerkleHash {
    let digest = try fields(key)
    try digest.allowOnly("sha256")
    return try digest.hash("sha256")
  }

  func optionalDigest(_ key: String) throws(TrustError) -> MerkleHash? { value(key) == nil ? nil : try digest(key) }

  /// A day as RFC 3339 writes it.
  func date(_ key: String) throws(TrustError) -> String {
    let text = try string(key)
    guard text.wholeMatch(of: /[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])/) != nil else {
      throw malformed(key, "is not a date such as 2026-12-31")
    }
    return text
  }

  func optionalDate(_ key: String) throws(TrustError) -> String? { value(key) == nil ? nil : try date(key) }
}
