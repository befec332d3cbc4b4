import StoaEngine
import Synchronization

/// The streams of a request's choices until they are read; dropping one cancels its choice.
final class ChoiceStreams: Sendable {
  typealias Events = AsyncThrowingStream<GenerationEvent, any Error>
  private let streams = Mutex<[Events?]>([])

  func append(_ stream: Events) { streams.withLock { $0.append(stream) } }

  /// Drops what nobody has begun to read.
  func drop() { streams.withLock { $0 = [] } }

  private var count: Int { streams.withLock { $0.count } }

  /// Gives a stream away, so that it ends with whoever reads it.
  private func take(_ choice: Int) -> Events? {
    streams.withLock { streams in
      guard streams.indices.contains(choice) else { return nil }
      defer { streams[choice] = nil }
      return streams[choice]
    }
  }

  /// Gives the events of all choices as they come; when `body` answers false, that choice is over and its stream dropped.
  @concurrent func forEachEvent(
    _ body: @concurrent (Int, GenerationEvent) async throws -> Bool
  ) async throws {
    let count = count
    if count == 1 {
      guard let stream = take(0) else { return }
      for try await event in stream { if try await !body(0, event) { break } }
      try Task.checkCancellation()
      return
    }
    let (merged, continuation) = AsyncThrowingStream<(Int, GenerationEvent), any Error>.makeStream()
    let over = OverChoices()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        await withTaskGroup(of: Void.self) { readers in
          for index in 0..<count {
            readers.addTask {
              guard let stream = self.take(index) else { return }
              do {
                for try await event in stream {
                  if over.contains(index) { break }
                  continuation.yield((index, event))
                }
              } catch {
                continuation.finish(throwing: error)
              }
            }
          }
        }
        continuation.finish()
      }
      for try await (index, event) in merged {
        if try await !body(index, event) { over.insert(index) }
      }
      try Task.checkCancellation()
      group.cancelAll()
    }
  }
}

/// The choices whose events nobody wants any more.
private final class OverChoices: Sendable {
  private let choices = Mutex<Set<Int>>([])

  func contains(_ choice: Int) -> Bool { choices.withLock { $0.contains(choice) } }
  func insert(_ choice: Int) { choices.withLock { _ = $0.insert(choice) } }
}
