/// The properties of a scalar that pre-tokenisers ask for: a set of general categories and White_Space.
struct UnicodeClass: OptionSet, Sendable {
  let rawValue: UInt8

  /// General category L.
  static let letter = UnicodeClass(rawValue: 1)
  /// General category N.
  static let number = UnicodeClass(rawValue: 2)
  /// White_Space, the `\s` of regular expressions.
  static let space = UnicodeClass(rawValue: 4)
  /// General category P.
  static let punctuation = UnicodeClass(rawValue: 8)
  /// General category S.
  static let symbol = UnicodeClass(rawValue: 16)
  /// General category M.
  static let mark = UnicodeClass(rawValue: 32)
  /// General categories Lu and Lt.
  static let upper = UnicodeClass(rawValue: 64)
  /// General category Ll.
  static let lower = UnicodeClass(rawValue: 128)

  /// A byte that is no part of valid UTF-8 counts as U+FFFD does.
  private static let replacement = UnicodeClass.symbol

  /// Whether the sets have a member in common.
  @inline(__always)
  func intersects(_ other: UnicodeClass) -> Bool { rawValue & other.rawValue != 0 }

  @inline(__always)
  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The class of a decoded scalar.
  @inline(__always)
  init(_ scalar: DecodedScalar) {
    self = scalar.isInvalid ? Self.replacement : UnicodeClass(rawValue: Self.table[scalar.value])
  }

  /// The class of every scalar.
  static let table: ScalarTable<UInt8> = {
    var table = ScalarTable<UInt8>(default: 0)
    for (index, run) in runs.enumerated() where run & 0xFF != 0 {
      let end = index + 1 < runs.count ? runs[index + 1] >> 8 : 0x110000
      table.fill(run >> 8..<end, with: UInt8(truncatingIfNeeded: run))
    }
    return table
  }()
}

/// A value for each Unicode scalar: a table of blocks of 256, made as they are needed.
struct ScalarTable<Value: Sendable & BitwiseCopyable>: Sendable {
  private var blocks = [UInt16](repeating: 0, count: 0x110000 >> 8)
  private var values: [Value]

  init(default value: Value) { values = [Value](repeating: value, count: 256) }

  /// Needs a scalar below 0x110000.
  @inline(__always)
  subscript(scalar: UInt32) -> Value {
    get { values[Int(blocks[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)] }
    set {
      let block = Int(scalar >> 8)
      if blocks[block] == 0 {
        // At most 0x1100 blocks, which fits.
        blocks[block] = UInt16(values.count >> 8)
        values.append(contentsOf: values[0..<256])
      }
      values[Int(blocks[block]) << 8 | Int(scalar & 0xFF)] = newValue
    }
  }

  mutating func fill(_ range: Range<UInt32>, with value: Value) {
    for scalar in range { self[scalar] = value }
  }
}
