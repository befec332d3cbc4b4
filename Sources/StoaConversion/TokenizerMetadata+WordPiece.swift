import StoaFormats
import StoaTokenizers

extension TokenizerMetadata {
  /// GGUF marks the beginning of words, where WordPiece marks the pieces within.
  mutating func addWordPiece(
    _ vocabulary: JSONVocabulary, _ json: JSONValue, source: Tokenizer?
  ) throws(ConversionError) {
    let special = Set(vocabulary.added.filter(\.isSpecial).map(\.id))
    var table = VocabularyTable(count: configuration.vocabularySize)
    for token in vocabulary.tokens where !special.contains(token.id) {
      let text = Array(token.text.utf8)
      table.set(token.id, text.starts(with: "##".utf8) ? Array(text.dropFirst(2)) : Array("▁".utf8) + text, .normal)
    }
    setAdded(vocabulary, &table)
    pairs = [("tokenizer.ggml.model", .string("bert")), ("tokenizer.ggml.pre", .string("default"))]
    pairs.append(
      ("tokenizer.ggml.token_type_count", .u32(UInt32(clamping: configuration.raw["type_vocab_size"]?.intValue ?? 1))))
    // Readers put the tokens for beginning and end around a text, which are [CLS] and [SEP] here.
    pairs += table.pairs(withScores: false) + (try common(table, source, standIns: ["bos": "cls", "eos": "sep"]))
    let normalizer = Self.component("BertNormalizer", json["normalizer"])
    if let lowers = normalizer?["lowercase"]?.boolValue {
      pairs.append(("tokenizer.ggml.normalizer.lowercase", .bool(lowers)))
    }
    if let strips = normalizer?["strip_accents"]?.boolValue {
      pairs.append(("tokenizer.ggml.normalizer.strip_accents", .bool(strips)))
    }
    finish(table, source)
  }
}
