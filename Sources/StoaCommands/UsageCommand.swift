import ArgumentParser
import Foundation
import StoaFormats
import StoaLedger
import StoaTerminal

struct UsageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "usage", abstract: "Add up requests, tokens and cost from the ledger.",
    discussion: """
      Days are UTC days. The ledger holds no prompts and no answers.

      Examples:
        stoa usage
        stoa usage --by day --from 2026-11-01 --csv > november.csv
        stoa usage --by model --key laptop
      """)

  @Option(help: ArgumentHelp("What to group by.", valueName: "group")) var by = Group.key
  @Option(help: ArgumentHelp("The first day, or moment.", valueName: "date"), transform: DateArgument.start)
  var from: Date?
  @Option(
    help: ArgumentHelp("The last day, or the moment before which.", valueName: "date"), transform: DateArgument.end)
  var to: Date?
  @Option(help: ArgumentHelp("Only of this key: its id or name.", valueName: "key")) var key: String?
  @Option(help: ArgumentHelp("Only of this model.", valueName: "model")) var model: String?
  @Flag(help: "Print comma-separated values.") var csv = false
  @OptionGroup var output: JSONOption

  enum Group: String, CaseIterable, ExpressibleByArgument {
    case key, model, day

    var grouping: UsageQuery.Grouping {
      switch self {
      case .key: .key
      case .model: .model
      case .day: .day
      }
    }
  }

  func validate() throws {
    if csv, output.json { throw ValidationError("--csv and --json exclude each other") }
    if let from, let to, from >= to { throw ValidationError("--from is not before --to") }
  }

  func run() throws {
    let query = UsageQuery(by: by.grouping, from: from, to: to, key: key, model: model)
    let groups: [UsageSummary] =
      try LedgerAccess.run(making: false) { ledger in
        if let key = query.key,
          try await !ledger.keys().contains(where: { $0.key.id == key || $0.key.name == key })
        {
          throw LedgerError.unknownKey(name: key)
        }
        return try await ledger.usage(query)
      } ?? []
    let report = UsageReport(group: by.rawValue, groups: groups)
    if output.json { return try report.json.print() }
    if csv { return try Output.write(report.csv) }
    if groups.isEmpty { return Output.note("no requests are recorded\n") }
    for line in report.table(Terminal.current().style(for: .output)) { try Output.write(line + "\n") }
  }
}

/// Sums as a table, as JSON and as CSV.
struct UsageReport {
  /// `key`, `model` or `day`.
  let group: String
  let groups: [UsageSummary]
  private let total: UsageSummary
  private let currencies: [String]

  init(group: String, groups: [UsageSummary]) {
    self.group = group
    self.groups = groups
    total = UsageSummary.total(groups)
    currencies = total.costs.keys.sorted()
  }

  func table(_ style: Style) -> [String] {
    let header =
      [group, "requests", "errors", "prompt", "cached", "completion"] + (currencies.isEmpty ? [] : ["cost"])
      + total.comparisons.map { PrintableText.line($0.name) }
    var rows = [header.map { style.dim($0) }]
    for sum in groups { rows.append([style.bold(PrintableText.line(title(sum)))] + numbers(sum)) }
    if groups.count > 1 { rows.append([style.dim("total")] + numbers(total)) }
    return Columns.align(rows, rightAligned: Set(1..<header.count))
  }

  private func title(_ sum: UsageSummary) -> String {
    guard let group = sum.group else { return "(no key)" }
    return sum.name.map { "\($0) (\(group))" } ?? group
  }

  private func numbers(_ sum: UsageSummary) -> [String] {
    let counts = [sum.requests, sum.errors, sum.promptTokens, sum.cachedTokens, sum.completionTokens]
    let costs = currencies.compactMap { currency in sum.costs[currency].map { "\($0.text) \(currency)" } }
    return counts.map(Format.grouped) + (currencies.isEmpty ? [] : [costs.joined(separator: " + ")])
      + total.comparisons.map { column in
        sum.comparisons.first { $0.isSameColumn(as: column) }.map { "\($0.amount.text) \($0.currency)" } ?? ""
      }
  }

  var json: JSONValue {
    ["by": .string(group), "groups": .array(groups.map(object)), "total": object(total)]
  }

  private func object(_ sum: UsageSummary) -> JSONValue {
    var object: JSONObject = ["group": .text(sum.group)]
    if group == "key" { object["name"] = .text(sum.name) }
    object["requests"] = .int(sum.requests)
    object["errors"] = .int(sum.errors)
    object["prompt_tokens"] = .int(sum.promptTokens)
    object["cached_tokens"] = .int(sum.cachedTokens)
    object["completion_tokens"] = .int(sum.completionTokens)
    // Texts: a decimal number read as a binary one is no longer the amount.
    object["costs"] = .object(
      JSONObject(currencies.compactMap { currency in sum.costs[currency].map { (currency, .string($0.text)) } }))
    object["compared"] = .array(
      sum.comparisons.map {
        ["name": .string($0.name), "currency": .string($0.currency), "amount": .string($0.amount.text)]
      })
    return .object(object)
  }

  /// As RFC 4180 has it, with line feeds; a column for each currency and each compared price.
  var csv: String {
    let names = group == "key" ? ["key", "name"] : [group]
    let header =
      names + ["requests", "errors", "prompt_tokens", "cached_tokens", "completion_tokens"]
      + currencies.map { "cost \($0)" } + total.comparisons.map { "\($0.name) \($0.currency)" }
    let rows = groups.map { sum in
      [sum.group ?? ""] + (group == "key" ? [sum.name ?? ""] : [])
        + [sum.requests, sum.errors, sum.promptTokens, sum.cachedTokens, sum.completionTokens].map(String.init)
        + currencies.map { sum.costs[$0]?.text ?? "" }
        + total.comparisons.map { column in sum.comparisons.first { $0.isSameColumn(as: column) }?.amount.text ?? "" }
    }
    return ([header] + rows).map { $0.map(Self.quoted).joined(separator: ",") + "\n" }.joined()
  }

  private static func quoted(_ field: String) -> String {
    // A spreadsheet would take a name that begins like a formula for one.
    let isFormula = field.first.map { "=+-@\t\r".contains($0) } ?? false
    let field = isFormula ? "'" + field : field
    guard field.contains(where: { ",\"\n\r".contains($0) || $0 == "\r\n" }) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }
}

extension UsageSummary.ComparedSum {
  fileprivate func isSameColumn(as other: Self) -> Bool { name == other.name && currency == other.currency }
}
