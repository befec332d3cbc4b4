/// One view of a text with the automata that read it.
struct TextView: Sendable {
  private var derivation: (any TextDerivation)?
  private var text = DerivedText()
  private var scanner: PatternScanner
  private var found: [PatternHit] = []
  private var originCount = 0
  /// Compares the view with the system prompt.
  private var leaks: [PromptLeak]
  private var leaked: [Range<Int>] = []

  /// A view that derives its text, or reads the original where `derivation` is nil.
  init(_ derivation: (any TextDerivation)?, _ set: PatternSet, leaks: [PromptLeak] = []) {
    self.derivation = derivation
    self.leaks = leaks
    scanner = PatternScanner(set)
  }

  /// Where a hit may begin that is not told yet; the text before is certain.
  var frontier: Int {
    var first = originCount
    if let pending = derivation?.pending { first = min(first, pending) }
    for leak in leaks { if let start = leak.frontier { first = min(first, start) } }
    let scanned = scanner.frontier
    if scanned < scanner.count {
      first = min(first, derivation == nil ? scanned : text.map.start(scanned, end: originCount, count: text.count))
    }
    return first
  }

  /// Reads the next bytes and tells the hits by entry, original range and score; leaks by their number.
  mutating func feed(
    _ bytes: ArraySlice<UInt8>, hit: (PatternHit) -> Void, leak: (Int, Range<Int>) -> Void
  ) {
    let offset = originCount
    originCount += bytes.count
    if derivation == nil {
      scanner.feed(bytes, into: &found)
      return report(hit)
    }
    derivation?.feed(bytes, at: offset, into: &text)
    scan(hit: hit, leak: leak)
    text.map.trim(before: scanner.frontier)
  }

  mutating func finish(hit: (PatternHit) -> Void, leak: (Int, Range<Int>) -> Void) {
    derivation?.finish(into: &text)
    scan(hit: hit, leak: leak)
    scanner.finish(into: &found)
    report(hit)
    for index in leaks.indices {
      leaks[index].finish(into: &leaked)
      reportLeaks(index, leak)
    }
  }

  private mutating func scan(hit: (PatternHit) -> Void, leak: (Int, Range<Int>) -> Void) {
    guard !text.bytes.isEmpty else { return }
    for index in leaks.indices {
      for (place, byte) in text.bytes.enumerated() {
        leaks[index].read(byte, origin: text.map.range(text.base + place..<text.base + place + 1), into: &leaked)
      }
      reportLeaks(index, leak)
    }
    scanner.feed(text.bytes[...], into: &found)
    text.consume()
    report(hit)
  }

  private mutating func report(_ hit: (PatternHit) -> Void) {
    for var match in found {
      if derivation != nil { match.range = text.map.range(match.range) }
      hit(match)
    }
    found.removeAll(keepingCapacity: true)
  }

  private mutating func reportLeaks(_ index: Int, _ leak: (Int, Range<Int>) -> Void) {
    for range in leaked { leak(index, range) }
    leaked.removeAll(keepingCapacity: true)
  }
}
