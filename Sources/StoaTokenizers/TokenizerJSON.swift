import StoaFormats

/// Reads the components of a `tokenizer.json` of Hugging Face tokenizers; anything unknown is an error with its JSON path.
///
/// The meaning of the components is that of the crate `tokenizers` (normalizers, pre_tokenizers, models/bpe, processors).
struct TokenizerJSON {
  let root: JSONValue

  /// The components before the model, reduced to what the two kinds of BPE need.
  struct Pipeline {
    var normalizer = Normalizer.none
    /// How text is cut into words.
    var steps: [PreTokenizer.Step] = []
    /// Non-nil when the pre-tokeniser or the decoder is byte-level; then, before which step pieces get a space in front.
    var byteLevel: Int??
    var sentencePiece = SentencePieceBPE.Options(spacePrefix: .none)
    var replacesSpaces = false
  }

  // MARK: Vocabulary

  struct Model {
    var tokens: [(text: String, id: Int)] = []
    var rules = PackedByteStrings()
    var unknown: String?
    var fusesUnknown = false
    var hasByteFallback = false
    var ignoresMerges = false
    /// What tokens that end a word are written with, such as `</w>`.
    var wordSuffix = ""
  }

  func model() throws(TokenizerError) -> Model {
    guard let json = root["model"], json.objectValue != nil else { throw .missing(field: "tokenizer.json: model") }
    let type = json["type"]?.stringValue ?? (json["merges"] == nil ? "unknown" : "BPE")
    guard type == "BPE" else { throw unsupported("model.type", type, "BPE") }
    if let text = json["continuing_subword_prefix"]?.stringValue, !text.isEmpty {
      throw unsupported("model.continuing_subword_prefix", text, "none")
    }
    if let dropout = json["dropout"]?.doubleValue, dropout != 0 {
      throw unsupported("model.dropout", "\(dropout)", "none")
    }
    guard let vocabulary = json["vocab"]?.objectValue else { throw .missing(field: "tokenizer.json: model.vocab") }
    guard let merges = json["merges"]?.arrayValue else { throw .missing(field: "tokenizer.json: model.merges") }
    var model = Model()
    model.tokens.reserveCapacity(vocabulary.count)
    for (text, id) in vocabulary {
      guard let id = id.intValue else { throw malformed("model.vocab", "the id of \"\(text)\" is \(id.kindName)") }
      model.tokens.append((text, id))
    }
    for (i, merge) in merges.enumerated() {
      if let text = merge.stringValue?.utf8, let space = text.firstIndex(of: 0x20) {
        model.rules.append(text[..<space])
        model.rules.append(text[text.index(after: space)...])
      } else if let pair = merge.arrayValue, pair.count == 2, let left = pair[0].stringValue,
        let right = pair[1].stringValue
      {
        model.rules.append(left.utf8)
        model.rules.append(right.utf8)
      } else {
        throw malformed("model.merges[\(i)]", "not two texts")
      }
    }
    model.unknown = json["unk_token"]?.stringValue
    model.fusesUnknown = json["fuse_unk"]?.boolValue ?? false
    model.hasByteFallback = json["byte_fallback"]?.boolValue ?? false
    model.wordSuffix = json["end_of_word_suffix"]?.stringValue ?? ""
    model.ignoresMerges = json["ignore_merges"]?.boolValue ?? false
    return model
  }

  func addedTokens() throws(TokenizerError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    for (i, json) in (root["added_tokens"]?.arrayValue ?? []).enumerated() {
      guard let content = json["content"]?.stringValue, let id = json["id"]?.intValue, let id = Int32(exactly: id),
        id >= 0
      else { throw malformed("added_tokens[\(i)]", "no content or no id") }
      func flag(_ name: String) -> Bool { json[name]?.boolValue ?? false }
      tokens.append(
        AddedToken(
          id: id, content: Array(content.utf8), isSpecial: flag("special"), stripsLeft: flag("lstrip"),
          stripsRight: flag("rstrip"), isSingleWord: flag("single_word"), isNormalized: flag("normalized")))
    }
    return tokens
  }

  // MARK: Pipeline

  func pipeline() throws(TokenizerError) -> Pipeline {
    var pipeline = Pipeline()
    for (path, json) in Self.components(root["normalizer"], "normalizer", "normalizers") {
      try read(normalizer: json, path, &pipeline)
    }
    let preTokenizers = Self.components(root["pre_tokenizer"], "pre_tokenizer", "pretokenizers")
    for (path, json) in preTokenizers { try read(preTokenizer: json, path, &pipeline) }
    if pipeline.byteLevel == nil, root["decoder"]?["type"]?.stringValue == "ByteLevel" {
      pipeline.byteLevel = .some(nil)
    }
    if pipeline.byteLevel != nil, pipeline.replacesSpaces {
      throw unsupported("pre_tokenizer", "ByteLevel after Replace", "either alone")
    }
    if pipeline.replacesSpaces, !pipeline.steps.isEmpty {
      throw unsupported("pre_tokenizer", "splits beside Metaspace", "either alone")
    }
    return pipeline
  }

