import CStoaKernels

/// Operations on single rows; callers spread rows over the pool.
extension Compute {
  /// y = x / sqrt(mean(x²) + epsilon) · weight.
  package func rmsNorm(
    _ x: UnsafePointer<Float>, weight: FloatVector, epsilon: Float, into y: UnsafeMutablePointer<Float>
  ) {
    unsafe kernels.pointee.rms_norm(x, weight.values, epsilon, weight.count, y)
  }

  /// y = (x − mean(x)) / sqrt(variance(x) + epsilon) · weight + bias.
  package func layerNorm(
    _ x: UnsafePointer<Float>, weight: FloatVector, bias: FloatVector, epsilon: Float,
    into y: UnsafeMutablePointer<Float>
  ) {
    unsafe kernels.pointee.layer_norm(x, weight.values, bias.values, epsilon, weight.count, y)
  }

  /// gate = function(gate) · up, or without the product when there is no `up`.
  package func activate(
    _ function: Nonlinearity, _ gate: UnsafeMutablePointer<Float>, _ up: UnsafePointer<Float>?, count: Int
  ) {
    unsafe kernels.pointee.activate(function.code, gate, up, count)
  }

  /// x = cap · tanh(x / cap).
  package func capSoftly(_ x: UnsafeMutablePointer<Float>, _ cap: Float, count: Int) {
    unsafe kernels.pointee.soft_cap(x, cap, count)
  }

  /// x += y.
  package func add(_ x: UnsafeMutablePointer<Float>, _ y: UnsafePointer<Float>, count: Int) {
    unsafe kernels.pointee.add(x, y, count)
  }

  /// Rotates `heads` heads by the given angles and multiplies them by `scale`.
  package func rotate(
    _ x: UnsafeMutablePointer<Float>, heads: Int, headDimension: Int, cosines: UnsafePointer<Float>,
    sines: UnsafePointer<Float>, pairs: Int, interleaved: Bool, scale: Float
  ) {
    unsafe kernels.pointee.rope(x, heads, headDimension, cosines, sines, pairs, interleaved ? 1 : 0, scale)
  }

  /// x = scale · y + x, rounded once.
  package func add(_ x: UnsafeMutablePointer<Float>, _ y: UnsafePointer<Float>, scaledBy scale: Float, count: Int) {
    unsafe kernels.pointee.add_scaled(x, y, scale, count)
  }

  /// Writes one position of one layer and head into the page that holds the position.
  package func store(
    key: UnsafePointer<Float>, value: UnsafePointer<Float>, position: Int, cache: CacheLayout, layer: Int, head: Int,
    page: UnsafeMutablePointer<UInt8>
  ) {
    let offsets = cache.offsets(layer: layer, head: head)
    unsafe kernels.pointee.store_kv(
      key, value, cache.shape.headDimension, cache.shape.valuesAreKeys ? 0 : cache.shape.valueDimension,
      cache.shape.valueStride, position % Self.keyBlock, cache.type.kernelType, page + offsets.keys,
      page + offsets.values)
  }

  /// exp of each value, the same on every machine.
  package func exponentials(_ x: [Float]) -> [Float] {
    unsafe [Float](unsafeUninitializedCapacity: x.count) { buffer, count in
      if let y = buffer.baseAddress {
        unsafe x.withUnsafeBufferPointer { x in
          if let x = x.baseAddress { unsafe kernels.pointee.exponential(x, buffer.count, y) }
        }
      }
      count = x.count
    }
  }
}

/// What feed-forward networks put between their matrices.
package enum Nonlinearity: Sendable, Equatable {
  /// x · sigmoid(x).
  case silu
  /// x times the normal distribution function (Hendrycks and Gimpel, 2016, arXiv:1606.08415).
  case gelu
  /// Its approximation by the hyperbolic tangent.
  case geluTanh
  /// gpt-oss: x · sigmoid(1.702 x) with both factors limited to 7, and 1 added to the second.
  case swigluOAI

  var code: stoa_nonlinearity {
    switch self {
    case .silu: STOA_SILU
    case .gelu: STOA_GELU
    case .geluTanh: STOA_GELU_TANH
    case .swigluOAI: STOA_SWIGLU_OAI
    }
  }
}

/// A constant row of floats, such as the weights of a norm or a bias.
@safe package final class FloatVector: Sendable {
  package let count: Int
  // Sendable: written by the initialiser alone.
  package nonisolated(unsafe) let values: UnsafePointer<Float>
  private let memory: Memory

  /// The given values.
  package init(_ list: [Float]) throws(MemoryError) {
    count = list.count
    memory = try Memory.of(Float.self, count: count)
    let pointer = unsafe memory.pointer(to: Float.self)
    for (index, value) in list.enumerated() { unsafe pointer[index] = value }
    unsafe values = UnsafePointer(pointer)
  }

  /// The values of a row in a file; nil when its type cannot be read.
  package init?(_ source: MatrixSource) throws(MemoryError) {
    guard unsafe source.type.kernelType != nil else { return nil }
    count = unsafe source.rows * source.columns
    memory = try Memory.of(Float.self, count: count)
    let pointer = unsafe memory.pointer(to: Float.self)
    unsafe dequantize(source.type, row: source.bytes, columns: count, into: pointer)
    unsafe values = UnsafePointer(pointer)
  }
}
