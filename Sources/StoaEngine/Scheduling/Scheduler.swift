import Dispatch
import Foundation
import StoaModels
import StoaTensor
import Synchronization

/// How much a scheduler takes on.
public struct SchedulerOptions: Sendable {
  /// Requests that are answered at once.
  public var maxRunning = 64
  /// Requests that may wait; more are refused.
  public var maxWaiting = 1000
  /// Bytes for keys and values; nil for a quarter of the machine's memory. One whole context always fits.
  public var cacheBytes: Int?
  /// How long a forward pass should take at most while answers are being streamed, in seconds.
  public var stepSeconds = 0.15
  /// How long an answer may wait, in seconds, so that prompts that came with it are computed first and all begin
  /// together; only where nobody reads an answer yet.
  public var gatherSeconds = 15.0

  /// The defaults.
  public init() {}
}

/// Answers many requests to one model at once.
///
/// Continuous batching: each forward pass takes one token of every answer and as much of the waiting prompts as fits the
/// time (Yu and others, 2022, "Orca"; Agrawal and others, 2023, "SARATHI"). Keys and values lie in pages that texts with
/// the same beginning share (Kwon and others, 2023; Zheng and others, 2023). An answer is the same to the bit as that of
/// a lone request.
///
/// A thread of its own computes; it ends when the scheduler is shut down or released.
public final class Scheduler: Sendable {
  /// The model that answers.
  public let model: LanguageModel
  private let inbox: SchedulerInbox

  /// Starts the thread that computes.
  public init(model: LanguageModel, options: SchedulerOptions = SchedulerOptions()) throws {
    self.model = model
    let inbox = SchedulerInbox(maxWaiting: options.maxWaiting, maxRunning: options.maxRunning)
    self.inbox = inbox
    // A thread takes its work along: the loop is made here so that failures are thrown here, and used there alone.
    nonisolated(unsafe) let loop = try SchedulerLoop(model: model, options: options, inbox: inbox)
    let thread = Thread { unsafe loop.run() }
    thread.name = "stoa-scheduler"
    thread.stackSize = 8 << 20
    thread.start()
  }

  deinit { inbox.stop(draining: false) }

  /// Queues a request; throws at once when the queue is full or the scheduler stops.
  ///
  /// Whoever stops reading the events cancels the request.
  public func submit(_ request: GenerationRequest) throws(EngineError) -> AsyncThrowingStream<
    GenerationEvent, any Error
  > {
    let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
    let ticket = Ticket(request, continuation)
    continuation.onTermination = { [inbox] reason in
      guard case .cancelled = reason else { return }
      ticket.cancel()
      inbox.wake()
    }
    try inbox.add(ticket)
    return stream
  }

  /// How busy it is.
  public var load: SchedulerLoad { inbox.load }

  /// Takes no more requests; answers those it has if `draining`, else cancels them. Returns at once.
  public func shutDown(draining: Bool) { inbox.stop(draining: draining) }
}

/// What threads tell the scheduler's own: requests, cancellations, the wish to stop.
final class SchedulerInbox: Sendable {
  enum Phase: Sendable {
    case running
    case draining
    case stopped
  }

  private struct State {
    var queue = RequestQueue<Ticket>()
    var phase = Phase.running
    var load = SchedulerLoad()
  }

  private let state = Mutex(State())
  private let signal = DispatchSemaphore(value: 0)
  private let maxWaiting: Int
  private let maxRunning: Int

  init(maxWaiting: Int, maxRunning: Int) {
    self.maxWaiting = maxWaiting
    self.maxRunning = maxRunning
  }

  func add(_ ticket: Ticket) throws(EngineError) {
    let refusal = state.withLock { state -> EngineError? in
      guard state.phase == .running else { return .stopping }
      // Those that can begin at once do not wait.
      let places = maxWaiting + max(0, maxRunning - state.load.running)
      guard state.queue.count < places else { return .queueFull(limit: maxWaiting) }
      state.queue.append(ticket, owner: ticket.request.owner)
      return nil
    }
    if let refusal { throw refusal }
    wake()
  }

  func wake() { signal.signal() }
  func wait() { signal.wait() }

  func stop(draining: Bool) {
    state.withLock { if $0.phase != .stopped { $0.phase = draining ? .draining : .stopped } }
    wake()
  }

  var phase: Phase { state.withLock { $0.phase } }
  var isEmpty: Bool { state.withLock { $0.queue.isEmpty } }
  func next() -> Ticket? { state.withLock { $0.queue.popFirst() } }

  func remove(where condition: @Sendable (Ticket) -> Bool) -> [Ticket] {
    state.withLock { $0.queue.remove(where: condition) }
  }

  var load: SchedulerLoad {
    state.withLock { state in
      var load = state.load
      load.waiting = state.queue.count
      return load
    }
  }

  func publish(_ load: SchedulerLoad) { state.withLock { $0.load = load } }
}
