/// Numbers for the strings that take part in merges: the token's id, or the next number above all ids.
struct SymbolTable {
  let vocabulary: Vocabulary
  private(set) var extra: [[UInt8]] = []
  private var extraNumbers: [[UInt8]: UInt32] = [:]

  init(vocabulary: Vocabulary) { self.vocabulary = vocabulary }

  mutating func symbol(_ text: [UInt8]) -> UInt32 { symbol(text.span, 0..<text.count) }

  mutating func symbol(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32 {
    // Plain text never becomes a control token.
    if let id = vocabulary.id(text, range), vocabulary.types[Int(id)] != .control,
      vocabulary.types[Int(id)] != .unknown
    {
      return UInt32(id)
    }
    let text = range.map { text[$0] }
    if let number = extraNumbers[text] { return number }
    let number = UInt32(vocabulary.count + extra.count)
    extraNumbers[text] = number
    extra.append(text)
    return number
  }

  /// The merges of rules: strings 2i and 2i + 1 merge with rank i.
  mutating func merges(_ rules: PackedByteStrings) -> MergeTable {
    var merges = MergeTable(minimumCapacity: rules.count / 2)
    let text = rules.bytes.span
    for rank in 0..<rules.count / 2 {
      let (left, right) = (rules.range(2 * rank), rules.range(2 * rank + 1))
      if left.isEmpty || right.isEmpty { continue }
      // Strings lie side by side, so both together are the text of the result.
      let result = symbol(text, left.lowerBound..<right.upperBound)
      merges.insert(symbol(text, left), symbol(text, right), rank: UInt32(rank), result: result)
    }
    return merges
  }
}
