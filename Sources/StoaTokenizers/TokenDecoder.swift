import StoaFormats

/// What the decoder of a `tokenizer.json` makes of each token, and of the start of a text.
struct TokenDecoder: Sendable {
  enum Step: Sendable, Equatable {
    case replace([UInt8], [UInt8])
    case byteFallback
    case byteLevel
    case wordPiece(prefix: [UInt8], cleansUp: Bool)
    /// Tokens that do not continue a word have a space in front.
    case spaced
  }

  var steps: [Step] = []
  var leadingSpace = LeadingSpace.kept

  static let wordPiece = TokenDecoder(
    steps: [.wordPiece(prefix: Array("##".utf8), cleansUp: true)], leadingSpace: .firstTokenAsWritten)

  /// The bytes of each token within a text; the names of control and unknown tokens stay as they are.
  ///
  /// - Parameter added: Added tokens, whose text is that in normalised form.
  func surfaces(_ vocabulary: Vocabulary, added: [AddedToken] = []) -> PackedByteStrings {
    let texts = Dictionary(added.map { (Int($0.id), $0.content) }, uniquingKeysWith: { $1 })
    var surfaces = PackedByteStrings()
    for id in 0..<vocabulary.count {
      let type = vocabulary.types[id]
      if type == .control || type == .unknown {
        surfaces.append(vocabulary.texts[id])
      } else if type == .byte || steps.contains(.byteFallback), let byte = vocabulary.byte(id) {
        surfaces.append(CollectionOfOne(byte))
      } else {
        surfaces.append(steps.reduce(texts[id] ?? Array(vocabulary.texts[id])) { $1.apply($0) })
      }
    }
    return surfaces
  }
}

extension TokenDecoder.Step {
  fileprivate func apply(_ text: [UInt8]) -> [UInt8] {
    switch self {
    case .replace(let wanted, let content): TextPattern.text(wanted).replacing(in: text, with: content)
    case .byteFallback: text
    case .byteLevel: ByteLevelAlphabet.decode(text.span, 0..<text.count) ?? text
    case .spaced: [0x20] + text
    case .wordPiece(let prefix, let cleansUp):
      Self.cleanedUp(
        !prefix.isEmpty && text.starts(with: prefix) ? Array(text.dropFirst(prefix.count)) : [0x20] + text, cleansUp)
    }
  }

  /// `cleanup` of the crate's `decoders/wordpiece.rs`, which sees one token at a time.
  private static func cleanedUp(_ text: [UInt8], _ cleansUp: Bool) -> [UInt8] {
    guard cleansUp, text.first == 0x20 || text.contains(0x20) else { return text }
    let rules = [
      (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
      (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]
    return rules.reduce(text) { TextPattern.text(Array($1.0.utf8)).replacing(in: $0, with: Array($1.1.utf8)) }
  }
}

extension TokenizerJSON {
  /// The decoder; without one, tokens are joined by spaces.
  func tokenDecoder() throws(TokenizerError) -> TokenDecoder {
    guard let json = root["decoder"], !json.isNull else {
      return TokenDecoder(steps: [.spaced], leadingSpace: .firstTokenAsWritten)
    }
    var decoder = TokenDecoder()
    for (path, json) in Self.components(json, "decoder", "decoders") { try read(json, path, &decoder) }
    return decoder
  }

  private func read(_ json: JSONValue, _ path: String, _ decoder: inout TokenDecoder) throws(TokenizerError) {
    func text(_ name: String, _ standard: String) -> [UInt8] { Array((json[name]?.stringValue ?? standard).utf8) }
    switch json["type"]?.stringValue {
    case "Fuse": break
    case "ByteFallback": decoder.steps.append(.byteFallback)
    case "ByteLevel": decoder.steps.append(.byteLevel)
    case "BPEDecoder": decoder.steps.append(.replace(text("suffix", "</w>"), [0x20]))
    case "WordPiece":
      decoder.steps.append(
        .wordPiece(prefix: text("prefix", "##"), cleansUp: json["cleanup"]?.boolValue ?? true))
      decoder.leadingSpace = .firstTokenAsWritten
    case "Metaspace":
      decoder.steps.append(.replace(text("replacement", "▁"), [0x20]))
      let scheme =
        json["prepend_scheme"]?.stringValue ?? (json["add_prefix_space"]?.boolValue ?? true ? "always" : "never")
      if scheme != "never" { decoder.leadingSpace = .allOfFirstTokenDropped }
    case "Replace":
      guard let wanted = json["pattern"]?["String"]?.stringValue else {
        throw unsupported("\(path).pattern", "a Regex", "a String")
      }
      decoder.steps.append(.replace(Array(wanted.utf8), text("content", "")))
    case "Strip":
      if json["content"]?.stringValue == " ", (json["start"]?.intValue ?? 0) > 0 { decoder.leadingSpace = .dropped }
    case let type:
      throw unsupported(
        "\(path).type", type ?? "none",
        "BPEDecoder, ByteFallback, ByteLevel, Fuse, Metaspace, Replace, Sequence, Strip, WordPiece")
    }
  }
}
