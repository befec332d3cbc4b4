/// A text's tokens, cut into segments: at the ends of sentences and lines, at cells, tags and quoted values.
///
/// `Scripts/guard_segments.py` describes the rules; both cut every text the same way. Tokens are those of ``TextFeatures``.
struct TextSegments {
  /// What a segment is cut off with from what is before it.
  enum Break: Int {
    case length, sentence, line, blank
  }

  /// A run of tokens.
  struct Segment {
    /// Its tokens by number; never empty.
    var tokens: Range<Int>
    /// The bytes of ASCII punctuation among and behind its tokens, a bit each.
    var marks: (UInt64, UInt64) = (0, 0)
    var before: Break
    /// The mark that ends it: `.`, `!`, `?` or `:`, else 0.
    var end: UInt8 = 0
  }

  /// Tokens end to end, each with a space before it and one after the last.
  private(set) var text: [UInt8] = [0x20]
  /// Where each token lies in `text`.
  private(set) var tokens: [Range<Int>] = []
  /// Whether each token began with a capital.
  private(set) var capitals: [Bool] = []
  private(set) var segments: [Segment] = []

  /// How many bytes around a mark are looked at, so that no text takes time that grows with its square.
  private static let near = 64

  private let bytes: [UInt8]
  private let most: Int
  private var segment = Segment(tokens: 0..<0, before: .blank)
  private var isCapital = false
  private var letters = 0
  private var line = 0

  /// Cuts UTF-8 text; a segment has no more than `most` tokens.
  init(_ bytes: some Collection<UInt8>, most: Int) {
    self.bytes = Array(bytes)
    self.most = most
    text.reserveCapacity(self.bytes.count + 2)
    var index = 0
    while index < self.bytes.count { index = take(at: index) }
    end()
    cut(.line)
  }

  private func byte(_ index: Int) -> UInt8? { index >= 0 && index < bytes.count ? bytes[index] : nil }
  private func isLetter(at index: Int) -> Bool { byte(index).map(TextFeatures.isLetter) ?? false }
  private var start: Int { tokens.last.map { $0.upperBound + 1 } ?? 1 }
  private var isInToken: Bool { text.count > start }

  /// Takes what is at a place, and gives the next place.
  private mutating func take(at index: Int) -> Int {
    let byte = bytes[index]
    if byte == 0xE2, index + 2 < bytes.count, bytes[index + 1] == 0x80 {
      let mark = bytes[index + 2]
      if mark == 0x99, isInToken, isLetter(at: index + 3) {
        text.append(39)
      } else if !(0x8B...0x8D).contains(mark) {
        end()
      }
      return index + 3
    }
    if TextFeatures.isLetter(byte) {
      if !isInToken { isCapital = byte < 97 }
      text.append(byte | 32)
    } else if byte >= 128 || byte &- 48 < 10 {
      text.append(byte)
    } else if byte == 36 || byte == 39 || byte == 42, isInToken, isLetter(at: index + 1) {
      text.append(byte == 36 ? 115 : byte)
    } else {
      return takeMark(byte, at: index)
    }
    return index + 1
  }

  /// Takes punctuation or space: what ends a token, and what a link, a handle or an escape goes on with.
  private mutating func takeMark(_ byte: UInt8, at start: Int) -> Int {
    var index = start
    if byte == UInt8(ascii: ":"), isScheme, bytes[index...].starts(with: "://".utf8) {
      text.replaceSubrange(self.start..., with: "@u".utf8)
      add()
      while index < bytes.count, bytes[index] > 32, !Self.endsLink(bytes[index]) { index += 1 }
      return index
    }
    end()
    if byte == UInt8(ascii: "@") {
      text.append(byte)
      add()
      index += 1
      while index < bytes.count, TextFeatures.isHandle(bytes[index]) { index += 1 }
      return index
    }
    if byte == UInt8(ascii: "\\"), let next = self.byte(index + 1), next == 110 || next == 114 || next == 116 {
      if next == 110 { cut(.line) }
      return index + 2
    }
    note(byte, at: index)
    return index + 1
  }

  private var isScheme: Bool {
    text[start...].elementsEqual("http".utf8) || text[start...].elementsEqual("https".utf8)
  }

