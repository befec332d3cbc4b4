import StoaFormats
import StoaGrammar
package import StoaModels
public import StoaTemplates
public import StoaTensor
public import StoaTokenizers
import Synchronization

/// How a model is loaded.
public struct LoadOptions: Sendable {
  /// Tokens of context; nil for the model's own.
  public var contextLength: Int?
  /// Threads; nil for as many as this process may use.
  public var threads: Int?
  /// The element type of key/value caches; nil for F16, or F32 when the weights are not quantised.
  public var cacheType: CacheType?
  /// A tokenizer for a model that comes without one.
  public var tokenizerPath: String?
  /// Prompt tokens that are computed together. It changes speed and memory, never results.
  public var prefillChunk: Int = 512
  /// What to compute with in place of `threads` and the fastest kernels; results are the same.
  package var kernels: Compute?

  /// The defaults.
  public init() {}

  /// The threads and the instruction set that the options ask for, for a model of the given context.
  func compute(trained: Int) throws -> Compute {
    if let context = contextLength, context > trained || context < 1 {
      throw EngineError.contextTooLarge(requested: context, trained: trained)
    }
    let threads = threads ?? ProcessorLimits.defaultThreads
    guard (1...1024).contains(threads) else {
      throw EngineError.invalidParameter(name: "threads", value: "\(threads)", range: "1 to 1024")
    }
    guard prefillChunk >= 1 else {
      throw EngineError.invalidParameter(name: "chunk", value: "\(prefillChunk)", range: "1 or more")
    }
    return try kernels ?? Compute(instructionSet: try InstructionSet.selected(), threads: threads)
  }
}

/// A model that is ready to answer: weights, tokenizer and chat template.
public final class LanguageModel: Sendable {
  /// What the model is.
  public let summary: ModelSummary
  /// The tokenizer, nil when the model comes without one.
  public let tokenizer: Tokenizer?
  /// The model's template for conversations, nil when it has none.
  public let chatTemplate: ChatTemplate?
  /// Why the model's template cannot be used; nil when it can, or when there is none.
  public let chatTemplateProblem: String?
  /// The default sampling, with what the model's publisher recommends.
  public let recommendedSampling: SamplingParameters
  /// Tokens of context.
  public let contextLength: Int
  /// The element type of the key/value caches.
  public let cacheType: CacheType
  /// Seconds that loading took.
  public let loadSeconds: Double
  package let model: any DecoderModel
  package let prefillChunk: Int
  /// The tokens as grammars see them, once a grammar has asked for them, by the special tokens that are shown.
  let tokenVocabularies = Mutex<[Set<Int32>: TokenVocabulary]>([:])

  /// Tokens that end an answer.
  public let endTokens: Set<Int32>
  /// The token that begins a text.
  public let bosToken: Int32?

  /// The instruction set that computes.
  public var instructionSet: InstructionSet { model.compute.instructionSet }
  /// The threads that compute.
  public var threads: Int { model.compute.pool.threads }

  /// Opens and lays out the model at `path`, a `.gguf` file or a safetensors folder; `progress` gets the finished share.
  public static func load(
    path: String, options: LoadOptions = LoadOptions(), progress: (@Sendable (Double) -> Void)? = nil
  ) throws -> LanguageModel {
    let start = ContinuousClock.now
    let package = try ModelPackage(path: path, tokenizerPath: options.tokenizerPath)
    guard !package.summary.isEncoder else {
      throw EngineError.makesVectorsOnly(architecture: package.summary.architecture)
    }
    let compute = try options.compute(trained: package.summary.contextLength)
    let model = try loadModel(package.checkpoint, compute: compute, progress: progress)
    // Weights that changed while they were laid out would be those of two models.
    for file in package.checkpoint.files { try file.verifyUnchanged() }
    return LanguageModel(package, model: model, options: options, loadSeconds: start.duration(to: .now).seconds)
  }

