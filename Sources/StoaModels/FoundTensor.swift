package import StoaFormats
package import StoaTensor

/// How the values of a tensor are stored, where its type alone does not say it.
package enum StoredEncoding: Sendable {
  /// As the type says.
  case plain
  /// Blocks of 4-bit numbers whose scales lie in a tensor of their own.
  case splitBlocks(scales: TensorInfo)
  /// 8-bit floating-point numbers with scales beside them, for each of the tensors.
  case float8([ScaledFloat8])
}

/// A tensor of a checkpoint, checked against its rule, that can be read in the arrangement that the rule names.
package final class FoundTensor: Sendable {
  package let rule: TensorRule
  /// The type that rows have when they are read.
  package let type: ElementType
  package let tensors: [TensorInfo]
  package let stored: StoredTensor
  package let encoding: StoredEncoding

  init(
    _ rule: TensorRule, _ tensors: [TensorInfo], stored: StoredTensor, encoding: StoredEncoding = .plain
  ) throws(ModelError) {
    self.rule = rule
    self.tensors = tensors
    self.stored = stored
    self.encoding = encoding
    let type = tensors[0].type
    self.type =
      switch encoding {
      case .plain: type
      case .splitBlocks: .mxfp4
      case .float8: .bf16
      }
    for tensor in tensors {
      // Dimensions of one may be written or not.
      guard tensor.shape == stored.shape || tensor.shape.filter({ $0 != 1 }) == stored.shape.filter({ $0 != 1 }) else {
        throw .wrongShape(path: tensor.file.path, tensor: tensor.name, shape: tensor.shape, expected: stored.shape)
      }
      guard tensor.type == type else {
        throw .unsupportedType(path: tensor.file.path, tensor: tensor.name, type: tensor.type)
      }
      // Rows and columns are looked up in these.
      if case .float8 = encoding, tensor.shape != stored.shape {
        throw .wrongShape(path: tensor.file.path, tensor: tensor.name, shape: tensor.shape, expected: stored.shape)
      }
    }
    guard case .splitBlocks(let scales) = encoding else { return }
    let expected = Array(stored.shape.dropLast())
    guard scales.shape == expected else {
      throw .wrongShape(path: scales.file.path, tensor: scales.name, shape: scales.shape, expected: expected)
    }
    guard type == .i8, scales.type == .i8, columns % MXFP4.blockValues == 0 else {
      throw .unsupportedType(path: scales.file.path, tensor: scales.name, type: scales.type)
    }
  }

  /// Whether rows lie in the file in the type that they are read in.
  package var isPlain: Bool { if case .plain = encoding { true } else { false } }

  /// The tensors that hold the scales of others.
  package var scales: [TensorInfo] {
    switch encoding {
    case .plain: []
    case .splitBlocks(let scales): [scales]
    case .float8(let matrices): matrices.map(\.scales)
    }
  }

  /// Matrices: more than one for experts and heads; vectors are one matrix of one row.
  package var matrices: Int { rule.shape.dropLast(2).reduce(1, *) }
  package var rows: Int { rule.shape.count > 1 ? rule.shape[rule.shape.count - 2] : 1 }
  package var columns: Int { rule.shape.last ?? 1 }
  var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

  /// Rows of one of the matrices, in the file where they lie as they are wanted and otherwise in memory of their own.
  func matrix(
    _ index: Int, rows range: Range<Int>, on pool: WorkerPool? = nil
  ) throws(ModelError) -> MatrixSource {
    guard isPlain else { return unsafe try decoded(matrix: index, rows: range, on: pool) }
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
  func discard() { for tensor in tensors + scales { tensor.file.discard(tensor.byteRange) } }

  /// Some columns of a row of a tensor that is not plain, in `type`; columns are whole blocks.
  package func copyRow(
    matrix: Int, row: Int, columns range: Range<Int>, into target: UnsafeMutableRawPointer
  ) {
    let place = stored.row?(row) ?? row
    let perTensor = max(stored.matricesPerTensor, 1)
    switch encoding {
    case .plain: break
    case .splitBlocks(let scales):
      // The innermost dimension is that of the bytes of a block; all matrices are in one tensor.
      let blocks = columns / MXFP4.blockValues
      let first = (matrix * stored.shape[1] + place) * blocks + range.lowerBound / MXFP4.blockValues
      let bytes = unsafe target.assumingMemoryBound(to: UInt8.self)
      unsafe MXFP4.copy(
        tensors[0], scales, first: first, count: range.count / MXFP4.blockValues, into: bytes)
    case .float8(let matrices):
      let values = unsafe target.assumingMemoryBound(to: UInt16.self)
      let before = matrix % perTensor * stored.matrixShape.rows
      if stored.isTransposed {
        let rows = before + range.lowerBound..<before + range.upperBound
        unsafe matrices[matrix / perTensor].copyColumn(place, rows: rows, into: values)
      } else {
        unsafe matrices[matrix / perTensor].copyRow(before + place, columns: range, into: values)
      }
    }
  }

  private func decoded(
    matrix: Int, rows range: Range<Int>, on pool: WorkerPool?
  ) throws(ModelError) -> MatrixSource {
    let rowBytes = columns / type.blockSize * type.bytesPerBlock
    let memory: Memory
    do throws(MemoryError) {
      memory = try Memory.of(UInt8.self, rows: range.count, columns: rowBytes)
    } catch { throw .outOfMemory(error) }
    func decode(_ part: Range<Int>) {
      for row in part {
        unsafe copyRow(
          matrix: matrix, row: range.lowerBound + row, columns: 0..<columns, into: memory.base + row * rowBytes)
      }
    }
    if let pool {
      pool.run(count: range.count, grain: 16) { part, _ in decode(part) }
    } else {
      decode(0..<range.count)
    }
    return unsafe MatrixSource(
      type: type, rows: range.count, columns: columns, bytes: UnsafeRawPointer(memory.base), owner: memory)
  }

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
