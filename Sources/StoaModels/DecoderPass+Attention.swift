import StoaTensor

extension DecoderPass {
  /// What the queries of a layer see.
  private func rules(_ layer: LayerAttention, sinks: FloatVector?) -> AttentionRules {
    AttentionRules(
      window: layer.window, chunk: layer.chunk, softCap: configuration.attentionSoftCap,
      slopes: model.weights.slopes, sinks: sinks)
  }

  /// The softmax scale goes into the queries: one rounding per value instead of one per score.
  private func queryScale(_ layer: LayerAttention, position: Int, dimension: Int) -> Float {
    let scale = configuration.softmaxScale ?? 1 / Float(dimension).squareRoot()
    guard let temperature = layer.temperature else { return scale }
    let steps = (Double(position + 1) / temperature.floor).rounded(.down)
    return Float(Double(scale) * (1 + temperature.scale * CanonicalMath.log(1 + steps)))
  }

  /// The angles of a token in a layer, and how many pairs are rotated.
  private func angles(
    _ token: Int, _ layer: LayerAttention
  ) -> (cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>, pairs: Int) {
    let pairs = configuration.rotaryPairs
    let row = (layer.rotation == .local ? scratch.maxTokens + token : token) * pairs
    return unsafe (
      UnsafePointer(scratch.cosines + row), UnsafePointer(scratch.sines + row), layer.rotation == .none ? 0 : pairs
    )
  }

  /// Queries, keys and values of the prepared input; keys and values go to the caches, outputs to `inner`.
  func attend(_ weights: HeadWeights, output: Linear, index: Int) {
    let (queryWidth, keyValueWidth) = (configuration.queryWidth, configuration.keyValueWidth)
    let layer = configuration.attention[index]
    unsafe multiply(
      [
        (weights.query, scratch.queries, queryWidth), (weights.key, scratch.keys, keyValueWidth),
        (weights.value, scratch.values, keyValueWidth),
      ], by: scratch.input)
    forEachToken { token in
      let (segment, position) = places[token]
      let cache = segments[segment].cache
      let queries = unsafe scratch.queries + token * queryWidth
      let keys = unsafe scratch.keys + token * keyValueWidth
      let values = unsafe scratch.values + token * keyValueWidth
      if let clip = configuration.clip {
        unsafe limit(queries, clip, count: queryWidth)
        unsafe limit(keys, clip, count: keyValueWidth)
        unsafe limit(values, clip, count: keyValueWidth)
      }
      let scale = queryScale(layer, position: position, dimension: shape.headDimension)
      unsafe rotate(queries, heads: shape.heads, weights.queryNorm, token, layer, scale: scale)
      unsafe rotate(keys, heads: shape.keyValueHeads, weights.keyNorm, token, layer, scale: 1)
      for head in 0..<shape.keyValueHeads {
        unsafe compute.store(
          key: keys + head * shape.headDimension, value: values + head * shape.headDimension,
          position: position, cache: cache.layout, layer: index, head: head, page: cache.page(of: position))
      }
    }
    unsafe attend(layer, index: index, sinks: weights.sinks, into: scratch.inner.values)
    quantizeInner(columns: queryWidth, for: output)
  }

  /// Normalises heads where the model does, rotates them and multiplies them by `scale`.
  private func rotate(
    _ x: UnsafeMutablePointer<Float>, heads: Int, _ norm: Norm?, _ token: Int, _ layer: LayerAttention, scale: Float
  ) {
    let dimension = shape.headDimension
    func normalizeHeads(_ norm: Norm) {
      for head in 0..<heads { unsafe normalize(x + head * dimension, norm, into: x + head * dimension) }
    }
    if let norm {
      switch configuration.queryKeyNorm {
      case .heads: normalizeHeads(norm)
      case .whole: unsafe normalize(x, norm, into: x)
      case .none, .rotatedHeads: break
      }
    }
    let angles = unsafe angles(token, layer)
    let isNormalizedLater = configuration.queryKeyNorm == .rotatedHeads && layer.rotation != .none
    unsafe compute.rotate(
      x, heads: heads, headDimension: dimension, cosines: angles.cosines, sines: angles.sines, pairs: angles.pairs,
      interleaved: configuration.interleavedRope, scale: isNormalizedLater ? 1 : scale)
    guard isNormalizedLater, let norm else { return }
    normalizeHeads(norm)
    for index in 0..<heads * dimension { unsafe x[index] *= scale }
  }

  private func limit(_ x: UnsafeMutablePointer<Float>, _ limit: Float, count: Int) {
    for index in 0..<count {
      let value = unsafe x[index]
      if value > limit { unsafe x[index] = limit } else if value < -limit { unsafe x[index] = -limit }
    }
  }

  /// Attends with the queries in `scratch.queries` to the caches.
  private func attend(
    _ layer: LayerAttention, index: Int, sinks: FloatVector?, into outputs: UnsafeMutablePointer<Float>
  ) {
    let (queryWidth, outputWidth) = (shape.heads * shape.headDimension, shape.heads * shape.valueDimension)
    var inputs = unsafe [AttentionInput]()
    var first = 0
    for segment in segments where !segment.tokens.isEmpty {
      let cache = segment.cache
      unsafe inputs.append(
        AttentionInput(
          queries: scratch.queries + first * queryWidth, queryStride: queryWidth,
          outputs: outputs + first * outputWidth, outputStride: outputWidth, tokens: segment.tokens.count,
          basePosition: cache.count, pages: cache.pageAddresses,
          offsets: { cache.layout.offsets(layer: index, head: $0) }))
      first += segment.tokens.count
    }
    unsafe compute.attend(
      inputs, shape: shape, rules: rules(layer, sinks: sinks), cache: segments.first?.cache.type ?? .f32)
  }

