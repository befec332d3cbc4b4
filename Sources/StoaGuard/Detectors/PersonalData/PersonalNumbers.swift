/// Validators of numbers that know a person: identity numbers and those of cards and accounts.
enum PersonalNumbers {
  private static let cardWords = [
    "card", "credit", "debit", "visa", "mastercard", "amex", "cc", "karte", "carte", "tarjeta",
  ]

  /// A card number alone, or as some of the groups of digits that the match has.
  static func card(_ candidate: Candidate) -> Judgement? {
    let bytes = candidate.bytes
    guard let text = CompactText(bytes), CheckDigits.luhn(text), !text.isUniform else { return nil }
    if NumberRun.continues(candidate.before) {
      // Of a list of numbers each is one; a piece of a longer number is none.
      guard text.count == bytes.count, candidate.before.last == UInt8(ascii: " ") else { return nil }
    }
    let groups = bytes.split { !($0 &- 48 < 10) }.map(\.count)
    guard groups.count == 1 || groups.dropLast().allSatisfy({ (3...6).contains($0) }) && groups.count <= 5 else {
      return nil
    }
    let issuer = PaymentNumbers.cardIssuer(text)
    // A number of no known range, or a bare one of Maestro's wide ranges or of few digits, needs a word that says it.
    let isSure = issuer != nil && issuer != "maestro" && text.count >= 15
    guard isSure || Context(candidate.before).contains(anyOf: cardWords) else {
      return issuer == nil ? nil : Judgement(score: 0.5)
    }
    if issuer == nil { return Judgement(score: 0.7) }
    return Judgement(score: 1)
  }

  /// An IBAN; what follows it in the match is cut off.
  static func iban(_ candidate: Candidate) -> Judgement? {
    let bytes = candidate.bytes
    var iterator = bytes.startIndex
    let upper = { (byte: UInt8) -> UInt8 in byte &- 97 < 26 ? byte - 32 : byte }
    guard let length = PaymentNumbers.ibanLength(upper(bytes[iterator]), upper(bytes[iterator + 1])) else { return nil }
    var text = CompactText()
    while iterator < bytes.endIndex, text.count < length {
      _ = text.append(bytes[iterator])
      iterator += 1
    }
    // The number must end with a group.
    if iterator < bytes.endIndex, bytes[iterator] != UInt8(ascii: " "), bytes[iterator] != UInt8(ascii: "-") {
      return nil
    }
    guard PaymentNumbers.isIBAN(text) else { return nil }
    return Judgement(score: 1, part: 0..<iterator - bytes.startIndex)
  }

  /// Words that say that some identity number follows.
  private static let genericWords = [
    "id", "identity", "identification", "national id", "tax id", "tax number", "personal number", "citizen",
    "insurance number",
    "ausweis", "identité", "identidad", "identidade", "id-nummer",
  ]

  private static let digitKinds: [[NationalIdentifier]] = {
    var table = [[NationalIdentifier]](repeating: [], count: 20)
    for kind in NationalIdentifier.all {
      for length in Set(kind.shapes.map(\.utf8.count)) where length < 20 { table[length].append(kind) }
    }
    return table
  }()

  private static let letterKinds = NationalIdentifier.all.filter { kind in
    kind.shapes.contains { shape in !shape.utf8.allSatisfy { $0 == UInt8(ascii: "9") } }
  }

  /// Identity numbers of digits alone, `isAmerican` those of the United States or else those of all other countries.
  static func digits(_ candidate: Candidate, isAmerican: Bool) -> Judgement? {
    guard let run = NumberRun(candidate), (7...24).contains(run.digitCount) else { return nil }
    let count = run.groups.count
    var context: Context?
    // Longer parts of the run first, so that a number is preferred to a piece of it.
    for length in (1...count).reversed() {
      for first in 0...(count - length) {
        let range = first..<first + length
        guard (7...18).contains(run.digits(range)), let text = run.compact(range) else { continue }
        for kind in digitKinds[text.count] where kind.code.hasPrefix("US_") == isAmerican && kind.isValid(text) {
          let span = run.span(range)
          let isWhole = length == count
          let words = context ?? Context(candidate.before)
          context = words
          if words.contains(anyOf: kind.keywords) { return Judgement(score: 0.95, part: span) }
          if isWhole, matchesWritten(kind, run, span) { return Judgement(score: 0.85, part: span) }
          if isWhole, kind.isDistinctive, length == 1 || kind.writtenForms.isEmpty {
            return Judgement(score: 0.8, part: span)
          }
          if isWhole, words.contains(anyOf: genericWords) { return Judgement(score: 0.6, part: span) }
        }
      }
    }
    return nil
  }

