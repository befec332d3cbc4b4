import StoaFormats

/// The pieces of a sentencepiece `tokenizer.model`, for those who write them in another form.
package struct SentencePieceModel: Sendable {
  /// A piece as written in the file.
  package struct Piece: Sendable {
    package let text: [UInt8]
    package let score: Float
    package let type: TokenType
  }

  /// The algorithm that cuts words into pieces.
  package enum Algorithm: Sendable {
    case unigram, bytePairs
  }

  package let algorithm: Algorithm
  package let pieces: [Piece]
  /// Ids of tokens with a role, where the model has them.
  package let bos, eos, padding: Int?
  package let addsDummyPrefix: Bool
  package let removesExtraSpaces: Bool
  /// The compiled map of the normaliser; empty for none.
  package let characterMap: [UInt8]

  /// Reads a file.
  package init(path: String) throws(TokenizerError) {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .unreadable(path: path, reason: error.description) }
    let model = try SentencePieceFile(path: path, bytes: file.bytes)
    switch model.modelType {
    case 1: algorithm = .unigram
    case 2: algorithm = .bytePairs
    default:
      throw .unsupported(
        field: "\(path): trainer_spec.model_type", value: "\(model.modelType)", supported: "1 (unigram), 2 (BPE)")
    }
    pieces = (0..<model.texts.count).map {
      Piece(text: Array(model.texts[$0]), score: model.scores[$0], type: model.types[$0])
    }
    (bos, eos, padding) = (model.bos, model.eos, model.padding)
    addsDummyPrefix = model.addsDummyPrefix
    removesExtraSpaces = model.removesExtraSpaces
    characterMap = try Self.characterMap(path: path, file.bytes)
  }

  /// `ModelProto.normalizer_spec.precompiled_charsmap`.
  private static func characterMap(path: String, _ bytes: Span<UInt8>) throws(TokenizerError) -> [UInt8] {
    var map: [UInt8] = []
    var fields = ProtocolBufferReader(bytes: bytes, range: 0..<bytes.count, path: path)
    while let field = try fields.next() {
      guard field.number == 3, case .bytes(let range) = field.value else { continue }
      var normalizer = ProtocolBufferReader(bytes: bytes, range: range, path: path)
      while let field = try normalizer.next() {
        guard field.number == 2, case .bytes(let range) = field.value else { continue }
        map = range.map { bytes[$0] }
      }
    }
    return map
  }
}

extension Tokenizer {
  /// The name of the family whose pre-tokeniser a byte-level BPE has, such as `llama-bpe`; nil for other tokenizers.
  package var preTokenizerName: String? {
    if case .byteLevel(let model) = model { model.preTokenizer.name } else { nil }
  }
}

extension TokenType {
  /// Texts of tokens that every reader of GGUF files takes for the end of a turn or a text.
  package static var knownEndTexts: Set<String> { endTexts }
}
