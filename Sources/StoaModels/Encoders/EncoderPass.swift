import StoaFormats
import StoaTensor

/// The computation of one text: the states of its tokens go from layer to layer in place.
@safe final class EncoderPass {
  private let configuration: EncoderConfiguration
  private let compute: Compute
  private let tokens: Int
  private let chunk: Int
  private let pairs: Int
  private let shape: AttentionShape
  /// Keys and values of one layer, exact.
  private let cache: KeyValueCache

  /// `[tokens][width]`.
  private let states: UnsafeMutablePointer<Float>
  private let queries: UnsafeMutablePointer<Float>
  /// `[chunk][width]`.
  private let keys: UnsafeMutablePointer<Float>
  private let values: UnsafeMutablePointer<Float>
  private let update: UnsafeMutablePointer<Float>
  /// `[chunk][feedForwardWidth]`.
  private let up: UnsafeMutablePointer<Float>
  /// `[tokens][pairs]`.
  private let cosines: UnsafeMutablePointer<Float>
  private let sines: UnsafeMutablePointer<Float>
  private let input: Activations
  private let inner: Activations
  private let memory: [Memory]

  init(
    _ configuration: EncoderConfiguration, _ compute: Compute, rotary: RotaryEmbedding?, tokens: Int, chunk: Int
  ) throws(ModelError) {
    self.configuration = configuration
    self.compute = compute
    self.tokens = tokens
    self.chunk = chunk
    let width = configuration.width
    pairs = rotary == nil ? 0 : configuration.headDimension / 2
    shape = AttentionShape(
      heads: configuration.heads, keyValueHeads: configuration.heads, headDimension: configuration.headDimension)
    do throws(MemoryError) {
      var memory: [Memory] = []
      func floats(_ rows: Int, _ columns: Int) throws(MemoryError) -> UnsafeMutablePointer<Float> {
        let piece = try Memory.of(Float.self, rows: rows, columns: columns)
        memory.append(piece)
        return unsafe piece.pointer(to: Float.self)
      }
      unsafe states = try floats(tokens, width)
      unsafe queries = try floats(tokens, width)
      unsafe keys = try floats(chunk, width)
      unsafe values = try floats(chunk, width)
      unsafe update = try floats(chunk, width)
      unsafe up = try floats(chunk, configuration.feedForwardWidth)
      unsafe cosines = try floats(tokens, pairs)
      unsafe sines = try floats(tokens, pairs)
      input = try Activations(capacity: chunk, maxColumns: width)
      inner = try Activations(capacity: chunk, maxColumns: max(width, configuration.feedForwardWidth))
      self.memory = memory
      let layout = try CacheLayout(type: .f32, layers: 1, shape: shape)
      cache = KeyValueCache(pool: PagePool(layout: layout), capacity: tokens)
    } catch {
      throw .outOfMemory(error)
    }
    guard try cache.reserve(tokens) else { throw .noFreePage }
    if let rotary {
      forEach(in: 0..<tokens) { token in
        unsafe rotary.angles(position: token, cosines: cosines + token * pairs, sines: sines + token * pairs)
      }
    }
  }

  /// The state of a token.
  func state(_ token: Int) -> UnsafeBufferPointer<Float> {
    unsafe UnsafeBufferPointer(start: states + token * configuration.width, count: configuration.width)
  }

  /// Fills the states: token + type + position, normalised.
  func embed(_ ids: [Int32], types: [Int32]?, _ weights: EncoderWeights) {
    let width = configuration.width
    eachChunk { range in
      forEach(in: range) { token in
        let state = unsafe states + token * width
        let row = unsafe update + (token - range.lowerBound) * width
        unsafe weights.tokenEmbedding.copyRow(Int(ids[token]), into: state)
        if let embedding = weights.typeEmbedding {
          unsafe embedding.copyRow(Int(types?[token] ?? 0), into: row)
          unsafe compute.add(state, row, count: width)
        }
        if let embedding = weights.positionEmbedding {
          unsafe embedding.copyRow(token, into: row)
          unsafe compute.add(state, row, count: width)
        }
        normalize(token, weights.embeddingNorm)
      }
    }
  }

  func run(_ layer: EncoderLayer) {
    eachChunk { project($0, layer) }
    eachChunk { range in
      attend(range, layer)
      feedForward(range, layer)
    }
  }

