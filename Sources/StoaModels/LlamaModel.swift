import StoaFormats
package import StoaTensor

/// The Llama family: Llama 1 to 3.2, Mistral and Mixtral.
///
/// Per layer: x += attention(norm(x)), then x += down(silu(gate(norm(x))) · up(norm(x))); norms are root mean square,
/// attention is causal, grouped and rotary. Source: Touvron and others, 2023 (arXiv:2302.13971, 2307.09288).
package final class LlamaModel: DecoderModel {
  package let configuration: DecoderConfiguration
  package let compute: Compute
  package let attentionShape: AttentionShape
  private let weights: LlamaWeights
  fileprivate let rotary: RotaryEmbedding

  /// Lays the weights of a checkpoint out; `progress` gets the finished share.
  package init(
    _ checkpoint: Checkpoint, compute: Compute, progress: ((Double) -> Void)? = nil
  ) throws(ModelError) {
    switch checkpoint {
    case .gguf(let file): configuration = try DecoderConfiguration(gguf: file)
    case .huggingFace(_, let raw, _):
      configuration = try DecoderConfiguration(huggingFace: raw, path: checkpoint.path)
      try DecoderConfiguration.checkLayers(
        configuration.layers, names: checkpoint.tensors.map(\.name), prefix: "model.layers.", path: checkpoint.path)
    }
    self.compute = compute
    attentionShape = AttentionShape(
      heads: configuration.heads, keyValueHeads: configuration.keyValueHeads,
      headDimension: configuration.headDimension)
    weights = try LlamaWeights(checkpoint, configuration, pool: compute.pool, progress: progress)
    rotary = try RotaryEmbedding(
      configuration.rope, pairs: configuration.rotaryPairs, factors: weights.ropeFactors, path: checkpoint.path)
  }

  package func makeWorkspace(maxTokens: Int) throws(ModelError) -> DecoderWorkspace {
    do throws(MemoryError) {
      return try DecoderWorkspace(configuration, maxTokens: maxTokens)
    } catch {
      throw .outOfMemory(error)
    }
  }

  package func forward(
    _ segments: [Segment], workspace: DecoderWorkspace, isCancelled: () -> Bool, onLogits: LogitsHandler
  ) throws(ModelError) {
    let pass = try LlamaPass(model: self, segments: segments, workspace: workspace)
    pass.embed(weights.embedding)
    for (index, layer) in weights.layers.enumerated() {
      if isCancelled() { throw .cancelled }
      let next = index + 1 < weights.layers.count ? weights.layers[index + 1] : nil
      pass.run(layer, index: index, next: next)
    }
    for segment in segments { segment.cache.advance(by: segment.tokens.count) }
    unsafe pass.predict(norm: weights.outputNorm, output: weights.output, onLogits)
  }
}

/// One forward pass over a batch.
private struct LlamaPass {
  let configuration: DecoderConfiguration
  let compute: Compute
  let shape: AttentionShape
  let rotary: RotaryEmbedding
  let segments: [Segment]
  let scratch: DecoderWorkspace
  /// The segment and position of each token of the batch.
  let places: [(segment: Int, position: Int)]
  let tokens: [Int32]

  init(model: LlamaModel, segments: [Segment], workspace: DecoderWorkspace) throws(ModelError) {
    configuration = model.configuration
    compute = model.compute
    shape = model.attentionShape
    rotary = model.rotary
    self.segments = segments
    scratch = workspace
    var places: [(segment: Int, position: Int)] = []
    var tokens: [Int32] = []
    for (index, segment) in segments.enumerated() {
      let end = segment.cache.count + segment.tokens.count
      guard end <= segment.cache.capacity else {
        throw .contextFull(capacity: segment.cache.capacity, needed: end)
      }
      guard try segment.cache.reserve(segment.tokens.count) else { throw .noFreePage }
      for (offset, token) in segment.tokens.enumerated() {
        guard token >= 0, Int(token) < configuration.vocabularySize else {
          throw .tokenOutOfRange(token, vocabularySize: configuration.vocabularySize)
        }
        places.append((index, segment.cache.count + offset))
        tokens.append(token)
      }
    }
    guard tokens.count <= workspace.maxTokens else {
      throw .contextFull(capacity: workspace.maxTokens, needed: tokens.count)
    }
    self.places = places
    self.tokens = tokens
  }

