/// One pattern of a detector, with what decides whether a match counts.
///
/// The automaton finds, for every start in the text, the matches of the pattern; the longest one that `validate` accepts is
/// reported, unless it refuses a longer one with all that it holds, and no other of this pattern inside it. Nothing after a
/// match is ever looked at, since a stream has not got it yet.
public struct Pattern: Sendable {
  /// What the pattern is called in explanations, such as `github-token`.
  public let name: String
  /// The regular expression, in the language of ``PatternParser``; every repetition is bounded.
  public let expression: String
  /// Whether letters match in both cases.
  public let foldsCase: Bool
  /// What a hit is called in placeholders and replacements, such as `EMAIL` in `<EMAIL_1>`.
  public let label: String
  /// The score of a match, 0 to 1, when `validate` does not say.
  public let score: Double
  /// Looks at a match and gives its score, or nil when it is none.
  public let validate: (@Sendable (Candidate) -> Judgement?)?

  /// How the pattern stands to what it was made from.
  var variant = PatternVariant.plain

  /// A pattern; `validate` is called for every match, longest first, on the scanning thread.
  public init(
    _ name: String, _ expression: String, label: String, foldsCase: Bool = false, score: Double = 1,
    validate: (@Sendable (Candidate) -> Judgement?)? = nil
  ) {
    self.name = name
    self.expression = expression
    self.label = label
    self.foldsCase = foldsCase
    self.score = score
    self.validate = validate
  }
}

/// How a pattern stands to what it was made from.
enum PatternVariant: Sendable {
  case plain
  /// Finds spellings that hide the plain one.
  case evasive
  /// Finds the plain one with the letters moved by 13 places.
  case rotated
}

extension Pattern {
  /// The same pattern for text that is not in lower case.
  var ignoringCase: Pattern {
    Pattern(name, expression, label: label, foldsCase: true, score: score, validate: validate)
  }

  /// The pattern for text that rot13 made unreadable.
  var rotated: Pattern {
    var result = Pattern(name + " (rot13)", expression, label: label, foldsCase: foldsCase, score: score)
    result.variant = .rotated
    return result
  }
}

/// What a validator says of a match that counts.
public struct Judgement: Equatable, Sendable {
  /// How sure it is, 0 to 1; below 0 for `refused`.
  public var score: Double
  /// The part of the match that is the hit, in bytes from its start; nil for all of it.
  public var part: Range<Int>?

  /// Not a match, nor is any shorter one from the same start or another one inside.
  public static let refused = Judgement(score: -1)

  /// A match that counts with this score, in whole or in part.
  public init(score: Double, part: Range<Int>? = nil) {
    self.score = score
    self.part = part
  }
}

/// A match and what stands before it.
public struct Candidate: Sendable {
  /// The bytes of the match.
  public let bytes: ArraySlice<UInt8>
  /// Up to ``contextLength`` bytes before the match.
  public let before: ArraySlice<UInt8>

  /// How many bytes before a match a validator sees at most.
  public static let contextLength = 96

  /// A candidate of these bytes.
  public init(bytes: ArraySlice<UInt8>, before: ArraySlice<UInt8> = []) {
    self.bytes = bytes
    self.before = before
  }

  /// The match as text.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The digits of the match, as numbers from 0 to 9.
  public var digits: [UInt8] {
    var result: [UInt8] = []
    for byte in bytes where byte >= 0x30 && byte <= 0x39 { result.append(byte - 0x30) }
    return result
  }

  /// Whether one of the words, in lower case ASCII, stands in what is before the match, without regard to case.
  public func follows(anyOf words: [String]) -> Bool {
    guard !before.isEmpty else { return false }
    let lowered = before.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    return words.contains { word in
      let needle = Array(word.utf8)
      guard let first = needle.first, needle.count <= lowered.count else { return false }
      for start in 0...(lowered.count - needle.count) where lowered[start] == first {
        var matched = 1
        while matched < needle.count, lowered[start + matched] == needle[matched] { matched += 1 }
        if matched == needle.count { return true }
      }
      return false
    }
  }

  /// Shannon's entropy of the match's bytes, in bits for each byte.
  public var entropy: Double { Self.entropy(bytes) }

  /// Shannon's entropy of the bytes, in bits for each byte.
  public static func entropy(_ bytes: some Collection<UInt8>) -> Double {
    var counts = [Int](repeating: 0, count: 256)
    for byte in bytes { counts[Int(byte)] += 1 }
    let total = Double(bytes.count)
    var sum = 0.0
    for count in counts where count > 0 {
      let share = Double(count) / total
      sum -= share * logarithm(share)
    }
    return sum
  }
}
