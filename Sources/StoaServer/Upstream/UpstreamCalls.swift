import StoaFormats

/// The calls of tools in one choice, put in order.
///
/// The events of an answer tell of one call after the other, each with its arguments at once; other servers may mix them.
/// The first call goes out as it comes; of the others what has come waits until the choice ends.
struct UpstreamCalls {
  private struct Call {
    /// The number that the other server gives it.
    var number: Int
    var id = ""
    var name = ""
    var arguments = ""
  }

  /// What makes identifiers for calls that have none.
  private let prefix: String
  private var calls: [Call] = []
  /// Whether the first call was told of, and whether something else came after it.
  private var hasBegun = false
  private var isClosed = false

  private static let limit = 1024

  init(prefix: String) { self.prefix = prefix }

  var isEmpty: Bool { calls.isEmpty }

  /// Text of the answer has come: the first call is over.
  mutating func close() { if hasBegun { isClosed = true } }

  /// The events of a piece of a call.
  mutating func add(
    _ delta: JSONObject, at place: Int, choice: Int
  ) throws(UpstreamFailure) -> [AnswerEvent] {
    let number = delta["index"]?.intValue ?? place
    let index: Int
    if let known = calls.firstIndex(where: { $0.number == number }) {
      index = known
    } else {
      guard calls.count < Self.limit else { throw .malformed("it calls more than \(Self.limit) tools") }
      index = calls.count
      calls.append(Call(number: number))
    }
    let function = delta["function"]?.objectValue
    let piece = Self.arguments(function?["arguments"])
    if calls[index].id.isEmpty { calls[index].id = delta["id"]?.stringValue ?? "" }
    if calls[index].name.isEmpty { calls[index].name = function?["name"]?.stringValue ?? "" }
    guard index == 0 else {
      calls[index].arguments += piece
      return []
    }
    if isClosed, !piece.isEmpty { throw .malformed("it goes on with a call of a tool after other text") }
    return beginning(piece, choice)
  }

  /// The events of the first call, once its name is known.
  private mutating func beginning(_ piece: String, _ choice: Int) -> [AnswerEvent] {
    if hasBegun { return piece.isEmpty ? [] : [.toolArguments(choice: choice, index: 0, piece)] }
    calls[0].arguments += piece
    guard !calls[0].name.isEmpty else { return [] }
    hasBegun = true
    return events(0, choice)
  }

  /// The calls that wait, when the choice ends.
  mutating func finish(choice: Int) throws(UpstreamFailure) -> [AnswerEvent] {
    guard calls.allSatisfy({ !$0.name.isEmpty }) else { throw .malformed("it calls a tool without a name") }
    let rest = calls.indices.dropFirst(hasBegun ? 1 : 0)
    hasBegun = true
    return rest.flatMap { events($0, choice) }
  }

  private func events(_ index: Int, _ choice: Int) -> [AnswerEvent] {
    let call = calls[index]
    let id = call.id.isEmpty ? "call_\(prefix)\(choice)_\(index)" : call.id
    let begin = AnswerEvent.toolCall(choice: choice, index: index, id: id, name: call.name)
    return [begin] + (call.arguments.isEmpty ? [] : [.toolArguments(choice: choice, index: index, call.arguments)])
  }

  /// JSON text; some servers send the object itself.
  private static func arguments(_ value: JSONValue?) -> String {
    switch value {
    case nil, .null?: ""
    case .string(let text)?: text
    case let value?: value.text()
    }
  }
}
