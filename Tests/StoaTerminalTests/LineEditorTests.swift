import StoaTestSupport
import Testing

@testable import StoaTerminal

/// Turns `one<left>x<^a><paste>two</paste>` into the bytes that a terminal sends for those keys.
private func bytes(of notation: String) -> [UInt8] {
  let names = [
    "left": "\u{1B}[D", "right": "\u{1B}[C", "up": "\u{1B}[A", "down": "\u{1B}[B", "home": "\u{1B}[H",
    "backspace": "\u{7F}", "delete": "\u{1B}[3~", "enter": "\r", "tab": "\t", "escape": "\u{1B}",
    "alt-b": "\u{1B}b", "alt-f": "\u{1B}f", "alt-d": "\u{1B}d", "alt-backspace": "\u{1B}\u{7F}",
    "alt-enter": "\u{1B}\r", "ctrl-left": "\u{1B}[1;5D", "paste": "\u{1B}[200~", "/paste": "\u{1B}[201~",
  ]
  var result: [UInt8] = []
  var rest = Substring(notation)
  while let start = rest.firstIndex(of: "<") {
    result += rest[..<start].utf8
    let end = rest[start...].firstIndex(of: ">") ?? rest.index(before: rest.endIndex)
    let name = rest[rest.index(after: start)..<end]
    if name.hasPrefix("^"), let letter = name.last?.asciiValue {
      result.append(letter - 0x60)
    } else {
      result += (names[String(name)] ?? "?").utf8
    }
    rest = rest[rest.index(after: end)...]
  }
  return result + rest.utf8
}

extension LineEditor {
  @discardableResult
  fileprivate mutating func type(_ keys: String) -> [Action] {
    var actions: [Action] = []
    for byte in bytes(of: keys) {
      guard let action = feed(byte) else { continue }
      actions.append(action)
      if case .submit(let text) = action { startLine(adding: text) }
    }
    return actions
  }

  /// The text with a bar where the cursor is.
  fileprivate var shown: String {
    var characters = buffer.characters
    characters.insert("|", at: cursor)
    return String(characters)
  }
}

@Suite struct LineEditorTests {
  @Test(arguments: [
    ("abc", "abc|"),
    ("abc<left>x", "abx|c"),
    ("abc<home>x", "x|abc"),
    ("abc<^a><right><^d>", "a|c"),
    ("abc<^a><delete>", "|bc"),
    ("abc<backspace><backspace>", "a|"),
    ("abc<^b><^b><^f>-", "ab-|c"),
    ("one two<^w>", "one |"),
    ("one two  <^w>", "one |"),
    ("one two<^w><^w><^y>", "one two|"),
    ("one two<^a><^k>", "|"),
    ("one two<^a><^k>x<^y>", "xone two|"),
    ("one two<^u><^y><^y>", "one twoone two|"),
    ("one two<alt-b><alt-b>x", "x|one two"),
    ("one, two<ctrl-left><^u>", "|two"),
    ("one two<home><alt-f>!", "one!| two"),
    ("one two<home><alt-d>", "| two"),
    ("one.two<alt-backspace>", "one.|"),
    ("<left><right><backspace><delete><^k>", "|"),
    ("漢字<left>x", "漢x|字"),
    ("e\u{301}<backspace>", "|"),
    ("ae\u{301}<left>b", "ab|é"),
    ("👩\u{200D}👧<backspace>", "|"),
    ("🇩🇪<left>x", "x|🇩🇪"),
    ("<paste>a\r\nb\rc\td\u{07}</paste>", "a\nb\nc\td|"),
    ("xy<left><paste>12</paste>", "x12|y"),
  ])
  func editing(_ keys: String, _ shown: String) {
    var editor = LineEditor()
    editor.type(keys)
    #expect(editor.shown == shown)
  }

  @Test func aMarkTypedBeforeALetterJoinsTheOneBeforeIt() {
    var editor = LineEditor()
    editor.type("ab<left>")
    for byte in "\u{301}".utf8 { _ = editor.feed(byte) }
    #expect(editor.shown == "á|b")
  }

  @Test func enterSubmitsWhateverTheCursor() {
    var editor = LineEditor()
    #expect(editor.type("hello<home>\r") == [.submit("hello")])
    #expect(editor.shown == "|")
  }

  @Test(arguments: [
    ("one\\\rtwo\r", "one\ntwo"),
    ("path\\\\\r", "path\\\\"),
    ("\"\"\"\rone\r\rtwo\r\"\"\"\r", "one\n\ntwo"),
    ("\"\"\"one\"\"\"\r", "one"),
    ("\"\"\"one\\\rtwo\"\"\"\r", "one\\\ntwo"),
    ("say \"\"\" now\r", "say \"\"\" now"),
    ("<paste>one\ntwo</paste>\r", "one\ntwo"),
    ("one<alt-enter>two\r", "one\ntwo"),
    ("\"\"\"\"\"\"\r", ""),
  ])
  func multipleLines(_ keys: String, _ submitted: String) {
    var editor = LineEditor()
    #expect(editor.type(keys) == [.submit(submitted)])
  }

