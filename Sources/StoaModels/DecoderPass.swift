import StoaFormats
import StoaTensor

/// One forward pass over a batch.
struct DecoderPass {
  let model: Decoder
  let configuration: DecoderConfiguration
  let compute: Compute
  let shape: AttentionShape
  let segments: [Segment]
  let scratch: DecoderWorkspace
  /// The segment and position of each token of the batch.
  let places: [(segment: Int, position: Int)]
  let tokens: [Int32]

  init(model: Decoder, segments: [Segment], workspace: DecoderWorkspace) throws(ModelError) {
    self.model = model
    configuration = model.configuration
    compute = model.compute
    shape = model.attentionShape
    self.segments = segments
    scratch = workspace
    var places: [(segment: Int, position: Int)] = []
    var tokens: [Int32] = []
    for (index, segment) in segments.enumerated() {
      let end = segment.cache.count + segment.tokens.count
      // Positions without a learnt vector cannot be computed.
      let capacity = min(
        segment.cache.capacity, configuration.learnedPositions > 0 ? configuration.learnedPositions : Int.max)
      guard end <= capacity else { throw .contextFull(capacity: capacity, needed: end) }
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

  var count: Int { tokens.count }

  /// Calls `body` for every token, spread over the threads.
  func forEachToken(_ body: (Int) -> Void) {
    // Neighbouring tokens write to the same cache lines of the key blocks, so a thread takes several.
    compute.pool.run(count: count, grain: 16) { tokens, _ in
      for token in tokens { body(token) }
    }
  }

  /// Fills the residual stream with embeddings and computes the rotary angles.
  func embed() {
    let (embedding, width, pairs) = (model.weights.embedding, configuration.width, configuration.rotaryPairs)
    let rowBytes = embedding.byteCount / configuration.vocabularySize
    forEachToken { token in
      let residual = unsafe scratch.residual + token * width
      unsafe dequantize(
        embedding.type, row: embedding.matrixSource.bytes + Int(tokens[token]) * rowBytes, columns: width,
        into: residual)
      if let scale = configuration.embeddingScale {
        for index in 0..<width { unsafe residual[index] *= scale }
      }
      let position = places[token].position
      if let positions = model.weights.positions {
        unsafe compute.add(residual, positions.values + position * width, count: width)
      }
      unsafe model.rotary.angles(
        position: position, cosines: scratch.cosines + token * pairs, sines: scratch.sines + token * pairs)
      let local = (scratch.maxTokens + token) * pairs
      unsafe model.localRotary?.angles(
        position: position, cosines: scratch.cosines + local, sines: scratch.sines + local)
    }
  }

  /// One layer; the first finds its input normalised here, the others by the layer before.
  func run(_ layer: DecoderLayer, index: Int, next: DecoderLayer?) {
    let width = configuration.width
    let attentionForms = inputForms(of: layer)
    if index == 0 {
      forEachToken { token in prepare(token, layer.attentionNorm, forms: attentionForms) }
    }
    switch layer.attention {
    case .heads(let weights): attend(weights, output: layer.attentionOutput, index: index)
    case .latent(let weights):
      if let work = scratch.latent, let latent = configuration.latent {
        attend(weights, output: layer.attentionOutput, index: index, latent, work)
      }
    }
    unsafe multiply([(layer.attentionOutput, scratch.update, width)], by: scratch.inner)
    let feedForwardForms = layer.feedForward.inputForms
    forEachToken { token in
      if configuration.isParallel {
        // The network reads what attention has read, in a norm of its own or the same.
        if let norm = layer.feedForwardNorm { prepare(token, norm, forms: feedForwardForms) }
        addUpdate(token, layer.attentionPostNorm)
      } else {
        addUpdate(token, layer.attentionPostNorm)
        prepare(token, layer.feedForwardNorm, forms: feedForwardForms)
      }
    }
    switch layer.feedForward {
    case .dense(let network): feedForward(network)
    case .experts(let experts):
      if let work = scratch.experts, let rules = configuration.expertRules { feedForward(experts, rules, work) }
    }
    let nextForms = next.map { inputForms(of: $0) } ?? []
    forEachToken { token in
      addUpdate(token, layer.feedForwardPostNorm)
      if let next { prepare(token, next.attentionNorm, forms: nextForms) }
    }
  }

  /// The forms in which attention reads its input, and the network too where both read the same.
  private func inputForms(of layer: DecoderLayer) -> ActivationForms {
    let attention = layer.attention.inputForms
    return configuration.isParallel && layer.feedForwardNorm == nil
      ? [attention, layer.feedForward.inputForms] : attention
  }

  /// Adds what a block gives for a token to the residual stream, normalised where the model says so.
  private func addUpdate(_ token: Int, _ norm: Norm?) {
    let width = configuration.width
    let update = unsafe scratch.update + token * width
    if let norm { unsafe normalize(update, norm, into: update) }
    unsafe compute.add(scratch.residual + token * width, update, count: width)
  }

  /// Brings a token of the residual stream into the input of the next matrices, normalised if there is a norm.
  private func prepare(_ token: Int, _ norm: Norm?, forms: ActivationForms) {
    let width = configuration.width
    let (source, target) = unsafe (scratch.residual + token * width, scratch.input.values + token * width)
    if let norm {
      unsafe normalize(source, norm, into: target)
    } else {
      unsafe target.update(from: source, count: width)
    }
    scratch.input.quantize(token: token, columns: width, forms: forms, compute: compute)
  }

  /// Norms of the model's kind; `x` and `y` may be the same.
  func normalize(_ x: UnsafePointer<Float>, _ norm: Norm, into y: UnsafeMutablePointer<Float>) {
    if let bias = norm.bias {
      unsafe compute.layerNorm(x, weight: norm.weight, bias: bias, epsilon: configuration.normEpsilon, into: y)
    } else {
      unsafe compute.rmsNorm(x, weight: norm.weight, epsilon: configuration.normEpsilon, into: y)
    }
  }

  func quantizeInner(columns: Int, for linear: Linear) {
    let forms = linear.matrix.activationForm
    guard forms != .float else { return }
    forEachToken { scratch.inner.quantize(token: $0, columns: columns, forms: forms, compute: compute) }
  }

  /// Products with the same input, biases included.
  func multiply(
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
  func predict(_ onLogits: LogitsHandler) {
    let (norm, output) = (model.weights.outputNorm, model.weights.output)
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
        unsafe normalize(scratch.residual + (first + token) * width, norm, into: scratch.input.values)
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
        unsafe normalize(scratch.residual + item.row * width, norm, into: scratch.input.values + index * width)
        scratch.input.quantize(token: index, columns: width, forms: forms, compute: compute)
      }
      unsafe compute.multiply(
        [ProductOutput(output.matrix, into: scratch.logits, tokens: 0..<rows.count)], by: scratch.input)
      for (index, item) in rows.enumerated() {
        let logits = unsafe scratch.logits + index * vocabulary
        if let bias = output.bias { unsafe compute.add(logits, bias.values, count: vocabulary) }
        if let cap = configuration.logitSoftCap { unsafe compute.capSoftly(logits, cap, count: vocabulary) }
        unsafe onLogits(item.segment, item.token, UnsafeBufferPointer(start: logits, count: vocabulary))
      }
      start += rows.count
    }
  }
}

extension AttentionWeights {
  fileprivate var inputForms: ActivationForms {
    switch self {
    case .heads(let weights):
      [weights.query.matrix.activationForm, weights.key.matrix.activationForm, weights.value.matrix.activationForm]
    case .latent(let weights):
      [(weights.queryDown ?? weights.query).matrix.activationForm, weights.down.matrix.activationForm]
    }
  }
}

extension FeedForward {
  fileprivate var inputForms: ActivationForms {
    switch self {
    case .dense(let network): network.inputForms
    case .experts(let experts):
      [
        experts.networks.inputForms, experts.router.matrix.activationForm, experts.shared?.inputForms ?? [],
        experts.sharedGate?.matrix.activationForm ?? [],
      ]
    }
  }
}

extension [Network] {
  var inputForms: ActivationForms { ActivationForms(map(\.inputForms)) }
}

extension Network {
  fileprivate var inputForms: ActivationForms {
    [gate?.matrix.activationForm ?? [], up.matrix.activationForm]
  }
}
