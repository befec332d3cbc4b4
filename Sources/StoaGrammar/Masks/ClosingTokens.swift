extension TokenMasker {
  /// The tokens on a shortest way to a text that may end; nil when the vocabulary has none, or the text may end already.
  public func closingMask(_ state: GrammarState) throws(GrammarError) -> TokenMask? {
    let trie = vocabulary.trie
    var recognizer = state.recognizer
    var mask = TokenMask(count: vocabulary.count)
    let total = recognizer.configurations.map(recognizer.distance).min() ?? 0
    guard !state.canEnd, total > 0 else { return nil }
    // The first configuration at each depth.
    var starts = [Int](repeating: 0, count: trie.depth + 2)
    starts[1] = recognizer.configurations.count
    var index = 0
    while index < trie.nodes.count {
      let node = trie.nodes[index]
      let depth = Int(node.depth)
      recognizer.configurations.removeSubrange(starts[depth]...)
      try recognizer.step(starts[depth - 1]..<starts[depth], node.byte)
      starts[depth + 1] = recognizer.configurations.count
      let nearest = recognizer.configurations[starts[depth]...].map(recognizer.distance).min()
      guard (recognizer.ended ? 0 : nearest) == total - depth else {
        index = Int(node.skip)
        continue
      }
      for item in trie.items(at: index) { mask.insert(trie.items[item]) }
      // Nothing is shorter than an end.
      index = recognizer.ended ? Int(node.skip) : index + 1
    }
    return mask.isEmpty ? nil : mask
  }
}

extension Recognizer {
  /// The fewest bytes until the text may end.
  fileprivate func distance(_ configuration: Configuration) -> Int {
    var distance = grammar.distances[Int(configuration.state)]
    var node = configuration.node
    while node >= 0, distance < 1 << 40 {
      let frame = arena[node]
      if frame.next >= 0 {
        distance += grammar.distances[Int(frame.next)]
      } else {
        let procedure = grammar.procedures[Int(~frame.next)]
        let runs = max(0, Int(procedure.loop?.minimum ?? 0) - Int(frame.count) - 1)
        distance += min(1 << 40, runs * grammar.distances[Int(procedure.start)])
      }
      node = frame.parent
    }
    return distance
  }
}
