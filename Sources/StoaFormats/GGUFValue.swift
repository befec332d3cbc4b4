/// The types of metadata values; raw values are the numbers in GGUF files.
///
/// Source: the GGUF specification, `gguf_metadata_value_type`.
public enum GGUFValueType: UInt32, Sendable, CaseIterable {
  case u8 = 0
  case i8 = 1
  case u16 = 2
  case i16 = 3
  case u32 = 4
  case i32 = 5
  case f32 = 6
  case bool = 7
  case string = 8
  case array = 9
  case u64 = 10
  case i64 = 11
  case f64 = 12

  /// The bytes that the smallest value of this type takes: a string has its length, an array its type and count.
  var minimumByteCount: Int {
    switch self {
    case .u8, .i8, .bool: 1
    case .u16, .i16: 2
    case .u32, .i32, .f32: 4
    case .u64, .i64, .f64, .string: 8
    case .array: 12
    }
  }
}

/// A metadata value.
public enum GGUFValue: Sendable, Equatable {
  case u8(UInt8)
  case i8(Int8)
  case u16(UInt16)
  case i16(Int16)
  case u32(UInt32)
  case i32(Int32)
  case f32(Float)
  case bool(Bool)
  /// Text; bytes in the file that are not UTF-8 are replaced by U+FFFD.
  case string(String)
  case array(GGUFArray)
  case u64(UInt64)
  case i64(Int64)
  case f64(Double)

  /// The type of the value.
  public var type: GGUFValueType {
    switch self {
    case .u8: .u8
    case .i8: .i8
    case .u16: .u16
    case .i16: .i16
    case .u32: .u32
    case .i32: .i32
    case .f32: .f32
    case .bool: .bool
    case .string: .string
    case .array: .array
    case .u64: .u64
    case .i64: .i64
    case .f64: .f64
    }
  }

  /// The value of any integer type that fits `Int`.
  public var intValue: Int? {
    switch self {
    case .u8(let value): Int(value)
    case .i8(let value): Int(value)
    case .u16(let value): Int(value)
    case .i16(let value): Int(value)
    case .u32(let value): Int(value)
    case .i32(let value): Int(value)
    case .u64(let value): Int(exactly: value)
    case .i64(let value): Int(exactly: value)
    case .f32, .f64, .bool, .string, .array: nil
    }
  }

  /// The value of a floating-point or integer type.
  public var doubleValue: Double? {
    switch self {
    case .f32(let value): Double(value)
    case .f64(let value): value
    default: intValue.map { Double($0) }
    }
  }
}

/// An array of one element type, stored compactly.
public enum GGUFArray: Sendable, Equatable {
  case u8([UInt8])
  case i8([Int8])
  case u16([UInt16])
  case i16([Int16])
  case u32([UInt32])
  case i32([Int32])
  case f32([Float])
  case bool([Bool])
  case string(GGUFStrings)
  case array([GGUFArray])
  case u64([UInt64])
  case i64([Int64])
  case f64([Double])

  /// An array of texts.
  public static func strings(_ texts: [String]) -> GGUFArray { .string(GGUFStrings(texts)) }

  /// The type of the elements.
  public var elementType: GGUFValueType {
    switch self {
    case .u8: .u8
    case .i8: .i8
    case .u16: .u16
    case .i16: .i16
    case .u32: .u32
    case .i32: .i32
    case .f32: .f32
    case .bool: .bool
    case .string: .string
    case .array: .array
    case .u64: .u64
    case .i64: .i64
    case .f64: .f64
    }
  }

  /// The number of elements.
  public var count: Int {
    switch self {
    case .u8(let values): values.count
    case .i8(let values): values.count
    case .u16(let values): values.count
    case .i16(let values): values.count
    case .u32(let values): values.count
    case .i32(let values): values.count
    case .f32(let values): values.count
    case .bool(let values): values.count
    case .string(let values): values.count
    case .array(let values): values.count
    case .u64(let values): values.count
    case .i64(let values): values.count
    case .f64(let values): values.count
    }
  }

  /// The elements when all are integers that fit `Int`.
  public var ints: [Int]? {
    switch self {
    case .u8(let values): values.map { Int($0) }
    case .i8(let values): values.map { Int($0) }
    case .u16(let values): values.map { Int($0) }
    case .i16(let values): values.map { Int($0) }
    case .u32(let values): values.map { Int($0) }
    case .i32(let values): values.map { Int($0) }
    case .u64(let values): exact(values)
    case .i64(let values): exact(values)
    case .f32, .f64, .bool, .string, .array: nil
    }
  }

  /// The elements when they are of a floating-point type; 64-bit ones are rounded.
  public var floats: [Float]? {
    switch self {
    case .f32(let values): values
    case .f64(let values): values.map { Float($0) }
    default: nil
    }
  }

  private func exact<T: BinaryInteger>(_ values: [T]) -> [Int]? {
    var result: [Int] = []
    result.reserveCapacity(values.count)
    for value in values {
      guard let int = Int(exactly: value) else { return nil }
      result.append(int)
    }
    return result
  }
}
