/// A text on its way through the rails of a program, in pieces of any size.
///
/// What comes out and what is found depend on the text alone, not on the pieces. Text is held back only from the start of the first
/// match that is open or may still grow, or of the window that a classifier or a guard model has not judged. What a guard model
/// is to judge stands in `question`: whoever feeds the stream gets the answer and gives it to `answer`.
public struct GuardStream: Sendable {
  private let program: GuardProgram
  private let vault: Vault
  private let events: (any EventSink)?

  private var raw: TextView
  private var folded: TextView?
  private var decoded: [TextView] = []
  private var judges: [WindowJudge]
  private var models: [ModelWindows]
  private var isFinished = false
  private let leakRails: [Int]

  /// The bytes that are not passed on yet: those from `head` on, the first of which is at `heldStart` of the text.
  private var held: [UInt8] = []
  private var head = 0
  private var heldStart = 0
  private var count = 0
  private var waiting: [FoundHit] = []
  private var edit: Edit?
  /// The hits judged so far that begin where the last one does.
  private var seen: [FoundHit] = []
  private var ending: Ending?

  /// How many bytes have come out.
  private var released = 0
  /// What was put in the place of hits so far, in order.
  public private(set) var edits: [GuardEdit] = []
  /// What was found so far, in the order of the starts.
  public private(set) var hits: [GuardHit] = []

  /// Whether a rail ended the text; what is fed from then on is dropped.
  public var isOver: Bool { ending != nil }
  /// How many bytes of the text are decided: what came before was passed on or replaced.
  public var decidedCount: Int { heldStart }

  private struct FoundHit: Equatable {
    var range: Range<Int>
    var rail: Int
    var label: String
    var pattern: String
    var score: Double
    /// Nil for those of the rail.
    var hazard: String?
    var action: GuardAction?
  }

  /// The place of hits that touch each other, all of which one replacement covers.
  private struct Edit {
    var range: Range<Int>
    var rail: Int
    var label: String
  }

  private struct Ending {
    var rail: Int
    var action: GuardAction
  }

  /// An edit that has grown to this length is made and a new one begun.
  private static let longestEdit = 16_384
  private static let blockSize = 16_384

  /// A stream through the program's rails.
  ///
  /// - Parameters:
  ///   - vault: where `mask` puts what it hides.
  ///   - systemPrompt: what the rails with the detector `system-prompt` compare the text with.
  ///   - events: takes every hit when it is certain.
  ///   - dialogue: what was said before, for rails with the detector `guard-model`.
  public init(
    _ program: GuardProgram, vault: Vault = Vault(), systemPrompt: String? = nil, events: (any EventSink)? = nil,
    dialogue: [GuardTurn] = []
  ) {
    self.program = program
    self.vault = vault
    self.events = events
    raw = TextView(nil, program.raw)
    judges = program.classifiers.map(WindowJudge.init)
    models = program.models.map { ModelWindows($0, after: dialogue) }
    var leaks: [PromptLeak] = []
    leakRails = systemPrompt == nil ? [] : program.promptRails
    if let systemPrompt {
      for rail in leakRails {
        let words = program.rails[rail].options["words"]?.first.flatMap { Int($0) } ?? PromptLeak.usualWords
        leaks.append(PromptLeak(prompt: systemPrompt, threshold: words))
      }
    }
    if !program.folded.isEmpty || !leaks.isEmpty {
      folded = TextView(FoldedText(decodesEscapes: program.decodesEscapes), program.folded, leaks: leaks)
    }
    if !program.decoded.isEmpty {
      let derivations: [any TextDerivation] = [Base64Text(), HexadecimalText(), TagText()]
      decoded = derivations.map { TextView($0, program.decoded) }
    }
  }

  /// Reads the next bytes and gives what may be passed on.
  public mutating func feed(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    let bytes = Array(bytes)
    var start = 0
    while start < bytes.count, ending == nil {
      let end = min(start + Self.blockSize, bytes.count)
      read(bytes[start..<end])
      pass(upTo: frontier, into: &output)
      start = end
    }
    released += output.count
    return output
  }

  /// Reads the end of the text and gives the rest, but for what waits for guard models.
  public mutating func finish() -> [UInt8] {
    guard ending == nil, !isFinished else { return [] }
    isFinished = true
    visitViews { view, take, leak in view.finish(hit: take, leak: leak) }
    visitJudges { judge, take in judge.finish(hit: take) }
    for index in models.indices { models[index].finish() }
    return passJudged()
  }

  // MARK: Guard models

  /// What a guard model has to be asked before more may be passed on; nil when nothing waits for one.
  public var question: GuardQuestion? { nextModel.flatMap { models[$0].question } }

  /// Whether all of the text was passed on, or a rail ended it.
  public var isComplete: Bool { ending != nil || isFinished && nextModel == nil }

