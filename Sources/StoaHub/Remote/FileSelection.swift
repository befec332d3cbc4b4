/// The files of a repository that make up the wanted model.
package struct FileSelection: Sendable, Equatable {
  /// How the model is stored.
  package let kind: ModelLocation.Kind
  /// The name that the model gets in the library unless the user gives one.
  package let name: String
  /// The files in the order of their paths; of a split GGUF all parts.
  package let files: [RepositoryFile]
  /// What was left out although it looks as if it belonged to the model.
  package let note: String?

  /// The sum of the sizes; nil when the listing does not have all of them.
  package var bytes: Int? {
    var total = 0
    for file in files {
      guard let bytes = file.bytes else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(bytes)
      if overflow { return nil }
      total = sum
    }
    return total
  }

  /// The quantisation that is taken when none is named: the usual balance of size and quality.
  package static let usualQuantization = "Q4_K_M"

  /// Chooses files.
  ///
  /// - Parameters:
  ///   - files: The listing.
  ///   - selector: A path, a file's name, a quantisation, `safetensors`, or nil for the usual choice.
  ///   - repository: `OWNER/REPO`, for names and messages.
  package static func choose(
    from files: [RepositoryFile], selector: String?, repository: String
  ) throws(RemoteError) -> FileSelection {
    let choice = Choice(files: files, repository: repository)
    let selection =
      if let selector, !selector.isEmpty { try choice.named(selector) } else { try choice.usual() }
    try RemotePath.checkTogether(selection.files.map(\.path))
    return selection
  }
}

/// One choice in one repository.
private struct Choice {
  /// A GGUF model: one file, or all parts of a split one.
  struct Model {
    let files: [RepositoryFile]
    let base: String
    /// The first part that is not there.
    let missing: String?

    /// What a user would type to get it.
    var label: String { files[0].path }
    var bytes: Int { files.reduce(0) { $0.addingReportingOverflow($1.bytes ?? 0).partialValue } }
  }

  let files: [RepositoryFile]
  let repository: String
  let models: [Model]
  let hasProjector: Bool

  /// Formats that run code when they are opened.
  static let pickleExtensions = ["bin", "pt", "pth", "ckpt", "pkl", "pickle", "joblib", "npy", "npz", "msgpack", "h5"]

  init(files: [RepositoryFile], repository: String) {
    self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    self.repository = repository
    let ggufs = self.files.filter { $0.path.lowercased().hasSuffix(".gguf") }
    // A projector turns pictures into tokens, an importance matrix serves quantising: neither is a model.
    func isCompanion(_ file: RepositoryFile) -> Bool {
      let name = file.name.lowercased()
      return name.contains("mmproj") || name.contains("imatrix")
    }
    hasProjector = ggufs.contains { $0.name.lowercased().contains("mmproj") }
    models = Self.models(ggufs.filter { !isCompanion($0) })
  }

  private static func models(_ files: [RepositoryFile]) -> [Model] {
    var models: [Model] = []
    var parts: [String: [Int: RepositoryFile]] = [:]
    for file in files {
      guard let split = SplitName(file.name) else {
        models.append(Model(files: [file], base: ModelName.withoutExtension(file.name), missing: nil))
        continue
      }
      parts["\(file.path.dropLast(file.name.count))\(split.base)/\(split.count)", default: [:]][split.index] = file
    }
    for set in parts.values {
      guard let any = set.values.first, let split = SplitName(any.name) else { continue }
      let gap = (1...split.count).first { set[$0] == nil }
      models.append(
        Model(
          files: set.sorted { $0.key < $1.key }.map(\.value), base: split.base,
          missing: gap.map { SplitName.fileName(base: split.base, index: $0, count: split.count) }))
    }
    return models.sorted { $0.label.utf8.lexicographicallyPrecedes($1.label.utf8) }
  }

  // MARK: Without a selector

  func usual() throws(RemoteError) -> FileSelection {
    if models.count == 1 { return try selection(of: models[0]) }
    if models.isEmpty { return try checkpoint(in: "") }
    let fitting = models.filter { Self.hasWord(FileSelection.usualQuantization, in: $0.base) }
    if fitting.count == 1 { return try selection(of: fitting[0]) }
    throw ambiguous(
      fitting.isEmpty
        ? "it has \(models.count) models, and none of them is \(FileSelection.usualQuantization)"
        : "it has \(fitting.count) models with \(FileSelection.usualQuantization)",
      among: fitting.isEmpty ? models : fitting)
  }

