public import StoaFormats
package import StoaTensor

/// The sizes and constants of a decoder model, whichever format they were read from.
///
/// A family of models (`DecoderFamily`) fills this in; everything that computes reads it and knows no families.
public struct DecoderConfiguration: Sendable, Equatable {
  /// The name of the architecture, such as `llama`.
  public internal(set) var architecture = ""
  /// The width of the residual stream.
  public internal(set) var width = 0
  /// Layers.
  public internal(set) var layers = 0
  /// Query heads.
  public internal(set) var heads = 0
  /// Heads of keys and values; query heads share them in groups.
  public internal(set) var keyValueHeads = 0
  /// Values per head.
  public internal(set) var headDimension = 0
  /// The width of the feed-forward networks of layers without experts.
  public internal(set) var feedForwardWidth = 0
  /// Feed-forward networks of a layer, among which a router chooses; 0 when there is one and no router.
  public internal(set) var experts = 0
  /// Experts that each token goes through.
  public internal(set) var expertsUsed = 0
  /// Token ids, padding included.
  public internal(set) var vocabularySize = 0
  /// The longest sequence the model was made for, in tokens.
  public internal(set) var contextLength = 0
  /// Added to the mean square in norms.
  public internal(set) var normEpsilon: Float = 1e-5
  /// Positions that attention reaches back, nil for all; which layers keep to it `attention` says.
  public internal(set) var slidingWindow: Int?
  /// The angles of rotary position embeddings.
  public internal(set) var rope = RopeParameters()
  /// Whether rotary pairs are neighbours (GGUF's `llama`) or half a head apart (Hugging Face).
  public internal(set) var interleavedRope = false
  /// The token that starts every text, when the file says so.
  public internal(set) var bosToken: Int32?
  /// The tokens that end an answer, as far as the configuration knows.
  public internal(set) var eosTokens: [Int32] = []

  // MARK: Blocks

  package internal(set) var norm = NormKind.rootMeanSquare
  /// Whether attention and the feed-forward network of a layer read the same residual stream.
  package internal(set) var isParallel = false
  /// What each layer's queries see and how they are rotated.
  package internal(set) var attention: [LayerAttention] = []
  /// A second set of angles, which `LayerAttention.rotation` may name.
  package internal(set) var localRope: RopeParameters?
  package internal(set) var queryKeyNorm = QueryKeyNorm.none
  /// The factor on scores; nil: 1 / √(head dimension).
  package internal(set) var softmaxScale: Float?
  package internal(set) var attentionSoftCap: Float?
  /// Whether scores fall with distance in place of rotations (Press and others, 2021, arXiv:2108.12409).
  package internal(set) var hasSlopes = false
  /// Whether this happens before scores are scaled.
  package internal(set) var scalesSlopes = false
  package internal(set) var hasSinks = false
  /// Queries, keys and values are limited to this magnitude.
  package internal(set) var clip: Float?
  package internal(set) var latent: LatentAttention?
  package internal(set) var nonlinearity = Nonlinearity.silu
  /// Whether networks have a second factor beside the activated one.
  package internal(set) var isGated = true
  package internal(set) var expertRules: ExpertRules?
  package internal(set) var embeddingScale: Float?
  /// Positions that have a learnt vector; 0 for models without.
  package internal(set) var learnedPositions = 0
  package internal(set) var logitSoftCap: Float?
  package internal(set) var tiesOutput = false
  /// Differences between models of one family that only its own table of tensors looks at.
  package internal(set) var variant = ""

  /// Query values of a token.
  package var queryWidth: Int { heads * headDimension }
  /// Key (or value) values of a token.
  package var keyValueWidth: Int { keyValueHeads * headDimension }
  /// Values that attention gives for a token.
  package var attentionWidth: Int { heads * (latent?.valueDimension ?? headDimension) }

  /// Whether a layer has experts.
  package func hasExperts(_ layer: Int) -> Bool { expertRules.map { !$0.denseLayers.contains(layer) } ?? false }

  /// The shape of the caches.
  package var attentionShape: AttentionShape {
    if let latent {
      return AttentionShape(
        heads: heads, keyValueHeads: 1, headDimension: latent.cachedWidth, valueDimension: latent.rank,
        valuesAreKeys: true)
    }
    return AttentionShape(heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension)
  }
}

/// What stands before blocks.
package enum NormKind: Sendable, Equatable {
  /// Zhang and Sennrich, 2019 (arXiv:1910.07467).
  case rootMeanSquare
  /// Ba and others, 2016 (arXiv:1607.06450).
  case layer
  /// The same without weights.
  case layerWithoutWeights
}

/// What is done to queries and keys besides rotating them.
package enum QueryKeyNorm: Sendable, Equatable {
  case none
  /// A norm of each head, before rotation.
  case heads
  /// A norm of all heads together, before rotation.
  case whole
  /// A norm of each head without weights, after rotation and in rotated layers only.
  case rotatedHeads
}

