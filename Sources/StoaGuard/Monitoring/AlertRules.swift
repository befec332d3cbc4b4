/// When to tell somebody, and whom.
package struct AlertRules: Equatable, Sendable {
  package var rules: [AlertRule] = []
  /// Whether events hold what rails found.
  package var showsText = false

  package init() {}

  /// Which shares of hits the rules ask to be watched.
  package var drift: DriftPlan {
    var plan = DriftPlan()
    for rule in rules {
      guard case .drift(let hazard, let settings) = rule.condition else { continue }
      if let hazard { plan.classes[hazard] = settings } else { plan.standard = settings }
    }
    return plan
  }

  /// The lengths of the queue that rules ask about.
  package var queueLengths: [Int] {
    rules.compactMap { rule in if case .queue(let length, _) = rule.condition { length } else { nil } }
  }
}

/// One rule.
package struct AlertRule: Equatable, Sendable {
  package var id: String
  package var condition: AlertCondition
  /// The incident ends when the condition has not held for so many seconds.
  package var quiet = 300.0
  /// Seconds after which an incident that goes on is told again; nil for never.
  package var reminder: Double? = 3600
  package var targets: [AlertTarget]

  package init(id: String, condition: AlertCondition, targets: [AlertTarget]) {
    self.id = id
    self.condition = condition
    self.targets = targets
  }
}

/// What a rule waits for.
package enum AlertCondition: Equatable, Sendable {
  /// The share of requests with a hit of a class, or of any that no other rule names, has risen.
  case drift(hazard: String?, DriftSettings)
  /// Hits within some seconds.
  case hits(count: Int, hazard: String?, action: GuardAction?, within: Int)
  /// Texts that rails ended within some seconds.
  case refusals(count: Int, within: Int)
  /// A share of failed requests within some seconds in which there were enough.
  case errors(share: Double, requests: Int, within: Int)
  /// Requests that wait, for so many seconds without a pause.
  case queue(length: Int, seconds: Double)
  /// A model that was loaded or refused with one of these states.
  case certificate([String])

  /// The state of a model that was not loaded, whatever is wrong with it.
  package static let refusedState = "refused"
}

/// Whom to tell.
package enum AlertTarget: Equatable, Sendable {
  /// The server's log.
  case log
  /// An address that takes JSON by POST.
  case webhook(String)
  /// A program with its arguments, which gets JSON on its standard input.
  case command([String])
}
