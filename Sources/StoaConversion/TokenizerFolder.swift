import StoaFormats

/// The files of a tokenizer beside a model.
struct TokenizerFolder {
  let directory: String
  /// `tokenizer.json` of Hugging Face tokenizers.
  let json: JSONValue?
  /// `tokenizer_config.json`.
  let configuration: JSONValue?
  private let specialTokens: JSONValue?
  private let generation: JSONValue?

  init(directory: String) throws(ConversionError) {
    let folder = directory.hasSuffix("/") ? directory : directory + "/"
    self.directory = folder
    func read(_ name: String, _ limit: Int = 16 << 20) throws(ConversionError) -> JSONValue? {
      guard exists(folder + name) else { return nil }
      return try converting { () throws(FormatError) in try JSONValue(path: folder + name, maximumByteCount: limit) }
    }
    json = try read("tokenizer.json", 256 << 20)
    configuration = try read("tokenizer_config.json")
    specialTokens = try read("special_tokens_map.json")
    generation = try read("generation_config.json")
  }

  func path(_ name: String) -> String { directory + name }

  func has(_ name: String) -> Bool { exists(directory + name) }

  /// The text of a small file; nil when there is none.
  func text(_ name: String) throws(ConversionError) -> String? {
    guard has(name) else { return nil }
    let file = try converting { () throws(FormatError) in try MappedFile(path: path(name)) }
    guard file.count <= 64 << 20 else {
      throw .refused(path: path(name), problem: "\(grouped(file.count)) bytes are too many for this file")
    }
    return unsafe file.withBytes(0..<file.count) { unsafe String(decoding: $0, as: UTF8.self) }
  }

  /// The text of the token with a role such as `bos`.
  func specialText(_ role: String) -> String? {
    for json in [configuration, specialTokens] {
      guard let value = json?["\(role)_token"] else { continue }
      if let text = value.stringValue ?? value["content"]?.stringValue { return text }
    }
    return nil
  }

  /// The ids of the tokens with a role, as the configurations give them.
  func specialIDs(_ role: String, _ configuration: HuggingFaceConfiguration) -> [Int] {
    var ids: [Int] = []
    for json in [generation, configuration.raw] {
      let value = json?["\(role)_token_id"]
      for id in (value?.arrayValue ?? [value].compactMap { $0 }).compactMap(\.intValue) where !ids.contains(id) {
        ids.append(id)
      }
    }
    return ids
  }

  /// The model's templates for conversations; the unnamed one is called `default`.
  func chatTemplates() throws(ConversionError) -> [(name: String, template: String)] {
    if let text = try text("chat_template.jinja") { return [("default", text)] }
    var value = configuration?["chat_template"]
    if value == nil || value?.isNull == true, has("chat_template.json") {
      let file = try converting { () throws(FormatError) in
        try JSONValue(path: path("chat_template.json"), maximumByteCount: 16 << 20)
      }
      value = file["chat_template"]
    }
    if let text = value?.stringValue { return [("default", text)] }
    return (value?.arrayValue ?? []).compactMap { item in
      guard let name = item["name"]?.stringValue, let text = item["template"]?.stringValue else { return nil }
      return (name, text)
    }
  }
}
