/// Which three symbols in a row a match can begin with, by the kind of the byte before them.
///
/// Nearly every position of a text is ruled out by one bit, without a branch; at the others an attempt is made.
struct StartFilter: Sendable {
  /// Rows with a bit for each third symbol; the first has none, the second all.
  private let bits: [UInt64]
  /// How many words a row has.
  private let rowWords: Int
  /// The row for each kind, first and second symbol.
  private let rows: [UInt16]
  private let symbolCount: Int
  /// For each symbol, where the rows after a byte of its kind begin.
  private let firstRows: [Int]

  /// How many positions are judged at once.
  static let blockSize = 2048

  init(_ stepper: inout StateStepper) {
    let count = stepper.alphabet.count
    rowWords = (count + 63) / 64
    symbolCount = count
    firstRows = stepper.alphabet.kinds.map { Int($0.rawValue) * count * count }
    var table = RowTable(stepper.alphabet.count)
    var rows = [UInt16](repeating: 0, count: ByteKind.allCases.count * count * count)
    for kind in ByteKind.allCases {
      let start = stepper.start(before: kind)
      for (first, lives) in stepper.living(start).enumerated() where lives {
        let state = stepper.step(start, first)
        let base = (Int(kind.rawValue) * count + first) * count
        for (second, lives) in stepper.living(state).enumerated() where lives {
          rows[base + second] = table.row(after: state, second, &stepper)
        }
      }
    }
    self.rows = rows
    bits = table.bits
  }

  /// The rows so far, by what they stand for.
  private struct RowTable {
    var bits: [UInt64]
    private var steps: [Step: UInt16] = [:]
    private var states: [StateSet: UInt16] = [:]
    private let rowWords: Int

    private struct Step: Hashable {
      var state: StateSet
      var symbol: Int
    }

    init(_ symbolCount: Int) {
      rowWords = (symbolCount + 63) / 64
      bits = [UInt64](repeating: 0, count: rowWords) + [UInt64](repeating: .max, count: rowWords)
    }

    /// The row of the state after a symbol.
    mutating func row(after state: StateSet, _ symbol: Int, _ stepper: inout StateStepper) -> UInt16 {
      let step = Step(state: state, symbol: symbol)
      if let known = steps[step] { return known }
      let next = stepper.step(state, symbol)
      let row = states[next] ?? add(next, &stepper)
      states[next] = row
      steps[step] = row
      return row
    }

    private mutating func add(_ state: StateSet, _ stepper: inout StateStepper) -> UInt16 {
      let number = bits.count / rowWords
      // A match is told one symbol late: it counts whatever comes third.
      guard state.matches.isEmpty, number <= UInt16.max else { return 1 }
      var row = [UInt64](repeating: 0, count: rowWords)
      for (third, lives) in stepper.living(state).enumerated() where lives {
        row[third / 64] |= 1 << UInt64(third % 64)
      }
      bits += row
      return UInt16(number)
    }
  }

  /// Writes the positions at which a match can begin, counted from the first of `range`, and gives their number.
  ///
  /// - Parameters:
  ///   - symbols: of which the first `length` count.
  ///   - range: positions in `symbols`, at most ``blockSize``; those without two symbols after them are not ruled out.
  ///   - before: the kind of the byte before `range`.
  func positions(
    _ symbols: [UInt8], _ length: Int, in range: Range<Int>, before: ByteKind, into list: inout [UInt16]
  ) -> Int {
    let judged = range.lowerBound..<max(range.lowerBound, min(range.upperBound, length - 2))
    var found = 0
    if !judged.isEmpty {
      unsafe symbols.withUnsafeBufferPointer { symbols in
        unsafe list.withUnsafeMutableBufferPointer { list in
          found = unsafe filter(symbols, judged, range.lowerBound, Int(before.rawValue), list)
        }
      }
    }
    for place in judged.upperBound..<range.upperBound {
      list[found] = UInt16(place - range.lowerBound)
      found += 1
    }
    return found
  }

  /// Writes the positions that are not ruled out, without a branch for each.
  private func filter(
    _ symbols: UnsafeBufferPointer<UInt8>, _ judged: Range<Int>, _ base: Int, _ before: Int,
    _ list: UnsafeMutableBufferPointer<UInt16>
  ) -> Int {
    unsafe bits.withUnsafeBufferPointer { bits in
      unsafe rows.withUnsafeBufferPointer { rows in
        unsafe firstRows.withUnsafeBufferPointer { firstRows in
          var found = 0
          var start = before &* symbolCount &* symbolCount
          var first = unsafe Int(symbols[judged.lowerBound])
          var second = unsafe Int(symbols[judged.lowerBound + 1])
          for place in judged {
            let third = unsafe Int(symbols[place &+ 2])
            let row = unsafe Int(rows[start &+ first &* symbolCount &+ second])
            let word = unsafe bits[row &* rowWords &+ third >> 6]
            unsafe list[found] = UInt16(truncatingIfNeeded: place &- base)
            found &+= Int(truncatingIfNeeded: word >> UInt64(truncatingIfNeeded: third & 63) & 1)
            unsafe start = firstRows[first]
            first = second
            second = third
          }
          return found
        }
      }
    }
  }
}
