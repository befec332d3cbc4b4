extension GuardProgram {
  /// A text that went through the rails.
  public struct Checked: Equatable, Sendable {
    /// What is passed on.
    public var text: String
    /// What was found.
    public var verdict: GuardVerdict
  }

  /// Puts a whole text through the rails, in pieces of a size that makes no difference.
  ///
  /// An output keeps what stood before a refusal, as a stream does; of any other text that is refused only the message is left.
  ///
  /// - Parameters:
  ///   - dialogue: what was said before, for rails with the detector `guard-model`.
  ///   - judge: answers what such rails ask; without it nothing is judged, which they refuse unless they say otherwise.
  public func check(
    _ bytes: [UInt8], pieces: Int = .max, vault: Vault = Vault(), systemPrompt: String? = nil,
    events: (any EventSink)? = nil, dialogue: [GuardTurn] = [], judge: ((GuardQuestion) -> GuardAnswer)? = nil
  ) -> Checked {
    var stream = GuardStream(self, vault: vault, systemPrompt: systemPrompt, events: events, dialogue: dialogue)
    var output: [UInt8] = []
    func answer() {
      while let question = stream.question {
        output += stream.answer(judge?(question) ?? .failure(.nobodyAsks))
      }
    }
    var start = 0
    while start < bytes.count, !stream.isOver {
      let end = start + min(max(1, pieces), bytes.count - start)
      output += stream.feed(bytes[start..<end])
      answer()
      start = end
    }
    output += stream.finish()
    answer()
    let verdict = stream.verdict
    if verdict.action.isFinal, stage != .output { output = Array((verdict.message ?? "").utf8) }
    return Checked(text: String(decoding: output, as: UTF8.self), verdict: verdict)
  }
}
