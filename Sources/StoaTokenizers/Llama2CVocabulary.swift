import StoaFormats

extension Tokenizer {
  /// The SentencePiece vocabulary of a llama2.c model: `tokenizer.bin` as `tokenizer.py export` of llama2.c writes it.
  ///
  /// The file holds the longest length as a u32 and then, for each token, its score as an f32, its length as a u32 and its
  /// bytes, all little-endian. It has `▁` already turned into spaces, and bytes as `<0xXX>` from id 3 on.
  /// Ids 0, 1 and 2 are `<unk>`, `<s>` and `</s>`.
  public init(llama2cVocabulary path: String) throws(TokenizerError) {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .unreadable(path: path, reason: error.description) }
    var reader = LittleEndianReader(bytes: file.bytes)
    guard reader.readUInt32() != nil else { throw .malformed(field: path, reason: "the file is empty") }
    let names = ["<unk>", "<s>", "</s>"]
    var texts = PackedByteStrings()
    var scores: [Float] = []
    while !reader.isAtEnd {
      guard let score = reader.readUInt32(), let length = reader.readUInt32(), let text = reader.read(Int(length))
      else {
        throw .malformed(field: path, reason: "the file ends within token \(scores.count), at byte \(reader.offset)")
      }
      // The exporter writes tokens 1 and 2 as lines of their own, "\n<s>\n" and "\n</s>\n".
      if scores.count < names.count {
        texts.append(names[scores.count].utf8)
      } else {
        texts.append(SentencePieceBPE.escaped(text.span, 0..<text.count, isPrefixed: false))
      }
      scores.append(Float(bitPattern: score))
    }
    var vocabulary = try Vocabulary(tokens: texts, scores: scores)
    guard vocabulary.count >= 259, vocabulary.byteTokens() == Array(3..<259) else {
      throw .malformed(field: path, reason: "tokens 3 to 258 are not the bytes; this is not a llama2.c vocabulary")
    }
    vocabulary.types.replaceSubrange(0..<3, with: [.unknown, .control, .control])
    vocabulary.types.replaceSubrange(3..<259, with: repeatElement(.byte, count: 256))
    var options = SentencePieceBPE.Options()
    options.spacePrefix = .first
    options.unknown = 0
    var parts = Parts(
      name: "SPM", vocabulary: vocabulary, surfaces: Self.sentencePieceSurfaces(vocabulary),
      model: .sentencePiece(try SentencePieceBPE(vocabulary: vocabulary, options: options)))
    (parts.unknown, parts.bos, parts.eos) = (0, 1, 2)
    (parts.endTokens, parts.prefix) = ([2], [1])
    parts.addedTokens = names.enumerated().map { id, name in
      AddedToken(id: Int32(id), content: Array(name.utf8), isSpecial: true)
    }
    try self.init(parts)
  }
}

/// Reads little-endian numbers, nil where the bytes end.
struct LittleEndianReader: ~Escapable {
  private let bytes: Span<UInt8>
  private(set) var offset = 0

  @_lifetime(copy bytes)
  init(bytes: Span<UInt8>) { self.bytes = bytes }

  var isAtEnd: Bool { offset == bytes.count }

  mutating func readUInt32() -> UInt32? {
    guard bytes.count - offset >= 4 else { return nil }
    var value: UInt32 = 0
    for i in (offset..<offset + 4).reversed() { value = value << 8 | UInt32(bytes[i]) }
    offset += 4
    return value
  }

  mutating func read(_ count: Int) -> [UInt8]? {
    guard count >= 0, bytes.count - offset >= count else { return nil }
    let range = offset..<offset + count
    offset += count
    return range.map { bytes[$0] }
  }
}
