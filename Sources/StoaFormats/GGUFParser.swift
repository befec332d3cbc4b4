import StoaTensor

/// One GGUF file as it lies on disk; a model may consist of several.
struct GGUFShard {
  let file: MappedFile
  let version: Int
  let alignment: Int
  let metadata: GGUFMetadata
  let tensors: [TensorInfo]
}

/// Reads the header of a GGUF file of version 2 or 3; tensor data is not touched.
///
/// Every count and length is compared with the bytes that are left before memory is allocated for it, so the memory
/// used is bounded by the size of the file. Source: the GGUF specification (ggml, `docs/gguf.md`), and `gguf.cpp` for
/// what it leaves open.
struct GGUFParser {
  private let file: MappedFile
  private var offset = 0
  private var nestedArrays = 0

  private static let defaultAlignment = 32
  private static let maximumKeyLength = 65_535
  private static let maximumDimensions = 4
  /// The specification allows arrays in arrays without a limit; nothing uses more than one level.
  private static let maximumArrayDepth = 8
  /// Entries take more memory than they have bytes in the file. Models have some dozens of pairs, some thousands of
  /// tensors and hardly ever an array in an array; these limits keep memory bounded for files that mean harm.
  private static let maximumPairs = 1 << 16
  private static let maximumTensors = 1 << 20
  private static let maximumNestedArrays = 1 << 16
  /// The bytes of the shortest pair: length of the key, one letter, type, one byte of value.
  private static let minimumPairSize = 8 + 1 + 4 + 1
  /// The bytes of the shortest tensor entry: length of the name, number of dimensions, type, offset.
  private static let minimumTensorSize = 8 + 4 + 4 + 8

  static func parse(_ file: MappedFile) throws(FormatError) -> GGUFShard {
    var parser = GGUFParser(file: file)
    return try parser.parse()
  }

  private init(file: MappedFile) { self.file = file }

  private mutating func parse() throws(FormatError) -> GGUFShard {
    let kind = ModelFileKind(file)
    guard kind == .gguf else { throw kind.refusal(path: file.path, wanted: "a GGUF file") }
    offset = 4
    let version = Int(try number(UInt32.self, "the version"))
    guard version != 1 else {
      throw .unsupported(
        path: file.path, problem: "this is a GGUF file of version 1, a format that was given up in 2023",
        advice: "use a newer file of the same model (version 2 or 3)")
    }
    guard (2...3).contains(version) else {
      throw .unsupported(
        path: file.path, problem: "GGUF version \(version) is unknown; versions 2 and 3 can be read",
        advice: "use a newer program, or a file of version 3")
    }
    let tensorCount = try count("tensors", minimumSize: Self.minimumTensorSize)
    let pairCount = try count("metadata pairs", minimumSize: Self.minimumPairSize)

    guard tensorCount <= Self.maximumTensors, pairCount <= Self.maximumPairs else {
      throw malformed(
        "\(grouped(pairCount)) metadata pairs and \(grouped(tensorCount)) tensors are more than any model has")
    }

    var metadata = GGUFMetadata()
    for index in 0..<pairCount { try readPair(index, of: pairCount, into: &metadata) }
    let alignment = try alignment(metadata)

    var entries: [Entry] = []
    entries.reserveCapacity(tensorCount)
    for index in 0..<tensorCount { entries.append(try readTensorEntry(index, of: tensorCount, alignment: alignment)) }

    // No overflow: both are far below 2^62.
    let dataStart = (offset + alignment - 1) / alignment * alignment
    let tensors = try place(entries, dataStart: dataStart)
    return GGUFShard(file: file, version: version, alignment: alignment, metadata: metadata, tensors: tensors)
  }

  // MARK: Metadata

