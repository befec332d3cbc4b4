import Foundation
import StoaGrammar
import StoaTestSupport
import StoaTokenizers
import Testing

@testable import StoaEngine

/// Answers that are led around something while they are written.
@Suite struct AnswerWatchTests {
  /// Finds phrases, each as soon as it is there.
  private struct Phrases: AnswerWatch {
    var phrases: [[UInt8]]
    var mask: TokenMask?
    private var text: [UInt8] = []
    private var found: Set<[Int]> = []

    init(_ phrases: [String], mask: TokenMask? = nil) {
      self.phrases = phrases.map { Array($0.utf8) }
      self.mask = mask
    }

    func excluded() -> TokenMask? { mask }

    mutating func read(_ bytes: [UInt8]) -> [AnswerFinding] {
      text += bytes
      var findings: [AnswerFinding] = []
      for (number, phrase) in phrases.enumerated() where !phrase.isEmpty && phrase.count <= text.count {
        for start in 0...text.count - phrase.count where text[start...].starts(with: phrase) {
          if found.insert([number, start]).inserted {
            findings.append(AnswerFinding(rule: "\(number)", start: start))
          }
        }
      }
      return findings
    }

    mutating func finish() -> [AnswerFinding] { [] }

    /// What could still become a phrase begins here.
    var decidedCount: Int {
      guard let longest = phrases.map(\.count).max() else { return text.count }
      let from = max(0, text.count - longest + 1)
      return (from..<text.count).first { start in
        phrases.contains { $0.count > text.count - start && $0.starts(with: text[start...]) }
      } ?? text.count
    }
  }

  private func load() throws -> LanguageModel {
    try LanguageModel.load(
      path: OracleData.repository.appendingPathComponent("models/primer/primer-q8_0.gguf").path)
  }

  private func options(seed: UInt64 = 4, tokens: Int = 40, greedy: Bool = false) -> GenerationOptions {
    var options = GenerationOptions()
    if greedy { options.sampling = .greedy } else { options.sampling.temperature = 1.1 }
    options.sampling.seed = seed
    options.maxTokens = tokens
    options.ignoresEnd = true
    return options
  }

  private func prompt(_ model: LanguageModel) throws -> [Int32] {
    try #require(model.tokenizer).encode("Ada was a fox who lived at the harbour. She", addSpecial: true)
  }

  /// The text of some tokens of an answer in its middle, and where they begin.
  private func phrase(_ result: GenerationResult, _ model: LanguageModel, _ range: Range<Int>) throws -> String {
    let tokenizer = try #require(model.tokenizer)
    return String(decoding: result.tokens[range].flatMap { tokenizer.bytes(of: $0, showSpecial: false) }, as: UTF8.self)
  }

  @Test("What is never found changes nothing")
  func unchanged() throws {
    let model = try load()
    let session = try model.makeSession()
    for (seed, greedy) in [(4, true), (4, false), (9, false)] as [(UInt64, Bool)] {
      var options = options(seed: seed, greedy: greedy)
      let free = try session.generate(prompt: prompt(model), options: options)
      options.watch = Phrases(["\u{1}never", "\(free.text.suffix(3))\u{1}"])
      var shown = ""
      let watched = try session.generate(prompt: prompt(model), options: options, onText: { shown += $0 })
      #expect(watched.tokens == free.tokens)
      #expect(watched.text == free.text)
      #expect(shown == free.text)
    }
  }

  @Test("A phrase of several tokens is taken back to its first one, which is not chosen again; nothing of it is shown")
  func takesBack() throws {
    let model = try load()
    let session = try model.makeSession()
    let prompt = try prompt(model)
    for seed in 1...6 as ClosedRange<UInt64> {
      var options = options(seed: seed)
      options.sampling.repetitionPenalty = 1.1
      let free = try session.generate(prompt: prompt, options: options)
      let phrase = try phrase(free, model, 10..<13)
      options.watch = Phrases([phrase])
      var shown: [String] = []
      let watched = try session.generate(prompt: prompt, options: options, onText: { shown.append($0) })
      // A phrase that is there before is found there.
      if try self.phrase(free, model, 0..<12).contains(phrase) { continue }
      #expect(Array(watched.tokens.prefix(10)) == Array(free.tokens.prefix(10)))
      #expect(watched.tokens[10] != free.tokens[10])
      #expect(shown.joined() == watched.text)
      #expect(watched.tokens.count == 40)
    }
  }

