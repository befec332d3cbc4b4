import StoaTensor

/// Reads the header of a safetensors file: the length of the header in 8 bytes, the header in JSON, the data.
///
/// Source: the format's description in the README of huggingface/safetensors, with its rules against files that mean
/// different things to different readers: no gaps, no overlaps, no duplicate keys, a header of at most 100 MB.
struct SafetensorsParser {
  private let file: MappedFile

  private static let maximumHeaderSize = 100_000_000

  /// The tensors in the order of their data, and the free-form pairs.
  static func parse(_ file: MappedFile) throws(FormatError) -> (tensors: [TensorInfo], metadata: [String: String]) {
    try SafetensorsParser(file: file).parse()
  }

  private func parse() throws(FormatError) -> (tensors: [TensorInfo], metadata: [String: String]) {
    let kind = ModelFileKind(file)
    guard file.count > 8, file.bytes[8] == UInt8(ascii: "{") else {
      throw kind.refusal(path: file.path, wanted: "a safetensors file")
    }
    let length = UInt64(littleEndian: file.load(at: 0, as: UInt64.self))
    guard length <= Self.maximumHeaderSize else {
      guard kind == .safetensors || kind == .unknown else {
        throw kind.refusal(path: file.path, wanted: "a safetensors file")
      }
      throw malformed("the header is said to have \(grouped(length)) bytes; 100,000,000 are allowed")
    }
    guard length <= file.count - 8 else {
      throw .incomplete(
        path: file.path,
        problem: "the header ends at byte \(grouped(8 + length)), but the file has \(grouped(file.count))")
    }
    let dataStart = 8 + Int(length)
    let header: JSONValue
    do throws(JSONError) {
      header = try JSONValue(parsing: file.bytes.extracting(8..<dataStart))
    } catch {
      throw malformed("the header is not valid JSON: \(error)")
    }
    guard let members = header.objectValue else { throw malformed("the header is no JSON object") }

    var metadata: [String: String] = [:]
    var tensors: [TensorInfo] = []
    tensors.reserveCapacity(members.count)
    for (name, value) in members {
      if name == "__metadata__" {
        metadata = try texts(value)
      } else {
        tensors.append(try tensor(name, value, dataStart: dataStart))
      }
    }
    // Empty tensors share their offset with the tensor after them, and come first.
    tensors.sort { ($0.offset, $0.byteCount) < ($1.offset, $1.byteCount) }
    try checkCoverage(tensors, dataStart: dataStart)
    return (tensors, metadata)
  }

  private func texts(_ value: JSONValue) throws(FormatError) -> [String: String] {
    guard let members = value.objectValue else { throw malformed("\"__metadata__\" is no JSON object") }
    var result: [String: String] = [:]
    for (key, value) in members {
      guard let text = value.stringValue else { throw malformed("\"__metadata__\" holds \(value.kindName), not texts") }
      result[key] = text
    }
    return result
  }

  private func tensor(_ name: String, _ value: JSONValue, dataStart: Int) throws(FormatError) -> TensorInfo {
    let tensor = "tensor \(quoted(name))"
    guard let typeName = value["dtype"]?.stringValue, let dimensions = value["shape"]?.arrayValue,
      let offsets = value["data_offsets"]?.arrayValue
    else { throw malformed("\(tensor) lacks its \"dtype\", \"shape\" or \"data_offsets\"") }
    let type = try elementType(typeName, tensor)

    var shape: [Int] = []
    for dimension in dimensions {
      guard case .int(let dimension) = dimension, dimension >= 0 else {
        throw malformed("\(tensor) has a dimension that is no natural number")
      }
      shape.append(dimension)
    }
    guard let elements = elementCount(shape), let byteCount = type.byteCount(elements: elements) else {
      throw malformed("\(tensor) has the shape \(shape), whose size overflows")
    }

    guard offsets.count == 2, case .int(let begin) = offsets[0], case .int(let end) = offsets[1], begin >= 0,
      end >= begin
    else { throw malformed("\(tensor) has invalid \"data_offsets\"") }
    guard end <= file.count - dataStart else {
      throw .incomplete(
        path: file.path,
        problem: "\(tensor) ends at byte \(grouped(UInt64(dataStart) + UInt64(end))), "
          + "but the file has \(grouped(file.count))")
    }
    guard end - begin == byteCount else {
      throw malformed(
        "\(tensor) has \(grouped(end - begin)) bytes, but its shape \(shape) and type \(typeName) need "
          + grouped(byteCount))
    }
    return TensorInfo(
      name: name, type: type, typeName: typeName, shape: shape, file: file, offset: dataStart + begin,
      byteCount: byteCount, elementCount: elements)
  }

  private func elementType(_ name: String, _ tensor: String) throws(FormatError) -> ElementType {
    switch name {
    case "F64": return .f64
    case "F32": return .f32
    case "F16": return .f16
    case "BF16": return .bf16
    case "I64": return .i64
    case "I32": return .i32
    case "I16": return .i16
    // ggml has no unsigned or logical bytes; `TensorInfo.typeName` tells them apart.
    case "I8", "U8", "BOOL": return .i8
    // Nor has it 8-bit floating-point numbers, which mean something with their scales only: see `Float8`.
    case "F8_E4M3", "F8_E5M2": return .i8
    case "U16", "U32", "U64", "C64", "F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ":
      throw .unsupported(
        path: file.path, problem: "\(tensor) has the element type \(name), which is not supported",
        advice: "use a BF16, F16 or F32 checkpoint of the model, or a GGUF file")
    default: throw malformed("\(tensor) has the unknown element type \(quoted(name))")
    }
  }

  /// Every byte of the data must belong to exactly one tensor.
  private func checkCoverage(_ tensors: [TensorInfo], dataStart: Int) throws(FormatError) {
    var end = dataStart
    for tensor in tensors {
      guard tensor.offset == end else {
        let fault = tensor.offset < end ? "overlaps the tensor before it" : "leaves a gap after the tensor before it"
        throw malformed("tensor \(quoted(tensor.name)) \(fault) (byte \(grouped(tensor.offset)))")
      }
      end += tensor.byteCount
    }
    guard end == file.count else {
      throw malformed("\(grouped(file.count - end)) bytes after byte \(grouped(end)) belong to no tensor")
    }
  }

  private func malformed(_ problem: String) -> FormatError {
    .malformed(
      path: file.path, problem: problem, advice: "the file is damaged or was written by a faulty program")
  }
}
