/// Telephone numbers: international ones by country code and length, national ones by how a region writes them.
enum PhoneNumbers {
  /// Country codes of ITU-T E.164 (list of assigned codes, E.164.D) and the lengths of numbers behind them, as national
  /// numbering plans state them.
  private static let plan = """
    1 10,7 10,20 8-10,27 9,30 10,31 9,32 8-9,33 9,34 9,36 8-9,39 6-11,40 9,41 9,43 4-13,44 9-10,45 8,46 7-10,47 5-8,48 9,\
    49 5-13,51 8-9,52 10,53 6-8,54 10-11,55 10-11,56 9,57 10,58 10,60 7-10,61 9,62 7-12,63 8-10,64 8-10,65 8,66 8-9,81 9-10,\
    82 8-11,84 8-10,86 8-11,90 10,91 10,92 9-10,93 9,94 9,95 7-10,98 10,211 9,212 9,213 8-9,216 8,218 8-9,220 7,221 9,222 8,\
    223 8,224 8-9,225 10,226 8,227 8,228 8,229 8-10,230 7-8,231 7-9,232 8,233 9,234 7-10,235 8,236 8,237 8-9,238 7,239 7,240 9,\
    241 7-8,242 9,243 7-9,244 9,245 7-9,246 7,248 7,249 9,250 9,251 9,252 6-9,253 8,254 9,255 9,256 9,257 8,258 8-9,260 9,261 9,\
    262 9,263 8-9,264 8-9,265 7-9,266 8,267 7-8,268 8,269 7,290 4-5,291 7,297 7,298 6,299 6,350 8,351 9,352 4-11,353 7-9,354 7-9,\
    355 8-9,356 8,357 8,358 5-12,359 7-9,370 8,371 8,372 7-8,373 8,374 8,375 9,376 6-9,377 8-9,378 6-10,379 6-11,380 9,381 8-9,\
    382 8,383 8-9,385 8-9,386 8,387 8-9,389 8,420 9,421 9,423 7-9,500 5,501 7,502 8,503 8,504 8,505 8,506 8,507 7-8,508 6,509 8,\
    590 9,591 8,592 7,593 8-9,594 9,595 9,596 9,597 6-7,598 8,599 7-8,670 7-8,672 6,673 7,674 7,675 7-8,676 5-7,677 5-7,678 5-7,\
    679 7,680 7,681 6,682 5,683 4-7,685 5-7,686 5-8,687 6,688 5-6,689 6-8,690 4-7,691 7,692 7,800 8,808 8,850 8-10,852 8,853 8,\
    855 8-9,856 8-10,870 9,878 10,880 8-10,881 8-9,882 7-12,883 7-12,886 8-9,888 8,960 7,961 7-8,962 8-9,963 8-9,964 8-10,965 8,966 8-9,\
    967 7-9,968 8,970 8-9,971 8-9,972 8-9,973 8,974 8,975 7-8,976 8,977 8-10,979 9,992 9,993 8,994 9,995 9,996 9,998 9
    """

  /// The least and most digits behind a country code, by the code; (0, 0) where there is no such code.
  private static let lengths: [(UInt8, UInt8)] = {
    var table = [(UInt8, UInt8)](repeating: (0, 0), count: 1000)
    for entry in plan.split(separator: ",") {
      let parts = entry.split { $0 == " " || $0 == "-" }.compactMap { Int($0) }
      table[parts[0]] = (UInt8(parts[1]), UInt8(parts[parts.count - 1]))
    }
    return table
  }()

  /// Whether the digits from a position on are a country code and a number of its length.
  private static func isInternational(_ text: CompactText, from start: Int) -> Bool {
    for width in 1...3 where start + width < text.count {
      let (least, most) = lengths[text.number(start..<start + width)]
      if most == 0 { continue }
      let rest = text.count - start - width
      // A trunk zero in brackets, as in +44 (0)20, is often written though it is not dialled.
      let hasTrunk = text.digit(start + width) == 0
      if (Int(least)...Int(most)).contains(rest) || hasTrunk && (Int(least)...Int(most)).contains(rest - 1) {
        return true
      }
    }
    return false
  }

