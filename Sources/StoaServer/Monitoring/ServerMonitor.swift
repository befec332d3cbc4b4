import Foundation
import StoaGuard
import Synchronization

/// What a server does at the moment and did lately, for those who watch it, and the incidents that rules find in it.
///
/// Everybody reads at a pace of their own by the number of the last event they saw, so a slow reader holds up nobody and
/// misses what has been let go meanwhile.
final class ServerMonitor: GuardObserver {
  private struct State {
    var monitor: MonitorState
    var engine: AlertEngine
    /// The latest events; `first` is the number of the oldest.
    var recent: [MonitorEvent] = []
    var first = 0
    /// What rails found and the journal does not hold yet.
    var unwritten: [MonitorEvent] = []
    var unwrittenLost = 0
  }

  /// Whether events hold what rails found.
  let wantsText: Bool
  private let isJournalled: Bool
  private let state: Mutex<State>

  private static let mostRecent = 2048
  private static let mostUnwritten = 4096

  init(rules: AlertRules = AlertRules(), isJournalled: Bool = false) {
    wantsText = rules.showsText
    self.isJournalled = isJournalled
    state = Mutex(
      State(
        monitor: MonitorState(started: Self.now, drift: rules.drift, queueLengths: rules.queueLengths),
        engine: AlertEngine(rules: rules.rules)))
  }

  private static var now: Double { Date().timeIntervalSince1970 }

  // MARK: What happens

  /// A request ended, well or not.
  func ended(_ report: AnswerReport) {
    record(.finished(RequestOutcome(report)), of: MonitorOrigin(report))
  }

  /// A rail found something in a text of a request.
  func observe(_ event: GuardEvent, of request: MonitorOrigin) { record(RailHit(event).kind, of: request) }

  /// A model was loaded, unloaded or refused.
  func changed(_ change: ModelChange) { record(.model(change), of: nil) }

  private func record(_ kind: MonitorEvent.Kind, of origin: MonitorOrigin?) {
    let event = MonitorEvent(time: Self.now, origin: origin, kind: kind)
    state.withLock { state in
      state.monitor.apply(event)
      state.recent.append(event)
      if state.recent.count > Self.mostRecent {
        let old = Self.mostRecent / 2
        state.recent.removeFirst(old)
        state.first += old
      }
      guard isJournalled, event.railHit != nil else { return }
      if state.unwritten.count < Self.mostUnwritten {
        state.unwritten.append(event)
      } else {
        state.unwrittenLost += 1
      }
    }
  }

  /// Takes over how busy the models are, and gives what is to be told; call it every second.
  func tick(_ loads: [ModelLoad]) -> [AlertNotice] {
    state.withLock { state in
      state.monitor.update(loads, at: Self.now)
      return state.engine.evaluate(state.monitor, recent: state.recent)
    }
  }

  // MARK: What is known

  /// All that is known, and the incidents.
  var current: (state: MonitorState, incidents: [Incident]) {
    state.withLock { ($0.monitor, $0.engine.incidents) }
  }

  /// The events from a number on, with the number of the first of them and that after the last.
  func events(from number: Int) -> (events: [MonitorEvent], first: Int, next: Int) {
    state.withLock { state in
      let first = min(max(number, state.first), state.first + state.recent.count)
      return (Array(state.recent[(first - state.first)...]), first, state.first + state.recent.count)
    }
  }

  /// The last few events, with the number of the first of them and that after the last.
  func latest(_ count: Int) -> (events: [MonitorEvent], first: Int, next: Int) {
    events(from: state.withLock { $0.first + max(0, $0.recent.count - count) })
  }

  /// What the journal does not hold yet, and how many did not fit; they count as written now.
  func takeUnwritten() -> (events: [MonitorEvent], lost: Int) {
    state.withLock { state in
      defer { (state.unwritten, state.unwrittenLost) = ([], 0) }
      return (state.unwritten, state.unwrittenLost)
    }
  }
}

extension RequestOutcome {
  fileprivate init(_ report: AnswerReport) {
    let usage = report.usage
    self.init(status: report.status, finish: report.finish)
    promptTokens = usage.promptTokens
    completionTokens = usage.completionTokens
    firstTokenSeconds = usage.firstTokenSeconds
    generateSeconds = usage.generateSeconds
    totalSeconds = usage.totalSeconds
  }
}

extension MonitorOrigin {
  fileprivate init(_ report: AnswerReport) {
    self.init(request: report.id, model: report.model, key: report.caller.keyID, api: report.api)
  }
}

extension MonitorEvent {
  /// What a rail found, if that is what happened.
  var railHit: RailHit? {
    switch kind {
    case .hit(let hit), .refusal(let hit): hit
    case .finished, .model: nil
    }
  }
}