  // MARK: With a selector

  func named(_ selector: String) throws(RemoteError) -> FileSelection {
    if let file = file(named: selector) { return try selection(of: file) }
    if selector.lowercased() == "safetensors" { return try checkpoint(in: "") }
    let folder = selector.hasSuffix("/") ? selector : selector + "/"
    if files.contains(where: { $0.path.hasPrefix(folder) && $0.path.hasSuffix(".safetensors") }) {
      return try checkpoint(in: folder)
    }
    let inFolder = models.filter { $0.label.hasPrefix(folder) }
    if inFolder.count == 1 { return try selection(of: inFolder[0]) }

    var fitting = models.filter { Self.hasWord(selector, in: $0.base) }
    if fitting.isEmpty { fitting = models.filter { Self.hasWord(selector, in: $0.label) } }
    // `x-Q4_K_M` is meant rather than `x-Q4_K_M-draft`: a quantisation stands last.
    let last = fitting.filter { $0.base.lowercased().hasSuffix(selector.lowercased()) }
    if last.count == 1 { fitting = last }
    if fitting.count == 1 { return try selection(of: fitting[0]) }
    if fitting.count > 1 { throw ambiguous("\(selector) fits \(fitting.count) models", among: fitting) }
    throw .noFile(repository: repository, wanted: selector, suggestions: suggestions(for: selector))
  }

  /// A file by its path or its name, in the first spelling that fits exactly one.
  private func file(named selector: String) -> RepositoryFile? {
    let lowercased = selector.lowercased()
    let ways: [(RepositoryFile) -> Bool] = [
      { $0.path == selector }, { $0.path.lowercased() == lowercased }, { $0.name.lowercased() == lowercased },
      { $0.name.lowercased() == lowercased + ".gguf" },
    ]
    for way in ways {
      let found = files.filter(way)
      if found.count == 1 { return found[0] }
    }
    return nil
  }

  private func selection(of file: RepositoryFile) throws(RemoteError) -> FileSelection {
    if let model = models.first(where: { $0.files.contains(file) }) { return try selection(of: model) }
    if file.path.hasSuffix(".safetensors") {
      return try checkpoint(in: String(file.path.dropLast(file.name.count)))
    }
    if Self.isPickle(file) { throw pickled([file]) }
    if file.path.lowercased().hasSuffix(".gguf") {
      throw .noModel(
        repository: repository, problem: "\(file.path) belongs to a model and is none",
        advice: "it holds a projector for pictures or statistics for quantising; choose a model's file")
    }
    throw .noModel(
      repository: repository, problem: "\(file.path) is not a model",
      advice: "choose a .gguf file, or safetensors for the whole checkpoint")
  }

  private func selection(of model: Model) throws(RemoteError) -> FileSelection {
    if let missing = model.missing {
      throw .noModel(
        repository: repository, problem: "\(missing) is missing among the parts of \(model.base)",
        advice: "the repository is incomplete: choose another file")
    }
    return FileSelection(
      kind: .gguf, name: model.base, files: model.files,
      note: hasProjector ? "the projector for pictures (mmproj) is left out" : nil)
  }

  // MARK: Checkpoints

  /// Configuration, tokenizer, index, shards and licence of the checkpoint in a folder of the repository.
  private func checkpoint(in folder: String) throws(RemoteError) -> FileSelection {
    let inside = files.filter { $0.path.hasPrefix(folder) && !$0.path.dropFirst(folder.count).contains("/") }
    let weights = Self.weights(inside)
    guard !weights.isEmpty else {
      let pickles = inside.filter(Self.isPickle)
      if !pickles.isEmpty { throw pickled(pickles) }
      throw .noModel(
        repository: repository, problem: "it has no GGUF file and no safetensors checkpoint",
        advice:
          "stoa search \(repository.split(separator: "/").last.map(String.init) ?? repository) may find a GGUF of it")
    }
    guard inside.contains(where: { $0.name == "config.json" }) else {
      let isAdapter = inside.contains { $0.name == "adapter_config.json" }
      throw .noModel(
        repository: repository,
        problem: isAdapter ? "it is an adapter, not a whole model" : "it has safetensors files but no config.json",
        advice: isAdapter
          ? "choose a model that the adapter is merged into" : "choose a repository of a transformers model"
      )
    }
    let companions = inside.filter { Self.isCompanion($0.name) }
    let name = folder.isEmpty ? repository : String(folder.dropLast())
    return FileSelection(
      kind: .safetensors, name: lastComponent(name),
      files: (weights + companions).sorted { $0.path < $1.path }, note: nil)
  }

