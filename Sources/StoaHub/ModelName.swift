/// The rules for names in the library: what can be a plain file name everywhere, and never a path or an option.
public enum ModelName {
  /// The longest name in UTF-8 bytes; file systems take 255, and parts of split models add a suffix.
  static let byteLimit = 200

  /// Refuses what could escape the library, hide in a listing, or look like an option.
  public static func check(_ name: String) throws(HubError) {
    func refuse(_ problem: String) -> HubError { .invalidName(name: name, problem: problem) }
    if name.isEmpty { throw refuse("it is empty") }
    if name == "primer" || name == "primer.gguf" { throw .primerIsFixed }
    if name.utf8.count > byteLimit { throw refuse("it is longer than \(byteLimit) bytes") }
    if name.hasPrefix(".") || name.hasPrefix("-") { throw refuse("it starts with '.' or '-'") }
    // `NAME.origin.json` is where the origin of NAME is kept.
    if name.hasSuffix(".origin.json") { throw refuse("it ends in '.origin.json'") }
    if name.contains("..") { throw refuse("it contains '..'") }
    if name.unicodeScalars.contains(where: { $0 == "/" || $0 == "\\" }) { throw refuse("it contains a path separator") }
    if name.first?.isWhitespace == true || name.last?.isWhitespace == true {
      throw refuse("it starts or ends with a space")
    }
    let hidden = name.unicodeScalars.contains { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
      default: false
      }
    }
    if hidden { throw refuse("it contains control characters or invisible ones") }
  }

  /// The name without `.gguf`.
  static func withoutExtension(_ name: String) -> String {
    name.lowercased().hasSuffix(".gguf") ? String(name.dropLast(5)) : name
  }

  /// The names among `candidates` that someone who typed `text` may have meant, best first.
  static func suggestions(for text: String, among candidates: [String]) -> [String] {
    let wanted = withoutExtension(text).lowercased()
    guard !wanted.isEmpty, wanted.count <= byteLimit else { return [] }
    let scored = candidates.compactMap { candidate -> (name: String, score: Int)? in
      let name = candidate.lowercased()
      if name.contains(wanted) || wanted.contains(name) { return (candidate, 0) }
      let distance = editDistance(wanted, name)
      return distance <= max(2, wanted.count / 3) ? (candidate, distance) : nil
    }
    return scored.sorted { ($0.score, $0.name) < ($1.score, $1.name) }.prefix(3).map(\.name)
  }
}

/// The name of one part of a split GGUF: `<base>-00001-of-00003.gguf`, as llama.cpp's gguf-split writes it.
struct SplitName: Equatable {
  let base: String
  let index: Int
  let count: Int

  init?(_ fileName: String) {
    guard fileName.hasSuffix(".gguf") else { return nil }
    let stem = fileName.dropLast(5)
    // -ddddd-of-ddddd
    let suffix = stem.suffix(15)
    guard suffix.count == 15, stem.count > 15, suffix.hasPrefix("-"), suffix.dropFirst(6).hasPrefix("-of-"),
      suffix.utf8.count == 15
    else { return nil }
    guard let index = Self.number(suffix.dropFirst().prefix(5)), let count = Self.number(suffix.suffix(5)),
      index >= 1, index <= count
    else { return nil }
    base = String(stem.dropLast(15))
    self.index = index
    self.count = count
  }

  /// The file name of part `index` of a split model named `base`.
  static func fileName(base: String, index: Int, count: Int) -> String {
    "\(base)-\(padded(index))-of-\(padded(count)).gguf"
  }

  private static func number(_ digits: Substring) -> Int? {
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    return Int(digits)
  }

  private static func padded(_ value: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}
