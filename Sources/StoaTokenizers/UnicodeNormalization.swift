/// The normalisation forms of Unicode (UAX #15), with the tables of the crate `tokenizers`, which are of Unicode 12.1.
///
/// Bytes that are not valid UTF-8 stay as they are and keep their neighbours apart.
enum UnicodeForm: Int, Sendable {
  case c, d, kc, kd

  /// The text in this form.
  ///
  /// What stands alone in this form is copied; between, each stretch with the scalar before it is normalised by itself.
  func apply(_ text: [UInt8]) -> [UInt8] {
    guard let first = text.firstIndex(where: { $0 >= 0xC2 }) else { return text }
    let standsAlone = Self.standsAlone[rawValue]
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    let span = text.span
    // The scalar before `i` begins at `last` and has not been copied; `copied` bytes have.
    var (i, last, copied) = (first, max(0, first - 1), 0)
    while i < span.count {
      var scalar = span.scalar(at: i, end: span.count)
      if scalar.value < 0xA0 || scalar.isInvalid || standsAlone[scalar.value] {
        (last, i) = (i, i + scalar.length)
        continue
      }
      var stretch: [UInt32] = []
      if last < i { stretch.append(span.scalar(at: last, end: i).value) }
      result += text[copied..<last]
      while !scalar.isInvalid, !standsAlone[scalar.value] {
        stretch.append(scalar.value)
        i += scalar.length
        if i == span.count { break }
        scalar = span.scalar(at: i, end: span.count)
      }
      for value in normalized(stretch) { result.append(decoded: value) }
      (last, copied) = (i, i)
    }
    return result + text[copied...]
  }

  private func normalized(_ scalars: [UInt32]) -> [UInt32] {
    switch self {
    case .d: Self.decomposed(scalars, compatibly: false)
    case .kd: Self.decomposed(scalars, compatibly: true)
    case .c: Self.composed(Self.decomposed(scalars, compatibly: false))
    case .kc: Self.composed(Self.decomposed(scalars, compatibly: true))
    }
  }

  /// For each form, the scalars that never change in it, and never change or join what is before them.
  private static let standsAlone: [ScalarTable<Bool>] = {
    var seconds = ScalarTable<Bool>(default: false)
    for pair in compositions.keys { seconds[UInt32(truncatingIfNeeded: pair)] = true }
    // Vowels and trailing consonants of Hangul.
    seconds.setAll(0x1161..<0x11C3, to: true)
    return [UnicodeForm.c, .d, .kc, .kd].map { form in
      var table = ScalarTable<Bool>(default: true)
      for scalar in UInt32(0xA0)..<0x110000
      where classes[scalar] != 0 || seconds[scalar] || canonical[scalar] != nil || compatible[scalar] != nil
        || Hangul.syllable(scalar) != nil
      {
        let composes = form == .c || form == .kc
        if classes[scalar] != 0 || composes && seconds[scalar] || form.normalized([scalar]) != [scalar] {
          table[scalar] = false
        }
      }
      return table
    }
  }()

  private static let canonical = ScalarMapping(UnicodeTables.canonicalDecompositions)
  private static let compatible = ScalarMapping(UnicodeTables.compatibilityDecompositions)

  /// Canonical combining class; 0 for what begins a new cluster.
  private static let classes: ScalarTable<UInt8> = {
    var table = ScalarTable<UInt8>(default: 0)
    var reader = UnicodeTableReader(UnicodeTables.combiningClasses)
    var scalar = 0
    while let skipped = reader.next(), let count = reader.next(), let value = reader.next() {
      table.setAll(UInt32(scalar + skipped)..<UInt32(scalar + skipped + count), to: UInt8(value))
      scalar += skipped + count
    }
    return table
  }()

  /// First scalar << 32 | second scalar → what they compose to.
  private static let compositions: [UInt64: UInt32] = {
    var table: [UInt64: UInt32] = [:]
    var reader = UnicodeTableReader(UnicodeTables.compositions)
    var (composite, first, second) = (0, 0, 0)
    while let a = reader.next(), let b = reader.next(), let c = reader.next() {
      (composite, first, second) = (composite + a, first + b, second + c)
      table[UInt64(first) << 32 | UInt64(second)] = UInt32(composite)
    }
    return table
  }()

