/// Breaks streamed text between words so that no word is cut at the right edge of the terminal.
///
/// A word is held back until it is complete. Ideographs and emoji may stand at the end of any line, a word longer than
/// a line is cut by the terminal, and the lines of a fenced code block stay as they are.
public struct WordWrap {
  private let columns: Int
  private var column = 0
  private var spaces = ""
  private var word = ""
  private var isAtLineStart = true
  private var isInCode = false

  /// Wraps at `columns`; fewer than ten are too few to wrap at.
  public init(columns: Int) { self.columns = columns < 10 ? .max : columns }

  /// The text that can be shown now that `text` has come.
  public mutating func push(_ text: String) -> String {
    var shown = ""
    for character in text {
      if character.isNewline {
        release(into: &shown)
        shown += spaces
        shown.append(character)
        (column, spaces, isAtLineStart) = (0, "", true)
      } else if character == " " {
        release(into: &shown)
        spaces.append(character)
      } else {
        word.append(character)
        if DisplayWidth.of(character) > 1 { release(into: &shown) }
      }
    }
    return shown
  }

  /// What is still held back.
  public mutating func finish() -> String {
    var shown = ""
    release(into: &shown)
    shown += spaces
    spaces = ""
    return shown
  }

  private mutating func release(into shown: inout String) {
    guard !word.isEmpty else { return }
    // CommonMark, section 4.5: a line that starts with three backticks opens or closes a block of code.
    if isAtLineStart, word.hasPrefix("```") { isInCode.toggle() }
    isAtLineStart = false
    let width = DisplayWidth.of(word)
    if !isInCode, column > 0, width <= columns, column + spaces.count + width > columns {
      shown += "\n"
      column = 0
    } else {
      shown += spaces
      column += spaces.count
    }
    shown += word
    column += width
    // The terminal itself has broken a line that is longer.
    if column > columns { column %= columns }
    (spaces, word) = ("", "")
  }
}
