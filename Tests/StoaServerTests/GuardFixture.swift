import Foundation
import StoaFormats
import StoaGuard
import StoaHub
import StoaTemplates
import StoaTestSupport
import Synchronization
import Testing

@testable import StoaServer

/// A pack in a file of its own, and what is needed to answer by it.
struct GuardFixture {
  let path: String

  init(_ rails: String, version: Int = 1) throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("pack-\(UUID().uuidString).yaml").path
    try write(rails, version: version)
  }

  func write(_ rails: String, version: Int) throws {
    let text = "pack: own\nversion: \(version)\nrails:\n\(rails)\n"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// A rail that bans words.
  static func ban(_ words: String, on stages: String, _ action: String) -> String {
    """
      - id: words
        on: [\(stages)]
        detector: ban
        options: {terms: [\(words)]}
        action: \(action)
        class: S5
        message: Not here.
    """
  }

  /// A rail that masks addresses of e-mail.
  static let mask = """
      - id: mail
        on: [input, tool-result]
        detector: email
        action: mask
        class: S7
    """

  /// The rails of the pack for a request.
  func rails(systemPrompt: String? = nil, observer: (any GuardObserver)? = nil) throws -> RequestGuard {
    let request = MonitorOrigin(request: "abc", model: "primer", key: nil, api: "openai.chat")
    return try RequestGuard(
      GuardPolicy(path).current, for: GuardContext(model: "primer"), systemPrompt: systemPrompt,
      tally: GuardTally(request, metrics: nil, observer: observer))
  }

  /// The bundled model behind these rails.
  func answerer(
    _ account: RecordingAccount = RecordingAccount(), metrics: ServerMetrics = ServerMetrics(), isGuarded: Bool = true,
    judge: (@Sendable (ModelStore) -> any GuardModelJudge)? = nil
  ) throws -> Answerer {
    let library = ModelLibrary()
    let file = OracleData.repository.appendingPathComponent("models/primer/primer-q8_0.gguf").path
    var settings = EngineSettings()
    settings.threads = 1
    let models = ModelStore(
      offer: .fixed([("primer", try library.resolve(file))]), library: library, settings: settings)
    return Answerer(
      models: models, account: account, metrics: metrics, timeout: 600,
      guarding: isGuarded ? Guarding(policy: try GuardPolicy(path), observer: nil, judge: judge?(models)) : nil)
  }

  static func story(about name: String, tokens: Int? = 60, choices: Int = 1) -> AnswerRequest {
    let text = "tell me a story about a fox named \(name) at the harbour"
    var request = AnswerRequest(
      model: "primer", prompt: .chat(ChatPrompt(messages: [ChatMessage(role: "user", content: text)])))
    request.sampling.seed = 4
    request.maxTokens = tokens
    request.choices = choices
    return request
  }

  static func answer(_ request: AnswerRequest, by answerer: Answerer) async throws -> Answer {
    let prepared = try await answerer.prepare(
      request, for: Caller(), api: "openai.chat", id: "abc", wantsReceipt: false)
    var answer = Answer(start: prepared.start, choices: request.choices)
    try await prepared.run { answer.add($0) }
    return answer
  }
}

/// An account that lets everybody in and remembers what was written down.
final class RecordingAccount: AnswerAccount {
  private let written = Mutex<[AnswerReport]>([])
  var reports: [AnswerReport] { written.withLock { $0 } }

  func admit(_ caller: Caller, promptTokens: Int) async throws -> AdmissionToken { AdmissionToken() }

  func settle(_ token: AdmissionToken, _ report: AnswerReport) async throws -> AnswerCost? {
    written.withLock { $0.append(report) }
    return nil
  }
}
