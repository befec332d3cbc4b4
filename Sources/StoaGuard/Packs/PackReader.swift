import Yams

/// Reads one file of a pack.
struct PackReader {
  private(set) var document: PackDocument
  private let isHead: Bool

  init(file: String, isHead: Bool) {
    document = PackDocument(file: file)
    self.isHead = isHead
  }

  mutating func read(_ text: String, head: inout PackHead, places: inout PackPlaces) -> PackPart? {
    guard let root = document.compose(text) else { return nil }
    var part = PackPart()
    let headKeys = ["pack", "version", "summary", "extends"]
    let partKeys = ["rails", "overrides", "examples"]
    let entries = document.entries(
      root, isHead ? "the pack" : "a further file of the pack", allowed: (isHead ? headKeys : []) + partKeys)
    for entry in entries {
      switch entry.key {
      case "pack":
        if let name = document.text(entry.value, "pack", limit: 64),
          checkName(name, entry.value, "the name of the pack")
        {
          head.name = name
        }
      case "version": head.version = document.text(entry.value, "version", limit: 64) ?? ""
      case "summary": head.summary = document.text(entry.value, "summary") ?? ""
      case "extends": head.extended = document.text(entry.value, "extends").map { ($0, entry.value.mark) }
      case "rails":
        var seen: Set<String> = []
        for node in document.list(entry.value, "rails") {
          guard let change = change(node, &places) else { continue }
          if !seen.insert(change.id).inserted {
            document.report(node.mark, "the rail \(change.id) is given twice", "join the two or rename one")
          }
          part.changes.append(change)
        }
      case "overrides":
        for node in document.list(entry.value, "overrides") {
          if let item = override(node, &places) { part.overrides.append(item) }
        }
      default:
        for node in document.list(entry.value, "examples") {
          if let item = example(node, &places) { part.examples.append(item) }
        }
      }
    }
    if isHead, document.problems.isEmpty {
      if head.name.isEmpty { document.report(root.mark, "the pack has no name", "add pack: NAME") }
      if head.version.isEmpty { document.report(root.mark, "the pack has no version", "add version: 1") }
    }
    return part
  }

