import StoaFormats
import StoaModels
import StoaTensor
import Synchronization

/// Turns rows of one tensor into their form in the output, in units that any thread may take.
///
/// A unit is a few whole rows or, when rows are very long, a part of one, so that the memory a unit takes is bounded
/// whatever a file claims.
@safe struct RowConverter: Sendable {
  let plan: TensorPlan
  /// The weights of the columns, one row for each matrix.
  let importance: [Float]?

  /// Rows in a unit.
  private let unitRows: Int
  /// Values of a row in a unit.
  private let unitColumns: Int
  private let unitsPerRow: Int
  private let unitsPerMatrix: Int

  /// The number of units.
  let units: Int
  /// Values in the largest unit.
  var unitElements: Int { unitRows * unitColumns }

  private static let targetElements = 32_768
  /// A quantiser that weighs columns looks at whole rows; no model has rows of this length.
  private static let longestWeighedRow = 1 << 24

  /// - Parameter importance: As many values as the tensor has columns, times its matrices; nil for none.
  init(_ plan: TensorPlan, importance: [Float]? = nil) throws(ConversionError) {
    guard let bytes = plan.byteCount, bytes > 0 else {
      throw .tensor(name: plan.name, problem: "a shape of \(plan.shape) cannot be written as \(plan.type.name)")
    }
    // Those that lie otherwise have been checked against their rules.
    if case .tensors(let tensors, _) = plan.contents {
      let elements = tensors.reduce(0) { $0 + $1.elementCount }
      guard elements == plan.shape.reduce(1, *), tensors.allSatisfy({ $0.type == plan.sourceType }),
        plan.columns % plan.sourceType.blockSize == 0
      else { throw .tensor(name: plan.name, problem: "its parts do not add up to a shape of \(plan.shape)") }
    }
    self.plan = plan
    self.importance = importance
    if importance != nil, plan.columns > Self.longestWeighedRow {
      throw .tensor(name: plan.name, problem: "rows of \(grouped(plan.columns)) values cannot be quantised")
    }
    if plan.columns <= Self.targetElements || importance != nil {
      unitRows = min(plan.rows, max(1, Self.targetElements / plan.columns))
      unitColumns = plan.columns
    } else {
      unitRows = 1
      unitColumns = Self.targetElements
    }
    unitsPerRow = (plan.columns + unitColumns - 1) / unitColumns
    unitsPerMatrix = (plan.rows + unitRows - 1) / unitRows * unitsPerRow
    units = unitsPerMatrix * plan.matrices
  }

  /// A rectangle of the tensor.
  private struct Unit {
    let matrix: Int
    /// Within the matrix.
    let rows: Range<Int>
    let columns: Range<Int>
  }

  private func unit(_ index: Int) -> Unit {
    let (matrix, inMatrix) = index.quotientAndRemainder(dividingBy: unitsPerMatrix)
    let (group, part) = inMatrix.quotientAndRemainder(dividingBy: unitsPerRow)
    let (row, column) = (group * unitRows, part * unitColumns)
    return Unit(
      matrix: matrix, rows: row..<min(row + unitRows, plan.rows),
      columns: column..<min(column + unitColumns, plan.columns))
  }

  private func byteCount(_ elements: Int, _ type: ElementType) -> Int {
    elements / type.blockSize * type.bytesPerBlock
  }

  /// Where unit `index` starts in the bytes of the tensor; the count of units leads to the tensor's end.
  func byteOffset(ofUnit index: Int) -> Int {
    if index == units { return plan.byteCount ?? 0 }
    let unit = unit(index)
    return byteCount(
      (unit.matrix * plan.rows + unit.rows.lowerBound) * plan.columns + unit.columns.lowerBound, plan.type)
  }

