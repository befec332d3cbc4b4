/// Where a text stands in a grammar: what may come next depends on it alone.
///
/// A value, cheap to copy; each sequence has its own.
public struct GrammarState: Sendable {
  private(set) var recognizer: Recognizer
  /// Whether the text so far may end here.
  public private(set) var canEnd: Bool
  /// How many frames there may be before those in use are sorted out.
  private var frameLimit = 64

  /// The beginning of a text.
  public init(_ grammar: CompiledGrammar) throws(GrammarError) {
    recognizer = Recognizer(grammar)
    try recognizer.start(Configuration(state: grammar.procedures[0].start, node: StackArena.bottom))
    canEnd = recognizer.ended
  }

  /// The ways in which the text may go on.
  var configurations: [Configuration] { recognizer.configurations }

  /// Whether the text is complete: it may end, and nothing can follow.
  public var isComplete: Bool { canEnd && configurations.isEmpty }

  /// Reads bytes; false, and no change, when no text of the grammar goes on so.
  public mutating func advance(_ bytes: some Sequence<UInt8>) throws(GrammarError) -> Bool {
    var next = self
    for byte in bytes {
      let before = next.recognizer.configurations.count
      try next.recognizer.step(0..<before, byte)
      next.recognizer.configurations.removeFirst(before)
      next.canEnd = next.recognizer.ended
      guard next.canEnd || !next.configurations.isEmpty else { return false }
    }
    next.dropUnusedFrames()
    self = next
    return true
  }

  /// Rebuilds the stacks now and then without the frames that belong to none of them any more.
  private mutating func dropUnusedFrames() {
    guard recognizer.arena.frames.count > frameLimit else { return }
    var numbers: [Int32: Int32] = [:]
    var arena = StackArena()
    for index in recognizer.configurations.indices {
      var path: [Int32] = []
      var node = recognizer.configurations[index].node
      while node >= 0, numbers[node] == nil {
        path.append(node)
        node = recognizer.arena[node].parent
      }
      for node in path.reversed() {
        var frame = recognizer.arena[node]
        frame.parent = numbers[frame.parent] ?? frame.parent
        numbers[node] = arena.push(frame)
      }
      node = recognizer.configurations[index].node
      recognizer.configurations[index].node = numbers[node] ?? node
    }
    recognizer.arena = arena
    frameLimit = max(64, 2 * arena.frames.count)
  }
}
