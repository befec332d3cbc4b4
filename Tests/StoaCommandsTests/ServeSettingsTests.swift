import ArgumentParser
import Configuration
import Foundation
import Logging
import StoaEngine
import StoaHub
import StoaServer
import StoaTensor
import Testing

@testable import StoaCommands

/// What the command line, the environment and the file say together.
@Suite struct ServeSettingsTests {
  /// A value of a key as each source writes it, told apart by a number.
  private static func example(_ key: ServeKey, _ number: Int) -> (content: ConfigContent, text: String, yaml: String) {
    switch key.kind {
    case .text: return (.string("v\(number)"), "v\(number)", "v\(number)")
    case .word(let words):
      let word = words[number % words.count]
      return (.string(word), word, word)
    case .whole: return (.int(number + 1), "\(number + 1)", "\(number + 1)")
    case .seconds: return (.double(Double(number) + 0.5), "\(number).5", "\(number).5")
    case .yesOrNo: return (.bool(number != 1), "\(number != 1)", "\(number != 1)")
    case .origins: return (.stringArray(["http://o\(number)"]), "http://o\(number)", "[http://o\(number)]")
    case .models: return (.stringArray(["m=/\(number)"]), "m=/\(number)", "{m: /\(number)}")
    case .upstreams: return (.stringArray(["u=http://h\(number)"]), "u=http://h\(number)", "{u: 'http://h\(number)'}")
    case .secrets: return (.stringArray(["u=k\(number)"]), "u=k\(number)", "{u: k\(number)}")
    }
  }

  private static func value(_ key: ServeKey, _ settings: ServeSettings) throws -> ConfigContent? {
    switch key.kind {
    case .text, .word: try settings.text(key).map { .string($0) }
    case .whole: try settings.whole(key).map { .int($0) }
    case .seconds: try settings.seconds(key).map { .double($0) }
    case .yesOrNo: try settings.isOn(key).map { .bool($0) }
    case .origins, .models, .upstreams, .secrets: try settings.list(key).map { .stringArray($0) }
    }
  }

  private static func plan(
    _ flags: [String] = [], environment: [String: String] = [:], yaml: String = ""
  ) throws -> ServePlan {
    try ServePlan(
      ServeSettings(
        flags: ServeFlags.parse(flags).values, environment: environment,
        file: ServeFile(yaml: yaml, path: "stoa.yaml")))
  }

