import StoaFormats
import StoaTensor

/// Lays matrices out one after the other in one piece of memory; float weights stay in the mapped file.
final class WeightPacker {
  /// A matrix that was found and checked, but not laid out yet.
  struct Plan {
    let weight: TensorInfo
    let bias: TensorInfo?
  }

  private let arena: WeightArena
  private let pool: WorkerPool
  private let progress: ((Double) -> Void)?
  private let totalBytes: Int
  private var doneBytes = 0

  /// Reserves memory for all matrices that will be packed.
  init(_ plans: [Plan], pool: WorkerPool, progress: ((Double) -> Void)?) throws(ModelError) {
    do throws(MemoryError) {
      arena = try WeightArena(plans.map { ($0.weight.type, $0.weight.shape[0], $0.weight.shape[1]) })
    } catch {
      throw .outOfMemory(error)
    }
    self.pool = pool
    self.progress = progress
    totalBytes = plans.reduce(0) { $0 + $1.weight.byteCount }
  }

  func pack(_ plan: Plan) throws(ModelError) -> Linear {
    let tensor = plan.weight
    guard let matrix = unsafe arena.matrix(tensor.matrixSource, on: pool) else {
      throw .unsupportedType(path: tensor.file.path, tensor: tensor.name, type: tensor.type)
    }
    if matrix.isPacked { tensor.file.discard(tensor.byteRange) }
    doneBytes += tensor.byteCount
    progress?(Double(doneBytes) / Double(max(totalBytes, 1)))
    return Linear(matrix: matrix, bias: try plan.bias.map { (bias) throws(ModelError) in try bias.vector() })
  }
}

extension TensorInfo {
  /// Throws unless the tensor has the shape, and a type that can be computed with.
  func check(shape expected: [Int]) throws(ModelError) {
    guard shape == expected else {
      throw .wrongShape(path: file.path, tensor: name, shape: shape, expected: expected)
    }
    guard type.kernelType != nil else { throw .unsupportedType(path: file.path, tensor: name, type: type) }
  }

  /// The values of a vector.
  func vector() throws(ModelError) -> FloatVector {
    do throws(MemoryError) {
      if let vector = try unsafe FloatVector(matrixSource) { return vector }
    } catch {
      throw .outOfMemory(error)
    }
    throw .unsupportedType(path: file.path, tensor: name, type: type)
  }

  /// Some rows of a matrix, or elements of a vector.
  func rows(_ range: Range<Int>) -> TensorInfo {
    let bytes = byteCount / shape[0]
    return TensorInfo(
      name: name, type: type, typeName: typeName, shape: [range.count] + shape.dropFirst(), file: file,
      offset: offset + range.lowerBound * bytes, byteCount: range.count * bytes,
      elementCount: elementCount / shape[0] * range.count)
  }

  /// Reads one row as floats; `row` must be one of the matrix's.
  func copyRow(_ row: Int, into values: UnsafeMutablePointer<Float>) {
    unsafe dequantize(
      type, row: file.base + offset + row * (byteCount / shape[0]), columns: shape.last ?? 1, into: values)
  }
}