  /// The model whose window comes first in the text.
  private var nextModel: Int? {
    guard ending == nil else { return nil }
    return models.indices.filter { models[$0].window != nil }.min { models[$0].frontier < models[$1].frontier }
  }

  /// Takes the answer to `question` and gives what may be passed on now.
  ///
  /// What was not judged is refused unless the rail lets it pass, and then the hit that says so has the action `allow`.
  public mutating func answer(_ answer: GuardAnswer) -> [UInt8] {
    guard let index = nextModel, let range = models[index].advance() else { return [] }
    let rail = models[index].rail
    var hit = FoundHit(
      range: range, rail: rail.rail, label: GuardModelRail.unjudged, pattern: "guard-model \(rail.modelName)", score: 0)
    switch answer {
    case .success(let judgment):
      guard judgment.score >= rail.settings.threshold else { return passJudged() }
      hit.label = "UNSAFE"
      hit.score = judgment.score
      hit.hazard = judgment.hazard
      if !judgment.categories.isEmpty { hit.pattern += ": " + judgment.categories.joined(separator: ", ") }
    case .failure(let error):
      hit.pattern += " " + error.words
      hit.action = rail.skipsMissing ? .allow : .refuse
    }
    wait(for: [hit])
    return passJudged()
  }

  private mutating func passJudged() -> [UInt8] {
    var output: [UInt8] = []
    let isLast = isFinished && nextModel == nil
    pass(upTo: isLast ? count : frontier, isLast: isLast, into: &output)
    released += output.count
    return output
  }

  /// What was found so far; final after `finish`.
  public var verdict: GuardVerdict {
    GuardVerdict(
      action: hits.reduce(.allow) { max($0, $1.action) }, hits: hits,
      message: ending.flatMap { $0.action == .refuse ? program.rails[$0.rail].message : nil },
      pack: program.pack, digest: program.digest)
  }

  /// How many bytes are held back.
  public var heldCount: Int { held.count - head }

  private mutating func read(_ bytes: ArraySlice<UInt8>) {
    held.append(contentsOf: bytes)
    count += bytes.count
    visitViews { view, take, leak in view.feed(bytes, hit: take, leak: leak) }
    visitJudges { judge, take in judge.feed(bytes, hit: take) }
    for index in models.indices { models[index].feed(bytes) }
  }

  private mutating func visitJudges(_ visit: (inout WindowJudge, (ClassifierRail, Range<Int>, Double) -> Void) -> Void)
  {
    guard !judges.isEmpty else { return }
    var new: [FoundHit] = []
    for index in judges.indices {
      visit(&judges[index]) { rail, range, score in
        new.append(
          FoundHit(
            range: range, rail: rail.rail, label: rail.kind.rawValue.uppercased(),
            pattern: "classifier \(rail.kind.rawValue)", score: score))
      }
    }
    wait(for: new)
  }

  private mutating func visitViews(
    _ visit: (inout TextView, (Int, PatternHit) -> Void, (Int, Range<Int>) -> Void) -> Void
  ) {
    var new: [FoundHit] = []
    let program = program
    let leakRails = leakRails
    func take(_ sets: [PatternSet], _ minimum: Int) -> (Int, PatternHit) -> Void {
      { set, hit in
        let entry = sets[set].entries[hit.entry]
        guard hit.score >= program.rails[entry.rail].threshold, hit.range.count >= minimum else { return }
        new.append(
          FoundHit(
            range: hit.range, rail: entry.rail, label: entry.pattern.label, pattern: entry.pattern.name,
            score: hit.score))
      }
    }
    let leak: (Int, Range<Int>) -> Void = { index, range in
      new.append(
        FoundHit(range: range, rail: leakRails[index], label: "SYSTEM-PROMPT", pattern: "system prompt", score: 1))
    }
    visit(&raw, take(program.raw, 0), leak)
    if var view = folded.take() {
      visit(&view, take(program.folded, 0), leak)
      folded = view
    }
    for index in decoded.indices { visit(&decoded[index], take(program.decoded, 6), leak) }
    wait(for: new)
  }

  private mutating func wait(for new: [FoundHit]) {
    guard !new.isEmpty else { return }
    waiting += new.filter { !isException($0) }
    waiting.sort {
      ($0.range.lowerBound, -$0.range.upperBound, $0.rail, $0.pattern) < (
        $1.range.lowerBound, -$1.range.upperBound, $1.rail, $1.pattern
      )
    }
  }

  private func isException(_ hit: FoundHit) -> Bool {
    let exceptions = program.rails[hit.rail].exceptions
    guard !exceptions.isEmpty else { return false }
    let text = text(of: hit.range).lowercased()
    return exceptions.contains { $0.lowercased() == text }
  }

