/// Names of persons and places, by lists of names and by the words before them.
enum Names {
  private static let upper = #"[A-Z\u{C0}-\u{D6}\u{D8}-\u{DE}\u{100}-\u{17F}]"#
  private static let lower = #"[a-z\u{DF}-\u{F6}\u{F8}-\u{17F}]"#
  private static let word = upper + lower + #"{1,20}(?:['\u{2019}\-]"# + upper + "?" + lower + "{1,20}){0,2}"
  /// What may follow a name: the end, or a character that is no letter or digit.
  private static let end =
    #"(?:$|[\x00-&(-/:-@\[-^`{-~]|['][^A-Za-z]|[\u{A0}-\u{BF}\u{2010}-\u{203A}\u{3000}-\u{303F}\u{FF01}-\u{FF20}])"#

  /// Up to four words that begin with capitals, with initials between them, and what follows.
  static let expression =
    #"\<(?:"# + word + #"|Mc"# + upper + lower + #"{2,20})(?: (?:"# + upper
    + #"\.?|(?:Mc|de |van |von |der |da |di |O['\u{2019}])?"# + word + ")){0,3}" + end

  private static let given = NameTable(GivenNames.text.split(separator: " "))
  private static let ambiguous = NameTable(GivenNames.ambiguous.split(separator: " "))
  private static let surnames = NameTable(Surnames.text.split(separator: " "))
  private static let places = NameTable(Places.text.split(separator: ";"))
  /// First words of names of places.
  private static let placeStarts = NameTable(
    Places.text.split(separator: ";").compactMap { $0.split(separator: " ").first })

  /// Capitalised words that are no part of a name.
  private static let others = NameTable(
    """
    Dr Prof Sir A About After Again All Also Although Am An And Any April Are As Ask At Avenue August Bank Be Because Been Before Best Both But By Can Chapter Christmas City College Company Congress Could Country County Day \
    Dear December Did Do Does Each East Easter English European February First For French Friday From German Get Give Go Good Had Has Have He Hello Her Here Hi His Hotel House How I If In Inc Institute Into Is It Its \
    January July June Just King Lake Last Let Like Ltd Made Make March May Maybe Me Miss Monday Month More Most Mount Mr Mrs Ms Museum Must My Never New Next No North Not November Now October Of Off On Once One Only \
    Or Our Out Over Park Part Party Please Prince Princess Queen Rd Really Regards Republic River Road Saint Saturday Say School See September She Should Since So Some Soon South Spanish St State Still Street Such Sunday \
    Sure Thank Thanks That The Their Then There These They This Those Though Thursday Time To Today Tomorrow Too Tuesday Two Under United University Until Up Upon Us Very Was We Wednesday Week Well Were West What When \
    Where Which While Who Why Will With Would Year Yes Yesterday Yet You Your Bible Google Windows Linux Python Java Swift Microsoft Apple Amazon Facebook Internet American British Chinese Japanese Russian Italian Indian
    """.split { $0 == " " || $0 == "\n" })

  /// Words in names of streets and firms.
  private static let organisations = NameTable(
    """
    Street St Road Rd Avenue Ave Drive Dr Lane Ln Terrace Hill Point Court Place Way Square Park Bridge Pass Crescent Boulevard \
    Blvd Close Fort Union Gardens Grove Row Alley Highway Station Airport Institute University College School Hospital Church \
    Museum Foundation Investments Partners Associates Company Corporation Inc Ltd LLC GmbH Group Bank Industries Systems
    """.split { $0 == " " || $0 == "\n" })

  private static let titles = [
    "mr", "mrs", "ms", "miss", "dr", "prof", "professor", "sir", "madam", "lady", "herr", "frau", "monsieur", "madame",
    "señor", "señora", "signor",
    "my name is", "name is", "named", "i am", "i'm", "this is", "dear", "hi", "hello", "hey", "mr.", "mrs.", "ms.",
    "dr.", "prof.", "called", "signed", "name:",
  ].map { Array($0.utf8) }

