import ArgumentParser
import Foundation
import StoaFormats
import StoaTerminal
import Testing

@testable import StoaCommands
@testable import StoaLedger

@Suite struct UsageReportTests {
  private let report = UsageReport(
    group: "key",
    groups: [
      UsageSummary(
        group: nil, requests: 1200, errors: 1, promptTokens: 10, cachedTokens: 4, completionTokens: 5,
        costs: ["EUR": Money(micros: 350_000)],
        comparisons: [.init(name: "an \"API\", named", currency: "EUR", amount: Money(micros: 1))]),
      UsageSummary(
        group: "key_1", name: "=laptop", requests: 3, promptTokens: 1, completionTokens: 2,
        costs: ["EUR": Money(micros: 50_000), "USD": Money(micros: 7)]),
    ])

  @Test func csv() {
    #expect(
      report.csv == """
        key,name,requests,errors,prompt_tokens,cached_tokens,completion_tokens,cost EUR,cost USD,"an ""API"", named EUR"
        ,,1200,1,10,4,5,0.35,,0.000001
        key_1,'=laptop,3,0,1,0,2,0.05,0.000007,

        """)
  }

  @Test func table() {
    let lines = report.table(Style(enabled: false))
    #expect(lines.count == 4)
    #expect(
      lines[0].split(separator: " ").prefix(7) == [
        "key", "requests", "errors", "prompt", "cached", "completion", "cost",
      ])
    #expect(lines[1].hasPrefix("(no key)") && lines[1].contains("1,200") && lines[1].contains("0.35 EUR"))
    #expect(lines[2].hasPrefix("=laptop (key_1)") && lines[2].contains("0.05 EUR + 0.000007 USD"))
    #expect(lines[3].hasPrefix("total") && lines[3].contains("1,203") && lines[3].contains("0.40 EUR + 0.000007 USD"))
  }

  @Test func json() throws {
    let object = try #require(report.json.objectValue)
    #expect(object["by"]?.stringValue == "key")
    #expect(object["groups"]?.arrayValue?.count == 2)
    #expect(object["total"]?["requests"]?.intValue == 1203)
    #expect(object["total"]?["costs"]?["EUR"]?.stringValue == "0.40")
    #expect(object["groups"]?.arrayValue?[0]["compared"]?.arrayValue?[0]["amount"]?.stringValue == "0.000001")
  }
}

@Suite struct DateArgumentTests {
  @Test func aDayIsMeantToItsEnd() throws {
    let start = try DateArgument.start("2026-11-25")
    #expect(start.rfc3339 == "2026-11-25T00:00:00Z")
    #expect(try DateArgument.end("2026-11-25") == start + 86_400)
    #expect(try DateArgument.end("2026-11-25T01:00:00+01:00") == start)
  }

  @Test(arguments: [
    "", "soon", "2026", "2026-11", "2026-11-31", "2026-02-29", "2026-13-01", "25.11.2026", "2026-11-25T", "2026-11-25 ",
    "2026-11-31T00:00:00Z", "2026-11-25T25:00:00Z", "٢٠٢٦-١١-٢٥",
  ])
  func refuses(_ text: String) {
    #expect(throws: ValidationError.self) { try DateArgument.start(text) }
  }
}

/// The commands as scripts see them.
@Suite(.enabled(if: Program.path != nil, "needs the built program"))
struct KeyProgramTests {
  private let home = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-keys-\(UUID().uuidString)")

  private func stoa(_ arguments: String...) throws -> Program.Result {
    try Program.run(arguments, input: "", environment: ["STOA_HOME": home.path])
  }

  @Test func keysComeAndGo() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    #expect(try stoa("key", "list", "--json").output == "{\"keys\":[]}\n")
    #expect(try stoa("usage").status == 0)
    #expect(!FileManager.default.fileExists(atPath: home.path), "looking makes nothing")
    let made = try stoa("key", "create", "laptop")
    #expect(made.status == 0 && made.output.hasPrefix("sk-stoa-") && made.output.utf8.count == 8 + 64 + 1)
    #expect(made.error.contains("not shown again"))
    let team = try stoa(
      "key", "create", "team", "--scope", "metrics", "--model", "primer", "--money-per-day", "2.5", "--json")
    let object = try #require(JSONValue(parsing: team.output).objectValue)
    #expect(object["secret"]?.stringValue?.hasPrefix("sk-stoa-") == true)
    #expect(object["scopes"]?.arrayValue?.compactMap(\.stringValue) == ["metrics"])
    #expect(object["limits"]?["money_per_day"]?.stringValue == "2.50")
    #expect(try stoa("key", "create", "laptop").status == 1)
    #expect(try stoa("key", "create", "x", "--scope", "root").status == 2)
    #expect(try stoa("key", "create", "x", "--money-per-day", "-1").status == 2)
    #expect(try stoa("key", "revoke", "laptop").status == 0)
    #expect(try stoa("key", "revoke", "laptop").status == 1)
    let listed = try stoa("key", "list")
    #expect(listed.output.split(separator: "\n").count == 2)
    #expect(listed.output.contains("revoked 20") && !listed.output.contains(made.output.dropLast()))
    #expect(try stoa("usage", "--key", "team").status == 0)
    #expect(try stoa("usage", "--key", "nobody").status == 1)
    #expect(try stoa("usage", "--csv", "--json").status == 2)
    #expect(try stoa("usage", "--from", "2026-11-02", "--to", "2026-11-01").status == 2)
    #expect(try stoa("usage", "--by", "day", "--csv").output.hasPrefix("day,requests,"))
  }

  @Test func foreignFilesAreNamed() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    let file = home.appendingPathComponent("ledger.sqlite")
    try Data("my own notes".utf8).write(to: file)
    let result = try stoa("key", "create", "x")
    #expect(result.status == 1 && result.error.contains(file.path))
    #expect(try Data(contentsOf: file) == Data("my own notes".utf8))
  }
}