  private var count: Int { tokens.count }

  /// Calls `body` for every token, spread over the threads.
  private func forEachToken(_ body: (Int) -> Void) {
    // Neighbouring tokens write to the same cache lines of the key blocks, so a thread takes several.
    compute.pool.run(count: count, grain: 16) { tokens, _ in
      for token in tokens { body(token) }
    }
  }

  /// Fills the residual stream with embeddings and computes the rotary angles.
  func embed(_ embedding: TensorInfo) {
    let width = configuration.width
    let pairs = configuration.rotaryPairs
    let rowBytes = embedding.byteCount / configuration.vocabularySize
    forEachToken { token in
      unsafe dequantize(
        embedding.type, row: embedding.matrixSource.bytes + Int(tokens[token]) * rowBytes, columns: width,
        into: scratch.residual + token * width)
      unsafe rotary.angles(
        position: places[token].position, cosines: scratch.cosines + token * pairs, sines: scratch.sines + token * pairs
      )
    }
  }

  /// One layer; the first finds its input normalised here, the others by the layer before.
  func run(_ layer: LlamaLayer, index: Int, next: LlamaLayer?) {
    let width = configuration.width
    let attentionForms = layer.attentionInputForms
    if index == 0 {
      forEachToken { token in normalize(token, layer.attentionNorm, forms: attentionForms) }
    }
    attend(layer, index: index)
    unsafe multiply([(layer.attentionOutput, scratch.update, width)], by: scratch.inner)
    let feedForwardForms = layer.feedForwardInputForms
    forEachToken { token in
      unsafe compute.add(scratch.residual + token * width, scratch.update + token * width, count: width)
      normalize(token, layer.feedForwardNorm, forms: feedForwardForms)
    }
    switch layer.feedForward {
    case .dense(let network): feedForward(network)
    case .experts(let experts, let router):
      if let work = scratch.experts { feedForward(experts, router: router, work) }
    }
    let nextForms = next?.attentionInputForms ?? []
    forEachToken { token in
      unsafe compute.add(scratch.residual + token * width, scratch.update + token * width, count: width)
      if let next { normalize(token, next.attentionNorm, forms: nextForms) }
    }
  }

  /// Normalises a token of the residual stream into the input of the next matrices.
  private func normalize(_ token: Int, _ norm: FloatVector, forms: ActivationForms) {
    let width = configuration.width
    unsafe compute.rmsNorm(
      scratch.residual + token * width, weight: norm, epsilon: configuration.normEpsilon,
      into: scratch.input.values + token * width)
    scratch.input.quantize(token: token, columns: width, forms: forms, compute: compute)
  }

