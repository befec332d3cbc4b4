/// Where keys and values lie in the pages of a cache.
///
/// A page holds `Compute.keyBlock` positions of one sequence: for each layer and key/value head a block of keys and then
/// a block of values.
package struct CacheLayout: Sendable {
  package let type: CacheType
  package let layers: Int
  package let shape: AttentionShape
  package let pageBytes: Int
  private let keyBytes: Int
  private let headBytes: Int

  package init(type: CacheType, layers: Int, shape: AttentionShape) throws(MemoryError) {
    self.type = type
    self.layers = layers
    self.shape = shape
    keyBytes = type.blockBytes(width: shape.headDimension)
    headBytes = keyBytes + (shape.valuesAreKeys ? 0 : type.blockBytes(width: shape.valueStride))
    let (bytes, overflow) = (layers * shape.keyValueHeads).multipliedReportingOverflow(by: headBytes)
    guard !overflow else { throw .cannotReserve(bytes: Int.max) }
    pageBytes = bytes
  }

  /// Where in a page the keys and values of a layer and key/value head begin, in bytes.
  package func offsets(layer: Int, head: Int) -> (keys: Int, values: Int) {
    let start = (layer * shape.keyValueHeads + head) * headBytes
    return (start, start + keyBytes)
  }

  /// Pages that hold `positions` positions.
  package static func pages(for positions: Int) -> Int { (positions + Compute.keyBlock - 1) / Compute.keyBlock }
}
