import StoaFormats

/// What stands around arguments that are written one by one and not as JSON.
///
/// Texts stand as they are, everything else as JSON; so only a tool's schema tells a number from a text of digits.
struct ParameterMarks: Sendable, Equatable {
  var keyOpen: String
  var keyClose: String
  /// What says after the key that the value is a text, or JSON; nil where only the schema tells.
  var kinds: Kinds?
  /// What stands before a value, after white space; nil when nothing does.
  var valueOpen: String?
  var valueClose: String
  /// White space on both sides of a value that does not belong to it.
  var padding = ""
  /// What ends the list.
  var end: String

  struct Kinds: Sendable, Equatable {
    var text: String
    var data: String
  }

  /// `<parameter=key>\nvalue\n</parameter>`.
  static let tags = ParameterMarks(
    keyOpen: "<parameter=", keyClose: ">", valueClose: "</parameter>", padding: "\n", end: "</function>")
  /// `<arg_key>key</arg_key>\n<arg_value>value</arg_value>`.
  static let pairs = ParameterMarks(
    keyOpen: "<arg_key>", keyClose: "</arg_key>", valueOpen: "<arg_value>", valueClose: "</arg_value>",
    end: "</tool_call>")
  /// As `pairs`, with the suffix that Hunyuan 3 has: `<arg_key:opensource>key</arg_key:opensource>`.
  static let openPairs = ParameterMarks(
    keyOpen: "<arg_key:opensource>", keyClose: "</arg_key:opensource>", valueOpen: "<arg_value:opensource>",
    valueClose: "</arg_value:opensource>", end: "</tool_call:opensource>")
  /// `<atem:parameter name="key">value</atem:parameter>`.
  static let atem = ParameterMarks(
    keyOpen: "<atem:parameter name=\"", keyClose: "\">", valueClose: "</atem:parameter>", end: "</atem:invoke>")
  /// `<｜DSML｜parameter name="key" string="true">value</｜DSML｜parameter>`.
  static let dsml = ParameterMarks(
    keyOpen: "<｜DSML｜parameter name=\"", keyClose: "\" string=\"", kinds: Kinds(text: "true\">", data: "false\">"),
    valueClose: "</｜DSML｜parameter>", end: "</｜DSML｜invoke>")

  /// What stands between two arguments, and between a key and its value.
  static let separator = "\n"

  /// What is written before a value.
  func opening(_ key: String, isText: Bool) -> String { keyOpen + key + keyClose + opening(isText: isText) }

  /// What is written between a key and its value.
  func opening(isText: Bool) -> String {
    (kinds.map { isText ? $0.text : $0.data } ?? "") + (valueOpen.map { Self.separator + $0 } ?? "") + padding
  }

  /// The arguments, given as JSON text, in this form; the text itself if it is none.
  func written(_ arguments: String) -> String {
    guard let members = (try? JSONValue(parsing: arguments))?.objectValue else { return arguments }
    return members.map { key, value in
      opening(key, isText: value.stringValue != nil) + (value.stringValue ?? value.text()) + padding + valueClose
        + Self.separator
    }.joined()
  }
}

/// Reads arguments that are written one by one, byte by byte.
struct ParameterReader: ArgumentReader {
  private let marks: ParameterMarks
  private let tool: ToolDefinition
  private var state = State.between
  private var bytes: [UInt8] = []
  private var key = ""
  /// What was said about the value to come: that it is a text; nil when nothing was.
  private var isText: Bool?
  private var keys: Set<String> = []
  private var members: [String] = []

  private enum State { case between, key, kind, middle, value }
  private static let longestKey = 256

  init(_ marks: ParameterMarks, _ tool: ToolDefinition) {
    self.marks = marks
    self.tool = tool
  }

  /// The JSON text of what was read.
  var arguments: String { "{" + members.joined(separator: ", ") + "}" }

  mutating func read(_ byte: UInt8) -> JSONScanner.Progress {
    if bytes.isEmpty, JSONScanner.isSpace(byte), state == .between || state == .middle { return .more }
    bytes.append(byte)
    switch state {
    case .between:
      if bytes.elementsEqual(marks.end.utf8) { return .done }
      if bytes.elementsEqual(marks.keyOpen.utf8) { return enter(.key) }
      return marks.end.utf8.starts(with: bytes) || marks.keyOpen.utf8.starts(with: bytes) ? .more : .broken
    case .key:
      guard let text = text(before: marks.keyClose) else { return bytes.count > Self.longestKey ? .broken : .more }
      guard !text.isEmpty, keys.insert(text).inserted else { return .broken }
      key = text
      return enter(marks.kinds != nil ? .kind : marks.valueOpen == nil ? .value : .middle)
    case .kind:
      guard let kinds = marks.kinds else { return .broken }
      isText = bytes.elementsEqual(kinds.text.utf8)
      if isText == true || bytes.elementsEqual(kinds.data.utf8) { return enter(.value) }
      return kinds.text.utf8.starts(with: bytes) || kinds.data.utf8.starts(with: bytes) ? .more : .broken
    case .middle:
      let open = marks.valueOpen?.utf8 ?? "".utf8
      if bytes.elementsEqual(open) { return enter(.value) }
      return open.starts(with: bytes) ? .more : .broken
    case .value:
      guard var text = text(before: marks.valueClose) else { return .more }
      if !marks.padding.isEmpty {
        if text.hasPrefix(marks.padding) { text.removeFirst() }
        if text.hasSuffix(marks.padding) { text.removeLast() }
      }
      members.append(JSONValue.string(key).text() + ": " + json(text))
      return enter(.between)
    }
  }

  private func json(_ text: String) -> String {
    switch isText {
    case nil: ArgumentTypes(of: key, tool).json(text)
    case true?: JSONValue.string(text).text()
    case false?: (try? JSONValue(parsing: text)) != nil ? text : JSONValue.string(text).text()
    }
  }

  private mutating func enter(_ next: State) -> JSONScanner.Progress {
    state = next
    bytes = []
    return .more
  }

  private func text(before mark: String) -> String? {
    guard bytes.suffix(mark.utf8.count).elementsEqual(mark.utf8) else { return nil }
    return String(decoding: bytes.dropLast(mark.utf8.count), as: UTF8.self)
  }
}