  /// Queries, keys and values of the normalised input; keys and values go to the caches, outputs to `inner`.
  private func attend(_ layer: LlamaLayer, index: Int) {
    let (queryWidth, keyValueWidth) = (configuration.queryWidth, configuration.keyValueWidth)
    unsafe multiply(
      [
        (layer.query, scratch.queries, queryWidth), (layer.key, scratch.keys, keyValueWidth),
        (layer.value, scratch.values, keyValueWidth),
      ], by: scratch.input)
    let pairs = configuration.rotaryPairs
    // The softmax scale goes into the queries: one rounding per value instead of one per score.
    let scale = 1 / Float(shape.headDimension).squareRoot()
    forEachToken { token in
      let (segment, position) = places[token]
      let cache = segments[segment].cache
      let keys = unsafe scratch.keys + token * keyValueWidth
      let values = unsafe scratch.values + token * keyValueWidth
      let (cosines, sines) = unsafe (scratch.cosines + token * pairs, scratch.sines + token * pairs)
      unsafe compute.rotate(
        scratch.queries + token * queryWidth, heads: shape.heads, headDimension: shape.headDimension,
        cosines: cosines, sines: sines, pairs: pairs, interleaved: configuration.interleavedRope, scale: scale)
      unsafe compute.rotate(
        keys, heads: shape.keyValueHeads, headDimension: shape.headDimension, cosines: cosines, sines: sines,
        pairs: pairs, interleaved: configuration.interleavedRope, scale: 1)
      for head in 0..<shape.keyValueHeads {
        unsafe compute.store(
          key: keys + head * shape.headDimension, value: values + head * shape.headDimension,
          position: position, cache: cache.layout, layer: index, head: head, page: cache.page(of: position))
      }
    }
    var inputs = unsafe [AttentionInput]()
    var first = 0
    for segment in segments where !segment.tokens.isEmpty {
      let cache = segment.cache
      unsafe inputs.append(
        AttentionInput(
          queries: scratch.queries + first * queryWidth, queryStride: queryWidth,
          outputs: scratch.inner.values + first * queryWidth, outputStride: queryWidth, tokens: segment.tokens.count,
          basePosition: cache.count,
          pages: cache.pageAddresses, offsets: { cache.layout.offsets(layer: index, head: $0) }))
      first += segment.tokens.count
    }
    unsafe compute.attend(
      inputs, shape: shape, rules: AttentionRules(window: configuration.slidingWindow),
      cache: segments.first?.cache.type ?? .f32)
    quantizeInner(columns: queryWidth, for: layer.attentionOutput)
  }

  /// From the normalised input to the update of the residual stream.
  private func feedForward(_ network: GatedNetwork) {
    let width = configuration.feedForwardWidth
    unsafe multiply([(network.gate, scratch.inner.values, width), (network.up, scratch.up, width)], by: scratch.input)
    let forms = network.down.matrix.activationForm
    forEachToken { token in
      unsafe compute.activate(.silu, scratch.inner.values + token * width, scratch.up + token * width, count: width)
      scratch.inner.quantize(token: token, columns: width, forms: forms, compute: compute)
    }
    unsafe multiply([(network.down, scratch.update, configuration.width)], by: scratch.inner)
  }

  /// The same through the experts that the router chooses for each token; the weights of the others are not read.
  private func feedForward(_ experts: [GatedNetwork], router: Linear, _ work: ExpertWorkspace) {
    let (width, innerWidth) = (configuration.width, configuration.feedForwardWidth)
    unsafe multiply([(router, work.logits, experts.count)], by: scratch.input)
    let routing = unsafe ExpertRouting(
      logits: UnsafeBufferPointer(start: work.logits, count: count * experts.count), experts: experts.count,
      used: configuration.expertsUsed)
    let forms = experts.inputForms
    forEachToken { token in
      for share in routing.shares(ofToken: token) {
        work.input.copy(token: share.row, from: scratch.input, token: token, columns: width, forms: forms)
      }
    }
    var products = unsafe [ProductOutput]()
    for (expert, rows) in zip(experts, routing.rows) where !rows.isEmpty {
      let start = rows.lowerBound * innerWidth
      unsafe products.append(ProductOutput(expert.gate.matrix, into: work.inner.values + start, tokens: rows))
      unsafe products.append(ProductOutput(expert.up.matrix, into: work.up + start, tokens: rows))
    }
    unsafe compute.multiply(products, by: work.input)
    let innerForms = ActivationForms(experts.map(\.down.matrix.activationForm))
    compute.pool.run(count: routing.shares.count, grain: 16) { rows, _ in
      for row in rows {
        unsafe compute.activate(
          .silu,
          work.inner.values + row * innerWidth, work.up + row * innerWidth, count: innerWidth)
        work.inner.quantize(token: row, columns: innerWidth, forms: innerForms, compute: compute)
      }
    }
    unsafe products.removeAll()
    for (expert, rows) in zip(experts, routing.rows) where !rows.isEmpty {
      unsafe products.append(
        ProductOutput(expert.down.matrix, into: work.outputs + rows.lowerBound * width, tokens: rows))
    }
    unsafe compute.multiply(products, by: work.inner)
    forEachToken { token in
      let update = unsafe scratch.update + token * width
      unsafe update.update(repeating: 0, count: width)
      for share in routing.shares(ofToken: token) {
        unsafe compute.add(update, work.outputs + share.row * width, scaledBy: share.weight, count: width)
      }
    }
  }