  /// Whether the part of the run looks as numbers of this kind are written and nothing else is.
  private static func matchesWritten(_ kind: NationalIdentifier, _ run: NumberRun, _ span: Range<Int>) -> Bool {
    kind.writtenForms.contains { form in
      let form = form.utf8
      guard form.count == span.count else { return false }
      return zip(form, run.bytes[run.start + span.lowerBound..<run.start + span.upperBound]).allSatisfy {
        expected, byte in
        switch expected {
        case UInt8(ascii: "9"): byte &- 48 < 10
        case UInt8(ascii: "*"): byte &- 48 < 10 || (byte | 32) &- 97 < 26
        default: byte == expected
        }
      }
    }
  }

  /// Identity numbers with letters.
  static let letterExpression = [
    // Italian: letters stand for digits where two people would have the same code, the year's last of all.
    #"[A-Z]{3} ?[A-Z]{3} ?(?:\d[0-9L-NP-V]|[L-NP-V]\d)[A-Z][0-9L-NP-V]{2} ?[A-Z][0-9L-NP-V]{3}[A-Z]"#,
    #"[A-Z]{4}\d{6}[A-Z]{6}[A-Z0-9]\d"#,
    #"[A-Z]{5}\d{4}[A-Z]"#,
    #"[A-Z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]"#,
    #"[STFGMXYZ][ -]?\d{7}[ -]?[A-Z]"#,
    #"\d{7,8}[ -]?[A-Z]{1,2}"#,
    #"\d{1,2}\.\d{3}\.\d{3}-K"#,
    #"\d{6}[-+A-FU-Y]?\d{3}[0-9A-Y]"#,
    #"[1-478] ?\d{2} ?\d{2} ?2[AB] ?\d{3} ?\d{3} ?\d{2}"#,
    #"\d{17}X"#,
  ].map { #"\<"# + $0 + #"\>"# }.joined(separator: "|")

  /// Judges a match of `letterExpression`.
  static func letters(_ candidate: Candidate) -> Judgement? {
    guard let text = CompactText(candidate.bytes), !NumberRun.continues(candidate.before) else { return nil }
    guard let kind = letterKinds.first(where: { $0.isValid(text) }) else { return nil }
    if text.isDigits, !candidate.bytes.contains(where: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }) {
      return nil
    }
    if Context(candidate.before).contains(anyOf: kind.keywords) { return Judgement(score: 0.95) }
    // Lower-case letters beside digits are seldom an identity number, and short ones need what sets them apart.
    let isUpper = !candidate.bytes.contains { $0 &- 97 < 26 }
    switch kind.code {
    case "IT_CODICE_FISCALE", "MX_CURP": return Judgement(score: 0.9)
    case "CL_RUT": return candidate.bytes.contains(UInt8(ascii: "-")) ? Judgement(score: 0.7) : nil
    case "GB_NINO", "IE_PPS", "ES_DNI": return isUpper ? Judgement(score: 0.6) : nil
    default: return isUpper ? Judgement(score: 0.8) : nil
    }
  }

  /// Numbers of documents, which have no common check: a word before them says what they are.
  static func document(_ candidate: Candidate, words: [String]) -> Judgement? {
    guard candidate.bytes.contains(where: { $0 &- 48 < 10 }) else { return nil }
    return Context(candidate.before.suffix(48)).contains(anyOf: words) ? Judgement(score: 0.7) : nil
  }
}
