import Yams

/// Reads a pack with those that it extends.
struct PackLoader {
  let detectors: DetectorCatalog

  private static let deepestChain = 8

  func load(_ name: String) throws(PackError) -> GuardPack {
    try load(PackSource.find(name), chain: [])
  }

  func load(_ source: PackSource, chain: [String]) throws(PackError) -> GuardPack {
    var head = PackHead()
    var places = PackPlaces()
    var problems: [PackProblem] = []
    var parts: [PackPart] = []
    for (index, file) in source.files.enumerated() {
      var reader = PackReader(file: file.name, isHead: index == 0)
      let part = reader.read(file.text, head: &head, places: &places)
      problems += reader.document.problems
      if let part { parts.append(part) }
    }
    if !problems.isEmpty { throw PackError(problems: problems) }
    var parent: GuardPack?
    if let (name, mark) = head.extended {
      func failure(_ reason: String, _ hint: String) -> PackError {
        PackError(problems: [
          PackProblem(
            file: source.files[0].name, line: max(1, mark?.line ?? 1), column: max(1, mark?.column ?? 1),
            reason: reason, hint: hint)
        ])
      }
      guard chain.count < Self.deepestChain, !chain.contains(source.name + "\u{0}" + name) else {
        throw failure("extends goes round in a circle or too deep", "extend a pack that does not extend this one")
      }
      do throws(PackError) {
        let found = try PackSource.find(name, from: source.folder)
        parent = try load(found, chain: chain + [source.name + "\u{0}" + name])
      } catch {
        if error.problems.count == 1, error.problems[0].reason == "there is no such pack" {
          throw failure("there is no pack \(name)", error.problems[0].hint)
        }
        throw error
      }
    }
    var pack = GuardPack(
      name: head.name, version: head.version, summary: head.summary, parent: parent,
      digest: source.digest(parent: parent?.digest), source: source)
    for part in parts {
      for change in part.changes {
        if change.detectors == nil || change.action == nil, !pack.rails.contains(where: { $0.id == change.id }) {
          problems.append(
            places.problem(
              rail: change.id,
              "the rail \(change.id) is new and has no \(change.detectors == nil ? "detector" : "action")",
              missingHint(change, pack)))
        }
        change.apply(to: &pack.rails)
      }
      pack.overrides += part.overrides
      pack.examples += part.examples
    }
    for override in parts.flatMap(\.overrides) {
      for change in override.changes
      where (change.detectors == nil || change.action == nil) && !pack.rails.contains(where: { $0.id == change.id }) {
        problems.append(places.problem(rail: change.id, "no rail is called \(change.id)", missingHint(change, pack)))
      }
    }
    for example in parts.flatMap(\.examples) {
      for rail in example.rails ?? [] where !pack.rails.contains(where: { $0.id == rail }) {
        problems.append(
          places.problem(
            example: example.place, "no rail is called \(rail)",
            nearest(to: rail, among: pack.rails.map(\.id)).map { "did you mean \($0)?" } ?? "name a rail of the pack"))
      }
    }
    if !problems.isEmpty { throw PackError(problems: problems) }
    try check(pack, places)
    return pack
  }

  private func missingHint(_ change: RailChange, _ pack: GuardPack) -> String {
    nearest(to: change.id, among: pack.rails.map(\.id)).map { "did you mean \($0)?" }
      ?? "give it detector: and action:, or extend a pack that has it"
  }

  /// Compiles each rail alone, for the places of errors.
  private func check(_ pack: GuardPack, _ places: PackPlaces) throws(PackError) {
    var problems: [PackProblem] = []
    var rails = pack.rails
    for override in pack.overrides { for change in override.changes { change.apply(to: &rails) } }
    for rail in pack.rails + rails.filter({ !pack.rails.contains($0) }) {
      do throws(RailError) {
        _ = try GuardProgram(pack: pack.name, rails: [rail], stage: rail.stages.first ?? .input, detectors: detectors)
        try rail.checkAvoidance(detectors)
      } catch {
        problems.append(
          places.problem(rail: rail.id, option: error.option, index: error.index, error.reason, error.hint))
      }
    }
    if !problems.isEmpty { throw PackError(problems: problems) }
  }
}

extension GuardPack {
  fileprivate init(
    name: String, version: String, summary: String, parent: GuardPack?, digest: String, source: PackSource
  ) {
    self.name = name
    self.version = version
    self.summary = summary
    self.digest = digest
    rails = parent?.rails ?? []
    overrides = parent?.overrides ?? []
    examples = []
    places = source.places + (parent?.places ?? [])
    roots = (source.root.map { [$0] } ?? []) + (parent?.roots ?? [])
  }
}

/// What stands once in a pack.
struct PackHead {
  var name = ""
  var version = ""
  var summary = ""
  var extended: (name: String, mark: Mark?)?
}

/// What a file gives to a pack.
struct PackPart {
  var changes: [RailChange] = []
  var overrides: [PackOverride] = []
  var examples: [PackExample] = []
}

/// Where rails and their values stand.
struct PackPlaces {
  private var rails: [String: (file: String, mark: Mark?)] = [:]
  private var values: [String: (file: String, mark: Mark?)] = [:]
  private var examples: [String: (file: String, mark: Mark?)] = [:]

  mutating func note(rail: String, _ file: String, _ mark: Mark?) { rails[rail] = (file, mark) }

  mutating func note(rail: String, option: String, index: Int?, _ file: String, _ mark: Mark?) {
    values["\(rail)\u{0}\(option)\u{0}\(index ?? -1)"] = (file, mark)
  }

  mutating func note(example: String, _ file: String, _ mark: Mark?) { examples[example] = (file, mark) }

  func problem(rail: String, option: String? = nil, index: Int? = nil, _ reason: String, _ hint: String) -> PackProblem
  {
    let place =
      option.flatMap { values["\(rail)\u{0}\($0)\u{0}\(index ?? -1)"] ?? values["\(rail)\u{0}\($0)\u{0}-1"] }
      ?? rails[rail]
    return problem(place, reason, hint)
  }

  func problem(example: String, _ reason: String, _ hint: String) -> PackProblem {
    problem(examples[example], reason, hint)
  }

  private func problem(_ place: (file: String, mark: Mark?)?, _ reason: String, _ hint: String) -> PackProblem {
    PackProblem(
      file: place?.file ?? "pack.yaml", line: max(1, place?.mark?.line ?? 1), column: max(1, place?.mark?.column ?? 1),
      reason: reason,
      hint: hint)
  }
}
