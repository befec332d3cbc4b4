import Logging
import ServiceLifecycle
import Synchronization

/// Whether new requests are welcome: false from the moment the server is told to stop.
final class Readiness: Sendable {
  private let ready = Atomic(false)
  var isReady: Bool { ready.load(ordering: .relaxed) }
  func set(_ value: Bool) { ready.store(value, ordering: .relaxed) }
}

/// Unloads what nobody uses any more, takes up a renewed certificate and changed rails, signs the journal, and says when
/// the server stops.
struct Housekeeping: Service {
  let models: ModelStore
  let readiness: Readiness
  let certificate: ServerCertificate?
  let rails: GuardPolicy?
  let heads: JournalHeads?
  let logger: Logger

  func run() async throws {
    await withTaskCancellationOrGracefulShutdownHandler {
      while !Task.isCancelled, !Task.isShuttingDownGracefully {
        do { try await Task.sleep(for: .milliseconds(500)) } catch { break }
        await models.unloadExpired()
        certificate?.refresh()
        rails?.refresh(logger)
        await heads?.signIfDue()
      }
    } onCancelOrGracefulShutdown: {
      readiness.set(false)
    }
  }
}

/// Ends when the server is to stop, and with it all other services.
struct StopService: Service {
  let stops: AsyncStream<Void>

  func run() async throws {
    for await _ in stops {}
  }
}
