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
    .target(name: "CFuzzer"),
    .executableTarget(
      name: "fuzz", dependencies: ["CFuzzer", "StoaFormats", "StoaTokenizers", "StoaTemplates"],
      swiftSettings: settings,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ],
  swiftLanguageModes: [.v6]
)
