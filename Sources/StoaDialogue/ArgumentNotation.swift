import StoaFormats

/// A way of writing a call's arguments that is neither JSON nor a list of marked parameters; values may lie in values.
enum ArgumentNotation: Sendable, Equatable {
  /// `{key:<|"|>text<|"|>,other:[1,true]}`: Gemma 4.
  case braces
  /// `(key="text", other=[1, True])`, as Python has it: LFM2.
  case keywords
  /// `<key>text</key>`, where a list is of `<item>` and each tag follows a mark: MiniMax M3.
  case elements

  /// What stands around texts in braces.
  static let quote = "<|\"|>"
  /// What stands before each tag of an element.
  static let tagMark = "]<]minimax[>["
  /// The tag of a list's items.
  static let item = "item"

  /// What ends the arguments; nothing where that is a bracket of their own.
  var end: String { self == .elements ? Self.tagMark + "</invoke>" : "" }

  /// Texts that may be special tokens.
  var texts: [String] {
    switch self {
    case .braces: [Self.quote]
    case .keywords: []
    case .elements: [Self.tagMark, end]
    }
  }

  /// The arguments, given as JSON text, in this notation; the text itself if it is none.
  func written(_ arguments: String) -> String {
    guard let members = (try? JSONValue(parsing: arguments))?.objectValue else { return arguments }
    return switch self {
    case .braces: braces(.object(members))
    case .keywords: "(" + members.map { "\($0)=\(keyword($1))" }.joined(separator: ", ") + ")"
    case .elements: element(.object(members))
    }
  }

  /// A value in this notation.
  func written(_ value: JSONValue) -> String {
    switch self {
    case .braces: braces(value)
    case .keywords: keyword(value)
    case .elements: element(value)
    }
  }

  private func braces(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): Self.quote + text + Self.quote
    case .array(let items): "[" + items.map(braces).joined(separator: ",") + "]"
    case .object(let members): "{" + members.map { "\($0):\(braces($1))" }.joined(separator: ",") + "}"
    default: value.text()
    }
  }

  /// Python reads the escapes of JSON; objects are written as JSON, as the template does.
  private func keyword(_ value: JSONValue) -> String {
    switch value {
    case .null: "None"
    case .bool(let value): value ? "True" : "False"
    case .array(let items): "[" + items.map(keyword).joined(separator: ", ") + "]"
    default: value.text()
    }
  }

  private func element(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): text
    case .array(let items): items.map { Self.tag(Self.item) + element($0) + Self.endTag(Self.item) }.joined()
    case .object(let members): members.map { Self.tag($0) + element($1) + Self.endTag($0) }.joined()
    default: value.text()
    }
  }

  static func tag(_ key: String) -> String { "\(tagMark)<\(key)>" }
  static func endTag(_ key: String) -> String { "\(tagMark)</\(key)>" }
}

/// Reads arguments byte by byte.
protocol ArgumentReader: Sendable {
  /// Reads the next byte; after anything but `more` none must be given.
  mutating func read(_ byte: UInt8) -> JSONScanner.Progress
  /// The JSON text of what was read.
  var arguments: String { get }
}

extension ArgumentNotation {
  /// A reader of the arguments of a tool.
  func reader(_ tool: ToolDefinition) -> any ArgumentReader {
    switch self {
    case .braces, .keywords: BracketReader(self)
    case .elements: ElementReader(tool)
    }
  }
}
