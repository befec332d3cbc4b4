/// Where each character of the text under edit goes on the screen.
struct EditorLayout: Equatable {
  /// The screen rows from the prompt down, without line breaks.
  private(set) var rows: [String] = []
  private(set) var cursorRow = 0
  private(set) var cursorColumn = 0

  /// Lays out a text behind a prompt, which may hold styles; lines after the first stand behind `continuation`.
  /// Rows break at `columns`, a wide character that does not fit moves down whole.
  init(prompt: String, continuation: String, text: [Character], cursor: Int, columns: Int) {
    let columns = max(columns, 4)
    var row = prompt
    var column = DisplayWidth.of(styled: prompt)
    if column >= columns {
      // A prompt wider than the terminal would break the arithmetic below: do without.
      row = ""
      column = 0
    }
    let indent = min(DisplayWidth.of(styled: continuation), columns - 1)
    for index in 0...text.count {
      let isCursor = index == cursor
      guard index < text.count else {
        if isCursor { place(row: &row, column: &column, columns: columns) }
        break
      }
      let character = text[index]
      if character == "\n" {
        if isCursor { place(row: &row, column: &column, columns: columns) }
        rows.append(row)
        row = indent == 0 ? "" : continuation
        column = indent
        continue
      }
      let shown = character == "\t" ? "    " : String(character)
      let width = DisplayWidth.of(shown)
      if column + width > columns {
        rows.append(row)
        row = ""
        column = 0
      }
      if isCursor { place(row: &row, column: &column, columns: columns) }
      row += shown
      column += width
    }
    rows.append(row)
  }

  /// Puts the cursor here, or at the start of the next row if this one is full.
  private mutating func place(row: inout String, column: inout Int, columns: Int) {
    if column >= columns {
      rows.append(row)
      row = ""
      column = 0
    }
    cursorRow = rows.count
    cursorColumn = column
  }

  /// The layout cut to a window of `height` rows around the cursor, for text taller than the terminal.
  func window(height: Int) -> EditorLayout {
    let height = max(1, height)
    guard rows.count > height else { return self }
    let first = min(max(0, cursorRow - height / 2), rows.count - height)
    var result = self
    result.rows = Array(rows[first..<(first + height)])
    result.cursorRow = cursorRow - first
    return result
  }
}

/// Draws layouts over each other; remembers only where it left the cursor.
struct EditorPainter {
  private var cursorRow = 0
  private var rowCount = 1

  /// The bytes that replace what was painted last by this layout.
  mutating func paint(_ layout: EditorLayout) -> String {
    var output = cursorRow > 0 ? "\u{1B}[\(cursorRow)A" : ""
    output += "\r\u{1B}[J" + layout.rows.joined(separator: "\r\n")
    let up = layout.rows.count - 1 - layout.cursorRow
    if up > 0 { output += "\u{1B}[\(up)A" }
    output += "\r"
    if layout.cursorColumn > 0 { output += "\u{1B}[\(layout.cursorColumn)C" }
    cursorRow = layout.cursorRow
    rowCount = layout.rows.count
    return output
  }

  /// The bytes that leave the text standing and put the cursor on a fresh row below.
  mutating func leave() -> String {
    let down = rowCount - 1 - cursorRow
    forget()
    return (down > 0 ? "\u{1B}[\(down)B" : "") + "\r\n"
  }

  /// Starts over on an empty row.
  mutating func forget() {
    cursorRow = 0
    rowCount = 1
  }
}
