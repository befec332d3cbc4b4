import CStoaKernels

/// The forms of activations that matrix products read.
package struct ActivationForms: OptionSet, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }
  package static let float = ActivationForms(rawValue: 1)
  package static let blocks32 = ActivationForms(rawValue: 2)
  package static let blocks256 = ActivationForms(rawValue: 4)
}

/// The inputs of matrix products: a row of values per token, and their 8-bit forms.
///
/// The values are quantised once per layer input, however many matrices read them.
@safe package final class Activations {
  package let capacity: Int
  package let maxColumns: Int
  /// `[capacity][columns]` values, where `columns` is that of the current input.
  package let values: UnsafeMutablePointer<Float>
  private let floatMemory: Memory
  private let blocks32: QuantizedRows
  private let blocks256: QuantizedRows

  /// Room for `capacity` tokens of up to `maxColumns` values.
  package init(capacity: Int, maxColumns: Int) throws(MemoryError) {
    self.capacity = capacity
    self.maxColumns = maxColumns
    floatMemory = try Memory.of(Float.self, count: capacity * maxColumns)
    unsafe values = floatMemory.pointer(to: Float.self)
    blocks32 = try QuantizedRows(capacity: capacity, maxColumns: maxColumns, block: 32)
    blocks256 = try QuantizedRows(capacity: capacity, maxColumns: maxColumns, block: 256)
  }

  /// Brings row `token` of `values`, `columns` wide, into the given forms.
  package func quantize(token: Int, columns: Int, forms: ActivationForms, compute: Compute) {
    let row = unsafe values + token * columns
    if forms.contains(.blocks32) {
      unsafe compute.kernels.pointee.quantize32(
        row, columns, blocks32.codes + token * columns, blocks32.scales + token * (columns / 32),
        blocks32.sums32 + token * (columns / 32))
    }
    if forms.contains(.blocks256) {
      unsafe compute.kernels.pointee.quantize256(
        row, columns, blocks256.codes + token * columns, blocks256.scales + token * (columns / 256),
        blocks256.sums32 + token * (columns / 32), blocks256.sums16 + token * (columns / 16))
    }
  }

  /// Copies row `source` of another input, `columns` wide, in the given forms, to row `token`.
  package func copy(token: Int, from other: Activations, token source: Int, columns: Int, forms: ActivationForms) {
    if forms.contains(.float) {
      unsafe (values + token * columns).update(from: other.values + source * columns, count: columns)
    }
    if forms.contains(.blocks32) { blocks32.copy(token, from: other.blocks32, source, columns: columns) }
    if forms.contains(.blocks256) { blocks256.copy(token, from: other.blocks256, source, columns: columns) }
  }

  /// What a kernel for weights that want `form` reads for the given rows.
  func view(_ tokens: Range<Int>, columns: Int, form: ActivationForms) -> stoa_activations {
    var view = unsafe stoa_activations()
    unsafe view.tokens = tokens.count
    unsafe view.columns = columns
    let first = tokens.lowerBound
    if form == .float {
      unsafe view.values = UnsafePointer(values + first * columns)
    } else {
      let rows = form == .blocks32 ? blocks32 : blocks256
      unsafe view.codes = UnsafePointer(rows.codes + first * columns)
      unsafe view.scales = UnsafePointer(rows.scales + first * (columns / rows.block))
      unsafe view.sums32 = UnsafePointer(rows.sums32 + first * (columns / 32))
      unsafe view.sums16 = UnsafePointer(rows.sums16 + first * (columns / 16))
    }
    return unsafe view
  }
}

/// Rows of 8-bit codes with their scales and sums.
@safe private final class QuantizedRows {
  let block: Int
  let codes: UnsafeMutablePointer<Int8>
  let scales: UnsafeMutablePointer<Float>
  let sums32: UnsafeMutablePointer<Int16>
  let sums16: UnsafeMutablePointer<Int16>
  private let memory: [Memory]

  init(capacity: Int, maxColumns: Int, block: Int) throws(MemoryError) {
    let codes = try Memory.of(Int8.self, count: capacity * maxColumns)
    let scales = try Memory.of(Float.self, count: capacity * (maxColumns / block + 1))
    let sums32 = try Memory.of(Int16.self, count: capacity * (maxColumns / 32 + 1))
    let sums16 = try Memory.of(Int16.self, count: capacity * (maxColumns / 16 + 1))
    memory = [codes, scales, sums32, sums16]
    self.block = block
    unsafe self.codes = codes.pointer(to: Int8.self)
    unsafe self.scales = scales.pointer(to: Float.self)
    unsafe self.sums32 = sums32.pointer(to: Int16.self)
    unsafe self.sums16 = sums16.pointer(to: Int16.self)
  }

  func copy(_ row: Int, from other: QuantizedRows, _ source: Int, columns: Int) {
    let (scaleCount, count32, count16) = (columns / block, columns / 32, columns / 16)
    unsafe (codes + row * columns).update(from: other.codes + source * columns, count: columns)
    unsafe (scales + row * scaleCount).update(from: other.scales + source * scaleCount, count: scaleCount)
    unsafe (sums32 + row * count32).update(from: other.sums32 + source * count32, count: count32)
    unsafe (sums16 + row * count16).update(from: other.sums16 + source * count16, count: count16)
  }
}
