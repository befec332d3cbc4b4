extension Recognizer {
  /// Reads the strings of a tree from the configurations from `bottom` on, and drops these at the end.
  ///
  /// - Parameter visit: Is given the node of what was read last and the configurations after it, and says whether the
  ///   strings below it are of interest.
  @inline(__always)
  mutating func walk(
    _ trie: ByteTrie, from bottom: Int,
    _ visit: (_ recognizer: borrowing Recognizer, _ node: Int, _ reached: Range<Int>) throws(GrammarError) -> Bool
  ) throws(GrammarError) {
    let budget = work + GrammarLimit.walk
    // The first configuration at each depth.
    var starts = [Int](repeating: bottom, count: trie.depth + 2)
    starts[1] = configurations.count
    var index = 0
    while index < trie.nodes.count {
      let node = trie.nodes[index]
      let depth = Int(node.depth)
      configurations.removeSubrange(starts[depth]...)
      try step(starts[depth - 1]..<starts[depth], node.byte)
      guard work < budget else { throw .tooAmbiguous }
      starts[depth + 1] = configurations.count
      index = try visit(self, index, starts[depth]..<starts[depth + 1]) ? index + 1 : Int(node.skip)
    }
    configurations.removeSubrange(bottom...)
  }
}
