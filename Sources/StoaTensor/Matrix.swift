package import CStoaKernels

/// A weight matrix in the form that the kernels read.
///
/// Float weights stay where they are in the mapped file, row by row; quantised weights are packed once, 16 rows
/// interleaved, in memory of their own.
@safe package struct Matrix: @unchecked Sendable {
  package let type: ElementType
  package let rows: Int
  package let columns: Int
  let kernelType: stoa_type
  let weights: UnsafeRawPointer
  /// Keeps the memory behind `weights` alive.
  private let owner: AnyObject

  /// A matrix whose `weights` lie in memory that `owner` keeps alive, in the form that `type` needs.
  init(
    type: ElementType, kernelType: stoa_type, rows: Int, columns: Int, weights: UnsafeRawPointer, owner: AnyObject
  ) {
    self.type = type
    self.rows = rows
    self.columns = columns
    self.kernelType = kernelType
    unsafe self.weights = unsafe weights
    self.owner = owner
  }

  /// Row groups, the unit in which work is split.
  package var groups: Int { (rows + Int(STOA_ROW_GROUP) - 1) / Int(STOA_ROW_GROUP) }

  /// Whether the weights were copied, so that their source is no longer needed.
  package var isPacked: Bool { type.blockSize > 1 }

  /// What the kernels need to have of the activations for weights of this type.
  package var activationForm: ActivationForms {
    switch type.blockSize {
    case 32: .blocks32
    case 256: .blocks256
    default: .float
    }
  }
}

extension ElementType {
  /// The kernels' name of the type, or nil when they can neither compute with it nor read or write it.
  package var kernelType: stoa_type? {
    switch self {
    case .f32: STOA_F32
    case .f16: STOA_F16
    case .bf16: STOA_BF16
    case .q4_0: STOA_Q4_0
    case .q4_1: STOA_Q4_1
    case .q5_0: STOA_Q5_0
    case .q5_1: STOA_Q5_1
    case .q8_0: STOA_Q8_0
    case .q2_K: STOA_Q2_K
    case .q3_K: STOA_Q3_K
    case .q4_K: STOA_Q4_K
    case .q5_K: STOA_Q5_K
    case .q6_K: STOA_Q6_K
    case .iq4_nl: STOA_IQ4_NL
    case .iq4_xs: STOA_IQ4_XS
    case .mxfp4: STOA_MXFP4
    default: nil
    }
  }

  /// Types that matrices can have.
  package static var computable: [ElementType] { allCases.filter { $0.kernelType != nil } }
}

/// The row-major weights of a matrix as they lie in a file.
@unsafe package struct MatrixSource {
  package let type: ElementType
  package let rows: Int
  package let columns: Int
  package let bytes: UnsafeRawPointer
  /// Keeps `bytes` alive.
  package let owner: AnyObject

  package init(type: ElementType, rows: Int, columns: Int, bytes: UnsafeRawPointer, owner: AnyObject) {
    unsafe self.type = type
    unsafe self.rows = rows
    unsafe self.columns = columns
    unsafe self.bytes = unsafe bytes
    unsafe self.owner = owner
  }
}

/// Memory for the packed weights of one model, handed out piece by piece.
package final class WeightArena {
  private let memory: Memory
  private var used = 0

  /// Room for all packed matrices of the given shapes.
  package init(_ matrices: [(type: ElementType, rows: Int, columns: Int)]) throws(MemoryError) {
    var total = 0
    for matrix in matrices {
      guard let type = matrix.type.kernelType else { continue }
      let (sum, overflow) = total.addingReportingOverflow(
        Self.aligned(stoa_packed_bytes(type, matrix.rows, matrix.columns)))
      guard !overflow else { throw .cannotReserve(bytes: Int.max) }
      total = sum
    }
    memory = try Memory(byteCount: total, hugePages: true)
  }

  /// Brings weights into the form of the kernels: packed in parallel, or left in place when the type needs no packing.
  package func matrix(_ source: MatrixSource, on pool: WorkerPool) -> Matrix? {
    guard let type = unsafe source.type.kernelType else { return nil }
    let (rows, columns) = unsafe (source.rows, source.columns)
    let bytes = stoa_packed_bytes(type, rows, columns)
    guard bytes > 0, used + Self.aligned(bytes) <= memory.byteCount else {
      guard bytes == 0 else { return nil }
      return unsafe Matrix(
        type: source.type, kernelType: type, rows: rows, columns: columns, weights: source.bytes, owner: source.owner)
    }
    let packed = unsafe memory.base + used
    used += Self.aligned(bytes)
    let groups = (rows + Int(STOA_ROW_GROUP) - 1) / Int(STOA_ROW_GROUP)
    pool.run(count: groups, grain: 8) { range, _ in
      unsafe stoa_pack(type, source.bytes, rows, columns, range.lowerBound, range.upperBound, packed)
    }
    return unsafe Matrix(
      type: source.type, kernelType: type, rows: rows, columns: columns, weights: packed, owner: memory)
  }

  /// Pieces start on cache lines.
  private static func aligned(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }
}

/// One row of a matrix as it lies in a file, as floats; `out` has room for `columns`.
package func dequantize(
  _ type: ElementType, row: UnsafeRawPointer, columns: Int, into out: UnsafeMutablePointer<Float>
) {
  guard let kernelType = type.kernelType else { return }
  unsafe stoa_dequantize_row(kernelType, row, columns, out)
}