/// How one layer attends.
package struct LayerAttention: Sendable, Equatable {
  /// Positions a query sees, its own included.
  package var window: Int?
  /// The size of the chunks that queries do not look out of.
  package var chunk: Int?
  package var rotation = Rotation.main
  /// Queries grow with their position: × 1 + scale · ln(1 + ⌊(position + 1) / floor⌋).
  package var temperature: Temperature?

  package enum Rotation: Sendable, Equatable { case none, main, local }
  package struct Temperature: Sendable, Equatable {
    package var scale: Double
    package var floor: Double
  }
}

/// Multi-head latent attention (DeepSeek-AI, 2024, arXiv:2405.04434): keys and values of all heads come from one short
/// vector per position, which alone is cached.
package struct LatentAttention: Sendable, Equatable {
  /// The width of the compressed queries; nil when they are not compressed.
  package var queryRank: Int?
  /// The width of the vector that keys and values come from.
  package var rank: Int
  /// Dimensions of a head's query that are rotated, and of the key that all heads share.
  package var rotatedDimension: Int
  /// Dimensions of a head's query that are not.
  package var plainDimension: Int
  package var valueDimension: Int

  package var queryDimension: Int { plainDimension + rotatedDimension }
  package var cachedWidth: Int { rank + rotatedDimension }
}

/// How tokens are shared out among experts.
package struct ExpertRules: Sendable, Equatable {
  package enum Scores: Sendable, Equatable {
    /// The softmax over the chosen experts.
    case softmaxOfChosen
    /// The softmax over all of them.
    case softmax
    case sigmoid
  }

  package var width: Int
  package var scores = Scores.softmaxOfChosen
  /// Whether the weights of the chosen experts are made to add up to one.
  package var normalizes = false
  /// A factor on the weights.
  package var scale = 1.0
  /// Experts are in groups of equal size, and only those of the best groups are chosen from.
  package var groups = 1
  package var groupsUsed = 1
  /// Whether a group counts as much as its two best experts together, or as its best one.
  package var groupsByBestTwo = false
  /// Whether a constant of each expert is added to its score for the choice, not for the weight.
  package var hasSelectionBias = false
  /// The width of a network that every token goes through as well; 0 for none.
  package var sharedWidth = 0
  /// Whether the shared network's output is multiplied by a sigmoid of its own.
  package var sharedIsGated = false
  /// Whether an expert's input is weighted rather than its output.
  package var weighsInput = false
  /// Layers with one network as in models without experts.
  package var denseLayers: Set<Int> = []
}

extension DecoderConfiguration {
  /// Reads the configuration of a checkpoint.
  package init(_ checkpoint: Checkpoint) throws(ModelError) {
    switch checkpoint {
    case .gguf(let file): try self.init(gguf: file)
    case .huggingFace(_, let configuration, _): try self.init(huggingFace: configuration, path: checkpoint.path)
    }
  }

  /// Reads the keys of a GGUF file; missing or impossible values are errors that name the key.
  package init(gguf file: GGUFFile) throws(ModelError) {
    let path = file.files.first?.path ?? ""
    let architecture = file.metadata.string("general.architecture") ?? ""
    let family = try DecoderFamily.ofGGUF(architecture, path: path)
    let reader = KeyReader(file: file, prefix: architecture, path: path)
    self.init()
    self.architecture = architecture
    try readCommon(reader, norm: family.norm)
    try family.readGGUF(&self, reader)
    try finish(path: path)
    try Self.checkLayers(layers, names: file.tensors.map(\.name), prefix: "blk.", path: path)
  }

  /// Takes over the configuration of a Hugging Face model.
  package init(huggingFace configuration: HuggingFaceConfiguration, path: String) throws(ModelError) {
    let family = try DecoderFamily.ofHuggingFace(configuration.modelType, path: path)
    self.init()
    readCommon(configuration, norm: family.norm)
    try family.readHuggingFace(&self, SettingsReader(configuration, path: path))
    try finish(path: path)
  }

  private mutating func finish(path: String) throws(ModelError) {
    if attention.isEmpty, (1...1024).contains(layers) {
      attention = Array(repeating: LayerAttention(window: slidingWindow), count: layers)
    }
    try check(path: path)
  }

  /// A file with more layers than it says would answer with part of the model.
  package static func checkLayers(
    _ layers: Int, names: [String], prefix: String, path: String
  ) throws(ModelError) {
    for name in names where name.hasPrefix(prefix) {
      guard let index = Int(name.dropFirst(prefix.count).prefix { $0 != "." }), index >= layers else { continue }
      throw .impossible(path: path, problem: "tensor \(quoted(name)) belongs to none of the \(layers) layers")
    }
  }

