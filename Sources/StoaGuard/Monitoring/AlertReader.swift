import Foundation
import Yams

extension AlertRules {
  /// Reads the file of alert rules.
  ///
  /// - Parameter certificateStates: What can be found about a model, for rules that wait for it.
  /// - Throws: `PackError` with every mistake by file, line and column.
  package init(path: String, certificateStates: [String]) throws(PackError) {
    try self.init(yaml: PackSource.read(path), file: path, certificateStates: certificateStates)
  }

  init(yaml: String, file: String, certificateStates: [String]) throws(PackError) {
    var reader = AlertReader(file: file, certificateStates: certificateStates + [AlertCondition.refusedState])
    self = reader.read(yaml)
    if !reader.document.problems.isEmpty { throw PackError(problems: reader.document.problems) }
  }
}

/// Reads alert rules from YAML, with the place of every mistake.
private struct AlertReader {
  private(set) var document: PackDocument
  private let certificateStates: [String]
  /// Where the rule about the drift of a class stands; the empty name is for any.
  private var driftLines: [String: Int] = [:]

  private static let mostRules = 100

  init(file: String, certificateStates: [String]) {
    document = PackDocument(file: file, start: "begin with rules: and a list of rules")
    self.certificateStates = certificateStates
  }

  mutating func read(_ yaml: String) -> AlertRules {
    var result = AlertRules()
    guard let root = document.compose(yaml) else { return result }
    var names: Set<String> = []
    for entry in document.entries(root, "the file", allowed: ["rules", "text"]) {
      if entry.key == "text" {
        result.showsText = document.flag(entry.value, "text") ?? false
        continue
      }
      let nodes = document.list(entry.value, "rules")
      if nodes.count > Self.mostRules {
        document.report(entry.value.mark, "there are more than \(Self.mostRules) rules", "join some")
      }
      for node in nodes.prefix(Self.mostRules) {
        guard let rule = rule(node) else { continue }
        if !names.insert(rule.id).inserted {
          document.report(node.mark, "the rule \(rule.id) is given twice", "join the two or rename one")
        }
        result.rules.append(rule)
      }
    }
    return result
  }

  private mutating func rule(_ node: Node) -> AlertRule? {
    let entries = document.entries(node, "a rule", allowed: ["id", "when", "to", "quiet", "remind"])
    guard case .mapping = node else { return nil }
    var (id, condition): (String?, AlertCondition?)
    var targets: [AlertTarget] = []
    var quiet: Double?
    var reminder: Double?? = .none
    for entry in entries {
      switch entry.key {
      case "id": id = document.text(entry.value, "id", limit: 64)
      case "when": condition = self.condition(entry.value)
      case "to": targets = self.targets(entry.value)
      case "quiet": quiet = document.number(entry.value, "quiet", in: 1...86_400)
      default:
        if entry.value.scalar?.string == "never" {
          reminder = .some(nil)
        } else {
          reminder = document.number(entry.value, "remind", in: 60...604_800).map { .some($0) } ?? .none
        }
      }
    }
    for key in ["id", "when", "to"] where !entries.contains(where: { $0.key == key }) {
      document.report(node.mark, "the rule has no \(key)", Self.hints[key] ?? "")
    }
    guard let id, let condition, !targets.isEmpty else { return nil }
    var rule = AlertRule(id: id, condition: condition, targets: targets)
    if let quiet { rule.quiet = quiet }
    if let reminder { rule.reminder = reminder }
    return rule
  }

  private static let hints = [
    "id": "add id: NAME", "when": "add when: {refusals: 10, within: 60}", "to": "add to: [log]",
  ]

  // MARK: Conditions

  /// Which further keys go with the one that says what is waited for.
  private static let conditions: [(key: String, others: [String])] = [
    ("drift", ["baseline", "learn", "requests-per-false-alarm"]), ("hits", ["class", "action", "within"]),
    ("refusals", ["within"]), ("error-rate", ["within", "requests"]), ("queue", ["for"]), ("certificate", []),
  ]

  private mutating func condition(_ node: Node) -> AlertCondition? {
    let heads = Self.conditions.map(\.key)
    let entries = document.entries(
      node, "when",
      allowed: heads + ["baseline", "learn", "requests-per-false-alarm", "class", "action", "within"]
        + ["requests", "for"])
    guard case .mapping = node, document.problems.isEmpty || !entries.isEmpty else { return nil }
    let given = entries.filter { heads.contains($0.key) }
    guard given.count == 1, let head = given.first else {
      document.report(
        node.mark, given.isEmpty ? "when does not say what to wait for" : "when has more than one condition",
        "give one of \(heads.joined(separator: ", "))")
      return nil
    }
    let others = Self.conditions.first { $0.key == head.key }?.others ?? []
    for entry in entries where entry.key != head.key && !others.contains(entry.key) {
      document.report(
        entry.mark, "\(entry.key) does not go with \(head.key)",
        others.isEmpty ? "remove it" : "with \(head.key) go \(others.joined(separator: ", "))")
    }
    func value(_ key: String) -> Node? { entries.first { $0.key == key }?.value }
    return condition(head.key, head.value, value)
  }

