public import StoaTensor

/// Writes a GGUF file of version 3.
///
/// Tensor data is produced piece by piece while the file is written, so a model need not fit in memory. The file
/// appears under its name only when it is complete.
public struct GGUFWriter {
  /// Produces the bytes of one tensor by writing them to the sink, in as many pieces as it likes.
  public typealias Source = (inout GGUFTensorSink) throws(FormatError) -> Void

  /// The key-value pairs; `general.alignment` is set from `alignment` when the file is written.
  public var metadata: GGUFMetadata
  /// The alignment of tensor data in bytes: a power of two below 2^32.
  public let alignment: Int

  private var tensors: [Tensor] = []
  private var names: Set<String> = []

  private struct Tensor {
    let name: String
    let type: ElementType
    let shape: [Int]
    let byteCount: Int
    let source: Source
  }

  /// A file without tensors.
  public init(metadata: GGUFMetadata = GGUFMetadata(), alignment: Int = 32) {
    self.metadata = metadata
    self.alignment = alignment
  }

  /// Adds a tensor whose bytes `source` will produce.
  ///
  /// - Parameters:
  ///   - shape: One to four positive dimensions, outermost first; the last is a multiple of the type's block size.
  ///     Empty for a scalar.
  ///   - source: Must write exactly the bytes of that many elements.
  public mutating func addTensor(
    _ name: String, type: ElementType, shape: [Int], source: @escaping Source
  ) throws(FormatError) {
    guard shape.count <= 4, shape.allSatisfy({ $0 > 0 }), (shape.last ?? 1) % type.blockSize == 0,
      let elements = elementCount(shape), let byteCount = type.byteCount(elements: elements)
    else {
      throw .source(path: name, problem: "a \(type.name) tensor of the shape \(shape) cannot be written to GGUF")
    }
    guard names.insert(name).inserted else {
      throw .source(path: name, problem: "a tensor of this name was added before")
    }
    tensors.append(Tensor(name: name, type: type, shape: shape, byteCount: byteCount, source: source))
  }

  /// Adds a tensor with the given bytes.
  public mutating func addTensor(
    _ name: String, type: ElementType, shape: [Int], bytes: [UInt8]
  ) throws(FormatError) {
    try addTensor(name, type: type, shape: shape) { (sink) throws(FormatError) in try sink.write(bytes.span) }
  }

  /// Adds a tensor of 32-bit floats.
  public mutating func addTensor(_ name: String, shape: [Int], values: [Float]) throws(FormatError) {
    try addTensor(name, type: .f32, shape: shape) { (sink) throws(FormatError) in try sink.write(values.span) }
  }

  /// Adds a copy of a tensor of another file, under its own name unless another is given.
  public mutating func addTensor(copying tensor: TensorInfo, as name: String? = nil) throws(FormatError) {
    try addTensor(name ?? tensor.name, type: tensor.type, shape: tensor.shape) { (sink) throws(FormatError) in
      try sink.write(tensor.file.bytes.extracting(tensor.byteRange))
    }
  }

  /// Writes the file, replacing one that has the name already.
  public func write(to path: String) throws(FormatError) {
    guard alignment > 0, alignment & (alignment - 1) == 0, let alignmentValue = UInt32(exactly: alignment) else {
      throw .source(path: path, problem: "the alignment \(alignment) is no power of two below 2^32")
    }
    var metadata = metadata
    if alignment != 32 || metadata["general.alignment"] != nil { metadata["general.alignment"] = .u32(alignmentValue) }

    let file = try AtomicFile(path: path)
    try file.write(header(metadata))
    let padding = [UInt8](repeating: 0, count: alignment)
    try file.write(padding.span.extracting(first: paddingCount(after: file.count)))
    for tensor in tensors {
      var sink = GGUFTensorSink(file: file, name: tensor.name, expected: tensor.byteCount)
      try tensor.source(&sink)
      try sink.finish()
      try file.write(padding.span.extracting(first: paddingCount(after: tensor.byteCount)))
    }
    try file.commit()
  }

  private func paddingCount(after count: Int) -> Int { (alignment - count % alignment) % alignment }

