import Foundation

/// Tells which sentence of a text is addressed to an assistant, seen against the rest of the text.
///
/// Linear heads say of each segment (``TextSegments``) what kind of sentence it is; a network with one hidden layer sees the
/// heads of the segment, of its neighbours and of the rest, and where it stands. A text's margin is its highest segment's.
///
/// Of the file after the version: bits of the hash, most tokens of a segment, heads, hidden units (u32 each), slope, shift,
/// threshold (f64 each), length of the name (u32), the name, length of the lexicon (u32), lines of a class and its words with
/// spaces between, a scale and a bias for each head (f64), the hidden layer's weights by input and its biases, the last
/// layer's weights and bias (f32), and the heads' weights by feature (i8).
struct SegmentClassifier: Sendable {
  /// What the network sees beside heads: words shared with the rest, sizes, place, marks.
  private static let extras = 13

  private let bits: Int
  private let most: Int
  private let heads: Int
  private let units: Int
  private var lexicon: [ArraySlice<UInt8>: ArraySlice<UInt8>] = [:]
  private var scales: [Double] = []
  private var biases: [Double] = []
  private var hidden: [Double] = []
  private var inner: [Double] = []
  private var outer: [Double] = []
  private var last = 0.0
  private var weights: [Int8] = []

  private var inputs: Int { 4 * heads + Self.extras }

  init(header reader: inout FieldReader) throws(TextClassifierError) {
    bits = Int(try reader.integer("the bits of the hash"))
    most = Int(try reader.integer("the length of a segment"))
    heads = Int(try reader.integer("the heads"))
    units = Int(try reader.integer("the hidden units"))
    guard (8...20).contains(bits), (4...1024).contains(most), (1...32).contains(heads), (1...512).contains(units) else {
      throw TextClassifierError(offset: 8, reason: "bits, length, heads or units out of bounds")
    }
  }

  mutating func readWeights(_ reader: inout FieldReader) throws(TextClassifierError) {
    for line in try reader.text(atMost: 65_536, "the lexicon").split(separator: 10) {
      let words = line.split(separator: 0x20)
      guard let name = words.first else { continue }
      for word in words.dropFirst() { lexicon[word] = name }
    }
    for _ in 0..<heads {
      scales.append(try reader.number("a head's scale"))
      biases.append(try reader.number("a head's bias"))
    }
    hidden = try reader.numbers(inputs * units, "the hidden layer")
    inner = try reader.numbers(units, "the hidden layer's biases")
    outer = try reader.numbers(units, "the last layer")
    last = try reader.numbers(1, "the last layer's bias").first ?? 0
    weights = try reader.take(heads << bits, "the heads").map { Int8(bitPattern: $0) }
  }

  /// The highest margin of a text's segments; the lowest that there can be for a text without any.
  func margin(of bytes: some Collection<UInt8>) -> Double {
    let text = TextSegments(bytes, most: most)
    guard !text.segments.isEmpty else { return last - outer.reduce(0) { $0 + abs($1) } }
    let values = text.segments.map { margins(of: $0, in: text) }
    let rows = surroundings(of: text, values)
    return rows.reduce(-Double.infinity) { max($0, network($1)) }
  }

  private func network(_ row: [Double]) -> Double {
    var result = last
    for unit in 0..<units {
      var sum = inner[unit]
      for input in 0..<inputs { sum += row[input] * hidden[input * units + unit] }
      result += tanh(sum) * outer[unit]
    }
    return result
  }

  // MARK: Heads

  private static let ends: [(suffix: [UInt8], name: ArraySlice<UInt8>)] = [
    (Array("ed".utf8), Array("_d".utf8)[...]), (Array("ing".utf8), Array("_g".utf8)[...]),
    (Array("ly".utf8), Array("_y".utf8)[...]), (Array("s".utf8), Array("_s".utf8)[...]),
  ]
  private static let other = Array("_".utf8)[...]
  private static let number = Array("0".utf8)[...]
  private static let name = Array("N".utf8)[...]
  private static let first = Array("^".utf8)[...]

  /// The class of a word, or what its form tells.
  private func bone(_ word: ArraySlice<UInt8>, isName: Bool) -> ArraySlice<UInt8> {
    if let name = lexicon[word] { return name }
    if word.first == 48 { return Self.number }
    if isName { return Self.name }
    if word.count >= 5, let end = Self.ends.first(where: { word.suffix($0.suffix.count).elementsEqual($0.suffix) }) {
      return end.name
    }
    return Self.other
  }

  /// Classes of a segment's words between its borders; words without a class are one, however many.
  private func skeleton(_ segment: TextSegments.Segment, in text: TextSegments) -> [ArraySlice<UInt8>] {
    var result = [Self.first]
    for index in segment.tokens {
      let isName = index > segment.tokens.lowerBound && text.capitals[index]
      let name = bone(text.text[text.tokens[index]], isName: isName)
      let isOpen = name.first == 95 || name.first == 78 || name.first == 48
      if isOpen, result.count > 1, result.last == name { continue }
      result.append(name)
    }
    result.append(Self.border(segment))
    return result
  }

