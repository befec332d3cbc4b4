import StoaFormats

extension Tokenizer {
  /// The tokenizer of a file of ranks as tiktoken has them: on each line a token in base64, a space, and its rank.
  ///
  /// Such a file names neither its pre-tokeniser nor special tokens, so there are none of the latter.
  /// Source: `load_tiktoken_bpe` of tiktoken.
  /// - Parameter name: A name of GGUF's `tokenizer.ggml.pre` or of an encoding of tiktoken, such as `llama-bpe`, `cl100k_base`.
  public init(ranks path: String, preTokenizer name: String) throws(TokenizerError) {
    guard let preTokenizer = PreTokenizer.ranks(name) else {
      let known = PreTokenizer.tiktokenNames.keys.sorted() + PreTokenizer.ggufNames.filter { !$0.isEmpty }
      throw .unsupported(field: "the pre-tokeniser", value: name, supported: known.joined(separator: ", "))
    }
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .unreadable(path: path, reason: error.description) }
    var reader = RankReader(path: path, bytes: file.bytes)
    let surfaces = try reader.tokens()
    var texts = PackedByteStrings()
    for token in 0..<surfaces.count { texts.append(ByteLevelAlphabet.encode(surfaces[token])) }
    let types = (0..<surfaces.count).map { surfaces.range($0).isEmpty ? TokenType.unused : .normal }
    try self.init(
      Parts(
        name: "BPE \(name)", vocabulary: try Vocabulary(tokens: texts, types: types), surfaces: surfaces,
        model: .byteLevel(ByteLevelBPE(ranks: surfaces, preTokenizer: preTokenizer))))
  }

  /// Whether bytes look like a file of ranks: the first line is a token in base64, a space, and a number.
  static func isRanks(_ bytes: Span<UInt8>) -> Bool {
    var i = 0
    while i < bytes.count, i < 1024, Base64.value(bytes[i]) != nil || bytes[i] == UInt8(ascii: "=") { i += 1 }
    guard i >= 4, i % 4 == 0, i + 1 < bytes.count, bytes[i] == 0x20 else { return false }
    return (0x30...0x39).contains(bytes[i + 1])
  }
}

/// Reads the lines of a file of ranks.
private struct RankReader: ~Escapable {
  private let path: String
  private let bytes: Span<UInt8>
  private var offset = 0
  private var line = 1

  private static let highest = 1 << 24

  @_lifetime(copy bytes)
  init(path: String, bytes: Span<UInt8>) {
    self.path = path
    self.bytes = bytes
  }

  /// The tokens by rank; empty where a rank has none.
  mutating func tokens() throws(TokenizerError) -> PackedByteStrings {
    var found: [(token: [UInt8], rank: Int)] = []
    var known: Set<[UInt8]> = []
    while offset < bytes.count {
      if bytes[offset] == 0x0A || bytes[offset] == 0x0D {
        line += bytes[offset] == 0x0A ? 1 : 0
        offset += 1
        continue
      }
      let token = try token()
      let rank = try rank()
      guard known.insert(token).inserted else { throw malformed("a token that was there before") }
      found.append((token, rank))
    }
    // Ranks may leave gaps, but not so wide that a small file asks for much memory.
    let limit = 2 * found.count + 65_536
    var tokens: [[UInt8]] = []
    for (token, rank) in found {
      guard rank < limit else {
        throw .malformed(field: path, reason: "rank \(rank) is far beyond the number of tokens, \(found.count)")
      }
      while tokens.count <= rank { tokens.append([]) }
      guard tokens[rank].isEmpty else { throw .malformed(field: path, reason: "two tokens have rank \(rank)") }
      tokens[rank] = token
    }
    for byte in UInt8.min...UInt8.max where !known.contains([byte]) {
      throw .malformed(field: path, reason: "no token is the byte \(byte); the file is incomplete")
    }
    return PackedByteStrings(tokens)
  }

  private mutating func token() throws(TokenizerError) -> [UInt8] {
    let token = Base64.decode(bytes, at: &offset, end: bytes.count)
    guard token.count <= ByteLevelBPE.longestRank else {
      throw malformed("a token of more than \(ByteLevelBPE.longestRank) bytes")
    }
    guard !token.isEmpty, offset < bytes.count, bytes[offset] == 0x20 else {
      throw malformed("not a token in base64, a space, and a rank")
    }
    offset += 1
    return token
  }

  private mutating func rank() throws(TokenizerError) -> Int {
    var rank: Int?
    while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) {
      let value = (rank ?? 0) * 10 + Int(bytes[offset] - 0x30)
      guard value <= Self.highest else { throw malformed("a rank above \(Self.highest)") }
      rank = value
      offset += 1
    }
    guard let rank, offset == bytes.count || bytes[offset] == 0x0A || bytes[offset] == 0x0D else {
      throw malformed("not a token in base64, a space, and a rank")
    }
    return rank
  }

  private func malformed(_ reason: String) -> TokenizerError {
    .malformed(field: "\(path), line \(line)", reason: reason)
  }
}
