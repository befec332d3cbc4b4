// swift-tools-version: 6.2
// How long a token takes under a grammar. A package of its own, so that building Stoa does not build it; the sources of
// the modules are links to those of the main package.
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableExperimentalFeature("Lifetimes"),
]

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
  name: "masks",
  targets: [
    .target(name: "CStoaKernels", cSettings: [.unsafeFlags(["-ffp-contract=off"])]),
    module("StoaTensor", ["CStoaKernels"]),
    module("StoaFormats", ["StoaTensor"]),
    module("StoaTokenizers", ["StoaFormats"]),
    module("StoaGrammar", ["StoaFormats"]),
    .executableTarget(
      name: "masks", dependencies: ["StoaFormats", "StoaTokenizers", "StoaGrammar"], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
