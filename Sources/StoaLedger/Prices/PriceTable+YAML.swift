import Foundation
import Yams

extension PriceTable {
  private static let largestFile = 1 << 20

  /// Reads a price table from a YAML file.
  package init(path: String) throws(PriceTableError) {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      let problem = (error as NSError).localizedFailureReason ?? (error as NSError).localizedDescription
      throw PriceTableError(path: path, problem: "cannot be read: \(problem)")
    }
    guard data.count <= Self.largestFile else {
      throw PriceTableError(path: path, problem: "is larger than a megabyte: not a price table")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw PriceTableError(path: path, problem: "is not UTF-8 text")
    }
    try self.init(yaml: text, path: path)
  }

  /// Reads a price table from YAML; `path` names it in errors.
  package init(yaml: String, path: String) throws(PriceTableError) {
    self = try PriceTableReader(path: path).read(yaml)
  }
}

/// Reads the nodes of the file; every error says the line and the key.
private struct PriceTableReader {
  let path: String

  func read(_ yaml: String) throws(PriceTableError) -> PriceTable {
    var table = PriceTable.none
    guard let root = try compose(yaml) else { return table }
    let entries = try entries(root, "the price table", allowed: ["currency", "machine", "models", "compare"])
    for (key, value) in entries {
      switch key {
      case "currency": table.currency = try currency(value)
      case "machine":
        for (_, value) in try self.entries(value, "machine", allowed: ["per_hour"], required: ["per_hour"]) {
          table.machinePerHour = try amount(value, "machine.per_hour")
        }
      case "models":
        for (name, value) in try self.entries(value, "models", allowed: nil) {
          table.models[name] = try prices(entries: try tokenEntries(value, "models.\(name)", []), "models.\(name)")
        }
      default: table.compared = try compared(value)
      }
    }
    let hasPrices = table.machinePerHour != nil || !table.models.isEmpty || !table.compared.isEmpty
    if hasPrices, table.currency == nil {
      throw failure(root, "currency is missing", "name the currency of the prices: currency: EUR")
    }
    return table
  }

  private func compose(_ yaml: String) throws(PriceTableError) -> Node? {
    // Aliases of aliases can stand for more than any machine could compare; a price table needs few.
    guard Self.aliases(in: yaml) <= 16 else {
      throw PriceTableError(path: path, problem: "has more than 16 aliases (*)", advice: "write the values out")
    }
    do {
      return try Yams.compose(yaml: yaml, .default, .default, .utf8)
    } catch {
      switch error as? YamlError {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        throw PriceTableError(path: path, line: mark.line, problem: "is not YAML: \(problem)")
      case .duplicatedKeysInMapping(let keys, let context):
        let names = keys.map { "\($0)" }.sorted().joined(separator: ", ")
        throw PriceTableError(path: path, line: context.mark.line, problem: "\(names) is given twice")
      default: throw PriceTableError(path: path, problem: "is not YAML")
      }
    }
  }

  /// Asterisks where an alias may begin; those in texts and remarks count too.
  private static func aliases(in yaml: String) -> Int {
    let before = Set(" \t\r\n[{,:-?".utf8)
    return zip([0x0A] + Array(yaml.utf8), yaml.utf8).count { before.contains($0) && $1 == UInt8(ascii: "*") }
  }

  private func currency(_ node: Node) throws(PriceTableError) -> String {
    let text = node.scalar?.string ?? ""
    guard text.utf8.count == 3, text.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
      throw failure(node, "currency is no currency", "use the three letters of ISO 4217: EUR, USD, …")
    }
    return text
  }

  private func compared(_ node: Node) throws(PriceTableError) -> [PriceTable.NamedPrices] {
    guard case .sequence(let list) = node else {
      throw failure(node, "compare is not a list", "write - {name: …, input: …, output: …} for each")
    }
    var compared: [PriceTable.NamedPrices] = []
    for (index, item) in list.enumerated() {
      let place = "compare[\(index)]"
      let entries = try tokenEntries(item, place, ["name"])
      guard let value = entries.first(where: { $0.key == "name" })?.value, let name = value.scalar?.string,
        !name.isEmpty
      else { throw failure(item, "\(place).name is not a text") }
      if compared.contains(where: { $0.name == name }) { throw failure(value, "\(place).name: \(name) is given twice") }
      compared.append(PriceTable.NamedPrices(name: name, prices: try prices(entries: entries, place)))
    }
    return compared
  }

  private typealias Entry = (key: String, value: Node)

  private func tokenEntries(_ node: Node, _ place: String, _ more: [String]) throws(PriceTableError) -> [Entry] {
    let required = more + ["input", "output"]
    return try entries(node, place, allowed: required + ["cached_input"], required: required)
  }

  private func prices(entries: [Entry], _ place: String) throws(PriceTableError) -> PriceTable.TokenPrices {
    var amounts: [String: Money] = [:]
    for (key, value) in entries where key != "name" { amounts[key] = try amount(value, "\(place).\(key)") }
    return PriceTable.TokenPrices(
      input: amounts["input"] ?? .zero, cachedInput: amounts["cached_input"], output: amounts["output"] ?? .zero)
  }

  /// The pairs of a mapping, with no others than those allowed.
  private func entries(
    _ node: Node, _ place: String, allowed: [String]?, required: [String] = []
  ) throws(PriceTableError) -> [Entry] {
    guard case .mapping(let mapping) = node else { throw failure(node, "\(place) is not a mapping of keys to values") }
    var entries: [Entry] = []
    for (key, value) in mapping {
      guard let name = key.scalar?.string else { throw failure(key, "\(place) has a key that is no text") }
      if let allowed, !allowed.contains(name) {
        throw failure(key, "\(place) has no key \(name)", "it may have \(allowed.joined(separator: ", "))")
      }
      entries.append((name, value))
    }
    for name in required where !entries.contains(where: { $0.key == name }) {
      throw failure(node, "\(place).\(name) is missing")
    }
    return entries
  }

  private func amount(_ node: Node, _ place: String) throws(PriceTableError) -> Money {
    guard case .scalar(let scalar) = node, scalar.style == .plain else {
      throw failure(node, "\(place) is not a number")
    }
    if scalar.string.hasPrefix("-") { throw failure(node, "\(place) is negative") }
    guard let amount = Money(scalar.string) else {
      throw failure(
        node, "\(place) is not a price: \(scalar.string.prefix(40))",
        "write a decimal number like 0.35, at most six decimals")
    }
    let largest = Money(micros: 1_000_000_000_000)
    guard amount <= largest else { throw failure(node, "\(place) is more than a million") }
    return amount
  }

  private func failure(_ node: Node, _ problem: String, _ advice: String? = nil) -> PriceTableError {
    PriceTableError(path: path, line: node.mark?.line, problem: problem, advice: advice)
  }
}
