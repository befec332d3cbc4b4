import StoaEngine
import StoaGrammar
import StoaGuard
import Synchronization

/// The rails that answers are led around, with what they mean for the tokens of models.
final class AnswerAvoidance: Sendable {
  private let program: AvoidanceProgram
  private let known = Mutex<[(vocabulary: TokenVocabulary, tokens: CompletingTokens)]>([])

  /// More models are seldom asked in turns.
  private static let mostVocabularies = 4

  init(_ program: AvoidanceProgram) { self.program = program }

  /// The digest of these rails, in hexadecimal.
  var digest: String { program.digest }

  /// Watches an answer of a model; nil when the model has no text.
  func watch(_ model: LanguageModel, shownTokens: Set<Int32>) -> GuardWatch? {
    guard let vocabulary = model.vocabulary(shownTokens: shownTokens) else { return nil }
    return GuardWatch(program, vocabulary, tokens(of: vocabulary))
  }

  private func tokens(of vocabulary: TokenVocabulary) -> CompletingTokens {
    known.withLock { known in
      if let found = known.first(where: { $0.vocabulary === vocabulary }) { return found.tokens }
      let tokens = CompletingTokens(program, vocabulary)
      if known.count >= Self.mostVocabularies { known.removeFirst() }
      known.append((vocabulary, tokens))
      return tokens
    }
  }
}

/// The tokens that complete a term of a ban on their own, whatever the answer is.
struct CompletingTokens: Sendable {
  /// Where no word goes on before the token; nil for none.
  let afterSpace: TokenMask?
  /// Where one does.
  let afterWord: TokenMask?

  init(_ program: AvoidanceProgram, _ vocabulary: TokenVocabulary) {
    let found = program.completing { vocabulary.forEachToken($0) }
    afterSpace = TokenMask(found.afterSpace, of: vocabulary)
    afterWord = TokenMask(found.afterWord, of: vocabulary)
  }
}

/// Watches one answer for the rails with `avoid`.
struct GuardWatch: AnswerWatch {
  private var text: AvoidedText
  private let vocabulary: TokenVocabulary
  private let completing: CompletingTokens

  init(_ program: AvoidanceProgram, _ vocabulary: TokenVocabulary, _ completing: CompletingTokens) {
    text = AvoidedText(program)
    self.vocabulary = vocabulary
    self.completing = completing
  }

  func excluded() -> TokenMask? {
    let alone = text.endsInWord ? completing.afterWord : completing.afterSpace
    guard let probe = text.probe else { return alone }
    let tokens = vocabulary.tokens(from: probe, { $0.read($1) }, accepts: \.isComplete)
    guard let begun = TokenMask(tokens, of: vocabulary) else { return alone }
    guard var mask = alone else { return begun }
    mask.formUnion(begun)
    return mask
  }

  mutating func read(_ bytes: [UInt8]) -> [AnswerFinding] { text.read(bytes).map(AnswerFinding.init) }

  mutating func finish() -> [AnswerFinding] { text.finish().map(AnswerFinding.init) }

  var decidedCount: Int { text.decidedCount }
}

extension AnswerFinding {
  fileprivate init(_ finding: AvoidedText.Finding) { self.init(rule: finding.rail, start: finding.start) }
}

extension TokenMask {
  /// A mask of these tokens; nil for none.
  fileprivate init?(_ tokens: [Int32], of vocabulary: TokenVocabulary) {
    if tokens.isEmpty { return nil }
    self.init(count: vocabulary.count)
    for token in tokens { insert(token) }
  }
}
