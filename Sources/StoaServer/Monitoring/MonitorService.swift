import Logging
import ServiceLifecycle
import StoaEngine
import StoaFormats
package import StoaGuard
package import StoaTrust

/// Tells somebody outside of an alert.
package protocol AlertSink: Sendable {
  /// Delivers a notice; throws when it cannot be, and returns within some seconds.
  func deliver(_ notice: AlertNotice, to target: AlertTarget) async throws
}

/// What a server watches for.
package struct AlertSettings: Sendable {
  package var rules = AlertRules()
  /// Delivers what does not go to the log; nil leaves it undelivered.
  package var sink: (any AlertSink)?
  /// Where verdicts and alerts are kept; nil for nowhere.
  package var journal: (any JournalSink)?

  package init() {}
}

/// Holds the alert rules against what goes on, every second, tells of what they find, and writes the journal.
struct MonitorService: Service {
  let monitor: ServerMonitor
  let models: ModelStore
  let settings: AlertSettings
  let logger: Logger

  func run() async throws {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled, !Task.isShuttingDownGracefully {
        do { try await Task.sleep(for: .seconds(1)) } catch { break }
        for notice in monitor.tick(await models.loads()) { tell(notice, &group) }
        await writeJournal()
      }
    }
    await writeJournal()
  }

  private func tell(_ notice: AlertNotice, _ group: inout DiscardingTaskGroup) {
    for target in notice.targets {
      guard target != .log else {
        logger.warning(
          "alert \(notice.incident.rule) \(notice.state.rawValue): \(notice.incident.summary)",
          metadata: ["incident": "\(notice.incident.id)"])
        continue
      }
      group.addTask { await deliver(notice, to: target) }
    }
    group.addTask { await append(JournalEvent(JournalEvent.Kind(rawValue: "alert"), notice.journalled)) }
  }

  /// Tries a few times, but not while the server stops.
  private func deliver(_ notice: AlertNotice, to target: AlertTarget) async {
    guard let sink = settings.sink else { return }
    for pause in [1.0, 5, 0] {
      do {
        return try await sink.deliver(notice, to: target)
      } catch {
        logger.error(
          "alert \(notice.incident.rule) was not delivered", metadata: ["problem": "\(String("\(error)".prefix(300)))"])
      }
      if pause == 0 || Task.isShuttingDownGracefully { return }
      do { try await Task.sleep(for: .seconds(pause)) } catch { return }
    }
  }

  // MARK: The journal

  /// One entry for each request in which something was found since the last time, all in one transaction where the
  /// journal can.
  private func writeJournal() async {
    guard settings.journal != nil else { return }
    let (events, lost) = monitor.takeUnwritten()
    var entries = Verdict.entries(events)
    if lost > 0 { entries.append(["lost": .int(lost)]) }
    await withDiscardingTaskGroup { group in
      for entry in entries {
        group.addTask { await append(JournalEvent(JournalEvent.Kind(rawValue: "guard"), entry)) }
      }
    }
  }

  private func append(_ event: JournalEvent) async {
    do {
      try await settings.journal?.append(event)
    } catch {
      logger.error("the journal cannot be written", metadata: ["problem": "\(error)"])
    }
  }
}

extension AlertNotice {
  /// The notice without fractions, which canonical JSON has no one form for.
  fileprivate var journalled: JSONObject {
    [
      "alert": .string(incident.rule), "state": .string(state.rawValue), "incident": .string(incident.id),
      "summary": .string(incident.summary), "requests": .array(incident.requests.map { .string($0) }),
    ]
  }
}

/// What was found in one request, as the journal holds it: without any text.
private enum Verdict {
  private struct Kind: Hashable {
    var rail: String
    var hazard: String
    var action: String
    var stage: String
  }

  static func entries(_ events: [MonitorEvent]) -> [JSONObject] {
    var order: [String] = []
    var found: [String: [MonitorEvent]] = [:]
    for event in events {
      let request = event.origin?.request ?? ""
      if found[request] == nil { order.append(request) }
      found[request, default: []].append(event)
    }
    return order.compactMap { request in found[request].flatMap(entry) }
  }

  private static func entry(_ events: [MonitorEvent]) -> JSONObject? {
    guard let first = events.first, let hit = first.railHit else { return nil }
    var kinds: [Kind] = []
    var counts: [Kind: Int] = [:]
    for hit in events.compactMap(\.railHit) {
      let kind = Kind(rail: hit.rail, hazard: hit.hazard, action: hit.action.rawValue, stage: hit.stage.rawValue)
      if counts[kind] == nil { kinds.append(kind) }
      counts[kind, default: 0] += 1
    }
    return [
      "request": .string(first.origin?.request ?? ""), "model": .string(first.origin?.model ?? ""),
      "key": first.origin?.key.map { .string($0) } ?? .null, "pack": .string(hit.pack),
      "digest": .string("sha256:" + hit.digest),
      "hits": .array(
        kinds.map { kind in
          [
            "rail": .string(kind.rail), "class": .string(kind.hazard), "action": .string(kind.action),
            "stage": .string(kind.stage), "count": .int(counts[kind] ?? 0),
          ]
        }),
    ]
  }
}

extension ModelStore {
  /// How busy the models in memory are.
  func loads() -> [ModelLoad] {
    residents().compactMap { resident in
      guard let load = resident.model.scheduler?.load else { return nil }
      return ModelLoad(
        model: resident.model.name, running: load.running, waiting: load.waiting,
        cacheUse: Double(load.usedPages) / Double(max(1, load.totalPages)), generatedTokens: load.generatedTokens)
    }
  }
}
