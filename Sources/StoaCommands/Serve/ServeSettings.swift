import Configuration
import Synchronization

/// What the command line, the environment and the configuration file say together: of a setting that several give,
/// the first in this order counts.
struct ServeSettings {
  private let flags: [ServeKey: ConfigContent]
  private let environment: [String: String]
  private let file: ServeFile?
  private let reader: ConfigReader
  private let trail = SourceTrail()

  init(flags: [ServeKey: ConfigContent], environment: [String: String], file: ServeFile?) {
    self.flags = flags
    // An empty variable is one that is not set, as in `STOA_PORT= stoa serve`.
    self.environment = environment.filter { !$0.value.isEmpty }
    self.file = file
    reader = ConfigReader(
      providers: [
        InMemoryProvider(name: "flags", values: Self.values(flags)),
        EnvironmentVariablesProvider(environmentVariables: self.environment).prefixKeys(with: ConfigKey(["stoa"])),
        InMemoryProvider(name: "file", values: Self.values(file?.values ?? [:])),
      ], accessReporter: trail)
  }

  // MARK: Values

  func text(_ key: ServeKey) throws(CommandFailure) -> String? {
    if case .string(let text)? = try content(key) { text } else { nil }
  }

  func whole(_ key: ServeKey) throws(CommandFailure) -> Int? {
    if case .int(let number)? = try content(key) { number } else { nil }
  }

  func seconds(_ key: ServeKey) throws(CommandFailure) -> Double? {
    if case .double(let number)? = try content(key) { number } else { nil }
  }

  func isOn(_ key: ServeKey) throws(CommandFailure) -> Bool? {
    if case .bool(let value)? = try content(key) { value } else { nil }
  }

  func list(_ key: ServeKey) throws(CommandFailure) -> [String]? {
    if case .stringArray(let list)? = try content(key) { list } else { nil }
  }

  private func content(_ key: ServeKey) throws(CommandFailure) -> ConfigContent? {
    let name = ConfigKey([key.rawValue])
    let content: ConfigContent? =
      switch key.kind {
      case .text, .word: reader.string(forKey: name).map { .string($0) }
      case .whole: reader.int(forKey: name).map { .int($0) }
      case .seconds: reader.double(forKey: name).map { .double($0) }
      case .yesOrNo: reader.bool(forKey: name).map { .bool($0) }
      case .origins, .models, .upstreams, .secrets: reader.stringArray(forKey: name).map { .stringArray($0) }
      }
    // The reader takes a value that it cannot convert for none; its report knows better.
    if content == nil, !trail.endedInFailure { return nil }
    guard let content, key.takes(content) else {
      throw .usage("\(place(of: key)) must be \(key.expectation)", advice: advice(key))
    }
    return content
  }

  /// A variable of the environment that a setting names.
  func variable(_ name: String) -> String? { environment[name] }

  // MARK: Where a value comes from

  /// How messages call the place that the value of a setting was last read from.
  func place(of key: ServeKey) -> String {
    switch trail.source {
    case .flags: key.flag
    case .environment: key.variable
    case .file: "\(file?.path ?? ""):\(file?.lines[key].map { "\($0):" } ?? "") \(key.rawValue)"
    }
  }

  private func advice(_ key: ServeKey) -> String {
    if key.kind == .secrets { return "docs/SERVING.md has all settings" }
    let given: String
    switch trail.source {
    case .flags: given = flags[key].map(Self.words) ?? ""
    case .environment: given = environment[key.variable] ?? ""
    case .file: given = file?.values[key].map(Self.words) ?? ""
    }
    // An address may have a password in it, which is no reason to show it.
    if key.kind == .upstreams, given.contains("@") { return "addresses have no user and password" }
    return "it is \(given.prefix(100)); docs/SERVING.md has all settings"
  }

  private static func words(_ content: ConfigContent) -> String {
    switch content {
    case .string(let text): text
    case .int(let number): "\(number)"
    case .double(let number): "\(number)"
    case .stringArray(let list): list.joined(separator: ", ")
    default: ""
    }
  }

  private static func values(_ values: [ServeKey: ConfigContent]) -> [AbsoluteConfigKey: ConfigValue] {
    Dictionary(
      uniqueKeysWithValues: values.map {
        (AbsoluteConfigKey([$0.key.rawValue]), ConfigValue($0.value, isSecret: $0.key.kind == .secrets))
      })
  }
}

/// Remembers which source decided the value that was read last.
private final class SourceTrail: AccessReporter {
  enum Source: Int { case flags, environment, file }

  private let last = Mutex((source: Source.flags, failed: false))

  /// The sources are asked in their order until one has the value or cannot read it.
  var source: Source { last.withLock { $0.source } }
  var endedInFailure: Bool { last.withLock { $0.failed } }

  func report(_ event: AccessEvent) {
    let results = event.providerResults
    guard let source = Source(rawValue: results.count - 1) else { return }
    let failed = if case .failure? = results.last?.result { true } else { false }
    last.withLock { $0 = (source, failed) }
  }
}