  /// Words that say that a telephone number follows.
  private static let words = [
    "phone", "telephone", "tel", "mobile", "cell", "cellphone", "cellular", "call", "fax", "dial", "text", "sms",
    "whatsapp", "ring",
    "hotline", "helpline", "extension", "reach", "contact", "answering", "voicemail", "message", "number", "nummer",
    "telefon", "telefono", "teléfono",
    "téléphone",
    "handy", "mobil", "móvil", "celular", "numéro", "numero", "número", "telefone", "telefoon", "puhelin", "tlf",
    "telefonnummer",
    "電話", "电话", "전화", "телефон", "тел",
  ]
  /// Words that say that the number is of another kind.
  private static let otherWords = [
    "account", "order", "invoice", "ticket", "tracking", "reference", "serial", "version", "isbn", "zip", "postcode",
    "po box", "case",
    "policy", "passport", "license", "licence", "ssn", "social security", "card", "iban", "routing",
  ]

  /// Judges a match of ``NumberRun/expression``.
  static func judge(_ candidate: Candidate) -> Judgement? {
    guard let run = NumberRun(candidate), (6...24).contains(run.digitCount) else {
      return nil
    }
    if let last = candidate.before.last, "$#=_@:".utf8.contains(last), !(last == 0x3A && isWordColon(candidate.before))
    {
      return nil
    }
    if isCurrency(candidate.before) { return nil }
    let count = run.groups.count
    if let score = score(run, 0..<count, candidate) { return Judgement(score: score, part: part(run, 0..<count)) }
    // A year, a house number or the like before or after: `in 2019 212-555-0123`.
    guard count > 2 else { return nil }
    for range in [1..<count, 0..<count - 1]
    where run.separator(after: range.lowerBound == 0 ? count - 2 : 0).elementsEqual([0x20]) {
      if let score = score(run, range, candidate), score >= 0.7 {
        return Judgement(score: score, part: part(run, range))
      }
    }
    return nil
  }

  /// A colon after a word, as in `phone:555-0123`, unlike one after a digit.
  private static func isWordColon(_ before: ArraySlice<UInt8>) -> Bool {
    guard let previous = before.dropLast().last else { return false }
    return (previous | 32) &- 97 < 26 || previous == 0x20
  }

  /// Whether a sign of a currency stands before: pound, euro, yen and their like beside the dollar.
  private static func isCurrency(_ before: ArraySlice<UInt8>) -> Bool {
    let tail = before.suffix(3)
    return [[0xC2, 0xA3], [0xC2, 0xA5], [0xE2, 0x82, 0xAC], [0xE2, 0x82, 0xB9]].contains {
      tail.suffix($0.count).elementsEqual($0)
    }
  }

  /// The number with its plus sign, opening bracket and extension.
  private static func part(_ run: NumberRun, _ range: Range<Int>) -> Range<Int> {
    var span = run.span(range)
    if range.upperBound == run.groups.count, let end = run.extensionEnd { span = span.lowerBound..<end - run.start }
    if range.lowerBound == 0 {
      var lower = 0
      let opening = run.bytes[run.start..<run.start + span.lowerBound]
      // A bracket that is never closed belongs to the sentence.
      if opening.first == UInt8(ascii: "("),
        !run.bytes[run.start..<run.start + span.upperBound].contains(UInt8(ascii: ")"))
      {
        lower = 1
      }
      span = lower..<span.upperBound
    } else if span.lowerBound > 0, run.bytes[run.start + span.lowerBound - 1] == UInt8(ascii: "(") {
      span = span.lowerBound - 1..<span.upperBound
    }
    return span
  }

  private static func score(_ run: NumberRun, _ range: Range<Int>, _ candidate: Candidate) -> Double? {
    guard let text = run.compact(range), (6...17).contains(text.count), !text.isUniform else { return nil }
    let lengths = run.lengths[range]
    let opening = run.bytes[run.start..<run.groups[0].lowerBound]
    if range.lowerBound == 0, opening.contains(UInt8(ascii: "+")) {
      return isInternational(text, from: 0) ? 0.95 : nil
    }
    if text.count > 15 || PaymentNumbers.isCard(text) || isDate(run, range) || isAddress(run, range) { return nil }
    let shape = shape(text, Array(lengths), run, range, hasBracket: opening.contains(UInt8(ascii: "(")))
    guard let shape else { return nil }
    if shape >= 0.7 { return shape }
    // What stands next to it counts more than what stands farther off.
    let near = Context(candidate.before.suffix(24))
    if near.contains(anyOf: otherWords) { return nil }
    if near.contains(anyOf: words) { return max(0.75, shape) }
    let context = Context(candidate.before.suffix(72))
    if context.contains(anyOf: otherWords) { return nil }
    return context.contains(anyOf: words) ? max(0.75, shape) : shape >= 0.4 ? shape : nil
  }

