import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaServer

/// Answers as the engine would report them, and readers of what the encoders write.
enum WireFixture {
  static let start = AnswerStart(id: "abc", created: 1_764_085_165, model: "primer", promptTokens: 12, cachedTokens: 5)

  static let usage: AnswerUsage = {
    var usage = AnswerUsage()
    usage.promptTokens = 12
    usage.cachedTokens = 5
    usage.completionTokens = 9
    usage.reasoningTokens = 2
    usage.loadSeconds = 0.5
    usage.promptSeconds = 0.25
    usage.generateSeconds = 1.5
    usage.totalSeconds = 2.5
    return usage
  }()

  /// The events of an answer with the given pieces.
  static func events(_ pieces: [AnswerEvent], end: EndReason = .stop, stopSequence: String? = nil) -> [AnswerEvent] {
    [.started(start)] + pieces + [.choiceEnded(choice: 0, end, stopSequence: stopSequence), .ended(usage)]
  }

  /// An answer that thinks, speaks and calls a tool.
  static let full = events(
    [
      .reasoning(choice: 0, "Hm", []), .content(choice: 0, "Hi", []), .content(choice: 0, " you", []),
      .toolCall(choice: 0, index: 0, id: "call_1", name: "look"), .toolArguments(choice: 0, index: 0, #"{"key":"#),
      .toolArguments(choice: 0, index: 0, "7}"),
    ], end: .toolCalls)

  static func answer(_ events: [AnswerEvent]) -> Answer {
    var answer = Answer(start: start, choices: 1)
    for event in events { answer.add(event) }
    return answer
  }

  static func stream(_ events: [AnswerEvent], _ encoder: some AnswerStreamEncoder) -> String {
    var encoder = encoder
    return events.map { encoder.encode($0) }.joined()
  }

  static func object(_ json: String) throws -> JSONObject {
    guard let object = try JSONValue(parsing: json).objectValue else { throw APIError(.invalidRequest, json) }
    return object
  }

  /// The data of server-sent events, each of which must have a name that its data repeat as `type`.
  static func serverSentEvents(_ text: String) throws -> [JSONValue] {
    guard text.hasSuffix("\n\n") else { throw APIError(.internal, "the last event is not ended") }
    return try text.dropLast(2).split(separator: "\n\n", omittingEmptySubsequences: false).map { event in
      let lines = event.split(separator: "\n", omittingEmptySubsequences: false)
      guard lines.count == 2, lines[0].hasPrefix("event: "), lines[1].hasPrefix("data: ") else {
        throw APIError(.internal, "not an event: \(event)")
      }
      let data = try JSONValue(parsing: String(lines[1].dropFirst(6)))
      guard data["type"]?.stringValue == String(lines[0].dropFirst(7)) else {
        throw APIError(.internal, "another name than type: \(event)")
      }
      return data
    }
  }

  /// A random answer: pieces of thought, pieces of text and calls of tools, in any order.
  static func randomEvents(seed: UInt64) -> [AnswerEvent] {
    var random = SeededGenerator(state: seed)
    func text() -> String {
      let characters: [Character] = ["a", "\"", "\n", "é", "😀", "\\", "\u{0}", "{", " "]
      return String((0..<Int.random(in: 0...4, using: &random)).map { _ in characters.randomElement(using: &random)! })
    }
    var pieces: [AnswerEvent] = []
    var calls = 0
    for _ in 0..<Int.random(in: 0...8, using: &random) {
      switch Int.random(in: 0..<3, using: &random) {
      case 0: pieces.append(.content(choice: 0, text(), []))
      case 1: pieces.append(.reasoning(choice: 0, text(), []))
      default:
        pieces.append(.toolCall(choice: 0, index: calls, id: "call_\(calls)", name: "tool\(calls % 2)"))
        var rest = JSONValue.object(["text": .string(text()), "n": .int(calls)]).text()[...]
        while !rest.isEmpty {
          let piece = rest.prefix(Int.random(in: 0...5, using: &random))
          pieces.append(.toolArguments(choice: 0, index: calls, String(piece)))
          rest = rest.dropFirst(piece.count)
        }
        calls += 1
      }
    }
    return events(pieces, end: calls > 0 ? .toolCalls : .stop)
  }
}

/// A request body that must be refused, and the field that the error must name.
struct RefusedBody: CustomTestStringConvertible, Sendable {
  let json: String
  let field: String
  var testDescription: String { "\(field) of \(json)" }

  init(_ json: String, _ field: String) {
    self.json = json
    self.field = field
  }
}