  private static func border(_ segment: TextSegments.Segment) -> ArraySlice<UInt8> {
    segment.end == 0 ? [36] : [36, segment.end]
  }

  /// What the heads say of a segment: Σ w / √n over its n features.
  private func margins(of segment: TextSegments.Segment, in text: TextSegments) -> [Double] {
    var sums = [Int](repeating: 0, count: heads)
    var count = 0
    let mask = UInt32(truncatingIfNeeded: (1 << bits) - 1)
    func take(_ hash: FeatureHash) {
      let place = Int(TextFeatures.mixed(hash.value, mask)) * heads
      for head in 0..<heads { sums[head] += Int(weights[place + head]) }
      count += 1
    }
    let words = segment.tokens.map { text.text[text.tokens[$0]] }
    let border = Self.border(segment)
    for (index, word) in words.enumerated() {
      take(FeatureHash(1).with(word))
      take(FeatureHash(2).with(index == 0 ? Self.first : words[index - 1]).with(0x20).with(word))
      if index >= 2 { take(FeatureHash(9).with(words[index - 2]).with(0x20).with(word)) }
    }
    if let word = words.last { take(FeatureHash(2).with(word).with(0x20).with(border)) }
    for bit in 0..<UInt8(128) {
      let marks = bit < 64 ? segment.marks.0 : segment.marks.1
      if marks >> UInt64(bit & 63) & 1 == 1 { take(FeatureHash(10).with(bit)) }
    }
    let bones = skeleton(segment, in: text)
    for start in bones.indices {
      for length in 1...4 where start + length <= bones.count {
        var hash = FeatureHash(UInt32(16 + length)).with(bones[start])
        for bone in bones[(start + 1)..<(start + length)] { hash = hash.with(0x20).with(bone) }
        take(hash)
      }
    }
    let length = Double(count).squareRoot()
    return (0..<heads).map { Double(sums[$0]) / length * scales[$0] + biases[$0] }
  }

  // MARK: Surroundings

  /// The different words of a segment that say what it is about.
  private func content(_ segment: TextSegments.Segment, in text: TextSegments) -> Set<UInt32> {
    var result: Set<UInt32> = []
    for index in segment.tokens {
      let word = text.text[text.tokens[index]]
      if word.count >= 4, word.first != 48, lexicon[word] == nil { result.insert(FeatureHash(1).with(word).value) }
    }
    return result
  }

  /// What the network sees of each segment.
  private func surroundings(of text: TextSegments, _ values: [[Double]]) -> [[Double]] {
    let count = values.count
    let sizes = text.segments.map { Double($0.tokens.count) }
    let total = sizes.reduce(0, +)
    let shares = values.map { $0.map { 1 / (1 + exp(-$0)) } }
    let none = [Double](repeating: 0, count: heads)
    var whole = none
    for (share, size) in zip(shares, sizes) {
      for head in 0..<heads { whole[head] += share[head] * size }
    }
    let contents = text.segments.map { content($0, in: text) }
    var seen: [UInt32: Int] = [:]
    for words in contents { for word in words { seen[word, default: 0] += 1 } }
    var before = 0.0
    return (0..<count).map { index in
      let segment = text.segments[index]
      let rest = total - sizes[index]
      var row = values[index].map { min(max($0, -8), 8) / 4 }
      row.reserveCapacity(inputs)
      row += index > 0 ? shares[index - 1] : none
      row += index + 1 < count ? shares[index + 1] : none
      row += rest > 0 ? (0..<heads).map { (whole[$0] - shares[index][$0] * sizes[index]) / rest } : none
      let words = contents[index]
      let known = words.reduce(0) { $0 + (seen[$1, default: 0] > 1 ? 1 : 0) }
      row.append(words.isEmpty ? 0 : Double(known) / Double(words.count))
      row.append(Self.flag(!words.isEmpty))
      row += [log(sizes[index]) / 4, log(1 + rest) / 8, Self.flag(index == 0), Self.flag(index + 1 == count)]
      row.append(before / total)
      row += [UInt8(ascii: "?"), UInt8(ascii: "!"), UInt8(ascii: ":")].map { Self.flag(segment.end == $0) }
      row += [Self.flag(segment.before == .line), Self.flag(segment.before == .blank), Self.flag(count == 1)]
      before += sizes[index]
      return row
    }
  }

  private static func flag(_ value: Bool) -> Double { value ? 1 : 0 }
}

/// FNV-1a of a kind and bytes.
private struct FeatureHash {
  private(set) var value: UInt32

  init(_ kind: UInt32) { value = (TextFeatures.basis ^ kind) &* TextFeatures.prime }

  func with(_ byte: UInt8) -> FeatureHash {
    var result = self
    result.value = (value ^ UInt32(byte)) &* TextFeatures.prime
    return result
  }

  func with(_ bytes: ArraySlice<UInt8>) -> FeatureHash {
    var result = self
    for byte in bytes { result.value = (result.value ^ UInt32(byte)) &* TextFeatures.prime }
    return result
  }
}