  /// Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost`.
  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBmzCCAUGgAwIBAgIUECvuMYSWHjepQYmFbg1+whHifLcwCgYIKoZIzj0EAwIw
    FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTE2NTYxMVoYDzIxMjYxMTAx
    MTY1NjExWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
    PQMBBwNCAAQS6YTSSuvWIg+gTyqKdWjPSbZTmQF2Ne0pF1M+bwvAegHZD0dxM07n
    kkPj6l8cr19pUTZdOSUEOxrkgv6Bv3HMo28wbTAdBgNVHQ4EFgQUXgGWBPPwzm3e
    lKI5dn8vB0PVW5EwHwYDVR0jBBgwFoAUXgGWBPPwzm3elKI5dn8vB0PVW5EwDwYD
    VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
    zj0EAwIDSAAwRQIgNA+ISXnDHJXDmQTSRTBRhWhzvnF50nhc7fbAVXWkj+sCIQDI
    uwlSUI6uZyeSzDnotjnTnUK0kqEvR9Dh5ThyLz8kpQ==
    -----END CERTIFICATE-----
    """

  private static func failure(_ work: () throws -> ServePlan) -> CommandFailure? {
    #expect(throws: CommandFailure.self) { try work() }
  }

  @Test(arguments: ServeKey.allCases, 0..<8)
  func flagsComeBeforeTheEnvironmentAndThatBeforeTheFile(_ key: ServeKey, _ given: Int) throws {
    let examples = (0..<3).map { Self.example(key, $0) }
    let settings = ServeSettings(
      flags: given & 1 != 0 ? [key: examples[0].content] : [:],
      environment: given & 2 != 0 ? [key.variable: examples[1].text] : ["STOA_HOME": "/x", key.variable: ""],
      file: try ServeFile(yaml: given & 4 != 0 ? "\(key.rawValue): \(examples[2].yaml)" : "# none", path: "stoa.yaml"))
    let first = (0..<3).first { given & 1 << $0 != 0 }
    #expect(try Self.value(key, settings) == first.map { examples[$0].content })
  }

  @Test func everySettingHasAFlag() throws {
    let flags = try ServeFlags.parse([
      "--model", "a=b", "--host", "::", "--port", "1", "--no-auth", "--tls-cert", "c", "--tls-key", "k",
      "--cors", "*", "--context", "2", "--threads", "3", "--cache-type", "f16", "--parallel", "4", "--queue", "5",
      "--kv-memory", "6", "--model-memory", "7", "--keep-alive", "8", "--timeout", "9", "--max-body", "10",
      "--log-level", "debug", "--ledger", "l", "--prices", "p", "--receipt-key", "r", "--receipts", "all",
      "--receipt-tokens", "--trust-policy", "warn", "--trust", "t", "--guard", "g", "--alerts", "a", "--upstream",
      "u=http://h",
    ])
    #expect(Set(flags.values.keys).union([.models, .upstreamKeys]) == Set(ServeKey.allCases))
    for (key, value) in flags.values { #expect(key.takes(value), "\(key)") }
  }

  @Test func becomesTheServersOptions() throws {
    let plan = try Self.plan(
      ["--queue", "7", "--keep-alive=-1"],
      environment: ["STOA_PORT": "8080", "STOA_MODELS": "primer, llama=/m/l.gguf", "STOA_CORS": "https://a,https://b"],
      yaml: """
        host: 0.0.0.0
        auth: false
        port: 9090
        kv_memory: 2
        max_body: 3
        timeout: 1.5
        cache_type: q8_0
        log_level: error
        ledger: /var/lib/stoa/ledger.sqlite
        """)
    let options = plan.options
    #expect(options.host == "0.0.0.0")
    #expect(options.isOpen)
    #expect(options.port == 8080)
    #expect(options.engine.scheduler.maxWaiting == 7)
    #expect(options.engine.scheduler.cacheBytes == 2_097_152)
    #expect(options.engine.keepAliveSeconds == nil)
    #expect(options.engine.cacheType == .q8_0)
    #expect(options.bodyBytes == 3_145_728)
    #expect(options.requestSeconds == 1.5)
    #expect(options.logLevel == .error)
    #expect(options.corsOrigins == ["https://a", "https://b"])
    #expect(plan.offers.map(\.name) == [nil, "llama"])
    #expect(plan.offers.map(\.reference) == ["primer", "/m/l.gguf"])
    #expect(plan.ledger == "/var/lib/stoa/ledger.sqlite")
  }

  @Test func upstreamsGetTheirKeys() throws {
    let yaml = """
      upstreams:
        near: http://127.0.0.1:8000
        far: https://api.example.com/v1#big
        open: http://[::1]:9/x/
      upstream_keys: {near: sk-1, far: $FAR_KEY}
      """
    let upstreams = try Self.plan(environment: ["FAR_KEY": "sk-2"], yaml: yaml).options.upstreams
    #expect(upstreams.map(\.name) == ["near", "far", "open"])
    #expect(
      upstreams.map(\.base.description)
        == ["http://127.0.0.1:8000/v1", "https://api.example.com/v1", "http://[::1]:9/x"])
    #expect(upstreams.map(\.remoteModel) == ["near", "big", "open"])
    #expect(upstreams.map(\.key) == [UpstreamKey("sk-1"), UpstreamKey("sk-2"), nil])
    #expect(!"\(upstreams) \(String(reflecting: upstreams))".contains("sk-"))
    let given = try Self.plan(["--upstream", "near=http://h"], environment: ["STOA_UPSTREAM_KEYS": "near=sk-3"])
    #expect(given.options.upstreams.map(\.key) == [UpstreamKey("sk-3")])
  }

  @Test(
    arguments: [
      ("upstreams: {a: 'ftp://h'}", "stoa.yaml:1: upstreams must be a name and an http or https address"),
      ("upstreams: {a: 'http://user:secret@h'}", "stoa.yaml:1: upstreams must be a name and an http or https address"),
      (
        "upstreams: {a: 'http://h'}\nupstream_keys: {b: sk-secret}", "stoa.yaml:2: upstream_keys has a key for b, which"
      ),
      (
        "upstreams: {a: 'http://h'}\nupstream_keys: {a: 'sk secret'}", "stoa.yaml:2: upstream_keys must be a name and a"
      ),
      ("upstreams: {a: 'http://h'}\nupstream_keys: {a: $NONE}", "stoa.yaml:2: upstream_keys: the variable $NONE for a"),
    ])
  func saysWhatIsWrongWithUpstreams(_ yaml: String, _ message: String) {
    let failure = Self.failure { try Self.plan(yaml: yaml) }
    #expect(failure?.message.hasPrefix(message) == true, "\(failure?.message ?? "")")
    #expect(failure.map { "\($0.message) \($0.advice ?? "")".contains("secret") } == false)
  }

  @Test func withoutSettingsTheDefaultsStand() throws {
    let plan = try Self.plan()
    #expect(plan.options.host == "127.0.0.1")
    #expect(plan.options.port == 11500)
    #expect(plan.options.isOpen)
    #expect(try !Self.plan(["--host", "0.0.0.0"]).options.isOpen)
    #expect(plan.offers.isEmpty)
  }

  @Test(
    arguments: [
      (["--port", "65536"], [:], "", "--port must be a whole number from 0 to 65535", "65536"),
      ([], ["STOA_PORT": "http"], "", "STOA_PORT must be a whole number from 0 to 65535", "http"),
      ([], ["STOA_AUTH": "maybe"], "port: 1", "STOA_AUTH must be true or false", "maybe"),
      ([], [:], "port: 1\n\nparallel: 0", "stoa.yaml:3: parallel must be a whole number from 1 to 4096", "it is 0"),
      ([], [:], "kv_memory: 9999999999999", "stoa.yaml:1: kv_memory must be a whole number", "9999999999999"),
      ([], [:], "timeout: .nan", "stoa.yaml:1: timeout must be a number of seconds, more than 0", "it is .nan"),
      (["--timeout", "0"], [:], "", "--timeout must be a number of seconds, more than 0", "0"),
      ([], [:], "log_level: loud", "stoa.yaml:1: log_level must be one of trace, debug", "loud"),
      ([], [:], "cors: [chat.example.com]", "stoa.yaml:1: cors must be a list of origins", "chat.example.com"),
      ([], ["STOA_HOST": "http://127.0.0.1:1"], "", "STOA_HOST must be an address to listen at", "--port"),
      ([], [:], "host: localhost:80", "stoa.yaml:1: host must be an address to listen at", "--port"),
      ([], ["STOA_TLS_CERT": "/none.pem"], "", "STOA_TLS_CERT: /none.pem cannot be read", "check the path"),
      ([], [:], "tls_key: /none.pem", "stoa.yaml:1: tls_key: /none.pem cannot be read", "check the path"),
    ] as [([String], [String: String], String, String, String)])
  func saysWhereABadValueStands(
    _ flags: [String], _ environment: [String: String], _ yaml: String, _ message: String, _ advice: String
  ) {
    let failure = Self.failure { try Self.plan(flags, environment: environment, yaml: yaml) }
    #expect(failure?.message.hasPrefix(message) == true, "\(failure?.message ?? "")")
    #expect(failure?.advice?.contains(advice) == true, "\(failure?.advice ?? "")")
    #expect(failure?.status == .usage)
  }

  @Test(
    arguments: [
      ("host: a\nprot: 1\n", "stoa.yaml:2: there is no setting prot", "there are host, port"),
      ("kv-memory: 1", "stoa.yaml:1: there is no setting kv-memory", "write kv_memory"),
      ("[host]: a", "stoa.yaml:1: there is no setting ", "there are host, port"),
      ("port: '80'", "stoa.yaml:1: port must be a whole number", "it is 80"),
      ("port: 80.5", "stoa.yaml:1: port must be a whole number", nil),
      ("port: [80]", "stoa.yaml:1: port must be a whole number", nil),
      ("host:\n", "stoa.yaml:1: host must be a text", nil),
      ("host: {a: b}", "stoa.yaml:1: host must be a text", nil),
      ("auth: no", "stoa.yaml:1: auth must be true or false", nil),
      ("models: [primer]", "stoa.yaml:1: models must be a name and a path for each model", "llama: /srv"),
      ("models: {a: [b]}", "stoa.yaml:1: models must be a name and a path for each model", "llama: /srv"),
      ("models: {'a=b': c}", "stoa.yaml:1: models must be a name and a path for each model", "llama: /srv"),
      ("port: 1\nport: 2\n", "stoa.yaml:1: port is given twice", "leave one of them"),
      ("- port: 1\n", "stoa.yaml:1: the file is not a mapping of settings", "port: 8080"),
      ("port: [1\n", "stoa.yaml:2: this is not YAML: ", nil),
      ("a: *b\n", "stoa.yaml:1: this is not YAML: ", nil),
    ] as [(String, String, String?)])
  func saysWhereTheFileIsWrong(_ yaml: String, _ message: String, _ advice: String?) {
    let failure = Self.failure { try Self.plan(yaml: yaml) }
    #expect(failure?.message.hasPrefix(message) == true, "\(failure?.message ?? "")")
    if let advice { #expect(failure?.advice?.contains(advice) == true, "\(failure?.advice ?? "")") }
  }

  @Test(arguments: ["", "# only a comment\n", "---\n"])
  func emptyFilesSayNothing(_ yaml: String) throws {
    #expect(try ServeFile(yaml: yaml, path: "stoa.yaml").values.isEmpty)
  }

  @Test("Aliases of aliases, which could stand for more than any machine could compare, are refused")
  func aliases() throws {
    var yaml = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    for level in 1...12 {
      yaml += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]\n"
    }
    let failure = #expect(throws: CommandFailure.self) { try ServeFile(yaml: yaml + "? *a12\n: 1", path: "stoa.yaml") }
    #expect(failure?.message == "stoa.yaml has more than 16 aliases (*)")
    let few = try ServeFile(yaml: "host: &h example.com\nledger: *h\ncors: [\"*\"]\n", path: "stoa.yaml")
    #expect(few.values.count == 3)
  }

  @Test(arguments: [("--tls-cert", "certificate"), ("--tls-key", "private key")])
  func saysWhatAFileLacks(_ flag: String, _ content: String) {
    let failure = Self.failure { try Self.plan([flag, #filePath]) }
    #expect(failure?.message == "\(flag): \(#filePath) holds no \(content) in the format PEM")
  }

  @Test func certificateAndKeyGoTogether() throws {
    let certificate = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).pem")
    defer { try? FileManager.default.removeItem(at: certificate) }
    try Self.certificate.write(to: certificate, atomically: true, encoding: .utf8)
    let failure = Self.failure { try Self.plan(["--tls-cert", certificate.path]) }
    #expect(failure?.message == "tls_cert and tls_key go together")
    #expect(failure?.advice == "give --tls-key FILE too")
  }

  @Test func aFileThatIsNotThereIsNamed() {
    let failure = #expect(throws: CommandFailure.self) { try ServeFile(path: "/none/stoa.yaml") }
    #expect(failure?.message.hasPrefix("/none/stoa.yaml cannot be read: ") == true)
  }

  @Test func theManualHasEverySetting() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
    let manual = try String(contentsOf: root.appendingPathComponent("docs/SERVING.md"), encoding: .utf8)
    let rows = manual.split(separator: "\n").filter { $0.hasPrefix("| `") && $0.contains("`STOA_") }
    #expect(rows.count == ServeKey.allCases.count)
    for (row, key) in zip(rows, ServeKey.allCases) {
      let flag = key.flag == "none" ? "none" : "`\(key.flag)`"
      #expect(row.hasPrefix("| `\(key.rawValue)` | \(flag) | `\(key.variable)` | "), "\(row)")
    }
  }

  @Test(arguments: [(1320, nil), (1319, "this process may have 1319"), (Int.max, nil)] as [(Int, String?)])
  func saysWhenConnectionsAreTooFew(_ limit: Int, _ beginning: String?) {
    let note = DescriptorLimit.note(limit: limit, parallel: 64, queue: 1000)
    #expect(note.map { $0.hasPrefix(beginning ?? "-") } ?? (beginning == nil))
  }

  @Test func theLimitOfConnectionsCanBeRaisedOnce() {
    let limit = DescriptorLimit.raise()
    #expect(limit > 0)
    #expect(DescriptorLimit.raise() == limit)
  }
}
