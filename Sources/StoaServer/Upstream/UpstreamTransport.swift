import StoaHub

/// A way to reach other servers; all that is said over it is tested in memory.
protocol UpstreamTransport: Sendable {
  /// Sends a request and returns when the head of its response is there; whoever drops the response ends the exchange.
  ///
  /// - Throws: `UpstreamFailure`, or `CancellationError` when the task was cancelled.
  func send(_ request: UpstreamRequest) async throws -> UpstreamResponse
  /// Closes all connections.
  func shutDown() async
}

/// A request to another server.
struct UpstreamRequest: Sendable {
  var url: HubURL
  var key: UpstreamKey?
  /// JSON.
  var body: [UInt8]
}

/// The head of a response and its body, which comes as it is read.
struct UpstreamResponse: Sendable {
  var status: Int
  /// The media type without parameters, in lower case; empty if there is none.
  var type: String
  /// What the header `Retry-After` says in seconds, if it does.
  var retryAfterSeconds: Int?
  var body: any AsyncSequence<[UInt8], any Error> & Sendable
}

/// Why another server did not answer.
enum UpstreamFailure: Error, Equatable {
  /// There is no connection, so nothing was sent.
  case notConnected(String)
  /// The connection broke off.
  case broken(String)
  /// It was not done in time.
  case late(seconds: Double)
  /// What came is not an answer.
  case malformed(String)
  /// It says that it failed, in the middle of an answer.
  case reported(String)
  /// It answered with another status than 200.
  case refused(status: Int, String, retryAfterSeconds: Int?)
}

extension UpstreamResponse {
  /// What is to be done after a piece.
  enum Reading {
    case goOn
    /// Nothing more is expected but the end.
    case lastly
    /// The exchange is to be ended at once.
    case stop
  }

  /// How long the end may take after the last piece, so that the connection can be used again.
  private static let lingering = Duration.milliseconds(100)

  /// Gives the pieces of the body as they come.
  ///
  /// - Throws: What `work` throws, `UpstreamFailure`, or `CancellationError`.
  @concurrent func forEachPiece(
    until limit: UpstreamLimit, _ work: @concurrent ([UInt8]) async throws -> Reading
  ) async throws {
    let body = body
    let (pieces, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          for try await piece in body { continuation.yield(piece) }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      group.addTask {
        do { try await Task.sleep(until: limit.deadline, clock: .continuous) } catch { return }
        continuation.finish(throwing: limit.failure)
      }
      defer { group.cancelAll() }
      for try await piece in pieces {
        switch try await work(piece) {
        case .goOn: break
        case .stop: return
        case .lastly:
          group.addTask {
            try? await Task.sleep(for: Self.lingering)
            continuation.finish()
          }
        }
      }
      try Task.checkCancellation()
    }
  }

  /// The whole body.
  ///
  /// - Parameter count: How many bytes are read; a longer body is cut there, or refused if `isStrict`.
  func collect(upTo count: Int, isStrict: Bool, until limit: UpstreamLimit) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    try await forEachPiece(until: limit) { piece in
      bytes += piece.prefix(count - bytes.count + 1)
      return bytes.count > count ? .stop : .goOn
    }
    guard bytes.count > count else { return bytes }
    if isStrict { throw UpstreamFailure.malformed("its answer has more than \(count >> 20) MiB") }
    return Array(bytes.prefix(count))
  }
}

/// When another server has to be done.
struct UpstreamLimit: Sendable {
  var deadline: ContinuousClock.Instant
  var seconds: Double

  init(seconds: Double, from start: ContinuousClock.Instant) {
    self.seconds = seconds
    deadline = start.advanced(by: .seconds(seconds))
  }

  var failure: UpstreamFailure { .late(seconds: seconds) }

  /// Runs `work`, which is cancelled at the deadline.
  func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
      group.addTask { try await work() }
      group.addTask {
        try await Task.sleep(until: deadline, clock: .continuous)
        throw failure
      }
      defer { group.cancelAll() }
      guard let value = try await group.next() else { throw CancellationError() }
      return value
    }
  }
}