  private func quantizeInner(columns: Int, for linear: Linear) {
    let forms = linear.matrix.activationForm
    guard forms != .float else { return }
    forEachToken { scratch.inner.quantize(token: $0, columns: columns, forms: forms, compute: compute) }
  }

  /// Products with the same input, biases included.
  private func multiply(
    _ products: [(linear: Linear, into: UnsafeMutablePointer<Float>, width: Int)], by input: Activations
  ) {
    unsafe compute.multiply(
      products.map { unsafe ProductOutput($0.linear.matrix, into: $0.into, tokens: 0..<count) }, by: input)
    for index in unsafe products.indices {
      let product = unsafe products[index]
      guard let bias = unsafe product.linear.bias else { continue }
      let (values, width) = unsafe (product.into, product.width)
      forEachToken { unsafe compute.add(values + $0 * width, bias.values, count: width) }
    }
  }

  /// Normalises the wanted tokens and multiplies them with the output matrix, a few rows at a time.
  func predict(norm: FloatVector, output: Linear, _ onLogits: LogitsHandler) {
    var wanted: [(segment: Int, token: Int, row: Int)] = []
    var first = 0
    for (index, segment) in segments.enumerated() {
      let tokens = segment.tokens.count
      let from =
        switch segment.logits {
        case .none: tokens
        case .last: max(0, tokens - 1)
        case .all, .hidden: 0
        }
      for token in from..<tokens where segment.logits != .hidden { wanted.append((index, token, first + token)) }
      for token in from..<tokens where segment.logits == .hidden {
        let width = configuration.width
        unsafe compute.rmsNorm(
          scratch.residual + (first + token) * width, weight: norm, epsilon: configuration.normEpsilon,
          into: scratch.input.values)
        unsafe onLogits(index, token, UnsafeBufferPointer(start: scratch.input.values, count: width))
      }
      first += tokens
    }
    let (width, vocabulary) = (configuration.width, configuration.vocabularySize)
    let forms = output.matrix.activationForm
    var start = 0
    while start < wanted.count {
      let rows = wanted[start..<min(start + scratch.logitRows, wanted.count)]
      for (index, item) in rows.enumerated() {
        unsafe compute.rmsNorm(
          scratch.residual + item.row * width, weight: norm, epsilon: configuration.normEpsilon,
          into: scratch.input.values + index * width)
        scratch.input.quantize(token: index, columns: width, forms: forms, compute: compute)
      }
      unsafe compute.multiply(
        [ProductOutput(output.matrix, into: scratch.logits, tokens: 0..<rows.count)], by: scratch.input)
      for (index, item) in rows.enumerated() {
        unsafe onLogits(
          item.segment, item.token,
          UnsafeBufferPointer(start: scratch.logits + index * vocabulary, count: vocabulary))
      }
      start += rows.count
    }
  }
}

extension LlamaLayer {
  fileprivate var attentionInputForms: ActivationForms {
    [query.matrix.activationForm, key.matrix.activationForm, value.matrix.activationForm]
  }

  fileprivate var feedForwardInputForms: ActivationForms {
    switch feedForward {
    case .dense(let network): network.inputForms
    case .experts(let experts, let router): [experts.inputForms, router.matrix.activationForm]
    }
  }
}

extension [GatedNetwork] {
  fileprivate var inputForms: ActivationForms { ActivationForms(map(\.inputForms)) }
}

extension GatedNetwork {
  fileprivate var inputForms: ActivationForms { [gate.matrix.activationForm, up.matrix.activationForm] }
}
