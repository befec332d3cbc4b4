/// Matches the patterns of pre-tokenisers by hand, on UTF-8.
///
/// Alternatives are tried in the order of the regular expressions they stand for, and give what a backtracking engine would.
struct Scanner: ~Escapable {
  let text: Span<UInt8>
  /// The piece: patterns see nothing outside.
  let start: Int
  let end: Int
  let classes: UnicodeClassTable

  /// Needs a range within the text, and offsets in it in all that follows.
  @inline(__always)
  @_lifetime(copy text)
  init(text: Span<UInt8>, range: Range<Int>, classes: UnicodeClassTable) {
    precondition(range.upperBound <= text.count, "a piece reaches beyond its text")
    self.text = text
    (start, end) = (range.lowerBound, range.upperBound)
    self.classes = classes
  }

  /// Where the match that begins at `i` ends; `i` when there is none.
  func match(_ pattern: SplitPattern, _ i: Int) -> Int {
    switch pattern {
    case .gpt2: gpt2(i)
    case .words(let rules): words(i, rules)
    case .casedWords(let rules): casedWords(i, rules)
    case .deepSeek3: deepSeek3(i)
    case .numbers(let maximum): run(i, .number, maximum: maximum)
    case .digitGroups: digitGroups(i)
    case .regex: i
    }
  }

  // MARK: Reading

  /// The byte at `i`, which is below `end`.
  @inline(__always)
  private func byte(_ i: Int) -> UInt8 { unsafe text[unchecked: i] }

