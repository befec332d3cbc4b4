import StoaEngine
import StoaHub
import StoaServer
import StoaTerminal
import StoaTokenizers
import StoaTrust

/// A model that is ready to compute, and where it came from.
struct LoadedModel {
  let location: ModelLocation
  let model: LanguageModel

  /// Finds and loads a model, with a progress line if it takes long.
  static func load(
    _ target: ModelArgument, context: Int? = nil, threads: Int? = nil, tokenizerPath: String? = nil,
    tuning: TuningOptions? = nil, gate: ModelGate? = nil, journal: LoadJournal? = nil
  ) throws -> LoadedModel {
    let location = try target.resolve()
    var load = LoadOptions()
    load.contextLength = context
    load.threads = threads
    load.tokenizerPath = tokenizerPath
    if let tuning {
      load.cacheType = tuning.cacheType?.type
      load.prefillChunk = tuning.chunk ?? load.prefillChunk
    }
    let trust: ModelTrust.Outcome?
    do {
      trust = try gate?.admit(location, saying: Terminal.current().style(for: .error))
    } catch let refusal as ModelRefused {
      journal?.refused(location, refusal)
      throw refusal
    }
    let bar = ProgressBar("loading " + PrintableText.line(location.name), unit: .fraction)
    defer { bar.finish() }
    let model = try LanguageModel.load(path: location.path, options: load) { bar.update(fraction: $0) }
    try trust?.confirm(loaded: model.summary.files.map(\.identity))
    try journal?.loaded(location, trust)
    return LoadedModel(location: location, model: model)
  }

  /// Why there is no template for conversations.
  var missingTemplate: String {
    model.chatTemplateProblem.map { "has a chat template that cannot be used (\(PrintableText.line($0)))" }
      ?? "has no chat template"
  }

  /// The tokenizer, which text needs and token ids do not.
  func tokenizer() throws -> Tokenizer {
    guard let tokenizer = model.tokenizer else {
      throw CommandFailure(
        message: "\(location.name) comes without a tokenizer",
        advice: "fetch tokenizer.json of the same model into its folder, or give one with --tokenizer FILE")
    }
    return tokenizer
  }
}
