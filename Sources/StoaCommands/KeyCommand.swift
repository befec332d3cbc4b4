import ArgumentParser
import Foundation
import StoaFormats
import StoaLedger
import StoaTerminal

struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make, list and revoke the keys that a server asks for.",
    discussion: """
      A running server on the same STOA_HOME knows new and revoked keys within a second.

      Examples:
        stoa key create laptop
        stoa key create team --requests-per-minute 60 --money-per-day 2.50
        stoa key revoke laptop
      """,
    subcommands: [Create.self, List.self, Revoke.self])
}

extension KeyCommand {
  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key and show its secret, this once.",
      discussion: "The secret alone goes to standard output. Only its SHA-256 is stored: nobody can show it again.")

    @Argument(help: "What to call it.") var name: String
    @Option(
      name: .customLong("scope"), parsing: .singleValue,
      help: ArgumentHelp("What it may be used for (default: inference).", valueName: "scope"))
    var scopes: [ScopeName] = []
    @Option(help: ArgumentHelp("Requests a minute.", valueName: "n")) var requestsPerMinute: Int?
    @Option(help: ArgumentHelp("Prompt and answer tokens a minute.", valueName: "n")) var tokensPerMinute: Int?
    @Option(help: ArgumentHelp("Requests at the same time.", valueName: "n")) var concurrency: Int?
    @Option(help: ArgumentHelp("Prompt and answer tokens a UTC day.", valueName: "n")) var tokensPerDay: Int?
    @Option(
      help: ArgumentHelp("Cost a UTC day, in the currency of the price table.", valueName: "x"),
      transform: Self.money)
    var moneyPerDay: Money?
    @Option(
      name: .customLong("model"), parsing: .singleValue,
      help: ArgumentHelp("A model it may use (default: all).", valueName: "model"))
    var models: [String] = []
    @Option(
      help: ArgumentHelp("The last day it is good, or the moment it ends.", valueName: "date"),
      transform: DateArgument.end)
    var expires: Date?
    @OptionGroup var output: JSONOption

    func run() throws {
      let limits = KeyLimits(
        requestsPerMinute: requestsPerMinute, tokensPerMinute: tokensPerMinute, concurrency: concurrency,
        tokensPerDay: tokensPerDay, moneyPerDay: moneyPerDay)
      let scopes = scopes.isEmpty ? [.inference] : Set(scopes.map(\.scope))
      let made = try LedgerAccess.run(making: true) { [name, models, expires] ledger in
        try await KeyStore(storage: ledger).create(
          name: name, scopes: scopes, limits: limits, allowedModels: models.isEmpty ? nil : models, expiresAt: expires)
      }
      guard let (secret, key) = made else { return }
      if output.json {
        var object = key.json
        object["secret"] = .string(secret)
        try JSONValue.object(object).print()
        return
      }
      try Output.write(secret + "\n")
      Output.note("\(key.id) (\(PrintableText.line(key.name))): keep the secret now, it is not shown again\n")
    }

    private static func money(_ text: String) throws -> Money {
      guard let money = Money(text) else {
        throw ValidationError("'\(text)' is no amount: write a number like 2.50, with at most six decimals")
      }
      return money
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the keys, revoked ones too.", aliases: ["ls"])

    @OptionGroup var output: JSONOption

    func run() throws {
      let keys = try LedgerAccess.run(making: false) { try await $0.keys().map(\.key) } ?? []
      if output.json {
        try JSONValue.object(["keys": .array(keys.map { .object($0.json) })]).print()
        return
      }
      let style = Terminal.current().style(for: .output)
      for line in Columns.align(keys.map { $0.cells(style, now: Date()) }) { try Output.write(line + "\n") }
      if keys.isEmpty { Output.note("there are no keys: stoa key create NAME makes one\n") }
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke a key for good.", discussion: "Its usage stays in the ledger, and its name may be used again.")

    @Argument(help: "The id or the name of the key.") var key: String
    @OptionGroup var output: JSONOption

    func run() throws {
      let revoked = try LedgerAccess.run(making: false) { [key] ledger in
        try await KeyStore(storage: ledger).revoke(key)
      }
      guard let revoked else { throw LedgerError.unknownKey(name: key) }
      if output.json { return try JSONValue.object(revoked.json).print() }
      try Output.write("revoked \(revoked.id) (\(PrintableText.line(revoked.name)))\n")
    }
  }

  /// The scopes by their names.
  enum ScopeName: String, CaseIterable, ExpressibleByArgument {
    case inference, admin, metrics

    var scope: KeyScope {
      switch self {
      case .inference: .inference
      case .admin: .admin
      case .metrics: .metrics
      }
    }
  }
}

extension APIKey {
  fileprivate var json: JSONObject {
    [
      "id": .string(id), "name": .string(name), "prefix": .string(prefix),
      "scopes": .array(sortedScopes.map(JSONValue.string)),
      "limits": [
        "requests_per_minute": .number(limits.requestsPerMinute), "tokens_per_minute": .number(limits.tokensPerMinute),
        "concurrency": .number(limits.concurrency), "tokens_per_day": .number(limits.tokensPerDay),
        "money_per_day": .text(limits.moneyPerDay?.text),
      ],
      "allowed_models": allowedModels.map { .array($0.map(JSONValue.string)) } ?? .null,
      "created_at": .string(createdAt.rfc3339), "revoked_at": .text(revokedAt?.rfc3339),
      "expires_at": .text(expiresAt?.rfc3339),
    ]
  }

  private var sortedScopes: [String] { scopes.map(\.rawValue).sorted() }

  fileprivate func cells(_ style: Style, now: Date) -> [String] {
    let state =
      if let revokedAt { style.yellow("revoked \(revokedAt.rfc3339)") } else if let expiresAt {
        expiresAt <= now ? style.yellow("expired \(expiresAt.rfc3339)") : style.dim("until \(expiresAt.rfc3339)")
      } else { "" }
    return [
      style.bold(PrintableText.line(name)), id, prefix + "…", sortedScopes.joined(separator: " "), words, state,
    ]
  }

  /// The limits and the models, in words.
  private var words: String {
    let limits = [
      limits.requestsPerMinute.map { "\(Format.grouped($0)) requests/min" },
      limits.tokensPerMinute.map { "\(Format.grouped($0)) tokens/min" },
      limits.concurrency.map { "\(Format.grouped($0)) at once" },
      limits.tokensPerDay.map { "\(Format.grouped($0)) tokens/day" },
      limits.moneyPerDay.map { "\($0.text) a day" },
      allowedModels.map { "only " + $0.map(PrintableText.line).joined(separator: ", ") },
    ]
    let words = limits.compactMap { $0 }.joined(separator: " · ")
    return words.isEmpty ? "no limits" : words
  }
}
