import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import StoaFormats
import StoaTerminal

extension ServerClient {
  private static let largestEvent = 16 << 20

  /// Gives the events of a stream (WHATWG HTML, server-sent events) by name and JSON, until it ends or `stops` does.
  func events(
    _ path: String, until stops: AsyncStream<Void>, _ take: @escaping @Sendable (String, JSONValue) throws -> Void
  ) async throws {
    let client = client()
    let result: Result<Void, any Error>
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { for await _ in stops {} }
        group.addTask { try await read(path, client, take) }
        defer { group.cancelAll() }
        try await group.next()
      }
      result = .success(())
    } catch let error as CommandFailure {
      result = .failure(error)
    } catch let error as OutputError {
      result = .failure(error)
    } catch {
      result = .failure(failure(error))
    }
    try? await client.shutdown()
    try result.get()
  }

  private func read(
    _ path: String, _ client: HTTPClient, _ take: @Sendable (String, JSONValue) throws -> Void
  ) async throws {
    // The stream has no end of its own; that it still comes is seen by the time between reads.
    let response = try await client.execute(request(.GET, path, nil), timeout: .hours(24 * 365))
    guard response.status == .ok else {
      let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
      throw refusal(response.status.code, try? JSONValue(parsing: text).objectValue)
    }
    var parser = EventParser()
    for try await chunk in response.body {
      for (name, data) in parser.take(chunk.readableBytesView) {
        if let value = try? JSONValue(parsing: data) { try take(name, value) }
      }
      guard parser.waiting <= Self.largestEvent else {
        throw CommandFailure(message: "\(address.url) sends an event without an end")
      }
    }
  }
}
