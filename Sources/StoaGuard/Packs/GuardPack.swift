/// A set of rails with a name and a version, read from YAML.
public struct GuardPack: Sendable {
  /// The name.
  public var name: String
  /// The version, as it was written.
  public var version: String
  /// One line of what it is for.
  public var summary: String
  /// The rails, those of the pack that is extended first.
  public var rails: [Rail]
  /// What changes for some models, keys or routes, in order.
  public var overrides: [PackOverride]
  /// Texts with what should come of them; those of this pack alone.
  public var examples: [PackExample]
  /// SHA-256 over the files of this pack and the digest of the one it extends, in hexadecimal.
  public var digest: String
  /// The files and folders that the pack and those that it extends were read from; empty for one that comes along.
  public var places: [String]
  /// The folders and files that the pack and those that it extends are, each of which is signed by itself; none for one
  /// that comes along.
  package var roots: [String]

  /// The names of the packs that come with the library.
  public static var builtInNames: [String] { PackSource.builtInNames }

  /// Reads a pack that comes with the library by its name, a `.yaml` file or a folder with `pack.yaml`, and checks all of it.
  ///
  /// - Throws: `PackError` with every mistake by file, line and column.
  public init(_ name: String, detectors: DetectorCatalog = .builtIn) throws(PackError) {
    self = try PackLoader(detectors: detectors).load(name)
  }

  /// Which overrides hold for a request, by their numbers: requests of which the same do have the same rails.
  public func overrides(for context: GuardContext) -> [Int] {
    overrides.indices.filter { overrides[$0].matches(context) }
  }

  /// The rails for a request.
  public func rails(for context: GuardContext) -> [Rail] {
    var rails = rails
    for override in overrides where override.matches(context) {
      for change in override.changes { change.apply(to: &rails) }
    }
    return rails
  }

  /// The rails for a request at a stage, compiled.
  public func program(
    _ stage: GuardStage, for context: GuardContext = GuardContext(), detectors: DetectorCatalog = .builtIn
  ) throws(RailError) -> GuardProgram {
    try GuardProgram(pack: name, digest: digest, rails: rails(for: context), stage: stage, detectors: detectors)
  }
}

/// What is known of a request when its rails are chosen.
public struct GuardContext: Equatable, Hashable, Sendable {
  /// The model's name.
  public var model: String
  /// The name of the key that asks.
  public var key: String
  /// The path that was asked for.
  public var route: String

  /// A request of which some may be unknown, which is the empty text.
  public init(model: String = "", key: String = "", route: String = "") {
    self.model = model
    self.key = key
    self.route = route
  }
}

/// Changes of rails for requests whose model, key and route match.
public struct PackOverride: Equatable, Sendable {
  /// Patterns with `*` for any text; nil for all.
  public var model: String?
  /// As for the model.
  public var key: String?
  /// As for the model.
  public var route: String?
  /// What changes.
  public var changes: [RailChange]

  func matches(_ context: GuardContext) -> Bool {
    (model.map { glob($0, context.model) } ?? true) && (key.map { glob($0, context.key) } ?? true)
      && (route.map { glob($0, context.route) } ?? true)
  }
}

/// What a pack says of a rail: a new one, or new values for some of another's.
public struct RailChange: Equatable, Sendable {
  /// The rail's name.
  public var name: String { id }

  var id: String
  var stages: Set<GuardStage>?
  var detectors: [String]?
  var options: DetectorOptions?
  var threshold: Double?
  var action: GuardAction?
  var hazard: String?
  var message: String?
  var replacement: String?
  var decodes: Bool?
  var exceptions: [String]?
  var avoids: Bool?
  var isOff: Bool?

  /// Changes the rail of this name, or adds it if the change has a detector and an action.
  func apply(to rails: inout [Rail]) {
    guard let index = rails.firstIndex(where: { $0.id == id }) else {
      guard let detectors, let action else { return }
      var rail = Rail(id: id, detectors: detectors, action: action)
      apply(to: &rail)
      rails.append(rail)
      return
    }
    apply(to: &rails[index])
  }

  private func apply(to rail: inout Rail) {
    if let stages { rail.stages = stages }
    if let detectors { rail.detectors = detectors }
    if let options { rail.options.values.merge(options.values) { $1 } }
    if let threshold { rail.threshold = threshold }
    if let action { rail.action = action }
    if let hazard { rail.hazard = hazard }
    if let message { rail.message = message }
    if let replacement { rail.replacement = replacement }
    if let decodes { rail.decodes = decodes }
    if let exceptions { rail.exceptions = exceptions }
    if let avoids { rail.avoids = avoids }
    if let isOff { rail.isOff = isOff }
  }
}

/// A text with what should come of it.
public struct PackExample: Equatable, Sendable {
  /// The text.
  public var text: String
  /// Where it stands.
  public var stage: GuardStage
  /// The action of the verdict.
  public var action: GuardAction
  /// The rails that should find something; nil when the example does not say.
  public var rails: [String]?
  /// What should be passed on; nil when the example does not say.
  public var output: String?
  /// Where the example is.
  public var place: String
}

/// Whether the text matches the pattern, in which `*` stands for any text.
func glob(_ pattern: String, _ text: String) -> Bool {
  let pattern = Array(pattern.utf8)
  let text = Array(text.utf8)
  var (place, index) = (0, 0)
  var star: (place: Int, index: Int)?
  while index < text.count {
    if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
      star = (place, index)
      place += 1
    } else if place < pattern.count, pattern[place] == text[index] {
      place += 1
      index += 1
    } else if let last = star {
      star = (last.place, last.index + 1)
      place = last.place + 1
      index = last.index + 1
    } else {
      return false
    }
  }
  return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
}
