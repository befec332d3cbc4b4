/// Detectors of words and expressions that the deployer lists.
enum BanDetectors {
  static let all = [terms, expressions]

  static let terms = Detector(
    "ban", "words and phrases of a list, however they are written", view: .folded,
    options: ["terms", "whole-words", "evasions", "label"]
  ) { options throws(DetectorOptionError) in
    guard let terms = options["terms"], !terms.isEmpty else {
      throw DetectorOptionError(
        option: "terms", reason: "there are no terms", hint: "list them: terms: [first, second]")
    }
    let wholeWords = options["whole-words"] != ["false"]
    var patterns: [Pattern] = []
    for (index, term) in terms.enumerated() {
      guard let ban = Ban(term, wholeWords: wholeWords, label: options["label"]?.first ?? "BANNED") else {
        throw DetectorOptionError(
          option: "terms", index: index, reason: "the term has no letters or more than \(Ban.longestTerm)",
          hint: "write a word or a short phrase")
      }
      patterns.append(ban.plain)
      if options.isOn("evasions") { patterns += ban.evasions }
    }
    return patterns
  }

  static let expressions = Detector(
    "pattern", "regular expressions of a list (bounded repetition only)",
    options: ["expressions", "label", "ignore-case"]
  ) { options throws(DetectorOptionError) in
    guard let expressions = options["expressions"], !expressions.isEmpty else {
      throw DetectorOptionError(
        option: "expressions", reason: "there are no expressions", hint: "list them: expressions: ['\\bX-\\d{4}\\b']")
    }
    var patterns: [Pattern] = []
    for (index, expression) in expressions.enumerated() {
      let pattern = Pattern(
        "expression \(index + 1)", expression, label: options["label"]?.first ?? "REDACTED",
        foldsCase: options.isOn("ignore-case"))
      do throws(PatternError) {
        _ = try PatternSet.syntax(of: pattern)
      } catch {
        throw DetectorOptionError(
          option: "expressions", index: index, reason: "\(error.reason) at byte \(error.offset) of the expression",
          hint: error.hint)
      }
      patterns.append(pattern)
    }
    return patterns
  }
}

/// A term that must not occur, as patterns over the folded view.
struct Ban {
  private enum Unit {
    case letter(Unicode.Scalar)
    case gap
  }

  static let longestTerm = 120

  let term: String
  private let units: [Unit]
  private let wholeWords: Bool
  private let label: String

  init?(_ term: String, wholeWords: Bool, label: String) {
    var units: [Unit] = []
    var isOpen = false
    for scalar in ScalarFolding.fold(term).unicodeScalars {
      if scalar.properties.isWhitespace {
        if isOpen { units.append(.gap) }
        isOpen = false
      } else {
        units.append(.letter(scalar))
        isOpen = true
      }
    }
    if case .gap = units.last { units.removeLast() }
    let hasLetter = units.contains {
      if case .letter(let scalar) = $0 {
        scalar.properties.isAlphabetic || !scalar.isASCII || ByteSet.digits.contains(UInt8(scalar.value))
      } else {
        false
      }
    }
    guard hasLetter, units.count <= Self.longestTerm else { return nil }
    self.term = term
    self.units = units
    self.wholeWords = wholeWords
    self.label = label
  }

  private var letters: Int {
    units.count {
      if case .letter = $0 { true } else { false }
    }
  }

  private func isWord(_ unit: Unit?) -> Bool {
    guard case .letter(let scalar) = unit, scalar.isASCII else { return false }
    return ByteSet.word.contains(UInt8(scalar.value))
  }

  private func bounded(_ body: String) -> String {
    guard wholeWords else { return body }
    return (isWord(units.first) ? "\\<" : "") + body + (isWord(units.last) ? "\\>" : "")
  }

  private static func literal(_ scalar: Unicode.Scalar) -> String { "\\u{" + String(scalar.value, radix: 16) + "}" }

  /// The term as it is, with any space between its words.
  var plain: Pattern {
    let body = units.map { unit in
      switch unit {
      case .letter(let scalar): Self.literal(scalar)
      case .gap: "[\\s_.,\\-]{1,4}"
      }
    }
    return Pattern(term, bounded(body.joined()), label: label)
  }

  /// Spellings that hide the term: signs for letters, repeated letters, marks or spaces between them, rot13.
  var evasions: [Pattern] {
    guard letters >= 3 else { return [] }
    let least = max(2, (letters + 2) / 3)
    let check: @Sendable (Candidate) -> Judgement? = { candidate in
      candidate.bytes.count { $0 &- 0x61 < 26 || $0 >= 0x80 } >= least ? Judgement(score: 0.9) : nil
    }
    var patterns = [
      Pattern(
        term + " (disguised)", disguised(gap: "[^a-z0-9\\s]{0,2}", repeats: "{1,3}", space: "[^a-z0-9]{1,4}"),
        label: label, score: 0.9, validate: check),
      Pattern(
        term + " (spaced)", disguised(gap: "[^a-z0-9]{1,4}", repeats: "", space: "[^a-z0-9]{1,8}"), label: label,
        score: 0.9, validate: check),
    ]
    for index in patterns.indices { patterns[index].variant = .evasive }
    if letters >= 5 { patterns.append(plain.rotated) }
    return patterns
  }

  private func disguised(gap: String, repeats: String, space: String) -> String {
    var body = ""
    for (index, unit) in units.enumerated() {
      switch unit {
      case .letter(let scalar):
        if index > 0, case .letter = units[index - 1] { body += gap }
        body += (Self.signs[scalar] ?? Self.literal(scalar)) + repeats
      case .gap: body += space
      }
    }
    return bounded(body)
  }

  /// Letters with the signs that are written for them.
  private static let signs: [Unicode.Scalar: String] = [
    "a": "[a4@^]", "b": "[b8]", "c": "[c(]", "e": "[e3]", "g": "[g96]", "h": "[h#]", "i": "[i1!|l]", "l": "[l1|i!]",
    "o": "[o0]", "s": "[s5$z]",
    "t": "[t7+]", "u": "[uv]", "v": "[vu]", "x": "[x%*]", "z": "[z2s]",
  ]
}
