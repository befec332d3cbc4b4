extension SeededGenerator {
  /// Valid input with some damage, as a bad disk, a bad line or somebody with an intent makes it: bits flipped, bytes
  /// changed, lost or doubled, an end cut off, and fragments put in that mean something to the reader.
  public mutating func damaged(_ bytes: [UInt8], fragments: [String] = []) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &self) {
      let place = Int.random(in: 0...bytes.count, using: &self)
      let end = min(bytes.count, place + Int.random(in: 0...16, using: &self))
      switch Int.random(in: 0..<7, using: &self) {
      case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 1 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &self)
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 4 where Int.random(in: 0..<8, using: &self) == 0: bytes.removeSubrange(place...)
      case 5: bytes.replaceSubrange(place..<end, with: (fragments.randomElement(using: &self) ?? "").utf8)
      default: bytes.insert(contentsOf: (fragments.randomElement(using: &self) ?? "").utf8, at: place)
      }
    }
    return bytes
  }
}
