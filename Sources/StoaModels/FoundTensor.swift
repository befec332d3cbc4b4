package import StoaFormats
package import StoaTensor

/// A tensor of a checkpoint, checked against its rule, that can be read in the arrangement that the rule names.
package final class FoundTensor: Sendable {
  package let rule: TensorRule
  /// The type that rows have when they are read.
  package let type: ElementType
  package let tensors: [TensorInfo]
  package let stored: StoredTensor
  /// The scales of 4-bit blocks that lie in a tensor of their own.
  package let scales: TensorInfo?

  init(
    _ rule: TensorRule, _ tensors: [TensorInfo], stored: StoredTensor, scales: TensorInfo? = nil
  ) throws(ModelError) {
    self.rule = rule
    self.tensors = tensors
    self.stored = stored
    self.scales = scales
    let type = tensors[0].type
    self.type = scales != nil || type == .mxfp4 ? .bf16 : type
    for tensor in tensors {
      // Dimensions of one may be written or not.
      guard tensor.shape == stored.shape || tensor.shape.filter({ $0 != 1 }) == stored.shape.filter({ $0 != 1 }) else {
        throw .wrongShape(path: tensor.file.path, tensor: tensor.name, shape: tensor.shape, expected: stored.shape)
      }
      guard tensor.type == type else {
        throw .unsupportedType(path: tensor.file.path, tensor: tensor.name, type: tensor.type)
      }
    }
    guard let scales else { return }
    let expected = Array(stored.shape.dropLast())
    guard scales.shape == expected else {
      throw .wrongShape(path: scales.file.path, tensor: scales.name, shape: scales.shape, expected: expected)
    }
    guard type == .i8, scales.type == .i8, columns % MXFP4.blockValues == 0 else {
      throw .unsupportedType(path: scales.file.path, tensor: scales.name, type: scales.type)
    }
  }

  /// Whether the values are in blocks of 4-bit numbers.
  package var isMXFP4: Bool { scales != nil || tensors[0].type == .mxfp4 }

  /// Matrices: more than one for experts and heads; vectors are one matrix of one row.
  package var matrices: Int { rule.shape.dropLast(2).reduce(1, *) }
  package var rows: Int { rule.shape.count > 1 ? rule.shape[rule.shape.count - 2] : 1 }
  package var columns: Int { rule.shape.last ?? 1 }
  var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

  /// Rows of one of the matrices, in the file where they lie as they are wanted and otherwise in memory of their own.
  func matrix(_ index: Int, rows range: Range<Int>) throws(ModelError) -> MatrixSource {
    if isMXFP4 { return unsafe try widened(matrix: index, rows: range) }
    let perTensor = max(stored.matricesPerTensor, 1)
    let tensor = tensors[index / perTensor]
    let shape = stored.matrixShape
    if stored.row == nil, !stored.isTransposed, stored.addend == 0 {
      let rowBytes = columns / type.blockSize * type.bytesPerBlock
      let first = (index % perTensor) * shape.rows + range.lowerBound
      return unsafe MatrixSource(
        type: type, rows: range.count, columns: columns, bytes: tensor.file.base + tensor.offset + first * rowBytes,
        owner: tensor.file)
    }
    return unsafe try copy(tensor, matrix: index % perTensor, shape: shape, rows: range)
  }

  /// The pages of the file are not needed any more.
  func discard() { for tensor in tensors { tensor.file.discard(tensor.byteRange) } }

  private func copy(
    _ tensor: TensorInfo, matrix: Int, shape: (rows: Int, columns: Int), rows: Range<Int>
  ) throws(ModelError) -> MatrixSource {
    guard type.blockSize == 1 else {
      throw .unsupportedType(path: tensor.file.path, tensor: tensor.name, type: type)
    }
    let size = type.bytesPerBlock
    let memory: Memory
    do throws(MemoryError) {
      memory = try Memory.of(UInt8.self, rows: rows.count * size, columns: columns)
    } catch { throw .outOfMemory(error) }
    let source = unsafe tensor.file.base + tensor.offset + matrix * shape.rows * shape.columns * size
    let isVector = rule.shape.count == 1
    for row in rows {
      let target = unsafe memory.base + (row - rows.lowerBound) * columns * size
      for column in 0..<columns {
        // The values of a bias go the way of the rows of its matrix.
        let wanted = isVector ? column : row
        let place = stored.row?(wanted) ?? wanted
        let index =
          isVector ? place : stored.isTransposed ? column * shape.columns + place : place * shape.columns + column
        unsafe (target + column * size).copyMemory(from: source + index * size, byteCount: size)
      }
    }
    guard stored.addend != 0 else {
      return unsafe MatrixSource(
        type: type, rows: rows.count, columns: columns, bytes: UnsafeRawPointer(memory.base), owner: memory)
    }
    let values: Memory
    do throws(MemoryError) {
      values = try Memory.of(Float.self, rows: rows.count, columns: columns)
    } catch { throw .outOfMemory(error) }
    let floats = unsafe values.pointer(to: Float.self)
    unsafe dequantize(type, row: memory.base, columns: rows.count * columns, into: floats)
    for index in 0..<rows.count * columns { unsafe floats[index] += stored.addend }
    return unsafe MatrixSource(
      type: .f32, rows: rows.count, columns: columns, bytes: UnsafeRawPointer(values.base), owner: values)
  }
}
