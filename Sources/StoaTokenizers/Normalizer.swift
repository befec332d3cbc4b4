/// Changes of the text before it is cut into words, one after the other.
struct Normalizer: Sendable {
  enum Step: Sendable {
    case unicode(UnicodeForm)
    case lowercase
    case strip(left: Bool, right: Bool)
    case stripAccents
    case replace(TextPattern, content: [UInt8])
    case prepend([UInt8])
    case nmt
    case bert(BertNormalizer)
    case byteLevel
    case precompiled(CharacterMap)
    case sentencePiece(SentencePieceNormalizer)
  }

  var steps: [Step] = []

  static let none = Normalizer()

  var isIdentity: Bool { steps.isEmpty }

  /// How many times as long the replacements of a file can make a text. The Unicode forms and the others lengthen it
  /// too, but not without end when they are repeated.
  var expansion: Int {
    steps.reduce(1) { factor, step in
      let own =
        switch step {
        case .replace(_, let content): content.count
        case .precompiled(let map): map.longestReplacement
        case .sentencePiece(let normalizer): normalizer.characterMap?.longestReplacement ?? 1
        case .unicode, .lowercase, .strip, .stripAccents, .prepend, .nmt, .bert, .byteLevel: 1
        }
      let (product, overflows) = factor.multipliedReportingOverflow(by: max(1, own))
      return overflows ? .max : product
    }
  }

  /// More than any known model needs, whose longest replacement has 33 bytes, and no danger to memory.
  static let greatestExpansion = 1024

  /// Whether the space in front of a text comes from here.
  var addsSpaces: Bool {
    steps.contains { if case .sentencePiece = $0 { true } else { false } }
  }

  /// The changed text; bytes that are not valid UTF-8 mostly stay as they are.
  ///
  /// - Parameter isPrefixed: Whether the section is one that gets a space in front, in SentencePiece models.
  func apply(_ text: Span<UInt8>, _ range: Range<Int>, isPrefixed: Bool = false) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    for i in range { bytes.append(text[i]) }
    for step in steps { bytes = step.apply(bytes, isPrefixed: isPrefixed) }
    return bytes
  }

  /// Whether the text still begins where it did, and not with what came after a character that is gone.
  func keepsStart(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var bytes: [UInt8] = []
    // What is gone from the start of a text is gone from the start of its beginning.
    for i in range.prefix(256) { bytes.append(text[i]) }
    for step in steps {
      if step.removesStart(bytes) { return false }
      bytes = step.apply(bytes, isPrefixed: false)
    }
    return true
  }
}

extension Normalizer.Step {
  fileprivate func apply(_ text: [UInt8], isPrefixed: Bool) -> [UInt8] {
    switch self {
    case .unicode(let form): form.apply(text)
    case .lowercase: Self.lowercased(text)
    case .strip(let left, let right): Self.stripped(text, left: left, right: right)
    case .stripAccents: text.filteringScalars { !UnicodeTableSet.combiningMarks.contains($0) }
    case .replace(let pattern, let content): pattern.replacing(in: text, with: content)
    case .prepend(let prefix): text.isEmpty ? [] : prefix + text
    case .nmt: Self.nmt(text)
    case .bert(let normalizer): normalizer.apply(text)
    case .byteLevel: ByteLevelAlphabet.encode(text)
    case .precompiled(let map): map.replacingClusters(text)
    case .sentencePiece(let normalizer): normalizer.apply(text, isPrefixed: isPrefixed)
    }
  }

  /// Whether the first character goes without one in its place.
  fileprivate func removesStart(_ text: [UInt8]) -> Bool {
    guard !text.isEmpty else { return false }
    let first = text.span.scalar(at: 0, end: text.count)
    switch self {
    case .strip(let left, _): return left && UnicodeClass(first).intersects(.space)
    case .stripAccents: return UnicodeTableSet.combiningMarks.contains(first.value)
    case .nmt, .bert: return apply(Array(text[..<first.length]), isPrefixed: false).isEmpty
    case .replace(let pattern, let content):
      return content.isEmpty && pattern.matches(in: text.span).first?.lowerBound == 0
    case .unicode, .lowercase, .prepend, .byteLevel, .precompiled, .sentencePiece: return false
    }
  }