  /// Queries of the chunk, and its keys and values in the cache.
  private func project(_ range: Range<Int>, _ layer: EncoderLayer) {
    let (width, dimension) = (configuration.width, configuration.headDimension)
    take(range, for: [layer.query, layer.key, layer.value])
    let first = unsafe queries + range.lowerBound * width
    unsafe multiply(
      [(layer.query, first), (layer.key, keys), (layer.value, values)], count: range.count, by: input)
    // The softmax scale goes into the queries: one rounding per value instead of one per score.
    let scale = 1 / Float(dimension).squareRoot()
    forEach(in: range) { token in
      let offset = (token - range.lowerBound) * width
      let (key, value) = unsafe (keys + offset, values + offset)
      let (cosines, sines) = unsafe (self.cosines + token * pairs, self.sines + token * pairs)
      unsafe compute.rotate(
        queries + token * width, heads: shape.heads, headDimension: dimension, cosines: cosines, sines: sines,
        pairs: pairs, interleaved: false, scale: scale)
      unsafe compute.rotate(
        key, heads: shape.heads, headDimension: dimension, cosines: cosines, sines: sines, pairs: pairs,
        interleaved: false, scale: 1)
      for head in 0..<shape.heads {
        unsafe compute.store(
          key: key + head * dimension, value: value + head * dimension, position: token, cache: cache.layout, layer: 0,
          head: head, page: cache.page(of: token))
      }
    }
  }

  private func attend(_ range: Range<Int>, _ layer: EncoderLayer) {
    let width = configuration.width
    let layout = cache.layout
    unsafe compute.attend(
      [
        AttentionInput(
          queries: queries + range.lowerBound * width, queryStride: width, outputs: inner.values, outputStride: width,
          tokens: range.count, basePosition: range.lowerBound, pages: cache.pageAddresses,
          offsets: { layout.offsets(layer: 0, head: $0) }, visible: tokens)
      ], shape: shape, rules: AttentionRules(), cache: .f32)
    quantizeInner(range.count, columns: width, for: layer.attentionOutput)
    unsafe multiply([(layer.attentionOutput, update)], count: range.count, by: inner)
    addUpdate(range, layer.attentionNorm)
  }

  private func feedForward(_ range: Range<Int>, _ layer: EncoderLayer) {
    let width = configuration.feedForwardWidth
    take(range, for: [layer.up] + (layer.gate.map { [$0] } ?? []))
    if let gate = layer.gate {
      unsafe multiply([(gate, inner.values), (layer.up, up)], count: range.count, by: input)
    } else {
      unsafe multiply([(layer.up, inner.values)], count: range.count, by: input)
    }
    forEach(in: 0..<range.count) { row in
      let factor: UnsafePointer<Float>? = unsafe layer.gate == nil ? nil : UnsafePointer(up + row * width)
      unsafe compute.activate(configuration.nonlinearity, inner.values + row * width, factor, count: width)
    }
    quantizeInner(range.count, columns: width, for: layer.down)
    unsafe multiply([(layer.down, update)], count: range.count, by: inner)
    addUpdate(range, layer.outputNorm)
  }

  // MARK: Steps

  private func eachChunk(_ body: (Range<Int>) -> Void) {
    for start in stride(from: 0, to: tokens, by: chunk) { body(start..<min(tokens, start + chunk)) }
  }

  private func forEach(in range: Range<Int>, _ body: (Int) -> Void) {
    compute.pool.run(count: range.count, grain: 16) { part, _ in
      for index in part { body(range.lowerBound + index) }
    }
  }

  private func normalize(_ token: Int, _ norm: LayerNorm) {
    let state = unsafe states + token * configuration.width
    unsafe compute.layerNorm(
      state, weight: norm.weight, bias: norm.bias, epsilon: configuration.normEpsilon, into: state)
  }

  private func addUpdate(_ range: Range<Int>, _ norm: LayerNorm) {
    let width = configuration.width
    forEach(in: range) { token in
      unsafe compute.add(states + token * width, update + (token - range.lowerBound) * width, count: width)
      normalize(token, norm)
    }
  }

  /// Makes the states of a chunk the input of products.
  private func take(_ range: Range<Int>, for matrices: [Linear]) {
    let width = configuration.width
    let forms = ActivationForms(matrices.map(\.matrix.activationForm))
    forEach(in: range) { token in
      let row = token - range.lowerBound
      unsafe (input.values + row * width).update(from: states + token * width, count: width)
      input.quantize(token: row, columns: width, forms: forms, compute: compute)
    }
  }

  private func quantizeInner(_ count: Int, columns: Int, for linear: Linear) {
    forEach(in: 0..<count) { row in
      inner.quantize(token: row, columns: columns, forms: linear.matrix.activationForm, compute: compute)
    }
  }

  /// Products with biases.
  private func multiply(
    _ products: [(linear: Linear, values: UnsafeMutablePointer<Float>)], count: Int, by activations: Activations
  ) {
    unsafe compute.multiply(
      products.map { unsafe ProductOutput($0.linear.matrix, into: $0.values, tokens: 0..<count) }, by: activations)
    for index in unsafe products.indices {
      let (linear, values) = unsafe products[index]
      guard let bias = linear.bias else { continue }
      forEach(in: 0..<count) { row in
        unsafe compute.add(values + row * bias.count, bias.values, count: bias.count)
      }
    }
  }
}
