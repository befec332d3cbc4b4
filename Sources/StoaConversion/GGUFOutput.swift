import Glibc
import StoaFormats
import StoaTensor

/// Where a result goes, and who hears of it.
package struct OutputOptions: Sendable {
  /// Replace a file of the output's name.
  package var replaces = false
  /// Threads; nil for as many as this process may use.
  package var threads: Int?
  /// Gets the bytes written so far and those of the whole file.
  package var progress: @Sendable (Int, Int) -> Void = { _, _ in }
  /// Asked often; the work ends with `ConversionError.cancelled` soon after it answers true.
  package var isCancelled: @Sendable () -> Bool = { false }

  /// No progress, no cancellation, and nothing is replaced.
  package init() {}
}

/// What was written.
package struct OutputSummary: Sendable, Equatable {
  /// The file.
  package let path: String
  /// What it is quantised to, such as `Q4_K_M`.
  package let type: String
  /// The bytes of the input's tensors.
  package let inputBytes: Int
  /// The bytes of the output's tensors.
  package let outputBytes: Int
  /// Tensors of each type, by the type's name.
  package let tensors: [String: Int]
  /// Tensors that could not have the wanted type, since their rows do not fill its blocks.
  package let fallbacks: Int
  /// Values that were too large for half precision and became its largest number.
  package let overflows: Int
  /// What the user should know, one sentence each.
  package let warnings: [String]
}

/// Writes planned tensors to a GGUF file: in parallel, in bounded memory, and all or nothing.
struct GGUFOutput {
  let path: String
  let options: OutputOptions
  let metadata: GGUFMetadata
  var alignment = 32
  /// The files that the tensors come from.
  let inputs: [MappedFile]

  /// Refuses to replace a file that nobody said may be replaced, and any file of the input.
  static func check(path: String, inputs: [MappedFile], options: OutputOptions) throws(ConversionError) {
    guard exists(path) else { return }
    if isDirectory(path) {
      throw .refused(path: path, problem: "this is a folder", advice: "give the name of the file to write")
    }
    for input in inputs where identity(input.path) == identity(path) {
      throw .refused(
        path: path, problem: "this is the model itself; its bytes are not overwritten", advice: "give another name")
    }
    if !options.replaces { throw .outputExists(path: path) }
  }

  /// Writes `plans` in their order.
  ///
  /// - Parameter importance: The weights of a tensor's columns.
  /// - Returns: Values that were too large for half precision, by tensor.
  func write(
    _ plans: [TensorPlan], importance: (TensorPlan) throws(ConversionError) -> [Float]?
  ) throws(ConversionError) -> [String: Int] {
    var converters: [RowConverter] = []
    for plan in plans { converters.append(try RowConverter(plan, importance: try importance(plan))) }
    let total = converters.reduce(0) { $0 + $1.byteOffset(ofUnit: $1.units) }
    try checkSpace(total)
    let pool: WorkerPool
    do { pool = try WorkerPool(threads: options.threads ?? ProcessorLimits.defaultThreads) } catch {
      throw .refused(path: path, problem: error.description)
    }
    let stream = try PieceStream(converters, pool: pool)
    stream.start()
    defer { stream.finish() }

    // The writer's sources can only throw its own errors; what else goes wrong waits here.
    var failure: ConversionError?
    var written = 0
    var writer = GGUFWriter(metadata: metadata, alignment: alignment)
    try converting { () throws(FormatError) in
      for (index, plan) in plans.enumerated() {
        let byteCount = converters[index].byteOffset(ofUnit: converters[index].units)
        try writer.addTensor(plan.name, type: plan.type, shape: plan.writtenShape) { (sink) throws(FormatError) in
          var missing = byteCount
          while missing > 0 {
            do throws(ConversionError) {
              if options.isCancelled() { throw .cancelled }
              try stream.withNext { (_, bytes) throws(ConversionError) in
                try converting { () throws(FormatError) in try sink.write(bytes) }
                missing -= bytes.count
                written += bytes.count
              }
            } catch {
              failure = error
              throw .source(path: plan.name, problem: "")
            }
            options.progress(written, total)
          }
          // Pages of the input that are done with need not stay in memory.
          for tensor in plan.inputs { tensor.file.discard(tensor.byteRange) }
          // Weights that changed meanwhile would be those of two models.
          if index == plans.count - 1 { for input in inputs { try input.verifyUnchanged() } }
        }
      }
    }
    do throws(FormatError) { try writer.write(to: path) } catch { throw failure ?? .format(error) }
    var overflows: [String: Int] = [:]
    for (index, count) in stream.overflows { overflows[plans[index].name] = count }
    return overflows
  }

  private func checkSpace(_ tensorBytes: Int) throws(ConversionError) {
    let folder = splitPath(path).folder
    guard let available = freeBytes(at: folder.isEmpty ? "." : folder) else { return }
    // The header is small beside the tensors: a vocabulary is a few megabytes.
    let needed = tensorBytes + (16 << 20)
    if available < needed { throw .noSpace(path: path, needed: needed, available: available) }
  }

  /// Device and number of a file: equal for two names of one file.
  private static func identity(_ path: String) -> [UInt64]? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return [UInt64(status.st_dev), UInt64(status.st_ino)]
  }
}

extension OutputSummary {
  init(
    path: String, type: String, plans: [TensorPlan], fallbacks: Int, overflows: [String: Int], warnings: [String]
  ) {
    self.path = path
    self.type = type
    inputBytes = plans.reduce(0) { $0 + $1.inputBytes }
    outputBytes = plans.reduce(0) { $0 + ($1.byteCount ?? 0) }
    tensors = plans.reduce(into: [:]) { $0[$1.type.name, default: 0] += 1 }
    self.fallbacks = fallbacks
    self.overflows = overflows.values.reduce(0, +)
    var warnings = warnings
    if fallbacks > 0 {
      let noun = fallbacks == 1 ? "tensor has" : "tensors have"
      warnings.append(
        "\(grouped(fallbacks)) \(noun) rows that do not fill the blocks of the wanted type, and got another one")
    }
    if let (worst, _) = overflows.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) {
      warnings.append(
        "\(grouped(self.overflows)) values are too large for half precision and were cut to 65504, most of them in "
          + "\(quoted(worst)); use --type BF16 instead")
    }
    self.warnings = warnings
  }
}

extension TensorPlan {
  fileprivate var inputBytes: Int {
    switch contents {
    case .values(let values): 4 * values.count
    case .tensors, .stored: inputs.reduce(0) { $0 + $1.byteCount }
    }
  }
}
