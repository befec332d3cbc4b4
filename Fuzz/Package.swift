// swift-tools-version: 6.2
// Fuzzing with libFuzzer and the address sanitiser. A package of its own, so that the sanitiser reaches the modules
// under test and nothing else; their sources are links to those of the main package. ./run says how to use it.
import PackageDescription

let settings: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableExperimentalFeature("Lifetimes"),
]
/// Coverage for libFuzzer, bounds for the sanitiser; many readers are internal, so the targets import them as tests do.
let sanitized = settings + [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])]

/// A module under test: all of it, or those of its sources that read what comes from outside.
func module(
  _ name: String, _ dependencies: [Target.Dependency], sources: [String]? = nil, exclude: [String] = [],
  resources: [Resource] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, exclude: exclude, sources: sources, resources: resources,
    swiftSettings: sanitized)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: ["CFuzzer", "FuzzRunner", "StoaFormats"] + dependencies, swiftSettings: settings,
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])])
}

/// What reads the hub's answers, without what speaks to it: no packages from outside.
let listing = [
  "EditDistance.swift", "FileStatus.swift", "HubError.swift", "ModelLocation.swift", "ModelName.swift",
  "Remote/ContentDigest.swift",
  "Remote/FileSelection.swift", "Remote/HubReference.swift", "Remote/HubURL.swift", "Remote/IPAddress.swift",
  "Remote/RemoteError.swift", "Remote/RemotePath.swift", "Remote/RepositoryListing.swift",
]
/// The wire forms of the server's APIs and of other servers' answers, without HTTP and without the engine.
let wire =
  ["OpenAI", "Anthropic", "Ollama", "Wire"]
  + ["APIError", "AnswerEvent", "AnswerRequest", "RequestFields"].map { "Requests/\($0).swift" }
  + [
    "EventStreamDecoder", "Upstream", "UpstreamCalls", "UpstreamDecoder", "UpstreamErrors", "UpstreamRequestWriter",
    "UpstreamTransport",
  ].map { "Upstream/\($0).swift" }
/// The server's configuration file and the events that `stoa monitor` reads, without the commands.
let settingsFiles = [
  "Monitor/EventParser.swift", "Serve/ServeFile.swift", "Serve/ServeKey.swift", "Support/CacheTypeName.swift",
  "Support/CommandFailure.swift",
]
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
  name: "fuzz",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
    .package(url: "https://github.com/apple/swift-crypto", "4.0.0"..<"6.0.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(
      name: "CStoaKernels",
      cSettings: [.unsafeFlags(["-O2", "-ffp-contract=off"])]),
    module("StoaTensor", ["CStoaKernels"]),
    module("StoaFormats", ["StoaTensor"]),
    module("StoaTokenizers", ["StoaFormats"]),
    module("StoaTemplates", []),
    module("StoaGrammar", ["StoaFormats"]),
    module("StoaModels", ["StoaTensor", "StoaFormats"]),
    module("StoaDialogue", ["StoaFormats", "StoaTemplates", "StoaGrammar"]),
    module("StoaHub", ["StoaFormats"], sources: listing),
    module("StoaConversion", ["StoaFormats"], sources: ["FrontMatter.swift"]),
    module(
      "StoaLedger", [yams],
      sources: ["PriceTable", "PriceTable+YAML", "PriceTableError"].map { "Prices/\($0).swift" }
        + ["Usage/Money.swift", "Usage/UsageRow.swift"]),
    module(
      "StoaServer", ["StoaFormats", "StoaTemplates", "StoaDialogue", "StoaHub"], sources: wire,
      exclude: ["Console", "OpenAPI"]),
    module(
      "StoaCommands",
      [
        "StoaTensor", "StoaTrust", "StoaServer", yams,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "Logging", package: "swift-log"),
      ], sources: settingsFiles),
    module(
      "StoaTrust",
      [
        "StoaFormats", .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"), .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"), yams,
      ]),
    module(
      "StoaGuard", [yams],
      resources: ["default", "strict", "privacy-eu", "audit-only"].map { .embedInCode("Packs/\($0).yaml") }),
    .target(name: "CFuzzer"),
    .target(name: "FuzzRunner", dependencies: ["CFuzzer"], swiftSettings: settings),
    // Two programs, since the second needs a cryptographic library, which takes long to compile.
    program(
      "fuzz",
      [
        "StoaTokenizers", "StoaTemplates", "StoaGrammar", "StoaGuard", "StoaHub", "StoaModels", "StoaConversion",
        "StoaDialogue", "StoaLedger", "StoaServer",
      ]),
    program("fuzz-trust", ["StoaTrust", "StoaCommands"]),
  ],
  swiftLanguageModes: [.v6]
)
