/// What a token stands for; raw values are those of `tokenizer.ggml.token_type` in GGUF files.
public enum TokenType: UInt8, Sendable {
  case normal = 1
  /// Stands for text that the vocabulary cannot express.
  case unknown = 2
  /// Invisible in text, such as the beginning-of-text token.
  case control = 3
  /// Always matched as a whole before the text around it is split, and visible in text.
  case userDefined = 4
  case unused = 5
  /// One byte, written `<0xXX>`.
  case byte = 6
}

extension TokenType {
  /// Texts of tokens that end a model's turn or its text, whatever the file says of them.
  static let endTexts: Set<String> = [
    "<|eot_id|>", "<|eot|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|calls|>", "<|flush|>",
    "<end_of_turn>",
    "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>",
    "<end_of_utterance>", "<eos>", "<turn|>", "<｜end▁of▁sentence｜>", "[e~[", "<|fim_pad|>", "<|repo_name|>",
    "<|file_sep|>",
  ]

  /// Texts of tokens that mark the parts of a text to be filled in.
  static let infillTexts: Set<String> = [
    "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>", "<|code_prefix|>",
    "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>", "<|code_suffix|>",
    "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>", "<|code_middle|>",
    "<fim-pad>", "<fim_pad>", "<|fim_repo|>", "<fim-repo>",
  ]
}

/// The tokens of a model as its file lists them.
struct Vocabulary: Sendable {
  /// The tokens as written in the file.
  let texts: PackedByteStrings
  /// Merge priorities of SentencePiece models, one for each token; empty for byte-level BPE.
  let scores: [Float]
  var types: [TokenType]
  private let index: ByteStringIndex

  /// - Parameters:
  ///   - scores: One for each token, or none.
  ///   - types: One for each token; none means that all are normal.
  init(
    tokens: PackedByteStrings, scores: [Float] = [], types: [TokenType] = []
  ) throws(TokenizerError) {
    // Ids are Int32, and symbols of the merge loop keep their upper two bits for other purposes.
    guard tokens.count > 0, tokens.count < 1 << 30 else {
      throw .malformed(field: "the token list", reason: "\(tokens.count) tokens")
    }
    guard scores.isEmpty || scores.count == tokens.count else {
      throw .malformed(field: "the token scores", reason: "\(scores.count) scores for \(tokens.count) tokens")
    }
    guard types.isEmpty || types.count == tokens.count else {
      throw .malformed(field: "the token types", reason: "\(types.count) types for \(tokens.count) tokens")
    }
    texts = tokens
    self.scores = scores
    self.types = types.isEmpty ? [TokenType](repeating: .normal, count: tokens.count) : types
    index = ByteStringIndex(texts)
  }

  var count: Int { texts.count }

  /// The id of the token written exactly so.
  func id(_ text: [UInt8]) -> Int32? { index.lookup(text, in: texts).map { Int32($0) } }

  func id(_ text: String) -> Int32? { id(Array(text.utf8)) }

  @inline(__always)
  func id(_ text: Span<UInt8>, _ range: Range<Int>) -> Int32? {
    index.lookup(text, range, in: texts).map { Int32($0) }
  }

  /// The byte that a token `<0xXX>` stands for.
  func byte(_ id: Int) -> UInt8? {
    let text = texts[id]
    guard text.count == 6, text.starts(with: "<0x".utf8), text.last == UInt8(ascii: ">") else { return nil }
    return UInt8(String(decoding: text.dropFirst(3).dropLast(), as: UTF8.self), radix: 16)
  }

  /// The ids of the 256 byte tokens `<0xXX>`; −1 where there is none.
  func byteTokens() -> [Int32] {
    (0..<256).map { byte in
      let digits = Array("0123456789ABCDEF".utf8)
      let text = Array("<0x".utf8) + [digits[byte >> 4], digits[byte & 15], UInt8(ascii: ">")]
      return id(text) ?? -1
    }
  }

  /// The control tokens whose texts are known to end a turn or a text.
  func endTokens() -> Set<Int32> {
    var ids = Set(TokenType.endTexts.compactMap { id($0) }.filter { types[Int($0)] == .control })
    // In the Harmony format `<|end|>` ends one of several messages of a turn.
    if let end = id("<|end|>"),
      let call = id("<|call|>") ?? id("<|calls|>"), let other = id("<|return|>") ?? id("<|flush|>"),
      ids.contains(call), ids.contains(other)
    {
      ids.remove(end)
    }
    return ids
  }
}
