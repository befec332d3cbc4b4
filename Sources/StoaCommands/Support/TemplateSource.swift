import StoaFormats
import StoaHub

/// A chat template with the special tokens that belong to it, wherever both are kept.
///
/// Sources: transformers, `tokenization_utils_base.py` (`get_chat_template`, `special_tokens_map`); the GGUF
/// specification and llama.cpp, `gguf-py/gguf/constants.py` (`Keys.Tokenizer`).
struct TemplateSource {
  /// Where the template lies, for messages.
  let path: String
  /// The source of the template.
  let text: String
  /// The special tokens that the model has, by the names that templates use, such as `bos_token`.
  var tokens: [String: String] = [:]

  /// Finds the template of a file or model; `template` names one of several, and without a name the one for tools is
  /// taken when tools are given, else the one called `default`.
  init(_ argument: String, template: String?, withTools: Bool) throws {
    let choice = Choice(name: template, withTools: withTools)
    if isDirectory(argument), let folder = try Self.folder(argument, choice) {
      self = folder
    } else if exists(argument), !isDirectory(argument), Self.textExtensions.contains(where: argument.hasSuffix) {
      self.init(path: argument, text: try InputText.file(argument))
    } else if exists(argument), !isDirectory(argument), argument.hasSuffix(".json") {
      self = try Self.configuration(argument, choice)
    } else {
      let location = try ModelLibrary().resolve(argument)
      switch location.kind {
      case .gguf: self = try Self.gguf(try GGUFFile(path: location.path), location.path, choice)
      case .safetensors:
        guard let folder = try Self.folder(location.path, choice) else { throw Self.missing(location.path) }
        self = folder
      }
    }
  }

  private init(path: String, text: String, tokens: [String: String] = [:]) {
    self.path = path
    self.text = text
    self.tokens = tokens
  }

  private static let textExtensions = [".jinja", ".jinja2", ".j2", ".tmpl", ".txt"]
  private static let maximumByteCount = 16 << 20

  private static func missing(_ path: String) -> CommandFailure {
    CommandFailure(
      message: "\(path) has no chat template",
      advice: "it is a base model; give the .jinja file of a model that was made from it")
  }

  // MARK: Which of several

  private struct Choice {
    let name: String?
    let withTools: Bool

    /// The template to use; nil when there is none at all.
    func pick(_ templates: [(name: String, text: String)], in path: String) throws(CommandFailure) -> String? {
      func named(_ name: String) -> String? { templates.last { $0.name == name }?.text }
      if let name {
        if let text = named(name) { return text }
        throw CommandFailure(
          message: "\(path) has no chat template named \(quoted(name))",
          advice: templates.isEmpty ? nil : "it has: " + templates.map { quoted($0.name) }.joined(separator: ", "))
      }
      if withTools, let text = named("tool_use") { return text }
      if let text = named("default") ?? (templates.count == 1 ? templates[0].text : nil) { return text }
      guard !templates.isEmpty else { return nil }
      throw CommandFailure(
        message: "\(path) has several chat templates and none is the default",
        advice: "choose one with --template: " + templates.map { quoted($0.name) }.joined(separator: ", "))
    }
  }

  // MARK: Files of Hugging Face

  /// Nil when the folder keeps no template in a form of Hugging Face.
  private static func folder(_ path: String, _ choice: Choice) throws -> TemplateSource? {
    let folder = path.hasSuffix("/") ? path : path + "/"
    var templates: [(name: String, text: String)] = []
    var origin = path
    let configuration = try json(folder + "tokenizer_config.json")
    for name in ["tokenizer_config.json", "chat_template.json"] where templates.isEmpty {
      guard let json = try json(folder + name) else { continue }
      templates = list(json["chat_template"])
      origin = folder + name
    }
    if exists(folder + "chat_template.jinja") {
      templates.removeAll { $0.name == "default" }
      templates.append(("default", try InputText.file(folder + "chat_template.jinja")))
      origin = folder + "chat_template.jinja"
    }
    for name in directoryContents(folder + "additional_chat_templates") where name.hasSuffix(".jinja") {
      templates.append((String(name.dropLast(6)), try InputText.file(folder + "additional_chat_templates/" + name)))
    }
    guard let text = try choice.pick(templates, in: path) else { return nil }
    return TemplateSource(
      path: origin, text: text, tokens: tokens(configuration, try json(folder + "special_tokens_map.json")))
  }

  private static func configuration(_ path: String, _ choice: Choice) throws -> TemplateSource {
    let json = try JSONValue(path: path, maximumByteCount: maximumByteCount)
    guard let text = try choice.pick(list(json["chat_template"]), in: path) else { throw missing(path) }
    return TemplateSource(path: path, text: text, tokens: tokens(json, nil))
  }

  /// Nil when there is no such file.
  private static func json(_ path: String) throws(FormatError) -> JSONValue? {
    exists(path) ? try JSONValue(path: path, maximumByteCount: maximumByteCount) : nil
  }

  /// One template, or a list of named ones.
  private static func list(_ json: JSONValue?) -> [(name: String, text: String)] {
    if let text = json?.stringValue { return [("default", text)] }
    if let object = json?.objectValue { return object.compactMap { key, value in value.stringValue.map { (key, $0) } } }
    return (json?.arrayValue ?? []).compactMap { item in
      guard let name = item["name"]?.stringValue, let text = item["template"]?.stringValue else { return nil }
      return (name, text)
    }
  }

  private static let roles = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"]

  private static func tokens(_ configuration: JSONValue?, _ specialTokens: JSONValue?) -> [String: String] {
    var tokens: [String: String] = [:]
    for role in roles {
      for json in [configuration, specialTokens] {
        guard let value = json?["\(role)_token"], tokens["\(role)_token"] == nil else { continue }
        tokens["\(role)_token"] = value.stringValue ?? value["content"]?.stringValue
      }
    }
    return tokens
  }

  // MARK: GGUF

  private static func gguf(_ file: GGUFFile, _ path: String, _ choice: Choice) throws -> TemplateSource {
    let key = "tokenizer.chat_template"
    var templates: [(name: String, text: String)] = []
    if let text = file.metadata.string(key) { templates.append(("default", text)) }
    for name in file.metadata.keys where name.hasPrefix(key + ".") {
      if let text = file.metadata.string(name) { templates.append((String(name.dropFirst(key.count + 1)), text)) }
    }
    guard let text = try choice.pick(templates, in: path) else { throw missing(path) }
    var tokens: [String: String] = [:]
    let texts = file.metadata.texts("tokenizer.ggml.tokens")
    for (role, name) in zip(roles, ["bos", "eos", "unknown", "seperator", "padding", "cls", "mask"]) {
      guard let texts, let id = file.metadata.int("tokenizer.ggml.\(name)_token_id"), (0..<texts.count).contains(id)
      else { continue }
      tokens["\(role)_token"] = texts[id]
    }
    return TemplateSource(path: path, text: text, tokens: tokens)
  }
}
