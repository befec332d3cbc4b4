/// One view of a text with the automata that read it.
struct TextView: Sendable {
  private var derivation: (any TextDerivation)?
  private var text = DerivedText()
  private var window = TextWindow()
  private var scanners: [PatternScanner]
  private var found: [PatternHit] = []
  private var originCount = 0
  /// Compares the view with the system prompt.
  private var leaks: [PromptLeak]
  private var leaked: [Range<Int>] = []

  /// A view that derives its text, or reads the original where `derivation` is nil.
  init(_ derivation: (any TextDerivation)?, _ sets: [PatternSet], leaks: [PromptLeak] = []) {
    self.derivation = derivation
    self.leaks = leaks
    scanners = sets.map { PatternScanner($0) }
  }

  /// Where a hit may begin that is not told yet; the text before is certain.
  var frontier: Int {
    var first = originCount
    if let pending = derivation?.pending { first = min(first, pending) }
    for leak in leaks { if let start = leak.frontier { first = min(first, start) } }
    for scanner in scanners where scanner.frontier < scanner.count {
      let scanned = scanner.frontier
      first = min(first, derivation == nil ? scanned : text.map.start(scanned, end: originCount, count: text.count))
    }
    return first
  }

  /// The last byte of the view; nil before there is one, and while it is not known whether another one comes first.
  var lastByte: UInt8? { derivation?.pending == nil ? window.bytes.last : nil }

  /// Reads the next bytes and tells the hits by set, entry, original range and score; leaks by their number.
  mutating func feed(
    _ bytes: ArraySlice<UInt8>, hit: (Int, PatternHit) -> Void, leak: (Int, Range<Int>) -> Void
  ) {
    let offset = originCount
    originCount += bytes.count
    if derivation == nil {
      return scan(bytes, hit)
    }
    derivation?.feed(bytes, at: offset, into: &text)
    scanDerived(hit: hit, leak: leak)
    text.map.trim(before: scanners.reduce(text.count) { min($0, $1.frontier) })
  }

  mutating func finish(hit: (Int, PatternHit) -> Void, leak: (Int, Range<Int>) -> Void) {
    derivation?.finish(into: &text)
    scanDerived(hit: hit, leak: leak)
    for index in scanners.indices {
      scanners[index].finish(window, into: &found)
      report(index, hit)
    }
    for index in leaks.indices {
      leaks[index].finish(into: &leaked)
      reportLeaks(index, leak)
    }
  }

  private mutating func scanDerived(hit: (Int, PatternHit) -> Void, leak: (Int, Range<Int>) -> Void) {
    guard !text.bytes.isEmpty else { return }
    for index in leaks.indices {
      for (place, byte) in text.bytes.enumerated() {
        leaks[index].read(byte, origin: text.map.range(text.base + place..<text.base + place + 1), into: &leaked)
      }
      reportLeaks(index, leak)
    }
    scan(text.bytes[...], hit)
    text.consume()
  }

  private mutating func scan(_ bytes: ArraySlice<UInt8>, _ hit: (Int, PatternHit) -> Void) {
    window.append(bytes)
    for index in scanners.indices {
      scanners[index].read(window, into: &found)
      report(index, hit)
    }
    window.trim(before: scanners.reduce(window.end) { min($0, $1.neededStart) })
  }

  private mutating func report(_ set: Int, _ hit: (Int, PatternHit) -> Void) {
    for var match in found {
      if derivation != nil { match.range = text.map.range(match.range) }
      hit(set, match)
    }
    found.removeAll(keepingCapacity: true)
  }

  private mutating func reportLeaks(_ index: Int, _ leak: (Int, Range<Int>) -> Void) {
    for range in leaked { leak(index, range) }
    leaked.removeAll(keepingCapacity: true)
  }
}
