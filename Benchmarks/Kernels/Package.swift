// swift-tools-version: 6.2
// How near the kernels come to what the machine can do: `swift run -c release kernels`. A package of its own, so that
// building Stoa does not build it; the kernels' sources are a link to those of the main package.
import PackageDescription

let package = Package(
  name: "kernels",
  targets: [
    .target(
      name: "CStoaKernels",
      cSettings: [.unsafeFlags(["-ffp-contract=off"])]),
    .target(
      name: "CMeasure", dependencies: ["CStoaKernels"],
      cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
    .executableTarget(
      name: "kernels", dependencies: ["CMeasure", "CStoaKernels"],
      swiftSettings: [.strictMemorySafety(), .treatAllWarnings(as: .error)], linkerSettings: [.linkedLibrary("m")]),
  ],
  swiftLanguageModes: [.v6]
)
