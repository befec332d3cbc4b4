/// The key-value pairs of a GGUF file, in the order of the file.
public struct GGUFMetadata: Sendable {
  /// The keys in the order of the file.
  public private(set) var keys: [String] = []
  private var values: [String: GGUFValue] = [:]

  /// No pairs.
  public init() {}

  /// The number of pairs.
  public var count: Int { keys.count }

  /// The value of `key`; setting nil removes the pair, setting a value of a new key appends it.
  public subscript(key: String) -> GGUFValue? {
    get { values[key] }
    set {
      if let newValue {
        if values.updateValue(newValue, forKey: key) == nil { keys.append(key) }
      } else if values.removeValue(forKey: key) != nil {
        keys.removeAll { $0 == key }
      }
    }
  }

  /// The text of `key`, or nil when it is absent or not a string.
  public func string(_ key: String) -> String? {
    if case .string(let value) = values[key] { value } else { nil }
  }

  /// The number of `key`, of any integer type, or nil when it is absent, of another type or beyond `Int`.
  public func int(_ key: String) -> Int? { values[key]?.intValue }

  /// The number of `key`, of any floating-point or integer type, or nil.
  public func double(_ key: String) -> Double? { values[key]?.doubleValue }

  /// The truth value of `key`, or nil.
  public func bool(_ key: String) -> Bool? {
    if case .bool(let value) = values[key] { value } else { nil }
  }

  /// The array of `key`, or nil.
  public func array(_ key: String) -> GGUFArray? {
    if case .array(let value) = values[key] { value } else { nil }
  }

  /// The texts of `key`; bytes that are not UTF-8 are replaced by U+FFFD. Nil when `key` is no array of strings.
  public func strings(_ key: String) -> [String]? { texts(key)?.strings }

  /// The bytes of the texts of `key`, or nil when it is no array of strings.
  public func byteStrings(_ key: String) -> [[UInt8]]? { texts(key)?.byteStrings }

  /// The texts of `key` without copying any, or nil when it is no array of strings.
  public func texts(_ key: String) -> GGUFStrings? {
    if case .string(let value) = array(key) { value } else { nil }
  }

  /// The integers of `key`, or nil when it is no array of integers or one is beyond `Int`.
  public func ints(_ key: String) -> [Int]? { array(key)?.ints }

  /// The numbers of `key`, or nil when it is no array of floating-point numbers.
  public func floats(_ key: String) -> [Float]? { array(key)?.floats }
}

extension GGUFMetadata: Equatable {
  /// Whether both hold the same pairs in the same order.
  public static func == (left: GGUFMetadata, right: GGUFMetadata) -> Bool {
    left.keys == right.keys && left.values == right.values
  }
}
