import Testing

@testable import StoaHub

@Suite struct ConnectionPaceTests {
  /// Runs a pace on a line that brings so many bytes per second with so many connections.
  private func connections(limit: Int = 8, seconds: Double, line: (Int) -> Double) -> [Int] {
    var pace = ConnectionPace(limit: limit)
    var targets = [pace.target]
    for _ in 0..<Int(seconds / 0.1) {
      pace.record(bytes: Int(line(pace.target) * 0.1), seconds: 0.1)
      if targets.last != pace.target { targets.append(pace.target) }
    }
    return targets
  }

  @Test("A line that limits each connection gets as many as are allowed")
  func limitedConnections() {
    #expect(connections(seconds: 5) { 20e6 * Double($0) } == [1, 2, 4, 8])
    #expect(connections(limit: 3, seconds: 5) { 20e6 * Double($0) } == [1, 2, 3])
  }

  @Test("A line that one connection fills keeps to one, and is tried again later")
  func fullLine() {
    #expect(connections(seconds: 5) { _ in 200e6 } == [1, 2, 1])
    #expect(connections(seconds: 15) { _ in 200e6 } == [1, 2, 1, 2, 1])
  }

  @Test("The number with the highest rate stays")
  func bestNumber() {
    #expect(connections(seconds: 5) { min(50e6 * Double($0), 200e6) } == [1, 2, 4, 8, 4])
  }

  @Test("One connection is one connection")
  func single() { #expect(connections(limit: 1, seconds: 30) { 1e6 * Double($0) } == [1]) }
}
