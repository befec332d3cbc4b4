import Configuration
import Foundation
import Yams

/// The configuration file of `stoa serve`: a YAML mapping of settings, each of its own type.
struct ServeFile {
  let path: String
  private(set) var values: [ServeKey: ConfigContent] = [:]
  /// Where the settings stand, counted from 1.
  private(set) var lines: [ServeKey: Int] = [:]

  private static let largestFile = 1 << 20
  /// Aliases of aliases can stand for more than any machine could compare; settings need few.
  private static let mostAliases = 16

  init(path: String) throws(CommandFailure) {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      let problem = (error as NSError).localizedFailureReason ?? (error as NSError).localizedDescription
      throw .usage("\(path) cannot be read: \(problem)", advice: "check the path after --config or in STOA_CONFIG")
    }
    guard data.count <= Self.largestFile, let text = String(data: data, encoding: .utf8) else {
      throw .usage("\(path) is not a configuration file: it is not UTF-8 text of at most a megabyte")
    }
    try self.init(yaml: text, path: path)
  }

  /// Reads YAML; `path` names it in errors.
  init(yaml: String, path: String) throws(CommandFailure) {
    self.path = path
    guard let root = try compose(yaml), root.null == nil else { return }
    guard case .mapping(let mapping) = root else {
      throw failure(root, "the file is not a mapping of settings", "write a line such as port: 8080 for each")
    }
    for (node, value) in mapping {
      let name = node.scalar?.string ?? ""
      guard let key = ServeKey(rawValue: name) else { throw unknown(name, node) }
      guard let content = Self.content(value, of: key) else {
        throw failure(node, "\(key.rawValue) must be \(key.expectation)", Self.advice(value, of: key))
      }
      values[key] = content
      lines[key] = node.mark?.line
    }
  }

  private func compose(_ yaml: String) throws(CommandFailure) -> Node? {
    guard Self.aliases(in: yaml) <= Self.mostAliases else {
      throw .usage("\(path) has more than \(Self.mostAliases) aliases (*)", advice: "write the values out")
    }
    do {
      return try Yams.compose(yaml: yaml, .default, .default, .utf8)
    } catch {
      switch error as? YamlError {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        throw .usage("\(path):\(mark.line): this is not YAML: \(problem)")
      case .duplicatedKeysInMapping(let keys, let context):
        let names = keys.map { "\($0)" }.sorted().joined(separator: ", ")
        throw .usage("\(path):\(context.mark.line): \(names) is given twice", advice: "leave one of them")
      default: throw .usage("\(path) is not YAML")
      }
    }
  }

  /// Asterisks where an alias may begin; those in texts and remarks count too.
  private static func aliases(in yaml: String) -> Int {
    let before = Set(" \t\r\n[{,:-?".utf8)
    return zip([0x0A] + Array(yaml.utf8), yaml.utf8).count { before.contains($0) && $1 == UInt8(ascii: "*") }
  }

  /// The value of a node in the type of its key; nil if it has another.
  private static func content(_ node: Node, of key: ServeKey) -> ConfigContent? {
    switch key.kind {
    case .text, .word: text(node).map { .string($0) }
    case .whole: plain(node).flatMap { Int($0) }.map { .int($0) }
    case .seconds: plain(node).flatMap { Double($0) }.map { .double($0) }
    case .yesOrNo: plain(node).flatMap { Bool($0) }.map { .bool($0) }
    case .origins: texts(node).map { .stringArray($0) }
    case .models, .upstreams, .secrets: pairs(node).map { .stringArray($0) }
    }
  }

  private static func text(_ node: Node) -> String? {
    guard case .scalar(let scalar) = node, node.null == nil || scalar.style != .plain else { return nil }
    return scalar.string
  }

  private static func plain(_ node: Node) -> String? {
    guard case .scalar(let scalar) = node, scalar.style == .plain else { return nil }
    return scalar.string
  }

  private static func texts(_ node: Node) -> [String]? {
    guard case .sequence(let list) = node else { return text(node).map { [$0] } }
    let texts = list.compactMap(text)
    return texts.count == list.count ? texts : nil
  }

  private static func pairs(_ node: Node) -> [String]? {
    guard case .mapping(let mapping) = node else { return nil }
    let pairs = mapping.compactMap { name, value -> String? in
      guard let name = text(name), let value = text(value), !name.contains("=") else { return nil }
      return "\(name)=\(value)"
    }
    return pairs.count == mapping.count ? pairs : nil
  }

  private static func advice(_ node: Node, of key: ServeKey) -> String? {
    switch key.kind {
    case .models: "write models: and below it a line such as   llama: /srv/models/llama.gguf   for each"
    case .upstreams: "write upstreams: and below it a line such as   llama: http://127.0.0.1:8000/v1   for each"
    case .secrets: "write upstream_keys: and below it a line such as   llama: $LLAMA_KEY   for each"
    case .origins: "write cors: [https://chat.example.com]"
    default: node.scalar.map { "it is \($0.string.prefix(100))" }
    }
  }

  private func unknown(_ name: String, _ node: Node) -> CommandFailure {
    if let meant = ServeKey(rawValue: name.lowercased().replacing("-", with: "_")) {
      return failure(node, "there is no setting \(name)", "write \(meant.rawValue)")
    }
    let all = ServeKey.allCases.map(\.rawValue).joined(separator: ", ")
    return failure(node, "there is no setting \(name.prefix(100))", "there are \(all)")
  }

  private func failure(_ node: Node, _ problem: String, _ advice: String?) -> CommandFailure {
    .usage("\(path):\(node.mark.map { "\($0.line):" } ?? "") \(problem)", advice: advice)
  }
}