  private mutating func condition(_ name: String, _ node: Node, _ value: (String) -> Node?) -> AlertCondition? {
    let within = whole(value("within"), "within", 1...3600) ?? 60
    switch name {
    case "drift": return drift(node, value)
    case "hits":
      guard let count = whole(node, "hits", 1...1_000_000_000) else { return nil }
      let hazard = value("class").flatMap { document.text($0, "class", limit: 64) }
      let action = value("action").flatMap { document.choice($0, "the action", GuardAction.self) }
      return .hits(count: count, hazard: hazard, action: action, within: within)
    case "refusals": return whole(node, "refusals", 1...1_000_000_000).map { .refusals(count: $0, within: within) }
    case "error-rate":
      let requests = whole(value("requests"), "requests", 1...1_000_000_000) ?? 20
      return document.number(node, "error-rate", in: 0.0001...1)
        .map { .errors(share: $0, requests: requests, within: within) }
    case "queue":
      let seconds = value("for").flatMap { document.number($0, "for", in: 0...3600) } ?? 0
      return whole(node, "queue", 1...1_000_000).map { .queue(length: $0, seconds: seconds) }
    default:
      guard let states = document.texts(node, "certificate") else { return nil }
      for state in states where !certificateStates.contains(state) {
        document.report(
          node.mark, "\(state.prefix(40)) is no state of a model",
          nearest(to: state, among: certificateStates).map { "did you mean \($0)?" }
            ?? "write one of \(certificateStates.joined(separator: ", "))")
      }
      return .certificate(states)
    }
  }

  private mutating func drift(_ node: Node, _ value: (String) -> Node?) -> AlertCondition? {
    guard let name = document.text(node, "drift", limit: 64) else { return nil }
    var settings = DriftSettings()
    settings.baseline = value("baseline").flatMap { document.number($0, "baseline", in: DriftSettings.baselines) }
    if let requests = value("learn").flatMap({ document.number($0, "learn", in: DriftSettings.learning) }) {
      settings.learningRequests = Int(requests)
      if value("baseline") != nil {
        document.report(node.mark, "drift has a baseline and learns one", "remove baseline: or learn:")
      }
    }
    if let requests = value("requests-per-false-alarm").flatMap({
      document.number($0, "requests-per-false-alarm", in: DriftSettings.falseAlarms)
    }) {
      settings.requestsPerFalseAlarm = requests
    }
    let hazard = name == "any" ? nil : name
    if let line = driftLines[hazard ?? ""] {
      document.report(
        node.mark, "there is a rule about the drift of \(name) at line \(line)", "give that one more targets in to:")
    }
    driftLines[hazard ?? ""] = node.mark?.line ?? 1
    return .drift(hazard: hazard, settings)
  }

  private mutating func whole(_ node: Node?, _ what: String, _ range: ClosedRange<Int>) -> Int? {
    guard let node else { return nil }
    guard let value = node.scalar.flatMap({ Int($0.string) }), range.contains(value) else {
      document.report(
        node.mark, "\(what) is no whole number from \(range.lowerBound) to \(range.upperBound)",
        "write for example \(min(range.upperBound, max(range.lowerBound, 60)))")
      return nil
    }
    return value
  }

  // MARK: Targets

  private mutating func targets(_ node: Node) -> [AlertTarget] {
    var nodes = [node]
    if case .sequence(let list) = node { nodes = Array(list) }
    if nodes.isEmpty { document.report(node.mark, "to is empty", "write to: [log]") }
    return nodes.compactMap { target($0) }
  }

  private mutating func target(_ node: Node) -> AlertTarget? {
    if node.scalar?.string == "log" { return .log }
    guard case .mapping(let mapping) = node, mapping.count == 1 else {
      document.report(
        node.mark, "this is nowhere to send an alert", "write log, {webhook: URL} or {command: [PROGRAM, ARGUMENT]}")
      return nil
    }
    guard let entry = document.entries(node, "a target", allowed: ["webhook", "command"]).first else { return nil }
    if entry.key == "webhook" {
      guard let text = document.text(entry.value, "webhook") else { return nil }
      let url = URL(string: text)
      guard let scheme = url?.scheme?.lowercased(), ["http", "https"].contains(scheme), url?.host?.isEmpty == false
      else {
        document.report(entry.value.mark, "webhook is no address", "write https://HOST/PATH")
        return nil
      }
      return .webhook(text)
    }
    guard let words = document.texts(entry.value, "command") else { return nil }
    guard words.first?.hasPrefix("/") == true, !words.contains(where: { $0.utf8.contains(0) }) else {
      document.report(
        entry.value.mark, "command does not begin with the path of a program",
        "write [/usr/bin/PROGRAM, ARGUMENT]; no shell is used")
      return nil
    }
    return .command(words)
  }
}