  /// The members of a component that may be a sequence, nested or not, with their paths.
  static func components(
    _ json: JSONValue?, _ path: String, _ members: String
  ) -> [(path: String, json: JSONValue)] {
    guard let json, !json.isNull else { return [] }
    guard json["type"]?.stringValue == "Sequence", let list = json[members]?.arrayValue else { return [(path, json)] }
    return list.enumerated().flatMap { components($1, "\(path).\(members)[\($0)]", members) }
  }

  private func read(
    normalizer json: JSONValue, _ path: String, _ pipeline: inout Pipeline
  ) throws(TokenizerError) {
    switch json["type"]?.stringValue {
    case "Prepend":
      guard json["prepend"]?.stringValue == "▁" else {
        throw unsupported("\(path).prepend", json["prepend"]?.stringValue ?? "none", "▁")
      }
      pipeline.sentencePiece.spacePrefix = .all
    case "Replace":
      if json["pattern"]?["String"]?.stringValue == " ", json["content"]?.stringValue == "▁" {
        pipeline.replacesSpaces = true
      } else {
        pipeline.normalizer.steps += try normalizerSteps(json, path)
      }
    default: pipeline.normalizer.steps += try normalizerSteps(json, path)
    }
  }

  private func read(
    preTokenizer json: JSONValue, _ path: String, _ pipeline: inout Pipeline
  ) throws(TokenizerError) {
    switch json["type"]?.stringValue {
    case "ByteLevel":
      let addsSpace = json["add_prefix_space"]?.boolValue ?? true
      pipeline.byteLevel = .some(addsSpace ? pipeline.steps.count : nil)
      if json["use_regex"]?.boolValue ?? true { pipeline.steps.append(PreTokenizer.Step(pattern: .gpt2)) }
    case "Metaspace":
      let replacement = json["replacement"]?.stringValue ?? "▁"
      guard replacement == "▁" else { throw unsupported("\(path).replacement", replacement, "▁") }
      let scheme =
        json["prepend_scheme"]?.stringValue ?? (json["add_prefix_space"]?.boolValue ?? true ? "always" : "never")
      switch scheme {
      case "always": pipeline.sentencePiece.spacePrefix = .all
      case "first": pipeline.sentencePiece.spacePrefix = .first
      case "never": pipeline.sentencePiece.spacePrefix = .none
      default: throw unsupported("\(path).prepend_scheme", scheme, "always, first, never")
      }
      pipeline.sentencePiece.prefixesOnlyUnspaced = true
      pipeline.sentencePiece.splitsAtEverySpace = json["split"]?.boolValue ?? true
      pipeline.replacesSpaces = true
      pipeline.sentencePiece.escapesBeforeAddedTokens = false
    default: pipeline.steps += try splits(json, path)
    }
  }

  // MARK: Template

  /// The tokens that the post-processor puts before and after a text; nil when it says nothing about them.
  func template() throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32])? {
    for (path, json) in Self.components(root["post_processor"], "post_processor", "processors") {
      switch json["type"]?.stringValue {
      case "ByteLevel": continue
      case "TemplateProcessing": return try template(json, path)
      case "BertProcessing", "RobertaProcessing":
        return ([try processorToken(json, "cls", path)], [try processorToken(json, "sep", path)])
      case let type:
        throw unsupported(
          "\(path).type", type ?? "none",
          "BertProcessing, ByteLevel, RobertaProcessing, Sequence, TemplateProcessing")
      }
    }
    return nil
  }

  /// A token of BertProcessing or RobertaProcessing: its text and its id.
  private func processorToken(_ json: JSONValue, _ name: String, _ path: String) throws(TokenizerError) -> Int32 {
    guard let pair = json[name]?.arrayValue, pair.count == 2, let id = pair[1].intValue.flatMap(Int32.init(exactly:))
    else { throw malformed("\(path).\(name)", "not a text and an id") }
    return id
  }

  private func template(
    _ json: JSONValue, _ path: String
  ) throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32]) {
    var sides: [[Int32]] = [[]]
    for piece in json["single"]?.arrayValue ?? [] {
      if piece["Sequence"] != nil {
        sides.append([])
      } else if let name = piece["SpecialToken"]?["id"]?.stringValue,
        let ids = json["special_tokens"]?[name]?["ids"]?.arrayValue
      {
        sides[sides.count - 1] += ids.compactMap { $0.intValue.flatMap(Int32.init(exactly:)) }
      } else {
        throw malformed("\(path).single", "neither a sequence nor a token in special_tokens")
      }
    }
    guard sides.count == 2 else { throw malformed("\(path).single", "not one sequence") }
    return (sides[0], sides[1])
  }

  // MARK: Errors

  func unsupported(_ path: String, _ value: String, _ supported: String) -> TokenizerError {
    .unsupported(field: "tokenizer.json: \(path)", value: value, supported: supported)
  }

  func malformed(_ path: String, _ reason: String) -> TokenizerError {
    .malformed(field: "tokenizer.json: \(path)", reason: reason)
  }
}
