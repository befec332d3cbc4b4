// swift-tools-version: 6.2
// The module map is in ARCHITECTURE.md; imports point down only.
import PackageDescription

let settings: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
]

/// Tests are compiled without optimisation, in less than half the time. Their modules are not emitted apart, which would
/// check `try #require` without its macro and warn of a `try` for nothing.
let testSettings = settings + [.unsafeFlags(["-Onone", "-no-emit-module-separately-wmo"])]

let kernelSettings: [CSetting] = [
  .unsafeFlags(["-O2"], .when(configuration: .debug)),
  .unsafeFlags(["-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]),
]

/// A library target with a test target of the same name.
func module(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> [Target] {
  [
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings),
    .testTarget(
      name: name + "Tests",
      dependencies: [.target(name: name), "StoaTestSupport"] + dependencies,
      swiftSettings: testSettings),
  ]
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let certificates = Target.Dependency.product(name: "X509", package: "swift-certificates")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let http: [Target.Dependency] = [
  httpClient,
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOHTTP1", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
  .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let hummingbird: [Target.Dependency] = [
  .product(name: "Hummingbird", package: "hummingbird"),
  .product(name: "HummingbirdCore", package: "hummingbird"),
  .product(name: "HummingbirdTLS", package: "hummingbird"),
  .product(name: "HTTPTypes", package: "swift-http-types"),
  logging,
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOSSL", package: "swift-nio-ssl"),
  .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
]

let package = Package(
  name: "stoa",
  products: [
    .executable(name: "stoa", targets: ["stoa"]),
    .library(name: "StoaFormats", targets: ["StoaFormats"]),
    .library(name: "StoaTokenizers", targets: ["StoaTokenizers"]),
    .library(name: "StoaTemplates", targets: ["StoaTemplates"]),
    .library(name: "StoaGrammar", targets: ["StoaGrammar"]),
    .library(name: "StoaEngine", targets: ["StoaEngine"]),
    .library(name: "StoaLedger", targets: ["StoaLedger"]),
    .library(name: "StoaTrust", targets: ["StoaTrust"]),
    .library(name: "StoaGuard", targets: ["StoaGuard"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
    .package(url: "https://github.com/apple/swift-crypto", "4.0.0"..<"6.0.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(name: "CStoaKernels", cSettings: kernelSettings),
    .executableTarget(name: "stoa", dependencies: ["StoaCommands"], swiftSettings: settings),
    .target(
      name: "StoaTestSupport", dependencies: ["CStoaKernels", "CStoaEmulatedKernels", "StoaTensor"],
      swiftSettings: settings),
    .target(
      name: "CStoaEmulatedKernels", dependencies: ["CStoaKernels"], path: "Tests/CStoaEmulatedKernels",
      cSettings: kernelSettings + [.headerSearchPath("../../Sources/CStoaKernels")]),
  ]
    + module("StoaTensor", ["CStoaKernels"])
    + module("StoaFormats", ["StoaTensor"])
    + module("StoaTokenizers", ["StoaFormats"])
    + module("StoaTemplates", [])
    + module("StoaGrammar", ["StoaFormats"])
    + module("StoaModels", ["StoaTensor", "StoaFormats"])
    + module(
      "StoaEngine",
      ["StoaTensor", "StoaFormats", "StoaModels", "StoaTokenizers", "StoaTemplates", "StoaGrammar"])
    + module("StoaConversion", ["StoaTensor", "StoaFormats", "StoaTokenizers", "StoaModels"])
    + module("StoaDialogue", ["StoaFormats", "StoaTemplates", "StoaGrammar"])
    + module("StoaHub", ["StoaFormats", crypto] + http)
    + module("StoaLedger", ["StoaFormats", "StoaTrust", crypto, grdb, yams])
    + module(
      "StoaServer",
      [
        "StoaTensor", "StoaFormats", "StoaTokenizers", "StoaTemplates", "StoaGrammar", "StoaDialogue", "StoaModels",
        "StoaEngine", "StoaHub", "StoaLedger", "StoaTrust", "StoaGuard", crypto, httpClient,
      ] + hummingbird, resources: [.embedInCode("Console/console.html"), .embedInCode("OpenAPI/openapi.json")])
    + module("StoaTrust", ["StoaFormats", asn1, certificates, crypto, cryptoExtras, yams])
    + module(
      "StoaGuard", [yams],
      resources: ["default", "strict", "privacy-eu", "audit-only"].map { .embedInCode("Packs/\($0).yaml") })
    + module("StoaTerminal", [])
    + module(
      "StoaCommands",
      [
        "StoaTensor", "StoaFormats", "StoaTokenizers", "StoaTemplates", "StoaGrammar", "StoaModels", "StoaEngine",
        "StoaConversion", "StoaHub", "StoaLedger", "StoaTrust", "StoaGuard", "StoaServer", "StoaTerminal",
        argumentParser, configuration, logging,
        yams,
      ] + http),
  swiftLanguageModes: [.v6]
)
