import CStoaKernels

/// Where the attention of one sequence and one layer reads and writes.
@unsafe package struct AttentionInput {
  /// `[tokens][queryStride]`: rotated queries, already multiplied by the softmax scale.
  package var queries: UnsafePointer<Float>
  package var queryStride: Int
  /// `[tokens][outputStride]`.
  package var outputs: UnsafeMutablePointer<Float>
  package var outputStride: Int
  package var tokens: Int
  /// Position of the first token.
  package var basePosition: Int
  /// A page for each `Compute.keyBlock` positions from 0 on.
  package var pages: UnsafePointer<UnsafePointer<UInt8>>
  /// Where in a page the keys and values of a key/value head lie, in bytes.
  package var offsets: (_ head: Int) -> (keys: Int, values: Int)
  /// Positions that every token sees, later ones too; 0: no token sees later ones.
  package var visible: Int

  package init(
    queries: UnsafePointer<Float>, queryStride: Int, outputs: UnsafeMutablePointer<Float>, outputStride: Int,
    tokens: Int, basePosition: Int, pages: UnsafePointer<UnsafePointer<UInt8>>,
    offsets: @escaping (Int) -> (keys: Int, values: Int), visible: Int = 0
  ) {
    unsafe self.queries = unsafe queries
    unsafe self.queryStride = queryStride
    unsafe self.outputs = unsafe outputs
    unsafe self.outputStride = outputStride
    unsafe self.tokens = tokens
    unsafe self.basePosition = basePosition
    unsafe self.pages = unsafe pages
    unsafe self.offsets = offsets
    unsafe self.visible = visible
  }
}

/// The shape of attention that all sequences and layers of a model share.
package struct AttentionShape: Sendable, Equatable {
  package let heads: Int
  package let keyValueHeads: Int
  /// Values of a query or key.
  package let headDimension: Int
  /// Values of a value or output.
  package let valueDimension: Int
  /// Whether values are the first dimensions of the keys, so that they take no memory of their own.
  package let valuesAreKeys: Bool

  /// Values as wide as keys and apart from them unless more is said.
  package init(
    heads: Int, keyValueHeads: Int, headDimension: Int, valueDimension: Int? = nil, valuesAreKeys: Bool = false
  ) {
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension
    self.valueDimension = valueDimension ?? headDimension
    self.valuesAreKeys = valuesAreKeys
  }

  /// Values of one position and head in a cache, padded to whole vectors; 0 where they are part of the keys.
  package var valueStride: Int { valuesAreKeys ? 0 : (valueDimension + 15) / 16 * 16 }
}

/// What the queries of one layer see, and how scores become weights.
package struct AttentionRules: Sendable {
  /// Positions that a query sees, its own included; nil for all.
  package var window: Int?
  /// Positions are in chunks of this many, and a query sees its own chunk only.
  package var chunk: Int?
  /// Scores s become c · tanh(s / c); nil for none.
  package var softCap: Float?
  /// Per query head, what each position of distance takes from a score (Press and others, 2021, arXiv:2108.12409).
  package var slopes: FloatVector?
  /// Per query head, the score of a key that has no value.
  package var sinks: FloatVector?

  package init(
    window: Int? = nil, chunk: Int? = nil, softCap: Float? = nil, slopes: FloatVector? = nil, sinks: FloatVector? = nil
  ) {
    self.window = window
    self.chunk = chunk
    self.softCap = softCap
    self.slopes = slopes
    self.sinks = sinks
  }
}

extension Compute {
  /// The largest head dimension that attention accepts.
  package static var maxHeadDimension: Int { Int(STOA_MAX_HEAD_DIM) }
  /// Keys per attention block; caches hold whole blocks.
  package static var keyBlock: Int { Int(STOA_KEY_BLOCK) }

  /// Attends for all sequences of a batch in one parallel loop over (sequence, key/value head, run of query rows).
  package func attend(
    _ inputs: [AttentionInput], shape: AttentionShape, rules: AttentionRules, cache type: CacheType
  ) {
    let group = shape.heads / shape.keyValueHeads
    // Long enough to reuse keys and values from the first-level cache, short enough to share out.
    let rowsPerUnit = 64
    var firstUnits: [Int] = []
    var total = 0
    for index in unsafe inputs.indices {
      let rows = unsafe inputs[index].tokens * group
      firstUnits.append(total)
      total += shape.keyValueHeads * ((rows + rowsPerUnit - 1) / rowsPerUnit)
    }
    let kernel = unsafe kernels.pointee.attention
    pool.run(count: total, grain: 1) { units, _ in
      for unit in units {
        let index = (firstUnits.firstIndex { $0 > unit } ?? firstUnits.count) - 1
        let input = unsafe inputs[index]
        let rows = unsafe input.tokens * group
        let unitsPerHead = (rows + rowsPerUnit - 1) / rowsPerUnit
        let (head, run) = (unit - firstUnits[index]).quotientAndRemainder(dividingBy: unitsPerHead)
        let offsets = unsafe input.offsets(head)
        var job = unsafe stoa_attention(
          q: input.queries, q_stride: input.queryStride, out: input.outputs, out_stride: input.outputStride,
          pages: input.pages, key_offset: offsets.keys, value_offset: offsets.values, head_dim: shape.headDimension,
          value_dim: shape.valueDimension, value_stride: shape.valueStride, first_head: head * group, group: group,
          base_position: input.basePosition, window: rules.window ?? 0, chunk: rules.chunk ?? 0,
          visible: input.visible, soft_cap: rules.softCap ?? 0, slopes: rules.slopes?.values,
          sinks: rules.sinks?.values, cache: type.kernelType)
        unsafe kernel(&job, run * rowsPerUnit, min(rows, (run + 1) * rowsPerUnit))
      }
    }
  }
}
