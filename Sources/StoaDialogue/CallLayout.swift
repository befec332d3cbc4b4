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
    /// Nothing but white space to the end of the answer.
    case end
  }

  /// The text that begins calls; nil when they are bare.
  var mark: String? {
    guard case .text(let text)? = (open + call).first else { return nil }
    return text
  }

  /// All texts that may be special tokens.
  var texts: [String] {
    (open + call + separator + close).compactMap { if case .text(let text) = $0 { text } else { nil } }
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
