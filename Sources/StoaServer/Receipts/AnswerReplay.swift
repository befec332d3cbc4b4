import StoaEngine
package import StoaFormats
import StoaGuard
package import StoaHub
package import StoaTensor
package import StoaTrust

/// Computes answers again that receipts speak of, alone and by the plain path, not in a batch.
package struct AnswerReplay: Sendable {
  private let loaded: LoadedModel
  private let digest: MerkleHash

  /// Why an answer cannot be computed again.
  package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    case needsRequest
    case unknownAPI(String)
    case unknownCacheType(String)
    case continuesStoredResponse
    case noSuchPrompt(index: Int)
    case needsPack(digest: String?)
    case otherPack(String)

    /// What is wrong, and on a second line what to do.
    package var description: String {
      switch self {
      case .needsRequest:
        "the receipt holds hashes, or the answer had to follow a grammar: the request is needed\ngive it with --request FILE"
      case .unknownAPI(let api): "requests of the interface \(quoted(api)) cannot be read"
      case .unknownCacheType(let type):
        "the receipt names a type of cached keys and values that is unknown: \(quoted(type))"
      case .continuesStoredResponse:
        "the request continues a stored response\nwrite the whole conversation into its input, without previous_response_id"
      case .noSuchPrompt(let index): "the request has no prompt \(index)"
      case .needsPack(let digest):
        """
        the answer was led around what rails of a pack find\(digest.map { ", which has the digest \($0)" } ?? "")
        give the pack with --guard PACK
        """
      case .otherPack(let name):
        """
        the pack \(quoted(name)) has not got the rails that the answer was led around
        give the pack as it was then
        """
      }
    }
  }

  /// Loads a model as the receipt says.
  ///
  /// - Parameters:
  ///   - digest: The root digest of its files.
  ///   - kernels: What to compute with in place of `threads` and the fastest kernels.
  package init(
    _ location: ModelLocation, digest: MerkleHash, for receipt: Receipt, threads: Int?, kernels: Compute? = nil
  ) throws {
    guard let cacheType = CacheType(rawValue: receipt.engine.cacheType) else {
      throw Failure.unknownCacheType(receipt.engine.cacheType)
    }
    var settings = EngineSettings()
    settings.contextLength = receipt.engine.context
    settings.cacheType = cacheType
    settings.threads = threads
    settings.kernels = kernels
    loaded = try LoadedModel(name: receipt.model.name, location: location, settings: settings)
    self.digest = digest
  }

  /// Computes the answer again.
  ///
  /// - Parameters:
  ///   - request: The body of the request; needed when the receipt has hashes or the answer followed a grammar.
  ///   - pack: The pack with the rails that the answer was led around; needed when there were such rails.
  package func run(
    _ receipt: Receipt, request: JSONObject?, pack: GuardVersion? = nil, isCancelled: () -> Bool = { false }
  ) throws -> ReceiptReplay {
    var options = GenerationOptions(receipt.parameters)
    var prompt: [Int32]
    var constraint: String?
    var parameters: ReceiptParameters?
    if let request {
      let plan = try GenerationPlan(answerRequest(request, receipt), loaded)
      prompt = plan.prompt
      constraint = plan.constraint
      options.constraint = plan.options.constraint
      options.trigger = plan.options.trigger
      var asked = plan.options
      asked.choice = receipt.parameters.choice
      // A request without a seed got one by chance.
      parameters = ReceiptParameters(
        asked, seed: plan.choseSeed ? receipt.parameters.seed : asked.sampling.seed ?? receipt.parameters.seed)
    } else {
      guard let tokens = receipt.prompt.tokens, receipt.constraint == nil else { throw Failure.needsRequest }
      prompt = tokens
    }
    // What a rail ended goes on in the model: the tokens until then are compared.
    let wasCut = receipt.finish == Receipt.cutFinish
    if wasCut { options.cut = receipt.answer.count }
    if let avoids = receipt.avoids {
      guard let pack else { throw Failure.needsPack(digest: receipt.model.guardPack?.hex) }
      guard let rails = try pack.avoidance(digest: avoids.hex, model: receipt.model.name, api: receipt.api) else {
        throw Failure.otherPack(pack.pack.name)
      }
      options.watch = rails.watch(loaded.model, shownTokens: options.shownTokens)
    }
    let result = try loaded.model.makeSession().generate(prompt: prompt, options: options, isCancelled: isCancelled)
    if result.finishReason == .cancelled { throw CancellationError() }
    let model = Receipt.Model(loaded.model, name: loaded.name, digest: digest)
    return ReceiptReplay(
      digest: digest, template: model.template, parameters: parameters, prompt: prompt, constraint: constraint,
      answer: result.tokens,
      finish: wasCut && result.finishReason == .length ? receipt.finish : result.finishReason.rawValue)
  }

  private func answerRequest(_ body: JSONObject, _ receipt: Receipt) throws -> AnswerRequest {
    switch receipt.api {
    case "openai.chat": return try OpenAIChat.decode(body).request
    case "openai.completions":
      let requests = try OpenAICompletions.decode(body).requests
      // The answers to several prompts have the request's identifier with a number.
      let index = requests.count == 1 ? 0 : receipt.id.split(separator: "-").dropFirst().first.flatMap { Int($0) } ?? 0
      guard requests.indices.contains(index) else { throw Failure.noSuchPrompt(index: index) }
      return requests[index]
    case "openai.responses":
      let decoded = try OpenAIResponsesRequest.decode(body)
      if decoded.previousResponseID != nil { throw Failure.continuesStoredResponse }
      return try decoded.answerRequest(after: [])
    case "anthropic.messages": return try AnthropicMessages.decode(body).0
    case "ollama.chat", "ollama.generate":
      let endpoint: OllamaEndpoint = receipt.api == "ollama.chat" ? .chat : .generate
      guard case .answer(let request, _) = try OllamaRequest.decode(body, for: endpoint) else {
        throw Failure.unknownAPI(receipt.api)
      }
      return request
    default: throw Failure.unknownAPI(receipt.api)
    }
  }
}
