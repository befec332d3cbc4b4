/// A string as Python sees it: compared by code points, indexed by code points; kept as valid UTF-8.
struct Text: Hashable, Sendable {
  var bytes: [UInt8]
  /// Whether this is markupsafe's `Markup`, which escapes what is added to it; filters `safe` and `escape` make it.
  var isMarkup = false

  static let empty = Text(bytes: [])

  init(bytes: [UInt8], isMarkup: Bool = false) {
    self.bytes = bytes
    self.isMarkup = isMarkup
  }

  init(_ string: String) { bytes = Array(string.utf8) }

  init(_ scalar: Unicode.Scalar) {
    bytes = []
    bytes.append(scalar: scalar)
  }

  var string: String { String(decoding: bytes, as: UTF8.self) }

  /// The start of the string, for looking up known names, which are shorter, and for messages.
  var excerpt: String { bytes.count <= 64 ? string : String(decoding: bytes.prefix(64), as: UTF8.self) + "…" }

  static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }

  func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

  /// Order by code points, which UTF-8 keeps.
  static func precedes(_ left: Self, _ right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }

  /// A piece or variant of this string, which is markup when this is.
  func derived(_ bytes: some Sequence<UInt8>) -> Text { Text(bytes: Array(bytes), isMarkup: isMarkup) }

  var plain: Text { Text(bytes: bytes) }

  var scalars: [Unicode.Scalar] { Array(string.unicodeScalars) }

  /// The number of code points.
  var count: Int {
    var count = 0
    for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
    return count
  }

  /// The first byte of code point `index`, or the end when there are fewer.
  func offset(of index: Int) -> Int {
    var remaining = index
    for (offset, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 {
      if remaining == 0 { return offset }
      remaining -= 1
    }
    return bytes.count
  }

  /// The index of the code point that starts at a byte offset.
  func index(ofOffset offset: Int) -> Int { bytes[..<offset].count { $0 & 0xC0 != 0x80 } }

  /// The bytes of the code point that starts at `offset`.
  func length(at offset: Int) -> Int {
    let byte = bytes[offset]
    let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    return min(length, bytes.count - offset)
  }

  func scalar(at offset: Int) -> Unicode.Scalar { Text.decode(bytes[offset..<offset + length(at: offset)]) }

  static func decode(_ bytes: ArraySlice<UInt8>) -> Unicode.Scalar {
    guard let first = bytes.first else { return "\u{FFFD}" }
    if first < 0x80 { return Unicode.Scalar(first) }
    var code = UInt32(first) & (0x7F >> UInt32(bytes.count))
    for byte in bytes.dropFirst() { code = code << 6 | UInt32(byte & 0x3F) }
    return Unicode.Scalar(code) ?? "\u{FFFD}"
  }

  /// HTML-escapes as markupsafe does.
  var escaped: Text {
    if isMarkup { return self }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "&"): result += "&amp;".utf8
      case UInt8(ascii: "<"): result += "&lt;".utf8
      case UInt8(ascii: ">"): result += "&gt;".utf8
      case UInt8(ascii: "'"): result += "&#39;".utf8
      case UInt8(ascii: "\""): result += "&#34;".utf8
      default: result.append(byte)
      }
    }
    return Text(bytes: result, isMarkup: true)
  }
}

extension [UInt8] {
  mutating func append(scalar: Unicode.Scalar) {
    if scalar.value < 0x80 { append(UInt8(scalar.value)) } else { append(contentsOf: UTF8.encode(scalar) ?? .init()) }
  }
}

