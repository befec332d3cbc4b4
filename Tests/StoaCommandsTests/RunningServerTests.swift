import ArgumentParser
import Foundation
import StoaFormats
import StoaTerminal
import Testing

@testable import StoaCommands

/// What `stoa ps` and `stoa stop` know about servers.
@Suite struct RunningServerTests {
  @Test(arguments: [
    ("127.0.0.1", "http://127.0.0.1:11500"), ("gpu.example.com", "http://gpu.example.com:11500"),
    ("localhost:8080", "http://localhost:8080"), ("0.0.0.0", "http://127.0.0.1:11500"), ("::1", "http://[::1]:11500"),
    ("::", "http://[::1]:11500"), ("[::1]:80", "http://[::1]:80"), ("http://h", "http://h"),
    ("HTTPS://h:8443/", "https://h:8443"), ("http://0.0.0.0:9", "http://127.0.0.1:9"),
  ])
  func readsAddresses(_ text: String, _ url: String) {
    #expect(ServerAddress(text)?.url == url)
  }

  @Test(arguments: [
    "", "://", "ftp://h", "http://", "http://h/v1", "http://u:p@h", "h:0", "h:70000", "h:x", "a b", "http://h?x",
  ])
  func refusesWhatIsNoAddress(_ text: String) {
    #expect(ServerAddress(text) == nil)
  }

  @Test(
    arguments: [
      ([], [:], "http://127.0.0.1:11500"), ([], ["STOA_HOST": "a", "STOA_PORT": "7"], "http://a:7"),
      ([], ["STOA_HOST": "", "STOA_PORT": ""], "http://127.0.0.1:11500"),
      (["--server", "https://b"], ["STOA_HOST": "a", "STOA_PORT": "7"], "https://b"),
    ] as [([String], [String: String], String)])
  func findsTheServer(_ arguments: [String], _ environment: [String: String], _ url: String) throws {
    let client = try ServerOption.parse(arguments).client(environment: environment)
    #expect(client.address.url == url)
    #expect(client.key == nil)
  }

  @Test func badAddressesAreUsageErrors() {
    let failure = #expect(throws: CommandFailure.self) {
      try ServerOption.parse(["--server", "ftp://h"]).client(environment: [:])
    }
    #expect(failure?.status == .usage)
    #expect(failure?.message == "ftp://h is not the address of a server")
  }

  @Test(arguments: [
    ("2026-11-25T12:05:00.123456789Z", "for 5 min 00 s if nobody asks"), ("9999-12-31T23:59:59.0Z", "stays loaded"),
    ("2026-11-25T11:00:00Z", "is being unloaded"), ("soon", ""),
  ])
  func showsModels(_ expires: String, _ stay: String) throws {
    let model = RunningModel([
      "name": "prim\u{1B}er", "size": 5_600_000, "context_length": 2048, "details": ["quantization_level": "Q8_0"],
      "expires_at": .string(expires),
    ])
    let now = try Date("2026-11-25T12:00:00Z", strategy: .iso8601)
    #expect(model.cells(Style(enabled: false), now: now) == ["prim␛er", "5.6 MB", "2,048", "Q8_0", stay])
  }

  @Test func showsWhatAnotherServerLeavesOut() {
    #expect(RunningModel([:]).cells(Style(enabled: false), now: Date()) == ["", "", "", "", ""])
  }

  @Test(.enabled(if: Program.path != nil, "needs the built program"), arguments: [["ps"], ["stop", "primer"]])
  func saysThatNobodyAnswers(_ arguments: [String]) throws {
    // Port 1 is privileged, and no service of today has it.
    let result = try Program.run(arguments + ["--server", "http://127.0.0.1:1"], input: "", environment: [:])
    #expect(result.status == 1)
    #expect(
      result.error == """
        error: no server answers at http://127.0.0.1:1
          start one with stoa serve, or name another with --server URL

        """)
  }
}
