/// Grammars made of other grammars.
extension Grammar {
  /// Exactly this text.
  package static func text(_ text: String) -> Grammar { Grammar(root: .text(text)) }

  /// Texts of the parts, one after the other.
  package static func sequence(_ parts: [Grammar]) -> Grammar {
    combining(parts) { .sequence($0) }
  }

  /// A text of one of the options; without options no text at all.
  package static func choice(_ options: [Grammar]) -> Grammar {
    combining(options) { .choice($0) }
  }

  /// Any number of texts of a grammar in a row, from none on.
  package static func any(_ part: Grammar) -> Grammar {
    combining([part]) { .any($0[0]) }
  }

  /// One or, when `several`, more texts of a grammar with a text between each two.
  package static func list(_ item: Grammar, separator: String, several: Bool) -> Grammar {
    combining([item]) { several ? .sequence([$0[0], .any(.sequence([.text(separator), $0[0]]))]) : $0[0] }
  }

  /// A text of a grammar, or nothing.
  package static func optional(_ part: Grammar) -> Grammar {
    combining([part]) { .optional($0[0]) }
  }

  /// Items in this order, of which some may be absent, with a text between each two that are there.
  package static func members(_ items: [(grammar: Grammar, isRequired: Bool)], separator: String) -> Grammar {
    combining(items.map(\.grammar)) { parts in
      let items = zip(parts, items).map { MemberList.Item(expression: $0, isRequired: $1.isRequired) }
      return .members(MemberList(items: items, separator: .text(separator)))
    }
  }

  /// A grammar that is made out of itself; it must not begin with itself.
  package static func recursive<Failure: Error>(_ body: (Grammar) throws(Failure) -> Grammar) throws(Failure) -> Grammar
  {
    var itself = Grammar()
    itself.root = itself.add(unbound)
    var grammar = try body(itself)
    for index in grammar.rules.indices where grammar.rules[index].name == unbound {
      grammar.rules[index] = Rule(name: "itself", body: .rule(grammar.root))
    }
    return grammar
  }

  /// The name of a rule that stands for the whole of which it is a part; nothing that is read can be called so.
  private static let unbound = "\u{0}"

  /// All texts up to and including the first occurrence of a mark, which must not be empty.
  package static func through(_ mark: String) -> Grammar {
    let scalars = mark.unicodeScalars.map(\.value)
    var grammar = Grammar()
    // Rule i stands where the last i scalars were the first i of the mark; these are the states of the automaton of
    // Knuth, Morris and Pratt. Only the last scalar of the mark leads out.
    let rules = scalars.indices.map { grammar.add("before the mark, \($0) read") }
    for state in scalars.indices {
      var others = ScalarSet.all
      var choices: [Expression] = []
      for scalar in Set(scalars[...state]).sorted() {
        let next = longestPrefix(of: scalars, endingIn: scalars[..<state] + [scalar])
        guard next > 0 else { continue }
        let set = ScalarSet([scalar...scalar])
        others = others.subtracting(set)
        choices.append(.sequence([.scalar(set)] + (next < scalars.count ? [.rule(rules[next])] : [])))
      }
      choices.append(.sequence([.scalar(others), .rule(rules[0])]))
      grammar.rules[rules[state]].body = .choice(choices)
    }
    grammar.root = rules.first ?? grammar.add("", .empty)
    return grammar
  }

  /// The length of the longest prefix of a pattern that a text ends in.
  private static func longestPrefix(of pattern: [UInt32], endingIn text: ArraySlice<UInt32>) -> Int {
    var length = min(pattern.count, text.count)
    while length > 0, !text.suffix(length).elementsEqual(pattern[..<length]) { length -= 1 }
    return length
  }

  private init(root body: Expression) { root = add("text", body) }

  private static func combining(_ parts: [Grammar], _ body: ([Expression]) -> Expression) -> Grammar {
    var grammar = Grammar()
    let expressions = parts.map { grammar.include($0) }
    grammar.root = grammar.add("combined", body(expressions))
    return grammar
  }

  /// Takes over the rules of another grammar, and gives what stands for its texts.
  private mutating func include(_ other: Grammar) -> Expression {
    let offset = rules.count
    rules += other.rules.map { Rule(name: $0.name, body: $0.body.renumbered(by: offset)) }
    return .rule(offset + other.root)
  }
}

extension Expression {
  /// The expression with the numbers of all rules raised.
  fileprivate func renumbered(by offset: Int) -> Expression {
    switch self {
    case .literal, .scalar: return self
    case .sequence(let parts): return .sequence(parts.map { $0.renumbered(by: offset) })
    case .choice(let options): return .choice(options.map { $0.renumbered(by: offset) })
    case .repetition(let part, let minimum, let maximum):
      return .repetition(part.renumbered(by: offset), minimum: minimum, maximum: maximum)
    case .rule(let number): return .rule(number + offset)
    case .members(var list):
      list.items = list.items.map {
        .init(expression: $0.expression.renumbered(by: offset), isRequired: $0.isRequired)
      }
      list.rest = list.rest?.renumbered(by: offset)
      list.separator = list.separator.renumbered(by: offset)
      return .members(list)
    }
  }
}
