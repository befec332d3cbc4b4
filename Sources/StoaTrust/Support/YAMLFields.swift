package import Foundation
import StoaFormats
import Yams

/// Reads the members of a YAML mapping; every error says the file, the line and column, and what to do.
package struct YAMLFields {
  /// A member: its key, where that stands, and its value.
  private struct Member {
    let key: String
    let keyNode: Node
    let value: Node
  }

  private let file: String
  private let node: Node
  private let members: [Member]
  /// What the mapping is, for messages.
  private let place: String

  /// Files of settings are smaller than this.
  private static let largestFile = 1 << 20
  /// Aliases of aliases can stand for more than any machine could hold; settings need few.
  private static let mostAliases = 16

  /// Reads a file's text. An empty one is an empty mapping.
  package init(parsing bytes: [UInt8], file: String, place: String, keys: [String]) throws(TrustError) {
    guard bytes.count <= Self.largestFile, let text = String(validating: bytes, as: UTF8.self) else {
      throw .malformed(source: file, problem: "this is not UTF-8 text of at most a megabyte")
    }
    guard Self.aliases(in: bytes) <= Self.mostAliases else {
      throw .malformed(
        source: file, problem: "the file has more than \(Self.mostAliases) aliases (*)", advice: "write the values out")
    }
    let root = try Self.compose(text, file: file)
    try self.init(root ?? Node.mapping(Node.Mapping([])), file: file, place: place, keys: keys)
  }

  private init(_ node: Node, file: String, place: String, keys: [String]) throws(TrustError) {
    self.file = file
    self.node = node
    self.place = place
    guard case .mapping(let mapping) = node else {
      throw Self.failure(file, node, "\(place) is not a mapping of keys to values", nil)
    }
    var members: [Member] = []
    for (key, value) in mapping {
      guard let name = key.scalar?.string else {
        throw Self.failure(file, key, "\(place) has a key that is no text", nil)
      }
      guard keys.contains(name) else {
        let nearest = Self.nearest(name, in: keys).map { "did you mean \($0)? " } ?? ""
        throw Self.failure(
          file, key, "\(place) has no key \(quoted(name))", nearest + "it may have \(keys.joined(separator: ", "))")
      }
      members.append(Member(key: name, keyNode: key, value: value))
    }
    self.members = members
  }

  private static func compose(_ text: String, file: String) throws(TrustError) -> Node? {
    do {
      return try Yams.compose(yaml: text, .default, .default, .utf8)
    } catch {
      switch error as? YamlError {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        throw .malformed(source: "\(file):\(mark.line):\(mark.column)", problem: "this is not YAML: \(problem)")
      case .duplicatedKeysInMapping(let keys, let context):
        let names = keys.map { "\($0)" }.sorted().joined(separator: ", ")
        throw .malformed(
          source: "\(file):\(context.mark.line):\(context.mark.column)", problem: "\(names) is given twice",
          advice: "leave one of them")
      default: throw .malformed(source: file, problem: "this is not YAML")
      }
    }
  }

  /// Asterisks where an alias may begin; those in texts and remarks count too.
  private static func aliases(in text: [UInt8]) -> Int {
    let before = Set(" \t\r\n[{,:-?".utf8)
    return zip([0x0A] + text, text).count { before.contains($0) && $1 == UInt8(ascii: "*") }
  }

  // MARK: Members

  private func member(_ key: String) -> Member? { members.first { $0.key == key } }

  /// Whether the key is there.
  package func has(_ key: String) -> Bool { member(key) != nil }

  /// An error about the mapping.
  package func failure(_ problem: String, _ advice: String? = nil) -> TrustError {
    Self.failure(file, node, "\(place) \(problem)", advice)
  }

  /// An error about the value of a key.
  package func failure(at key: String, _ problem: String, _ advice: String? = nil) -> TrustError {
    Self.failure(file, member(key)?.value ?? node, "\(place).\(key) \(problem)", advice)
  }

  private static func failure(_ file: String, _ node: Node, _ problem: String, _ advice: String?) -> TrustError {
    let mark = node.mark.map { ":\($0.line):\($0.column)" } ?? ""
    return .malformed(source: file + mark, problem: problem, advice: advice)
  }

  /// That a key which must be there is missing.
  package func missing(_ key: String) -> TrustError { failure("has no key \(key)", "add \(key):") }

  package func optionalText(_ key: String) throws(TrustError) -> String? {
    guard let member = member(key) else { return nil }
    guard case .scalar(let scalar) = member.value, !scalar.string.isEmpty,
      scalar.style != .plain || member.value.null == nil
    else { throw failure(at: key, "is not a text") }
    return scalar.string
  }

  package func text(_ key: String) throws(TrustError) -> String {
    guard let text = try optionalText(key) else { throw missing(key) }
    return text
  }

  /// A whole number from a range.
  package func optionalInteger(_ key: String, in range: ClosedRange<Int>) throws(TrustError) -> Int? {
    guard let text = try optionalText(key) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw failure(
        at: key, "is \(quoted(text))", "write a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  package func optionalNumber(_ key: String) throws(TrustError) -> Double? {
    guard let text = try optionalText(key) else { return nil }
    guard let number = Double(text), number.isFinite else { throw failure(at: key, "is \(quoted(text)), not a number") }
    return number
  }

  package func optionalBool(_ key: String) throws(TrustError) -> Bool? {
    guard let text = try optionalText(key) else { return nil }
    guard let value = Bool(text) else { throw failure(at: key, "is \(quoted(text))", "write true or false") }
    return value
  }

  /// One of a few words.
  package func optionalChoice<T>(
    _ key: String, _ words: [String], _ value: (String) -> T?
  ) throws(TrustError) -> T? {
    guard let text = try optionalText(key) else { return nil }
    guard words.contains(text), let value = value(text) else {
      let nearest = Self.nearest(text, in: words).map { "did you mean \($0)? " } ?? ""
      throw failure(at: key, "is \(quoted(text))", nearest + "write one of \(words.joined(separator: ", "))")
    }
    return value
  }

  /// A day, or a moment of RFC 3339; a day means its end in UTC when `atEnd`, otherwise its beginning.
  package func date(_ key: String, atEnd: Bool) throws(TrustError) -> Date {
    let text = try text(key)
    if let moment = try? Date(text, strategy: .iso8601) { return moment }
    if text.utf8.count == 10, let day = try? Date(text + "T00:00:00Z", strategy: .iso8601) {
      return atEnd ? day + 86_400 : day
    }
    throw failure(at: key, "is \(quoted(text)), not a date", "write a day such as 2027-01-31")
  }

  /// The texts of a list; none when the key is absent.
  package func texts(_ key: String) throws(TrustError) -> [String] {
    guard let member = member(key) else { return [] }
    guard case .sequence(let list) = member.value else { throw failure(at: key, "is not a list", "write [a, b]") }
    var texts: [String] = []
    for item in list {
      guard case .scalar(let scalar) = item, !scalar.string.isEmpty else {
        throw Self.failure(file, item, "\(place).\(key) has an entry that is not a text", nil)
      }
      texts.append(scalar.string)
    }
    return texts
  }

  /// The mapping below a key.
  package func optionalFields(_ key: String, keys: [String]) throws(TrustError) -> YAMLFields? {
    guard let member = member(key) else { return nil }
    return try YAMLFields(member.value, file: file, place: "\(place).\(key)", keys: keys)
  }

  /// The mappings of a list; none when the key is absent.
  package func list(_ key: String, keys: [String]) throws(TrustError) -> [YAMLFields] {
    guard let member = member(key) else { return [] }
    guard case .sequence(let list) = member.value else {
      throw failure(at: key, "is not a list", "begin each entry with a dash")
    }
    var entries: [YAMLFields] = []
    for (index, item) in list.enumerated() {
      entries.append(try YAMLFields(item, file: file, place: "\(place).\(key)[\(index)]", keys: keys))
    }
    return entries
  }

  // MARK: Names

  /// The name that was meant, if one is near: at most a third of its letters differ.
  package static func nearest(_ name: String, in names: [String]) -> String? {
    let distances = names.map { (name: $0, distance: distance(Array(name.lowercased().utf8), Array($0.utf8))) }
    guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, best.name.utf8.count / 3) ? best.name : nil
  }

  /// Letters to change, add or leave out (Levenshtein); names of any length that is not a name's are far.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    guard left.count <= 64, right.count <= 64 else { return .max }
    var row = Array(0...right.count)
    for (i, letter) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in right.enumerated() {
        let changed = diagonal + (letter == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(changed, row[j + 1] + 1, row[j] + 1)
      }
    }
    return row[right.count]
  }
}
