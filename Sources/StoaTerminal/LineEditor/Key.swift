/// One thing a person did at the keyboard.
enum Key: Equatable {
  case character(Unicode.Scalar)
  case paste(String)
  case enter, insertNewline, tab, escape
  case backspace, delete
  case left, right, up, down, home, end
  case wordLeft, wordRight
  case deleteWordBackward, deleteWordForward
  case control(Character)
}

/// Turns the bytes of a terminal in raw mode into keys: UTF-8, control characters, escape sequences (ECMA-48, xterm's
/// ctlseqs) and bracketed paste. Bytes may arrive split anywhere.
struct KeyDecoder {
  private enum State {
    case ground
    case utf8(bytes: [UInt8], expected: Int)
    case escape
    case sequence([UInt8])
    case paste([UInt8])
    /// A paste above the limit: the rest is dropped up to the end mark.
    case overlongPaste(tail: [UInt8])
  }

  /// A pasted text above this many bytes is cut off there, so that a runaway terminal cannot fill the memory.
  static let pasteLimit = 1 << 20

  private static let pasteEnd = Array("\u{1B}[201~".utf8)

  private var state = State.ground

  /// Whether an escape byte has come and nothing after it yet: a sequence under way, or a lone Escape key.
  var hasPendingEscape: Bool {
    if case .escape = state { return true }
    return false
  }

  /// Treats a pending escape byte as the Escape key; to be called when no byte has followed for a moment.
  mutating func flushEscape() -> Key? {
    guard hasPendingEscape else { return nil }
    state = .ground
    return .escape
  }

  /// Takes one byte; returns a key when one is complete.
  mutating func feed(_ byte: UInt8) -> Key? {
    switch state {
    case .ground: return ground(byte)
    case .utf8(let bytes, let expected): return continueScalar(bytes, expected, byte)
    case .escape: return afterEscape(byte)
    case .sequence(let bytes): return continueSequence(bytes, byte)
    case .paste: return continuePaste(byte)
    case .overlongPaste(let tail):
      let seen = (tail + [byte]).suffix(Self.pasteEnd.count)
      state = Array(seen) == Self.pasteEnd ? .ground : .overlongPaste(tail: Array(seen))
      return nil
    }
  }

  private mutating func ground(_ byte: UInt8) -> Key? {
    switch byte {
    case 0x1B:
      state = .escape
      return nil
    case 0x0D, 0x0A: return .enter
    case 0x09: return .tab
    case 0x7F, 0x08: return .backspace
    case 0x00: return nil
    case 0x01...0x1A: return .control(Character(Unicode.Scalar(byte + 0x60)))
    case 0x1C...0x1F: return nil
    case 0x20...0x7E: return .character(Unicode.Scalar(byte))
    case 0xC2...0xDF: state = .utf8(bytes: [byte], expected: 2)
    case 0xE0...0xEF: state = .utf8(bytes: [byte], expected: 3)
    case 0xF0...0xF4: state = .utf8(bytes: [byte], expected: 4)
    default: return .character("\u{FFFD}")
    }
    return nil
  }

  private mutating func continueScalar(_ bytes: [UInt8], _ expected: Int, _ byte: UInt8) -> Key? {
    guard (0x80...0xBF).contains(byte) else {
      // Not a continuation: the character was broken off. This byte starts something new.
      state = .ground
      return ground(byte)
    }
    let bytes = bytes + [byte]
    guard bytes.count == expected else {
      state = .utf8(bytes: bytes, expected: expected)
      return nil
    }
    state = .ground
    let scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
    return .character(scalars.count == 1 ? scalars[0] : "\u{FFFD}")
  }

  private mutating func afterEscape(_ byte: UInt8) -> Key? {
    state = .ground
    switch byte {
    case UInt8(ascii: "["), UInt8(ascii: "O"):
      state = .sequence([byte])
      return nil
    case 0x1B:
      state = .escape
      return .escape
    case 0x0D, 0x0A: return .insertNewline
    case 0x7F, 0x08: return .deleteWordBackward
    case UInt8(ascii: "b"), UInt8(ascii: "B"): return .wordLeft
    case UInt8(ascii: "f"), UInt8(ascii: "F"): return .wordRight
    case UInt8(ascii: "d"), UInt8(ascii: "D"): return .deleteWordForward
    default: return nil
    }
  }

  private mutating func continueSequence(_ bytes: [UInt8], _ byte: UInt8) -> Key? {
    let bytes = bytes + [byte]
    // Parameters and intermediates are 0x20–0x3F, the final byte is 0x40–0x7E (ECMA-48 §5.4).
    if (0x20...0x3F).contains(byte) && bytes.count < 32 {
      state = .sequence(bytes)
      return nil
    }
    state = .ground
    guard (0x40...0x7E).contains(byte) else { return byte < 0x20 ? ground(byte) : nil }
    let parameters = String(decoding: bytes[1..<(bytes.count - 1)], as: UTF8.self)
    return sequenceKey(parameters, final: byte)
  }

  private mutating func sequenceKey(_ parameters: String, final: UInt8) -> Key? {
    // `1;5C` is a right arrow with a modifier: 3 Alt, 5 Control; both move by words.
    let fields = parameters.split(separator: ";", omittingEmptySubsequences: false)
    let byWord = fields.count > 1 && (fields[1] == "5" || fields[1] == "3")
    switch final {
    case UInt8(ascii: "A"): return .up
    case UInt8(ascii: "B"): return .down
    case UInt8(ascii: "C"): return byWord ? .wordRight : .right
    case UInt8(ascii: "D"): return byWord ? .wordLeft : .left
    case UInt8(ascii: "H"): return .home
    case UInt8(ascii: "F"): return .end
    case UInt8(ascii: "M"): return .enter  // keypad Enter in application mode
    case UInt8(ascii: "~"):
      switch fields.first {
      case "1", "7": return .home
      case "4", "8": return .end
      case "3": return byWord ? .deleteWordForward : .delete
      case "200":
        state = .paste([])
        return nil
      default: return nil
      }
    default: return nil
    }
  }

  private mutating func continuePaste(_ byte: UInt8) -> Key? {
    guard case .paste(var bytes) = state else { return nil }
    state = .ground  // release the second reference, so that appending does not copy
    bytes.append(byte)
    if byte == UInt8(ascii: "~") && bytes.suffix(Self.pasteEnd.count).elementsEqual(Self.pasteEnd) {
      bytes.removeLast(Self.pasteEnd.count)
      return .paste(String(decoding: bytes, as: UTF8.self))
    }
    if bytes.count > Self.pasteLimit {
      let tail = Array(bytes.suffix(Self.pasteEnd.count))
      bytes.removeLast(Self.pasteEnd.count)
      state = .overlongPaste(tail: tail)
      return .paste(String(decoding: bytes, as: UTF8.self))
    }
    state = .paste(bytes)
    return nil
  }
}
