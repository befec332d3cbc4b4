/// All patterns of a text view as a few automata that are run side by side.
struct PatternSet: Sendable {
  struct Entry: Sendable {
    let rail: Int
    let pattern: Pattern
  }

  let entries: [Entry]
  let automata: [PatternDFA]
  /// The longest match of any pattern, in bytes.
  let longestMatch: Int

  /// Longer matches could be held back for too long.
  static let matchLimit = 16_384

  /// Parses a pattern and checks that it can be used alone.
  static func syntax(of pattern: Pattern) throws(PatternError) -> PatternSyntax {
    let syntax = try PatternParser.parse(pattern.expression, foldsCase: pattern.foldsCase)
    guard let longest = syntax.longestMatch, longest <= matchLimit else {
      throw PatternError(
        reason: "a match could have more than \(matchLimit) bytes", hint: "use smaller bounds of repetition", offset: 0)
    }
    if syntax.matchesEmpty {
      throw PatternError(
        reason: "the pattern matches the empty text", hint: "require at least one character", offset: 0)
    }
    return pattern.variant == .rotated ? syntax.rotated : syntax
  }

  /// Compiles the patterns; the error comes with the number of the pattern to blame.
  init(_ entries: [Entry]) throws(PatternSetError) {
    self.entries = entries
    var patterns: [(number: Int, syntax: PatternSyntax)] = []
    var longest = 0
    for (number, entry) in entries.enumerated() {
      do {
        let syntax = try Self.syntax(of: entry.pattern)
        longest = max(longest, syntax.longestMatch ?? 0)
        patterns.append((number, syntax))
      } catch {
        throw PatternSetError(entry: number, error: error)
      }
    }
    longestMatch = longest
    automata = try Self.compile(patterns[...])
  }

  private static func compile(_ patterns: ArraySlice<(number: Int, syntax: PatternSyntax)>) throws(PatternSetError)
    -> [PatternDFA]
  {
    guard let first = patterns.first else { return [] }
    if let automaton = PatternDFA(Array(patterns)) { return [automaton] }
    if patterns.count == 1 {
      throw PatternSetError(
        entry: first.number,
        error: PatternError(
          reason: "the pattern needs more than \(PatternDFA.stateLimit) states",
          hint: "use smaller bounds of repetition, or make what is repeated unable to match in several ways", offset: 0)
      )
    }
    let middle = patterns.startIndex + patterns.count / 2
    return try compile(patterns[..<middle]) + compile(patterns[middle...])
  }
}

/// A pattern among several that cannot be used.
struct PatternSetError: Error {
  let entry: Int
  let error: PatternError
}
