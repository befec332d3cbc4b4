/// An answer that is being written, as the rails with `avoid` see it.
///
/// A value: whoever writes the answer can go back to a copy. What it tells depends on the program and the bytes alone.
package struct AvoidedText: Sendable {
  /// Something that is to be avoided and is there.
  package struct Finding: Equatable, Sendable {
    /// The rail.
    package var rail: String
    /// Where it begins, in bytes of the answer.
    package var start: Int
  }

  private var stream: GuardStream
  private var literal: TextView?
  private var reported = 0
  /// How many bytes have come.
  private var count = 0

  package init(_ program: AvoidanceProgram) {
    stream = GuardStream(program.watched)
    if !program.literal.isEmpty { literal = TextView(FoldedText(decodesEscapes: false), program.literal) }
  }

  /// How many bytes cannot become part of a finding any more.
  package var decidedCount: Int { stream.decidedCount }

  /// Reads on and gives what is certain now.
  package mutating func read(_ bytes: [UInt8]) -> [Finding] {
    count += bytes.count
    _ = stream.feed(bytes)
    if var view = literal.take() {
      view.feed(bytes[...], hit: { _, _ in }, leak: { _, _ in })
      literal = view
    }
    return news()
  }

  /// Reads the end.
  package mutating func finish() -> [Finding] {
    _ = stream.finish()
    return news()
  }

  private mutating func news() -> [Finding] {
    defer { reported = stream.hits.count }
    return stream.hits[reported...].map { Finding(rail: $0.rail, start: $0.range.lowerBound) }
  }

  // MARK: What comes next

  /// Whether a word or the like goes on at the end, so that a term that has to be a word does not begin there.
  package var endsInWord: Bool { literal?.lastByte.map { ByteKind($0) == .word } ?? false }

  /// Tries how the answer could go on; nil when no term is open at its end.
  package var probe: Probe? {
    guard let literal, literal.frontier < count else { return nil }
    return Probe(view: literal, start: count)
  }

  /// Reads bytes after the answer to see whether they complete a term that begins in it.
  package struct Probe: Sendable {
    fileprivate var view: TextView
    fileprivate let start: Int
    private var isHit = false

    fileprivate init(view: TextView, start: Int) {
      self.view = view
      self.start = start
    }

    /// Reads a byte; false when no term that begins in the answer can be completed any more.
    package mutating func read(_ byte: UInt8) -> Bool {
      if isHit { return true }
      var found = false
      let take: (Int, PatternHit) -> Void = { [start] _, hit in found = found || hit.range.lowerBound < start }
      view.feed([byte][...], hit: take, leak: { _, _ in })
      isHit = found
      return isHit || view.frontier < start
    }

    /// Whether a term that begins in the answer is complete if the bytes end here.
    package var isComplete: Bool {
      if isHit { return true }
      var view = view
      var found = false
      let take: (Int, PatternHit) -> Void = { [start] _, hit in found = found || hit.range.lowerBound < start }
      view.finish(hit: take, leak: { _, _ in })
      return found
    }
  }
}

extension AvoidanceProgram {
  /// Which of these pieces of text complete a term on their own, each where no word goes on before it.
  ///
  /// - Parameter pieces: Calls its argument with the number and the bytes of each piece.
  /// - Returns: The numbers of those pieces, and of those that do so also where a word goes on before them.
  package func completing(
    _ pieces: (_ add: (Int32, [UInt8]) -> Void) -> Void
  ) -> (afterSpace: [Int32], afterWord: [Int32]) {
    if literal.isEmpty { return ([], []) }
    // One text for all, in which a byte that no term and no word has stands between them.
    var view = TextView(FoldedText(decodesEscapes: false), literal)
    var text: [UInt8] = []
    var starts: [(offset: Int, piece: Int32)] = []
    pieces { piece, bytes in
      text.append(Self.separator)
      starts.append((text.count, piece))
      text += bytes
    }
    text.append(Self.separator)
    var offsets: [Int] = []
    let take: (Int, PatternHit) -> Void = { _, hit in offsets.append(hit.range.lowerBound) }
    var offset = 0
    while offset < text.count {
      let end = min(offset + 16_384, text.count)
      view.feed(text[offset..<end], hit: take, leak: { _, _ in })
      offset = end
    }
    view.finish(hit: take, leak: { _, _ in })
    var found: [Int32] = []
    var inWord: [Int32] = []
    var index = 0
    for offset in offsets.sorted() {
      while index + 1 < starts.count, starts[index + 1].offset <= offset { index += 1 }
      guard index < starts.count, starts[index].piece != found.last else { continue }
      found.append(starts[index].piece)
      let end = index + 1 < starts.count ? starts[index + 1].offset - 1 : text.count - 1
      if completes(text[starts[index].offset..<end]) { inWord.append(starts[index].piece) }
    }
    return (found, inWord)
  }

  private static let separator: UInt8 = 0x01

  /// Whether the bytes complete a term after the letters of a word.
  private func completes(_ bytes: ArraySlice<UInt8>) -> Bool {
    var view = TextView(FoldedText(decodesEscapes: false), literal)
    var found = false
    let take: (Int, PatternHit) -> Void = { _, hit in found = found || hit.range.lowerBound >= 1 }
    view.feed([UInt8(ascii: "_")][...], hit: take, leak: { _, _ in })
    view.feed(bytes, hit: take, leak: { _, _ in })
    view.finish(hit: take, leak: { _, _ in })
    return found
  }
}
