import StoaHub

/// The environment variables that Stoa reads.
enum EnvironmentNames {
  private static let known =
    ServeKey.allCases.map(\.variable) + [
      "STOA_API_KEY", "STOA_CONFIG", "STOA_HOME", "STOA_ISA", "STOA_OFFLINE", "STOA_PRIMER",
    ]

  /// A sentence for each variable that is probably a known one misspelt, which would be ignored in silence.
  ///
  /// Names that resemble none are somebody else's: Kubernetes sets `STOA_SERVICE_HOST` next to a service `stoa`.
  static func warnings(about names: some Sequence<String>) -> [String] {
    names.filter { $0.hasPrefix("STOA_") && !known.contains($0) }.sorted().compactMap { name in
      guard name.utf8.count <= 64,
        let nearest = known.min(by: { editDistance(name, $0) < editDistance(name, $1) }),
        editDistance(name, nearest) <= 2
      else { return nil }
      return "warning: the environment variable \(name) means nothing; did you mean \(nearest)?"
    }
  }
}