  private mutating func checkName(_ name: String, _ node: Node, _ what: String) -> Bool {
    let isName =
      !name.isEmpty && name.utf8.count <= 64
      && name.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
      }
    if !isName { document.report(node.mark, "\(what) is no name", "use lower case letters, digits, - _ and .") }
    return isName
  }

  private static let railKeys = [
    "id", "on", "detector", "options", "threshold", "action", "class", "message", "replacement", "decode", "except",
    "avoid", "off",
  ]

  private mutating func change(_ node: Node, _ places: inout PackPlaces) -> RailChange? {
    let entries = document.entries(node, "a rail", allowed: Self.railKeys)
    guard case .mapping = node else { return nil }
    guard let idNode = entries.first(where: { $0.key == "id" })?.value else {
      document.report(node.mark, "the rail has no id", "add id: NAME")
      return nil
    }
    guard let id = document.text(idNode, "id", limit: 64), checkName(id, idNode, "the id") else { return nil }
    places.note(rail: id, document.file, idNode.mark)
    var change = RailChange(id: id)
    for entry in entries {
      let value = entry.value
      switch entry.key {
      case "on": change.stages = stages(value)
      case "detector":
        change.detectors = document.texts(value, "detector")
        note(value, rail: id, option: "detector", &places)
        if change.detectors == [] { document.report(value.mark, "the rail has no detector", "name at least one") }
      case "options":
        var options = DetectorOptions()
        for option in document.entries(value, "options", allowed: nil) {
          options.values[option.key] = document.texts(option.value, option.key)
          places.note(rail: id, option: option.key, index: nil, document.file, option.mark)
          note(option.value, rail: id, option: option.key, &places)
        }
        change.options = options
      case "threshold": change.threshold = document.number(value, "threshold", in: 0...1)
      case "action": change.action = document.choice(value, "the action", GuardAction.self)
      case "class":
        change.hazard = document.text(value, "class", limit: 64)
        if change.hazard == "" { document.report(value.mark, "the class is empty", "write for example LLM02 or S1") }
      case "message": change.message = document.text(value, "message")
      case "replacement": change.replacement = document.text(value, "replacement")
      case "decode": change.decodes = document.flag(value, "decode")
      case "except": change.exceptions = document.texts(value, "except")
      case "avoid":
        change.avoids = document.flag(value, "avoid")
        places.note(rail: id, option: "avoid", index: nil, document.file, value.mark)
      case "off": change.isOff = document.flag(value, "off")
      default: break
      }
    }
    return change
  }

  private func note(_ node: Node, rail: String, option: String, _ places: inout PackPlaces) {
    guard case .sequence(let list) = node else {
      places.note(rail: rail, option: option, index: 0, document.file, node.mark)
      return
    }
    for (index, item) in list.enumerated() {
      places.note(rail: rail, option: option, index: index, document.file, item.mark)
    }
  }

  private mutating func stages(_ node: Node) -> Set<GuardStage>? {
    if node.scalar?.string == "all" { return Set(GuardStage.allCases) }
    var result: Set<GuardStage> = []
    var nodes = [node]
    if case .sequence(let list) = node { nodes = Array(list) }
    for item in nodes { if let stage = document.choice(item, "the stage", GuardStage.self) { result.insert(stage) } }
    if nodes.isEmpty {
      document.report(node.mark, "the rail looks at nothing", "write on: [input, output], or leave it out for all")
    }
    return result.isEmpty ? nil : result
  }

  private mutating func override(_ node: Node, _ places: inout PackPlaces) -> PackOverride? {
    var result = PackOverride(changes: [])
    var hasCondition = false
    for entry in document.entries(node, "an override", allowed: ["when", "rails"]) {
      if entry.key == "when" {
        for condition in document.entries(entry.value, "when", allowed: ["model", "key", "route"]) {
          guard let pattern = document.text(condition.value, condition.key) else { continue }
          hasCondition = true
          switch condition.key {
          case "model": result.model = pattern
          case "key": result.key = pattern
          default: result.route = pattern
          }
        }
      } else {
        for item in document.list(entry.value, "rails") {
          if let change = change(item, &places) { result.changes.append(change) }
        }
      }
    }
    guard case .mapping = node else { return nil }
    if !hasCondition {
      document.report(
        node.mark, "the override has no condition", "add when: {model: \"name*\"}, or change the rails above")
    }
    if result.changes.isEmpty {
      document.report(node.mark, "the override changes nothing", "add rails: with an id and what changes")
    }
    return result
  }

  private mutating func example(_ node: Node, _ places: inout PackPlaces) -> PackExample? {
    let entries = document.entries(node, "an example", allowed: ["text", "on", "expect", "rails", "output"])
    guard case .mapping = node else { return nil }
    var example = PackExample(
      text: "", stage: .input, action: .allow, place: "\(document.file):\(node.mark?.line ?? 1)")
    var missing = ["text", "expect"]
    for entry in entries {
      missing.removeAll { $0 == entry.key }
      switch entry.key {
      case "text": example.text = document.text(entry.value, "text", limit: 65536) ?? ""
      case "on": if let stage = document.choice(entry.value, "the stage", GuardStage.self) { example.stage = stage }
      case "expect":
        if let action = document.choice(entry.value, "the action", GuardAction.self) { example.action = action }
      case "rails": example.rails = document.texts(entry.value, "rails")
      default: example.output = document.text(entry.value, "output", limit: 65536)
      }
    }
    for key in missing { document.report(node.mark, "the example has no \(key)", "add \(key):") }
    places.note(example: example.place, document.file, node.mark)
    return example
  }
}
