import StoaFormats
import StoaTerminal
import Testing

@testable import StoaCommands

@Suite struct MonitorViewTests {
  private func snapshot() throws -> JSONObject {
    let window = """
      {"seconds":60,"requests":1234,"requests_per_s":20.5,"errors":2,"refusals":3,"prompt_tokens":1,\
      "completion_tokens":9,"tokens_per_s":512.25,"ttft_ms":{"p50":12.5,"p95":1500},"hits":{"LLM01":4},\
      "actions":{"flag":4},"keys":[{"key":"sk-\\u001b[31m","requests":7,"tokens":90}]}
      """
    let text = """
      {"object":"monitor","time":"2026-11-25T15:39:25.000000000Z","minute":\(window),"hour":\(window),\
      "queue":{"running":2,"waiting":5,"models":[{"model":"primer","running":2,"waiting":5,"kv_cache_use":0.25}]},\
      "drift":[{"class":"LLM01","baseline":0.002,"level":0.5,"alarms":1}],\
      "incidents":{"open":[{"rule":"burst","state":"open","opened":"2026-11-25T15:39:20.000000000Z",\
      "summary":"many"}],"closed":0}}
      """
    return try #require(try JSONValue(parsing: text).objectValue)
  }

  @Test func oneLineHasTheLastMinute() throws {
    var view = MonitorView(style: Style(enabled: false))
    view.take(snapshot: try snapshot())
    #expect(
      view.line
        == "2026-11-25T15:39:25Z · requests/s 20.5 · tokens/s 512 · ttft p50 12 ms p95 1.50 s · running 2 waiting 5 "
        + "· errors 2 · refusals 3 · hits LLM01=4 · incidents 1")
  }

  @Test(
    "Lines fit the terminal, and what comes from outside moves no cursor", arguments: [(20, 5), (60, 12), (120, 40)])
  func fits(columns: Int, rows: Int) throws {
    for isStyled in [false, true] {
      var view = MonitorView(style: Style(enabled: isStyled))
      view.take(snapshot: try snapshot())
      for index in 0..<50 {
        view.take(event: ["kind": "finished", "status": 200, "model": .string("\u{1B}[2J\(index)"), "request": "q"])
      }
      let lines = view.lines(columns: columns, rows: rows)
      #expect(lines.count <= rows)
      for line in lines {
        #expect(DisplayWidth.of(styled: line) <= columns, "\(line)")
        #expect(!line.contains("\u{1B}[2J") && (isStyled || !line.contains("\u{1B}")))
      }
      #expect(lines[0].contains("stoa monitor"))
    }
  }

  @Test("A stream of events is read alike in pieces of any size", arguments: 1..<40)
  func eventsInPieces(size: Int) {
    let bytes = Array(
      ":\n\nevent: snapshot\ndata: {\"a\":1}\n\ndata: [1]\n\nevent: event\ndata: {\"b\":\"ü\"}\n\nevent: x".utf8)
    var parser = EventParser()
    var found: [String] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      for (name, data) in parser.take(bytes[start..<min(start + size, bytes.count)]) { found.append("\(name) \(data)") }
    }
    #expect(found == ["snapshot {\"a\":1}", "message [1]", "event {\"b\":\"ü\"}"])
    #expect(parser.waiting == 8)
  }
}
