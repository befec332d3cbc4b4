import Foundation
import Synchronization

/// A deterministic automaton that matches several patterns from one start, whose states are made when a text first leads to them.
///
/// Matches are told one byte late, when the byte after them is known, since `\b` and `$` depend on it; the end of the text is a symbol of
/// its own. States are offsets of rows in a table of a fixed size. A row's entry is written once, under the lock, and is a state that
/// was there before or whose row is still empty, so readers need no lock: they see the state or that it is not known yet. When the
/// table is full, those who use it go on without it, and others get a new one.
@safe final class LazyAutomaton: Sendable {
  /// The entry that nobody has asked for yet.
  static let unknown: UInt32 = 0
  /// The state from which nothing can match.
  static let dead: UInt32 = 1
  /// Added to a state that tells matches.
  static let matchFlag: UInt32 = 1 << 31

  /// Whether an entry is a state without matches from which to read on.
  @inline(__always)
  static func isOrdinary(_ entry: UInt32) -> Bool { entry &- 2 < matchFlag &- 2 }

  private struct States {
    var numbers: [StateSet: UInt32] = [:]
    var sets: [StateSet] = []
    var stepper: StateStepper
  }

  let symbolCount: Int
  let starts: [UInt32]
  nonisolated(unsafe) let table: UnsafeMutablePointer<UInt32>
  private let capacity: Int
  private let states: Mutex<States>

  private static let mostStates = 20_000
  private static let mostEntries = 4_000_000

  /// Nil when there is no memory for the table.
  init?(_ stepper: StateStepper) {
    symbolCount = stepper.alphabet.count
    capacity = min(Self.mostStates, Self.mostEntries / symbolCount)
    // Pages of zeros cost nothing before they are written.
    guard let memory = unsafe calloc((capacity + 1) * symbolCount, MemoryLayout<UInt32>.stride) else { return nil }
    unsafe table = memory.bindMemory(to: UInt32.self, capacity: (capacity + 1) * symbolCount)
    var states = States(stepper: stepper)
    var starts: [UInt32] = []
    for kind in ByteKind.allCases {
      let set = states.stepper.start(before: kind)
      starts.append(Self.number(set, &states, symbolCount: symbolCount, capacity: capacity) ?? Self.dead)
    }
    self.starts = starts
    self.states = Mutex(states)
  }

  deinit { unsafe free(table) }

  /// Whether there is no room for more states.
  var isFull: Bool { states.withLock { $0.sets.count >= capacity } }

  /// How many states were made.
  var stateCount: Int { states.withLock { $0.sets.count } }

  /// The state after a symbol, made if need be; nil when there is no room for it.
  func successor(of state: UInt32, _ symbol: Int) -> UInt32? {
    states.withLock { states in
      let place = Int(state & ~Self.matchFlag) + symbol
      let known = unsafe table[place]
      if known != Self.unknown { return known }
      let set = states.stepper.step(states.sets[Int(state & ~Self.matchFlag) / symbolCount - 1], symbol)
      guard let number = Self.number(set, &states, symbolCount: symbolCount, capacity: capacity) else { return nil }
      unsafe table[place] = number
      return number
    }
  }

  private static func number(_ set: StateSet, _ states: inout States, symbolCount: Int, capacity: Int) -> UInt32? {
    if set.nodes.isEmpty, set.matches.isEmpty { return dead }
    if let known = states.numbers[set] { return known }
    guard states.sets.count < capacity else { return nil }
    states.sets.append(set)
    let number = UInt32(states.sets.count * symbolCount) | (set.matches.isEmpty ? 0 : matchFlag)
    states.numbers[set] = number
    return number
  }

  /// What a state stands for.
  func set(of state: UInt32) -> StateSet {
    states.withLock { $0.sets[Int(state & ~Self.matchFlag) / symbolCount - 1] }
  }

  /// The patterns that matched before a state.
  func matches(of state: UInt32) -> [Int32] {
    states.withLock { $0.sets[Int(state & ~Self.matchFlag) / symbolCount - 1].matches }
  }

  /// The state after a symbol, without the table.
  func step(_ set: StateSet, _ symbol: Int) -> StateSet {
    states.withLock { $0.stepper.step(set, symbol) }
  }
}
