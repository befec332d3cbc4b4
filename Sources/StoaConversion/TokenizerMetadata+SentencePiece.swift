import Foundation
import StoaFormats
import StoaTokenizers

extension TokenizerMetadata {
  /// A `tokenizer.model` alone.
  mutating func readSentencePiece() throws(ConversionError) {
    let path = folder.path("tokenizer.model")
    let model: SentencePieceModel
    do throws(TokenizerError) { model = try SentencePieceModel(path: path) } catch { throw .tokenizer(error) }
    var table = VocabularyTable(count: configuration.vocabularySize)
    for (id, piece) in model.pieces.enumerated() { table.set(id, piece.text, piece.type, score: piece.score) }
    try setAddedOfOldFiles(&table)
    let source = try? readSource().get()
    pairs = [
      ("tokenizer.ggml.model", .string(model.algorithm == .bytePairs ? "llama" : "t5")),
      ("tokenizer.ggml.pre", .string("default")),
    ]
    pairs += table.pairs(withScores: true) + (try common(table, source, model))
    pairs.append(("tokenizer.ggml.add_space_prefix", .bool(model.addsDummyPrefix)))
    pairs.append(("tokenizer.ggml.remove_extra_whitespaces", .bool(model.removesExtraSpaces)))
    if !model.characterMap.isEmpty {
      pairs.append(("tokenizer.ggml.precompiled_charsmap", .array(.u8(model.characterMap))))
    }
    finish(table, source)
  }

  /// Tokens that were added to a sentencepiece model, in the files of older versions of transformers.
  private func setAddedOfOldFiles(_ table: inout VocabularyTable) throws(ConversionError) {
    if let text = try folder.text("added_tokens.json"), let json = try? JSONValue(parsing: text) {
      for (token, id) in json.objectValue ?? [:] {
        if let id = id.intValue { table.set(id, Array(token.utf8), .userDefined, score: -1000) }
      }
    }
    for (key, token) in folder.configuration?["added_tokens_decoder"]?.objectValue ?? [:] {
      guard let id = Int(key), let content = token["content"]?.stringValue else { continue }
      // The unknown token keeps its type: it is looked for when a text cannot be expressed.
      if table.types.indices.contains(id), table.types[id] == .unknown { continue }
      let isSpecial = token["special"]?.boolValue ?? false
      let text = isSpecial ? content : content.replacing(scalar: "▁", with: " ")
      table.set(id, Array(text.utf8), isSpecial ? .control : .userDefined, score: -1000)
    }
  }

  /// BPE with marks for spaces, as Llama 2 has it.
  ///
  /// GGUF knows no merges here: the pair whose text has the highest score is merged first. The rank of a text's first
  /// merge gives the same order; where there is a `tokenizer.model` of the same pieces, its own scores are taken.
  mutating func addSentencePieceBPE(
    _ vocabulary: JSONVocabulary, source: Tokenizer?
  ) throws(ConversionError) {
    // Texts are told apart by their bytes: vocabularies hold several forms of an accented letter.
    var ranks: [[UInt8]: Int] = [:]
    for (rank, merge) in vocabulary.merges.enumerated() {
      let text = Array(merge.left.utf8) + Array(merge.right.utf8)
      if ranks[text] == nil { ranks[text] = rank }
    }
    var table = VocabularyTable(count: configuration.vocabularySize)
    let model = matchingModel(vocabulary)
    for token in vocabulary.tokens {
      let isByte = Self.isByte(token.text)
      let rank = ranks[Array(token.text.utf8)] ?? vocabulary.merges.count + token.id
      let score = model?.pieces[token.id].score ?? -Float(rank)
      table.set(token.id, Array(token.text.utf8), isByte ? .byte : .normal, score: score)
    }
    setAdded(vocabulary, &table, score: -1_000_000)
    pairs = [("tokenizer.ggml.model", .string("llama")), ("tokenizer.ggml.pre", .string("default"))]
    pairs += table.pairs(withScores: true) + (try common(table, source, model))
    if let source { pairs.append(("tokenizer.ggml.add_space_prefix", .bool(source.addsSpacePrefix))) }
    finish(table, source)
  }

  /// The `tokenizer.model` beside a tokenizer.json, if it has the same pieces.
  private func matchingModel(_ vocabulary: JSONVocabulary) -> SentencePieceModel? {
    guard folder.has("tokenizer.model"), let model = try? SentencePieceModel(path: folder.path("tokenizer.model")),
      model.algorithm == .bytePairs, vocabulary.tokens.count == model.pieces.count,
      vocabulary.tokens.allSatisfy({
        model.pieces.indices.contains($0.id) && model.pieces[$0.id].text == Array($0.text.utf8)
      })
    else { return nil }
    return model
  }

  /// `<0x00>` to `<0xFF>`.
  private static func isByte(_ text: String) -> Bool {
    text.utf8.count == 6 && text.hasPrefix("<0x") && text.hasSuffix(">")
      && UInt8(text.dropFirst(3).dropLast(), radix: 16) != nil
  }

  mutating func addUnigram(
    _ vocabulary: JSONVocabulary, _ json: JSONValue, source: Tokenizer?
  ) throws(ConversionError) {
    var table = table(vocabulary)
    for token in vocabulary.tokens where Self.isByte(token.text) { table.setType(token.id, .byte) }
    setAdded(vocabulary, &table, score: -1000)
    pairs = [("tokenizer.ggml.model", .string("t5")), ("tokenizer.ggml.pre", .string("default"))]
    pairs += table.pairs(withScores: true) + (try common(table, source))
    let scheme = Self.component("Metaspace", json["pre_tokenizer"])?["prepend_scheme"]?.stringValue
    pairs.append(("tokenizer.ggml.add_space_prefix", .bool(scheme != "never")))
    let map = Self.component("Precompiled", json["normalizer"])?["precompiled_charsmap"]?.stringValue
    // Maps of sentencepiece come with the removal of repeated spaces, which tokenizer.json spells as a Replace.
    pairs.append(("tokenizer.ggml.remove_extra_whitespaces", .bool(map != nil)))
    if let map, let bytes = Data(base64Encoded: map) {
      pairs.append(("tokenizer.ggml.precompiled_charsmap", .array(.u8(Array(bytes)))))
    }
    finish(table, source)
  }

  /// The first component of `type` in a sequence, nested or not.
  static func component(_ type: String, _ json: JSONValue?) -> JSONValue? {
    guard let json else { return nil }
    if json["type"]?.stringValue == type { return json }
    let members = json["pretokenizers"]?.arrayValue ?? json["normalizers"]?.arrayValue ?? []
    return members.lazy.compactMap { component(type, $0) }.first
  }
}
