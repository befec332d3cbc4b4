import Synchronization

/// All patterns of a text view as one automaton.
struct PatternSet: Sendable {
  struct Entry: Sendable {
    let rail: Int
    let pattern: Pattern
  }

  let entries: [Entry]
  /// The symbol of every byte value.
  let symbols: [UInt8]
  /// The kind of each symbol, as `ByteKind.rawValue`.
  let kinds: [UInt8]
  /// For each kind of the byte before, one after the other, a bit for each pair of symbols: whether any pattern can begin with them.
  let pairs: [UInt64]
  /// A byte that every match of every pattern has, with the most bytes before it: elsewhere no attempt need be made.
  let required: (byte: UInt8, before: Int)?
  private let automata: AutomatonSource

  var symbolCount: Int { kinds.count }
  var endSymbol: Int { kinds.count - 1 }
  /// How many words of `pairs` a kind has.
  var pairWords: Int { (symbolCount * symbolCount + 63) / 64 }

  /// Longer matches could be held back for too long.
  static let matchLimit = 16_384

  /// Parses a pattern and checks that it can be used.
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

  /// Bytes that ordinary text has few of.
  private static let rareBytes: [UInt8] = Array("@~^`|\\{}[]<>#$%&*+=".utf8)

  /// Compiles the patterns as few sets: those that could begin at any word but need a rare byte are apart, by that byte.
  static func grouped(_ entries: [Entry]) throws(PatternSetError) -> [PatternSet] {
    var common: [Int] = []
    var apart: [UInt8: (numbers: [Int], before: Int)] = [:]
    for (number, entry) in entries.enumerated() {
      let syntax: PatternSyntax
      do throws(PatternError) { syntax = try Self.syntax(of: entry.pattern) } catch {
        throw PatternSetError(entry: number, error: error)
      }
      let required = syntax.firstBytes.set.count >= 24 ? syntax.requiredBytes : [:]
      if let byte = rareBytes.first(where: { required[$0] != nil }), let before = required[byte] {
        let group = apart[byte] ?? ([], 0)
        apart[byte] = (group.numbers + [number], max(group.before, before))
      } else {
        common.append(number)
      }
    }
    var sets: [PatternSet] = []
    func add(_ numbers: [Int], _ required: (byte: UInt8, before: Int)?) throws(PatternSetError) {
      do throws(PatternSetError) {
        sets.append(try PatternSet(numbers.map { entries[$0] }, required: required))
      } catch {
        throw PatternSetError(entry: numbers[error.entry], error: error.error)
      }
    }
    if !common.isEmpty { try add(common, nil) }
    for (byte, group) in apart.sorted(by: { $0.key < $1.key }) { try add(group.numbers, (byte, group.before)) }
    return sets
  }

  /// Compiles the patterns; the error comes with the number of the pattern to blame.
  init(_ entries: [Entry], required: (byte: UInt8, before: Int)? = nil) throws(PatternSetError) {
    self.entries = entries
    self.required = required
    var nfa = PatternNFA()
    for (number, entry) in entries.enumerated() {
      do throws(PatternError) {
        try nfa.add(Self.syntax(of: entry.pattern), number: number)
      } catch {
        throw PatternSetError(entry: number, error: error)
      }
    }
    let alphabet = PatternAlphabet(nfa.nodes)
    symbols = alphabet.symbols
    kinds = alphabet.kinds.map(\.rawValue)
    var stepper = StateStepper(nfa, alphabet)
    pairs = Self.startPairs(&stepper)
    guard let automata = AutomatonSource(stepper) else {
      throw PatternSetError(
        entry: max(entries.count - 1, 0),
        error: PatternError(
          reason: "there is no memory for the patterns up to this one", hint: "free memory, or use fewer rails",
          offset: 0))
    }
    self.automata = automata
  }

  /// The automaton for a new scanner.
  var automaton: LazyAutomaton { automata.automaton }

  private static func startPairs(_ stepper: inout StateStepper) -> [UInt64] {
    let count = stepper.alphabet.count
    let words = (count * count + 63) / 64
    var bits = [UInt64](repeating: 0, count: words * ByteKind.allCases.count)
    for (kind, before) in ByteKind.allCases.enumerated() {
      let start = stepper.start(before: before)
      for (first, lives) in stepper.living(start).enumerated() where lives {
        for (second, lives) in stepper.living(stepper.step(start, first)).enumerated() where lives {
          let pair = first * count + second
          bits[kind * words + pair / 64] |= 1 << UInt64(pair % 64)
        }
      }
    }
    return bits
  }
}

/// Keeps the automaton that streams share, and begins a new one when it is full.
private final class AutomatonSource: Sendable {
  private let stepper: StateStepper
  private let current: Mutex<LazyAutomaton>

  init?(_ stepper: StateStepper) {
    guard let automaton = LazyAutomaton(stepper) else { return nil }
    self.stepper = stepper
    current = Mutex(automaton)
  }

  var automaton: LazyAutomaton {
    current.withLock { automaton in
      // Without memory for another, streams go on beside the full table.
      if automaton.isFull, let fresh = LazyAutomaton(stepper) { automaton = fresh }
      return automaton
    }
  }
}

/// A pattern among several that cannot be used.
struct PatternSetError: Error {
  let entry: Int
  let error: PatternError
}
