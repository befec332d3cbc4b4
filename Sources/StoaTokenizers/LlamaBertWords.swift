/// How llama.cpp cuts text into words for WordPiece: lower case, no accents, punctuation and ideographs by themselves,
/// and `▁` in front of each word.
///
/// Source: `llm_tokenizer_wpm_session::preprocess` in `llama-vocab.cpp`.
struct LlamaBertWords: Sendable, Equatable {
  var lowercases = true
  /// Each character becomes the first of its canonical decomposition, and marks go.
  var stripsAccents = true

  func words(_ text: Span<UInt8>, _ range: Range<Int>) -> WordSplitter.Words {
    let (controls, lowercase) = (UnicodeTableSet.controls, ScalarMapping.lowercase)
    var words = WordSplitter.Words(text: [], ranges: [])
    words.text.reserveCapacity(range.count + range.count / 2)
    var isInWord = false
    var i = range.lowerBound
    while i < range.upperBound {
      let decoded = text.scalar(at: i, end: range.upperBound)
      i += decoded.length
      if decoded.isInvalid { continue }
      let scalar = stripsAccents ? UnicodeForm.firstOfDecomposition(decoded.value) : decoded.value
      let properties = UnicodeClass(DecodedScalar(value: scalar, length: 1))
      if properties.intersects(.space) {
        isInWord = false
        continue
      }
      if scalar == 0 || scalar == 0xFFFD || controls.contains(scalar) { continue }
      if stripsAccents, properties.intersects(.mark) { continue }
      let isAlone =
        properties.intersects(.punctuation) || scalar < 0x7F && properties.intersects(.symbol)
        || BertNormalizer.isChinese(scalar)
      if isAlone || !isInWord {
        words.ranges.append(words.text.count..<words.text.count)
        words.text.append(scalar: SentencePieceBPE.space)
      }
      isInWord = !isAlone
      words.text.append(decoded: lowercases ? lowercase[scalar]?.first ?? scalar : scalar)
      words.ranges[words.ranges.count - 1] = words.ranges[words.ranges.count - 1].lowerBound..<words.text.count
    }
    return words
  }
}
