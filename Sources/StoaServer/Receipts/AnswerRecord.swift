package import Foundation
package import StoaEngine
import StoaGuard
import StoaTensor
import StoaTokenizers
package import StoaTrust

/// An answer with all that it depended on, ready for a receipt.
package struct AnswerRecord: Sendable {
  package var id: String
  package var api: String
  package var model: Receipt.Model
  package var prompt: [Int32]
  package var options: GenerationOptions
  /// What the answer had to look like, in a text that the same request gives again; nil for anything.
  package var constraint: String?
  /// The tokens of the answer, without the one that ended it.
  package var answer: [Int32]
  /// Why the answer ended.
  package var finish: String
  /// The severest action of the rails that it passed; nil without rails.
  package var verdict: String?
  /// The digest of the rails that it was led around; nil without such rails.
  package var avoids: MerkleHash?

  package init(
    id: String, api: String, model: Receipt.Model, prompt: [Int32], options: GenerationOptions, constraint: String?,
    answer: [Int32], finish: String
  ) {
    self.id = id
    self.api = api
    self.model = model
    self.prompt = prompt
    self.options = options
    self.constraint = constraint
    self.answer = answer
    self.finish = finish
  }

  /// Notes the rails that request and answer passed, and what they decided.
  package mutating func note(_ rails: RequestGuard) {
    model.guardPack = MerkleHash(hex: rails.version.pack.digest)
    verdict = rails.action.rawValue
    avoids = rails.programs.avoidance.flatMap { MerkleHash(hex: $0.digest) }
  }

  /// The receipt.
  ///
  /// - Parameter showsTokens: Whether it holds the tokens themselves, and not hashes that only those can check who have
  ///   the request.
  package func receipt(by model: LanguageModel, version: String, showsTokens: Bool, at time: Date) -> Receipt {
    func held(_ tokens: [Int32]) -> ReceiptTokens { showsTokens ? .plain(tokens) : .hashing(tokens) }
    return Receipt(
      id: id, api: api, time: time.formatted(.iso8601), model: self.model,
      engine: Receipt.Engine(version: version, context: model.contextLength, cacheType: model.cacheType.rawValue),
      parameters: ReceiptParameters(options, seed: options.sampling.seed ?? 0),
      constraint: constraint.map { Receipt.constraint($0) },
      prompt: held(prompt), answer: held(answer), finish: finish, verdict: verdict, avoids: avoids)
  }
}

extension Receipt.Model {
  /// What a receipt says about a model.
  ///
  /// - Parameter digest: The root digest of its files.
  package init(_ model: LanguageModel, name: String, digest: MerkleHash) {
    self.init(
      name: name, digest: digest, template: model.tokenizer?.chatTemplate.map { MerkleHash(of: Array($0.utf8)) })
  }
}

extension ReceiptParameters {
  /// How tokens were chosen.
  package init(_ options: GenerationOptions, seed: UInt64) {
    let sampling = options.sampling
    self.init(
      temperature: sampling.temperature, topK: sampling.topK, topP: sampling.topP, minP: sampling.minP,
      typicalP: sampling.typicalP, repetitionPenalty: sampling.repetitionPenalty,
      presencePenalty: sampling.presencePenalty, frequencyPenalty: sampling.frequencyPenalty,
      penaltyWindow: sampling.penaltyWindow, logitBias: sampling.logitBias, seed: seed, choice: options.choice,
      maxTokens: options.maxTokens, stop: options.stop, ignoresEnd: options.ignoresEnd,
      shownTokens: options.shownTokens.sorted())
  }
}

extension GenerationOptions {
  /// The options that a receipt speaks of, without a constraint.
  package init(_ parameters: ReceiptParameters) {
    self.init()
    sampling.temperature = parameters.temperature
    sampling.topK = parameters.topK
    sampling.topP = parameters.topP
    sampling.minP = parameters.minP
    sampling.typicalP = parameters.typicalP
    sampling.repetitionPenalty = parameters.repetitionPenalty
    sampling.presencePenalty = parameters.presencePenalty
    sampling.frequencyPenalty = parameters.frequencyPenalty
    sampling.penaltyWindow = parameters.penaltyWindow
    sampling.logitBias = parameters.logitBias
    sampling.seed = parameters.seed
    choice = parameters.choice
    maxTokens = parameters.maxTokens
    stop = parameters.stop
    ignoresEnd = parameters.ignoresEnd
    shownTokens = Set(parameters.shownTokens)
  }
}
