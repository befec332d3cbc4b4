import StoaFormats
package import StoaTensor

/// What the choice of element types depends on besides the tensors.
struct ModelSizes: Sendable {
  var architecture: String
  var layers = 0
  var heads = 0
  var keyValueHeads = 0
  var experts = 0

  init(architecture: String) { self.architecture = architecture }

  /// Reads the keys of the model's architecture; what is absent or malformed counts as zero.
  init(_ metadata: GGUFMetadata) {
    architecture = metadata.string("general.architecture") ?? ""
    let prefix = architecture
    // Some writers give one number per layer; the first stands for all, as in llama.cpp.
    func number(_ name: String) -> Int? {
      let key = "\(prefix).\(name)"
      return metadata.int(key) ?? metadata.ints(key)?.first
    }
    layers = number("block_count") ?? 0
    heads = number("attention.head_count") ?? 0
    keyValueHeads = number("attention.head_count_kv") ?? heads
    experts = number("expert_count") ?? 0
  }

  /// Query heads that share a key and value head.
  var groupedQueries: Int { keyValueHeads > 0 ? heads / keyValueHeads : 0 }

  /// Models that llama.cpp takes for one of 70 billion parameters, whose small value matrices get more bits.
  var is70B: Bool {
    guard layers == 80, experts != 8 else { return false }
    return architecture == "llama" ? heads != keyValueHeads : ["deci", "qwen2", "olmo"].contains(architecture)
  }
}

/// What the user asked for beyond the file type.
package struct TensorTypeOptions: Sendable {
  /// Every tensor gets the file's base type.
  package var isPure = false
  /// The type of `output.weight`.
  package var output: ElementType?
  /// The type of `token_embd.weight`.
  package var embedding: ElementType?

  /// Nothing special.
  package init() {}
}

/// Chooses the element type of each tensor as llama.cpp's quantisation tool does.
///
/// Source: llama.cpp, `src/llama-quant.cpp` (`tensor_allows_quantization`, `llama_tensor_get_type`,
/// `tensor_type_fallback`). Tensors must be asked about in the order of `Self.order`: the choice counts them.
struct TensorTypeSelector {
  let fileType: FileType
  let sizes: ModelSizes
  let options: TensorTypeOptions
  let hasImportance: Bool

  /// Tensors whose columns do not fill blocks of the wanted type.
  private(set) var fallbacks = 0
  private let isTied: Bool
  private let valueCount: Int
  private var valueIndex = 0
  private var downIndex = 0

  init(
    _ fileType: FileType, sizes: ModelSizes, options: TensorTypeOptions, hasImportance: Bool, tensors: [String]
  ) {
    self.fileType = fileType
    self.sizes = sizes
    self.options = options
    self.hasImportance = hasImportance
    let roles = tensors.map { TensorRole($0) }
    isTied = !roles.contains(.output)
    valueCount = roles.filter(\.isValue).count
  }

  /// Tensors outside layers first, then layer by layer; within them by the bytes of their names.
  static func order(_ left: String, _ right: String) -> Bool {
    let (leftLayer, rightLayer) = (layer(left) ?? -1, layer(right) ?? -1)
    if leftLayer != rightLayer { return leftLayer < rightLayer }
    return left.utf8.lexicographicallyPrecedes(right.utf8)
  }

  /// The number in `blk.N.`.
  static func layer(_ name: String) -> Int? {
    guard name.hasPrefix("blk.") else { return nil }
    let digits = name.dropFirst(4).prefix { $0.isASCII && $0.isNumber }
    return name.dropFirst(4 + digits.count).first == "." ? Int(digits) : nil
  }

  /// The type for a tensor of the type `current`; `shape` has the outermost dimension first.
  mutating func type(of name: String, shape: [Int], current: ElementType) -> ElementType {
    guard Self.allowsQuantization(name, shape: shape) else { return current }
    let role = TensorRole(name)
    if let type = options.embedding, role == .embedding { return fitting(type, shape) }
    if let type = options.output, role == .output { return fitting(type, shape) }
    guard fileType.base.isQuantized else { return fileType.base }
    let type = options.isPure ? fileType.base : mixed(name, role, columns: shape.last ?? 1)
    return fitting(type, shape)
  }

  /// Only matrices that are multiplied with are quantised; norms, routers, positions and convolutions are not.
  static func allowsQuantization(_ name: String, shape: [Int]) -> Bool {
    // Trailing dimensions of one do not count: GGUF's order is the reverse of this one.
    guard shape.drop(while: { $0 == 1 }).count >= 2, name.hasSuffix("weight") else { return false }
    if ["position_embd.weight", "token_types.weight"].contains(name) { return false }
    return !neverQuantized.contains { name.contains($0) }
  }

  private static let neverQuantized = [
    "_norm.weight", "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight", "altup", "laurel", "per_layer_model_proj",
    "ssm_conv1d", "shortconv.conv.weight", "indexer.k_proj.weight", "indexer.q_proj.weight", "time_mix_first.weight",
    "time_mix_w0.weight", "time_mix_w1.weight", "time_mix_w2.weight", "time_mix_v0.weight", "time_mix_v1.weight",
    "time_mix_v2.weight", "time_mix_a0.weight", "time_mix_a1.weight", "time_mix_a2.weight", "time_mix_g1.weight",
    "time_mix_g2.weight", "time_mix_decay_w1.weight", "time_mix_decay_w2.weight", "time_mix_lerp_fused.weight",
    "attn_rel_b.weight", ".position_embd", "sam.pos_embd", "sam.neck.", "sam.net_", ".rel_pos", ".patch_embd",
    ".patch_merger", "a.rvq.codebook", "mm.a.code_embd",
  ]