  /// A word of a match and where it stands.
  private struct Word {
    var range: Range<Int>
    var hash: UInt64
    var isInitial: Bool
    /// Whether `'s` follows, so that the next word is another thing's name.
    var isPossessive: Bool
  }

  /// A person's name: a given name that is known, with the words after it, or a family name after a title.
  static func person(_ candidate: Candidate) -> Judgement? {
    guard startsWord(candidate.before), let words = words(candidate.bytes) else { return nil }
    guard let first = words.firstIndex(where: { !others.contains($0.hash) }) else { return nil }
    for start in first..<words.count where !words[start].isInitial {
      let isGiven = given.contains(words[start].hash)
      let isTitled = start == 0 && follows(titles, candidate.before)
      guard isGiven || isTitled || surnames.contains(words[start].hash) else { continue }
      var end = start + 1
      while end < words.count, !words[end - 1].isPossessive, continues(words[end]) { end += 1 }
      while end > start + 1, words[end - 1].isInitial { end -= 1 }
      // `Nelson Mandela Drive` is a street and `Russell Investments` a firm, but Hill may be a family name.
      let isOther = (start..<min(words.count, end + 1)).contains { index in
        organisations.contains(words[index].hash) && !(index == start + 1 && surnames.contains(words[index].hash))
      }
      if isOther { return .refused }
      let hasSurname = words[start..<end].dropFirst().contains { surnames.contains($0.hash) }
      var begin = start
      if !isGiven, !isTitled, start > first, !words[start - 1].isInitial, !words[start - 1].isPossessive {
        // An unknown word and a known family name.
        begin = start - 1
      }
      let isAmbiguous = ambiguous.contains(words[start].hash)
      let score: Double
      if isTitled {
        score = isGiven || hasSurname ? 0.95 : 0.75
      } else if end - begin > 1 {
        score = isGiven && hasSurname ? 0.95 : isGiven && !isAmbiguous ? 0.75 : 0.55
      } else {
        guard !isAmbiguous else { continue }
        score = isGiven ? 0.6 : 0.5
      }
      return Judgement(score: score, part: words[begin].range.lowerBound..<words[end - 1].range.upperBound)
    }
    return nil
  }

  /// Whether a word goes on with a name: an initial, a known family name, or what is neither a place nor another word.
  private static func continues(_ word: Word) -> Bool {
    word.isInitial || surnames.contains(word.hash) || !others.contains(word.hash) && !places.contains(word.hash)
  }

  /// A country, state or city.
  static func place(_ candidate: Candidate) -> Judgement? {
    guard startsWord(candidate.before), let words = words(candidate.bytes) else { return nil }
    for start in words.indices where placeStarts.contains(words[start].hash) {
      for end in (start + 1...min(words.count, start + 3)).reversed() {
        let range = words[start].range.lowerBound..<words[end - 1].range.upperBound
        let base = candidate.bytes.startIndex
        guard places.contains(NameTable.hash(candidate.bytes[base + range.lowerBound..<base + range.upperBound])) else {
          continue
        }
        // Beside a given name it is a person's: `Florence Smith`, `Paris Hilton`.
        if start > 0, given.contains(words[start - 1].hash) { continue }
        return Judgement(score: 0.6, part: range)
      }
    }
    return nil
  }

  /// Whether no letter stands right before: of letters beyond ASCII the pattern does not know.
  private static func startsWord(_ before: ArraySlice<UInt8>) -> Bool {
    guard let last = before.last, last >= 0x80 else {
      return before.last != UInt8(ascii: "@") && before.last != UInt8(ascii: "/") && before.last != UInt8(ascii: ".")
        && before.last != UInt8(ascii: "-")
    }
    let lead = before.suffix(3).first { $0 >= 0xC2 } ?? 0
    return lead == 0xC2 || lead == 0xE2 || lead == 0xE3
  }

