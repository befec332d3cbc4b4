/// The tokens that may follow at one position of the automaton, as far as this does not depend on the stack.
///
/// A position is a state, together with the counted repetition that it is the body of, if any: then the tokens are
/// sorted by how often they run the repetition, so that one walk over the vocabulary serves every count.
final class PositionTokens: Sendable {
  /// The tokens that stay within the position when the repetition may run that often; without one the first are all.
  private let inside: [TokenList]
  /// The further tokens that run the repetition more often than `inside` has levels, by their number of runs.
  private let longRuns: [(runs: Int32, token: Int32)]
  /// The tokens that end with exactly so many runs, when no more are allowed.
  private let exact: [TokenList]
  /// The tokens that leave the repetition after some runs but not the procedure around it.
  private let outside: [(runs: Int32, token: Int32)]
  /// The ends of tokens that leave the procedure; the caller decides about them.
  let remainders: ByteTrie
  let remainderTokens: [(runs: Int32, token: Int32)]

  private static let levels = 24

  /// The memory that this takes, about.
  var byteCount: Int {
    inside.reduce(0) { $0 + $1.byteCount } + exact.reduce(0) { $0 + $1.byteCount }
      + 8 * (longRuns.count + outside.count + remainderTokens.count) + 16 * remainders.nodes.count
  }

  /// - Parameter loop: The procedure of the counted repetition whose body `state` is in, directly.
  init(_ grammar: CompiledGrammar, state: Int32, loop: Int32?, _ vocabulary: TokenVocabulary) throws(GrammarError) {
    var walk = PositionWalk(grammar, state: state, loop: loop, vocabulary.trie)
    try walk.run()
    remainders = ByteTrie(walk.remainders)
    remainderTokens = walk.remainderTokens
    outside = walk.outside + walk.exact.filter { $0.runs > Self.levels }
    let size = vocabulary.count
    guard loop != nil else {
      inside = [TokenList(walk.inside.map(\.token), vocabularySize: size)]
      longRuns = []
      exact = []
      return
    }
    longRuns = walk.inside.filter { $0.runs > Self.levels }.sorted { $0.runs < $1.runs }
    inside = Self.lists(walk.inside, size, isCumulative: true)
    exact = Self.lists(walk.exact, size, isCumulative: false)
  }

  private static func lists(
    _ tokens: [(runs: Int32, token: Int32)], _ size: Int, isCumulative: Bool
  ) -> [TokenList] {
    let deepest = min(levels, Int(tokens.map(\.runs).max() ?? 0))
    var byRuns = [[Int32]](repeating: [], count: deepest + 1)
    for (runs, token) in tokens where runs <= deepest { byRuns[Int(runs)].append(token) }
    var gathered: [Int32] = []
    return byRuns.map { tokens in
      gathered = isCumulative ? gathered + tokens : tokens
      return TokenList(gathered, vocabularySize: size)
    }
  }

  /// Adds the tokens that the stack has no say in.
  ///
  /// - Parameter runs: How often the repetition has to run and may run from here on.
  func add(to mask: inout TokenMask, runs: ClosedRange<Int32>) {
    let most = Int(runs.upperBound)
    mask.formUnion(inside[min(most, inside.count - 1)])
    for (count, token) in longRuns {
      if count > runs.upperBound { break }
      mask.insert(token)
    }
    if most < exact.count { mask.formUnion(exact[most]) }
    for (count, token) in outside where runs.contains(count) { mask.insert(token) }
  }
}

/// A walk over the vocabulary from one position, below which the stack is unknown.
private struct PositionWalk {
  private(set) var inside: [(runs: Int32, token: Int32)] = []
  private(set) var exact: [(runs: Int32, token: Int32)] = []
  private(set) var outside: [(runs: Int32, token: Int32)] = []
  private(set) var remainders: [ArraySlice<UInt8>] = []
  private(set) var remainderTokens: [(runs: Int32, token: Int32)] = []

  private let recognizer: Recognizer
  private let trie: ByteTrie
  private let countsRuns: Bool
  /// Whether there is no caller that a token could go on in.
  private let isOutermost: Bool
  /// For each depth of the tree the runs after which the position was left there.
  private var exits: [[Int32]]
  private var path: [UInt8]
  /// The depths with entries in `exits`.
  private var exitDepths: [Int] = []

  init(_ grammar: CompiledGrammar, state: Int32, loop: Int32?, _ trie: ByteTrie) {
    self.trie = trie
    var recognizer = Recognizer(grammar)
    countsRuns = loop != nil
    let outer = loop.flatMap { grammar.procedures[Int($0)].loop?.next } ?? state
    isOutermost = grammar.outermost.contains(outer)
    let frame =
      loop.map { StackFrame(next: ~$0, parent: StackArena.base) }
      ?? StackFrame(next: StackFrame.unknown, parent: StackArena.bottom)
    // The state's callers and callees are configurations of their own.
    recognizer.configurations = [Configuration(state: state, node: recognizer.arena.push(frame))]
    self.recognizer = recognizer
    exits = [[Int32]](repeating: [], count: trie.depth + 1)
    path = [UInt8](repeating: 0, count: trie.depth + 1)
  }

  mutating func run() throws(GrammarError) {
    var recognizer = recognizer
    try recognizer.walk(trie, from: 0) { (recognizer, index, reached) throws(GrammarError) in
      let node = trie.nodes[index]
      let depth = Int(node.depth)
      while let last = exitDepths.last, last >= depth { exits[exitDepths.removeLast()] = [] }
      path[depth] = node.byte
      if !recognizer.exits.isEmpty {
        exits[depth] = recognizer.exits
        exitDepths.append(depth)
      }
      if reached.isEmpty, exitDepths.isEmpty || isOutermost && exits[depth].isEmpty { return false }
      for item in trie.items(at: index) { note(trie.items[item], depth, recognizer, reached) }
      return true
    }
  }

  /// Sorts in a token that ends at `depth`.
  private mutating func note(_ token: Int32, _ depth: Int, _ recognizer: Recognizer, _ reached: Range<Int>) {
    var leastRuns: Int32?
    var exitRuns = exits[depth]
    for configuration in recognizer.configurations[reached] {
      let origin = recognizer.arena[configuration.node].origin
      if origin & 1 == 0 {
        leastRuns = min(leastRuns ?? .max, countsRuns ? origin / 2 + 1 : 0)
      } else if !exitRuns.contains(origin / 2) {
        exitRuns.append(origin / 2)
      }
    }
    if !countsRuns {
      guard leastRuns == nil, exitRuns.isEmpty else {
        inside.append((0, token))
        return
      }
    } else {
      if let leastRuns { inside.append((leastRuns, token)) }
      for runs in exitRuns {
        if leastRuns == runs + 1 { exact.append((runs, token)) } else { outside.append((runs, token)) }
      }
    }
    if isOutermost { return }
    for exitDepth in exitDepths where exitDepth < depth {
      for runs in exits[exitDepth] {
        remainders.append(Array(path[(exitDepth + 1)...depth])[...])
        remainderTokens.append((runs, token))
      }
    }
  }
}
