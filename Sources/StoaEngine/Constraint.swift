import StoaGrammar
import StoaTokenizers

/// What a grammar makes of one answer.
struct Constraint {
  private let masker: TokenMasker
  private let tokenizer: Tokenizer
  private let shownTokens: Set<Int32>
  private var state: GrammarState
  private var rest = Rest()
  /// Whether the text cannot be completed within the room.
  private var isCutOff = false

  /// The shortest completion that was planned last, and whether it is that of the present state.
  private struct Rest {
    var plan: ClosingPlan?
    var isCurrent = false
  }

  init?(_ masker: TokenMasker?, _ tokenizer: Tokenizer?, shownTokens: Set<Int32>) throws {
    guard let masker else { return nil }
    guard let tokenizer else { throw EngineError.grammarNeedsTokenizer }
    self.masker = masker
    self.tokenizer = tokenizer
    self.shownTokens = shownTokens
    state = try GrammarState(masker.grammar)
  }

  /// Whether nothing can follow any more.
  var isComplete: Bool { state.isComplete }

  /// Chooses the next token and reads it.
  ///
  /// No token is taken after which the text could not be completed in the tokens that are left: instead one on the
  /// shortest way to an end is, or else the next of a planned completion, which always fits. Only a text that does not
  /// even fit as a whole is cut off.
  ///
  /// - Parameters:
  ///   - room: How many tokens there may still be, this one included; at least 1.
  ///   - pick: Chooses among the tokens of a mask.
  mutating func choose(
    _ logits: UnsafeBufferPointer<Float>, room: Int, _ pick: (TokenMask) throws -> Int32
  ) throws -> Int32 {
    let token = try unsafe pick(mask(logits))
    if try take(token, room: room - 1) { return token }
    if let mask = try masker.closingMask(state) {
      let token = try pick(mask)
      if try take(token, room: room - 1) { return token }
    }
    if !rest.isCurrent {
      rest = Rest(plan: masker.closingPlan(state, limit: room, sharing: rest.plan), isCurrent: true)
    }
    if let token = rest.plan?.removeFirst() {
      guard try append(bytes: bytes(of: token)) else { throw EngineError.grammarHasNoToken }
      return token
    }
    isCutOff = true
    _ = try take(token, room: 0)
    return token
  }

  /// The tokens that may come next, at least one.
  ///
  /// A model whose most likely token ends the answer where it cannot end yet has nothing more to say: then the shortest
  /// way to an end is taken, or it would have to babble on.
  private func mask(_ logits: UnsafeBufferPointer<Float>) throws -> TokenMask {
    if !state.canEnd, masker.vocabulary.endTokens.contains(try unsafe Sampler.mostLikely(logits).token),
      let mask = try masker.closingMask(state)
    {
      return mask
    }
    let mask = try masker.mask(state)
    if mask.isEmpty { throw EngineError.grammarHasNoToken }
    return mask
  }

  /// Reads a token if the text can be completed after it in `room` tokens; false, and no change, if not.
  private mutating func take(_ token: Int32, room: Int) throws -> Bool {
    if masker.vocabulary.endTokens.contains(token) { return true }
    var next = state
    guard try next.advance(bytes(of: token)) else { throw EngineError.grammarHasNoToken }
    if isCutOff || masker.vocabulary.hasAllBytes && next.distance <= room {
      rest.isCurrent = false
    } else {
      guard let plan = masker.closingPlan(next, limit: room, sharing: rest.plan) else { return false }
      rest = Rest(plan: plan, isCurrent: true)
    }
    state = next
    return true
  }

  private func bytes(of token: Int32) -> [UInt8] {
    tokenizer.bytes(of: token, showSpecial: shownTokens.contains(token))
  }

  /// False when the grammar has no text that goes on like this.
  mutating func append(bytes: some Sequence<UInt8>) throws -> Bool { try state.advance(bytes) }
}