  /// The first scalar of the canonical decomposition.
  static func firstOfDecomposition(_ scalar: UInt32) -> UInt32 {
    if let syllable = Hangul.syllable(scalar) { return Hangul.leads + syllable / Hangul.perLead }
    return canonical[scalar]?.first ?? scalar
  }

  @inline(__always)
  private static func combiningClass(_ scalar: UInt32) -> UInt8 {
    // No scalar below has a class.
    scalar < 0x300 || scalar >= 0x110000 ? 0 : classes[scalar]
  }

  /// The Hangul syllables, which compose by arithmetic (The Unicode Standard, 3.12).
  private enum Hangul {
    static let syllables: UInt32 = 0xAC00
    static let leads: UInt32 = 0x1100
    static let vowels: UInt32 = 0x1161
    /// One below the first trailing consonant.
    static let trails: UInt32 = 0x11A7
    static let (vowelCount, trailCount): (UInt32, UInt32) = (21, 28)
    static let perLead: UInt32 = vowelCount * trailCount
    static let count: UInt32 = 19 * perLead

    static func syllable(_ scalar: UInt32) -> UInt32? {
      scalar >= syllables && scalar < syllables + count ? scalar - syllables : nil
    }

    static func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
      if first >= leads, first < leads + 19, second >= vowels, second < vowels + vowelCount {
        return syllables + ((first - leads) * vowelCount + second - vowels) * trailCount
      }
      if let syllable = syllable(first), syllable % trailCount == 0, second > trails, second < trails + trailCount {
        return first + second - trails
      }
      return nil
    }
  }

  private static func decomposed(_ scalars: [UInt32], compatibly: Bool) -> [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(scalars.count + scalars.count / 4)
    for scalar in scalars {
      if scalar < 0xA0 {
        result.append(scalar)
      } else if let syllable = Hangul.syllable(scalar) {
        result.append(Hangul.leads + syllable / Hangul.perLead)
        result.append(Hangul.vowels + syllable % Hangul.perLead / Hangul.trailCount)
        if syllable % Hangul.trailCount != 0 { result.append(Hangul.trails + syllable % Hangul.trailCount) }
      } else if compatibly, let parts = compatible[scalar] {
        result += parts
      } else if let parts = canonical[scalar] {
        result += parts
      } else {
        result.append(scalar)
      }
    }
    sortMarks(&result)
    return result
  }

  /// Puts the marks after each base into the order of their classes; marks of one class keep theirs.
  private static func sortMarks(_ scalars: inout [UInt32]) {
    var i = 0
    while i < scalars.count {
      if combiningClass(scalars[i]) == 0 {
        i += 1
        continue
      }
      let start = i
      var isSorted = true
      while i < scalars.count, combiningClass(scalars[i]) != 0 {
        if i > start, combiningClass(scalars[i]) < combiningClass(scalars[i - 1]) { isSorted = false }
        i += 1
      }
      if isSorted { continue }
      // By class and place, as no sort that is fast on a long run of marks is promised to be stable.
      let marks = (start..<i).map { (key: Int(combiningClass(scalars[$0])) << 48 | $0, scalar: scalars[$0]) }
      for (offset, mark) in marks.sorted(by: { $0.key < $1.key }).enumerated() { scalars[start + offset] = mark.scalar }
    }
  }

  /// Composes each base with the marks after it that nothing of their class or higher keeps apart from it.
  private static func composed(_ scalars: [UInt32]) -> [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(scalars.count)
    /// Where in `result` the last base is.
    var base: Int?
    /// Class of the last scalar kept after the base; −1 when nothing is.
    var lastClass = -1
    for scalar in scalars {
      let own = Int(combiningClass(scalar))
      if let base, lastClass < own, let composite = compose(result[base], scalar) {
        result[base] = composite
        continue
      }
      if own == 0 {
        (base, lastClass) = (result.count, -1)
      } else {
        lastClass = own
      }
      result.append(scalar)
    }
    return result
  }

  private static func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if second < 0x300 { return nil }
    return Hangul.compose(first, second) ?? compositions[UInt64(first) << 32 | UInt64(second)]
  }
}
