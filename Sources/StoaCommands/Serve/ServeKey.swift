import Configuration
import Logging
import StoaTrust

/// A setting of `stoa serve`, by the name that it has in the configuration file.
///
/// The order is that of docs/SERVING.md.
enum ServeKey: String, CaseIterable, Sendable {
  case host, port, models, auth
  case tlsCert = "tls_cert"
  case tlsKey = "tls_key"
  case cors, context, threads
  case cacheType = "cache_type"
  case parallel, queue
  case kvMemory = "kv_memory"
  case modelMemory = "model_memory"
  case keepAlive = "keep_alive"
  case timeout
  case maxBody = "max_body"
  case logLevel = "log_level"
  case ledger, prices
  case receiptKey = "receipt_key"
  case receipts
  case receiptTokens = "receipt_tokens"
  case trustPolicy = "trust_policy"
  case trust
  case rails = "guard"
  case alerts

  /// What values a setting takes.
  enum Kind: Equatable {
    case text
    case word([String])
    case whole(ClosedRange<Int>)
    case seconds
    case yesOrNo
    case origins
    case models
  }

  var kind: Kind {
    switch self {
    case .host, .tlsCert, .tlsKey, .ledger, .prices, .receiptKey, .trust, .rails, .alerts: .text
    case .port: .whole(0...65_535)
    case .models: .models
    case .auth, .receiptTokens: .yesOrNo
    case .receipts: .word(["asked", "all"])
    case .trustPolicy: .word(TrustMode.allCases.map(\.rawValue))
    case .cors: .origins
    case .context: .whole(1...(1 << 30))
    case .threads: .whole(1...1024)
    case .cacheType: .word(CacheTypeName.allCases.map(\.rawValue))
    case .parallel: .whole(1...4096)
    case .queue: .whole(1...1_000_000)
    case .kvMemory, .modelMemory: .whole(1...(1 << 30))
    case .keepAlive, .timeout: .seconds
    case .maxBody: .whole(1...1024)
    case .logLevel: .word(Logger.Level.allCases.map(\.rawValue))
    }
  }

  /// The option on the command line.
  var flag: String {
    switch self {
    case .auth: "--no-auth"
    case .models: "--model"
    default: "--" + rawValue.replacing("_", with: "-")
    }
  }

  /// The environment variable.
  var variable: String { "STOA_" + rawValue.uppercased() }

  /// How messages call the values that the setting takes.
  var expectation: String {
    switch kind {
    case .text: "a text"
    case .word(let words): "one of \(words.joined(separator: ", "))"
    case .whole(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .seconds: self == .keepAlive ? "a number of seconds; -1 for ever" : "a number of seconds, more than 0"
    case .yesOrNo: "true or false"
    case .origins: "a list of origins such as https://chat.example.com, or *"
    case .models: "a name and a path for each model"
    }
  }

  /// Whether a value of the right type is one that the setting takes.
  func takes(_ value: ConfigContent) -> Bool {
    switch (kind, value) {
    case (.text, .string(let text)): !text.isEmpty && !text.utf8.contains(0)
    case (.word(let words), .string(let text)): words.contains(text)
    case (.whole(let range), .int(let number)): range.contains(number)
    case (.seconds, .double(let number)): number <= 1e9 && (self == .keepAlive ? number >= -1 : number > 0)
    case (.yesOrNo, .bool): true
    case (.origins, .stringArray(let list)): list.allSatisfy(Self.isOrigin)
    case (.models, .stringArray(let list)): !list.isEmpty && list.allSatisfy { ModelOffer($0) != nil }
    default: false
    }
  }

  /// Browsers send scheme, host and port, without a path (RFC 6454).
  private static func isOrigin(_ text: String) -> Bool {
    if text == "*" { return true }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 3 && parts[0].hasSuffix(":") && parts[1].isEmpty && !parts[2].isEmpty
  }
}

/// A model to offer, as the user names it.
struct ModelOffer: Equatable {
  /// The name that requests use; nil for that of the model itself.
  var name: String?
  /// A path, or a name in the library.
  var reference: String

  init(reference: String) { self.reference = reference }

  /// Reads `NAME=PATH`, or a name in the library.
  init?(_ text: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let last = parts.last, !parts.contains("") else { return nil }
    name = parts.count == 2 ? parts[0] : nil
    reference = last
  }
}
