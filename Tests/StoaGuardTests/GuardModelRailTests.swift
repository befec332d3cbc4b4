import StoaTestSupport
import Testing

@testable import StoaGuard

/// Rails with the detector `guard-model`, with a script in the place of a model.
struct GuardModelRailTests {
  private static func rail(
    _ options: [String: [String]] = [:], _ action: GuardAction, id: String = "model"
  ) -> Rail {
    Rail(
      id: id, detectors: ["guard-model"],
      options: DetectorOptions(options.merging(["model": ["/models/judge"]]) { given, _ in given }), action: action,
      hazard: "own", message: "No.")
  }

  private static func program(_ rails: [Rail], _ stage: GuardStage) throws -> GuardProgram {
    try GuardProgram(pack: "test", rails: rails, stage: stage)
  }

  /// Finds a word in what is judged.
  private static func finds(_ word: String, _ judgment: GuardJudgment = GuardJudgment(score: 0.9))
    -> (GuardQuestion) -> GuardAnswer
  {
    { .success($0.turns.last?.text.contains(word) == true ? judgment : GuardJudgment(score: 0.1)) }
  }

  /// Says something else of every text, and the same of the same.
  private static func arbitrary(_ question: GuardQuestion) -> GuardAnswer {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for turn in question.turns { for byte in turn.text.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 } }
    return .success(GuardJudgment(score: Double((state ^ state >> 33) % 1000) / 1000))
  }

  private static let words = ["the", "quick", "brown", "Fox", "jumps", "zebra", "läuft", "🙂", "42", "c@d.e", "…", "x-"]

  private static func text(_ count: Int, _ generator: inout SeededGenerator) -> String {
    (0..<count).map { _ in words.randomElement(using: &generator) ?? "" }.joined(separator: " ")
  }

  @Test("Splitting a text makes no difference to what guard models find", arguments: GuardStage.allCases)
  func splitLaw(_ stage: GuardStage) throws {
    let program = try Self.program(
      [
        Self.rail(["threshold": ["0.5"], "window": ["64"], "context": ["100"]], .flag, id: "noted"),
        Self.rail(["threshold": ["0.75"], "window": ["100"], "context": ["0"]], .redact, id: "hidden"),
        Rail(id: "bans", detectors: ["ban"], options: DetectorOptions(["terms": ["zebra"]]), action: .redact),
      ], stage)
    var generator = SeededGenerator(state: 11)
    var found: [String: Int] = [:]
    for number in 0..<60 {
      let bytes = Array(Self.text(Int.random(in: 0...80, using: &generator), &generator).utf8)
      let whole = program.check(bytes, judge: Self.arbitrary)
      for hit in whole.verdict.hits { found[hit.rail, default: 0] += 1 }
      for pieces in [1, 7, 64, Int.random(in: 2...200, using: &generator)] {
        #expect(
          program.check(bytes, pieces: pieces, judge: Self.arbitrary) == whole, "text \(number) in pieces of \(pieces)")
      }
    }
    for rail in ["noted", "hidden", "bans"] { #expect(found[rail, default: 0] > 5, "\(rail)") }
  }

  @Test("When the answers come makes no difference either")
  func lateAnswers() throws {
    let program = try Self.program(
      [
        Self.rail(["threshold": ["0.8"], "window": ["64"]], .redact),
        Rail(id: "bans", detectors: ["ban"], options: DetectorOptions(["terms": ["zebra"]]), action: .redact),
      ], .output)
    var generator = SeededGenerator(state: 3)
    for _ in 0..<40 {
      let bytes = Array(Self.text(Int.random(in: 0...120, using: &generator), &generator).utf8)
      let whole = program.check(bytes, judge: Self.arbitrary)
      var stream = GuardStream(program)
      var output: [UInt8] = []
      for byte in bytes {
        output += stream.feed([byte])
        while let question = stream.question, Bool.random(using: &generator), Bool.random(using: &generator) {
          output += stream.answer(Self.arbitrary(question))
        }
      }
      output += stream.finish()
      while let question = stream.question {
        #expect(!stream.isComplete)
        output += stream.answer(Self.arbitrary(question))
      }
      #expect(stream.isComplete)
      #expect(String(decoding: output, as: UTF8.self) == whole.text)
      #expect(stream.verdict == whole.verdict)
    }
  }

  @Test("No window is shown before its verdict, and no scalar is cut")
  func windows() throws {
    let program = try Self.program([Self.rail(["window": ["64"], "context": ["10"]], .flag)], .output)
    var stream = GuardStream(program, dialogue: [GuardTurn(.user, "Who?")])
    let bytes = Array(String(repeating: "déjà vu ", count: 40).utf8)
    var output = stream.feed(bytes)
    #expect(output.isEmpty && stream.heldCount == bytes.count)
    output += stream.finish()
    #expect(output.isEmpty)
    var judged = 0
    while let question = stream.question {
      #expect(question.turns.count == 2 && question.turns[0] == GuardTurn(.user, "Who?"))
      let text = Array(question.turns[1].text.utf8)
      let shown = stream.answer(.success(GuardJudgment(score: 0)))
      #expect((1...64).contains(shown.count) && text.suffix(shown.count).elementsEqual(shown))
      #expect(text.count <= min(judged, 10) + shown.count && text.first.map { $0 & 0xC0 != 0x80 } == true)
      judged += shown.count
      output += shown
    }
    #expect(output == bytes && stream.isComplete)
  }

  @Test("A refusal ends an answer before its window, and no more is asked")
  func refuses() throws {
    let program = try Self.program([Self.rail(["window": ["64"], "context": ["0"]], .refuse)], .output)
    let text =
      String(repeating: "quiet and calm. ", count: 8) + "then the forbidden word " + String(repeating: "x", count: 200)
    var asked = 0
    let checked = program.check(Array(text.utf8), pieces: 3) { question in
      asked += 1
      return Self.finds("forbidden")(question)
    }
    #expect(checked.text == String(text.prefix(128)) + "No.")
    #expect(checked.verdict.action == .refuse && checked.verdict.message == "No." && asked == 3)
    #expect(checked.verdict.hits.map(\.range) == [128..<192])
  }

  @Test("A window is redacted, and the hit says why")
  func redacts() throws {
    let program = try Self.program([Self.rail(["window": ["64"], "context": ["0"]], .redact)], .output)
    let text = String(repeating: "a", count: 64) + String(repeating: "b", count: 64) + "the end"
    let judge = Self.finds("b", GuardJudgment(score: 0.75, hazard: "S10", categories: ["S10", "S1"]))
    let checked = program.check(Array(text.utf8), judge: judge)
    #expect(checked.text == String(repeating: "a", count: 64) + "[UNSAFE]the end")
    #expect(checked.verdict.hits.map(\.hazard) == ["S10"] && checked.verdict.hits.map(\.score) == [0.75])
    #expect(checked.verdict.hits.map(\.pattern) == ["guard-model judge: S10, S1"])
    let plain = program.check(Array(text.utf8), judge: Self.finds("b"))
    #expect(plain.verdict.hits.map(\.hazard) == ["own"])
  }

  @Test("A request is judged as a whole, and in parts when it is longer than guard models read")
  func whole() throws {
    let program = try Self.program([Self.rail(["context": ["100"]], .refuse)], .input)
    let text = String(repeating: "one text of many words, ", count: 800) + "bad"
    var lengths: [Int] = []
    let checked = program.check(Array(text.utf8), pieces: 999) { question in
      lengths.append(question.turns.last?.text.utf8.count ?? 0)
      return Self.finds("bad")(question)
    }
    #expect(checked.text == "No." && lengths == [8192, 8292, text.utf8.count - 16_384 + 100])
    #expect(program.check(Array("short".utf8)) { _ in .success(GuardJudgment(score: 0)) }.text == "short")
    #expect(program.check([]) { _ in .failure(.nobodyAsks) }.verdict.hits.isEmpty)
  }

  @Test("What is not judged is refused, unless the rail lets it pass and says so", arguments: GuardAction.allCases)
  func missing(_ action: GuardAction) throws {
    let failure: (GuardQuestion) -> GuardAnswer = { _ in .failure(GuardModelError(.busy, "too many wait")) }
    let refused = try Self.program([Self.rail([:], action)], .output).check(Array("hello".utf8), judge: failure)
    #expect(refused.text == "No." && refused.verdict.action == .refuse && refused.verdict.message == "No.")
    #expect(refused.verdict.hits.map(\.pattern) == ["guard-model judge is busy"])
    // Nobody to ask is the same.
    #expect(try Self.program([Self.rail([:], action)], .input).check(Array("hello".utf8)).text == "No.")
    let skipped = try Self.program([Self.rail(["missing": ["skip"]], action)], .output)
      .check(Array("hello".utf8), judge: failure)
    #expect(skipped.text == "hello" && skipped.verdict.action == .allow)
    #expect(skipped.verdict.hits.map(\.label) == ["UNJUDGED"])
  }

  @Test("What will be asked about a text is known before it is judged")
  func questions() throws {
    let program = try Self.program(
      [
        Self.rail(["window": ["64"], "context": ["32"]], .flag, id: "one"),
        Self.rail(["window": ["64"], "context": ["32"]], .redact, id: "same"),
        Self.rail(["window": ["96"], "style": ["shieldgemma"]], .flag, id: "other"),
      ], .output)
    var generator = SeededGenerator(state: 5)
    for _ in 0..<20 {
      let bytes = Array(Self.text(Int.random(in: 0...60, using: &generator), &generator).utf8)
      let dialogue = [GuardTurn(.user, "hello")]
      var asked: Set<GuardQuestion> = []
      _ = program.check(bytes, pieces: 5, dialogue: dialogue) { question in
        asked.insert(question)
        return .success(GuardJudgment(score: 0))
      }
      let foreseen = program.questions(about: bytes, after: dialogue)
      #expect(Set(foreseen) == asked && foreseen.count == asked.count)
      #expect(program.questions(about: bytes, limit: 2).count == min(2, foreseen.count))
    }
    #expect(program.withoutGuardModels.questions(about: Array("hello".utf8)).isEmpty)
    #expect(program.guardModels.map(\.rail) == ["one", "same", "other"])
  }

  @Test("Of the conversation what fits is shown, by turns, from a user's on")
  func dialogue() throws {
    let turns = [
      GuardTurn(.assistant, "Welcome."), GuardTurn(.user, "one"), GuardTurn(.user, "two"),
      GuardTurn(.assistant, "Two."), GuardTurn(.user, "three"),
    ]
    func shown(_ stage: GuardStage, _ context: String) throws -> [String]? {
      let program = try Self.program([Self.rail(["context": [context]], .flag)], stage)
      return program.questions(about: Array("new".utf8), after: turns).first?.turns.map(\.text)
    }
    #expect(try shown(.output, "1000") == ["two", "Two.", "three", "new"])
    #expect(try shown(.output, "9") == ["three", "new"])
    #expect(try shown(.output, "0") == ["new"])
    #expect(try shown(.input, "1000") == ["two", "Two.", "new"])
    #expect(try shown(.toolResult, "5") == ["new"])
  }

  @Test(
    "An option that is of no use is told",
    arguments: [
      ("model", [""], "write model: NAME"), ("style", ["lama-guard"], "did you mean llama-guard?"),
      ("threshold", ["2"], "write threshold: 0.5"), ("window", ["63"], "write window: 512"),
      ("context", ["-1"], "write context: 512"), ("missing", ["fail"], "write missing: skip"),
      ("template", ["mine"], "write template: published"), ("words", ["yes"], "write words: [safe, unsafe]"),
      ("categories", ["hatte"], "did you mean hate?"), ("categories", ["hate", "hate"], "leave one out"),
    ])
  func options(_ option: String, _ value: [String], _ hint: String) throws {
    var options = ["model": ["judge"], "style": ["shieldgemma"]]
    options[option] = value
    let error = #expect(throws: RailError.self) { try Self.program([Self.rail(options, .flag)], .output) }
    #expect(error?.option == option && error?.hint.hasPrefix(hint) == true, "\(String(describing: error))")
  }
}