  private mutating func readPair(
    _ index: Int, of count: Int, into metadata: inout GGUFMetadata
  ) throws(FormatError) {
    let position = "metadata pair \(index + 1) of \(count)"
    let range = try stringRange("the key of \(position)")
    guard (1...Self.maximumKeyLength).contains(range.count) else {
      throw malformed("the key of \(position) has \(grouped(range.count)) bytes; 1 to 65,535 are allowed")
    }
    guard let key = file.validText(range) else { throw malformed("the key of \(position) is not UTF-8") }
    guard metadata[key] == nil else { throw malformed("the metadata key \(quoted(key)) occurs twice") }
    let name = "the value of \(quoted(key))"
    let type = try valueType(name)
    metadata[key] = try value(type, name)
  }

  private mutating func valueType(_ name: String) throws(FormatError) -> GGUFValueType {
    let raw = try number(UInt32.self, name)
    guard let type = GGUFValueType(rawValue: raw) else {
      throw malformed("\(name) has the unknown type \(raw) (byte \(grouped(offset - 4)))")
    }
    return type
  }

  private mutating func value(_ type: GGUFValueType, _ name: String) throws(FormatError) -> GGUFValue {
    switch type {
    case .u8: .u8(try number(UInt8.self, name))
    case .i8: .i8(try number(Int8.self, name))
    case .u16: .u16(try number(UInt16.self, name))
    case .i16: .i16(try number(Int16.self, name))
    case .u32: .u32(try number(UInt32.self, name))
    case .i32: .i32(try number(Int32.self, name))
    case .u64: .u64(try number(UInt64.self, name))
    case .i64: .i64(try number(Int64.self, name))
    case .f32: .f32(Float(bitPattern: try number(UInt32.self, name)))
    case .f64: .f64(Double(bitPattern: try number(UInt64.self, name)))
    case .bool: .bool(try truth(try number(UInt8.self, name), name))
    case .string:
      .string(file.text(try stringRange(name)))
    case .array: .array(try array(name, depth: 1))
    }
  }

  private mutating func array(_ name: String, depth: Int) throws(FormatError) -> GGUFArray {
    guard depth <= Self.maximumArrayDepth else {
      throw malformed("\(name) nests arrays more than \(Self.maximumArrayDepth) levels deep")
    }
    let type = try valueType(name)
    let count = try count("elements of \(name)", minimumSize: type.minimumByteCount)
    switch type {
    case .u8: return .u8(numbers(count))
    case .i8: return .i8(numbers(count))
    case .u16: return .u16(numbers(count))
    case .i16: return .i16(numbers(count))
    case .u32: return .u32(numbers(count))
    case .i32: return .i32(numbers(count))
    case .u64: return .u64(numbers(count))
    case .i64: return .i64(numbers(count))
    case .f32: return .f32(numbers(count))
    case .f64: return .f64(numbers(count))
    case .bool:
      let bytes: [UInt8] = numbers(count)
      if let bad = bytes.first(where: { $0 > 1 }) { _ = try truth(bad, name) }
      return .bool(bytes.map { $0 == 1 })
    case .string:
      var starts: [Int] = []
      starts.reserveCapacity(count + 1)
      for _ in 0..<count { starts.append(try stringRange(name).lowerBound) }
      starts.append(offset + 8)
      return .string(GGUFStrings(file: file, starts: starts))
    case .array:
      nestedArrays += count
      guard nestedArrays <= Self.maximumNestedArrays else {
        throw malformed("\(name) has more than \(grouped(Self.maximumNestedArrays)) arrays in arrays")
      }
      var elements: [GGUFArray] = []
      elements.reserveCapacity(count)
      for _ in 0..<count { elements.append(try array(name, depth: depth + 1)) }
      return .array(elements)
    }
  }

  private func truth(_ byte: UInt8, _ name: String) throws(FormatError) -> Bool {
    guard byte <= 1 else { throw malformed("\(name) is a truth value of \(byte); 0 or 1 are allowed") }
    return byte == 1
  }

