/// The unigram language model: of all ways to cut a text into pieces, the one of the highest sum of scores (Viterbi).
///
/// Kudo, "Subword Regularization" (2018). Characters that no piece covers become the unknown token, or their bytes. Sums
/// are rounded as the reference implementation does, because that decides between ways that are equally good.
struct Unigram: Sendable {
  /// How sums of scores are rounded.
  enum Arithmetic: Sendable {
    /// To 32 bits (`EncodeOptimized` of sentencepiece).
    case single
    /// Not at all: `models/unigram` of Hugging Face tokenizers, `llm_tokenizer_ugm` of llama.cpp.
    case double
  }

  private let trie: PieceTrie
  private let scores: [Double]
  private let unknown: Int32?
  private let unknownScore: Double
  /// The byte tokens, or none unless there are all 256.
  private let byteTokens: [Int32]
  private let arithmetic: Arithmetic

  /// Below the worst score of a piece by this much.
  static let unknownPenalty = 10.0

  /// - Parameters:
  ///   - scores: One for each token.
  ///   - unknownScore: What a character without a piece counts.
  ///   - isPiece: Which tokens a text can become.
  init(
    vocabulary: Vocabulary, scores: [Double], unknown: Int32?, unknownScore: Double, hasByteFallback: Bool,
    arithmetic: Arithmetic, where isPiece: (Int) -> Bool
  ) throws(TokenizerError) {
    if let id = scores.indices.first(where: { isPiece($0) && !scores[$0].isFinite }) {
      throw .malformed(field: "the score of token \(id)", reason: "\(scores[id]) is not a finite number")
    }
    trie = try PieceTrie(vocabulary.texts, where: isPiece)
    self.scores = scores
    self.unknown = unknown
    self.unknownScore = unknownScore
    let bytes = vocabulary.byteTokens()
    byteTokens = hasByteFallback && !bytes.contains(-1) ? bytes : []
    self.arithmetic = arithmetic
  }

  /// The best way to reach a place in the text.
  private struct Step {
    var score: Double
    /// Where its last piece begins; −1 while there is no way.
    var start: Int
    /// Its last piece; −1 for an unknown character.
    var piece: Int32

    static let none = Step(score: 0, start: -1, piece: -1)
  }

  /// Appends the tokens of `text[range]`. Linear: at each character, pieces of at most `PieceTrie.longest` bytes.
  func encode(_ text: Span<UInt8>, _ range: Range<Int>, _ output: inout [Int32]) {
    // `steps[i]` is the place `base + i`. All ways meet where no piece reaches beyond, so tokens up to there are final.
    var steps = [Step(score: 0, start: range.lowerBound, piece: -1)]
    var base = range.lowerBound
    var furthest = base
    var wasUnknown = false
    var way: [Int] = []
    var start = base
    while start < range.upperBound {
      if start == furthest, start > base {
        append(steps, base, furthest, text, &way, &wasUnknown, &output)
        let score = steps[start - base].score
        steps.removeAll(keepingCapacity: true)
        steps.append(Step(score: score, start: start, piece: -1))
        base = start
      }
      let score = steps[start - base].score
      let next = start + text.scalar(at: start, end: range.upperBound).length
      var (node, i) = (PieceTrie.root, start)
      var hasCharacter = false
      while i < range.upperBound {
        node = trie.child(node, text[i])
        if node == PieceTrie.root { break }
        i += 1
        let piece = trie.value(node)
        if piece < 0 { continue }
        hasCharacter = hasCharacter || i == next
        reach(i, rounded(score + scores[Int(piece)]), start, piece, base, &furthest, &steps)
      }
      if !hasCharacter {
        reach(next, rounded(score + unknownScore), start, -1, base, &furthest, &steps)
      }
      start = next
    }
    append(steps, base, range.upperBound, text, &way, &wasUnknown, &output)
  }

  @inline(__always)
  private func rounded(_ score: Double) -> Double { arithmetic == .single ? Double(Float(score)) : score }

  /// Notes a way to `end`, if it is better than the best so far.
  @inline(__always)
  private func reach(
    _ end: Int, _ score: Double, _ start: Int, _ piece: Int32, _ base: Int, _ furthest: inout Int,
    _ steps: inout [Step]
  ) {
    while steps.count <= end - base { steps.append(.none) }
    furthest = max(furthest, end)
    let best = steps[end - base]
    if best.start < 0 || score > best.score {
      steps[end - base] = Step(score: score, start: start, piece: piece)
    }
  }

  /// Appends the tokens of the best way from `base` to `end`.
  private func append(
    _ steps: [Step], _ base: Int, _ end: Int, _ text: Span<UInt8>, _ way: inout [Int], _ wasUnknown: inout Bool,
    _ output: inout [Int32]
  ) {
    way.removeAll(keepingCapacity: true)
    var place = end
    while place > base {
      way.append(place)
      place = steps[place - base].start
    }
    for place in way.reversed() {
      let step = steps[place - base]
      if step.piece >= 0, step.piece != unknown {
        output.append(step.piece)
        wasUnknown = false
      } else if !byteTokens.isEmpty {
        for i in step.start..<place { output.append(byteTokens[Int(text[i])]) }
      } else {
        if let unknown, !wasUnknown { output.append(unknown) }
        wasUnknown = true
      }
    }
  }
}
