import StoaEngine
import StoaFormats
import StoaServer

/// An answer on its way to the reader: through rails, if there are any.
struct RailedAnswer {
  private var text: GuardedText?
  private let rails: RequestGuard?
  /// What the reader has got so far.
  private(set) var shown = ""

  init(_ rails: RequestGuard?) {
    self.rails = rails
    text = rails.map { GuardedText($0) }
  }

  /// Whether a rail ended the answer.
  var isOver: Bool { text?.isOver ?? false }

  /// What may be shown once the next piece is known.
  mutating func append(_ piece: String) -> String {
    let passed = (text?.append(piece) ?? piece) + judged()
    shown += passed
    return passed
  }

  /// What guard models let pass of what waits for them.
  private mutating func judged() -> String {
    var passed = ""
    while let question = text?.question, let rails { passed += text?.answer(rails.answerNow(question)) ?? "" }
    return passed
  }

  /// The rest, or what the rail says that ended the answer.
  mutating func finish() -> String {
    let rest = (text?.finish() ?? "") + judged() + (text?.message ?? "")
    shown += rest
    return rest
  }

  /// A prompt as the model may see it.
  static func judge(_ prompt: String, _ rails: RequestGuard?) -> Result<String, RequestGuard.Refusal> {
    guard let rails else { return .success(prompt) }
    do throws(RequestGuard.Refusal) {
      return .success(try rails.judged(prompt))
    } catch {
      return .failure(error)
    }
  }

  // MARK: The contract of `stoa run --json`

  func json(of result: GenerationResult) -> JSONValue {
    guard text != nil, var object = result.json.objectValue else { return result.json }
    object["text"] = .string(shown)
    if isOver { object["finish_reason"] = Self.refused }
    return .object(object)
  }

  static func json(of refusal: RequestGuard.Refusal) -> JSONValue {
    [
      "text": .string(refusal.message), "tokens": [], "prompt_tokens": 0, "completion_tokens": 0,
      "finish_reason": refused, "seed": 0,
    ]
  }

  private static let refused: JSONValue = "content_filter"
}
