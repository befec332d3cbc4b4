package import StoaFormats
import StoaTensor

/// A matrix of 8-bit floating-point numbers with the factors that make weights of them, as DeepSeek V3 (arXiv:2412.19437,
/// section 3.3) and the FP8 checkpoints of other models are published.
///
/// There is one factor for the whole matrix, for each row, or for each block of rows and columns; whether it is called
/// `weight_scale_inv` or `weight_scale`, a weight is its number times the factor. Weights are read as bfloat16: the
/// product in binary32, rounded to nearest even, which is what DeepSeek's own `inference/fp8_cast_bf16.py` makes of them
/// and exact where the factor is a power of two. binary32 would take four times the memory of the file, binary16 lacks
/// the range, and blocks of integers of 8 bits cannot hold the four binades of a block of such numbers.
package struct ScaledFloat8: Sendable {
  package let values: TensorInfo
  package let scales: TensorInfo
  private let format: Float8
  /// The factors row by row.
  private let factors: [Float]
  /// Rows and columns that share a factor.
  private let block: (rows: Int, columns: Int)
  private let factorsPerRow: Int
  private var columns: Int { values.shape[1] }

  /// What the factors of a tensor may be called.
  static func scaleNames(of tensor: String) -> [String] { [tensor + "_scale_inv", tensor + "_scale"] }

  /// - Parameters:
  ///   - scales: The factors; nil when the checkpoint has none.
  ///   - block: The rows and columns of a block, as the configuration has them.
  init(
    _ values: TensorInfo, _ format: Float8, scales: TensorInfo?, block: (rows: Int, columns: Int)?
  ) throws(ModelError) {
    func refuse(_ problem: String) -> ModelError {
      .impossible(path: values.file.path, problem: "tensor \(quoted(values.name)) \(problem)")
    }
    let kind = format.rawValue
    guard values.shape.count == 2 else {
      throw refuse("is of the type \(kind) and has the shape \(values.shape); only matrices are read from this type")
    }
    let (rows, columns) = (values.shape[0], values.shape[1])
    var expected = "[1] or [\(rows), 1]"
    var blocks: [Int]?
    if let block {
      let counts = [(rows - 1) / block.rows + 1, (columns - 1) / block.columns + 1]
      blocks = counts
      expected = "\(counts), one for each \(block.rows) × \(block.columns) values, " + expected
    }
    guard let scales else {
      let names = Self.scaleNames(of: values.name).map { quoted($0) }.joined(separator: " nor ")
      throw refuse(
        "is of the type \(kind), but its scales are missing: there is neither \(names)\n"
          + "expected scales of the shape \(expected); get all files of the checkpoint")
    }
    guard [.f32, .f16, .bf16].contains(scales.type) else {
      throw refuse("has scales (\(quoted(scales.name))) of the type \(scales.typeName); F32, F16 or BF16 were expected")
    }
    if scales.shape == blocks, let block {
      self.block = block
    } else if scales.elementCount == 1 {
      self.block = (max(rows, 1), max(columns, 1))
    } else if scales.shape == [rows] || scales.shape == [rows, 1] {
      self.block = (1, max(columns, 1))
    } else {
      throw refuse(
        "has the shape \(values.shape) and its scales (\(quoted(scales.name))) the shape \(scales.shape)\n"
          + "expected scales of the shape \(expected)"
          + (block == nil ? "; config.json has no \"weight_block_size\"" : ""))
    }
    self.values = values
    self.scales = scales
    self.format = format
    factorsPerRow = (max(columns, 1) - 1) / self.block.columns + 1
    var factors = [Float](repeating: 0, count: scales.elementCount)
    unsafe factors.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe dequantize(
        scales.type, row: scales.file.base + scales.offset, columns: scales.elementCount, into: base)
    }
    if let index = factors.firstIndex(where: { !$0.isFinite }) {
      throw refuse("has scales (\(quoted(scales.name))) of which number \(index) is \(factors[index])")
    }
    self.factors = factors
  }

  /// Some values of a row as bfloat16.
  func copyRow(_ row: Int, columns range: Range<Int>, into target: UnsafeMutablePointer<UInt16>) {
    let table = format.values
    let source = unsafe (values.file.base + values.offset + row * columns).assumingMemoryBound(to: UInt8.self)
    let first = row / block.rows * factorsPerRow
    var column = range.lowerBound
    while column < range.upperBound {
      let index = column / block.columns
      let end = min((index + 1) * block.columns, range.upperBound)
      let factor = factors[first + index]
      while column < end {
        unsafe target[column - range.lowerBound] = Self.bfloat16(table[Int(source[column])] * factor)
        column += 1
      }
    }
  }

  /// Some values of a column as bfloat16.
  func copyColumn(_ column: Int, rows range: Range<Int>, into target: UnsafeMutablePointer<UInt16>) {
    let table = format.values
    let source = unsafe (values.file.base + values.offset).assumingMemoryBound(to: UInt8.self)
    for row in range {
      let factor = factors[row / block.rows * factorsPerRow + column / block.columns]
      let value = unsafe table[Int(source[row * columns + column])] * factor
      unsafe target[row - range.lowerBound] = Self.bfloat16(value)
    }
  }

  /// Rounds to nearest even; what is too large becomes infinite, and every NaN the same one.
  static func bfloat16(_ value: Float) -> UInt16 {
    if value.isNaN { return 0x7FC0 }
    let bits = value.bitPattern
    return UInt16((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}

/// What a configuration says of weights in 8-bit floating point.
package enum Float8Settings {
  /// Whether the checkpoint is quantised to 8-bit floating point, and nothing else.
  package static func describe(_ configuration: HuggingFaceConfiguration) -> Bool {
    guard let settings = configuration.raw["quantization_config"] else { return false }
    switch settings["quant_method"]?.stringValue {
    case "fp8", "fbgemm_fp8": return true
    case "modelopt": return settings["quant_algo"]?.stringValue == "FP8"
    case "compressed-tensors":
      guard let groups = groups(settings) else { return false }
      return !groups.isEmpty
        && groups.allSatisfy { group in
          group["weights"]?["type"]?.stringValue == "float" && group["weights"]?["num_bits"]?.intValue == 8
        }
    default: return false
    }
  }

  /// The rows and columns that share a factor: `weight_block_size`, or `block_structure` of compressed-tensors.
  static func block(
    _ configuration: HuggingFaceConfiguration, path: String
  ) throws(ModelError) -> (rows: Int, columns: Int)? {
    guard let settings = configuration.raw["quantization_config"], !settings.isNull else { return nil }
    var found = ("weight_block_size", settings["weight_block_size"])
    if found.1 == nil {
      let structures = groups(settings)?.compactMap { $0["weights"]?["block_structure"] } ?? []
      found = ("block_structure", structures.first { !$0.isNull })
    }
    guard let value = found.1, !value.isNull else { return nil }
    let sizes = (value.arrayValue ?? []).compactMap(\.intValue)
    guard value.arrayValue?.count == 2, sizes.count == 2, sizes.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw .impossible(
        path: path,
        problem: "\"\(found.0)\" in \"quantization_config\" is \(value.text())\n"
          + "expected two numbers, the rows and the columns of a block")
    }
    return (sizes[0], sizes[1])
  }

  /// Tensors beside the weights that say how others round activations and caches, which is not done here.
  package static let ignoredSuffixes = [".input_scale", ".input_scale_ub", ".k_scale", ".v_scale"]

  private static func groups(_ settings: JSONValue) -> [JSONValue]? {
    settings["config_groups"]?.objectValue.map { members in members.map(\.value) }
  }
}