  private func header(_ metadata: GGUFMetadata) throws(FormatError) -> [UInt8] {
    var encoder = GGUFEncoder()
    encoder.output.append(contentsOf: "GGUF".utf8)
    encoder.append(UInt32(3))
    encoder.append(UInt64(tensors.count))
    encoder.append(UInt64(metadata.count))
    for key in metadata.keys {
      guard let value = metadata[key] else { continue }
      encoder.append(key)
      encoder.append(value.type.rawValue)
      encoder.append(value)
    }
    var offset = 0
    for tensor in tensors {
      encoder.append(tensor.name)
      encoder.append(UInt32(tensor.shape.count))
      for dimension in tensor.shape.reversed() { encoder.append(UInt64(dimension)) }
      encoder.append(tensor.type.rawValue)
      encoder.append(UInt64(offset))
      let (end, overflow) = offset.addingReportingOverflow(tensor.byteCount)
      let (next, nextOverflow) = end.addingReportingOverflow(alignment)
      guard !overflow, !nextOverflow else {
        throw .source(path: tensor.name, problem: "the tensors together are larger than any file")
      }
      offset = next - (next % alignment == 0 ? alignment : next % alignment)
    }
    return encoder.output
  }
}

/// Where a tensor's source writes its bytes.
public struct GGUFTensorSink: ~Copyable {
  private let file: AtomicFile
  private let name: String
  private var missing: Int

  fileprivate init(file: AtomicFile, name: String, expected: Int) {
    self.file = file
    self.name = name
    missing = expected
  }

  /// Appends `values` as they lie in memory, which is little-endian on all supported machines.
  public mutating func write<T: BitwiseCopyable>(_ values: Span<T>) throws(FormatError) {
    let count = values.count * MemoryLayout<T>.stride
    guard count <= missing else {
      throw .source(path: name, problem: "the source of this tensor writes more bytes than its shape and type have")
    }
    missing -= count
    try unsafe file.write(Span<UInt8>(_bytes: values.bytes))
  }

  fileprivate consuming func finish() throws(FormatError) {
    guard missing == 0 else {
      throw .source(path: name, problem: "the source of this tensor left out \(grouped(missing)) bytes")
    }
  }
}

/// Encodes the header: integers little-endian, strings after their length.
private struct GGUFEncoder {
  var output: [UInt8] = []

  mutating func append<T: FixedWidthInteger>(_ value: T) {
    for shift in stride(from: 0, to: T.bitWidth, by: 8) { output.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func append(_ text: String) {
    append(UInt64(text.utf8.count))
    output.append(contentsOf: text.utf8)
  }

  mutating func append(_ value: GGUFValue) {
    switch value {
    case .u8(let value): append(value)
    case .i8(let value): append(value)
    case .u16(let value): append(value)
    case .i16(let value): append(value)
    case .u32(let value): append(value)
    case .i32(let value): append(value)
    case .u64(let value): append(value)
    case .i64(let value): append(value)
    case .f32(let value): append(value.bitPattern)
    case .f64(let value): append(value.bitPattern)
    case .bool(let value): append(UInt8(value ? 1 : 0))
    case .string(let value): append(value)
    case .array(let value): append(value)
    }
  }

  mutating func append(_ array: GGUFArray) {
    append(array.elementType.rawValue)
    append(UInt64(array.count))
    switch array {
    case .u8(let values): output.append(contentsOf: values)
    case .i8(let values): for value in values { append(value) }
    case .u16(let values): for value in values { append(value) }
    case .i16(let values): for value in values { append(value) }
    case .u32(let values): for value in values { append(value) }
    case .i32(let values): for value in values { append(value) }
    case .u64(let values): for value in values { append(value) }
    case .i64(let values): for value in values { append(value) }
    case .f32(let values): for value in values { append(value.bitPattern) }
    case .f64(let values): for value in values { append(value.bitPattern) }
    case .bool(let values): for value in values { append(UInt8(value ? 1 : 0)) }
    case .string(let values):
      unsafe values.encoded.withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
    case .array(let values): for value in values { append(value) }
    }
  }
}
