import Configuration
import StoaTestSupport
import Testing

@testable import StoaCommands

/// The server's configuration file and its events with random damage: what the fuzz targets `serve-file` and
/// `monitor-events` ask.
@Suite struct DamagedSettingsTests {
  private static let file = """
    host: 0.0.0.0
    port: 8080
    models: {llama: /srv/models/llama.gguf, "b c": primer}
    upstreams:
      big: http://127.0.0.1:8000/v1#org/model
    upstream_keys: {big: $BIG_KEY}
    auth: false
    cors: [https://chat.example.com, "*"]
    context: 4096
    cache_type: q8_0
    keep_alive: -1
    timeout: 0.5
    trust_policy: enforce

    """
  private static let fragments = [
    "- ", ": ", "\n  ", "{", "}", "[", "]", "&a ", "*a", "|\n", "? ", "---\n", "'", "\"", "#", "1e999", "-1", ".nan",
    "9223372036854775808", "~", "null", "\u{0}", "é", "=", "port: 1\n", "no", "yes", "data: ", "event: ", "\n\n",
  ]

  @Test func filesAreReadOrRefusedWithAPlace() {
    var generator = SeededGenerator(state: 47)
    var (read, refused) = (0, 0)
    for _ in 0..<3000 {
      let bytes = generator.damaged(Array(Self.file.utf8), fragments: Self.fragments)
      do throws(CommandFailure) {
        let file = try ServeFile(yaml: String(decoding: bytes, as: UTF8.self), path: "stoa.yaml")
        for (key, value) in file.values { _ = key.takes(value) }
        read += 1
      } catch {
        #expect(error.status == .usage && error.message.hasPrefix("stoa.yaml"), "\(error)")
        refused += 1
      }
    }
    #expect(read > 10 && refused > 100)
  }

  @Test func eventsAreTheSameHoweverTheyAreCut() {
    let stream = "event: now\ndata: {\"queue\":1}\n\n: still here\n\ndata: {\"a\":\ndata: 1}\n\nevent: hit\ndata: é\n\n"
    var generator = SeededGenerator(state: 53)
    func events(_ pieces: [ArraySlice<UInt8>]) -> [String] {
      var parser = EventParser()
      return pieces.flatMap { parser.take($0) }.map { "\($0.name)=\($0.data)" }
    }
    #expect(events([Array(stream.utf8)[...]]) == ["now={\"queue\":1}", "message={\"a\":\n1}", "hit=é"])
    for _ in 0..<2000 {
      let bytes = generator.damaged(Array(stream.utf8), fragments: Self.fragments)
      let cut = Int.random(in: 0...bytes.count, using: &generator)
      #expect(events([bytes[..<cut], bytes[cut...]]) == events([bytes[...]]))
    }
  }
}
