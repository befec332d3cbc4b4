import Foundation
import StoaFormats

/// The components of a `tokenizer.json` around models that are given one word at a time.
extension TokenizerJSON {
  struct WordModel {
    enum Kind {
      /// The score of each token, and the worst of them.
      case unigram(scores: [Double], worst: Double)
      case wordPiece(continuation: String, longestWord: Int)
      case wordLevel

      var name: String {
        switch self {
        case .unigram: "Unigram"
        case .wordPiece: "WordPiece"
        case .wordLevel: "WordLevel"
        }
      }
    }

    var model: Model
    var kind: Kind
  }

  /// Whether the model is Unigram, WordPiece or WordLevel.
  var isWordModel: Bool { ["Unigram", "WordPiece", "WordLevel"].contains(modelType) }

  /// The type of the model; in old files it follows from its members.
  private var modelType: String {
    let model = root["model"]
    if let type = model?["type"]?.stringValue { return type }
    if model?["merges"] != nil { return "BPE" }
    if model?["unk_id"] != nil { return "Unigram" }
    return model?["continuing_subword_prefix"] != nil ? "WordPiece" : "unknown"
  }

  func wordModel() throws(TokenizerError) -> WordModel {
    guard let json = root["model"] else { throw .missing(field: "tokenizer.json: model") }
    if modelType == "Unigram" { return try unigram(json) }
    guard let vocabulary = json["vocab"]?.objectValue else { throw .missing(field: "tokenizer.json: model.vocab") }
    var model = Model()
    for (text, id) in vocabulary {
      guard let id = id.intValue else { throw malformed("model.vocab", "the id of \"\(text)\" is \(id.kindName)") }
      model.tokens.append((text, id))
    }
    model.unknown = json["unk_token"]?.stringValue
    if modelType == "WordLevel" { return WordModel(model: model, kind: .wordLevel) }
    let longest = json["max_input_chars_per_word"]?.intValue ?? WordPiece.standardLongestWord
    guard longest >= 0 else { throw malformed("model.max_input_chars_per_word", "\(longest) is negative") }
    return WordModel(
      model: model,
      kind: .wordPiece(
        continuation: json["continuing_subword_prefix"]?.stringValue ?? "##", longestWord: longest))
  }

  private func unigram(_ json: JSONValue) throws(TokenizerError) -> WordModel {
    guard let vocabulary = json["vocab"]?.arrayValue else { throw .missing(field: "tokenizer.json: model.vocab") }
    var model = Model()
    var scores: [Double] = []
    model.tokens.reserveCapacity(vocabulary.count)
    for (id, entry) in vocabulary.enumerated() {
      guard let pair = entry.arrayValue, pair.count == 2, let text = pair[0].stringValue,
        let score = pair[1].doubleValue
      else { throw malformed("model.vocab[\(id)]", "not a text and a score") }
      model.tokens.append((text, id))
      scores.append(score)
    }
    if let unknown = json["unk_id"], !unknown.isNull {
      guard let id = unknown.intValue, model.tokens.indices.contains(id) else {
        throw malformed("model.unk_id", "no id of the vocabulary")
      }
      model.unknown = model.tokens[id].text
    }
    model.hasByteFallback = json["byte_fallback"]?.boolValue ?? false
    return WordModel(model: model, kind: .unigram(scores: scores, worst: scores.min() ?? 0))
  }

  // MARK: Normalizers

  func normalizer() throws(TokenizerError) -> Normalizer {
    var normalizer = Normalizer.none
    for (path, json) in Self.components(root["normalizer"], "normalizer", "normalizers") {
      normalizer.steps += try normalizerSteps(json, path)
    }
    return normalizer
  }

  /// What one normaliser does; none for one that does nothing.
  func normalizerSteps(_ json: JSONValue, _ path: String) throws(TokenizerError) -> [Normalizer.Step] {
    func flag(_ name: String, _ standard: Bool = true) -> Bool { json[name]?.boolValue ?? standard }
    switch json["type"]?.stringValue {
    case "NFC": return [.unicode(.c)]
    case "NFD": return [.unicode(.d)]
    case "NFKC": return [.unicode(.kc)]
    case "NFKD": return [.unicode(.kd)]
    case "Lowercase": return [.lowercase]
    case "StripAccents": return [.stripAccents]
    case "Nmt": return [.nmt]
    case "ByteLevel": return [.byteLevel]
    case "Strip": return [.strip(left: flag("strip_left"), right: flag("strip_right"))]
    case "BertNormalizer":
      return [
        .bert(
          BertNormalizer(
            cleansText: flag("clean_text"), spacesChinese: flag("handle_chinese_chars"),
            stripsAccents: flag("strip_accents", flag("lowercase")), lowercases: flag("lowercase")))
      ]
    case "Prepend":
      guard let prefix = json["prepend"]?.stringValue else { throw malformed("\(path).prepend", "no text") }
      return [.prepend(Array(prefix.utf8))]
    case "Replace":
      guard let content = json["content"]?.stringValue else { throw malformed("\(path).content", "no text") }
      return [.replace(try textPattern(json, path), content: Array(content.utf8))]
    case "Precompiled":
      guard let text = json["precompiled_charsmap"]?.stringValue, !text.isEmpty else { return [] }
      guard let data = Data(base64Encoded: text) else {
        throw malformed("\(path).precompiled_charsmap", "not Base64")
      }
      return [.precompiled(try CharacterMap(Array(data), field: "tokenizer.json: \(path).precompiled_charsmap"))]
    case let type:
      throw unsupported(
        "\(path).type", type ?? "none",
        "BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, Sequence, Strip, "
          + "StripAccents")
    }
  }

