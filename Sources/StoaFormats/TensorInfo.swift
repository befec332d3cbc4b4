public import StoaTensor

/// Where a tensor lies in a mapped file, and what it holds.
public struct TensorInfo: Sendable {
  /// The name in the file, such as `blk.0.attn_q.weight`.
  public let name: String
  /// The type of the elements; unsigned bytes, truth values and 8-bit floating-point
  /// numbers of safetensors files are `i8`, which has their size.
  public let type: ElementType
  /// The type as the file calls it: `Q4_K`, `BF16`, or for safetensors also `U8`, `BOOL` and `F8_E4M3`.
  public let typeName: String
  /// The dimensions, outermost first: `[rows, columns]`, as in PyTorch. Empty for a scalar.
  public let shape: [Int]
  /// The file that holds the bytes.
  public let file: MappedFile
  /// Where the first byte lies in `file`.
  public let offset: Int
  /// The number of bytes.
  public let byteCount: Int
  /// The product of `shape`.
  public let elementCount: Int

  /// A tensor at a place that has been checked against the file.
  package init(
    name: String, type: ElementType, typeName: String, shape: [Int], file: MappedFile, offset: Int, byteCount: Int,
    elementCount: Int
  ) {
    self.name = name
    self.type = type
    self.typeName = typeName
    self.shape = shape
    self.file = file
    self.offset = offset
    self.byteCount = byteCount
    self.elementCount = elementCount
  }

  /// The bytes in `file`.
  public var byteRange: Range<Int> { offset..<offset + byteCount }
}

/// The product of `dimensions`, or nil when it overflows or a dimension is negative.
func elementCount(_ dimensions: [Int]) -> Int? {
  // A zero anywhere makes the product zero, whatever the others are; without this, [2^62, 4, 0] would overflow.
  if dimensions.contains(0) { return dimensions.contains { $0 < 0 } ? nil : 0 }
  var product = 1
  for dimension in dimensions {
    let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
    guard dimension > 0, !overflow else { return nil }
    product = next
  }
  return product
}