  private static func endsLink(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "|"),
      UInt8(ascii: ")"):
      true
    default: false
    }
  }

  private mutating func end() {
    guard isInToken else { return }
    let hasLetter = text[start...].contains(where: TextFeatures.isLetter)
    for place in start..<text.count where text[place] &- 48 < 10 {
      text[place] = hasLetter ? TextFeatures.looks[Int(text[place] - 48)] : 48
    }
    add()
  }

  /// Takes what is open as a token of the segment, and three and more single letters in a row as one.
  private mutating func add() {
    let token = start..<text.count
    if segment.tokens.count >= most { cut(.length) }
    letters = token.count == 1 && TextFeatures.isLetter(text[token.lowerBound]) ? letters + 1 : 0
    tokens.append(token)
    capitals.append(isCapital)
    isCapital = false
    text.append(0x20)
    if letters == 3 { joinLetters(3) } else if letters > 3 { joinLetters(2) }
    segment.tokens = segment.tokens.lowerBound..<tokens.count
  }

  private mutating func joinLetters(_ count: Int) {
    guard let first = tokens.dropLast(count - 1).last else { return }
    let others = tokens.suffix(count - 1).map { text[$0.lowerBound] }
    tokens.removeLast(count)
    capitals.removeLast(count - 1)
    text.removeSubrange(first.upperBound...)
    text += others
    tokens.append(first.lowerBound..<text.count)
    text.append(0x20)
  }

  /// Ends the segment; what is cut more than once in a row is cut with the strongest.
  private mutating func cut(_ kind: Break) {
    if !segment.tokens.isEmpty {
      segments.append(segment)
      segment = Segment(tokens: tokens.count..<tokens.count, before: kind)
    } else if kind.rawValue > segment.before.rawValue {
      segment.before = kind
    }
    letters = 0
  }

  /// Notes a mark outside of tokens, and cuts where it ends or begins something.
  private mutating func note(_ mark: UInt8, at index: Int) {
    if mark == 10 { return newline(index) }
    guard mark > 32 else { return }
    if mark == UInt8(ascii: "<"), isLetter(at: index + 1) || byte(index + 1) == 33 || byte(index + 1) == 47 {
      cut(.sentence)
    }
    let endsSentence = mark == 46 || mark == 33 || mark == 63
    if !segment.tokens.isEmpty || !(endsSentence || mark == 58) {
      if mark < 64 { segment.marks.0 |= 1 << UInt64(mark) } else { segment.marks.1 |= 1 << UInt64(mark - 64) }
    }
    if endsSentence {
      if isEndOfSentence(index) {
        segment.end = mark
        cut(.sentence)
      }
    } else if mark == 58 {
      if !segment.tokens.isEmpty { segment.end = mark }
    } else if mark == UInt8(ascii: "|") {
      cut(.sentence)
    } else if mark == UInt8(ascii: ">") {
      if index > 0, !Self.isSpace(bytes[index - 1]) { cut(.sentence) }
    } else if mark == 34 || mark == 39, isQuoteOfValue(index) {
      cut(.sentence)
    }
  }

  private func isEndOfSentence(_ index: Int) -> Bool {
    var place = index + 1
    while place < min(bytes.count, index + Self.near), "\"')]}*.!?".utf8.contains(bytes[place]) { place += 1 }
    guard let next = byte(place) else { return true }
    return Self.isSpace(next) || next == 60 || next == UInt8(ascii: "\\") && byte(place + 1) == 110
  }

  private func isQuoteOfValue(_ index: Int) -> Bool {
    var before = index - 1
    var after = index + 1
    while before >= max(0, index - Self.near), bytes[before] == 32 { before -= 1 }
    while after < min(bytes.count, index + Self.near), bytes[after] == 32 { after += 1 }
    return byte(before).map { ":{[,(".utf8.contains($0) } ?? false
      || byte(after).map { ":,}])".utf8.contains($0) } ?? false
  }

  /// A line that is long and goes on in lower case is no end of a segment.
  private mutating func newline(_ index: Int) {
    var place = index + 1
    var lines = 1
    while place < min(bytes.count, index + Self.near), Self.isSpace(bytes[place]) {
      if bytes[place] == 10 { lines += 1 }
      place += 1
    }
    let isLower = byte(place).map { (97...122).contains($0) } ?? false
    let goesOn = lines == 1 && index - line >= 50 && isLower
    line = index + 1
    if !goesOn { cut(lines > 1 ? .blank : .line) }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }
}
