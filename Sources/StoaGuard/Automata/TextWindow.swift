/// The last bytes of a text that comes in pieces: those that open matches and their contexts need, and what has just come.
struct TextWindow: Sendable {
  private(set) var bytes: [UInt8] = []
  /// Where the first of `bytes` is in the text.
  private(set) var start = 0

  var end: Int { start + bytes.count }

  mutating func append(_ new: some Collection<UInt8>) { bytes.append(contentsOf: new) }

  /// Forgets what is before a place of the text. The memory is moved only when that frees most of it.
  mutating func trim(before place: Int) {
    let excess = place - start
    guard excess > 4096, excess > bytes.count / 2 else { return }
    bytes.removeSubrange(..<excess)
    start += excess
  }
}
