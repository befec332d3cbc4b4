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
/// Coverage for libFuzzer, bounds for the sanitiser.
let sanitized = settings + [.unsafeFlags(["-sanitize=fuzzer,address"])]

func module(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: sanitized)
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

let package = Package(
  name: "fuzz",
  dependencies: [
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", "4.0.0"..<"6.0.0"),
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
    .target(
      name: "StoaHub", dependencies: ["StoaFormats"], sources: listing, swiftSettings: sanitized),
    module(
      "StoaTrust",
      [
        "StoaFormats", .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"), .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"), .product(name: "Yams", package: "Yams"),
      ]),
    module(
      "StoaGuard", [.product(name: "Yams", package: "Yams")],
      resources: ["default", "strict", "privacy-eu", "audit-only"].map { .embedInCode("Packs/\($0).yaml") }),
    .target(name: "CFuzzer"),
    .target(name: "FuzzRunner", dependencies: ["CFuzzer"], swiftSettings: settings),
    // Two programs, since the second needs a cryptographic library, which takes long to compile.
    program("fuzz", ["StoaTokenizers", "StoaTemplates", "StoaGrammar", "StoaGuard", "StoaHub"]),
    program("fuzz-trust", ["StoaTrust"]),
  ],
  swiftLanguageModes: [.v6]
)