  @inline(__always)
  private static func isNewline(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  /// The class and the length of the scalar at `i`; an empty class and 0 at the end.
  @inline(__always)
  private func read(_ i: Int) -> (UnicodeClass, Int) {
    if i >= end { return ([], 0) }
    let first = byte(i)
    if first < 0x80 { return (classes[ascii: first], 1) }
    let scalar = text.scalar(at: i, end: end)
    return (classes[scalar], scalar.length)
  }

  /// The end of the run of scalars of some classes that begins at `i`.
  @inline(__always)
  private func run(_ i: Int, _ wanted: UnicodeClass) -> Int {
    var i = i
    while i < end {
      let first = byte(i)
      if first < 0x80 {
        if !classes[ascii: first].intersects(wanted) { break }
        i += 1
      } else {
        let scalar = text.scalar(at: i, end: end)
        if !classes[scalar].intersects(wanted) { break }
        i += scalar.length
      }
    }
    return i
  }

  /// The end of the run of scalars of none of some classes.
  @inline(__always)
  private func run(_ i: Int, excluding excluded: UnicodeClass) -> Int {
    var i = i
    while i < end {
      let (kind, length) = read(i)
      if kind.intersects(excluded) { break }
      i += length
    }
    return i
  }

  @inline(__always)
  private func run(_ i: Int, _ wanted: UnicodeClass, maximum: Int) -> Int {
    var (i, count) = (i, 0)
    while count < maximum, i < end {
      let (kind, length) = read(i)
      if !kind.intersects(wanted) { break }
      i += length
      count += 1
    }
    return i
  }

  // MARK: Whitespace

  /// `\s+(?!\S)|\s+`, before it `\s*[\r\n]+` if `breaksAtNewlines`, and before that `\s+$` if `takesEndWhole`. What is no
  /// whitespace is a piece of its own.
  private func whitespace(_ i: Int, breaksAtNewlines: Bool, takesEndWhole: Bool = false) -> Int {
    var (j, last, afterNewline) = (i, i, i)
    while j < end {
      let (kind, length) = read(j)
      if !kind.intersects(.space) { break }
      last = j
      j += length
      if Self.isNewline(byte(last)) { afterNewline = j }
    }
    if breaksAtNewlines, afterNewline > i, !(takesEndWhole && j == end) { return afterNewline }
    // The last space of several before a word belongs to the word.
    if j < end, last > i { return last }
    return j > i ? j : i + read(i).1
  }

  // MARK: Contractions

  /// `'s|'t|'re|'ve|'m|'ll|'d`, in lower case if there is no rule.
  @inline(__always)
  private func contraction(_ i: Int, _ rule: ContractionCase?) -> Int {
    if i + 1 >= end || byte(i) != UInt8(ascii: "'") { return i }
    return contractionLetters(i, rule)
  }

  private func contractionLetters(_ i: Int, _ rule: ContractionCase?) -> Int {
    // Setting bit 5 of a capital ASCII letter makes it small; nothing else becomes a letter asked for below.
    let fold: UInt8 = rule == nil ? 0 : 0x20
    let first = byte(i + 1) | fold
    switch first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return i + 2
    default: break
    }
    if i + 2 >= end { return i }
    let second = byte(i + 2) | fold
    switch (first, second) {
    case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "l"), UInt8(ascii: "l")):
      return i + 3
    default: break
    }
    // U+017F is C5 BF.
    if rule == .unicode, byte(i + 1) == 0xC5, byte(i + 2) == 0xBF { return i + 3 }
    return i
  }

  // MARK: Whole patterns

  @inline(__always)
  func gpt2(_ i: Int) -> Int {
    let contracted = contraction(i, nil)
    if contracted > i { return contracted }
    // ` ?` before a run of one kind.
    let start = byte(i) == 0x20 ? i + 1 : i
    let kind = read(start).0
    if start < end {
      if kind.intersects(.letter) { return run(start, .letter) }
      if kind.intersects(.number) { return run(start, .number) }
      if !kind.intersects(.space) { return run(start, excluding: [.space, .letter, .number]) }
    }
    return whitespace(i, breaksAtNewlines: false)
  }

  @inline(__always)
  func words(_ i: Int, _ rules: WordRules) -> Int {
    let contracted = contraction(i, rules.contractions)
    if contracted > i { return contracted }
    let letters: UnicodeClass = rules.marksJoinLetters ? [.letter, .mark] : .letter
    let (first, length) = read(i)
    if first.intersects(.letter) { return run(i + length, letters) }
    if first.intersects(.number) { return run(i, .number, maximum: rules.digits) }
    if !Self.isNewline(byte(i)) {
      let (second, secondLength) = read(i + length)
      if second.intersects(letters) { return run(i + length + secondLength, letters) }
    }
    if first.intersects(letters) { return i + length }
    return punctuationOrSpace(
      i, first, length, excluding: letters.union([.space, .number]), slash: false,
      takesEndWhole: rules.takesEndSpaceWhole)
  }

  /// ` ?[^…]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`, with `/` among the newlines if `slash`.
  @inline(__always)
  private func punctuationOrSpace(
    _ i: Int, _ first: UnicodeClass, _ length: Int, excluding excluded: UnicodeClass, slash: Bool,
    takesEndWhole: Bool = false
  ) -> Int {
    var start = i
    var kind = first
    if byte(i) == 0x20 { (start, kind) = (i + length, read(i + length).0) }
    if start < end, !kind.intersects(excluded) {
      var j = run(start, excluding: excluded)
      while j < end, Self.isNewline(byte(j)) || slash && byte(j) == UInt8(ascii: "/") { j += 1 }
      return j
    }
    return whitespace(i, breaksAtNewlines: true, takesEndWhole: takesEndWhole)
  }

  @inline(__always)
  func casedWords(_ i: Int, _ rules: CasedWordRules) -> Int {
    let (first, length) = read(i)
    let isLetter = first.intersects(.letter)
    if isLetter || !first.intersects(.number), let word = casedWord(i, first, length, rules) {
      guard let contractions = rules.contractions else { return word }
      return contraction(word, contractions)
    }
    if first.intersects(.number) { return run(i, .number, maximum: rules.digits) }
    return punctuationOrSpace(i, first, length, excluding: [.space, .letter, .number], slash: true)
  }

  /// The word that begins at `i`, perhaps with a character before it that is no letter.
  private func casedWord(_ i: Int, _ first: UnicodeClass, _ length: Int, _ rules: CasedWordRules) -> Int? {
    let canPrefix = !Self.isNewline(byte(i)) && !first.intersects([.letter, .number])
    for needsLower in [true, false] {
      if canPrefix, let word = casedRun(i + length, rules, needsLower: needsLower) { return word }
      if let word = casedRun(i, rules, needsLower: needsLower) { return word }
    }
    return nil
  }

  /// `U*W+` or, if not `needsLower`, `U+W*`; nil when it does not match at `i`.
  @inline(__always)
  private func casedRun(_ i: Int, _ rules: CasedWordRules, needsLower: Bool) -> Int? {
    var j = i
    // The end of the last scalar of the U run that is in W as well: where `U*` steps back to.
    var shared: Int?
    while j < end {
      let scalar = text.scalar(at: j, end: end)
      if !isUpper(scalar, rules) { break }
      j += scalar.length
      if isLower(scalar, rules) { shared = j }
    }
    var lower = j
    while lower < end {
      let scalar = text.scalar(at: lower, end: end)
      if !isLower(scalar, rules) { break }
      lower += scalar.length
    }
    if needsLower { return lower > j ? lower : shared }
    return j > i ? lower : nil
  }

  @inline(__always)
  private func isUpper(_ scalar: DecodedScalar, _ rules: CasedWordRules) -> Bool {
    let kind = classes[scalar]
    if rules.asciiCase { return kind.intersects(.letter) && !(0x61...0x7A).contains(scalar.value) }
    return kind.intersects([.letter, .mark]) && !kind.intersects(.lower)
  }

  @inline(__always)
  private func isLower(_ scalar: DecodedScalar, _ rules: CasedWordRules) -> Bool {
    let kind = classes[scalar]
    if rules.asciiCase { return kind.intersects(.letter) && !(0x41...0x5A).contains(scalar.value) }
    return kind.intersects([.letter, .mark]) && !kind.intersects(.upper)
  }

  /// Matches nothing at a character such as a control one or a number.
  func deepSeek3(_ i: Int) -> Int {
    let (first, length) = read(i)
    if byte(i) < 0x80, first.intersects([.punctuation, .symbol]) {
      var word = i + 1
      while word < end, (0x61...0x7A).contains(byte(word) | 0x20) { word += 1 }
      if word > i + 1 { return word }
    }
    if first.intersects([.letter, .mark])
      || !Self.isNewline(byte(i)) && !first.intersects([.punctuation, .symbol])
        && read(i + length).0.intersects([.letter, .mark])
    {
      return run(i + length, [.letter, .mark])
    }
    var start = i
    if byte(i) == 0x20 { start += 1 }
    var marks = run(start, [.punctuation, .symbol])
    if marks > start {
      while marks < end, Self.isNewline(byte(marks)) { marks += 1 }
      return marks
    }
    return first.intersects(.space) ? whitespace(i, breaksAtNewlines: true) : i
  }

  private func digitGroups(_ i: Int) -> Int {
    // After a group, the rest of its run is of threes.
    if let before = text.scalar(before: i, start: start), classes[before].intersects(.number),
      read(i).0.intersects(.number)
    {
      return run(i, .number, maximum: 3)
    }
    let digits = run(i, excluding: .number)
    var (j, count) = (digits, 0)
    while j < end {
      let (kind, length) = read(j)
      if !kind.intersects(.number) { break }
      j += length
      count += 1
    }
    return run(digits, .number, maximum: count % 3 == 0 ? 3 : count % 3)
  }
}
