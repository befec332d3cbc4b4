public import StoaFormats

/// The tokens of a prompt or an answer in a receipt: themselves, or a hash that tells nothing to who does not have them.
public enum ReceiptTokens: Sendable, Equatable {
  /// The token ids.
  case plain([Int32])
  /// SHA-256 of the salt and the ids, each four bytes with the least first.
  case hashed(MerkleHash, salt: [UInt8], count: Int)

  /// Bytes of salt: nobody can try likely texts for all receipts at once.
  static let saltBytes = 16
  /// More tokens are not read.
  static let maximumCount = 1 << 24

  /// The hash of tokens, with a salt of its own.
  public static func hashing(_ tokens: [Int32]) -> ReceiptTokens {
    let salt = (0..<saltBytes).map { _ in UInt8.random(in: .min ... .max) }
    return .hashed(hash(tokens, salt), salt: salt, count: tokens.count)
  }

  private static func hash(_ tokens: [Int32], _ salt: [UInt8]) -> MerkleHash {
    MerkleHash(
      of: salt + tokens.flatMap { token in (0..<4).map { UInt8(truncatingIfNeeded: token >> (8 * Int32($0))) } })
  }

  /// How many tokens there are.
  public var count: Int {
    switch self {
    case .plain(let tokens): tokens.count
    case .hashed(_, _, let count): count
    }
  }

  /// The token ids; nil when only their hash is known.
  public var tokens: [Int32]? { if case .plain(let tokens) = self { tokens } else { nil } }

  /// Where these tokens first differ from others; nil when they are the same.
  func firstDifference(from other: [Int32], field: String) -> ReceiptDifference? {
    switch self {
    case .plain(let tokens):
      guard tokens != other else { return nil }
      let index = zip(tokens, other).enumerated().first { $0.element.0 != $0.element.1 }?.offset
      let place = index ?? min(tokens.count, other.count)
      func value(_ tokens: [Int32]) -> JSONValue { place < tokens.count ? .int(Int(tokens[place])) : .null }
      return ReceiptDifference(field: field, index: place, receipt: value(tokens), replay: value(other))
    case .hashed(let hash, let salt, let count):
      guard count == other.count else {
        return ReceiptDifference(field: field + ".count", receipt: .int(count), replay: .int(other.count))
      }
      let found = Self.hash(other, salt)
      guard found != hash else { return nil }
      return ReceiptDifference(field: field, receipt: .string(hash.hex), replay: .string(found.hex))
    }
  }

  init(_ fields: JSONFields) throws(TrustError) {
    if fields.value("tokens") != nil {
      try fields.allowOnly("tokens")
      let values = try fields.array("tokens")
      guard values.count <= Self.maximumCount else { throw fields.malformed("tokens", "has too many elements") }
      var tokens: [Int32] = []
      tokens.reserveCapacity(values.count)
      for value in values {
        guard let token = value.intValue.flatMap({ Int32(exactly: $0) }), token >= 0 else {
          throw fields.malformed("tokens", "holds what is no token id")
        }
        tokens.append(token)
      }
      self = .plain(tokens)
    } else {
      try fields.allowOnly("sha256", "salt", "count")
      let salt = try fields.hexBytes("salt")
      guard salt.count == Self.saltBytes else { throw fields.malformed("salt", "has not \(Self.saltBytes) bytes") }
      self = .hashed(try fields.hash("sha256"), salt: salt, count: try fields.count("count"))
    }
  }

  var json: JSONValue {
    switch self {
    case .plain(let tokens): ["tokens": .array(tokens.map { .int(Int($0)) })]
    case .hashed(let hash, let salt, let count):
      ["sha256": .string(hash.hex), "salt": .string(Hex.encode(salt)), "count": .int(count)]
    }
  }
}

/// Where an answer that was computed again is not what a receipt says.
public struct ReceiptDifference: Sendable, Equatable {
  /// The field of the receipt.
  public var field: String
  /// The place in it; nil when the field is not a list.
  public var index: Int?
  /// What the receipt says.
  public var receipt: JSONValue
  /// What the replay gave.
  public var replay: JSONValue

  /// A difference.
  public init(field: String, index: Int? = nil, receipt: JSONValue, replay: JSONValue) {
    self.field = field
    self.index = index
    self.receipt = receipt
    self.replay = replay
  }

  /// The members `field`, `index`, `receipt` and `replay`.
  public var json: JSONValue {
    ["field": .string(field), "index": index.map { .int($0) } ?? .null, "receipt": receipt, "replay": replay]
  }
}