  @Test func arrowsMoveBetweenLinesBeforeHistory() {
    var editor = LineEditor(history: ["old"])
    editor.type("<paste>one\ntwo three\nx</paste>")
    editor.type("<up>")
    #expect(editor.shown == "one\nt|wo three\nx")
    editor.type("<^e><up>")
    #expect(editor.shown == "one|\ntwo three\nx")
    editor.type("<down><down>")
    #expect(editor.shown == "one\ntwo three\nx|")
    editor.type("<up><up><up>")
    #expect(editor.shown == "old|")
    editor.type("<down>")
    #expect(editor.text == "one\ntwo three\nx")
  }

  @Test func killsWithinTheLine() {
    var editor = LineEditor()
    editor.type("<paste>one\ntwo</paste><up><^k>")
    #expect(editor.shown == "one|two")
    editor.type("<^u>")
    #expect(editor.shown == "|two")
  }

  @Test func historyKeepsTheDraft() {
    var editor = LineEditor(history: ["first", "second"])
    editor.type("draft<up>")
    #expect(editor.shown == "second|")
    editor.type("<up>")
    #expect(editor.shown == "first|")
    #expect(editor.type("<up>") == [.bell])
    editor.type("<down><^n>")
    #expect(editor.shown == "draft|")
    #expect(editor.type("<down>") == [.bell])
  }

  @Test func submittedLinesJoinTheHistory() {
    var editor = LineEditor()
    editor.type("one\rtwo\r<up><up>")
    #expect(editor.shown == "one|")
  }

  @Test func searchFindsOlderEntries() {
    var editor = LineEditor(history: ["tell a story", "what are you", "another story"])
    editor.type("<^r>story")
    #expect(editor.searchQuery == "story")
    #expect(editor.text == "another story")
    editor.type("<^r>")
    #expect(editor.text == "tell a story")
    editor.type("<^r>")
    #expect(editor.text == "tell a story")
    editor.type("<left>")
    #expect(editor.searchQuery == nil)
    #expect(editor.shown == "tell a stor|y")
  }

  @Test func searchIgnoresCaseUnlessAsked() {
    var editor = LineEditor(history: ["Ada", "adapter"])
    editor.type("<^r>PT")
    #expect(editor.text == "")
    editor.type("<^g><^r>ada")
    #expect(editor.text == "adapter")
    editor.type("<backspace><backspace><backspace>")
    #expect(editor.text == "")
  }

  @Test func searchCanBeCancelledOrSubmitted() {
    var editor = LineEditor(history: ["old one"])
    editor.type("new<^r>old<^c>")
    #expect(editor.shown == "new|")
    #expect(editor.type("<^r>old\r") == [.submit("old one")])
  }

  @Test func searchEndsWithALoneEscape() {
    var editor = LineEditor(history: ["old one"])
    editor.type("new<^r>old<escape>")
    #expect(editor.hasPendingEscape)
    #expect(editor.flushEscape() == nil)
    #expect(editor.shown == "new|")
  }

  @Test func controlCClearsAndExplainsAtTheSecond() {
    var editor = LineEditor()
    #expect(editor.type("abc<^c>").isEmpty)
    #expect(editor.text == "")
    #expect(editor.type("<^c>").isEmpty)
    #expect(editor.type("<^c>") == [.explainLeaving])
    #expect(editor.type("<^c>a<backspace><^c>").isEmpty)
  }

  @Test func controlDLeavesOnlyFromAnEmptyLine() {
    var editor = LineEditor()
    #expect(editor.type("a<^d>").isEmpty)
    #expect(editor.type("<backspace><^d>") == [.endOfInput])
  }

  @Test func otherActions() {
    var editor = LineEditor()
    #expect(
      editor.type("<^l><^z><^o>") == [.clearScreen, .suspend, .bell])
  }

  @Test func tabCompletesCommands() {
    var editor = LineEditor(completions: ["/help", "/history", "/save "])
    editor.type("/h\t")
    #expect(editor.text == "/h")
    #expect(editor.type("\t") == [.bell])
    editor.type("e\t")
    #expect(editor.shown == "/help|")
    #expect(editor.type("<^u>x\t") == [.bell])
  }

  @Test func randomKeysKeepTheCursorInside() {
    var generator = SeededGenerator(state: 7)
    var editor = LineEditor(history: ["a\nb", "漢字", "e\u{301}x"])
    let keys = [
      "a", "漢", "\u{301}", "👍", "🏽", "\u{200D}", "🇩", "\n", "\\", "\"\"\"", "<left>", "<right>", "<up>",
      "<down>",
      "<home>", "<backspace>", "<delete>", "<alt-b>", "<alt-f>", "<alt-d>", "<alt-enter>", "<^k>",
      "<^u>", "<^w>", "<^y>", "<^r>", "<^c>",
      "<paste>x\ny</paste>", "\t",
    ]
    for _ in 0..<20_000 {
      editor.type(keys[Int(generator.next() % UInt64(keys.count))])
      #expect(editor.cursor >= 0 && editor.cursor <= editor.buffer.characters.count)
      if editor.buffer.characters.count > 200 { editor.startLine() }
    }
  }
}
