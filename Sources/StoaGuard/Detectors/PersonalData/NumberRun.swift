/// Groups of digits with single separators between them, as people write telephone, card and identity numbers.
struct NumberRun {
  /// The longest run that is looked at: nothing known has more groups or digits.
  static let groupLimit = 12

  /// A run and one or two bytes after it, which tell that it goes no further.
  ///
  /// Separators are spaces, dots, hyphens and slashes, alone or around a bracket, and their Unicode relatives.
  static let expression: String = {
    let separator = #"(?:[ .\-/\u{A0}\u{2010}-\u{2013}]|\)[ .\-/]?|[ \-./]?\(| - )?"#
    let end = #"\>(?:$|[^\d .\-/()]|[.\-/) (](?:[^\d(]|$))"#
    return #"\<(?:\(?\+ ?\(?|\()?\d(?:"# + separator + #"\d){4,27}(?: ?(?:x|ext\.? ?|Ext\.? ?)\d{1,6})?"# + end
  }()

  let bytes: ArraySlice<UInt8>
  /// The digits of each group, as positions in `bytes`.
  private(set) var groups: [Range<Int>] = []
  /// Digits in all groups.
  private(set) var digitCount = 0
  /// The first byte, with brackets and plus signs before the first digit.
  let start: Int
  /// Where the extension ends, if there is one.
  private(set) var extensionEnd: Int?

  /// `nil` when the candidate is the inner part of a longer run, or has too many groups.
  init?(_ candidate: Candidate) {
    if Self.continues(candidate.before) { return nil }
    bytes = candidate.bytes
    start = bytes.startIndex
    var index = bytes.startIndex
    while index < bytes.endIndex {
      guard bytes[index] &- 48 < 10 else {
        if bytes[index] | 32 == UInt8(ascii: "x"), !groups.isEmpty || bytes[index] == UInt8(ascii: "e") {
          let digits = bytes[index...].dropFirst().drop { !($0 &- 48 < 10) }.prefix { $0 &- 48 < 10 }
          extensionEnd = digits.endIndex
          break
        }
        index += 1
        continue
      }
      let begin = index
      while index < bytes.endIndex, bytes[index] &- 48 < 10 { index += 1 }
      guard groups.count < Self.groupLimit else { return nil }
      groups.append(begin..<index)
      digitCount += index - begin
    }
  }

  /// Whether what stands before is a digit, or a digit and a separator.
  static func continues(_ before: ArraySlice<UInt8>) -> Bool {
    guard let last = before.last else { return false }
    if last &- 48 < 10 { return true }
    guard " .-/()+".utf8.contains(last), let previous = before.dropLast().last else { return false }
    return previous &- 48 < 10 || previous == UInt8(ascii: ")")
  }

  /// The digits of groups `range`.
  func compact(_ range: Range<Int>) -> CompactText? {
    var text = CompactText()
    for group in groups[range] {
      for index in group where !text.append(bytes[index]) { return nil }
    }
    return text
  }

  /// How many digits groups `range` have.
  func digits(_ range: Range<Int>) -> Int {
    groups[range].reduce(0) { $0 + $1.count }
  }

  /// The bytes of groups `range` with the separators between them, counted from the start of the candidate.
  func span(_ range: Range<Int>) -> Range<Int> {
    groups[range.lowerBound].lowerBound - start..<groups[range.upperBound - 1].upperBound - start
  }

  /// The separator after a group, up to the next one.
  func separator(after group: Int) -> ArraySlice<UInt8> {
    bytes[groups[group].upperBound..<groups[group + 1].lowerBound]
  }

  /// The lengths of the groups.
  var lengths: [Int] { groups.map(\.count) }

  /// The value of a group of at most 18 digits.
  func value(_ group: Int) -> Int {
    groups[group].prefix(18).reduce(0) { $0 * 10 + Int(bytes[$1]) - 48 }
  }
}
