/// How busy one model is.
package struct ModelLoad: Equatable, Sendable {
  package var model: String
  package var running: Int
  package var waiting: Int
  /// The share of the pages for keys and values that answers use.
  package var cacheUse: Double
  /// Tokens generated since it was loaded.
  package var generatedTokens: Int

  package init(model: String, running: Int, waiting: Int, cacheUse: Double, generatedTokens: Int) {
    self.model = model
    self.running = running
    self.waiting = waiting
    self.cacheUse = cacheUse
    self.generatedTokens = generatedTokens
  }
}

/// Which shares of hits are watched, and how.
package struct DriftPlan: Equatable, Sendable {
  /// For classes that no rule names.
  package var standard = DriftSettings()
  package var classes: [String: DriftSettings] = [:]

  package init() {}
}

/// What is known of a server at a moment: a value that events change, without clocks, threads or files.
package struct MonitorState: Sendable {
  /// When the first event can have come.
  package let started: Double
  /// The latest time that an event or update had.
  package private(set) var now: Double
  package private(set) var loads: [ModelLoad] = []
  /// Since when requests wait without a pause, if they do, for each length of the queue that a rule asks about.
  package private(set) var queuedSince: [Int: Double] = [:]
  /// What was last found about each model that has been loaded or refused.
  package private(set) var models: [String: ModelChange] = [:]
  /// The tests of the classes seen so far.
  package private(set) var drifts: [String: HitRateDrift] = [:]
  /// When each class last raised the alarm.
  package private(set) var driftAlarms: [String: Double] = [:]
  package private(set) var requests = 0
  /// Which shares of hits are watched.
  package let driftPlan: DriftPlan

  private let queueLengths: [Int]
  private var seconds = RollingWindow(width: 1, length: 60)
  private var minutes = RollingWindow(width: 60, length: 60)
  /// The classes found in requests that have not ended.
  private var open: [String: Set<String>] = [:]
  private var openOrder: [String] = []

  /// More requests than a server has at a time; those beyond count as ended.
  private static let mostOpen = 16_384
  private static let mostClasses = 256
  private static let mostModels = 1024

  package init(started: Double, drift plan: DriftPlan = DriftPlan(), queueLengths: [Int] = []) {
    self.started = started
    driftPlan = plan
    self.queueLengths = queueLengths
    now = started
    for (hazard, settings) in plan.classes { drifts[hazard] = HitRateDrift(settings) }
  }

  // MARK: What happens

  package mutating func apply(_ event: MonitorEvent) {
    advance(to: event.time)
    seconds.update(at: now) { $0.count(event.kind, of: event.origin) }
    minutes.update(at: now) { $0.count(event.kind, of: event.origin) }
    switch event.kind {
    case .finished: end(event.origin?.request)
    case .hit(let hit), .refusal(let hit): note(hit.hazard, in: event.origin?.request)
    case .model(let change):
      guard models[change.model] != nil || models.count < Self.mostModels else { break }
      models[change.model] = change
    }
  }

  /// Takes over how busy the models are; call it every second.
  package mutating func update(_ loads: [ModelLoad], at time: Double) {
    advance(to: time)
    let before = Dictionary(self.loads.map { ($0.model, $0.generatedTokens) }, uniquingKeysWith: max)
    // A model that was loaded anew counts from zero.
    let generated = loads.reduce(0) { sum, load in
      let earlier = before[load.model] ?? 0
      return sum + (load.generatedTokens >= earlier ? load.generatedTokens - earlier : load.generatedTokens)
    }
    seconds.update(at: now) { $0.generatedTokens += generated }
    minutes.update(at: now) { $0.generatedTokens += generated }
    self.loads = loads
    let waiting = loads.reduce(0) { $0 + $1.waiting }
    for length in queueLengths {
      queuedSince[length] = waiting >= length ? queuedSince[length] ?? now : nil
    }
  }

  /// Time does not run backwards, and what is no time does not count.
  private mutating func advance(to time: Double) {
    if time > now, time < 1e12 { now = time }
  }

  private mutating func note(_ hazard: String, in request: String?) {
    guard let request else { return }
    if open[request] == nil {
      // Whoever never hears of an end must not be waited for.
      if openOrder.count >= Self.mostOpen {
        let oldest = Array(openOrder.prefix(Self.mostOpen / 2))
        openOrder.removeFirst(oldest.count)
        for request in oldest where open[request] != nil { end(request) }
      }
      openOrder.append(request)
    }
    open[request, default: []].insert(hazard)
  }

  /// Gives a request to the tests of all classes.
  private mutating func end(_ request: String?) {
    let found = request.flatMap { open.removeValue(forKey: $0) } ?? []
    for hazard in found where drifts[hazard] == nil && drifts.count < Self.mostClasses {
      // Nothing of this class was found in all requests before.
      var drift = HitRateDrift(driftPlan.standard)
      drift.observe(quiet: requests)
      drifts[hazard] = drift
    }
    requests += 1
    for hazard in Array(drifts.keys) where drifts[hazard]?.observe(hit: found.contains(hazard)) == true {
      driftAlarms[hazard] = now
    }
    if open.isEmpty { openOrder = [] }
  }

  // MARK: What is known

  /// What was counted in the last seconds, at most an hour; beyond a minute, in whole minutes.
  package func counts(last seconds: Int) -> MonitorCounts {
    var window = seconds <= 60 ? self.seconds : minutes
    window.advance(to: now)
    return window.sum(last: seconds <= 60 ? seconds : (seconds + 59) / 60)
  }

  /// Requests that wait, over all models.
  package var waiting: Int { loads.reduce(0) { $0 + $1.waiting } }

  /// Seconds of a window that the server has been there for, at least one.
  package func seconds(of window: Int) -> Double { min(Double(window), max(1, now - started)) }
}
