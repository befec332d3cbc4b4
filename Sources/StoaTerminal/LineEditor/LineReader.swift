#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Reads lines from a person: with the line editor on a terminal, as plain lines from anything else.
///
/// The terminal is in raw mode only while a line is read, and is restored on every way out, signals included.
public final class LineReader {
  private var editor: LineEditor
  private var painter = EditorPainter()
  private var history: History
  private var unread: [UInt8] = []
  private let prompt: String
  private let continuation: String
  private let isTerminal: Bool

  /// What Ctrl-C twice on an empty line says.
  public var leavingHint = "to leave: Ctrl-D"

  /// A reader that shows `prompt` before the first line and `continuation` before later ones; both may hold styles.
  public init(
    prompt: String, continuation: String, history: History = History(), completions: [String] = [],
    terminal: Terminal = .current()
  ) {
    self.prompt = prompt
    self.continuation = continuation
    self.history = history
    editor = LineEditor(history: history.entries, completions: completions)
    isTerminal = terminal.isInteractive
  }

  /// The next line without its line break, or nil at the end of the input.
  public func read() throws(OutputError) -> String? {
    guard isTerminal, let mode = TerminalMode.enter(.editing) else { return readPlainLine() }
    defer { mode.leave() }
    // Bracketed paste (xterm): the terminal marks pasted text, so that a line break in it does not submit.
    try Output.write("\u{1B}[?2004h")
    defer { Output.note("\u{1B}[?2004l") }
    painter.forget()
    while true {
      if unread.isEmpty {
        try repaint()
        guard fill() else { return nil }
      }
      let action: LineEditor.Action?
      if unread.isEmpty {
        action = editor.flushEscape()
      } else {
        action = editor.feed(unread.removeFirst())
      }
      switch action {
      case .submit(let text):
        try finish()
        let before = history.entries.count
        history.add(text)
        editor.startLine(adding: history.entries.count > before ? text : nil)
        return text
      case .endOfInput:
        try finish()
        return nil
      case .clearScreen:
        painter.forget()
        try Output.write("\u{1B}[H\u{1B}[2J")
      case .explainLeaving:
        try finish()
        try Output.write(leavingHint + "\r\n")
      case .suspend:
        try finish()
        mode.suspend()
      case .bell:
        try Output.write("\u{07}")
      case nil:
        break
      }
    }
  }

  /// Waits for bytes from the keyboard; false at the end of the input. May return without bytes when a lone escape byte
  /// has waited long enough to be the Escape key.
  private func fill() -> Bool {
    if editor.hasPendingEscape {
      var wait = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
      if unsafe poll(&wait, 1, 60) == 0 { return true }
    }
    return readMore()
  }

  private func readMore() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe systemRead(0, bytes)
      }
      if count > 0 {
        unread += buffer[..<count]
        return true
      }
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EAGAIN {
        var wait = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&wait, 1, -1)
        continue
      }
      return false
    }
  }

  private func readPlainLine() -> String? {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        var line = unread[..<end]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        let text = String(decoding: line, as: UTF8.self)
        unread.removeSubrange(...end)
        return text
      }
      if readMore() { continue }
      guard !unread.isEmpty else { return nil }
      defer { unread = [] }
      return String(decoding: unread, as: UTF8.self)
    }
  }

  private func repaint() throws(OutputError) {
    let size = Terminal.size()
    let shown = editor.searchQuery.map { "(search) \($0): " } ?? prompt
    let layout = EditorLayout(
      prompt: shown, continuation: continuation, text: editor.buffer.characters, cursor: editor.cursor,
      columns: size.columns)
    try Output.write(painter.paint(layout.window(height: size.rows)))
  }

  private func finish() throws(OutputError) {
    try repaint()
    try Output.write(painter.leave())
  }
}

@unsafe private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
  #if canImport(Darwin)
    unsafe Darwin.read(descriptor, buffer.baseAddress, buffer.count)
  #elseif canImport(Musl)
    unsafe Musl.read(descriptor, buffer.baseAddress, buffer.count)
  #else
    unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
  #endif
}
