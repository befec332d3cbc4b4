extension TokenVocabulary {
  /// The tokens that a reader of bytes takes, from a state on.
  ///
  /// End tokens and tokens without bytes are never among them. Tokens that begin alike are read once as far as they do.
  ///
  /// - Parameters:
  ///   - start: The state before the token.
  ///   - read: Reads the next byte, and says whether tokens that go on like this are of interest.
  ///   - accepts: Says of the state after a token whether the token is taken.
  package func tokens<State>(
    from start: State, _ read: (inout State, UInt8) -> Bool, accepts: (State) -> Bool
  ) -> [Int32] {
    var taken: [Int32] = []
    // The states before each node on the way.
    var states = [start]
    var index = 0
    while index < trie.nodes.count {
      let node = trie.nodes[index]
      states.removeSubrange(Int(node.depth)...)
      guard var state = states.last else { break }
      guard read(&state, node.byte) else {
        index = Int(node.skip)
        continue
      }
      let items = trie.items(at: index)
      if !items.isEmpty, accepts(state) { for item in items { taken.append(trie.items[item]) } }
      states.append(state)
      index += 1
    }
    return taken
  }

  /// Gives each token that has bytes and ends no answer, in the order of the bytes.
  package func forEachToken(_ body: (Int32, [UInt8]) -> Void) {
    var bytes: [UInt8] = []
    for (index, node) in trie.nodes.enumerated() {
      bytes.removeSubrange(min(bytes.count, Int(node.depth) - 1)...)
      bytes.append(node.byte)
      for item in trie.items(at: index) { body(trie.items[item], bytes) }
    }
  }
}
