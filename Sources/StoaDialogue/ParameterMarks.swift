import StoaFormats

/// What stands around arguments that are written one by one and not as JSON.
///
/// Texts stand as they are, everything else as JSON; so only a tool's schema tells a number from a text of digits.
struct ParameterMarks: Sendable, Equatable {
  var keyOpen: String
  var keyClose: String
  /// What stands before a value, after white space; nil when nothing does.
  var valueOpen: String?
  var valueClose: String
  /// White space on both sides of a value that does not belong to it.
  var padding = ""
  /// What ends the list.
  var end: String

  /// `<parameter=key>\nvalue\n</parameter>`.
  static let tags = ParameterMarks(
    keyOpen: "<parameter=", keyClose: ">", valueClose: "</parameter>", padding: "\n", end: "</function>")
  /// `<arg_key>key</arg_key>\n<arg_value>value</arg_value>`.
  static let pairs = ParameterMarks(
    keyOpen: "<arg_key>", keyClose: "</arg_key>", valueOpen: "<arg_value>", valueClose: "</arg_value>",
    end: "</tool_call>")

  /// What stands between two arguments, and between a key and its value.
  static let separator = "\n"

  /// What is written before a value.
  func opening(_ key: String) -> String {
    keyOpen + key + keyClose + (valueOpen.map { Self.separator + $0 } ?? "") + padding
  }

  /// The arguments, given as JSON text, in this form; the text itself if it is none.
  func written(_ arguments: String) -> String {
    guard let members = (try? JSONValue(parsing: arguments))?.objectValue else { return arguments }
    return members.map { key, value in
      opening(key) + (value.stringValue ?? value.text()) + padding + valueClose + Self.separator
    }.joined()
  }
}

/// Reads arguments that are written one by one, byte by byte.
struct ParameterReader: Sendable {
  private let marks: ParameterMarks
  private let tool: ToolDefinition
  private var state = State.between
  private var bytes: [UInt8] = []
  private var key = ""
  private var keys: Set<String> = []
  private var members: [String] = []

  private enum State { case between, key, middle, value }
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
      return enter(marks.valueOpen == nil ? .value : .middle)
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
      members.append(JSONValue.string(key).text() + ": " + ArgumentTypes(of: key, tool).json(text))
      return enter(.between)
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
