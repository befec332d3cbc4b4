import StoaFormats
package import StoaTensor

/// A run of consecutive tokens of one sequence, to be computed after what its cache holds.
package struct Segment {
  /// Which tokens' logits are wanted.
  package enum Logits: Sendable {
    case none
    case last
    case all
    /// In place of logits the normalised hidden state of each token, `width` values.
    case hidden
  }

  package var tokens: ArraySlice<Int32>
  package var cache: KeyValueCache
  package var logits: Logits

  package init(tokens: ArraySlice<Int32>, cache: KeyValueCache, logits: Logits) {
    self.tokens = tokens
    self.cache = cache
    self.logits = logits
  }
}

/// Receives the logits of one token: the index of its segment, of the token in it, and one value per vocabulary entry.
package typealias LogitsHandler = (_ segment: Int, _ token: Int, _ logits: UnsafeBufferPointer<Float>) -> Void

/// A model that predicts the next token from the tokens before it.
package protocol DecoderModel: Sendable {
  var configuration: DecoderConfiguration { get }
  var compute: Compute { get }

  /// The shape of the model's caches.
  var attentionShape: AttentionShape { get }

  /// Scratch memory for batches of up to `maxTokens` tokens.
  func makeWorkspace(maxTokens: Int) throws(ModelError) -> DecoderWorkspace

  /// Computes all segments in one batch, fills their caches and hands out the logits that were asked for.
  ///
  /// The results of a sequence do not depend on what else is in the batch or how its tokens were cut into segments.
  /// Their memory is reserved here, unless `KeyValueCache.reserve` has done so before; a pool without a free page is an
  /// error. `isCancelled` is asked between layers; after a cancellation the caches are as before.
  func forward(
    _ segments: [Segment], workspace: DecoderWorkspace, isCancelled: () -> Bool, onLogits: LogitsHandler
  ) throws(ModelError)
}

extension DecoderModel {
  /// Memory for caches, of at most `limit` pages.
  package func makePagePool(type: CacheType, limit: Int? = nil) throws(ModelError) -> PagePool {
    do throws(MemoryError) {
      return PagePool(
        layout: try CacheLayout(type: type, layers: configuration.layers, shape: attentionShape), limit: limit)
    } catch {
      throw .outOfMemory(error)
    }
  }

  /// An empty cache for `capacity` positions with memory of its own.
  package func makeCache(type: CacheType, capacity: Int) throws(ModelError) -> KeyValueCache {
    KeyValueCache(pool: try makePagePool(type: type), capacity: capacity)
  }
}

/// Loads a model of any supported architecture.
package func loadModel(
  _ checkpoint: Checkpoint, compute: Compute, progress: ((Double) -> Void)? = nil
) throws(ModelError) -> any DecoderModel {
  try Decoder(checkpoint, compute: compute, progress: progress)
}
