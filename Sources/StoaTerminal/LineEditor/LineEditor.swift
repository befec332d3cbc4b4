/// The line editor as a pure state machine: bytes of the keyboard in, text and actions out; it touches no terminal.
///
/// Enter submits, unless the text ends in a backslash or has an open `"""` block: then it starts a new line.
/// `LineReader` connects it to a terminal.
public struct LineEditor: Sendable {
  /// What the surroundings have to do after a key.
  public enum Action: Equatable, Sendable {
    /// The person is done: this is the text, block marks removed.
    case submit(String)
    /// Ctrl-D on an empty line.
    case endOfInput
    /// Ctrl-L.
    case clearScreen
    /// Ctrl-Z.
    case suspend
    /// Ctrl-C twice on an empty line: time to say how to leave.
    case explainLeaving
    /// The key means nothing here.
    case bell
  }

  private struct Search {
    var query = ""
    /// The index of the entry found, or the count of entries before anything was found.
    var index: Int
    let original: EditBuffer
  }

  private var decoder = KeyDecoder()
  private(set) var buffer = EditBuffer()
  private var entries: [String]
  private let completions: [String]
  /// The history entry on display; `entries.count` is the line under edit.
  private var position: Int
  private var draft = ""
  private var killed = ""
  private var lastKeyKilled = false
  private var emptyInterrupts = 0
  private var search: Search?

  /// An empty line with earlier entries, oldest first, and words that Tab completes when they start the line.
  public init(history: [String] = [], completions: [String] = []) {
    entries = history
    self.completions = completions
    position = history.count
  }

  /// The text under edit.
  public var text: String { buffer.text }

  /// The number of characters before the cursor.
  public var cursor: Int { buffer.cursor }

  /// What is searched for while Ctrl-R searches the history, else nil.
  public var searchQuery: String? { search?.query }

  /// Whether a lone escape byte waits for what follows; call `flushEscape` after a moment.
  public var hasPendingEscape: Bool { decoder.hasPendingEscape }

  /// Takes one byte from the keyboard. After an action the caller acts before it feeds on.
  public mutating func feed(_ byte: UInt8) -> Action? {
    guard let key = decoder.feed(byte) else { return nil }
    return handle(key)
  }

  /// Treats a pending escape byte as the Escape key.
  public mutating func flushEscape() -> Action? {
    guard let key = decoder.flushEscape() else { return nil }
    return handle(key)
  }

  /// Starts a new line; `entry` is added to the history first.
  public mutating func startLine(adding entry: String? = nil) {
    if let entry { entries.append(entry) }
    buffer = EditBuffer()
    position = entries.count
    draft = ""
    search = nil
    lastKeyKilled = false
  }

  private mutating func handle(_ key: Key) -> Action? {
    if key != .control("c") { emptyInterrupts = 0 }
    if search != nil {
      guard let passedOn = searchKey(key) else { return nil }
      return edit(passedOn)
    }
    return edit(key)
  }

  private mutating func edit(_ key: Key) -> Action? {
    let previousKilled = lastKeyKilled
    lastKeyKilled = false
    switch key {
    case .character(let scalar): buffer.insert(String(Character(scalar)))
    case .paste(let text): buffer.insert(text)
    case .insertNewline: buffer.insert("\n")
    case .enter: return enter()
    case .tab: return complete()
    case .backspace: buffer.deleteBackward()
    case .delete: buffer.deleteForward()
    case .left, .control("b"): buffer.moveLeft()
    case .right, .control("f"): buffer.moveRight()
    case .home, .control("a"): buffer.moveToLineStart()
    case .end, .control("e"): buffer.moveToLineEnd()
    case .wordLeft: buffer.moveWordLeft()
    case .wordRight: buffer.moveWordRight()
    case .up, .control("p"): return recallOlder()
    case .down, .control("n"): return recallNewer()
    case .control("k"): kill(buffer.killToLineEnd(), append: previousKilled, atEnd: true)
    case .deleteWordForward: kill(buffer.killWordForward(), append: previousKilled, atEnd: true)
    case .control("u"): kill(buffer.killToLineStart(), append: previousKilled, atEnd: false)
    case .control("w"): kill(buffer.killToSpaceBackward(), append: previousKilled, atEnd: false)
    case .deleteWordBackward: kill(buffer.killWordBackward(), append: previousKilled, atEnd: false)
    case .control("y"): buffer.insert(killed)
    case .control("l"): return .clearScreen
    case .control("z"): return .suspend
    case .control("r"): search = Search(index: entries.count, original: buffer)
    case .control("c"): return interrupt()
    case .control("d"):
      if buffer.isEmpty { return .endOfInput }
      buffer.deleteForward()
    case .escape: break
    case .control: return .bell
    }
    return nil
  }

