import StoaFormats

/// One way of writing calls as a sequence of parts, from which calls are read, grammars made and examples written.
struct CallLayout: Sendable, Equatable {
  /// What stands once before the first call.
  var open: [Part] = []
  var call: [Part]
  /// What stands between calls.
  var separator: [Part] = []
  /// What stands once after the last call.
  var close: [Part] = []
  /// The call is the whole answer, and nothing marks its beginning.
  var isBare = false

  enum Part: Sendable, Equatable {
    /// Exactly this text; special tokens are parts of their own.
    case text(String)
    /// Any white space, written like this.
    case space(String)
    /// Letters and digits that say nothing new, such as the number of a call, written like this.
    case word(String)
    /// The tool's name.
    case name
    /// The arguments as a JSON object.
    case arguments
    /// A JSON object with the tool's name and the arguments under these keys.
    case object(name: String, arguments: String)
    /// A JSON object whose only key is the tool's name.
    case keyed
    /// The arguments one by one, with what ends them.
    case parameters(ParameterMarks)
    /// The arguments in a notation of their own, with what ends them.
    case notation(ArgumentNotation)
    /// Nothing but white space to the end of the answer.
    case end

    /// Whether it is written in the same way for all calls.
    var isFixed: Bool {
      switch self {
      case .text, .space, .word, .end: true
      case .name, .arguments, .object, .keyed, .parameters, .notation: false
      }
    }
  }

  /// The text that begins calls; nil when they are bare.
  var mark: String? {
    guard case .text(let text)? = (open + call).first else { return nil }
    return text
  }

  /// How arguments are written that are not JSON.
  var parameterMarks: ParameterMarks? {
    call.lazy.compactMap { if case .parameters(let marks) = $0 { marks } else { nil } }.first
  }

  /// The notation of arguments, where they have one.
  var notation: ArgumentNotation? {
    call.lazy.compactMap { if case .notation(let notation) = $0 { notation } else { nil } }.first
  }

  /// All texts that may be special tokens.
  var texts: [String] {
    (open + call + separator + close).flatMap { part -> [String] in
      switch part {
      case .text(let text): [text]
      case .parameters(let marks):
        [marks.keyOpen, marks.keyClose] + (marks.valueOpen.map { [$0] } ?? []) + [marks.valueClose, marks.end]
      case .notation(let notation): notation.texts
      default: []
      }
    }
  }

  /// A JSON array of calls between marks.
  static func list(
    _ start: String, _ end: String? = nil, call: Part = .object(name: "name", arguments: "arguments")
  ) -> CallLayout {
    CallLayout(
      open: [.text(start), .space(""), .text("["), .space("")], call: [call],
      separator: [.space(""), .text(","), .space(" ")],
      close: [.space(""), .text("]")] + (end.map { [.space(""), .text($0)] } ?? []))
  }
}

extension CallLayout {
  /// The text of some calls, each with the JSON text of its arguments.
  func text(of calls: [(name: String, arguments: String)]) -> String {
    var text = ""
    for (index, call) in calls.enumerated() {
      let parts = (index == 0 ? open : separator) + self.call
      text += parts[...].texts(around: call.name).joined(separator: written(call.arguments))
    }
    return text + close[...].texts(around: "").joined()
  }

  private func written(_ arguments: String) -> String {
    parameterMarks?.written(arguments) ?? notation?.written(arguments) ?? arguments
  }
}

extension ArraySlice<CallLayout.Part> {
  /// What is written before and after the arguments of a call.
  func texts(around name: String) -> [String] {
    var texts = [""]
    func quoted(_ name: String) -> String { JSONValue.string(name).text() }
    for part in self {
      switch part {
      case .text(let text), .space(let text), .word(let text): texts[texts.count - 1] += text
      case .name: texts[texts.count - 1] += name
      case .arguments: texts.append("")
      case .object(let nameKey, let argumentsKey):
        texts[texts.count - 1] += "{\"\(nameKey)\": \(quoted(name)), \"\(argumentsKey)\": "
        texts.append("}")
      case .keyed:
        texts[texts.count - 1] += "{\(quoted(name)): "
        texts.append("}")
      case .parameters(let marks): texts.append(marks.end)
      case .notation(let notation): texts.append(notation.end)
      case .end: break
      }
    }
    return texts
  }
}
