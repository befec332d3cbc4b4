import Testing

@testable import StoaTerminal

@Suite struct EditorLayoutTests {
  private func layout(_ text: String, _ cursor: Int, columns: Int) -> EditorLayout {
    EditorLayout(prompt: "› ", continuation: "… ", text: Array(text), cursor: cursor, columns: columns)
  }

  @Test func shortLine() {
    let result = layout("abc", 1, columns: 20)
    #expect(result.rows == ["› abc"])
    #expect((result.cursorRow, result.cursorColumn) == (0, 3))
  }

  @Test func rowsBreakAtTheWidth() {
    let result = layout("abcdefghij", 10, columns: 8)
    #expect(result.rows == ["› abcdef", "ghij"])
    #expect((result.cursorRow, result.cursorColumn) == (1, 4))
  }

  @Test func theCursorNeverStandsBeyondTheLastColumn() {
    let result = layout("abcdef", 6, columns: 8)
    #expect(result.rows == ["› abcdef", ""])
    #expect((result.cursorRow, result.cursorColumn) == (1, 0))
    let full = layout("abcdef\nx", 6, columns: 8)
    #expect(full.rows == ["› abcdef", "", "… x"])
    #expect((full.cursorRow, full.cursorColumn) == (1, 0))
  }

  @Test func wideCharactersMoveDownWhole() {
    let result = layout("abc漢漢", 4, columns: 8)
    #expect(result.rows == ["› abc漢", "漢"])
    #expect((result.cursorRow, result.cursorColumn) == (1, 0))
  }

  @Test func laterLinesStandBehindTheContinuation() {
    let result = layout("a\nbc", 4, columns: 20)
    #expect(result.rows == ["› a", "… bc"])
    #expect((result.cursorRow, result.cursorColumn) == (1, 4))
    #expect(layout("a\nbc", 1, columns: 20).cursorRow == 0)
    #expect(layout("a\n", 2, columns: 20).rows == ["› a", "… "])
  }

  @Test(arguments: 1...12)
  func narrowTerminals(_ columns: Int) {
    let text = Array("a漢b\n\tc👍🏽d")
    for cursor in 0...text.count {
      let result = EditorLayout(prompt: "prompt› ", continuation: "… ", text: text, cursor: cursor, columns: columns)
      #expect(result.cursorRow < result.rows.count)
      #expect(result.cursorColumn < max(columns, 4))
      for row in result.rows { #expect(DisplayWidth.of(row) <= max(columns, 4)) }
    }
  }

  @Test func tallTextIsCutAroundTheCursor() {
    let text = (0..<100).map { "line \($0)" }.joined(separator: "\n")
    for cursor in stride(from: 0, through: text.count, by: 50) {
      let window = layout(text, cursor, columns: 40).window(height: 10)
      #expect(window.rows.count == 10)
      #expect((0..<10).contains(window.cursorRow))
    }
    let end = layout(text, text.count, columns: 40).window(height: 10)
    #expect(end.rows.last == "… line 99")
  }

  @Test func paintingReplacesWhatWasThere() {
    var painter = EditorPainter()
    #expect(painter.paint(layout("abcdefghij", 10, columns: 8)) == "\r\u{1B}[J› abcdef\r\nghij\r\u{1B}[4C")
    #expect(
      painter.paint(layout("abcdefghij", 0, columns: 8)) == "\u{1B}[1A\r\u{1B}[J› abcdef\r\nghij\u{1B}[1A\r\u{1B}[2C")
    #expect(painter.leave() == "\u{1B}[1B\r\n")
    #expect(painter.paint(layout("", 0, columns: 8)) == "\r\u{1B}[J› \r\u{1B}[2C")
  }
}
