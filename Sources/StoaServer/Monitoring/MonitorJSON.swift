package import StoaFormats
package import StoaGuard

/// What is watched, as JSON. The names stay as they are: scripts and dashboards read them.
extension MonitorState {
  /// All that is known at the moment.
  func json(incidents: [Incident]) -> JSONObject {
    let open = incidents.filter { $0.closed == nil }
    return [
      "object": "monitor", "time": .time(now), "uptime_s": .double(now - started), "requests": .int(requests),
      "minute": .object(window(60)), "hour": .object(window(3600)),
      "queue": [
        "running": .int(loads.reduce(0) { $0 + $1.running }), "waiting": .int(waiting),
        "models": .array(loads.map(\.json)),
      ],
      "models": .array(models.values.sorted { $0.model < $1.model }.map { .object($0.json) }),
      "drift": .array(drifts.sorted { $0.key < $1.key }.map { drift($0.key, $0.value) }),
      "incidents": [
        "open": .array(open.map { .object($0.json) }), "closed": .int(incidents.count - open.count),
      ],
    ]
  }

  private func window(_ length: Int) -> JSONObject {
    let counts = counts(last: length)
    let seconds = seconds(of: length)
    func perSecond(_ number: Int) -> JSONValue { .double((Double(number) / seconds * 1000).rounded() / 1000) }
    let keys = counts.keys.sorted { ($1.value.requests, $0.key) < ($0.value.requests, $1.key) }.prefix(5)
    return [
      "seconds": .double(seconds), "requests": .int(counts.requests), "requests_per_s": perSecond(counts.requests),
      "errors": .int(counts.errors), "refusals": .int(counts.refusals), "prompt_tokens": .int(counts.promptTokens),
      "completion_tokens": .int(counts.completionTokens), "tokens_per_s": perSecond(counts.generatedTokens),
      "ttft_ms": [
        "p50": .milliseconds(counts.firstToken.quantile(0.5)), "p95": .milliseconds(counts.firstToken.quantile(0.95)),
      ],
      "hits": .object(JSONObject(counts.hitsByHazard.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) })),
      "actions": .object(
        JSONObject(counts.hitsByAction.sorted { $0.key < $1.key }.map { ($0.key.rawValue, .int($0.value)) })),
      "keys": .array(
        keys.map { ["key": .string($0.key), "requests": .int($0.value.requests), "tokens": .int($0.value.tokens)] }),
    ]
  }

  private func drift(_ hazard: String, _ drift: HitRateDrift) -> JSONValue {
    [
      "class": .string(hazard), "baseline": drift.baseline.map { .double($0) } ?? .null,
      "requests": .int(drift.requests), "hits": .int(drift.hits), "level": .double(drift.level),
      "alarms": .int(drift.alarms), "last_alarm": driftAlarms[hazard].map { .time($0) } ?? .null,
      "requests_per_false_alarm": .double(drift.settings.requestsPerFalseAlarm),
    ]
  }
}

extension ModelLoad {
  fileprivate var json: JSONValue {
    [
      "model": .string(model), "running": .int(running), "waiting": .int(waiting),
      "kv_cache_use": .double((cacheUse * 1000).rounded() / 1000),
    ]
  }
}

extension ModelChange {
  fileprivate var json: JSONObject {
    [
      "model": .string(model), "change": .string(change.rawValue), "states": .array(states.map { .string($0) }),
    ]
  }
}

extension MonitorEvent {
  /// One event.
  func json(number: Int) -> JSONValue {
    var object: JSONObject = ["number": .int(number), "time": .time(time)]
    if let origin {
      object["request"] = .string(origin.request)
      object["model"] = .string(origin.model)
      object["key"] = origin.key.map { .string($0) } ?? .null
      object["api"] = .string(origin.api)
    }
    switch kind {
    case .finished(let outcome):
      object["kind"] = "finished"
      object["status"] = .int(outcome.status)
      object["finish"] = outcome.finish.map { .string($0) } ?? .null
      object["prompt_tokens"] = .int(outcome.promptTokens)
      object["completion_tokens"] = .int(outcome.completionTokens)
      object["ttft_ms"] = .milliseconds(outcome.firstTokenSeconds)
      object["tokens_per_s"] = outcome.tokensPerSecond.map { .double(($0 * 10).rounded() / 10) } ?? .null
      object["total_ms"] = .milliseconds(outcome.totalSeconds)
    case .hit(let hit), .refusal(let hit):
      object["kind"] = hit.action.isFinal ? "refusal" : "hit"
      object["rail"] = .string(hit.rail)
      object["class"] = .string(hit.hazard)
      object["action"] = .string(hit.action.rawValue)
      object["stage"] = .string(hit.stage.rawValue)
      object["pack"] = .string(hit.pack)
      if let text = hit.text { object["text"] = .string(text) }
    case .model(let change):
      object["kind"] = "model"
      for (key, value) in change.json { object[key] = value }
    }
    return .object(object)
  }
}

extension Incident {
  /// The record of an incident.
  package var json: JSONObject {
    [
      "id": .string(id), "rule": .string(rule), "state": closed == nil ? "open" : "closed", "opened": .time(opened),
      "last": .time(last), "closed": closed.map { .time($0) } ?? .null, "summary": .string(summary),
      "peak": .double(peak), "notices": .int(notices), "requests": .array(requests.map { .string($0) }),
    ]
  }
}

extension AlertNotice {
  /// What a webhook or a command is given.
  package var json: JSONObject {
    [
      "alert": .string(incident.rule), "state": .string(state.rawValue), "time": .time(time),
      "summary": .string(incident.summary), "incident": .object(incident.json),
    ]
  }
}

extension JSONValue {
  /// RFC 3339 in UTC.
  static func time(_ seconds: Double) -> JSONValue {
    let whole = seconds.rounded(.down)
    return .string("\(Timestamp(seconds: Int(exactly: whole) ?? 0, plus: seconds - whole))")
  }

  /// Seconds as milliseconds, or null.
  fileprivate static func milliseconds(_ seconds: Double?) -> JSONValue {
    seconds.map { .double(($0 * 10_000).rounded() / 10) } ?? .null
  }
}