  /// Refuses sizes that no model has, before memory is reserved for them.
  private func check(path: String) throws(ModelError) {
    func require(_ condition: Bool, _ problem: @autoclosure () -> String) throws(ModelError) {
      if !condition { throw .impossible(path: path, problem: problem()) }
    }
    try require((1...1024).contains(layers), "\"block_count\" is \(layers): no model has as many layers")
    try require((1...1_000_000).contains(width), "\"embedding_length\" is \(width): no model is as wide")
    try require((1...65_536).contains(heads), "\"attention.head_count\" is \(heads): no model has as many")
    try require(
      keyValueHeads >= 1 && heads % keyValueHeads == 0,
      "\"attention.head_count\" is \(heads): so many cannot share \(keyValueHeads) heads of keys and values")
    try require(
      (1...Compute.maxHeadDimension).contains(headDimension),
      "heads of \(grouped(headDimension)) dimensions; at most \(Compute.maxHeadDimension) are possible")
    try require((1...10_000_000).contains(feedForwardWidth), "a feed-forward width of \(grouped(feedForwardWidth))")
    try require((1...100_000_000).contains(vocabularySize), "the model claims \(grouped(vocabularySize)) tokens")
    try require((1...1_000_000_000).contains(contextLength), "a context of \(grouped(contextLength)) tokens")
    try require(normEpsilon >= 0 && normEpsilon < 1, "the epsilon of norms is \(normEpsilon)")
    try require(
      experts == 0 && expertsUsed == 0 || (1...1024).contains(experts) && (1...experts).contains(expertsUsed),
      "the model claims to use \(grouped(expertsUsed)) of \(grouped(experts)) experts")
    try require(attention.count == layers, "\(attention.count) kinds of attention for \(layers) layers")
    for layer in attention {
      try require(layer.window ?? 1 >= 1, "a sliding window of \(layer.window ?? 0) positions")
      try require(layer.chunk ?? 1 >= 1, "attention in chunks of \(layer.chunk ?? 0) positions")
      guard let temperature = layer.temperature else { continue }
      try require(
        (1...1e9).contains(temperature.floor) && temperature.scale.isFinite,
        "queries grow by \(temperature.scale) each \(temperature.floor) positions")
    }
    for rope in [rope, localRope].compactMap({ $0 }) {
      try require(rope.theta >= 1 && rope.theta.isFinite, "the base of rotary embeddings is \(rope.theta)")
    }
    if attention.contains(where: { $0.rotation != .none }) {
      try require(rotaryPairs >= 1, "no dimension of a head is rotated")
    }
    for (name, number) in [
      ("soft cap of scores", attentionSoftCap), ("soft cap of logits", logitSoftCap), ("limit of values", clip),
      ("scale of embeddings", embeddingScale), ("scale of scores", softmaxScale),
    ] {
      if let number { try require(number > 0 && number.isFinite, "the \(name) is \(number)") }
    }
    if let latent {
      for (name, size) in [
        ("compressed queries", latent.queryRank ?? 1), ("compressed keys", latent.rank),
        ("rotated queries", latent.rotatedDimension), ("plain queries", latent.plainDimension),
        ("values", latent.valueDimension),
      ] {
        try require((1...65_536).contains(size), "\(name) of \(grouped(size)) dimensions")
      }
      try require(
        latent.cachedWidth <= Compute.maxHeadDimension,
        "compressed keys of \(grouped(latent.cachedWidth)) dimensions; at most \(Compute.maxHeadDimension) are possible"
      )
    }
    if let rules = expertRules { try check(rules, require) }
  }

  private func check(
    _ rules: ExpertRules, _ require: (Bool, @autoclosure () -> String) throws(ModelError) -> Void
  ) throws(ModelError) {
    try require((1...10_000_000).contains(rules.width), "experts of a width of \(grouped(rules.width))")
    try require((0...10_000_000).contains(rules.sharedWidth), "a shared expert of \(grouped(rules.sharedWidth))")
    try require(rules.scale.isFinite && rules.scale > 0, "the weights of experts are scaled by \(rules.scale)")
    try require(
      rules.groups >= 1 && experts % rules.groups == 0,
      "\(grouped(experts)) experts cannot be in \(grouped(rules.groups)) groups")
    try require(
      (1...rules.groups).contains(rules.groupsUsed) && expertsUsed <= rules.groupsUsed * (experts / rules.groups),
      "\(grouped(expertsUsed)) experts cannot come from \(grouped(rules.groupsUsed)) of \(grouped(rules.groups)) groups"
    )
  }

  /// Dimensions of a head that are rotated, in pairs.
  package var rotaryPairs: Int {
    if let latent { return latent.rotatedDimension / 2 }
    let rotated = (rope.partialRotaryFactor * Double(headDimension)).rounded()
    return rotated >= 2 && rotated <= Double(headDimension) ? Int(rotated) / 2 : 0
  }
}
