import StoaFormats
import StoaTokenizers

/// The tokens of a model in the order of their ids, with what GGUF says of each.
struct VocabularyTable {
  private(set) var texts: [[UInt8]] = []
  private(set) var scores: [Float] = []
  private(set) var types: [TokenType] = []
  /// Tokens whose ids are beyond the model's embedding.
  private(set) var dropped = 0

  private var ids: [[UInt8]: Int] = [:]

  /// A score below that of every real token. Source: llama.cpp, `conversion/base.py`.
  private static let paddingScore: Float = -10_000

  /// As many tokens as the model has embeddings, all of them padding at first.
  init(count: Int) {
    texts = (0..<count).map { Array("[PAD\($0)]".utf8) }
    scores = Array(repeating: Self.paddingScore, count: count)
    types = Array(repeating: .unused, count: count)
  }

  /// Sets a token; one whose id the model does not have is counted and left out.
  mutating func set(_ id: Int, _ text: [UInt8], _ type: TokenType, score: Float = 0) {
    guard texts.indices.contains(id) else {
      dropped += 1
      return
    }
    texts[id] = text
    types[id] = type
    scores[id] = score
    ids[text] = id
  }

  mutating func setType(_ id: Int, _ type: TokenType) {
    if types.indices.contains(id) { types[id] = type }
  }

  /// The id of a token by its text.
  func id(_ text: String) -> Int? { ids[Array(text.utf8)] }

  /// The metadata of the tokens; the scores only where the algorithm uses them.
  func pairs(withScores: Bool) -> [(String, GGUFValue)] {
    var pairs: [(String, GGUFValue)] = [("tokenizer.ggml.tokens", .array(.string(GGUFStrings(bytes: texts))))]
    if withScores { pairs.append(("tokenizer.ggml.scores", .array(.f32(scores)))) }
    pairs.append(("tokenizer.ggml.token_type", .array(.i32(types.map { Int32($0.rawValue) }))))
    return pairs
  }
}

/// The vocabulary of a `tokenizer.json` in a form that all algorithms share.
struct JSONVocabulary {
  var tokens: [(text: String, id: Int, score: Float)] = []
  var merges: [(left: String, right: String)] = []
  var added: [(text: String, id: Int, isSpecial: Bool)] = []
  var unknown: String?
  /// Whether a word that is a token is taken whole.
  var ignoresMerges = false

  private let path: String

  /// Reads the members `model` and `added_tokens`.
  init(_ json: JSONValue, path: String) throws(ConversionError) {
    self.path = path
    let model = json["model"]
    unknown = model?["unk_token"]?.stringValue
    ignoresMerges = model?["ignore_merges"]?.boolValue ?? false
    if let vocabulary = model?["vocab"]?.objectValue {
      tokens.reserveCapacity(vocabulary.count)
      for (text, id) in vocabulary {
        guard let id = Self.tokenID(id) else { throw malformed("the id of \(quoted(text)) is no token id") }
        tokens.append((text, id, 0))
      }
    } else if let pieces = model?["vocab"]?.arrayValue {
      for (id, piece) in pieces.enumerated() {
        guard let text = piece[0]?.stringValue, let score = piece[1]?.doubleValue else {
          throw malformed("entry \(grouped(id)) of model.vocab is not a text and a score")
        }
        tokens.append((text, id, Float(score)))
      }
      if let id = model?["unk_id"]?.intValue, tokens.indices.contains(id) { unknown = tokens[id].text }
    } else {
      throw malformed("model.vocab is missing")
    }
    for (index, merge) in (model?["merges"]?.arrayValue ?? []).enumerated() {
      if let pair = merge.arrayValue, pair.count == 2, let left = pair[0].stringValue, let right = pair[1].stringValue {
        merges.append((left, right))
      } else if let text = merge.stringValue, let pair = Self.pair(text) {
        merges.append(pair)
      } else {
        throw malformed("model.merges[\(index)] is not two texts")
      }
    }
    for (index, token) in (json["added_tokens"]?.arrayValue ?? []).enumerated() {
      guard let text = token["content"]?.stringValue, let id = Self.tokenID(token["id"]) else {
        throw malformed("added_tokens[\(index)] has no content or no id")
      }
      added.append((text, id, token["special"]?.boolValue ?? false))
    }
  }

  /// Reads `vocab.json` and the text of `merges.txt`, the form of GPT-2.
  init(vocabulary: JSONValue, merges text: String, path: String) throws(ConversionError) {
    self.path = path
    guard let members = vocabulary.objectValue else { throw malformed("the vocabulary is no object") }
    for (text, id) in members {
      guard let id = Self.tokenID(id) else { throw malformed("the id of \(quoted(text)) is no token id") }
      tokens.append((text, id, 0))
    }
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#version") {
      guard let pair = Self.pair(String(line)) else {
        throw malformed("the merge \(quoted(String(line))) is not two texts")
      }
      merges.append(pair)
    }
  }

  /// Ids are 32-bit numbers in all formats.
  private static func tokenID(_ json: JSONValue?) -> Int? {
    json?.intValue.flatMap { $0 >= 0 && $0 <= Int(Int32.max) ? $0 : nil }
  }

  private static func pair(_ text: String) -> (String, String)? {
    guard let space = text.utf8.firstIndex(of: 0x20) else { return nil }
    let (left, right) = (text[..<space], text[text.index(after: space)...])
    return left.isEmpty || right.isEmpty ? nil : (String(left), String(right))
  }

  private func malformed(_ problem: String) -> ConversionError { .refused(path: path, problem: problem) }
}