extension Unicode.Scalar {
  /// Python's `str.isspace` for one code point.
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// Whether Python's `str.splitlines` ends a line here.
  var isPythonLineBreak: Bool {
    switch value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  var isPythonAlphabetic: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}

// MARK: - Searching

extension Text {
  /// The byte offsets of `needle` that do not overlap, from the left, at most `limit`; linear time.
  func occurrences(of needle: [UInt8], from start: Int = 0, to end: Int? = nil, limit: Int = .max) -> [Int] {
    let end = end ?? bytes.count
    guard let first = needle.first, limit > 0, start + needle.count <= end else { return [] }
    var found: [Int] = []
    if needle.count <= 32 {
      var place = start
      while place + needle.count <= end {
        if bytes[place] == first, bytes[place..<place + needle.count].elementsEqual(needle) {
          found.append(place)
          if found.count == limit { break }
          place += needle.count
        } else {
          place += 1
        }
      }
      return found
    }
    // Knuth, Morris and Pratt: a long needle with a long repeated start must not make the search quadratic.
    var failure = [Int](repeating: 0, count: needle.count)
    var matched = 0
    for i in 1..<needle.count {
      while matched > 0, needle[i] != needle[matched] { matched = failure[matched - 1] }
      if needle[i] == needle[matched] { matched += 1 }
      failure[i] = matched
    }
    matched = 0
    for place in start..<end {
      while matched > 0, bytes[place] != needle[matched] { matched = failure[matched - 1] }
      if bytes[place] == needle[matched] { matched += 1 }
      if matched == needle.count {
        found.append(place + 1 - matched)
        if found.count == limit { break }
        matched = 0
      }
    }
    return found
  }

  func contains(_ needle: Text) -> Bool {
    needle.bytes.isEmpty || !occurrences(of: needle.bytes, limit: 1).isEmpty
  }

  /// The byte offsets of `needle` from the right, rightmost first.
  func occurrencesFromRight(of needle: [UInt8], limit: Int = .max) -> [Int] {
    let mirrored = Text(bytes: bytes.reversed()).occurrences(of: needle.reversed(), limit: limit)
    return mirrored.map { bytes.count - $0 - needle.count }
  }

  func replacing(_ old: Text, with new: Text, limit: Int = .max) -> Text {
    var result: [UInt8] = []
    if old.bytes.isEmpty {
      var remaining = limit
      var offset = 0
      while true {
        if remaining > 0 {
          result += new.bytes
          remaining -= 1
        }
        guard offset < bytes.count else { break }
        let next = offset + length(at: offset)
        result += bytes[offset..<next]
        offset = next
      }
      return derived(result)
    }
    var start = 0
    for place in occurrences(of: old.bytes, limit: limit) {
      result += bytes[start..<place]
      result += new.bytes
      start = place + old.bytes.count
    }
    result += bytes[start...]
    return derived(result)
  }
}

// MARK: - Splitting and stripping

extension Text {
  func stripped(of characters: Text? = nil, left: Bool = true, right: Bool = true) -> Text {
    let set = characters.map { Set($0.scalars) }
    func drops(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? scalar.isPythonSpace }
    var start = 0
    var end = bytes.count
    if left {
      while start < end, drops(scalar(at: start)) { start += length(at: start) }
    }
    if right {
      while end > start {
        var last = end - 1
        while last > start, bytes[last] & 0xC0 == 0x80 { last -= 1 }
        guard drops(scalar(at: last)) else { break }
        end = last
      }
    }
    return derived(bytes[start..<end])
  }

  /// Python's `str.split(separator, limit)`; the caller has refused an empty separator.
  func split(by separator: Text, limit: Int) -> [Text] {
    var pieces: [Text] = []
    var start = 0
    for place in occurrences(of: separator.bytes, limit: limit) {
      pieces.append(derived(bytes[start..<place]))
      start = place + separator.bytes.count
    }
    pieces.append(derived(bytes[start...]))
    return pieces
  }

  func splitFromRight(by separator: Text, limit: Int) -> [Text] {
    var pieces: [Text] = []
    var end = bytes.count
    for place in occurrencesFromRight(of: separator.bytes, limit: limit) {
      pieces.append(derived(bytes[place + separator.bytes.count..<end]))
      end = place
    }
    pieces.append(derived(bytes[..<end]))
    return pieces.reversed()
  }

  /// Python's `str.split()` on runs of white space.
  func splitOnSpace(limit: Int = .max) -> [Text] {
    var pieces: [Text] = []
    var offset = 0
    while true {
      while offset < bytes.count, scalar(at: offset).isPythonSpace { offset += length(at: offset) }
      guard offset < bytes.count else { return pieces }
      if pieces.count == limit {
        pieces.append(derived(bytes[offset...]))
        return pieces
      }
      let start = offset
      while offset < bytes.count, !scalar(at: offset).isPythonSpace { offset += length(at: offset) }
      pieces.append(derived(bytes[start..<offset]))
    }
  }

