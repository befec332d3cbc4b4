import StoaFormats

/// A call as the model wrote it.
struct ReadCall: Sendable, Equatable {
  var name: String
  /// The JSON text of the arguments.
  var arguments: String
}

/// Reads one stretch of an answer by the parts of a layout, byte by byte.
struct CallReader: Sendable {
  enum Progress { case more, done, broken }

  /// The call that was found; nil after a stretch without one, such as the end of a list.
  private(set) var call: ReadCall?
  private let parts: [CallLayout.Part]
  private let tools: [String: ToolDefinition]
  /// The part that is being read, and its bytes so far.
  private var part = 0
  private var bytes: [UInt8] = []
  private var scanner = JSONScanner()
  /// What reads arguments that are not JSON.
  private var reader: (any ArgumentReader)?
  private var name = ""

  /// With longer words it is no call.
  private static let longestWord = 256

  init(_ parts: [CallLayout.Part], tools: [String: ToolDefinition]) {
    self.parts = parts
    self.tools = tools
  }

  /// Reads the next byte. Once everything was read the answer is `done`; a further byte must not be given.
  mutating func read(_ byte: UInt8) -> Progress {
    while part < parts.count {
      switch parts[part] {
      case .text(let text):
        let expected = text.utf8
        guard expected[expected.index(expected.startIndex, offsetBy: bytes.count)] == byte else { return .broken }
        bytes.append(byte)
        return bytes.count == expected.count ? next() : .more
      case .space:
        if JSONScanner.isSpace(byte) { return .more }
      case .end:
        return JSONScanner.isSpace(byte) ? .more : .broken
      case .word:
        if Self.isWord(byte) {
          bytes.append(byte)
          return bytes.count <= Self.longestWord ? .more : .broken
        }
        guard !bytes.isEmpty else { return .broken }
      case .name:
        let longer = bytes + [byte]
        if tools.keys.contains(where: { $0.utf8.starts(with: longer) }) {
          bytes = longer
          return .more
        }
        name = String(decoding: bytes, as: UTF8.self)
        // White space that could have been part of a longer name belongs to what follows.
        if tools[name] == nil, part + 1 < parts.count, case .space = parts[part + 1] {
          name = String(decoding: Self.trimmed(bytes), as: UTF8.self)
        }
        guard tools[name] != nil else { return .broken }
      case .parameters(let marks):
        guard let tool = tools[name] else { return .broken }
        return readArguments(byte) { ParameterReader(marks, tool) }
      case .notation(let notation):
        guard let tool = tools[name] else { return .broken }
        return readArguments(byte) { notation.reader(tool) }
      case .arguments, .object, .keyed:
        bytes.append(byte)
        switch scanner.read(byte) {
        case .more: return .more
        case .broken: return .broken
        case .done:
          call = readCall()
          return call == nil ? .broken : next()
        }
      }
      // The byte belongs to the next part.
      part += 1
      bytes = []
    }
    return .done
  }

  /// Whether the answer may end here.
  var canEnd: Bool { part < parts.count && parts[part] == .end }

  /// The tool whose arguments began with the last byte.
  var begunTool: String? {
    guard part < parts.count else { return nil }
    switch parts[part] {
    case .arguments where bytes.count == 1: return name
    case .object(let nameKey, let argumentsKey):
      guard let key = scanner.begunKey.flatMap(word), [argumentsKey, "arguments", "parameters"].contains(key) else {
        return nil
      }
      let member = scanner.members.first { [nameKey, "name"].contains(word($0.key)) }
      return member.flatMap { word($0.value) }.flatMap { tools[$0]?.name }
    case .keyed where scanner.members.isEmpty: return scanner.begunKey.flatMap(word).flatMap { tools[$0]?.name }
    default: return nil
    }
  }

  /// The JSON string in a range; nil when something else is there.
  private func word(_ range: Range<Int>) -> String? { (try? JSONValue(parsing: text(range)))?.stringValue }

  private mutating func readArguments(_ byte: UInt8, _ make: () -> any ArgumentReader) -> Progress {
    if reader == nil { reader = make() }
    switch reader?.read(byte) {
    case .more: return .more
    case .done:
      call = reader.map { ReadCall(name: name, arguments: $0.arguments) }
      return next()
    case .broken, nil: return .broken
    }
  }

  private mutating func next() -> Progress {
    part += 1
    bytes = []
    return part == parts.count ? .done : .more
  }

  /// The call in the JSON object that was just read; nil when it is none of a known tool.
  private func readCall() -> ReadCall? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let value = try? JSONValue(parsing: text) else { return nil }
    switch parts[part] {
    case .arguments: return ReadCall(name: name, arguments: text)
    case .keyed:
      guard scanner.members.count == 1, let name = value.objectValue?.keys.first, tools[name] != nil,
        value[name]?.objectValue != nil
      else { return nil }
      return ReadCall(name: name, arguments: self.text(scanner.members[0].value))
    case .object(let nameKey, let argumentsKey):
      // Models confuse the families' keys.
      guard let name = value[nameKey]?.stringValue ?? value["name"]?.stringValue, tools[name] != nil else {
        return nil
      }
      for key in [argumentsKey, "arguments", "parameters"] {
        guard let index = value.objectValue?.keys.firstIndex(of: key), let arguments = value[key] else { continue }
        if arguments.objectValue != nil {
          return ReadCall(name: name, arguments: self.text(scanner.members[index].value))
        }
        // The form that OpenAI's API has: an object written as a string.
        if let text = arguments.stringValue, (try? JSONValue(parsing: text))?.objectValue != nil {
          return ReadCall(name: name, arguments: text)
        }
      }
      return nil
    case .text, .space, .word, .name, .parameters, .notation, .end: return nil
    }
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private static func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    bytes[..<((bytes.lastIndex { !JSONScanner.isSpace($0) } ?? -1) + 1)]
  }

  /// Whether a byte may be in the number or identifier of a call.
  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}

/// The arguments of a call that is given out before it is complete.
struct ArgumentStream: Sendable {
  private var scanner = JSONScanner()
  private var isComplete = false
  private var piece: [UInt8] = []

  mutating func read(_ byte: UInt8) {
    guard !isComplete else { return }
    piece.append(byte)
    isComplete = scanner.read(byte) != .more
  }

  /// What came since the last time.
  mutating func take() -> String {
    defer { piece = [] }
    return String(decoding: piece, as: UTF8.self)
  }
}