  /// A type whose blocks the columns fill.
  private mutating func fitting(_ type: ElementType, _ shape: [Int]) -> ElementType {
    let columns = shape.last ?? 1
    guard columns % type.blockSize != 0 else { return type }
    fallbacks += 1
    let smaller: ElementType =
      switch type {
      case .iq4_xs: .iq4_nl
      case .q2_K, .q3_K: .q4_0
      case .q4_K: .q5_0
      case .q5_K: .q5_1
      case .q6_K: .q8_0
      default: type
      }
    return columns % smaller.blockSize == 0 ? smaller : .f16
  }

  /// The first and last eighth of the layers, and every third one between.
  private static func needsMoreBits(_ layer: Int, of layers: Int) -> Bool {
    layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2
  }

  private mutating func mixed(_ name: String, _ role: TensorRole, columns: Int) -> ElementType {
    let base = fileType.base
    switch role {
    case .output,
      .embedding where isTied:
      if let type = options.output { return type }
      if sizes.architecture == "falcon" || columns % base.blockSize != 0 { return .q8_0 }
      return base == .q8_0 ? .q8_0 : .q6_K
    case .embedding, .query, .other: return base
    case .value, .fusedAttention, .latentValue: return valueType()
    case .key: return sizes.experts == 8 ? .q8_0 : base
    case .attentionOutput: return attentionOutputType()
    case .down: return downType(name)
    }
  }

  private mutating func valueType() -> ElementType {
    defer { valueIndex += 1 }
    var type = fileType.base
    let isGrouped = sizes.groupedQueries >= 4
    switch fileType {
    case .q2_K: type = isGrouped ? .q4_K : .q3_K
    case .q2_K_S where isGrouped: type = .q4_K
    case .q3_K_M: type = valueIndex < 2 ? .q5_K : .q4_K
    case .q3_K_L: type = .q5_K
    case .iq4_NL where isGrouped, .iq4_XS where isGrouped: type = .q5_K
    case .q4_K_M where Self.needsMoreBits(valueIndex, of: valueCount),
      .q5_K_M where Self.needsMoreBits(valueIndex, of: valueCount):
      type = .q6_K
    case .q4_K_S where valueIndex < 4: type = .q5_K
    default: break
    }
    if sizes.is70B, type == .q3_K || type == .q4_K { type = .q5_K }
    return sizes.experts == 8 ? .q8_0 : type
  }

  private mutating func downType(_ name: String) -> ElementType {
    defer { downIndex += 1 }
    let layers = sizes.layers
    // Experts of one layer may lie anywhere in the file, so that counting would not find the layer.
    let layer = sizes.experts > 1 ? Self.layer(name) ?? downIndex : downIndex
    let isFalcon = sizes.architecture == "falcon"
    let isEarly = layer < layers / 8
    let needsMoreBits = Self.needsMoreBits(layer, of: layers)
    switch fileType {
    case .q2_K: return .q3_K
    case .q2_K_S where isEarly: return .q4_K
    case .q3_K_M:
      if layer < layers / 16 { return .q5_K }
      return !isFalcon || needsMoreBits ? .q4_K : .q3_K
    case .q3_K_L: return isFalcon ? .q4_K : .q5_K
    case .q4_K_M where isFalcon: return layer < layers / 16 ? .q6_K : needsMoreBits ? .q5_K : .q4_K
    case .q4_K_M where needsMoreBits, .q5_K_M where needsMoreBits: return .q6_K
    case .iq4_NL where isEarly && !hasImportance, .iq4_XS where isEarly && !hasImportance: return .q5_K
    case .q4_K_S where isEarly && !isFalcon: return .q5_K
    case .q4_0 where isEarly && hasImportance: return .q4_1
    case .q5_0 where isEarly && hasImportance: return .q5_1
    default: return fileType.base
    }
  }

  private func attentionOutputType() -> ElementType {
    if sizes.architecture == "falcon" { return fileType == .q3_K_L ? .q4_K : fileType.base }
    if sizes.experts == 8 {
      switch fileType {
      case .q2_K, .q3_K_S, .q3_K_M, .q4_K_S, .q4_K_M, .iq4_NL, .iq4_XS: return .q5_K
      default: return fileType.base
      }
    }
    switch fileType {
    case .q2_K: return .q3_K
    case .q3_K_M: return .q4_K
    case .q3_K_L: return .q5_K
    default: return fileType.base
    }
  }
}

/// What a tensor does in the model, as far as the choice of types cares.
private enum TensorRole {
  case output, embedding, fusedAttention, latentValue, value, key, query, attentionOutput, down, other

  init(_ name: String) {
    let parts: [(String, TensorRole)] = [
      ("attn_qkv.weight", .fusedAttention), ("attn_kv_b.weight", .latentValue), ("attn_v.weight", .value),
      ("attn_k.weight", .key), ("attn_q.weight", .query), ("attn_output.weight", .attentionOutput),
      // These two come before the down projection, whose name they never contain.
      ("ffn_up", .other), ("ffn_gate", .other), ("ffn_down", .down),
    ]
    switch name {
    case "output.weight": self = .output
    case "token_embd.weight", "per_layer_token_embd.weight": self = .embedding
    default: self = parts.first { name.contains($0.0) }?.1 ?? .other
    }
  }

  /// Tensors that hold values, or values among others.
  var isValue: Bool { self == .value || self == .fusedAttention || self == .latentValue }
}
