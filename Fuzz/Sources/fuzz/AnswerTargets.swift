import StoaFormats

@testable import StoaDialogue

private let tools = [
  ToolDefinition(
    name: "get_weather",
    parameters: [
      "type": "object", "properties": ["city": ["type": "string"], "days": ["type": "integer"]], "required": ["city"],
    ]),
  ToolDefinition(name: "now"), ToolDefinition(name: "now now"),
]

/// What a model writes; the first byte says of which family, the second whether it thinks first and what the prompt has
/// begun. However the text is
/// cut, its parts are the same, and a call is one of the tools with an object of arguments.
func readAnswer(_ bytes: [UInt8]) -> CInt {
  guard bytes.count > 2 else { return 0 }
  let families = CallFormat.allCases
  var format = DialogueFormat(
    calls: families[Int(bytes[0]) % families.count],
    reasoning: bytes[1] & 1 == 0 ? nil : ReasoningMarks(open: "<think>", close: "</think>"))
  if bytes[1] & 4 != 0 { format.frames = format.calls.frames }
  let text = String(decoding: bytes.dropFirst(2).prefix(8192), as: UTF8.self)
  let opened = bytes[1] & 2 != 0
  let whole = parts(of: [text], format, opened)
  precondition(parts(of: text.unicodeScalars.map { String($0) }, format, opened) == whole, "cut, it reads otherwise")
  for part in whole {
    if case .toolArguments(_, let text) = part {
      precondition((try? JSONValue(parsing: text))?.objectValue != nil, "arguments that are no object")
    }
  }
  _ = parts(of: text.unicodeScalars.map { String($0) }, format, opened, streamsArguments: true)
  return 0
}

/// The parts of an answer, neighbours of one kind joined.
private func parts(
  of pieces: [String], _ format: DialogueFormat, _ startsInReasoning: Bool, streamsArguments: Bool = false
) -> [AnswerPart] {
  var parser = AnswerParser(
    format: format, tools: tools, startsInReasoning: startsInReasoning, opening: format.frames.isEmpty ? "" : ">>>",
    ids: CallIDs(seed: 1, format: format.calls))
  parser.streamsArguments = streamsArguments
  var parts: [AnswerPart] = []
  for part in pieces.flatMap({ parser.append($0) }) + parser.finish() {
    switch (parts.last, part) {
    case (.content(let before)?, .content(let text)): parts[parts.count - 1] = .content(before + text)
    case (.reasoning(let before)?, .reasoning(let text)): parts[parts.count - 1] = .reasoning(before + text)
    case (.toolArguments(let index, let before)?, .toolArguments(_, let text)):
      parts[parts.count - 1] = .toolArguments(index: index, before + text)
    default: parts.append(part)
    }
  }
  return parts
}
