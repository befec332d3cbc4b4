import StoaFormats

extension TokenizerJSON {
  /// The steps of a pre-tokeniser that cuts text, by the crate's `pre_tokenizers`.
  func splits(_ json: JSONValue, _ path: String) throws(TokenizerError) -> [PreTokenizer.Step] {
    let whitespace = #"\s+"#
    switch json["type"]?.stringValue {
    case "Split": return [try split(json, path)]
    case "Digits":
      let isIndividual = json["individual_digits"]?.boolValue ?? false
      return [PreTokenizer.Step(pattern: .numbers(maximum: isIndividual ? 1 : .max))]
    case "Whitespace":
      let words = try pattern(#"\w+|[^\w\s]+"#, .rust, path)
      return [PreTokenizer.Step(pattern: words, behavior: .removed, isInverted: true)]
    case "WhitespaceSplit":
      return [PreTokenizer.Step(pattern: try pattern(whitespace, .rust, path), behavior: .removed)]
    case "Punctuation":
      return [PreTokenizer.Step(pattern: try punctuation(path), behavior: try behavior(json, path) ?? .isolated)]
    case "BertPreTokenizer":
      return [
        PreTokenizer.Step(pattern: try pattern(whitespace, .rust, path), behavior: .removed),
        PreTokenizer.Step(pattern: try punctuation(path)),
      ]
    case "CharDelimiterSplit":
      guard let delimiter = json["delimiter"]?.stringValue, delimiter.unicodeScalars.count == 1 else {
        throw malformed("\(path).delimiter", "not one character")
      }
      return [PreTokenizer.Step(pattern: try literal(delimiter, path), behavior: .removed)]
    case "FixedLength":
      let length = json["length"]?.intValue ?? 5
      guard (1...RegexParser.mostRepetitions).contains(length) else {
        throw unsupported("\(path).length", "\(length)", "1 to \(RegexParser.mostRepetitions)")
      }
      return [PreTokenizer.Step(pattern: try pattern(#"[\s\S]{1,"# + "\(length)}", .rust, path))]
    case let type:
      throw unsupported(
        "\(path).type", type ?? "none",
        "BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, FixedLength, Metaspace, Punctuation, Sequence, Split, "
          + "Whitespace, WhitespaceSplit")
    }
  }

  private func split(_ json: JSONValue, _ path: String) throws(TokenizerError) -> PreTokenizer.Step {
    let pattern: SplitPattern
    if let expression = json["pattern"]?["Regex"]?.stringValue {
      pattern = try self.pattern(expression, .oniguruma, "\(path).pattern.Regex")
    } else if let text = json["pattern"]?["String"]?.stringValue, !text.isEmpty {
      pattern = try literal(text, path)
    } else {
      throw malformed("\(path).pattern", "neither a Regex nor a String")
    }
    let isInverted = json["invert"]?.boolValue ?? false
    guard var behavior = try behavior(json, path) else { throw malformed("\(path).behavior", "absent") }
    // Where nothing lies between matches, removing that is nothing.
    if behavior == .removed, isInverted, pattern.matchesEverything { behavior = .isolated }
    return PreTokenizer.Step(pattern: pattern, behavior: behavior, isInverted: isInverted)
  }

  private func behavior(_ json: JSONValue, _ path: String) throws(TokenizerError) -> SplitBehavior? {
    guard let name = json["behavior"]?.stringValue else { return nil }
    guard let behavior = SplitBehavior(rawValue: name) else {
      throw unsupported(
        "\(path).behavior", name, "Isolated, Removed, MergedWithPrevious, MergedWithNext, Contiguous")
    }
    return behavior
  }

  private func punctuation(_ path: String) throws(TokenizerError) -> SplitPattern {
    try pattern(#"[!-/:-@\[-`{-~\p{P}]"#, .rust, path)
  }

  private func literal(_ text: String, _ path: String) throws(TokenizerError) -> SplitPattern {
    do throws(RegexError) { return try SplitPattern(literal: text) } catch {
      throw unsupported("\(path)", text, "a shorter text: \(error)")
    }
  }

  private func pattern(
    _ expression: String, _ dialect: RegexDialect, _ path: String
  ) throws(TokenizerError) -> SplitPattern {
    do throws(RegexError) { return try SplitPattern(regularExpression: expression, dialect) } catch {
      throw unsupported(path, expression, "regular expressions without \(error)")
    }
  }
}

extension SplitPattern {
  fileprivate var matchesEverything: Bool {
    switch self {
    case .gpt2, .words, .casedWords: true
    default: false
    }
  }
}

extension PreTokenizer {
  /// The steps of a `tokenizer.json`, named after the family they are known from.
  init(steps: [Step]) {
    let names = steps.map { $0.pattern.familyName }
    let name = names.last.map { $0 == "gpt-2" && steps.count > 1 ? "smollm" : $0 } ?? "none"
    self.init(name: name, steps: steps)
  }
}
