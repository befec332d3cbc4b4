/// Turns text into the token ids of one model, and ids back into text.
///
/// Ids are those of the reference implementations: of llama.cpp for a tokenizer from a GGUF file, of Hugging Face
/// `tokenizers` for one from `tokenizer.json`, of sentencepiece for one from `tokenizer.model`. A value is immutable and
/// may be used by many threads.
public struct Tokenizer: Sendable {
  /// The kind of tokenizer, for people: `SPM`, or `BPE` and the name of its pre-tokeniser.
  public let name: String
  /// The token that begins a text.
  public let bos: Int32?
  /// The token that ends a text.
  public let eos: Int32?
  /// The token for what the vocabulary cannot express.
  public let unknown: Int32?
  /// The token that fills up batches.
  public let padding: Int32?
  /// The tokens after which generation stops: the end of the text and the end of the model's turn.
  public let endTokens: Set<Int32>
  /// Whether `encode` with `addSpecial` puts a space in front of the text.
  public let addsSpacePrefix: Bool
  /// The Jinja template that turns messages into a prompt.
  public let chatTemplate: String?

  /// Number of tokens; ids are below it.
  public var vocabularySize: Int { vocabulary.count }
  /// Whether `encode` with `addSpecial` begins with the token `bos`.
  public var addsBOS: Bool { bos.map { prefix.contains($0) } ?? false }
  /// Whether `encode` with `addSpecial` ends with the token `eos`.
  public var addsEOS: Bool { eos.map { suffix.contains($0) } ?? false }
  /// How many tokens `encode` with `addSpecial` puts after a text.
  public var suffixCount: Int { suffix.count }

  let vocabulary: Vocabulary
  /// The bytes that each token stands for in text; for a control token, its name.
  let surfaces: PackedByteStrings
  let model: TextModel
  let normalizer: Normalizer
  /// Which sections of a text get a space in front.
  let spacePrefix: SentencePieceBPE.SpacePrefix
  let leadingSpace: LeadingSpace
  /// Matched in the text as given.
  let addedTokens: AddedTokens
  /// Matched in normalised text.
  let normalizedTokens: AddedTokens
  /// Put around a text by `encode` with `addSpecial`.
  let prefix: [Int32]
  let suffix: [Int32]

  init(_ parts: Parts) throws(TokenizerError) {
    let vocabulary = parts.vocabulary
    for id in [parts.bos, parts.eos, parts.unknown, parts.padding].compactMap({ $0 }) + parts.prefix + parts.suffix
    where id < 0 || id >= vocabulary.count {
      throw .malformed(
        field: "special token id", reason: "\(id) is not below \(vocabulary.count), the number of tokens")
    }
    guard parts.normalizer.expansion <= Normalizer.greatestExpansion else {
      throw .unsupported(
        field: "a normalizer that makes a text longer", value: "up to \(parts.normalizer.expansion) times",
        supported: "up to \(Normalizer.greatestExpansion) times")
    }
    name = parts.name
    bos = parts.bos
    eos = parts.eos
    unknown = parts.unknown
    padding = parts.padding
    endTokens = parts.endTokens
    chatTemplate = parts.chatTemplate
    self.vocabulary = vocabulary
    surfaces = parts.surfaces
    model = parts.model
    normalizer = parts.normalizer
    prefix = parts.prefix
    suffix = parts.suffix
    let modelPrefix =
      if case .sentencePiece(let model) = model { model.options.spacePrefix } else { SentencePieceBPE.SpacePrefix.none }
    spacePrefix = parts.spacePrefix ?? modelPrefix
    addsSpacePrefix = spacePrefix != .none
    leadingSpace = parts.leadingSpace ?? (addsSpacePrefix ? .dropped : .kept)
    addedTokens = try AddedTokens(parts.addedTokens.filter { !$0.isNormalized })
    normalizedTokens = try AddedTokens(parts.addedTokens.filter { $0.isNormalized })
  }

  /// What the readers of the file formats gather.
  struct Parts {
    var name: String
    var vocabulary: Vocabulary
    var surfaces: PackedByteStrings
    var model: TextModel
    var normalizer = Normalizer.none
    /// Nil for what the model says.
    var spacePrefix: SentencePieceBPE.SpacePrefix?
    /// Nil for dropped if encoding put it there.
    var leadingSpace: LeadingSpace?
    var addedTokens: [AddedToken] = []
    var bos: Int32?
    var eos: Int32?
    var unknown: Int32?
    var padding: Int32?
    var endTokens: Set<Int32> = []
    var prefix: [Int32] = []
    var suffix: [Int32] = []
    var chatTemplate: String?
  }
}

/// How a section of text without added tokens becomes ids.
enum TextModel: Sendable {
  case sentencePiece(SentencePieceBPE)
  case byteLevel(ByteLevelBPE)
  case characters(CharacterBPE)
  /// Normalised text as a whole, spaces and prefix included.
  case unigram(Unigram)
  case words(WordModel)
}

/// What decoding does with spaces at the start of a text.
enum LeadingSpace: Sendable {
  case kept
  /// The one that the first visible token begins with goes.
  case dropped
  /// The first visible token is as the vocabulary writes it, without what decoding makes of it elsewhere.
  case firstTokenAsWritten
  /// All that the first token has go, as with `Metaspace` of Hugging Face tokenizers.
  case allOfFirstTokenDropped
  /// One of each token goes until there is text, as with sentencepiece when it removes extra spaces.
  case oneOfEachTokenDropped
}