  private init(_ package: ModelPackage, model: any DecoderModel, options: LoadOptions, loadSeconds: Double) {
    summary = package.summary
    tokenizer = package.tokenizer
    do {
      chatTemplate = try package.chatTemplate()
      chatTemplateProblem = nil
    } catch {
      chatTemplate = nil
      chatTemplateProblem = error.description
    }
    recommendedSampling = SamplingParameters(recommendedBy: package.checkpoint)
    contextLength = options.contextLength ?? package.summary.contextLength
    cacheType =
      options.cacheType ?? (Self.unquantized.contains(package.summary.quantization) ? .f32 : .f16)
    self.loadSeconds = loadSeconds
    self.model = model
    prefillChunk = min(options.prefillChunk, contextLength)
    endTokens = (package.tokenizer?.endTokens ?? []).union(model.configuration.eosTokens)
    bosToken = package.tokenizer?.bos ?? model.configuration.bosToken
  }

  /// Who runs weights without quantisation wants exact results: rounding keys and values to F16 would cost more than
  /// everything else together.
  private static let unquantized: Set<String> = ["F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"]

  /// Throws when a token is not in the vocabulary.
  func checkTokens(_ tokens: [Int32]) throws(ModelError) {
    let size = model.configuration.vocabularySize
    if let token = tokens.first(where: { $0 < 0 || $0 >= size }) {
      throw .tokenOutOfRange(token, vocabularySize: size)
    }
  }

  /// A new conversation.
  public func makeSession() throws -> GenerationSession { try GenerationSession(model: self) }
}

/// The files of a model, opened but not loaded.
public struct ModelPackage: Sendable {
  package let checkpoint: Checkpoint
  /// What the model is.
  public let summary: ModelSummary
  /// Nil when the model comes without one.
  public let tokenizer: Tokenizer?

  /// Opens a `.gguf` file or a folder; `tokenizerPath` names a tokenizer to use instead of the model's own.
  public init(path: String, tokenizerPath: String? = nil) throws {
    checkpoint = try Checkpoint.open(path: path)
    summary = try ModelSummary(checkpoint)
    if let tokenizerPath {
      tokenizer = try Tokenizer(path: tokenizerPath)
    } else {
      switch checkpoint {
      case .gguf(let file):
        // Files of models that came without a tokenizer say so in one of these words.
        let kind = file.metadata.string("tokenizer.ggml.model") ?? "none"
        tokenizer = ["none", "no_vocab"].contains(kind) ? nil : try Tokenizer(gguf: file)
      case .huggingFace(_, _, let directory):
        tokenizer = Tokenizer.exists(inDirectory: directory) ? try Tokenizer(huggingFaceDirectory: directory) : nil
      }
    }
  }

  /// The model's own template for conversations, or that of its family; nil for a base model.
  public func chatTemplate() throws(TemplateError) -> ChatTemplate? {
    guard let tokenizer, let source = tokenizer.chatTemplate ?? familyTemplate?.source else { return nil }
    func text(_ token: Int32?) -> String { token.map { tokenizer.text(of: $0) } ?? "" }
    return try ChatTemplate(source: source, bosToken: text(tokenizer.bos), eosToken: text(tokenizer.eos))
  }
}

extension ModelPackage {
  /// The format of the model's family, for a model that comes without a template; nil when it is not known to converse.
  public var familyTemplate: FamilyTemplate? {
    guard let tokenizer, tokenizer.chatTemplate == nil, !summary.isEncoder else { return nil }
    var ends = Set([tokenizer.eos].compactMap { $0 })
    switch checkpoint {
    case .gguf(let file):
      for key in ["eos", "eot", "eom"] {
        if let id = file.metadata.int("tokenizer.ggml.\(key)_token_id").flatMap({ Int32(exactly: $0) }) {
          ends.insert(id)
        }
      }
    case .huggingFace(_, let configuration, _):
      ends.formUnion(configuration.eosTokens.compactMap { Int32(exactly: $0) })
    }
    return FamilyTemplate.find(
      FamilyTemplate.Evidence(
        name: summary.name, architecture: summary.architecture, hasToken: { tokenizer.token(for: $0) != nil },
        isEnd: { tokenizer.token(for: $0).map(ends.contains) ?? false }))
  }
}
