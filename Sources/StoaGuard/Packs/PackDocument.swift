import Yams

/// One YAML file of a pack, with helpers whose errors name the place.
struct PackDocument {
  let file: String
  /// How a file begins, for those that are empty.
  let start: String
  private(set) var problems: [PackProblem] = []

  /// More than any pack needs; aliases of aliases could stand for more than memory holds.
  private static let mostAliases = 64

  init(file: String, start: String = "begin with pack: NAME and version: 1") {
    self.file = file
    self.start = start
  }

  mutating func compose(_ text: String) -> Node? {
    let before = Set(" \t\r\n[{,:-?".utf8)
    guard
      zip([0x0A] + Array(text.utf8), text.utf8).count(where: { before.contains($0) && $1 == UInt8(ascii: "*") })
        <= Self.mostAliases
    else {
      report(
        nil, "the file has more than \(Self.mostAliases) aliases (*)",
        "write the values out, in quotation marks if they begin with *")
      return nil
    }
    do {
      guard let node = try Yams.compose(yaml: text, .default, .default, .utf8) else {
        report(nil, "the file is empty", start)
        return nil
      }
      return node
    } catch {
      switch error as? YamlError {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        report(mark, "this is not YAML: \(problem)", "check indentation, quotation marks and colons")
      case .duplicatedKeysInMapping(let keys, let context):
        let names = keys.map { "\($0)" }.sorted().joined(separator: ", ")
        report(context.mark, "\(names) is given twice", "keep one of them")
      case .reader(let problem, let offset, _, _):
        let line = text.utf8.prefix(offset ?? 0).count { $0 == 0x0A } + 1
        report(line: line, column: 1, "this is not YAML: \(problem)", "remove characters that are not text")
      default: report(nil, "this is not YAML", "check indentation, quotation marks and colons")
      }
      return nil
    }
  }

  mutating func report(_ mark: Mark?, _ reason: String, _ hint: String) {
    report(line: mark?.line ?? 1, column: mark?.column ?? 1, reason, hint)
  }

  private mutating func report(line: Int, column: Int, _ reason: String, _ hint: String) {
    problems.append(PackProblem(file: file, line: max(1, line), column: max(1, column), reason: reason, hint: hint))
  }

  /// The pairs of a mapping, with no keys but those allowed.
  mutating func entries(_ node: Node, _ what: String, allowed: [String]?) -> [(key: String, mark: Mark?, value: Node)] {
    guard case .mapping(let mapping) = node else {
      report(node.mark, "\(what) is not a mapping", "write key: value lines")
      return []
    }
    var result: [(key: String, mark: Mark?, value: Node)] = []
    for (key, value) in mapping {
      guard let name = key.scalar?.string else {
        report(key.mark, "\(what) has a key that is not a text", "write a plain word before the colon")
        continue
      }
      if let allowed, !allowed.contains(name) {
        let near = nearest(to: name, among: allowed)
        report(
          key.mark, "\(what) has no key \(name)",
          near.map { "did you mean \($0)?" } ?? "it may have \(allowed.joined(separator: ", "))")
        continue
      }
      result.append((name, key.mark, value))
    }
    return result
  }

  mutating func list(_ node: Node, _ what: String) -> [Node] {
    if case .sequence(let list) = node { return Array(list) }
    report(node.mark, "\(what) is not a list", "write one - item a line")
    return []
  }

  mutating func text(_ node: Node, _ what: String, limit: Int = 4096) -> String? {
    guard let text = node.scalar?.string, !isNull(node) else {
      report(node.mark, "\(what) is not a text", "write a text, in quotation marks if it has special characters")
      return nil
    }
    guard text.utf8.count <= limit else {
      report(node.mark, "\(what) has more than \(limit) bytes", "shorten it")
      return nil
    }
    return text
  }

  private func isNull(_ node: Node) -> Bool {
    guard case .scalar(let scalar) = node else { return false }
    return scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
  }

  /// One text or a list of them.
  mutating func texts(_ node: Node, _ what: String) -> [String]? {
    guard case .sequence(let list) = node else { return text(node, what).map { [$0] } }
    var result: [String] = []
    for item in list {
      guard let text = text(item, "an item of \(what)") else { return nil }
      result.append(text)
    }
    return result
  }

  mutating func number(_ node: Node, _ what: String, in range: ClosedRange<Double>) -> Double? {
    guard let value = node.scalar?.string.trimmedNumber, range.contains(value) else {
      report(
        node.mark, "\(what) is no number from \(range.lowerBound) to \(range.upperBound)",
        "write for example \(range.contains(0.5) ? 0.5 : range.lowerBound)")
      return nil
    }
    return value
  }

  mutating func flag(_ node: Node, _ what: String) -> Bool? {
    switch node.scalar?.string {
    case "true", "yes", "on": return true
    case "false", "no", "off": return false
    default:
      report(node.mark, "\(what) is neither true nor false", "write true or false")
      return nil
    }
  }

  mutating func choice<Value: RawRepresentable & CaseIterable>(_ node: Node, _ what: String, _: Value.Type) -> Value?
  where Value.RawValue == String {
    let names = Value.allCases.map(\.rawValue)
    guard let name = node.scalar?.string, let value = Value(rawValue: name) else {
      let near = node.scalar.flatMap { nearest(to: $0.string, among: names) }
      report(
        node.mark, "\(what) is not one that exists" + (node.scalar.map { ": \($0.string.prefix(40))" } ?? ""),
        near.map { "did you mean \($0)?" } ?? "write one of \(names.joined(separator: ", "))")
      return nil
    }
    return value
  }
}

extension String {
  fileprivate var trimmedNumber: Double? { Double(self).flatMap { $0.isFinite ? $0 : nil } }
}
