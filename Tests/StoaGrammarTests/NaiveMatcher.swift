@testable import StoaGrammar

/// Matches a text against the rules as they are written, by sets of places: slow, and without automata or stacks.
struct NaiveMatcher {
  let grammar: Grammar
  private let text: [UInt8]
  /// Whether more text was wanted where this one ends.
  private var isHungry = false

  /// Whether the text is one of the grammar's, and whether it begins one.
  static func match(_ grammar: Grammar, _ text: [UInt8]) -> (isWhole: Bool, isPrefix: Bool) {
    var matcher = NaiveMatcher(grammar: grammar, text: text)
    let ends = matcher.ends(.rule(grammar.root), [0])
    let isWhole = ends.contains(text.count)
    return (isWhole, isWhole || matcher.isHungry)
  }

  private mutating func ends(_ expression: Expression, _ starts: Set<Int>) -> Set<Int> {
    guard !starts.isEmpty else { return [] }
    switch expression {
    case .literal(let bytes): return Set(starts.compactMap { end(bytes, $0) })
    case .scalar(let set): return Set(starts.compactMap { end(set, $0) })
    case .sequence(let parts): return parts.reduce(starts) { ends($1, $0) }
    case .choice(let parts): return parts.reduce(into: []) { $0.formUnion(ends($1, starts)) }
    case .rule(let rule): return ends(grammar.rules[rule].body, starts)
    case .repetition(let part, let minimum, let maximum):
      var current = starts
      var result: Set<Int> = minimum == 0 ? starts : []
      var count = 0
      while count < maximum ?? .max, !current.isEmpty {
        current = ends(part, current)
        count += 1
        let before = result.count
        if count >= minimum { result.formUnion(current) }
        if count > minimum, result.count == before, maximum == nil { break }
      }
      return result
    case .members(let list):
      var nothing = starts
      var something: Set<Int> = []
      for item in list.items {
        let after = ends(item.expression, nothing.union(ends(list.separator, something)))
        something = item.isRequired ? after : something.union(after)
        if item.isRequired { nothing = [] }
      }
      guard let rest = list.rest, list.restMaximum ?? 1 > 0 else { return nothing.union(something) }
      var current = nothing.union(ends(list.separator, something))
      var result = list.restMinimum == 0 ? nothing.union(something) : []
      var count = 0
      while count < list.restMaximum ?? .max, !current.isEmpty {
        let after = ends(rest, current)
        count += 1
        if count >= list.restMinimum { result.formUnion(after) }
        if count < list.restMaximum ?? .max { current = ends(list.separator, after) }
      }
      return result
    }
  }

  private mutating func end(_ bytes: [UInt8], _ start: Int) -> Int? {
    for (offset, byte) in bytes.enumerated() {
      guard start + offset < text.count else {
        isHungry = true
        return nil
      }
      guard text[start + offset] == byte else { return nil }
    }
    return start + bytes.count
  }

  private mutating func end(_ set: ScalarSet, _ start: Int) -> Int? {
    guard start < text.count else {
      if !set.isEmpty { isHungry = true }
      return nil
    }
    let length = [0xF0, 0xE0, 0xC0].firstIndex { text[start] >= $0 }.map { 4 - $0 } ?? 1
    guard length > 1 || text[start] < 0x80, text[start] < 0xF8 else { return nil }
    let rest = text[start..<min(start + length, text.count)]
    if rest.count == length {
      guard let string = String(validating: rest, as: UTF8.self), let scalar = string.unicodeScalars.first,
        set.contains(scalar.value)
      else { return nil }
      return start + length
    }
    // Part of a character: some member has to begin so.
    guard rest.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) else { return nil }
    let lead = UInt32(text[start]) & (0x7F >> UInt32(length))
    let bits = rest.dropFirst().reduce(lead) { $0 << 6 | UInt32($1 & 0x3F) }
    let missing = UInt32(6 * (length - rest.count))
    let least: [UInt32] = [0, 0, 0x80, 0x800, 0x10000]
    let first = max(bits << missing, least[length])
    let last = min(bits << missing | (1 << missing - 1), ScalarSet.last)
    let isBegun = first <= last && !set.intersection(ScalarSet([first...last])).isEmpty
    if isBegun { isHungry = true }
    return nil
  }
}
