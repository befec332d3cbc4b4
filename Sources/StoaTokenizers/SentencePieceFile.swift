import StoaFormats

/// What a sentencepiece `tokenizer.model` says: a protocol buffer of type `ModelProto` (`sentencepiece_model.proto`).
struct SentencePieceFile {
  var texts = PackedByteStrings()
  var scores: [Float] = []
  var types: [TokenType] = []
  /// `TrainerSpec.model_type`: 1 unigram, 2 BPE, 3 words, 4 characters.
  var modelType = 1
  var bos: Int? = 1
  var eos: Int? = 2
  var padding: Int?
  var treatsSpaceAsSuffix = false
  var addsDummyPrefix = true
  var removesExtraSpaces = true
  var escapesSpaces = true
  var hasByteFallback = false
  /// `NormalizerSpec.precompiled_charsmap`, empty for none.
  var characterMap: [UInt8] = []

  /// - Throws: `TokenizerError.malformed` with the offset in the file.
  init(path: String, bytes: Span<UInt8>) throws(TokenizerError) {
    var fields = ProtocolBufferReader(bytes: bytes, range: 0..<bytes.count, path: path)
    while let field = try fields.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let range)): try readPiece(ProtocolBufferReader(bytes: bytes, range: range, path: path))
      case (2, .bytes(let range)): try readTrainer(ProtocolBufferReader(bytes: bytes, range: range, path: path))
      case (3, .bytes(let range)): try readNormalizer(ProtocolBufferReader(bytes: bytes, range: range, path: path))
      default: break
      }
    }
  }

  private mutating func readPiece(_ reader: consuming ProtocolBufferReader) throws(TokenizerError) {
    var fields = reader
    var text = 0..<0
    var score: Float = 0
    var type = TokenType.normal
    while let field = try fields.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let range)): text = range
      case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
      // The numbers of `SentencePiece.Type` are those of GGUF.
      case (3, .integer(let value)): type = UInt8(exactly: value).flatMap(TokenType.init) ?? .normal
      default: break
      }
    }
    texts.append(fields.bytes.extracting(text))
    scores.append(score)
    types.append(type)
  }

  private mutating func readTrainer(_ reader: consuming ProtocolBufferReader) throws(TokenizerError) {
    var fields = reader
    while let field = try fields.next() {
      guard case .integer(let value) = field.value else { continue }
      // Negative ids, written as 64-bit two's complement, say that there is no such token.
      let id = Int(exactly: value)
      switch field.number {
      case 3: modelType = id ?? 0
      case 24: treatsSpaceAsSuffix = value != 0
      case 35: hasByteFallback = value != 0
      case 41: bos = id
      case 42: eos = id
      case 43: padding = id
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ reader: consuming ProtocolBufferReader) throws(TokenizerError) {
    var fields = reader
    while let field = try fields.next() {
      switch (field.number, field.value) {
      case (2, .bytes(let range)):
        characterMap.removeAll()
        for i in range { characterMap.append(fields.bytes[i]) }
      case (3, .integer(let value)): addsDummyPrefix = value != 0
      case (4, .integer(let value)): removesExtraSpaces = value != 0
      case (5, .integer(let value)): escapesSpaces = value != 0
      default: break
      }
    }
  }
}

/// Reads the fields of one protocol buffer message; nested messages are ranges of bytes.
struct ProtocolBufferReader: ~Escapable {
  enum Value {
    case integer(UInt64)
    case bytes(Range<Int>)
    case fixed32(UInt32)
    case fixed64
  }

  let bytes: Span<UInt8>
  private let path: String
  private var offset: Int
  private let end: Int

  @_lifetime(copy bytes)
  init(bytes: Span<UInt8>, range: Range<Int>, path: String) {
    self.bytes = bytes
    self.path = path
    (offset, end) = (range.lowerBound, range.upperBound)
  }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(TokenizerError) -> (number: UInt64, value: Value)? {
    if offset == end { return nil }
    let start = offset
    let tag = try readInteger()
    switch tag & 7 {
    case 0: return (tag >> 3, .integer(try readInteger()))
    case 1:
      try skip(8)
      return (tag >> 3, .fixed64)
    case 2:
      let length = try readInteger()
      let from = offset
      guard length <= UInt64(end - offset) else {
        throw malformed("a field of \(length) bytes reaches beyond its message")
      }
      try skip(Int(length))
      return (tag >> 3, .bytes(from..<offset))
    case 5:
      let from = offset
      try skip(4)
      var bits: UInt32 = 0
      for i in (from..<offset).reversed() { bits = bits << 8 | UInt32(bytes[i]) }
      return (tag >> 3, .fixed32(bits))
    default:
      offset = start
      throw malformed("wire type \(tag & 7)")
    }
  }

  private mutating func readInteger() throws(TokenizerError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard offset < end else { throw malformed("a number is cut off") }
      let byte = bytes[offset]
      offset += 1
      if shift < 64 { value |= UInt64(byte & 0x7F) << shift }
      if byte < 0x80 { return value }
    }
    throw malformed("a number of more than ten bytes")
  }

  private mutating func skip(_ count: Int) throws(TokenizerError) {
    guard count <= end - offset else { throw malformed("a field is cut off") }
    offset += count
  }

  private func malformed(_ reason: String) -> TokenizerError {
    .malformed(field: path, reason: "\(reason) at byte \(offset)")
  }
}
