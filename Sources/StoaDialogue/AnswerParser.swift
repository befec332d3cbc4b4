/// Splits a streamed answer into content, reasoning and tool calls.
///
/// However the text is cut, the parts are the same but for the places where neighbours of one kind are cut; no more is
/// held back than what may become a mark, belongs to a call, or is white space that might stand before either. A call
/// comes out when its own text is complete and valid. What only looks like a call comes back as content, to the letter.
/// White space around reasoning and around calls is dropped.
package struct AnswerParser: Sendable {
  private let reasoning: ReasoningMarks?
  private let layouts: [CallLayout]
  /// What may stand within content besides calls.
  private let frames: [[UInt8]]
  /// All that ends a piece of content: calls, frames, and reasoning if it may come between these.
  private let contentMarks: [[UInt8]]
  private let tools: [String: ToolDefinition]
  private let ids: CallIDs

  private var mode = Mode.beginning
  /// What was not decided yet.
  private var input: [UInt8] = []
  /// White space before it of which it is not known yet whether it counts.
  private var space: [UInt8] = []
  private var parts: [AnswerPart] = []
  private var callCount = 0
  /// What may be a call, in the mode `reading`.
  private var attempt = Attempt()
  private let startsInReasoning: Bool
  /// How many of the next bytes the prompt has written; they are no part of the answer.
  private var openingCount: Int
  /// Whether arguments come out piece by piece: for answers that a grammar forces, because a call that has begun cannot
  /// be taken back when it breaks. Then it ends with what is there.
  package var streamsArguments = false

  private enum Mode: Sendable {
    /// Nothing but white space has come.
    case beginning
    /// Nothing but white space has come of the reasoning.
    case reasoningBeginning
    case reasoning
    /// Nothing but white space has come of an answer without reasoning.
    case contentBeginning
    /// Nothing but white space has come since the reasoning.
    case afterReasoning
    case content
    /// Nothing but white space has come since a call.
    case afterCall
    case reading

    var dropsSpace: Bool { self == .reasoningBeginning || self == .afterReasoning || self == .afterCall }
  }

  private typealias Candidate = (layout: CallLayout, reader: CallReader)

  /// Ways to read what may be a call.
  private struct Attempt: Sendable {
    var candidates: [Candidate] = []
    /// Where in the input the first unread byte lies.
    var position = 0
    /// How much of the input is content when it is no call.
    var refused = 0
    /// How to go on then.
    var fallback = Mode.content
    /// The arguments of a call that is given out piece by piece.
    var stream: ArgumentStream?
  }

  /// Parses an answer of a model that was told of these tools; without tools nothing is a call.
  ///
  /// - Parameter opening: What the prompt has written of the answer already.
  package init(
    format: DialogueFormat, tools: [ToolDefinition], startsInReasoning: Bool, opening: String = "", ids: CallIDs
  ) {
    input = Array(opening.utf8)
    openingCount = input.count
    reasoning = format.reasoning
    self.startsInReasoning = startsInReasoning && reasoning != nil
    self.tools = Dictionary(tools.map { ($0.name, $0) }) { first, _ in first }
    self.ids = ids
    layouts = tools.isEmpty ? [] : format.calls.layouts
    frames = ((format.reasoning?.frames ?? []) + format.frames).map { Array($0.utf8) }
    let reasoningMarks = format.reasoning.map { $0.frames.isEmpty ? [] : [Array($0.open.utf8)] } ?? []
    contentMarks = layouts.compactMap { $0.mark.map { Array($0.utf8) } } + frames + reasoningMarks
  }

  /// The parts that the next piece of the answer completes.
  package mutating func append(_ text: String) -> [AnswerPart] {
    input.append(contentsOf: text.utf8)
    return advance(isEnd: false)
  }

  /// The parts that were held back; the answer ends here.
  package mutating func finish() -> [AnswerPart] { advance(isEnd: true) }

  private mutating func advance(isEnd: Bool) -> [AnswerPart] {
    while step(isEnd) {}
    defer { parts = [] }
    return parts
  }

  /// Does one thing; false when there is nothing more to do until more text comes.
  private mutating func step(_ isEnd: Bool) -> Bool {
    if mode == .reading { return read(isEnd) }
    let spaceCount = input.prefix { JSONScanner.isSpace($0) }.count
    space += input[..<spaceCount]
    input.removeFirst(spaceCount)
    switch mode {
    case .beginning: return begin(isEnd)
    case .reasoningBeginning, .reasoning: return reason(isEnd)
    case .contentBeginning, .afterReasoning, .content, .afterCall, .reading: return tell(isEnd)
    }
  }

  // MARK: Reasoning

  private mutating func begin(_ isEnd: Bool) -> Bool {
    if let open = reasoning?.open.utf8 {
      if input.starts(with: open) {
        input.removeFirst(open.count)
        mode = .reasoningBeginning
        return true
      }
      if !isEnd, open.starts(with: input) { return false }
    }
    mode = startsInReasoning ? .reasoningBeginning : .contentBeginning
    return true
  }

  private mutating func reason(_ isEnd: Bool) -> Bool {
    let mark = Array((reasoning?.close ?? "").utf8)
    let (end, isFound) = Search.plainText([mark], in: input, isEnd)
    if end > 0 {
      let text = takeText(end)
      if case .reasoning(let before)? = parts.last {
        parts[parts.count - 1] = .reasoning(before + text)
      } else {
        parts.append(.reasoning(text))
      }
      mode = .reasoning
      return true
    }
    if isFound {
      input.removeFirst(mark.count)
      mode = .afterReasoning
    }
    return isFound
  }

  // MARK: Content

  private mutating func tell(_ isEnd: Bool) -> Bool {
    let isBeginning = mode == .contentBeginning || mode == .afterReasoning
    if isBeginning, input.first == UInt8(ascii: "{"), let layout = layouts.first(where: \.isBare) {
      attempt([(layout, layout.call)], refused: 1)
      return true
    }
    let (end, isFound) = Search.plainText(contentMarks, in: input, isEnd)
    if end > 0 {
      say(end)
      return true
    }
    if isFound {
      if let frame = frames.first(where: { input.starts(with: $0) }) {
        drop(frame.count)
        space = []
        mode = .afterReasoning
        return true
      }
      if let open = reasoning?.open.utf8, contentMarks.contains(where: { $0.elementsEqual(open) }),
        input.starts(with: open)
      {
        drop(open.count)
        mode = .reasoningBeginning
        return true
      }
      // A frame may begin with the mark of calls.
      if !isEnd, frames.contains(where: { $0.starts(with: input) }) { return false }
      let marked = layouts.filter { layout in layout.mark.map { input.starts(with: $0.utf8) } ?? false }
      attempt(
        marked.map { ($0, $0.open + $0.call) }, refused: marked.compactMap { $0.mark?.utf8.count }.max() ?? 0)
      return true
    }
    if isEnd, !space.isEmpty, !mode.dropsSpace { say(0) }
    return false
  }

  /// Takes the next bytes, and the white space before them, as content.
  private mutating func say(_ count: Int) {
    let text = takeText(count)
    if text.isEmpty { return }
    if case .content(let before)? = parts.last {
      parts[parts.count - 1] = .content(before + text)
    } else {
      parts.append(.content(text))
    }
    mode = .content
  }

  // MARK: Calls

  private mutating func attempt(_ ways: [(CallLayout, [CallLayout.Part])], refused: Int) {
    let candidates = ways.map { ($0, CallReader($1, tools: tools)) }
    attempt = Attempt(candidates: candidates, refused: refused, fallback: mode)
    mode = .reading
  }

  private mutating func read(_ isEnd: Bool) -> Bool {
    while attempt.position < input.count, !attempt.candidates.isEmpty {
      attempt.position += 1
      if let complete = read(input[attempt.position - 1]) {
        accept(complete)
        return true
      }
    }
    if isEnd, let complete = attempt.candidates.first(where: { $0.reader.canEnd }) {
      accept(complete)
      return true
    }
    let isBroken = attempt.candidates.isEmpty
    if attempt.stream != nil {
      giveOutArguments()
      if isEnd || isBroken { endCall(isBroken ? lastCharacter : attempt.position) }
      return isEnd || isBroken
    }
    guard isEnd || isBroken else { return false }
    // What was read is searched again, but for the mark that it began with.
    mode = attempt.fallback
    if attempt.refused > 0 { say(attempt.refused) }
    return true
  }

  /// Gives the next byte to all candidates; the one that is complete with it.
  private mutating func read(_ byte: UInt8) -> Candidate? {
    for index in attempt.candidates.indices.reversed() {
      switch attempt.candidates[index].reader.read(byte) {
      case .more:
        if streamsArguments, attempt.stream == nil, byte == UInt8(ascii: "{"),
          let name = attempt.candidates[index].reader.begunTool
        {
          parts.append(.toolCall(index: callCount, id: ids.id(callCount), name: name))
          attempt.candidates = [attempt.candidates[index]]
          attempt.stream = ArgumentStream()
          attempt.stream?.read(byte)
          return nil
        }
        attempt.stream?.read(byte)
      case .done:
        attempt.stream?.read(byte)
        return attempt.candidates[index]
      case .broken: attempt.candidates.remove(at: index)
      }
    }
    return nil
  }

  /// Takes what was read as a call, or as the end of several.
  private mutating func accept(_ candidate: Candidate) {
    guard let call = candidate.reader.call else {
      drop(attempt.position)
      space = []
      mode = .afterCall
      return
    }
    if attempt.stream == nil {
      parts.append(.toolCall(index: callCount, id: ids.id(callCount), name: call.name))
      parts.append(.toolArguments(index: callCount, call.arguments))
    } else {
      giveOutArguments()
    }
    endCall(attempt.position)
    let layout = candidate.layout
    if !layout.open.isEmpty {
      let next = [layout.separator + layout.call, layout.close].filter { !$0.isEmpty }
      attempt(next.map { (layout, $0) }, refused: 0)
    }
  }

  /// Ends a call with as much of the input as belongs to it.
  private mutating func endCall(_ count: Int) {
    parts.append(.toolCallEnd(index: callCount))
    callCount += 1
    drop(count)
    space = []
    mode = .afterCall
  }

  private mutating func giveOutArguments() {
    guard let text = attempt.stream?.take(), !text.isEmpty else { return }
    parts.append(.toolArguments(index: callCount, text))
  }

  // MARK: Bytes

  /// Where the character begins to which the last byte belongs that was read.
  private var lastCharacter: Int { input[..<attempt.position].lastIndex { !UTF8.isContinuation($0) } ?? 0 }

  /// The next bytes of the input, behind the white space before them if that counts.
  private mutating func takeText(_ count: Int) -> String {
    defer {
      space = []
      drop(count)
    }
    return String(decoding: (mode.dropsSpace ? [] : space) + input[min(openingCount, count)..<count], as: UTF8.self)
  }

  private mutating func drop(_ count: Int) {
    input.removeFirst(count)
    openingCount = max(0, openingCount - count)
  }
}
