import StoaTerminal

/// What a line typed in a chat means.
enum ChatInput: Equatable {
  case nothing
  case message(String)
  case help
  case clear
  case system(String?)
  case save(String)
  case set(name: String?, value: String?)
  case retry
  case stats
  case exit
  /// A command that is not understood, and what to say about it.
  case mistake(String, advice: String)

  /// The commands with their arguments and what they do, as `/help` shows them.
  static let commands: [(usage: String, meaning: String)] = [
    ("/help", "this list"),
    ("/clear", "forget the conversation"),
    ("/system [TEXT]", "set the system message, or show it; - removes it"),
    ("/set [NAME VALUE]", "change a setting, or show them all; for example /set temperature 0.5"),
    ("/retry", "answer the last message again"),
    ("/save FILE", "write the conversation to a new file; .json for messages, else Markdown"),
    ("/stats", "tokens, speed and room in the context"),
    ("/exit", "leave; so does Ctrl-D"),
  ]

  /// Keys and marks that are not obvious.
  static let keys: [(usage: String, meaning: String)] = [
    ("\\ at the end", "go on in a new line; so does Alt-Enter"),
    ("\"\"\" … \"\"\"", "several lines in one message"),
    ("Ctrl-C", "stop the answer, or clear the line"),
    ("Ctrl-R", "search in earlier lines"),
  ]

  /// Words for completion by Tab.
  static let completions =
    [
      "/help", "/clear", "/system ", "/set ", "/retry", "/save ", "/stats", "/exit",
    ] + ChatSettings.names.map { "/set \($0) " }

  init(_ line: String) {
    guard !line.allSatisfy(\.isWhitespace) else {
      self = .nothing
      return
    }
    guard line.hasPrefix("/") else {
      self = .message(line)
      return
    }
    let parts = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
    let name = String(parts[0])
    let rest = parts.count > 1 ? Self.trimmed(parts[1]) : ""
    switch name {
    case "/help", "/?": self = .help
    case "/clear", "/reset": self = .clear
    case "/system": self = .system(rest.isEmpty ? nil : rest)
    case "/save":
      self = rest.isEmpty ? .mistake("/save needs a file", advice: "for example /save story.md") : .save(rest)
    case "/set":
      let words = rest.split(whereSeparator: \.isWhitespace).map(String.init)
      switch words.count {
      case 0: self = .set(name: nil, value: nil)
      case 2: self = .set(name: words[0], value: words[1])
      default: self = .mistake("/set needs a name and a value", advice: "for example /set temperature 0.5")
      }
    case "/retry": self = .retry
    case "/stats": self = .stats
    case "/exit", "/quit", "/bye": self = .exit
    default:
      self = .mistake(
        "there is no command \(PrintableText.line(name))",
        advice: "/help lists them; a message that starts with a slash needs a space before it")
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.last?.isWhitespace == true { text.removeLast() }
    while text.first?.isWhitespace == true { text.removeFirst() }
    return String(text)
  }
}
