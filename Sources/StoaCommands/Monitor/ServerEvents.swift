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

/// Takes a stream of events apart.
struct EventParser {
  private var bytes: [UInt8] = []

  /// Bytes of an event that has not ended.
  var waiting: Int { bytes.count }

  /// The events that end in a piece: name and data.
  mutating func take(_ piece: some Sequence<UInt8>) -> [(name: String, data: String)] {
    bytes += piece
    var events: [(name: String, data: String)] = []
    var start = 0
    var index = 0
    while index + 1 < bytes.count {
      if bytes[index] == 0x0A, bytes[index + 1] == 0x0A {
        if let event = Self.event(String(decoding: bytes[start..<index], as: UTF8.self)) { events.append(event) }
        start = index + 2
        index = start
      } else {
        index += 1
      }
    }
    bytes.removeFirst(start)
    return events
  }

  /// Nil for a comment.
  private static func event(_ text: String) -> (name: String, data: String)? {
    var (name, data) = ("message", [String]())
    for line in text.split(separator: "\n") {
      if line.hasPrefix("event: ") { name = String(line.dropFirst(7)) }
      if line.hasPrefix("data: ") { data.append(String(line.dropFirst(6))) }
    }
    return data.isEmpty ? nil : (name, data.joined(separator: "\n"))
  }
}
