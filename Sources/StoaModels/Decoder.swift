import StoaFormats
package import StoaTensor

/// A decoder of any family, run as its configuration describes it.
///
/// Layers add to a residual stream what attention and a feed-forward network make of it. Which norms, which attention
/// and which networks these are, a `DecoderFamily` has put into the configuration.
package final class Decoder: DecoderModel {
  package let configuration: DecoderConfiguration
  package let compute: Compute
  package let attentionShape: AttentionShape
  let weights: DecoderWeights
  let rotary: RotaryEmbedding
  let localRotary: RotaryEmbedding?

  /// Lays the weights of a checkpoint out; `progress` gets the finished share.
  package init(
    _ checkpoint: Checkpoint, compute: Compute, progress: ((Double) -> Void)? = nil
  ) throws(ModelError) {
    let (family, configuration) = try checkpoint.describe()
    self.configuration = configuration
    self.compute = compute
    attentionShape = configuration.attentionShape
    weights = try DecoderWeights(checkpoint, family, configuration, pool: compute.pool, progress: progress)
    rotary = try RotaryEmbedding(
      configuration.rope, pairs: configuration.rotaryPairs, factors: weights.ropeFactors,
      long: weights.longRopeFactors, short: weights.shortRopeFactors, context: configuration.contextLength,
      path: checkpoint.path)
    localRotary = try configuration.localRope.map { (rope) throws(ModelError) in
      try RotaryEmbedding(
        rope, pairs: configuration.rotaryPairs, context: configuration.contextLength, path: checkpoint.path)
    }
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
    let pass = try DecoderPass(model: self, segments: segments, workspace: workspace)
    pass.embed()
    for (index, layer) in weights.layers.enumerated() {
      if isCancelled() { throw .cancelled }
      let next = index + 1 < weights.layers.count ? weights.layers[index + 1] : nil
      pass.run(layer, index: index, next: next)
    }
    for segment in segments { segment.cache.advance(by: segment.tokens.count) }
    unsafe pass.predict(onLogits)
  }
}
