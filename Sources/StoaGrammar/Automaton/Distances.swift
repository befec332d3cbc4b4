/// The fewest bytes from each state to the end of its procedure; nil where no text leads there.
///
/// Knuth, A generalization of Dijkstra's algorithm, 1977: each state is settled once, each edge relaxed at most twice.
struct Distances {
  private(set) var ofStates: [Int?]
  /// The first step on a shortest way from each state.
  private(set) var steps: [ClosingStep]
  private let procedures: [Procedure]

  /// The fewest bytes that a call of a procedure takes; nil when it can never return.
  func ofCall(_ procedure: Int32) -> Int? {
    let procedure = procedures[Int(procedure)]
    guard let loop = procedure.loop else { return ofStates[Int(procedure.start)] }
    if loop.minimum == 0 { return 0 }
    return ofStates[Int(procedure.start)].map { Self.product($0, Int(loop.minimum)) }
  }

  private static let farthest = 1 << 40

  private static func product(_ left: Int, _ right: Int) -> Int {
    let (product, overflow) = left.multipliedReportingOverflow(by: right)
    return overflow ? farthest : min(product, farthest)
  }

  init(_ states: [Determinizer.State], _ procedures: [Procedure]) {
    self.procedures = procedures
    ofStates = Array(repeating: nil, count: states.count)
    steps = Array(repeating: .end, count: states.count)
    var callers = [[(state: Int32, next: Int32)]](repeating: [], count: procedures.count)
    var before = [[(state: Int32, byte: UInt8)]](repeating: [], count: states.count)
    var returningTo = [[(state: Int32, procedure: Int32)]](repeating: [], count: states.count)
    var started = [[Int32]](repeating: [], count: states.count)
    var heap = DistanceHeap()
    for (index, state) in states.enumerated() {
      let index = Int32(index)
      if state.isFinal { heap.push(0, index, .end) }
      for (range, next) in state.bytes where before[Int(next)].last?.state != index {
        before[Int(next)].append((index, range.lowerBound))
      }
      for call in state.calls {
        callers[Int(call.procedure)].append((index, call.next))
        returningTo[Int(call.next)].append((index, call.procedure))
      }
    }
    for (index, procedure) in procedures.enumerated() { started[Int(procedure.start)].append(Int32(index)) }

    while let (distance, state, step) = heap.pop() {
      guard ofStates[Int(state)] == nil else { continue }
      ofStates[Int(state)] = distance
      steps[Int(state)] = step
      for (previous, byte) in before[Int(state)] { heap.push(distance + 1, previous, .read(byte, next: state)) }
      for (caller, procedure) in returningTo[Int(state)] {
        guard let cost = ofCall(procedure) else { continue }
        heap.push(min(Self.farthest, distance + cost), caller, .call(procedure, next: state))
      }
      for procedure in started[Int(state)] {
        guard let cost = ofCall(procedure) else { continue }
        for (caller, next) in callers[Int(procedure)] {
          guard let rest = ofStates[Int(next)] else { continue }
          heap.push(min(Self.farthest, rest + cost), caller, .call(procedure, next: next))
        }
      }
    }
  }
}

/// What a shortest text does first in a state.
enum ClosingStep: Sendable {
  /// It ends the procedure.
  case end
  case read(UInt8, next: Int32)
  /// It runs a procedure, as often as it has to run.
  case call(Int32, next: Int32)
}

/// A binary heap of states by their distance.
private struct DistanceHeap {
  private var items: [(distance: Int, state: Int32, step: ClosingStep)] = []

  mutating func push(_ distance: Int, _ state: Int32, _ step: ClosingStep) {
    items.append((distance, state, step))
    var child = items.count - 1
    while child > 0, items[child].distance < items[(child - 1) / 2].distance {
      items.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> (distance: Int, state: Int32, step: ClosingStep)? {
    guard let first = items.first else { return nil }
    let last = items.removeLast()
    guard !items.isEmpty else { return first }
    items[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < items.count && items[child].distance < items[least].distance {
        least = child
      }
      guard least != parent else { return first }
      items.swapAt(parent, least)
      parent = least
    }
  }
}
