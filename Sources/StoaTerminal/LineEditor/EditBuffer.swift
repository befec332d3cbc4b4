/// Text under edit and a cursor between its grapheme clusters, so that no key ever splits an emoji or an accent.
struct EditBuffer: Equatable {
  private(set) var characters: [Character] = []
  /// The number of characters before the cursor.
  private(set) var cursor = 0

  var text: String { String(characters) }
  var isEmpty: Bool { characters.isEmpty }

  /// Replaces the text and puts the cursor at its end.
  mutating func set(_ text: String) {
    characters = Array(Self.sanitised(text))
    cursor = characters.count
  }

  /// Inserts text at the cursor. A combining mark joins the character before it, as on the screen.
  mutating func insert(_ text: String) {
    let text = Self.sanitised(text)
    guard !text.isEmpty else { return }
    // Only the neighbours can merge with what is inserted; the rest of the text stays as it is.
    let start = max(0, cursor - 1)
    let end = min(characters.count, cursor + 1)
    let before = String(characters[start..<cursor]) + text
    let joined = Array(before + String(characters[cursor..<end]))
    let after = end - cursor
    let merged = Array(before).count + after > joined.count
    characters.replaceSubrange(start..<end, with: joined)
    cursor = start + joined.count - (merged ? 0 : after)
  }

  mutating func moveLeft() { cursor = max(0, cursor - 1) }
  mutating func moveRight() { cursor = min(characters.count, cursor + 1) }
  mutating func moveToEnd() { cursor = characters.count }
  mutating func moveToLineStart() { cursor = lineStart(of: cursor) }
  mutating func moveToLineEnd() { cursor = lineEnd(of: cursor) }
  mutating func moveWordLeft() { cursor = wordStart() }
  mutating func moveWordRight() { cursor = wordEnd() }

  /// Moves to the line above at the same column; false on the first line.
  mutating func moveUp() -> Bool {
    let start = lineStart(of: cursor)
    guard start > 0 else { return false }
    let above = lineStart(of: start - 1)
    cursor = min(above + (cursor - start), start - 1)
    return true
  }

  /// Moves to the line below at the same column; false on the last line.
  mutating func moveDown() -> Bool {
    let end = lineEnd(of: cursor)
    guard end < characters.count else { return false }
    let column = cursor - lineStart(of: cursor)
    cursor = min(end + 1 + column, lineEnd(of: end + 1))
    return true
  }

  mutating func deleteBackward() {
    guard cursor > 0 else { return }
    cursor -= 1
    characters.remove(at: cursor)
  }

  mutating func deleteForward() {
    if cursor < characters.count { characters.remove(at: cursor) }
  }

  /// Removes from the cursor to the end of its line, or the line break when there already; returns what was removed.
  mutating func killToLineEnd() -> String {
    let end = lineEnd(of: cursor)
    return remove(cursor..<(end == cursor && end < characters.count ? end + 1 : end))
  }

  mutating func killToLineStart() -> String { remove(lineStart(of: cursor)..<cursor) }
  mutating func killWordForward() -> String { remove(cursor..<wordEnd()) }
  mutating func killWordBackward() -> String { remove(wordStart()..<cursor) }

  /// Removes back to white space, as Ctrl-W does in a shell.
  mutating func killToSpaceBackward() -> String {
    var start = cursor
    while start > 0 && characters[start - 1].isWhitespace { start -= 1 }
    while start > 0 && !characters[start - 1].isWhitespace { start -= 1 }
    return remove(start..<cursor)
  }

  private mutating func remove(_ range: Range<Int>) -> String {
    let removed = String(characters[range])
    characters.removeSubrange(range)
    cursor = range.lowerBound
    return removed
  }

  private func wordStart() -> Int {
    var index = cursor
    while index > 0 && !Self.isWord(characters[index - 1]) { index -= 1 }
    while index > 0 && Self.isWord(characters[index - 1]) { index -= 1 }
    return index
  }

  private func wordEnd() -> Int {
    var index = cursor
    while index < characters.count && !Self.isWord(characters[index]) { index += 1 }
    while index < characters.count && Self.isWord(characters[index]) { index += 1 }
    return index
  }

  private func lineStart(of index: Int) -> Int {
    var index = index
    while index > 0 && characters[index - 1] != "\n" { index -= 1 }
    return index
  }

  private func lineEnd(of index: Int) -> Int {
    var index = index
    while index < characters.count && characters[index] != "\n" { index += 1 }
    return index
  }

  private static func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber }

  /// Line breaks become `\n`; other control characters but the tab are dropped: they cannot be shown or meant.
  private static func sanitised(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var previous: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      if scalar == "\r" {
        result.append("\n")
      } else if scalar == "\n" {
        if previous != "\r" { result.append("\n") }
      } else if scalar == "\t" || !(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)) {
        result.append(scalar)
      }
      previous = scalar
    }
    return String(result)
  }
}