/// What guard models are given to read.
struct GuardModelPromptTests {
  @Test("A style is known by the model's template, else by its name")
  func detects() {
    let templates: [(String, GuardModelStyle?)] = [
      ("<BEGIN UNSAFE CONTENT CATEGORIES>\nS5: Defamation.", .llamaGuard),
      ("<BEGIN UNSAFE CONTENT CATEGORIES>\nS5: Specialized Advice.", .llamaGuard2),
      ("You are a policy expert {{ guideline }}", .shieldGemma),
      ("{{ guardian_config }} safety agent", .graniteGuardian), ("{{ messages }}", nil),
    ]
    for (template, style) in templates { #expect(GuardModelStyle.detect(template: template, name: "chat") == style) }
    let names = [
      "Llama-Guard-3-8B", "shieldgemma-2b", "granite-guardian-3.1-2b", "granite3-guardian", "Meta-Llama-Guard-2-8B",
    ]
    for name in names {
      #expect(GuardModelStyle.detect(template: "{{ messages }}", name: name) != nil, "\(name)")
    }
    #expect(GuardModelStyle.detect(template: nil, name: "llama-3-8b") == nil)
  }

  @Test("Categories are known ones or the deployer's own, and Llama Guard's have the hazards of MLCommons")
  func categories() throws {
    let third = GuardModelStyle.llamaGuard.usualCategories
    #expect(third.map(\.name) == (1...14).map { "S\($0)" } && third.allSatisfy { $0.hazard == $0.name })
    // The second numbers without defamation and elections.
    let second = GuardModelStyle.llamaGuard2.usualCategories
    #expect(second.count == 11 && second.first { $0.name == "S9" }?.hazard == "S10")
    let own = try GuardModelStyle.shieldGemma.categories(named: ["hate", "No Advice: The text shall give no advice."])
    #expect(own.map(\.name) == ["hate", "No Advice"] && own[1].definitions.user == "The text shall give no advice.")
    #expect(GuardModelStyle.graniteGuardian.usualCategories.map(\.name) == ["harm"])
    for style in GuardModelStyle.allCases {
      let turns = [GuardTurn(.user, "one"), GuardTurn(.assistant, "two")]
      let prompts = GuardModelPrompt.prompts(style, turns, categories: style.usualCategories)
      #expect(prompts.count == (style.namesCategories ? 1 : style.usualCategories.count))
      // What others wrote is told from the format.
      for prompt in prompts { #expect(prompt.pieces.contains(.text("one")) && prompt.pieces.contains(.text("two"))) }
    }
  }
}
