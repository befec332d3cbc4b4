@testable import StoaGuard

extension PatternSet {
  /// The hits in a text that comes in pieces of a size.
  func hits(in text: [UInt8], pieces: Int = .max) -> [PatternHit] {
    var scanner = PatternScanner(self)
    var window = TextWindow()
    var hits: [PatternHit] = []
    var start = 0
    while start < text.count {
      let end = start + min(pieces, text.count - start)
      window.append(text[start..<end])
      scanner.read(window, into: &hits)
      window.trim(before: scanner.neededStart)
      start = end
    }
    scanner.finish(window, into: &hits)
    return hits
  }
}