  /// Writes unit `index` to `output`, which has exactly its bytes; `scratch` has room for `unitElements` values.
  ///
  /// - Returns: How many values were too large for the type and became its largest number.
  func convert(
    unit index: Int, scratch: UnsafeMutablePointer<Float>, into output: UnsafeMutableRawBufferPointer
  ) throws(ConversionError) -> Int {
    let unit = unit(index)
    let elements = unit.rows.count * unit.columns.count
    if plan.isCopied {
      unsafe copy(unit, into: output)
      return 0
    }
    let values = unsafe UnsafeMutableBufferPointer(start: scratch, count: elements)
    try unsafe load(unit, into: values)
    let overflows = plan.type == .f16 ? unsafe Self.saturateToHalf(values) : 0
    do throws(QuantizationError) {
      try unsafe quantize(values, of: unit, into: output)
    } catch {
      throw .tensor(
        name: plan.name, problem: error.moved(byRows: unit.rows.lowerBound, columns: unit.columns.lowerBound))
    }
    return overflows
  }

  private func quantize(
    _ values: UnsafeMutableBufferPointer<Float>, of unit: Unit, into output: UnsafeMutableRawBufferPointer
  ) throws(QuantizationError) {
    guard let importance else {
      return try unsafe BlockQuantizer.quantize(
        UnsafeBufferPointer(values), columns: unit.columns.count, as: plan.type, importance: nil, into: output)
    }
    let weights = unit.matrix * plan.columns..<(unit.matrix + 1) * plan.columns
    try unsafe importance.withUnsafeBufferPointer { (all) throws(QuantizationError) in
      try unsafe BlockQuantizer.quantize(
        UnsafeBufferPointer(values), columns: unit.columns.count, as: plan.type,
        importance: UnsafeBufferPointer(rebasing: all[weights]), into: output)
    }
  }

