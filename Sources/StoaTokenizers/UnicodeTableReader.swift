/// Reads the tables that `Scripts/make_unicode_tables.py` writes: integers as Base64 VLQ, the coding of source maps.
struct UnicodeTableReader {
  private let digits: [UInt8]
  private var offset = 0

  init(_ table: String) { digits = Array(table.utf8) }

  /// The next integer, or nil at the end of the table.
  mutating func next() -> Int? {
    var (value, shift) = (0, 0)
    while offset < digits.count {
      let digit = Self.value(digits[offset])
      offset += 1
      value |= (digit & 31) << shift
      shift += 5
      if digit < 32 { return value & 1 == 0 ? value >> 1 : -(value >> 1) }
    }
    return nil
  }

  private static func value(_ digit: UInt8) -> Int {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    default: 63
    }
  }
}

/// A set of scalars, one bit each for the blocks that have members.
struct UnicodeTableSet: Sendable {
  private var table = ScalarTable<Bool>(default: false)

  /// A table of pairs: scalars skipped, scalars that belong to the set.
  init(_ table: String) {
    var reader = UnicodeTableReader(table)
    var scalar = 0
    while let skipped = reader.next(), let count = reader.next() {
      self.table.setAll(UInt32(scalar + skipped)..<UInt32(scalar + skipped + count), to: true)
      scalar += skipped + count
    }
  }

  /// The ranges of such a table as a regular expression writes them within brackets.
  static func expression(_ table: String) -> String {
    var reader = UnicodeTableReader(table)
    var (scalar, expression) = (0, "")
    // As themselves, which is short, but for those that might mean something.
    func write(_ value: Int) {
      if value >= 0x80, let scalar = Unicode.Scalar(UInt32(value)) {
        expression.unicodeScalars.append(scalar)
      } else {
        expression += "\\x{\(String(value, radix: 16))}"
      }
    }
    while let skipped = reader.next(), let count = reader.next() {
      let first = scalar + skipped
      scalar = first + count
      write(first)
      if count > 1 {
        expression += "-"
        write(scalar - 1)
      }
    }
    return expression
  }

  /// False for a byte that is no part of valid UTF-8.
  @inline(__always)
  func contains(_ scalar: UInt32) -> Bool { scalar < 0x110000 && table[scalar] }

  /// What the normaliser StripAccents removes.
  static let combiningMarks = UnicodeTableSet(UnicodeTables.combiningMarks)
  /// What BertNormalizer removes with the accents.
  static let bertMarks = UnicodeTableSet(UnicodeTables.bertMarks)
  /// What BertNormalizer removes when it cleans a text, less NUL.
  static let bertControls = UnicodeTableSet(UnicodeTables.bertControls)
  /// What the pre-tokeniser Whitespace takes for `\w`.
  static let wordCharacters = UnicodeTableSet(UnicodeTables.wordCharacters)
  /// General categories Cc, Cf and Co.
  static let controls = UnicodeTableSet(UnicodeTables.controls)
}

/// What single scalars become: a list of scalars each.
struct ScalarMapping: Sendable {
  /// Where in `values` the list of a scalar begins, and its length in the low byte; 0 for no change.
  private var places = ScalarTable<UInt32>(default: 0)
  private var values: [UInt32] = []

  /// A table of: difference to the scalar before, how many scalars follow in the same way, length, differences.
  init(_ table: String) {
    var reader = UnicodeTableReader(table)
    var (scalar, value) = (0, 0)
    while let difference = reader.next(), let run = reader.next(), let count = reader.next() {
      scalar += difference
      let start = values.count
      for _ in 0..<count {
        value += reader.next() ?? 0
        values.append(UInt32(value))
      }
      places[UInt32(scalar)] = UInt32(start << 8 | count)
      // Of a run, the values follow each other as the scalars do; the next difference counts from the first value.
      for step in 0..<run {
        places[UInt32(scalar + step + 1)] = UInt32(values.count << 8 | 1)
        values.append(UInt32(value + step + 1))
      }
      scalar += run
    }
  }

  /// The list of a scalar; nil when it stays as it is.
  @inline(__always)
  subscript(scalar: UInt32) -> ArraySlice<UInt32>? {
    guard scalar < 0x110000 else { return nil }
    let place = places[scalar]
    return place == 0 ? nil : values[Int(place >> 8)..<Int(place >> 8) + Int(place & 0xFF)]
  }

  /// Lower case without regard to context.
  static let lowercase = ScalarMapping(UnicodeTables.lowercase)
}

extension ScalarTable {
  mutating func setAll(_ range: Range<UInt32>, to value: Value) { for scalar in range { self[scalar] = value } }
}
