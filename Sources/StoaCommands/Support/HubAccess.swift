import ArgumentParser
import Foundation
import StoaFormats
import StoaHub
import StoaTerminal
import Synchronization

/// What the commands that use the hub share.
struct HubAccess {
  let settings: HubSettings
  let library: ModelLibrary
  let retry: RetryPolicy
  let connections: Int

  init(connections: Int = 8, attempts: Int? = nil) throws {
    settings = try HubSettings()
    library = ModelLibrary()
    var retry = RetryPolicy()
    if let attempts { retry.attempts = attempts }
    self.retry = retry
    self.connections = connections
  }

  /// The model of the library that a reference means, if it was pulled.
  func existing(_ reference: HubReference) throws -> ModelLocation? {
    try library.model(for: reference, endpoint: settings.endpointAddress)
  }

  /// Looks a model up on the hub.
  func plan(_ reference: HubReference, name: String?) throws -> PullPlan {
    try Waiting.run { () async throws(RemoteError) in
      try await withPuller { (puller) async throws(RemoteError) in try await puller.plan(reference, name: name) }
    }
  }

  /// Downloads what was planned, with a progress line; Ctrl-C keeps what has come.
  func pull(_ plan: PullPlan) throws -> PullResult {
    let report = PullReport(name: plan.name)
    defer { report.finish() }
    do {
      return try Interrupts.listen {
        try Waiting.run { () async throws(RemoteError) in
          try await withPuller { (puller) async throws(RemoteError) in
            try await puller.pull(
              plan, progress: { report.update($0, of: $1) }, note: { report.note($0) },
              isCancelled: { Interrupts.requested })
          }
        }
      }
    } catch RemoteError.local(.cancelled) {
      report.finish()
      Output.note("stopped\(report.reached); stoa pull \(PrintableText.line("\(plan.reference)")) goes on from there\n")
      throw Interrupted()
    }
  }

  /// Searches the hub.
  func search(_ words: String, limit: Int) throws -> [SearchHit] {
    if let variable = settings.offlineVariable {
      throw CommandFailure(message: "\(variable) forbids the network", advice: "unset it to search the hub")
    }
    return try Waiting.run { () async throws(RemoteError) in
      try await AsyncHTTPTransport.with(settings) { (transport) async throws(RemoteError) in
        try await HubClient(settings: settings, transport: transport, retry: retry).search(words, limit: limit)
      }
    }
  }

  private func withPuller<Value: Sendable>(
    _ work: (HubPuller) async throws(RemoteError) -> Value
  ) async throws(RemoteError) -> Value {
    try await AsyncHTTPTransport.with(settings) { (transport) async throws(RemoteError) in
      let client = HubClient(settings: settings, transport: transport, retry: retry)
      return try await work(HubPuller(library: library, client: client, connections: connections))
    }
  }
}

/// Tells how a download goes: a moving line at a terminal, now and then a plain one elsewhere.
final class PullReport: Sendable {
  private struct State {
    var initially: Int?
    var completed = 0
    var total = 0
    var lastLine: ContinuousClock.Instant
  }

  private let bar: ProgressBar
  private let isTerminal: Bool
  private let style: Style
  private let state: Mutex<State>
  private let start: ContinuousClock.Instant

  init(name: String, terminal: Terminal = .current()) {
    bar = ProgressBar("downloading", terminal: terminal)
    isTerminal = terminal.errorIsTerminal
    style = terminal.style(for: .error)
    start = .now
    state = Mutex(State(lastLine: start))
  }

  /// ` at 45 %`, when anything has come.
  var reached: String {
    let (completed, total) = state.withLock { ($0.completed, $0.total) }
    return total > 0 ? " at \(Int(Double(completed) / Double(total) * 100)) %" : ""
  }

  func update(_ completed: Int, of total: Int) {
    let now = ContinuousClock.now
    let (initially, isDue) = state.withLock { state in
      let initially = state.initially ?? completed
      state.initially = initially
      state.completed = completed
      state.total = total
      let isDue = now - state.lastLine >= .seconds(10)
      if isDue { state.lastLine = now }
      return (initially, isDue)
    }
    bar.update(completed, of: total, initially: initially)
    guard isDue, !isTerminal else { return }
    let line = ProgressLine.text(
      title: "downloading", completed: completed, total: total, initially: initially,
      seconds: (now - start).seconds, unit: .bytes, width: 80)
    Output.note(line + "\n")
  }

  func note(_ text: String) {
    Output.note((isTerminal ? "\r\u{1B}[K" : "") + style.dim(PrintableText.line(text)) + "\n")
  }

  func finish() { bar.finish() }
}

extension PullPlan {
  /// One line for people: what, how much, under which licence, from where.
  var summary: String {
    var parts = [name]
    if let bytes { parts.append(Format.bytes(bytes) + (fileCount > 1 ? ", \(Format.plural(fileCount, "file"))" : "")) }
    parts.append(licence.map { "licence " + $0 } ?? "no licence stated")
    if !baseModels.isEmpty { parts.append("made of " + baseModels.prefix(3).joined(separator: ", ")) }
    parts.append("\(repository) at \(commit.prefix(7))")
    return PrintableText.line(parts.joined(separator: " · "))
  }
}