  /// Whether one of the phrases stands right before, with at most a space, colon or full stop after it.
  private static func follows(_ phrases: [[UInt8]], _ before: ArraySlice<UInt8>) -> Bool {
    func lower(_ index: Int) -> UInt8 { before[index] &- 65 < 26 ? before[index] | 32 : before[index] }
    func isPunctuation(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x2C || byte == 0x2E || byte == 0x3A }
    var end = before.endIndex
    while end > before.startIndex, isPunctuation(before[end - 1]), before.endIndex - end < 2 { end -= 1 }
    guard end < before.endIndex, end > before.startIndex else { return false }
    return phrases.contains { phrase in
      let start = end - phrase.count
      guard start >= before.startIndex else { return false }
      var place = phrase.count - 1
      while place >= 0, lower(start + place) == phrase[place] { place -= 1 }
      return place < 0 && (start == before.startIndex || !(lower(start - 1) &- 97 < 26))
    }
  }

  /// The words of a match, which has few.
  private struct Words: RandomAccessCollection {
    private var storage = InlineArray<10, Word>(
      repeating: Word(range: 0..<0, hash: 0, isInitial: false, isPossessive: false))
    private(set) var endIndex = 0

    var startIndex: Int { 0 }
    var isFull: Bool { endIndex == storage.count }

    subscript(index: Int) -> Word { storage[index] }

    mutating func append(_ word: Word) {
      storage[endIndex] = word
      endIndex += 1
    }
  }

  /// The words of a match without what follows it; `'s` at the end is cut off.
  private static func words(_ bytes: ArraySlice<UInt8>) -> Words? {
    var words = Words()
    let base = bytes.startIndex
    var index = base
    while index < bytes.endIndex, !words.isFull {
      let start = index
      while index < bytes.endIndex, isNameByte(bytes, index) { index += 1 }
      if index == start {
        guard bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: ".") else { break }
        index += 1
        continue
      }
      var end = index
      while end > start, bytes[end - 1] == UInt8(ascii: "-") || bytes[end - 1] == UInt8(ascii: "'") { end -= 1 }
      let whole = end
      if end - start > 2, bytes[end - 1] == UInt8(ascii: "s") {
        if bytes[end - 2] == UInt8(ascii: "'") {
          end -= 2
        } else if bytes[start..<end - 1].suffix(3).elementsEqual([0xE2, 0x80, 0x99]) {
          end -= 4
        }
      }
      guard end > start else { continue }
      words.append(
        Word(
          range: start - base..<end - base, hash: NameTable.hash(bytes[start..<end]), isInitial: end - start == 1,
          isPossessive: end < whole))
      if index < bytes.endIndex, bytes[index] != UInt8(ascii: " "), bytes[index] != UInt8(ascii: ".") || end - start > 1
      {
        break
      }
    }
    return words.isEmpty ? nil : words
  }

  private static func isNameByte(_ bytes: ArraySlice<UInt8>, _ index: Int) -> Bool {
    let byte = bytes[index]
    if (byte | 32) &- 97 < 26 || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "-") { return true }
    if byte < 0x80 { return false }
    // Letters of two bytes, and the apostrophe of three.
    if (0xC3...0xDF).contains(byte) { return true }
    if byte == 0xE2 { return bytes[index...].starts(with: [0xE2, 0x80, 0x99]) }
    return byte < 0xC0 && index > bytes.startIndex && bytes[index - 1] >= 0x80 && bytes[index - 1] != 0xC2
  }
}

/// A set of names by their FNV-1a hashes of 64 bits, so that asking needs no string.
struct NameTable: Sendable {
  private var slots: [UInt64]
  private let mask: Int

  init(_ names: some Collection<Substring>) {
    var size = 16
    while size < names.count * 2 { size *= 2 }
    mask = size - 1
    slots = [UInt64](repeating: 0, count: size)
    for name in names {
      let hash = Self.hash(Array(name.utf8)[...])
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] != 0, slots[slot] != hash { slot = (slot + 1) & mask }
      slots[slot] = hash
    }
  }

  static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash
  }

  func contains(_ hash: UInt64) -> Bool {
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      if slots[slot] == hash { return true }
      slot = (slot + 1) & mask
    }
    return false
  }
}