  private mutating func enter() -> Action? {
    let text = buffer.text
    if Self.hasOpenBlock(text) {
      buffer.moveToEnd()
      buffer.insert("\n")
      return nil
    }
    let backslashes = text.reversed().prefix { $0 == "\\" }.count
    if backslashes % 2 == 1 && !Self.isBlock(text) {
      buffer.moveToEnd()
      buffer.deleteBackward()
      buffer.insert("\n")
      return nil
    }
    return .submit(Self.unwrapped(text))
  }

  private mutating func interrupt() -> Action? {
    guard buffer.isEmpty else {
      startLine()
      return nil
    }
    emptyInterrupts += 1
    guard emptyInterrupts == 2 else { return nil }
    emptyInterrupts = 0
    return .explainLeaving
  }

  private mutating func complete() -> Action? {
    let text = buffer.text
    let matches = completions.filter { $0.hasPrefix(text) && $0 != text }
    guard buffer.cursor == buffer.characters.count, !text.isEmpty, let first = matches.first else { return .bell }
    var common = first
    for match in matches { while !match.hasPrefix(common) { common.removeLast() } }
    guard common != text else { return .bell }
    buffer.set(common)
    return nil
  }

  private mutating func kill(_ text: String, append: Bool, atEnd: Bool) {
    killed = append ? (atEnd ? killed + text : text + killed) : text
    lastKeyKilled = true
  }

  // MARK: History

  private mutating func recallOlder() -> Action? {
    if buffer.moveUp() { return nil }
    guard position > 0 else { return .bell }
    if position == entries.count { draft = buffer.text }
    position -= 1
    buffer.set(entries[position])
    return nil
  }

  private mutating func recallNewer() -> Action? {
    if buffer.moveDown() { return nil }
    guard position < entries.count else { return .bell }
    position += 1
    buffer.set(position == entries.count ? draft : entries[position])
    return nil
  }

  /// Handles a key while searching; returns the key if it ends the search and has a meaning of its own.
  private mutating func searchKey(_ key: Key) -> Key? {
    guard var current = search else { return key }
    switch key {
    case .character(let scalar):
      current.query.unicodeScalars.append(scalar)
      find(in: &current, below: min(current.index + 1, entries.count))
    case .backspace:
      if !current.query.isEmpty { current.query.removeLast() }
      current.index = entries.count
      buffer = current.original
      if !current.query.isEmpty { find(in: &current, below: entries.count) }
    case .control("r"):
      find(in: &current, below: current.index)
    case .control("c"), .control("g"), .escape:
      buffer = current.original
      search = nil
      return nil
    default:
      // Keep what was found, and let the key do its work on it.
      if current.index < entries.count {
        draft = current.original.text
        position = current.index
      }
      search = nil
      return key
    }
    search = current
    return nil
  }

  private mutating func find(in search: inout Search, below limit: Int) {
    guard !search.query.isEmpty else { return }
    for index in stride(from: limit - 1, through: 0, by: -1)
    where Self.contains(entries[index], search.query) {
      search.index = index
      buffer.set(entries[index])
      return
    }
  }

  // MARK: Blocks

  private static let mark: [Character] = ["\"", "\"", "\""]

  /// Whether the text starts with `"""` and that block is not closed yet.
  static func hasOpenBlock(_ text: String) -> Bool {
    text.hasPrefix("\"\"\"") && !isBlock(text)
  }

  private static func isBlock(_ text: String) -> Bool {
    text.count >= 6 && text.hasPrefix("\"\"\"") && text.hasSuffix("\"\"\"")
  }

  /// The text inside `"""` marks, without the line breaks next to them; other text as it is.
  static func unwrapped(_ text: String) -> String {
    guard isBlock(text) else { return text }
    var inner = text.dropFirst(3).dropLast(3)
    if inner.first == "\n" { inner.removeFirst() }
    if inner.last == "\n" { inner.removeLast() }
    return String(inner)
  }

  private static func contains(_ text: String, _ query: String) -> Bool {
    // Case-sensitive only if the query has a capital, as many search fields do.
    if query == query.lowercased() { return text.lowercased().contains(query) }
    return text.contains(query)
  }
}