  private func textPattern(_ json: JSONValue, _ path: String) throws(TokenizerError) -> TextPattern {
    if let text = json["pattern"]?["String"]?.stringValue { return .text(Array(text.utf8)) }
    guard let expression = json["pattern"]?["Regex"]?.stringValue else {
      throw malformed("\(path).pattern", "neither a String nor a Regex")
    }
    guard let pattern = TextPattern(regularExpression: expression) else {
      throw unsupported("\(path).pattern.Regex", expression, "a character or \\s, alone or repeated")
    }
    return pattern
  }

  // MARK: Pre-tokenizers

  func wordSplitter() throws(TokenizerError) -> WordSplitter {
    var splitter = WordSplitter()
    for (path, json) in Self.components(root["pre_tokenizer"], "pre_tokenizer", "pretokenizers") {
      splitter.steps += try splitterSteps(json, path)
    }
    return splitter
  }

  private func splitterSteps(_ json: JSONValue, _ path: String) throws(TokenizerError) -> [WordSplitter.Step] {
    switch json["type"]?.stringValue {
    case "Whitespace": return [.words]
    case "WhitespaceSplit": return [.characters(.whitespace, .removed)]
    case "BertPreTokenizer": return [.characters(.whitespace, .removed), .characters(.punctuation, .isolated)]
    case "Punctuation": return [.characters(.punctuation, try behavior(json, path, standard: .isolated))]
    case "Digits":
      return [.characters(.digits, json["individual_digits"]?.boolValue ?? false ? .isolated : .contiguous)]
    case "CharDelimiterSplit":
      guard let scalars = json["delimiter"]?.stringValue?.unicodeScalars, scalars.count == 1, let first = scalars.first
      else { throw malformed("\(path).delimiter", "not one character") }
      return [.characters(.scalar(first.value), .removed)]
    case "Split":
      let isInverted = json["invert"]?.boolValue ?? false
      return [.pattern(try textPattern(json, path), try behavior(json, path, standard: nil), isInverted: isInverted)]
    case "Metaspace": return [.metaspace(try metaspace(json, path))]
    case let type:
      throw unsupported(
        "\(path).type", type ?? "none",
        "BertPreTokenizer, CharDelimiterSplit, Digits, Metaspace, Punctuation, Sequence, Split, Whitespace, WhitespaceSplit"
      )
    }
  }

  private func behavior(
    _ json: JSONValue, _ path: String, standard: WordSplitter.SplitBehavior?
  ) throws(TokenizerError) -> WordSplitter.SplitBehavior {
    let name = json["behavior"]?.stringValue
    guard let behavior = name.map({ WordSplitter.SplitBehavior(rawValue: $0) }) ?? standard else {
      throw unsupported(
        "\(path).behavior", name ?? "none", "Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous")
    }
    return behavior
  }

  private func metaspace(_ json: JSONValue, _ path: String) throws(TokenizerError) -> WordSplitter.Metaspace {
    let scheme =
      json["prepend_scheme"]?.stringValue ?? (json["add_prefix_space"]?.boolValue ?? true ? "always" : "never")
    let prefixes: [String: SentencePieceBPE.SpacePrefix] = ["always": .all, "first": .first, "never": .none]
    guard let prefix = prefixes[scheme] else {
      throw unsupported("\(path).prepend_scheme", scheme, "always, first, never")
    }
    let replacement = Array((json["replacement"]?.stringValue ?? "▁").utf8)
    guard !replacement.isEmpty else { throw malformed("\(path).replacement", "no character") }
    return WordSplitter.Metaspace(
      replacement: replacement, prefix: prefix, splits: json["split"]?.boolValue ?? true)
  }
}

extension WordPiece {
  /// What BERT's own tokenizer has for `max_input_chars_per_word`.
  static let standardLongestWord = 100
}