  private func bytes(of range: Range<Int>) -> ArraySlice<UInt8> {
    held[max(head, range.lowerBound - heldStart + head)..<max(head, range.upperBound - heldStart + head)]
  }

  private func text(of range: Range<Int>) -> String { String(decoding: bytes(of: range), as: UTF8.self) }

  /// No hit that is not known yet begins before this.
  private var frontier: Int {
    var first = raw.frontier
    if let folded { first = min(first, folded.frontier) }
    for view in decoded { first = min(first, view.frontier) }
    for judge in judges { first = min(first, judge.frontier) }
    for model in models { first = min(first, model.frontier) }
    return first
  }

  /// Judges the hits that begin before `frontier` and passes on the text before it, as far as no edit is open.
  private mutating func pass(upTo frontier: Int, isLast: Bool = false, into output: inout [UInt8]) {
    var judged = 0
    while judged < waiting.count, waiting[judged].range.lowerBound < frontier || isLast {
      let hit = waiting[judged]
      judged += 1
      judge(hit, into: &output)
      if ending != nil { return }
    }
    waiting.removeSubrange(..<judged)
    if let edit, edit.range.upperBound <= frontier || isLast { make(edit, into: &output) }
    var end = min(frontier, edit?.range.lowerBound ?? frontier)
    if !isLast { end = wholeScalars(upTo: end) }
    release(upTo: end, into: &output)
    held.removeSubrange(..<head)
    head = 0
  }

  private mutating func judge(_ hit: FoundHit, into output: inout [UInt8]) {
    // Several patterns and views may find the same thing for a rail.
    if seen.first?.range.lowerBound != hit.range.lowerBound { seen.removeAll(keepingCapacity: true) }
    if seen.contains(where: { $0.rail == hit.rail && $0.range == hit.range }) { return }
    seen.append(hit)
    if let edit, edit.range.upperBound <= hit.range.lowerBound { make(edit, into: &output) }
    let rail = program.rails[hit.rail]
    let action = hit.action ?? rail.action
    let found = GuardHit(
      rail: rail.id, hazard: hit.hazard ?? rail.hazard, label: hit.label, pattern: hit.pattern, action: action,
      range: hit.range, score: hit.score)
    hits.append(found)
    events?.record(
      GuardEvent(
        hit: found, stage: program.stage, pack: program.pack, digest: program.digest,
        text: events?.wantsText == true ? text(of: hit.range) : nil))
    guard action.edits else { return }
    if action.isFinal {
      release(upTo: max(heldStart, edit?.range.lowerBound ?? hit.range.lowerBound), into: &output)
      if action == .refuse { output += rail.message.utf8 }
      ending = Ending(rail: hit.rail, action: action)
      held = []
      head = 0
      return
    }
    guard let open = edit, open.range.count < Self.longestEdit else {
      if let open = edit { make(open, into: &output) }
      let start = max(hit.range.lowerBound, heldStart)
      if hit.range.upperBound > start {
        edit = Edit(range: start..<hit.range.upperBound, rail: hit.rail, label: hit.label)
      }
      return
    }
    var grown = open
    grown.range = open.range.lowerBound..<max(open.range.upperBound, hit.range.upperBound)
    if rail.action > program.rails[open.rail].action {
      grown.rail = hit.rail
      grown.label = hit.label
    }
    edit = grown
  }

  /// Passes on the text before the edit and the replacement, and drops what the edit covers.
  private mutating func make(_ edit: Edit, into output: inout [UInt8]) {
    release(upTo: edit.range.lowerBound, into: &output)
    let rail = program.rails[edit.rail]
    let start = released + output.count
    switch rail.action {
    case .mask: output += vault.placeholder(for: bytes(of: edit.range), label: edit.label).utf8
    default: output += (rail.replacement ?? (edit.label.isEmpty ? "" : "[\(edit.label)]")).utf8
    }
    edits.append(GuardEdit(range: edit.range, output: start..<released + output.count))
    let end = min(edit.range.upperBound, heldStart + heldCount)
    if end > heldStart {
      head += end - heldStart
      heldStart = end
    }
    self.edit = nil
  }

  private mutating func release(upTo end: Int, into output: inout [UInt8]) {
    let length = min(end - heldStart, heldCount)
    guard length > 0 else { return }
    output += held[head..<head + length]
    head += length
    heldStart += length
  }

  /// The end of the last whole scalar at or before `end`.
  private func wholeScalars(upTo end: Int) -> Int {
    let length = min(end - heldStart, heldCount)
    guard length > 0 else { return end }
    for back in 1...min(3, length) {
      let byte = held[head + length - back]
      if byte & 0xC0 == 0x80 { continue }
      let needed = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      return needed > back ? heldStart + length - back : end
    }
    return end
  }
}
