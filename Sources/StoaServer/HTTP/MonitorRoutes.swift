import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import StoaFormats
import StoaGuard

extension Handlers {
  func addMonitorRoutes(to router: Router<ServerContext>) {
    let monitor = answerer.metrics.monitor
    router.get("/v1/monitor") { _, _ in
      let (state, incidents) = monitor.current
      var object = state.json(incidents: incidents)
      let (events, first, next) = monitor.latest(50)
      object["events"] = .array(events.enumerated().map { $1.json(number: first + $0) })
      object["next"] = .int(next)
      return Response.json(.object(object))
    }
    router.get("/v1/monitor/incidents") { _, _ in
      let incidents = monitor.current.incidents
      return Response.json(["object": "list", "data": .array(incidents.map { .object($0.json) })])
    }
    router.get("/v1/monitor/events") { _, context in
      let channel = context.channel
      let body = ResponseBody { writer in
        var feed = MonitorFeed(monitor)
        try await channel.watched { (ticks: AsyncThrowingStream<Void, any Error>.Continuation) in
          while !Task.isShuttingDownGracefully {
            ticks.yield()
            try await Task.sleep(for: MonitorFeed.pace)
          }
        } _: { ticks in
          for try await _ in ticks {
            let text = feed.next()
            if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
          }
        }
        try await writer.finish(nil)
      }
      return Response(
        status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"], body: body)
    }
  }
}

/// What one reader of the live events gets: a snapshot every second, and events within a moment.
struct MonitorFeed {
  /// How often there is something to send.
  static let pace = Duration.milliseconds(200)
  private static let snapshotEvery = Duration.seconds(1)
  private static let mostAtOnce = 500

  private let monitor: ServerMonitor
  private let clock = ContinuousClock()
  private var number: Int
  private var nextSnapshot: ContinuousClock.Instant

  init(_ monitor: ServerMonitor) {
    self.monitor = monitor
    number = monitor.latest(0).next
    nextSnapshot = clock.now
  }

  /// What is to be sent now.
  mutating func next() -> String {
    var text = ""
    let (events, first, next) = monitor.events(from: number)
    if first > number { text += ServerSentEvents.event("missed", ["events": .int(first - number)]) }
    let shown = events.suffix(Self.mostAtOnce)
    if shown.count < events.count {
      text += ServerSentEvents.event("missed", ["events": .int(events.count - shown.count)])
    }
    for (offset, event) in shown.enumerated() {
      text += ServerSentEvents.event("event", event.json(number: next - shown.count + offset))
    }
    number = next
    let now = clock.now
    guard now >= nextSnapshot else { return text }
    nextSnapshot = now.advanced(by: Self.snapshotEvery)
    let (state, incidents) = monitor.current
    return text + ServerSentEvents.event("snapshot", .object(state.json(incidents: incidents)))
  }
}
