/// Finds the end of a JSON object in a stream, byte by byte, and where the members of the outermost object lie.
///
/// It refuses what cannot become JSON as soon as the structure is wrong; details of numbers, escapes and words are left
/// to `JSONValue`, which reads the whole once it is there.
struct JSONScanner: Sendable {
  enum Progress { case more, done, broken }

  /// Where a member of the outermost object lies, in bytes from its beginning.
  struct Member: Sendable {
    var key: Range<Int>
    var value: Range<Int>
  }

  private(set) var members: [Member] = []
  /// How many bytes were read.
  private(set) var count = 0

  private enum State { case value, valueOrEnd, keyOrEnd, key, colon, comma, string, escape, scalar }
  private var state = State.value
  /// Whether each container that is open is an object.
  private var containers: [Bool] = []
  private var isKey = false
  private var start = 0
  private var key = 0..<0

  /// As deep as `JSONValue` reads.
  private static let deepest = 256

  /// The key of the outermost object whose value is an object that began with the last byte.
  var begunKey: Range<Int>? { containers == [true, true] && start == count - 1 ? key : nil }

  mutating func read(_ byte: UInt8) -> Progress {
    let progress = step(byte)
    count += 1
    return progress
  }

  private mutating func step(_ byte: UInt8) -> Progress {
    switch state {
    case .string:
      switch byte {
      case UInt8(ascii: "\""): return endText()
      case UInt8(ascii: "\\"): state = .escape
      case 0..<0x20: return .broken
      default: break
      }
      return .more
    case .escape:
      state = .string
      return .more
    case .scalar:
      if Self.isScalar(byte) { return .more }
      // A number or word has no end of its own; the byte belongs to what follows.
      endValue(at: count)
      return step(byte)
    default: break
    }
    if Self.isSpace(byte) { return .more }
    switch (state, byte) {
    case (.value, _), (.valueOrEnd, _): return begin(byte)
    case (.key, UInt8(ascii: "\"")), (.keyOrEnd, UInt8(ascii: "\"")):
      isKey = true
      if containers.count == 1 { start = count }
      state = .string
    case (.keyOrEnd, UInt8(ascii: "}")): return endContainer(isObject: true)
    case (.colon, UInt8(ascii: ":")): state = .value
    case (.comma, UInt8(ascii: ",")): state = containers.last == true ? .key : .value
    case (.comma, UInt8(ascii: "}")): return endContainer(isObject: true)
    case (.comma, UInt8(ascii: "]")): return endContainer(isObject: false)
    default: return .broken
    }
    return .more
  }

  /// Begins a value, or ends an empty array.
  private mutating func begin(_ byte: UInt8) -> Progress {
    if containers.count == 1 { start = count }
    switch byte {
    case UInt8(ascii: "{"): return open(isObject: true)
    case UInt8(ascii: "["): return open(isObject: false)
    case UInt8(ascii: "]") where state == .valueOrEnd: return endContainer(isObject: false)
    case UInt8(ascii: "\""):
      isKey = false
      state = .string
    default:
      guard Self.isScalar(byte) else { return .broken }
      state = .scalar
    }
    return containers.isEmpty ? .broken : .more
  }

  private mutating func open(isObject: Bool) -> Progress {
    guard containers.count < Self.deepest, isObject || !containers.isEmpty else { return .broken }
    containers.append(isObject)
    state = isObject ? .keyOrEnd : .valueOrEnd
    return .more
  }

  private mutating func endContainer(isObject: Bool) -> Progress {
    guard containers.popLast() == isObject else { return .broken }
    if containers.isEmpty { return .done }
    endValue(at: count + 1)
    return .more
  }

  private mutating func endText() -> Progress {
    if isKey {
      if containers.count == 1 { key = start..<count + 1 }
      state = .colon
    } else {
      endValue(at: count + 1)
    }
    return .more
  }

  private mutating func endValue(at end: Int) {
    if containers.count == 1 { members.append(Member(key: key, value: start..<end)) }
    state = .comma
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  /// Whether a byte occurs in numbers, `true`, `false` and `null`.
  private static func isScalar(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "E"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
