import StoaFormats
import StoaGrammar

/// All bytes, some pieces, and an end.
private let tokens =
  (0...255).map { [UInt8($0)] }
  + ["{\"", "\":", "\": ", "\"}", "\",", "ab", "aaaa", "12", "é", "中a", "\n  "].map { Array($0.utf8) } + [[]]
private let end = Int32(tokens.count - 1)
private let vocabulary = TokenVocabulary(tokens: tokens, endTokens: [end])

/// Compiles a grammar and follows it: first the tokens that bytes of the source choose, then a plan to the end. That a
/// token of the mask is refused, or that the plan does not lead to an end, is a find.
func follow(_ bytes: UnsafeBufferPointer<UInt8>, _ parse: (String) throws -> Grammar) -> CInt {
  let source = unsafe Array(bytes)
  do {
    let grammar = try CompiledGrammar(parse(String(decoding: source, as: UTF8.self)))
    let masker = try TokenMasker(grammar, vocabulary)
    var state = try GrammarState(grammar)
    for choice in source.reversed().prefix(24) {
      let allowed = try masker.mask(state).tokens
      precondition(!allowed.isEmpty, "nothing may follow")
      let token = allowed[Int(choice) % allowed.count]
      if token == end { break }
      let isRead = try state.advance(tokens[Int(token)])
      precondition(isRead, "a token of the mask is refused")
    }
    guard var plan = masker.closingPlan(state, limit: 4096) else { return 0 }
    while let token = plan.removeFirst() {
      let isRead = try state.advance(tokens[Int(token)])
      precondition(isRead, "a token of the plan is refused")
    }
    precondition(state.canEnd, "the plan does not end")
  } catch {
    _ = "\(error)"
  }
  return 0
}