  static func lowercased(_ text: [UInt8]) -> [UInt8] {
    let mapping = ScalarMapping.lowercase
    return text.mappingScalars { scalar, result in
      if scalar < 0x80 {
        let byte = UInt8(truncatingIfNeeded: scalar)
        result.append(byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
      } else if let lower = mapping[scalar] {
        for value in lower { result.append(decoded: value) }
      } else {
        result.append(decoded: scalar)
      }
    }
  }

  private static func stripped(_ text: [UInt8], left: Bool, right: Bool) -> [UInt8] {
    let span = text.span
    var (first, end, i) = (text.count, 0, 0)
    while i < span.count {
      let scalar = span.scalar(at: i, end: span.count)
      if !UnicodeClass(scalar).intersects(.space) { (first, end) = (min(first, i), i + scalar.length) }
      i += scalar.length
    }
    if first == text.count { return left || right ? [] : text }
    return Array(text[(left ? first : 0)..<(right ? end : text.count)])
  }

  /// The rules of `do_nmt` in the crate's `normalizers/unicode.rs`.
  private static func nmt(_ text: [UInt8]) -> [UInt8] {
    text.mappingScalars { scalar, result in
      switch scalar {
      case 0x1...0x8, 0xB, 0xE...0x1F, 0x7F, 0x8F, 0x9F: break
      case 0x9, 0xA, 0xC, 0xD, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: result.append(0x20)
      default: result.append(decoded: scalar)
      }
    }
  }
}

/// `BertNormalizer` of Hugging Face tokenizers, which is BERT's `BasicTokenizer` less the splitting.
struct BertNormalizer: Sendable, Equatable {
  var cleansText = true
  var spacesChinese = true
  var stripsAccents = true
  var lowercases = true

  func apply(_ text: [UInt8]) -> [UInt8] {
    var text = text
    if cleansText {
      let controls = UnicodeTableSet.bertControls
      text = text.mappingScalars { scalar, result in
        // Bytes that are not valid UTF-8 go as U+FFFD does.
        if scalar == 0 || scalar >= DecodedScalar.invalid || controls.contains(scalar) { return }
        let isSpace = UnicodeClass(DecodedScalar(value: scalar, length: 1)).intersects(.space)
        result.append(decoded: isSpace ? 0x20 : scalar)
      }
    }
    if spacesChinese {
      text = text.mappingScalars { scalar, result in
        let isChinese = Self.isChinese(scalar)
        if isChinese { result.append(0x20) }
        result.append(decoded: scalar)
        if isChinese { result.append(0x20) }
      }
    }
    if stripsAccents {
      let marks = UnicodeTableSet.bertMarks
      text = UnicodeForm.d.apply(text).filteringScalars { !marks.contains($0) }
    }
    return lowercases ? Normalizer.Step.lowercased(text) : text
  }

  /// The blocks of Chinese ideographs, with the crate's 2B920 where Unicode has 2B820.
  static func isChinese(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F, 0x2B920...0x2CEAF,
      0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}

extension [UInt8] {
  /// The text that `body` appends for each scalar, or invalid byte as `Span.scalar` reads it.
  func mappingScalars(_ body: (UInt32, inout [UInt8]) -> Void) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count)
    let span = self.span
    var i = 0
    while i < span.count {
      let scalar = span.scalar(at: i, end: span.count)
      body(scalar.value, &result)
      i += scalar.length
    }
    return result
  }

  func filteringScalars(_ isIncluded: (UInt32) -> Bool) -> [UInt8] {
    mappingScalars { scalar, result in if isIncluded(scalar) { result.append(decoded: scalar) } }
  }
}

extension CharacterMap {
  /// The rules as the crate's `Precompiled` applies them: to grapheme clusters of less than six bytes, otherwise to each
  /// scalar, and of the rules that match at the start the shortest, for the whole of it.
  fileprivate func replacingClusters(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    for character in String(decoding: text, as: UTF8.self) {
      let cluster = Array(character.utf8)
      let span = cluster.span
      if cluster.count < 6, let match = shortestMatch(span, at: 0, end: span.count) {
        result += self.text(match.replacement)
        continue
      }
      var i = 0
      while i < span.count {
        let end = i + span.scalar(at: i, end: span.count).length
        if let match = shortestMatch(span, at: i, end: end) {
          result += self.text(match.replacement)
        } else {
          result += cluster[i..<end]
        }
        i = end
      }
    }
    return result
  }
}