  /// Calls `body` with each run of rows that lie one after the other in the input: the run's place in the unit in
  /// values, and its bytes.
  private func forEachRun(
    of unit: Unit, _ body: (Int, UnsafeRawBufferPointer) throws(ConversionError) -> Void
  ) throws(ConversionError) {
    let type = plan.sourceType
    switch plan.contents {
    case .values(let values):
      let first = (unit.matrix * plan.rows + unit.rows.lowerBound) * plan.columns + unit.columns.lowerBound
      let range = first..<first + unit.rows.count * unit.columns.count
      try unsafe values.withUnsafeBufferPointer { (all) throws(ConversionError) in
        try unsafe body(0, UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: all[range])))
      }
    case .tensors(let tensors, let order):
      // Each tensor holds the same number of whole matrices.
      let perTensor = plan.matrices / tensors.count
      let tensor = tensors[unit.matrix / perTensor]
      let matrixRow = unit.matrix % perTensor * plan.rows
      let runRows = order == .asStored ? unit.rows.count : 1
      for row in stride(from: unit.rows.lowerBound, to: unit.rows.upperBound, by: runRows) {
        let source = (matrixRow + order.source(of: row)) * plan.columns + unit.columns.lowerBound
        let start = tensor.offset + byteCount(source, type)
        let bytes = byteCount(runRows * unit.columns.count, type)
        try unsafe tensor.file.withBytes(start..<start + bytes) { (run) throws(ConversionError) in
          try unsafe body((row - unit.rows.lowerBound) * unit.columns.count, run)
        }
      }
    case .stored(let found): try unsafe forEachRow(of: unit, found, body)
    }
  }

  /// The same for tensors that lie in other rows or columns: one row of the output at a time.
  private func forEachRow(
    of unit: Unit, _ found: FoundTensor, _ body: (Int, UnsafeRawBufferPointer) throws(ConversionError) -> Void
  ) throws(ConversionError) {
    guard found.isPlain else { return try unsafe forEachDecodedRow(of: unit, found, body) }
    let (stored, size) = (found.stored, found.type.bytesPerBlock)
    let (perTensor, shape) = (max(stored.matricesPerTensor, 1), stored.matrixShape)
    let tensor = found.tensors[unit.matrix / perTensor]
    let base = tensor.offset + unit.matrix % perTensor * shape.rows * shape.columns * size
    var gathered = [UInt8](repeating: 0, count: stored.isTransposed ? unit.columns.count * size : 0)
    for row in unit.rows {
      let wanted = found.rule.order.source(of: row)
      let place = stored.row?(wanted) ?? wanted
      let target = (row - unit.rows.lowerBound) * unit.columns.count
      guard stored.isTransposed else {
        let start = base + (place * shape.columns + unit.columns.lowerBound) * size
        try unsafe tensor.file.withBytes(start..<start + unit.columns.count * size) { (run) throws(ConversionError) in
          try unsafe body(target, run)
        }
        continue
      }
      let matrix = base..<base + shape.rows * shape.columns * size
      unsafe tensor.file.withBytes(matrix) { bytes in
        for (index, column) in unit.columns.enumerated() {
          let source = (column * shape.columns + place) * size
          for byte in 0..<size { gathered[index * size + byte] = unsafe bytes[source + byte] }
        }
      }
      try unsafe gathered.withUnsafeBufferPointer { (run) throws(ConversionError) in
        try unsafe body(target, UnsafeRawBufferPointer(run))
      }
    }
  }

  /// The same for rows that are made up of tensors of values and of scales.
  private func forEachDecodedRow(
    of unit: Unit, _ found: FoundTensor, _ body: (Int, UnsafeRawBufferPointer) throws(ConversionError) -> Void
  ) throws(ConversionError) {
    var bytes = [UInt8](repeating: 0, count: byteCount(unit.columns.count, found.type))
    for row in unit.rows {
      unsafe bytes.withUnsafeMutableBytes { buffer in
        guard let base = buffer.baseAddress else { return }
        unsafe found.copyRow(
          matrix: unit.matrix, row: found.rule.order.source(of: row), columns: unit.columns, into: base)
      }
      try unsafe bytes.withUnsafeBufferPointer { (run) throws(ConversionError) in
        try unsafe body((row - unit.rows.lowerBound) * unit.columns.count, UnsafeRawBufferPointer(run))
      }
    }
  }

  private func copy(_ unit: Unit, into output: UnsafeMutableRawBufferPointer) {
    do throws(ConversionError) {
      try unsafe forEachRun(of: unit) { (place, bytes) throws(ConversionError) in
        let start = byteCount(place, plan.type)
        unsafe UnsafeMutableRawBufferPointer(rebasing: output[start..<start + bytes.count]).copyMemory(from: bytes)
      }
    } catch {}
  }

  private func load(_ unit: Unit, into values: UnsafeMutableBufferPointer<Float>) throws(ConversionError) {
    let type = plan.sourceType
    try unsafe forEachRun(of: unit) { (place, bytes) throws(ConversionError) in
      let elements = bytes.count / type.bytesPerBlock * type.blockSize
      let target = unsafe UnsafeMutableBufferPointer(rebasing: values[place..<place + elements])
      switch type {
      case .f32:
        unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
      case .f64:
        for index in 0..<elements {
          unsafe target[index] = Float(bytes.loadUnaligned(fromByteOffset: 8 * index, as: Double.self))
        }
      default:
        do throws(QuantizationError) {
          try unsafe BlockQuantizer.dequantize(bytes, as: type, columns: unit.columns.count, into: target)
        } catch {
          throw .tensor(name: plan.name, problem: error.description)
        }
      }
    }
    let addend = plan.addend
    if addend != 0 { for index in values.indices { unsafe values[index] += addend } }
  }

  /// Cuts finite values that half precision cannot hold to its largest number, 65504, and counts them.
  ///
  /// From halfway between that number and the next power of two they would round to infinity, which spoils every sum
  /// they are part of.
  private static func saturateToHalf(_ values: UnsafeMutableBufferPointer<Float>) -> Int {
    var count = 0
    for index in values.indices {
      let value = unsafe values[index]
      guard value.magnitude >= 65_520, value.isFinite else { continue }
      unsafe values[index] = value < 0 ? -65_504 : 65_504
      count += 1
    }
    return count
  }
}

extension QuantizationError {
  /// The description with rows and columns counted from the start of the tensor.
  fileprivate func moved(byRows rows: Int, columns: Int) -> String {
    let moved: QuantizationError =
      switch self {
      case .notFinite(let row, let column): .notFinite(row: row + rows, column: column + columns)
      case .tooLarge(let row, let column, let type): .tooLarge(row: row + rows, column: column + columns, type: type)
      default: self
      }
    return moved.description
  }
}