  /// Multi-head latent attention with the matrices of keys and values taken to the queries and outputs, so that neither
  /// is ever made for a position of the cache.
  ///
  /// Source: DeepSeek-AI, 2024 (arXiv:2405.04434), section 2.1 and the note on absorbing matrices.
  func attend(
    _ weights: LatentWeights, output: Linear, index: Int, _ latent: LatentAttention, _ work: LatentWorkspace
  ) {
    let heads = shape.heads
    let layer = configuration.attention[index]
    queries(weights, latent, work)
    unsafe multiply([(weights.down, scratch.keys, latent.cachedWidth)], by: scratch.input)
    let keyForms = ActivationForms(weights.keys.map(\.activationForm))
    let (queryDimension, plain, rotated) = (latent.queryDimension, latent.plainDimension, latent.rotatedDimension)
    forEachToken { token in
      let (segment, position) = places[token]
      let cache = segments[segment].cache
      let angles = unsafe angles(token, layer)
      let key = unsafe scratch.keys + token * latent.cachedWidth
      unsafe normalize(key, weights.norm, into: key)
      unsafe rotatePart(key + latent.rank, rotated, angles, scale: 1)
      unsafe compute.store(
        key: key, value: key, position: position, cache: cache.layout, layer: index, head: 0,
        page: cache.page(of: position))
      let scale = queryScale(layer, position: position, dimension: queryDimension)
      for head in 0..<heads {
        let query = unsafe work.queries + (token * heads + head) * queryDimension
        let row = head * count + token
        unsafe (work.rows.values + row * plain).update(from: query, count: plain)
        work.rows.quantize(token: row, columns: plain, forms: keyForms, compute: compute)
        unsafe rotatePart(query + plain, rotated, angles, scale: scale)
      }
    }
    var products = unsafe [ProductOutput]()
    for (head, matrix) in weights.keys.enumerated() {
      unsafe products.append(
        ProductOutput(
          matrix, into: scratch.queries + head * latent.cachedWidth, tokens: head * count..<(head + 1) * count,
          stride: heads * latent.cachedWidth))
    }
    unsafe compute.multiply(products, by: work.rows)
    forEachToken { token in
      let scale = queryScale(layer, position: places[token].position, dimension: queryDimension)
      for head in 0..<heads {
        let target = unsafe scratch.queries + (token * heads + head) * latent.cachedWidth
        for index in 0..<latent.rank { unsafe target[index] *= scale }
        let query = unsafe work.queries + (token * heads + head) * queryDimension
        unsafe (target + latent.rank).update(from: query + plain, count: rotated)
      }
    }
    unsafe attend(layer, index: index, sinks: nil, into: work.outputs)
    latentOutputs(weights, latent, work)
    quantizeInner(columns: configuration.attentionWidth, for: output)
  }

  /// The queries of all heads, from the prepared input or its compressed form.
  private func queries(_ weights: LatentWeights, _ latent: LatentAttention, _ work: LatentWorkspace) {
    let width = shape.heads * latent.queryDimension
    guard let down = weights.queryDown, let rank = latent.queryRank else {
      return unsafe multiply([(weights.query, work.queries, width)], by: scratch.input)
    }
    unsafe multiply([(down, work.compressed.values, rank)], by: scratch.input)
    let forms = weights.query.matrix.activationForm
    forEachToken { token in
      let row = unsafe work.compressed.values + token * rank
      if let norm = weights.queryNorm { unsafe normalize(row, norm, into: row) }
      work.compressed.quantize(token: token, columns: rank, forms: forms, compute: compute)
    }
    unsafe multiply([(weights.query, work.queries, width)], by: work.compressed)
  }

  /// From weighted cached vectors to the outputs of heads in `inner`.
  private func latentOutputs(_ weights: LatentWeights, _ latent: LatentAttention, _ work: LatentWorkspace) {
    let heads = shape.heads
    let forms = ActivationForms(weights.values.map(\.activationForm))
    forEachToken { token in
      for head in 0..<heads {
        let row = head * count + token
        unsafe (work.rows.values + row * latent.rank).update(
          from: work.outputs + (token * heads + head) * latent.rank, count: latent.rank)
        work.rows.quantize(token: row, columns: latent.rank, forms: forms, compute: compute)
      }
    }
    var products = unsafe [ProductOutput]()
    for (head, matrix) in weights.values.enumerated() {
      unsafe products.append(
        ProductOutput(
          matrix, into: scratch.inner.values + head * latent.valueDimension,
          tokens: head * count..<(head + 1) * count, stride: heads * latent.valueDimension))
    }
    unsafe compute.multiply(products, by: work.rows)
  }

  private func rotatePart(
    _ x: UnsafeMutablePointer<Float>, _ dimension: Int,
    _ angles: (cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>, pairs: Int), scale: Float
  ) {
    unsafe compute.rotate(
      x, heads: 1, headDimension: dimension, cosines: angles.cosines, sines: angles.sines, pairs: angles.pairs,
      interleaved: configuration.interleavedRope, scale: scale)
  }
}
