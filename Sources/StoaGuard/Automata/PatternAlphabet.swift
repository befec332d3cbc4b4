/// Bytes that no pattern tells apart have the same symbol.
struct PatternAlphabet {
  private(set) var symbols = [UInt8](repeating: 0, count: 256)
  /// The kind of each symbol; the last one is the end of the text.
  private(set) var kinds: [ByteKind] = []
  /// A byte of each symbol but the end.
  private(set) var examples: [UInt8] = []

  var count: Int { kinds.count }

  init(_ nodes: [PatternNFA.Node]) {
    var sets: Set<ByteSet> = []
    for case .bytes(let set, _) in nodes { sets.insert(set) }
    // Classes are refined set by set: what a byte's class was, and whether the set has it, is its new class.
    var classes = (0...255).map { Int(ByteKind(UInt8($0)).rawValue) }
    for set in sets {
      var numbers: [Int: Int] = [:]
      for byte in 0...255 {
        let key = classes[byte] * 2 + (set.contains(UInt8(byte)) ? 1 : 0)
        let number = numbers[key] ?? numbers.count
        numbers[key] = number
        classes[byte] = number
      }
    }
    var numbers: [Int: UInt8] = [:]
    for byte in UInt8(0)...255 {
      let key = classes[Int(byte)]
      if numbers[key] == nil {
        numbers[key] = UInt8(kinds.count)
        kinds.append(ByteKind(byte))
        examples.append(byte)
      }
      symbols[Int(byte)] = numbers[key] ?? 0
    }
    kinds.append(.edge)
  }
}
