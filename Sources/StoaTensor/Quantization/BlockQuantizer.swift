import CStoaKernels

/// Rows of floats to the bytes of any type that GGUF files commonly hold, and back.
///
/// The bytes equal those of ggml's `ggml_quantize_chunk` (`ggml-quants.c`, built without fused multiply-adds), so a file
/// quantised here is the file that llama.cpp would have made. Calls are independent: split work by rows.
package enum BlockQuantizer {
  /// The types that can be written, and read back. MXFP4 is read only: models are published in it, and files in any of
  /// these are closer to what they were made from.
  package static let types: [ElementType] = ElementType.computable.filter { $0 != .mxfp4 }

  /// Quantises rows of `columns` floats.
  ///
  /// - Parameters:
  ///   - source: `[rows][columns]` finite values.
  ///   - importance: a weight for the error of each column, such as the sum of its squared activations; Q8_0 and the
  ///     plain types ignore it, as ggml does.
  ///   - destination: `[rows]` rows of `type`, exactly as large as they are.
  package static func quantize(
    _ source: UnsafeBufferPointer<Float>, columns: Int, as type: ElementType,
    importance: UnsafeBufferPointer<Float>?, into destination: UnsafeMutableRawBufferPointer
  ) throws(QuantizationError) {
    guard types.contains(type) else { throw .unsupported(type) }
    let (storage, rowBytes) = try layout(type, columns: columns)
    let rows = source.count / columns
    guard source.count % columns == 0, destination.count == rows * rowBytes else {
      throw .sizes(values: source.count, bytes: destination.count, columns: columns, type: type)
    }
    if let importance = unsafe importance { unsafe try check(importance, columns: columns) }
    guard rows > 0, let values = source.baseAddress, let bytes = destination.baseAddress else { return }
    let weights = unsafe type.blockSize > 1 ? importance?.baseAddress : nil
    for row in 0..<rows {
      let start = unsafe values + row * columns
      let largest = unsafe stoa_largest_magnitude(start, columns)
      if largest > limit(of: type) { throw unsafe tooLarge(start, columns: columns, row: row, type: type) }
      let failed = unsafe stoa_quantize_row(storage, start, columns, weights, bytes + row * rowBytes)
      if failed > 0 { throw .tooLarge(row: row, column: (failed - 1) * type.blockSize, type: type) }
    }
  }

  /// The values that rows of `columns` elements of `type` stand for.
  ///
  /// - Parameters:
  ///   - source: `[rows]` rows of `type`; their scales may hold anything, also infinities.
  ///   - destination: `[rows][columns]`.
  package static func dequantize(
    _ source: UnsafeRawBufferPointer, as type: ElementType, columns: Int,
    into destination: UnsafeMutableBufferPointer<Float>
  ) throws(QuantizationError) {
    let (storage, rowBytes) = try layout(type, columns: columns)
    let rows = destination.count / columns
    guard destination.count % columns == 0, source.count == rows * rowBytes else {
      throw .sizes(values: destination.count, bytes: source.count, columns: columns, type: type)
    }
    guard rows > 0, let bytes = source.baseAddress, let values = destination.baseAddress else { return }
    for row in 0..<rows {
      unsafe stoa_dequantize_row(storage, bytes + row * rowBytes, columns, values + row * columns)
    }
  }

  private static func layout(
    _ type: ElementType, columns: Int
  ) throws(QuantizationError) -> (storage: stoa_type, rowBytes: Int) {
    guard let storage = type.kernelType else { throw .unsupported(type) }
    guard columns > 0, let rowBytes = type.byteCount(elements: columns) else {
      throw .columns(columns, type: type)
    }
    return (storage, rowBytes)
  }

  /// Bits of the largest magnitude that the search for scales may see. No block type reaches 2^30 with scales in
  /// binary16, and squares of larger values would overflow before the scale shows it.
  private static func limit(of type: ElementType) -> UInt32 {
    type.blockSize > 1 ? Float(0x1p30).bitPattern : Float.greatestFiniteMagnitude.bitPattern
  }

  private static func tooLarge(
    _ row: UnsafePointer<Float>, columns: Int, row index: Int, type: ElementType
  ) -> QuantizationError {
    for column in 0..<columns {
      let value = unsafe row[column]
      if !value.isFinite { return .notFinite(row: index, column: column) }
      if value.magnitude.bitPattern > limit(of: type) { return .tooLarge(row: index, column: column, type: type) }
    }
    return .tooLarge(row: index, column: 0, type: type)
  }

  private static func check(_ importance: UnsafeBufferPointer<Float>, columns: Int) throws(QuantizationError) {
    guard importance.count == columns else { throw .importanceCount(importance.count, columns: columns) }
    for column in importance.indices {
      let weight = unsafe importance[column]
      guard weight >= 0, weight.isFinite else { throw .importance(column: column) }
    }
  }
}