  private static func weights(_ files: [RepositoryFile]) -> [RepositoryFile] {
    let all = files.filter { $0.name.hasSuffix(".safetensors") }
    if files.contains(where: { $0.name == "model.safetensors.index.json" }) {
      let shards = all.filter { $0.name.hasPrefix("model-") }
      if !shards.isEmpty { return shards }
    }
    if let single = all.first(where: { $0.name == "model.safetensors" }) { return [single] }
    // `consolidated` is the same model once more in its maker's layout.
    return all.filter { !$0.name.hasPrefix("consolidated") && !$0.name.hasPrefix("adapter_") }
  }

  /// What a program needs beside the weights, and what a reader of the folder should find there.
  private static func isCompanion(_ name: String) -> Bool {
    let files: Set<String> = [
      "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model",
      "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "chat_template.json",
      "chat_template.jinja", "tekken.json", "spiece.model", "sentencepiece.bpe.model", "preprocessor_config.json",
      "processor_config.json", "model.safetensors.index.json", "README.md",
    ]
    if files.contains(name) || name.hasSuffix(".tiktoken") { return true }
    let upper = name.uppercased()
    return ["LICENSE", "LICENCE", "NOTICE", "USE_POLICY"].contains { upper.hasPrefix($0) }
  }

  // MARK: Messages

  private func ambiguous(_ problem: String, among models: [Model]) -> RemoteError {
    .ambiguous(repository: repository, problem: problem, choices: models.map(line))
  }

  private func line(_ model: Model) -> String {
    let parts = model.files.count > 1 ? ", \(model.files.count) parts" : ""
    return "\(model.label) (\(decimalSize(model.bytes))\(parts))"
  }

  private func suggestions(for selector: String) -> [String] {
    let near = ModelName.suggestions(for: selector, among: models.map(\.base) + quantizations)
    let fitting = models.filter { model in near.contains { model.base == $0 || Self.hasWord($0, in: model.base) } }
    return (fitting.isEmpty ? models : fitting).map(line)
  }

  /// The last words of the models' names, which mostly are quantisations.
  private var quantizations: [String] {
    models.compactMap { $0.base.split { $0 == "-" || $0 == "." }.last.map(String.init) }
  }

  private func pickled(_ files: [RepositoryFile]) -> RemoteError {
    let hasSafe = self.files.contains { $0.path.hasSuffix(".safetensors") } || !models.isEmpty
    return .noModel(
      repository: repository,
      problem: "\(files[0].path) can run code when it is opened, and is not downloaded",
      advice: hasSafe
        ? "the same model is there in a safe format: leave the file name out"
        : "stoa search \(repository.split(separator: "/").last.map(String.init) ?? repository) finds GGUF versions; safetensors "
          + "is safe too")
  }

  private static func isPickle(_ file: RepositoryFile) -> Bool {
    let name = file.name.lowercased()
    return pickleExtensions.contains { name.hasSuffix("." + $0) }
  }

  /// Whether a text has a word, in any case, that does not go on: `Q4_K` is not in `Q4_K_M`, `F16` not in `BF16`.
  static func hasWord(_ word: String, in text: String) -> Bool {
    let word = Array(word.lowercased().utf8)
    let text = Array(text.lowercased().utf8)
    guard !word.isEmpty, word.count <= text.count else { return false }
    func isLetterOrDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) }
    return (0...(text.count - word.count)).contains { start in
      guard text[start..<(start + word.count)].elementsEqual(word) else { return false }
      let end = start + word.count
      let startsHere = start == 0 || !isLetterOrDigit(text[start - 1])
      let endsHere = end == text.count || !(isLetterOrDigit(text[end]) || text[end] == UInt8(ascii: "_"))
      return startsHere && endsHere
    }
  }
}

/// A size in decimal units for a message: `4.9 GB`.
func decimalSize(_ bytes: Int) -> String {
  let units = ["B", "kB", "MB", "GB", "TB"]
  var value = Double(bytes)
  var unit = 0
  while value >= 999.95, unit + 1 < units.count {
    value /= 1000
    unit += 1
  }
  let tenths = Int((value * 10).rounded())
  return unit == 0 ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
}
