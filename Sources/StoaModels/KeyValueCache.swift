package import StoaTensor

/// The keys and values of one sequence, for all layers.
///
/// Blocks of keys and then blocks of values for each layer and head. Memory is reserved for the whole capacity and used as
/// positions are filled.
@safe package final class KeyValueCache {
  package let type: CacheType
  package let layers: Int
  package let shape: AttentionShape
  /// Positions that fit.
  package let capacity: Int
  /// Positions that are filled. Lowering it forgets the positions from there on.
  package private(set) var count = 0

  private let memory: Memory
  private let keyBytes: Int
  private let valueBytes: Int

  package init(type: CacheType, layers: Int, shape: AttentionShape, capacity: Int) throws(MemoryError) {
    self.type = type
    self.layers = layers
    self.shape = shape
    self.capacity = capacity
    let blocks = (capacity + Compute.keyBlock - 1) / Compute.keyBlock
    keyBytes = blocks * type.blockBytes(width: shape.headDimension)
    valueBytes = blocks * type.blockBytes(width: shape.valueStride)
    let (total, overflow) = (layers * shape.keyValueHeads).multipliedReportingOverflow(by: keyBytes + valueBytes)
    guard !overflow else { throw .cannotReserve(bytes: Int.max) }
    memory = try Memory(byteCount: total)
  }

  /// Forgets all positions from `count` on.
  package func truncate(to count: Int) { self.count = min(self.count, max(0, count)) }

  /// Records that `tokens` more positions were filled.
  package func advance(by tokens: Int) { count = min(capacity, count + tokens) }

  package func keys(layer: Int, head: Int) -> UnsafeMutableRawPointer {
    unsafe memory.base + (layer * shape.keyValueHeads + head) * (keyBytes + valueBytes)
  }

  package func values(layer: Int, head: Int) -> UnsafeMutableRawPointer {
    unsafe keys(layer: layer, head: head) + keyBytes
  }
}
