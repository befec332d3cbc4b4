// Measures what a grammar costs for each token of real outputs.
//
//     swift run --package-path Benchmarks/Masks -c release masks TOKENIZER PRE Benchmarks/Masks/examples.json
//
// TOKENIZER is a file that Stoa reads tokenizers from; PRE the name of its pre-tokeniser for ranks, such as llama-bpe, or -.
// For each schema the outputs are followed token by token: first with nothing cached, as for the first answer, then again.
import StoaFormats
import StoaGrammar
import StoaTokenizers

struct Mistake: Error { let description: String }

func microseconds(_ duration: Duration) -> Double {
  Double(duration.components.attoseconds) / 1e12 + 1e6 * Double(duration.components.seconds)
}

func shown(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

func summary(_ times: [Double]) -> String {
  let sorted = times.sorted()
  func quantile(_ share: Double) -> String { shown(sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]) }
  return "median \(quantile(0.5)) µs, p99 \(quantile(0.99)) µs, most \(quantile(1)) µs, mean "
    + "\(shown(times.reduce(0, +) / Double(times.count))) µs"
}

/// The time for each token of a text: the mask before it, the step after it, and how far it is from there to an end:
/// in bytes, or when `isTight` in tokens, as it has to be known near the limit of an answer.
func follow(
  _ tokens: [Int32], _ tokenizer: Tokenizer, _ masker: TokenMasker, isTight: Bool = false
) throws -> [Double] {
  var state = try GrammarState(masker.grammar)
  var plan: ClosingPlan?
  return try tokens.map { token in
    let start = ContinuousClock.now
    let mask = try masker.mask(state)
    let isAllowed = mask.allows(token)
    let goesOn = try state.advance(tokenizer.bytes(of: token))
    if isTight { plan = masker.closingPlan(state, limit: 1 << 20, sharing: plan) }
    let canBeEnded = state.distance < 1 << 20 && (!isTight || plan != nil)
    let time = microseconds(start.duration(to: .now))
    guard isAllowed, goesOn, canBeEnded else {
      throw Mistake(description: "the token \(tokenizer.text(of: token)) is not allowed where it stands")
    }
    return time
  }
}

func run(_ arguments: [String]) throws {
  guard arguments.count == 4 else { throw Mistake(description: "usage: masks TOKENIZER PRE EXAMPLES") }
  let tokenizer = try Tokenizer(file: arguments[1], preTokenizer: arguments[2] == "-" ? nil : arguments[2])
  var start = ContinuousClock.now
  let vocabulary = TokenVocabulary(
    tokens: (0..<tokenizer.vocabularySize).map { tokenizer.bytes(of: Int32($0)) }, endTokens: tokenizer.endTokens)
  print("\(vocabulary.count) tokens, sorted in \(shown(microseconds(start.duration(to: .now)) / 1000)) ms")
  var (first, again, tight): ([Double], [Double], [Double]) = ([], [], [])
  for example in try JSONValue(path: arguments[3]).arrayValue ?? [] {
    guard let schema = example["schema"] else { continue }
    start = .now
    let grammar = try CompiledGrammar(Grammar(jsonSchema: schema))
    let compiled = start.duration(to: .now)
    let masker = try TokenMasker(grammar, vocabulary)
    let prepared = start.duration(to: .now) - compiled
    let outputs = (example["outputs"]?.arrayValue ?? []).compactMap(\.stringValue)
      .map { tokenizer.encode($0, addSpecial: false) }
    let cold = try outputs.flatMap { try follow($0, tokenizer, masker) }
    first += cold
    again += try outputs.flatMap { try follow($0, tokenizer, masker) }
    tight += try outputs.flatMap { try follow($0, tokenizer, masker, isTight: true) }
    print(
      "\(example["name"]?.stringValue ?? ""): compiled in \(shown(microseconds(compiled) / 1000)) ms, prepared in "
        + "\(shown(microseconds(prepared) / 1000)) ms; \(cold.count) tokens: \(summary(cold))")
  }
  print("first answers: \(summary(first))")
  print("later answers: \(summary(again))")
  print("near the limit: \(summary(tight))")
}

do { try run(CommandLine.arguments) } catch { print("error: \(error)") }
