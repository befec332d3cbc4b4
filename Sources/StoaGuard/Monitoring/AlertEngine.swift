import Foundation

/// Something that a rule found, from its beginning to its end.
package struct Incident: Equatable, Sendable {
  package var id: String
  package var rule: String
  /// Seconds since 1970.
  package var opened: Double
  /// When the condition held last.
  package var last: Double
  /// When it was over; nil while it goes on.
  package var closed: Double?
  /// What was found when it began, in words.
  package var summary: String
  /// The largest value that was measured; what it is depends on the rule.
  package var peak: Double
  /// How often it was told.
  package var notices = 0
  /// Some of the requests that it is about.
  package var requests: [String] = []
}

/// What is to be told about an incident.
package struct AlertNotice: Equatable, Sendable {
  package enum State: String, Sendable {
    case opened
    /// It goes on.
    case reminder
    case closed
  }

  package var state: State
  package var time: Double
  package var incident: Incident
  package var targets: [AlertTarget]
}

/// Holds rules against what is known of a server, and tells of each incident once, then now and then, and when it is over.
package struct AlertEngine: Sendable {
  package let rules: [AlertRule]
  /// Those that go on, then those that are over, newest first.
  package var incidents: [Incident] {
    rules.indices.compactMap { tracks[$0].incident } + ended.reversed()
  }

  private struct Track: Sendable {
    var incident: Incident?
    var lastNotice = 0.0
    /// What happened before was part of an earlier incident.
    var handled = -Double.infinity
  }

  private var tracks: [Track]
  private var ended: [Incident] = []
  private var opened = 0

  private static let mostEnded = 500
  private static let mostRequests = 20

  package init(rules: [AlertRule]) {
    self.rules = rules
    tracks = Array(repeating: Track(), count: rules.count)
  }

  /// What is to be told now; call it every second.
  ///
  /// - Parameter recent: The latest events, from which those that an incident is about are taken.
  package mutating func evaluate(_ state: MonitorState, recent: some Sequence<MonitorEvent>) -> [AlertNotice] {
    var notices: [AlertNotice] = []
    for (index, rule) in rules.enumerated() {
      let finding = rule.condition.finding(in: state)
      if let notice = tracks[index].incident == nil
        ? open(index, rule, finding, state.now, recent) : proceed(index, rule, finding, state.now)
      {
        notices.append(notice)
      }
    }
    return notices
  }

  private mutating func open(
    _ index: Int, _ rule: AlertRule, _ finding: AlertFinding?, _ now: Double, _ recent: some Sequence<MonitorEvent>
  ) -> AlertNotice? {
    guard let finding, finding.time > tracks[index].handled, now - finding.time < rule.quiet else { return nil }
    opened += 1
    var incident = Incident(
      id: "\(rule.id)-\(Int(now))-\(opened)", rule: rule.id, opened: now, last: finding.time,
      summary: String(finding.summary.prefix(500)), peak: finding.value)
    for event in recent.filter({ rule.condition.concerns($0) }).reversed() {
      guard let request = event.origin?.request, !incident.requests.contains(request) else { continue }
      incident.requests.append(request)
      if incident.requests.count == Self.mostRequests { break }
    }
    return tell(index, rule, &incident, .opened, now)
  }

  private mutating func proceed(
    _ index: Int, _ rule: AlertRule, _ finding: AlertFinding?, _ now: Double
  ) -> AlertNotice? {
    guard var incident = tracks[index].incident else { return nil }
    if let finding, finding.time > incident.last {
      incident.last = finding.time
      incident.peak = max(incident.peak, finding.value)
      tracks[index].incident = incident
    }
    if now - incident.last >= rule.quiet {
      incident.closed = now
      let notice = tell(index, rule, &incident, .closed, now)
      tracks[index] = Track(incident: nil, lastNotice: now, handled: incident.last)
      ended.append(incident)
      if ended.count > Self.mostEnded { ended.removeFirst() }
      return notice
    }
    guard let reminder = rule.reminder, now - tracks[index].lastNotice >= reminder else { return nil }
    return tell(index, rule, &incident, .reminder, now)
  }

  private mutating func tell(
    _ index: Int, _ rule: AlertRule, _ incident: inout Incident, _ state: AlertNotice.State, _ now: Double
  ) -> AlertNotice {
    incident.notices += 1
    tracks[index].incident = incident
    tracks[index].lastNotice = now
    return AlertNotice(state: state, time: now, incident: incident, targets: rule.targets)
  }
}

