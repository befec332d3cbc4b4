/// The detectors that rails can name.
public struct DetectorCatalog: Sendable {
  /// All of them, in the order of documentation.
  public let detectors: [Detector]
  /// Where rails get their classifiers from.
  public let classifiers: ClassifierLibrary
  private let byName: [String: Detector]
  private let groups: [String: [Detector]]

  /// What comes with this library.
  public static let builtIn = DetectorCatalog(
    BanDetectors.all + InjectionDetectors.all + HiddenTextDetectors.all + LinkDetectors.all + [
      PromptLeak.detector, ClassifierRail.detector, GuardModelRail.detector,
    ]
      + SecretDetectors.all + PersonalDataDetectors.all)

  /// A catalogue of these; a later detector takes the place of an earlier one with its name.
  public init(_ detectors: [Detector], classifiers: ClassifierLibrary = .installed) {
    self.detectors = detectors
    self.classifiers = classifiers
    byName = Dictionary(detectors.map { ($0.name, $0) }) { $1 }
    var groups: [String: [Detector]] = [:]
    for detector in detectors { for group in detector.groups { groups[group, default: []].append(detector) } }
    self.groups = groups
  }

  /// The names of detectors and groups, sorted.
  public var names: [String] { (Array(byName.keys) + groups.keys).sorted() }

  /// The detectors that a name means: one, or those of a group.
  public func detectors(named name: String) -> [Detector]? { byName[name].map { [$0] } ?? groups[name] }

  func detectors(of rail: Rail) throws(RailError) -> [Detector] {
    var result: [Detector] = []
    for (index, name) in rail.detectors.enumerated() {
      guard let found = detectors(named: name) else {
        let near = nearest(to: name, among: names)
        throw RailError(
          rail: rail.id, option: "detector", index: index, reason: "no detector is called \(name)",
          hint: near.map { "did you mean \($0)?" } ?? "`stoa guard explain` lists them")
      }
      for detector in found where !result.contains(where: { $0.name == detector.name }) { result.append(detector) }
    }
    let known = Set(result.flatMap(\.options))
    for option in rail.options.values.keys.sorted() where !known.contains(option) {
      throw RailError(
        rail: rail.id, option: option, index: nil,
        reason: "\(rail.detectors.joined(separator: ", ")) has no option \(option)",
        hint: nearest(to: option, among: known.sorted()).map { "did you mean \($0)?" }
          ?? (known.isEmpty ? "it takes no options" : "it takes \(known.sorted().joined(separator: ", "))"))
    }
    return result
  }
}
