import StoaEngine
import StoaGuard
import Synchronization

/// What the server counts, as Prometheus reads it.
///
/// The meanings are those of vLLM's metrics (`docs/design/metrics.md` there), so that dashboards can be carried over.
final class ServerMetrics: Sendable {
  private struct State {
    var promptTokens = 0
    var cachedTokens = 0
    var generationTokens = 0
    var finished: [String: Int] = [:]
    var rejected: [String: Int] = [:]
    var requests: [HTTPCount: Int] = [:]
    var guardHits: [HitCount: Int] = [:]
    var firstToken = Histogram(bounds: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60])
    var interToken = Histogram(bounds: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5])
    var endToEnd = Histogram(bounds: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600])
    var queue = Histogram(bounds: [0.001, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60])
  }

  private struct HTTPCount: Hashable {
    var route: String
    var status: Int
  }

  private struct HitCount: Hashable {
    var rail: String
    var hazard: String
    var action: String
  }

  /// What goes on at the moment.
  let monitor: ServerMonitor
  private let state = Mutex(State())

  init(monitor: ServerMonitor = ServerMonitor()) { self.monitor = monitor }

  func firstToken(_ seconds: Double) { state.withLock { $0.firstToken.add(seconds) } }
  func interToken(_ seconds: Double) { state.withLock { $0.interToken.add(seconds) } }

  func finished(_ usage: AnswerUsage, reason: String) {
    state.withLock { state in
      state.promptTokens += usage.promptTokens
      state.cachedTokens += usage.cachedTokens
      state.generationTokens += usage.completionTokens
      state.finished[reason, default: 0] += 1
      state.endToEnd.add(usage.totalSeconds)
      state.queue.add(usage.queueSeconds)
    }
  }

  /// Counts an answer that failed; nil when the client left.
  func failed(_ error: APIError?) {
    state.withLock { state in
      switch error?.kind {
      case .overloaded?, .rateLimited?: state.rejected[error?.code ?? "limit", default: 0] += 1
      case nil: state.finished["abort", default: 0] += 1
      default: state.finished["error", default: 0] += 1
      }
    }
  }

  func found(_ hit: GuardHit) {
    let count = HitCount(rail: hit.rail, hazard: hit.hazard, action: hit.action.rawValue)
    state.withLock { $0.guardHits[count, default: 0] += 1 }
  }

  func answered(route: String, status: Int) {
    state.withLock { $0.requests[HTTPCount(route: route, status: status), default: 0] += 1 }
  }

  /// The text that Prometheus reads (exposition format 0.0.4).
  func text(models: [(name: String, load: SchedulerLoad)]) -> String {
    var page = MetricsPage()
    for (name, help, value) in [
      ("num_requests_running", "Requests that are being answered.", \SchedulerLoad.running),
      ("num_requests_waiting", "Requests that wait for their turn.", \.waiting),
      ("kv_cache_pages_used", "Pages of keys and values in use by answers.", \.usedPages),
      ("kv_cache_pages_kept", "Pages kept for texts that begin alike.", \.cachedPages),
      ("kv_cache_pages", "Pages of keys and values at most.", \.totalPages),
    ] {
      page.family(name, "gauge", help)
      for model in models { page.sample(name, ["model_name": model.name], Double(model.load[keyPath: value])) }
    }
    page.family("kv_cache_usage_perc", "gauge", "The share of the pages that answers use; 1 is all.")
    for model in models {
      let share = Double(model.load.usedPages) / Double(max(1, model.load.totalPages))
      page.sample("kv_cache_usage_perc", ["model_name": model.name], share)
    }
    for (name, help, value) in [
      (
        "prefix_cache_queries_total", "Prompt tokens that were looked up among those computed before.",
        \SchedulerLoad.promptTokens
      ),
      ("prefix_cache_hits_total", "Prompt tokens that did not have to be computed.", \.cachedTokens),
      ("num_preemptions_total", "Answers that had to give their memory to others for a time.", \.preemptions),
      ("engine_steps_total", "Forward passes.", \.steps),
    ] {
      page.family(name, "counter", help)
      for model in models { page.sample(name, ["model_name": model.name], Double(model.load[keyPath: value])) }
    }
    let state = state.withLock { $0 }
    page.counter("prompt_tokens_total", "Prompt tokens of finished requests.", state.promptTokens)
    page.counter("generation_tokens_total", "Tokens generated for finished requests.", state.generationTokens)
    page.counter(
      "cached_tokens_total", "Prompt tokens of finished requests that were not computed again.", state.cachedTokens)
    page.counters("request_success_total", "Requests by how they ended.", "finished_reason", state.finished)
    page.counters("requests_rejected_total", "Requests that were refused.", "reason", state.rejected)
    page.family("http_requests_total", "counter", "Answers by route and status.")
    for (count, value) in state.requests.sorted(by: { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }) {
      page.sample("http_requests_total", ["route": count.route, "status": "\(count.status)"], Double(value))
    }
    page.family("guard_hits_total", "counter", "What rails found, by rail, class of hazard and action.")
    let hits = state.guardHits.sorted {
      ($0.key.rail, $0.key.hazard, $0.key.action) < ($1.key.rail, $1.key.hazard, $1.key.action)
    }
    for (hit, value) in hits {
      page.sample(
        "guard_hits_total", ["rail": hit.rail, "class": hit.hazard, "action": hit.action], Double(value))
    }
    page.histogram("time_to_first_token_seconds", "From the request to its first token.", state.firstToken)
    page.histogram("inter_token_latency_seconds", "From one token to the next.", state.interToken)
    page.histogram("e2e_request_latency_seconds", "From the request to its end.", state.endToEnd)
    page.histogram("request_queue_time_seconds", "From the request to its turn.", state.queue)
    return page.text
  }
}

/// Counts of values up to each of some bounds.
struct Histogram: Sendable {
  let bounds: [Double]
  private(set) var counts: [Int]
  private(set) var sum = 0.0

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  mutating func add(_ value: Double) {
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum += value
  }
}

/// A page of metrics being written.
private struct MetricsPage {
  private(set) var text = ""

  mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP stoa_\(name) \(help)\n# TYPE stoa_\(name) \(type)\n"
  }

  mutating func sample(_ name: String, _ labels: [String: String], _ value: Double) {
    let list = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
    let number = value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    text += "stoa_\(name)\(list.isEmpty ? "" : "{\(list.joined(separator: ","))}") \(number)\n"
  }

  mutating func counter(_ name: String, _ help: String, _ value: Int) {
    family(name, "counter", help)
    sample(name, [:], Double(value))
  }

  mutating func counters(_ name: String, _ help: String, _ label: String, _ values: [String: Int]) {
    family(name, "counter", help)
    for (word, value) in values.sorted(by: { $0.key < $1.key }) { sample(name, [label: word], Double(value)) }
  }

  mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
    family(name, "histogram", help)
    var total = 0
    for (bound, count) in zip(histogram.bounds, histogram.counts) {
      total += count
      sample("\(name)_bucket", ["le": "\(bound)"], Double(total))
    }
    total += histogram.counts.last ?? 0
    sample("\(name)_bucket", ["le": "+Inf"], Double(total))
    sample("\(name)_sum", [:], histogram.sum)
    sample("\(name)_count", [:], Double(total))
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