/// What a condition found.
struct AlertFinding: Equatable, Sendable {
  /// When it held last.
  var time: Double
  var value: Double
  var summary: String
}

extension AlertCondition {
  /// When and how far the condition held last; nil when it does not hold.
  func finding(in state: MonitorState) -> AlertFinding? {
    switch self {
    case .drift(let hazard, _): drift(hazard, state)
    case .hits(let count, let hazard, let action, let within):
      reached(
        state.counts(last: within).hits(hazard: hazard, action: action), count, within,
        [action.map { "hits that end in \($0.rawValue)" } ?? "hits", hazard.map { "of \($0)" }].compactMap(\.self)
          .joined(separator: " "), state)
    case .refusals(let count, let within):
      reached(state.counts(last: within).refusals, count, within, "refusals", state)
    case .errors(let share, let requests, let within): errors(share, requests, within, state)
    case .queue(let length, let seconds):
      if let since = state.queuedSince[length], state.now - since >= seconds {
        AlertFinding(
          time: state.now, value: Double(state.waiting),
          summary: "\(state.waiting) requests wait, at least \(length) for \(Int(state.now - since)) s")
      } else {
        nil
      }
    case .certificate(let states): certificate(states, state)
    }
  }

  private func reached(
    _ found: Int, _ count: Int, _ within: Int, _ what: String, _ state: MonitorState
  ) -> AlertFinding? {
    guard found >= count else { return nil }
    return AlertFinding(
      time: state.now, value: Double(found), summary: "\(found) \(what) within \(within) s; the rule says \(count)")
  }

  private func errors(_ share: Double, _ requests: Int, _ within: Int, _ state: MonitorState) -> AlertFinding? {
    let counts = state.counts(last: within)
    guard counts.requests >= requests, counts.requests > 0 else { return nil }
    let found = Double(counts.errors) / Double(counts.requests)
    guard found >= share else { return nil }
    return AlertFinding(
      time: state.now, value: found,
      summary: "\(counts.errors) of \(counts.requests) requests failed within \(within) s; the rule says \(share)")
  }

  private func certificate(_ states: [String], _ state: MonitorState) -> AlertFinding? {
    let found = state.models.values.filter { change in !Self.states(of: change).isDisjoint(with: states) }
    guard !found.isEmpty else { return nil }
    let words = found.map {
      "\($0.model): \(Self.states(of: $0).intersection(states).sorted().joined(separator: ", "))"
    }
    return AlertFinding(time: state.now, value: Double(found.count), summary: words.sorted().joined(separator: "; "))
  }

  private static func states(of change: ModelChange) -> Set<String> {
    Set(change.states + (change.change == .refused ? [refusedState] : []))
  }

  private func drift(_ hazard: String?, _ state: MonitorState) -> AlertFinding? {
    let named = state.driftPlan.classes
    let alarms = state.driftAlarms.filter { hazard == $0.key || (hazard == nil && named[$0.key] == nil) }
    guard let (found, time) = alarms.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }),
      let drift = state.drifts[found]
    else { return nil }
    let counts = state.counts(last: 60)
    let hits = counts.hits(hazard: found, action: nil)
    return AlertFinding(
      time: time, value: Double(hits),
      summary: "more hits of \(found) than usual: \(hits) in \(counts.requests) requests of the last minute, usual is "
        + "at most one in \(Int((1 / (drift.baseline ?? 1)).rounded()))")
  }

  /// Whether an event is one that the condition counts.
  func concerns(_ event: MonitorEvent) -> Bool {
    switch (self, event.kind) {
    case (.drift(let hazard, _), .hit(let hit)), (.drift(let hazard, _), .refusal(let hit)):
      (hazard ?? hit.hazard) == hit.hazard
    case (.hits(_, let hazard, let action, _), .hit(let hit)),
      (.hits(_, let hazard, let action, _), .refusal(let hit)):
      (hazard ?? hit.hazard) == hit.hazard && (action ?? hit.action) == hit.action
    case (.refusals, .refusal): true
    case (.errors, .finished(let outcome)): outcome.isError
    default: false
    }
  }
}
