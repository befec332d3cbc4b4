/// A model in GGUF files: its metadata, and where its tensors lie.
///
/// Split models (`name-00001-of-00003.gguf`) are read as one, whichever of their files is given; the metadata is that
/// of the first.
public struct GGUFFile: Sendable {
  /// The version of the format: 2 or 3.
  public let version: Int
  /// The key-value pairs, of a split model those of its first file.
  public let metadata: GGUFMetadata
  /// All tensors, in the order of the files.
  public let tensors: [TensorInfo]
  /// The mapped files, in the order of their numbers.
  public let files: [MappedFile]
  /// The alignment of tensor data in bytes, a power of two.
  public let alignment: Int

  private let indices: [String: Int]

  /// Opens the file at `path` and, if it is part of a split model, all other parts.
  public init(path: String) throws(FormatError) {
    try self.init(file: try MappedFile(path: path))
  }

  /// Reads a file that is already mapped.
  package init(file: MappedFile) throws(FormatError) {
    let shard = try GGUFParser.parse(file)
    guard let count = try SplitNumbers(shard)?.count, count > 1 else {
      try self.init(shards: [shard])
      return
    }
    try self.init(shards: try Self.allShards(of: shard, count: count))
  }

  private init(shards: [GGUFShard]) throws(FormatError) {
    var indices: [String: Int] = [:]
    var tensors: [TensorInfo] = []
    for shard in shards {
      for tensor in shard.tensors {
        guard indices.updateValue(tensors.count, forKey: tensor.name) == nil else {
          throw .malformed(
            path: shard.file.path, problem: "tensor \(quoted(tensor.name)) is also in another part of the model")
        }
        tensors.append(tensor)
      }
    }
    version = shards[0].version
    metadata = shards[0].metadata
    alignment = shards[0].alignment
    files = shards.map { $0.file }
    self.tensors = tensors
    self.indices = indices
  }

  /// The tensor called `name`.
  public func tensor(_ name: String) -> TensorInfo? { indices[name].map { tensors[$0] } }

  // MARK: Split models

  /// The keys that number the parts of a split model. Source: llama.cpp, `gguf-split`.
  private struct SplitNumbers {
    let number: Int
    let count: Int
    let tensorCount: Int?

    /// Nil when the file does not belong to a split model.
    init?(_ shard: GGUFShard) throws(FormatError) {
      guard shard.metadata["split.count"] != nil else { return nil }
      guard let count = shard.metadata.int("split.count"), (0...65_535).contains(count),
        let number = shard.metadata.int("split.no"), number == 0 || (1..<max(count, 1)).contains(number)
      else {
        throw .malformed(
          path: shard.file.path, problem: "the numbers \"split.no\" and \"split.count\" of a split model are invalid")
      }
      self.number = number
      self.count = count
      tensorCount = shard.metadata.int("split.tensors.count")
    }
  }

  /// Opens all parts of the model that `shard` belongs to.
  private static func allShards(of shard: GGUFShard, count: Int) throws(FormatError) -> [GGUFShard] {
    let path = shard.file.path
    guard let given = try SplitNumbers(shard) else { return [shard] }
    let suffix = splitSuffix(given.number, of: count)
    guard path.hasSuffix(suffix) else {
      throw .malformed(
        path: path, problem: "this is part \(given.number + 1) of \(count) of a model, but its name does not say so",
        advice: "give it back the name that ends in \(suffix)")
    }
    let prefix = String(path.dropLast(suffix.count))
    var shards: [GGUFShard] = []
    for number in 0..<count {
      if number == given.number {
        shards.append(shard)
        continue
      }
      let partPath = prefix + splitSuffix(number, of: count)
      let part: GGUFShard
      do throws(FormatError) {
        part = try GGUFParser.parse(try MappedFile(path: partPath))
      } catch .system(_, operation: "open", let code) {
        throw .unsupported(
          path: partPath,
          problem: "part \(number + 1) of \(count) of the model cannot be opened: \(systemMessage(code))",
          advice: "all parts must lie in one folder")
      }
      guard let numbers = try SplitNumbers(part), numbers.number == number, numbers.count == count else {
        throw .malformed(
          path: partPath, problem: "this is not part \(number + 1) of \(count), which its name announces")
      }
      shards.append(part)
    }
    let tensorCount = shards.reduce(0) { $0 + $1.tensors.count }
    for shard in shards {
      guard let announced = try SplitNumbers(shard)?.tensorCount, announced != tensorCount else { continue }
      throw .malformed(
        path: shard.file.path,
        problem: "\"split.tensors.count\" is \(grouped(announced)), but the parts hold \(grouped(tensorCount)) tensors",
        advice: "the parts may belong to different versions of the model")
    }
    return shards
  }

  private static func splitSuffix(_ number: Int, of count: Int) -> String {
    func fiveDigits(_ value: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "-\(fiveDigits(number + 1))-of-\(fiveDigits(count)).gguf"
  }
}