  private func alignment(_ metadata: GGUFMetadata) throws(FormatError) -> Int {
    guard let value = metadata["general.alignment"] else { return Self.defaultAlignment }
    guard case .u32(let alignment) = value else {
      throw malformed("\"general.alignment\" has the type \(value.type); it must be u32")
    }
    guard alignment > 0, alignment & (alignment - 1) == 0 else {
      throw malformed("\"general.alignment\" is \(grouped(alignment)); it must be a power of two")
    }
    return Int(alignment)
  }

  // MARK: Tensors

  /// A tensor as the header describes it; `offset` counts from the start of the data.
  private struct Entry {
    let name: String
    let type: ElementType
    let shape: [Int]
    let elementCount: Int
    let byteCount: Int
    let offset: Int
  }

  private mutating func readTensorEntry(
    _ index: Int, of count: Int, alignment: Int
  ) throws(FormatError) -> Entry {
    let position = "the name of tensor \(index + 1) of \(count)"
    let range = try stringRange(position)
    guard range.count <= Self.maximumKeyLength else {
      throw malformed("\(position) has \(grouped(range.count)) bytes; 65,535 are allowed")
    }
    guard let name = file.validText(range) else { throw malformed("\(position) is not UTF-8") }
    let tensor = "tensor \(quoted(name))"

    let dimensionCount = try number(UInt32.self, tensor)
    guard dimensionCount <= Self.maximumDimensions else {
      throw malformed("\(tensor) has \(grouped(dimensionCount)) dimensions; \(Self.maximumDimensions) are allowed")
    }
    var shape: [Int] = []
    for _ in 0..<dimensionCount {
      let raw = try number(UInt64.self, tensor)
      guard let dimension = Int(exactly: raw), dimension > 0 else {
        throw malformed("\(tensor) has a dimension of \(grouped(raw))")
      }
      shape.append(dimension)
    }
    // GGUF lists the innermost dimension first. Without any, the tensor is a scalar.
    let rowLength = shape.first ?? 1
    shape.reverse()

    let rawType = try number(UInt32.self, tensor)
    guard let type = ElementType(rawValue: rawType) else { throw unknownType(rawType, tensor) }
    guard rowLength % type.blockSize == 0 else {
      throw malformed(
        "\(tensor) has rows of \(grouped(rowLength)) elements; \(type.name) needs multiples of \(type.blockSize)")
    }
    guard let elements = elementCount(shape), let byteCount = type.byteCount(elements: elements) else {
      throw malformed("\(tensor) has the shape \(shape), whose size overflows")
    }
    let rawOffset = try number(UInt64.self, tensor)
    guard let dataOffset = Int(exactly: rawOffset) else {
      throw malformed("\(tensor) starts at the impossible offset \(grouped(rawOffset))")
    }
    guard dataOffset % alignment == 0 else {
      throw malformed(
        "\(tensor) starts at offset \(grouped(dataOffset)), which is no multiple of the alignment \(alignment)")
    }
    return Entry(
      name: name, type: type, shape: shape, elementCount: elements, byteCount: byteCount, offset: dataOffset)
  }

  private func unknownType(_ raw: UInt32, _ tensor: String) -> FormatError {
    let retired: String? =
      switch raw {
      case 4, 5: "Q4_2 and Q4_3 were given up in 2023"
      case 31, 32, 33: "the repacked Q4_0 layouts (Q4_0_4_4, 4_8, 8_8) were given up in 2024"
      case 36, 37, 38: "the repacked IQ4_NL layouts were given up in 2024"
      default: nil
      }
    guard let retired else {
      return .unsupported(
        path: file.path, problem: "\(tensor) has the unknown element type \(raw)",
        advice: "use a newer program, or a file of the model in a common type such as Q4_K_M or Q8_0")
    }
    return .unsupported(
      path: file.path, problem: "\(tensor) has the retired element type \(raw): \(retired)",
      advice: "use a newer file of the same model")
  }

