/// Matches the patterns of pre-tokenisers by hand, on UTF-8.
///
/// Alternatives are tried in the order of the regular expressions they stand for, and give what a backtracking engine would.
struct Scanner: ~Escapable {
  let text: Span<UInt8>
  /// The end of the piece: patterns see nothing beyond.
  let end: Int

  @inline(__always)
  @_lifetime(copy text)
  init(text: Span<UInt8>, end: Int) {
    self.text = text
    self.end = end
  }

  @inline(__always)
  static func isNewline(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  /// The class and the length of the scalar at `i`; an empty class and 0 at the end.
  @inline(__always)
  func read(_ i: Int) -> (UnicodeClass, Int) {
    if i >= end { return ([], 0) }
    let scalar = text.scalar(at: i, end: end)
    return (UnicodeClass(scalar), scalar.length)
  }

  /// The end of the run of at most `maximum` scalars that begins at `i`.
  @inline(__always)
  func run(_ i: Int, maximum: Int = .max, _ accept: (UnicodeClass) -> Bool) -> Int {
    var (i, count) = (i, 0)
    while count < maximum, i < end {
      let (kind, length) = read(i)
      if !accept(kind) { break }
      i += length
      count += 1
    }
    return i
  }

  /// The same, asking for scalars rather than classes.
  @inline(__always)
  func scalars(_ i: Int, _ accept: (DecodedScalar) -> Bool) -> Int {
    var i = i
    while i < end {
      let scalar = text.scalar(at: i, end: end)
      if !accept(scalar) { break }
      i += scalar.length
    }
    return i
  }

  @inline(__always)
  func newlines(_ i: Int) -> Int {
    var i = i
    while i < end, Self.isNewline(text[i]) { i += 1 }
    return i
  }

  // MARK: Whitespace

  /// `\s+(?!\S)|\s+`, before it `\s*[\r\n]+` if `breaksAtNewlines`; needs whitespace at `i`.
  @inline(__always)
  func whitespace(_ i: Int, breaksAtNewlines: Bool) -> Int {
    var (j, last, afterNewline) = (i, i, i)
    while j < end {
      let (kind, length) = read(j)
      if !kind.intersects(.space) { break }
      last = j
      j += length
      if Self.isNewline(text[last]) { afterNewline = j }
    }
    if breaksAtNewlines, afterNewline > i { return afterNewline }
    // The last space of several before a word belongs to the word.
    return j < end && last > i ? last : j
  }

  func trailingSpace(_ i: Int) -> Int {
    let j = run(i) { $0.intersects(.space) }
    return j == end ? j : i
  }

  // MARK: Contractions

  /// `'s|'t|'re|'ve|'m|'ll|'d`
  @inline(__always)
  func contraction(_ i: Int, _ rule: ContractionCase) -> Int {
    if i + 1 >= end || text[i] != UInt8(ascii: "'") { return i }
    return contractionLetters(i, rule)
  }

  private func contractionLetters(_ i: Int, _ rule: ContractionCase) -> Int {
    // Setting bit 5 of a capital ASCII letter makes it small; nothing else becomes a letter asked for below.
    let fold: UInt8 = rule == .lower ? 0 : 0x20
    let first = text[i + 1] | fold
    switch first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return i + 2
    default: break
    }
    if i + 2 >= end { return i }
    let second = text[i + 2] | fold
    switch (first, second) {
    case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "l"), UInt8(ascii: "l")):
      return i + 3
    default: break
    }
    // U+017F is C5 BF.
    if rule == .unicode, text[i + 1] == 0xC5, text[i + 2] == 0xBF { return i + 3 }
    return i
  }

  // MARK: Whole patterns

  @inline(__always)
  func gpt2(_ i: Int) -> Int {
    let contracted = contraction(i, .lower)
    if contracted > i { return contracted }
    let (first, firstLength) = read(i)
    // ` ?` before a run of one kind.
    var (start, kind) = (i, first)
    if text[i] == 0x20 { (start, kind) = (i + firstLength, read(i + firstLength).0) }
    if start < end {
      if kind.intersects(.letter) { return run(start) { $0.intersects(.letter) } }
      if kind.intersects(.number) { return run(start) { $0.intersects(.number) } }
      if !kind.intersects(.space) { return run(start) { !$0.intersects([.space, .letter, .number]) } }
    }
    return whitespace(i, breaksAtNewlines: false)
  }

  @inline(__always)
  func words(_ i: Int, _ rules: WordRules) -> Int {
    let contracted = contraction(i, rules.contractions)
    if contracted > i { return contracted }
    let letters: UnicodeClass = rules.marksJoinLetters ? [.letter, .mark] : .letter
    let (first, length) = read(i)
    if first.intersects(.letter) { return run(i + length) { $0.intersects(letters) } }
    if first.intersects(.number) { return run(i, maximum: rules.digits) { $0.intersects(.number) } }
    if !Self.isNewline(text[i]), read(i + length).0.intersects(letters) {
      return run(i + length) { $0.intersects(letters) }
    }
    if first.intersects(letters) { return i + length }
    return punctuationOrSpace(i, first, length, excluding: letters.union([.space, .number]), slash: false)
  }

  /// ` ?[^…]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`, with `/` among the newlines if `slash`.
  @inline(__always)
  private func punctuationOrSpace(
    _ i: Int, _ first: UnicodeClass, _ length: Int, excluding excluded: UnicodeClass, slash: Bool
  ) -> Int {
    var start = i
    var kind = first
    if text[i] == 0x20 { (start, kind) = (i + length, read(i + length).0) }
    if start < end, !kind.intersects(excluded) {
      var j = run(start) { !$0.intersects(excluded) }
      while j < end, Self.isNewline(text[j]) || slash && text[j] == UInt8(ascii: "/") { j += 1 }
      return j
    }
    return whitespace(i, breaksAtNewlines: true)
  }

  func casedWords(_ i: Int, _ rules: CasedWordRules) -> Int {
    let (first, length) = read(i)
    let canPrefix = !Self.isNewline(text[i]) && !first.intersects([.letter, .number])
    for needsLower in [true, false] {
      var word = canPrefix ? casedRun(i + length, rules, needsLower: needsLower) : nil
      if word == nil { word = casedRun(i, rules, needsLower: needsLower) }
      guard let word else { continue }
      guard let contractions = rules.contractions else { return word }
      return contraction(word, contractions)
    }
    if first.intersects(.number) { return run(i, maximum: rules.digits) { $0.intersects(.number) } }
    return punctuationOrSpace(i, first, length, excluding: [.space, .letter, .number], slash: true)
  }

  /// `U*W+` or, if not `needsLower`, `U+W*`; nil when it does not match at `i`.
  private func casedRun(_ i: Int, _ rules: CasedWordRules, needsLower: Bool) -> Int? {
    var j = i
    // The end of the last scalar of the U run that is in W as well: where `U*` steps back to.
    var shared: Int?
    while j < end {
      let scalar = text.scalar(at: j, end: end)
      if !Self.isUpper(scalar, rules) { break }
      j += scalar.length
      if Self.isLower(scalar, rules) { shared = j }
    }
    let lower = scalars(j) { Self.isLower($0, rules) }
    if needsLower { return lower > j ? lower : shared }
    return j > i ? lower : nil
  }

  private static func isUpper(_ scalar: DecodedScalar, _ rules: CasedWordRules) -> Bool {
    let kind = UnicodeClass(scalar)
    if rules.asciiCase { return kind.intersects(.letter) && !(0x61...0x7A).contains(scalar.value) }
    return kind.intersects([.letter, .mark]) && !kind.intersects(.lower)
  }

  private static func isLower(_ scalar: DecodedScalar, _ rules: CasedWordRules) -> Bool {
    let kind = UnicodeClass(scalar)
    if rules.asciiCase { return kind.intersects(.letter) && !(0x41...0x5A).contains(scalar.value) }
    return kind.intersects([.letter, .mark]) && !kind.intersects(.upper)
  }

  func deepSeek3(_ i: Int) -> Int {
    let (first, length) = read(i)
    if text[i] < 0x80, first.intersects([.punctuation, .symbol]) {
      let word = scalars(i + 1) { (0x61...0x7A).contains($0.value | 0x20) && $0.value < 0x80 }
      if word > i + 1 { return word }
    }
    if first.intersects([.letter, .mark])
      || !Self.isNewline(text[i]) && !first.intersects([.punctuation, .symbol])
        && read(i + length).0.intersects([.letter, .mark])
    {
      return run(i + length) { $0.intersects([.letter, .mark]) }
    }
    var start = i
    if text[i] == 0x20 { start += 1 }
    let marks = run(start) { $0.intersects([.punctuation, .symbol]) }
    if marks > start { return newlines(marks) }
    return first.intersects(.space) ? whitespace(i, breaksAtNewlines: true) : i
  }

  // MARK: Small patterns

  func threeDigits(_ i: Int) -> Int {
    if i + 3 > end { return i }
    for j in i..<i + 3 where !(0x30...0x39).contains(text[j]) { return i }
    return i + 3
  }

  func punctuation(_ i: Int, backtick: Bool) -> Int {
    scalars(i) {
      if UnicodeClass($0).intersects(.punctuation) { return true }
      switch $0.value {
      case 0x24, 0x2B, 0x3C, 0x3D, 0x3E, 0x5E, 0x7C, 0x7E: return true
      case 0x60: return backtick
      default: return false
      }
    }
  }

  /// `\s?` and then a run; the space may itself be in the run.
  @inline(__always)
  func spaced(_ i: Int, _ accept: (DecodedScalar) -> Bool) -> Int {
    if i >= end { return i }
    let first = text.scalar(at: i, end: end)
    if UnicodeClass(first).intersects(.space) {
      let j = scalars(i + first.length, accept)
      if j > i + first.length { return j }
    }
    return scalars(i, accept)
  }
}
