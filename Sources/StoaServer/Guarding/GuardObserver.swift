package import StoaGuard
import Synchronization

/// Is told of every hit in a server; called while text is scanned, so it must be quick.
package protocol GuardObserver: Sendable {
  /// Takes a hit; `event.stage` says where the text stood.
  func observe(_ event: GuardEvent, of request: MonitorOrigin)
  /// Whether events should carry what matched.
  var wantsText: Bool { get }
}

extension GuardObserver {
  package var wantsText: Bool { false }
}

/// Counts the hits of one request, remembers its verdict, and passes the hits on.
final class GuardTally: EventSink {
  private let request: MonitorOrigin
  private let metrics: ServerMetrics?
  private let observer: (any GuardObserver)?
  private let severest = Mutex(GuardAction.allow)

  init(_ request: MonitorOrigin, metrics: ServerMetrics?, observer: (any GuardObserver)?) {
    self.request = request
    self.metrics = metrics
    self.observer = observer
  }

  var wantsText: Bool { observer?.wantsText ?? false }

  /// The severest action so far.
  var action: GuardAction { severest.withLock { $0 } }

  func record(_ event: GuardEvent) {
    severest.withLock { $0 = max($0, event.hit.action) }
    metrics?.found(event.hit)
    observer?.observe(event, of: request)
  }
}
