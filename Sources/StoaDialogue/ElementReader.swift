import StoaFormats

/// Reads arguments that are written as elements in elements, each tag after a mark: those of MiniMax M3.
///
/// What has items is a list, what has other elements an object, and what has neither a text, or what the tool's schema
/// says that it is.
struct ElementReader: ArgumentReader {
  /// An element that has begun.
  fileprivate struct Element: Sendable {
    var key: String
    var types: ArgumentTypes
    var text: [UInt8] = []
    /// The JSON texts of the elements in it.
    var keys: [String] = []
    var values: [String] = []
  }

  private var open: [Element]
  /// What has come of a tag.
  private var pending: [UInt8] = []
  private var isTag = false

  private static let mark = Array(ArgumentNotation.tagMark.utf8)
  private static let longestTag = 256
  /// As deep as `JSONValue` reads.
  private static let deepest = 255

  init(_ tool: ToolDefinition) {
    let root = tool.parameters ?? .null
    open = [Element(key: "", types: ArgumentTypes(root, root))]
  }

  var arguments: String {
    "{" + zip(open[0].keys, open[0].values).map { JSONValue.string($0).text() + ": " + $1 }.joined(separator: ", ")
      + "}"
  }

  mutating func read(_ byte: UInt8) -> JSONScanner.Progress {
    if isTag {
      pending.append(byte)
      guard pending[0] == UInt8(ascii: "<"), pending.count <= Self.longestTag else { return .broken }
      return byte == UInt8(ascii: ">") ? readTag() : .more
    }
    open[open.count - 1].text.append(byte)
    if open[open.count - 1].text.suffix(Self.mark.count).elementsEqual(Self.mark) {
      open[open.count - 1].text.removeLast(Self.mark.count)
      isTag = true
    } else if open.count == 1, !Self.mayBegin(open[0].text) {
      // Nothing but elements stands outside of elements.
      return .broken
    }
    return .more
  }

  /// Whether a text is white space and the beginning of a mark.
  private static func mayBegin(_ text: [UInt8]) -> Bool {
    mark.starts(with: text.drop { JSONScanner.isSpace($0) })
  }

  private mutating func readTag() -> JSONScanner.Progress {
    let tag = String(decoding: pending.dropFirst().dropLast(), as: UTF8.self)
    pending = []
    isTag = false
    if tag.hasPrefix("/") { return close(String(tag.dropFirst())) }
    let last = open.count - 1
    guard !tag.isEmpty, open.count < Self.deepest, open[last].text.allSatisfy({ JSONScanner.isSpace($0) }) else {
      return .broken
    }
    open[last].text = []
    let isItem = tag == ArgumentNotation.item && open[last].isList
    guard isItem || !open[last].keys.contains(tag) else { return .broken }
    open.append(Element(key: tag, types: open[last].types.inner(isItem ? nil : tag)))
    return .more
  }

  private mutating func close(_ tag: String) -> JSONScanner.Progress {
    if open.count == 1 { return tag == "invoke" ? .done : .broken }
    let element = open[open.count - 1]
    guard tag == element.key, let value = element.value else { return .broken }
    open.removeLast()
    open[open.count - 1].keys.append(tag)
    open[open.count - 1].values.append(value)
    return .more
  }
}

extension ElementReader.Element {
  /// Whether items in it are those of a list: by its schema, or because it has no other elements.
  fileprivate var isList: Bool {
    key != "" && types.names.map { $0.contains("array") } ?? true && keys.allSatisfy { $0 == ArgumentNotation.item }
  }

  /// The JSON text of what was in it; nil when it was neither text nor elements.
  fileprivate var value: String? {
    if !keys.isEmpty {
      guard text.allSatisfy({ JSONScanner.isSpace($0) }) else { return nil }
      if isList { return "[" + values.joined(separator: ",") + "]" }
      return "{" + zip(keys, values).map { JSONValue.string($0).text() + ":" + $1 }.joined(separator: ",") + "}"
    }
    if text.isEmpty, let names = types.names, !names.contains("string") {
      if names.contains("array") { return "[]" }
      if names.contains("object") { return "{}" }
    }
    return types.json(String(decoding: text, as: UTF8.self))
  }
}
