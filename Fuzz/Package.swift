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

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: sanitized)
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
    .target(name: "CFuzzer"),
    .executableTarget(
      name: "fuzz",
      dependencies: ["CFuzzer", "StoaFormats", "StoaTokenizers", "StoaTemplates", "StoaGrammar", "StoaHub"],
      swiftSettings: settings,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ],
  swiftLanguageModes: [.v6]
)