  func splitOnSpaceFromRight(limit: Int) -> [Text] {
    var pieces: [Text] = []
    var end = bytes.count
    while true {
      while end > 0, case let last = start(before: end), scalar(at: last).isPythonSpace { end = last }
      guard end > 0 else { break }
      if pieces.count == limit {
        pieces.append(derived(bytes[..<end]))
        break
      }
      var begin = end
      while begin > 0, case let last = start(before: begin), !scalar(at: last).isPythonSpace { begin = last }
      pieces.append(derived(bytes[begin..<end]))
      end = begin
    }
    return pieces.reversed()
  }

  /// Where the code point that ends at `offset` starts.
  private func start(before offset: Int) -> Int {
    var place = offset - 1
    while place > 0, bytes[place] & 0xC0 == 0x80 { place -= 1 }
    return place
  }

  /// Python's `str.splitlines`; stops after more than `limit` lines.
  func lines(keepingEnds: Bool = false, limit: Int) -> [Text] {
    var result: [Text] = []
    var start = 0
    var offset = 0
    while offset < bytes.count, result.count <= limit {
      let scalar = scalar(at: offset)
      let end = offset
      offset += length(at: offset)
      guard scalar.isPythonLineBreak else { continue }
      if scalar == "\r", offset < bytes.count, bytes[offset] == UInt8(ascii: "\n") { offset += 1 }
      result.append(derived(bytes[start..<(keepingEnds ? offset : end)]))
      start = offset
    }
    if start < bytes.count { result.append(derived(bytes[start...])) }
    return result
  }
}

// MARK: - Case

extension Text {
  private func mapped(_ transform: (Unicode.Scalar) -> String) -> Text {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for scalar in string.unicodeScalars { result += transform(scalar).utf8 }
    return derived(result)
  }

  var uppercased: Text { mapped(\.properties.uppercaseMapping) }

  /// The lower case of one code point, with the rule for a final sigma (Unicode Standard, section 3.13).
  private static func lowercase(_ index: Int, of all: [Unicode.Scalar]) -> String {
    guard all[index] == "\u{3A3}" else { return all[index].properties.lowercaseMapping }
    let before = all[..<index].last { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    let after = all[(index + 1)...].first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    return before && !after ? "\u{3C2}" : "\u{3C3}"
  }

  var lowercased: Text {
    let all = scalars
    guard all.contains("\u{3A3}") else { return mapped(\.properties.lowercaseMapping) }
    return derived(all.indices.flatMap { Text.lowercase($0, of: all).utf8 })
  }

  /// Python's `str.casefold`: the lower case of the upper case, with the exceptions that the Unicode Standard makes for
  /// the dotless i, the capital sharp s, and Cherokee, which folds to capitals.
  var casefolded: Text {
    mapped { scalar in
      switch scalar.value {
      case 0x131: return String(scalar)
      case 0x1E9E: return "ss"
      case 0x13A0...0x13FD, 0xAB70...0xABBF: return scalar.properties.uppercaseMapping
      default: return scalar.properties.uppercaseMapping.unicodeScalars.map(\.properties.lowercaseMapping).joined()
      }
    }
  }

  var capitalized: Text {
    guard !bytes.isEmpty else { return self }
    let cut = length(at: 0)
    return derived(Array(scalar(at: 0).properties.titlecaseMapping.utf8) + derived(bytes[cut...]).lowercased.bytes)
  }

  var swappedCase: Text {
    mapped {
      $0.properties.isUppercase
        ? $0.properties.lowercaseMapping : $0.properties.isLowercase ? $0.properties.uppercaseMapping : String($0)
    }
  }

  /// Python's `str.title`: every run of cased characters starts with a capital.
  var titlecased: Text {
    let all = scalars
    var result: [UInt8] = []
    var previousIsCased = false
    for (i, scalar) in all.enumerated() {
      result += (previousIsCased ? Text.lowercase(i, of: all) : scalar.properties.titlecaseMapping).utf8
      previousIsCased = scalar.properties.isCased
    }
    return derived(result)
  }
}
