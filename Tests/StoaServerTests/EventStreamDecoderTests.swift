import Testing

@testable import StoaServer

/// Server-sent events, by the examples and rules of WHATWG HTML.
@Suite struct EventStreamDecoderTests {
  private static func events(_ pieces: [[UInt8]], limit: Int = 1 << 20) throws -> [String] {
    var decoder = EventStreamDecoder(limit: limit)
    var events: [EventStreamDecoder.Event] = []
    for piece in pieces { events += try decoder.feed(piece) }
    if let last = try decoder.finish() { events.append(last) }
    return events.map { "\($0.name)=\(String(decoding: $0.data, as: UTF8.self))" }
  }

  private static func events(_ text: String) throws -> [String] { try events([Array(text.utf8)]) }

  @Test(
    arguments: [
      ("data: YHOO\ndata: +2\ndata: 10\n\n", ["message=YHOO\n+2\n10"]),
      (
        ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        ["message=first event", "message=second event", "message= third event"]
      ),
      ("data\n\ndata\ndata\n\n", ["message=", "message=\n"]),
      ("data:test\n\ndata: test\n\n", ["message=test", "message=test"]),
      ("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n", ["add=73857293", "remove=2153"]),
      ("event: none\n\ndata: a\n\n", ["message=a"]),
      ("data: a\r\rdata: b\r\n\r\ndata: c\n\n", ["message=a", "message=b", "message=c"]),
      ("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n", ["message=a"]),
      ("retry: 10\nnonsense\ndata: {\"a\": \"b: c\"}\n\n", ["message={\"a\": \"b: c\"}"]),
      ("error: {\"code\": 500}\n\n", ["error={\"code\": 500}"]),
      // Servers that close right after the last event.
      ("data: a\n\ndata: [DONE]", ["message=a", "message=[DONE]"]), ("data: a\n", ["message=a"]), ("", []),
      ("\n\n\r\n\r", []),
    ] as [(String, [String])])
  func readsStreams(_ text: String, _ expected: [String]) throws {
    #expect(try Self.events(text) == expected)
  }

  @Test("Any cut gives the same events")
  func cuts() throws {
    let text = Array(
      "\u{FEFF}: hi\r\ndata: ä😀\r\ndata: b\r\n\r\nevent: x\rdata: c\r\rdata:\n\n: \n\ndata: {\"k\":1}\n\ndata: [DONE]\r\n"
        .utf8)
    let whole = try Self.events([text])
    #expect(whole.count == 5)
    for cut in 0...text.count {
      #expect(try Self.events([Array(text[..<cut]), Array(text[cut...])]) == whole, "cut at \(cut)")
    }
    #expect(try Self.events(text.map { [$0] }) == whole)
  }

  @Test("Lines and events that do not end are refused before they fill the memory")
  func limits() throws {
    let long = Array(repeating: UInt8(ascii: "a"), count: 200)
    #expect(throws: EventStreamDecoder.TooLong(limit: 100)) { try Self.events([long], limit: 100) }
    let lines = Array(repeating: Array("data: 0123456789\n".utf8), count: 20)
    #expect(throws: EventStreamDecoder.TooLong(limit: 100)) { try Self.events(lines, limit: 100) }
    #expect(throws: EventStreamDecoder.TooLong(limit: 100)) {
      try Self.events(Array(repeating: Array("data\n".utf8), count: 200), limit: 100)
    }
    let comments = Array(repeating: Array(": 0123456789\n".utf8), count: 1000)
    #expect(try Self.events(comments, limit: 100).isEmpty)
  }
}