  /// How much the way the number is written says that it is one: 0.7 and more alone, less with a word beside it.
  private static func shape(
    _ text: CompactText, _ lengths: [Int], _ run: NumberRun, _ range: Range<Int>, hasBracket: Bool
  ) -> Double? {
    let digits = text.count
    let isSplit = lengths.count > 1
    if text.digit(0) == 0, text.digit(1) == 0, digits > 9 {
      return isInternational(text, from: 2) ? (isSplit ? 0.8 : 0.5) : nil
    }
    // North America: three, three and four digits, neither of the first two groups beginning with 0 or 1.
    if lengths.suffix(3) == [3, 3, 4] || digits == 10 && lengths.last == 4 || hasBracket && lengths.last == 4 {
      let area = digits == 11 && text.digit(0) == 1 ? 1 : 0
      if digits - area == 10, text.digit(area) > 1, text.digit(area + 3) > 1 { return isSplit ? 0.85 : 0.4 }
      if digits - area == 10, isSplit, run.extensionEnd != nil || hasBracket { return 0.7 }
    }
    if digits == 11, text.digit(0) == 1, text.digit(1) > 1, text.digit(4) > 1 { return isSplit ? 0.8 : 0.3 }
    if run.extensionEnd != nil { return 0.7 }
    // Most of Europe and Asia: a trunk zero and eight to ten digits in groups of two to five.
    if text.digit(0) == 0, (9...11).contains(digits) {
      guard isSplit else { return digits == 9 ? 0.3 : 0.45 }
      return lengths.allSatisfy { $0 >= 2 } && lengths.count <= 5 ? 0.7 : 0.4
    }
    if hasBracket, lengths[0] <= 4, digits >= 7, isSplit { return 0.6 }
    // Written in pairs or in groups of two to four, as where there is no trunk zero.
    if isSplit, (8...11).contains(digits), lengths.allSatisfy({ (2...4).contains($0) }), lengths.count >= 3 {
      let isThousands = lengths[0] <= 3 && lengths.dropFirst().allSatisfy { $0 == 3 }
      return isThousands ? 0.35 : 0.5
    }
    if digits == 7, lengths == [3, 4] { return 0.4 }
    // 9-9999999, 99-9999999 and the like need a word beside them; bare digits all the more.
    return isSplit ? 0.3 : digits >= 7 ? 0.25 : nil
  }

  /// Dates, years and times: 2020-06-20, 20.06.2020, 1999-2004.
  private static func isDate(_ run: NumberRun, _ range: Range<Int>) -> Bool {
    let lengths = Array(run.lengths[range])
    let values = range.prefix(4).map { run.value($0) }
    guard lengths.count >= 2 else { return false }
    let isYear = { (index: Int) in lengths[index] == 4 && (1800...2100).contains(values[index]) }
    if lengths.count == 2 { return isYear(0) && isYear(1) }
    if isYear(0), lengths[1] <= 2, lengths[2] <= 2, (1...12).contains(values[1]), (1...31).contains(values[2]) {
      return true
    }
    let isDayMonth = lengths[0] <= 2 && lengths[1] <= 2 && (1...31).contains(values[0]) && (1...31).contains(values[1])
    guard isDayMonth, min(values[0], values[1]) <= 12 else { return false }
    if isYear(2) { return true }
    return lengths.count == 3 && lengths[2] == 2 && run.separator(after: 0).elementsEqual(run.separator(after: 1))
  }

  /// Internet addresses and version numbers, postal codes with four more digits, social security numbers, decimal fractions.
  private static func isAddress(_ run: NumberRun, _ range: Range<Int>) -> Bool {
    let lengths = Array(run.lengths[range])
    guard lengths.count > 1 else { return false }
    if lengths == [5, 4] || lengths == [3, 2, 4] { return true }
    let separators = (range.lowerBound..<range.upperBound - 1).map { run.separator(after: $0) }
    let areDots = separators.allSatisfy { $0.elementsEqual([0x2E]) }
    if areDots, lengths.count == 2 { return true }
    return areDots && lengths.count == 4 && range.allSatisfy { run.value($0) < 256 } && lengths.contains { $0 != 2 }
  }
}