  @Test("The token after going back is that of the model without the one that led there")
  func samplesOnce() throws {
    let model = try load()
    let session = try model.makeSession()
    let prompt = try prompt(model)
    var options = options(greedy: true)
    let free = try session.generate(prompt: prompt, options: options)
    options.watch = Phrases([try phrase(free, model, 12..<15)])
    let watched = try session.generate(prompt: prompt, options: options)
    var without = self.options(tokens: 1, greedy: true)
    without.sampling.logitBias = [free.tokens[12]: -1000]
    let next = try session.generate(prompt: prompt + free.tokens.prefix(12), options: without)
    #expect(watched.tokens.prefix(13) == free.tokens.prefix(12) + next.tokens)
  }

  @Test("A place is tried once more and then left: an answer ends though everything is forbidden")
  func doesNotLoop() throws {
    let model = try load()
    let session = try model.makeSession()
    var options = options(tokens: 30)
    options.watch = Phrases(["a", "e", "i", "o", "u", " ", ".", "t", "s", "n", "r", "h"])
    let result = try session.generate(prompt: prompt(model), options: options)
    #expect(result.tokens.count == 30)
    #expect(result.finishReason == .length)
  }

  @Test("Excluded tokens are not chosen, also where a grammar allows them; where it leaves no other they are")
  func excludes() throws {
    let model = try load()
    let session = try model.makeSession()
    let tokenizer = try #require(model.tokenizer)
    let prompt = try prompt(model)
    let vocabulary = try #require(model.vocabulary(shownTokens: []))
    var mask = TokenMask(count: vocabulary.count)
    vocabulary.forEachToken { token, bytes in if bytes.contains(UInt8(ascii: "b")) { mask.insert(token) } }
    var options = options(tokens: 8)
    options.constraint = try model.constraint(CompiledGrammar(Grammar(regex: "[bcd]{6}")))
    options.watch = Phrases([], mask: mask)
    let result = try session.generate(prompt: prompt, options: options)
    #expect(result.text.count == 6)
    #expect(result.text.allSatisfy { "cd".contains($0) }, "\(result.text)")
    options.constraint = try model.constraint(CompiledGrammar(Grammar(regex: "bb")))
    #expect(try session.generate(prompt: prompt, options: options).text == "bb")
    options.constraint = nil
    let free = try session.generate(prompt: prompt, options: options)
    #expect(!free.tokens.contains { tokenizer.bytes(of: $0, showSpecial: false).contains(UInt8(ascii: "b")) })
  }

  @Test("An answer that is cut off has the first tokens of the whole one, also where tokens were taken back")
  func cut() throws {
    let model = try load()
    let session = try model.makeSession()
    let prompt = try prompt(model)
    var options = options()
    let free = try session.generate(prompt: prompt, options: options)
    options.watch = Phrases([try phrase(free, model, 10..<13)])
    let whole = try session.generate(prompt: prompt, options: options)
    for count in [0, 1, 9, 10, 11, 12, 13, 39, 40] {
      options.cut = count
      let result = try session.generate(prompt: prompt, options: options)
      #expect(result.tokens == Array(whole.tokens.prefix(count)))
      #expect(result.finishReason == .length)
    }
  }

  @Test("In a batch answers that go back are those of lone requests, and so are their neighbours")
  func batch() async throws {
    let model = try load()
    let session = try model.makeSession()
    let prompt = try prompt(model)
    var requests: [GenerationRequest] = []
    for seed in 0..<8 as Range<UInt64> {
      var options = options(seed: seed, tokens: 90)
      if seed % 2 == 0 {
        let free = try session.generate(prompt: prompt, options: options)
        options.watch = Phrases([try phrase(free, model, 5..<8), try phrase(free, model, 61..<66)])
      }
      requests.append(GenerationRequest(prompt: prompt, options: options))
    }
    let alone = try requests.map { try session.generate(prompt: $0.prompt, options: $0.options) }
    let scheduler = try Scheduler(model: model)
    for _ in 0..<2 {
      let streams = try requests.map { try scheduler.submit($0) }
      for (stream, expected) in zip(streams, alone) {
        var (tokens, text): ([Int32], String) = ([], "")
        for try await event in stream {
          switch event {
          case .token(let token, let piece, _):
            tokens.append(token)
            text += piece
          case .finished(let rest, let result):
            #expect(result.tokens == expected.tokens)
            text += rest
          case .started, .prompt: break
          }
        }
        #expect(tokens == expected.tokens)
        #expect(text == expected.text)
      }
    }
  }
}
