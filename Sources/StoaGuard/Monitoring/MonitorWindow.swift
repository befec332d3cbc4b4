/// What was counted in some stretch of time.
package struct MonitorCounts: Equatable, Sendable {
  /// A class of hazard and what was done.
  package struct HitKey: Hashable, Sendable {
    package var hazard: String
    package var action: GuardAction
  }

  /// What one key used.
  package struct KeyUse: Equatable, Sendable {
    package var requests = 0
    package var tokens = 0
  }

  package var requests = 0
  package var errors = 0
  package var refusals = 0
  package var promptTokens = 0
  /// Tokens of finished answers.
  package var completionTokens = 0
  /// Tokens that were computed, those of answers that go on included.
  package var generatedTokens = 0
  package var firstToken = LatencySketch()
  package var hits: [HitKey: Int] = [:]
  package var keys: [String: KeyUse] = [:]

  /// Names beyond this many of a kind are counted together, so that no stream of names fills the memory.
  static let mostNames = 256
  /// Under which the others are counted.
  package static let others = "others"

  package init() {}

  mutating func count(_ kind: MonitorEvent.Kind, of origin: MonitorOrigin?) {
    switch kind {
    case .finished(let outcome):
      requests += 1
      if outcome.isError { errors += 1 }
      promptTokens += outcome.promptTokens
      completionTokens += outcome.completionTokens
      if let seconds = outcome.firstTokenSeconds { firstToken.add(seconds) }
      guard let key = origin?.key else { return }
      let name = keys[key] == nil && keys.count >= Self.mostNames ? Self.others : key
      keys[name, default: KeyUse()].requests += 1
      keys[name, default: KeyUse()].tokens += outcome.promptTokens + outcome.completionTokens
    case .hit(let hit): count(hit)
    case .refusal(let hit):
      refusals += 1
      count(hit)
    case .model: break
    }
  }

  private mutating func count(_ hit: RailHit) {
    let key = HitKey(hazard: hit.hazard, action: hit.action)
    let isNew = hits[key] == nil && hits.count >= Self.mostNames
    hits[isNew ? HitKey(hazard: Self.others, action: hit.action) : key, default: 0] += 1
  }

  mutating func add(_ other: MonitorCounts) {
    requests += other.requests
    errors += other.errors
    refusals += other.refusals
    promptTokens += other.promptTokens
    completionTokens += other.completionTokens
    generatedTokens += other.generatedTokens
    firstToken.add(other.firstToken)
    hits.merge(other.hits, uniquingKeysWith: +)
    keys.merge(other.keys) { KeyUse(requests: $0.requests + $1.requests, tokens: $0.tokens + $1.tokens) }
  }

  /// Hits of a class, an action, or both; of all with neither.
  package func hits(hazard: String?, action: GuardAction?) -> Int {
    hits.reduce(0) { sum, entry in
      let matches = (hazard ?? entry.key.hazard) == entry.key.hazard && (action ?? entry.key.action) == entry.key.action
      return matches ? sum + entry.value : sum
    }
  }

  /// Hits by class.
  package var hitsByHazard: [String: Int] {
    hits.reduce(into: [:]) { $0[$1.key.hazard, default: 0] += $1.value }
  }

  /// Hits by what was done.
  package var hitsByAction: [GuardAction: Int] {
    hits.reduce(into: [:]) { $0[$1.key.action, default: 0] += $1.value }
  }
}

/// Counts of the last stretches of time of one width, the running one included.
struct RollingWindow: Sendable {
  /// Seconds of each stretch.
  let width: Int
  /// How many stretches are kept.
  let length: Int
  private var buckets: [MonitorCounts]
  /// The number of the latest stretch, counted from 1970.
  private var latest = 0

  init(width: Int, length: Int) {
    self.width = max(1, width)
    self.length = max(1, length)
    buckets = Array(repeating: MonitorCounts(), count: max(1, length))
  }

  /// Counts something; what is said to be earlier than the latest stretch, because a clock was set back, counts there.
  mutating func update(at time: Double, _ change: (inout MonitorCounts) -> Void) {
    advance(to: time)
    change(&buckets[latest % length])
  }

  /// Lets go of what is too old.
  mutating func advance(to time: Double) {
    let now = number(of: time)
    guard now > latest else { return }
    if now - latest >= length {
      buckets = Array(repeating: MonitorCounts(), count: length)
    } else {
      for number in (latest + 1)...now { buckets[number % length] = MonitorCounts() }
    }
    latest = now
  }

  /// The sum over the last so many stretches.
  func sum(last stretches: Int) -> MonitorCounts {
    var sum = MonitorCounts()
    for back in 0..<min(max(1, stretches), length) where latest - back >= 0 {
      sum.add(buckets[(latest - back) % length])
    }
    return sum
  }

  private func number(of time: Double) -> Int {
    guard time.isFinite, time >= 0, time < 1e12 else { return latest }
    return Int(time) / width
  }
}
