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

  /// Whether the sets have a member in common.
  @inline(__always)
  func intersects(_ other: UnicodeClass) -> Bool { rawValue & other.rawValue != 0 }

  @inline(__always)
  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The class of a decoded scalar in Unicode 16.
  @inline(__always)
  init(_ scalar: DecodedScalar) { self = UnicodeClassTable.unicode16[scalar] }

  init(_ category: UnicodeCategory) {
    switch category {
    case .lu, .lt: self = [.letter, .upper]
    case .ll: self = [.letter, .lower]
    case .lm, .lo: self = .letter
    case .mn, .mc, .me: self = .mark
    case .nd, .nl, .no: self = .number
    case .pc, .pd, .ps, .pe, .pi, .pf, .po: self = .punctuation
    case .sm, .sc, .sk, .so: self = .symbol
    case .cn, .zs, .zl, .zp, .cc, .cf, .co: self = []
    }
  }
}

/// The class of every scalar in one version of Unicode.
///
/// A byte for each scalar, in memory that lives as long as the program: the inner loops of scanners read it.
@safe struct UnicodeClassTable: @unchecked Sendable {
  private let classes: UnsafePointer<UInt8>

  /// What Hugging Face tokenizers and tiktoken go by.
  static let unicode16 = UnicodeClassTable(without: [])
  /// What llama.cpp goes by (`unicode-data.cpp`).
  static let unicode15 = UnicodeClassTable(without: UnicodeCategory.addedInUnicode16)

  private init(without unassigned: [ClosedRange<UInt32>]) {
    let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 0x110000)
    UnicodeCategory.forEachRun { range, category in
      for scalar in range { unsafe table[Int(scalar)] = UnicodeClass(category).rawValue }
    }
    for range in unassigned {
      for scalar in range { unsafe table[Int(scalar)] = 0 }
    }
    for range in UnicodeCategory.whiteSpace {
      for scalar in range { unsafe table[Int(scalar)] |= UnicodeClass.space.rawValue }
    }
    unsafe classes = UnsafePointer(table)
  }

  /// The class of a scalar; a byte that is no part of valid UTF-8 counts as U+FFFD does.
  @inline(__always)
  subscript(scalar: DecodedScalar) -> UnicodeClass {
    // Decoded scalars are below 0x110000 unless invalid.
    scalar.isInvalid ? .symbol : unsafe UnicodeClass(rawValue: classes[Int(scalar.value)])
  }

  /// The class of an ASCII character; any byte will do.
  @inline(__always)
  subscript(ascii byte: UInt8) -> UnicodeClass { unsafe UnicodeClass(rawValue: classes[Int(byte)]) }
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
}