  /// Turns offsets in the data into offsets in the file, and checks that each tensor has bytes of its own.
  private func place(_ entries: [Entry], dataStart: Int) throws(FormatError) -> [TensorInfo] {
    var tensors: [TensorInfo] = []
    tensors.reserveCapacity(entries.count)
    var names: Set<String> = []
    names.reserveCapacity(entries.count)
    for entry in entries {
      guard names.insert(entry.name).inserted else { throw malformed("tensor \(quoted(entry.name)) occurs twice") }
      let (start, startOverflow) = dataStart.addingReportingOverflow(entry.offset)
      let (end, endOverflow) = start.addingReportingOverflow(entry.byteCount)
      guard !startOverflow, !endOverflow else {
        throw malformed("tensor \(quoted(entry.name)) ends beyond any possible file")
      }
      guard end <= file.count else {
        throw .incomplete(
          path: file.path,
          problem: "tensor \(quoted(entry.name)) ends at byte \(grouped(end)), "
            + "but the file has \(grouped(file.count))")
      }
      tensors.append(
        TensorInfo(
          name: entry.name, type: entry.type, typeName: entry.type.name, shape: entry.shape, file: file,
          offset: start, byteCount: entry.byteCount, elementCount: entry.elementCount))
    }
    let order = tensors.indices.sorted { tensors[$0].offset < tensors[$1].offset }
    for (first, second) in zip(order, order.dropFirst())
    where tensors[first].byteRange.upperBound > tensors[second].offset {
      throw malformed(
        "the tensors \(quoted(tensors[first].name)) and \(quoted(tensors[second].name)) overlap "
          + "at byte \(grouped(tensors[second].offset))")
    }
    return tensors
  }

  // MARK: Bytes

  private var remaining: Int { file.count - offset }

  private mutating func number<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type, _ name: @autoclosure () -> String
  ) throws(FormatError) -> T {
    let size = MemoryLayout<T>.size
    guard remaining >= size else { throw ends(in: name()) }
    defer { offset += size }
    return T(littleEndian: file.load(at: offset, as: type))
  }

  /// `count` numbers, for which the caller has checked that there are bytes.
  private mutating func numbers<T: BitwiseCopyable>(_ count: Int) -> [T] {
    let size = count * MemoryLayout<T>.stride
    defer { offset += size }
    return unsafe file.withBytes(offset..<offset + size) { source in
      unsafe [T](unsafeUninitializedCapacity: count) { target, initialized in
        unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
        initialized = count
      }
    }
  }

  /// A count whose items take at least `minimumSize` bytes each, checked against the bytes that are left.
  private mutating func count(_ name: String, minimumSize: Int) throws(FormatError) -> Int {
    let raw = try number(UInt64.self, "the number of \(name)")
    guard raw <= UInt64(remaining / minimumSize) else {
      throw .incomplete(
        path: file.path,
        problem: "\(grouped(raw)) \(name) do not fit in the \(grouped(remaining)) bytes after byte \(grouped(offset))")
    }
    return Int(raw)
  }

  /// The bytes of a string, after its length.
  private mutating func stringRange(_ name: @autoclosure () -> String) throws(FormatError) -> Range<Int> {
    let length = try number(UInt64.self, name())
    guard length <= UInt64(remaining) else {
      throw .incomplete(
        path: file.path,
        problem: "\(name()) has a string of \(grouped(length)) bytes at byte \(grouped(offset)), "
          + "but the file has \(grouped(file.count))")
    }
    defer { offset += Int(length) }
    return offset..<offset + Int(length)
  }

  private func ends(in name: String) -> FormatError {
    .incomplete(path: file.path, problem: "the file ends at byte \(grouped(file.count)), inside \(name)")
  }

  private func malformed(_ problem: String) -> FormatError {
    .malformed(
      path: file.path, problem: problem, advice: "the file is damaged or was written by a faulty program")
  }
}
