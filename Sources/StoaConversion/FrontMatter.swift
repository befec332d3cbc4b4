import Foundation
import StoaFormats

/// The metadata at the head of a model card: `README.md` between two lines `---`.
///
/// Model cards are YAML. What converters need of it is simple: texts and lists of texts at the top level. Anything else
/// is skipped, never an error: a card is no part of the model.
struct FrontMatter: Equatable {
  /// The texts of each key; a single text is a list of one.
  private(set) var values: [String: [String]] = [:]

  private static let maximumByteCount = 1 << 20

  /// Reads a card; empty when there is none, or no metadata in it.
  init(path: String) {
    let file = try? MappedFile(path: path)
    let text = file.map { file in
      unsafe file.withBytes(0..<min(file.count, Self.maximumByteCount)) { unsafe String(decoding: $0, as: UTF8.self) }
    }
    self.init(text: text ?? "")
  }

  /// Reads the text of a card.
  init(text: String) {
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
    guard lines.first == "---" else { return }
    var list: String?
    for line in lines.dropFirst() {
      if line.hasPrefix("---") { break }
      let content = line.drop { $0 == " " || $0 == "\t" }
      if content.isEmpty || content.hasPrefix("#") { continue }
      if content.hasPrefix("- ") {
        // Lists may be indented or not; those of nested keys are not reached, since their key ends `list`.
        if let list, let value = Self.scalar(content.dropFirst(2)) { values[list, default: []].append(value) }
        continue
      }
      list = nil
      guard content.startIndex == line.startIndex, let colon = Self.colon(content) else { continue }
      let key = String(content[..<colon])
      let rest = content[content.index(after: colon)...].drop { $0 == " " }
      if rest.isEmpty {
        list = key
      } else if rest.first == "[", let end = rest.lastIndex(of: "]") {
        let items = rest[rest.index(after: rest.startIndex)..<end].split(separator: ",")
        values[key] = items.compactMap { Self.scalar($0) }
      } else if let value = Self.scalar(rest) {
        values[key] = [value]
      }
    }
  }

  /// The only text of `key`.
  func text(_ key: String) -> String? { values[key]?.count == 1 ? values[key]?.first : nil }

  /// The texts of `key`.
  func list(_ key: String) -> [String] { values[key] ?? [] }

  /// The colon that ends a key: followed by a space or nothing.
  private static func colon(_ text: Substring) -> Substring.Index? {
    guard let index = text.firstIndex(of: ":") else { return nil }
    let next = text.index(after: index)
    return next == text.endIndex || text[next] == " " ? index : nil
  }

  /// A plain or quoted text; nil for what is neither, such as nested objects.
  private static func scalar(_ text: Substring) -> String? {
    var text = text.drop { $0 == " " }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    guard let first = text.first else { return nil }
    if first == "\"" || first == "'" {
      guard let end = text.dropFirst().firstIndex(of: first) else { return nil }
      let rest = text[text.index(after: end)...].drop { $0 == " " }
      return rest.isEmpty || rest.first == "#" ? String(text[text.index(after: text.startIndex)..<end]) : nil
    }
    if "{[|>&*!%@`".contains(first) || text.contains(": ") { return nil }
    // A comment begins with a number sign after a space.
    if let comment = text.range(of: " #") { text = text[..<comment.lowerBound] }
    return ["", "null", "~"].contains(text) ? nil : String(text)
  }
}
