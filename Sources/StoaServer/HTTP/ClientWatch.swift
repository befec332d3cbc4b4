import NIOCore
import Synchronization

/// Notices that the client of a connection has left, also while nothing is read or written.
final class ClientWatch: ChannelInboundHandler, RemovableChannelHandler, Sendable {
  typealias InboundIn = Any

  private struct State {
    var hasLeft = false
    var next = 0
    var actions: [Int: @Sendable () -> Void] = [:]
  }

  private let state = Mutex(State())

  /// Calls `action` when the client leaves, at once if it has; gives what `remove` takes.
  func add(_ action: @escaping @Sendable () -> Void) -> Int {
    let (number, hasLeft) = state.withLock { state in
      state.next += 1
      if !state.hasLeft { state.actions[state.next] = action }
      return (state.next, state.hasLeft)
    }
    if hasLeft { action() }
    return number
  }

  func remove(_ number: Int) { state.withLock { _ = $0.actions.removeValue(forKey: number) } }

  private func leave() {
    let actions = state.withLock { state in
      state.hasLeft = true
      defer { state.actions = [:] }
      return state.actions.values.map(\.self)
    }
    for action in actions { action() }
  }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // A client that will send nothing more has closed its end; which of the two it means cannot be told apart.
    if let event = event as? ChannelEvent, event == .inputClosed { leave() }
    context.fireUserInboundEventTriggered(event)
  }
}

extension Channel {
  /// Runs `work` with a stream that `start` fills; both end when the client leaves.
  @concurrent func watched<Element: Sendable, Value>(
    _ start: @escaping @Sendable (AsyncThrowingStream<Element, any Error>.Continuation) async throws -> Void,
    _ work: @concurrent (AsyncThrowingStream<Element, any Error>) async throws -> Value
  ) async throws -> Value {
    let watch = try await pipeline.handler(type: ClientWatch.self).get()
    let (stream, continuation) = AsyncThrowingStream<Element, any Error>.makeStream()
    let number = watch.add { continuation.finish(throwing: CancellationError()) }
    defer { watch.remove(number) }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          try await start(continuation)
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      defer { group.cancelAll() }
      return try await work(stream)
    }
  }
}
