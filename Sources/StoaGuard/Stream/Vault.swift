import Synchronization

/// What was masked in one request, by placeholder.
///
/// It lives as long as the request and is never written anywhere: it has no description and cannot be encoded.
public final class Vault: Sendable {
  private struct Contents {
    var values: [String: [UInt8]] = [:]
    var placeholders: [Key: String] = [:]
    var counts: [String: Int] = [:]
  }

  private struct Key: Hashable {
    var label: String
    var value: [UInt8]
  }

  private let contents = Mutex(Contents())

  /// An empty vault.
  public init() {}

  /// The placeholder of a value, such as `<EMAIL_1>`; the same value has the same one.
  func placeholder(for value: ArraySlice<UInt8>, label: String) -> String {
    let name = label.isEmpty ? "HIDDEN" : label
    return contents.withLock { contents in
      let key = Key(label: name, value: Array(value))
      if let known = contents.placeholders[key] { return known }
      let number = (contents.counts[name] ?? 0) + 1
      contents.counts[name] = number
      let placeholder = "<\(name)_\(number)>"
      contents.placeholders[key] = placeholder
      contents.values[placeholder] = key.value
      return placeholder
    }
  }

  /// The value that a placeholder stands for.
  func value(of placeholder: String) -> [UInt8]? { contents.withLock { $0.values[placeholder] } }

  /// Whether nothing was masked.
  public var isEmpty: Bool { contents.withLock { $0.values.isEmpty } }
}

/// Puts the values of a vault back into an answer that comes in pieces.
public struct VaultRestorer: Sendable {
  private let vault: Vault
  private let escapesJSON: Bool
  /// The start of what may become a placeholder.
  private var held: [UInt8] = []
  private var count = 0
  /// Where the placeholders stood that values were put in the place of, in bytes of what was fed, in order.
  public private(set) var restored: [Range<Int>] = []

  private static let longestPlaceholder = 64

  /// Restores the values of this vault.
  ///
  /// - Parameter escapesJSON: Whether the text is JSON, inside whose strings values have to be escaped.
  public init(_ vault: Vault, escapesJSON: Bool = false) {
    self.vault = vault
    self.escapesJSON = escapesJSON
  }

  /// How many bytes of the text are decided: what came before was given out or replaced.
  public var decidedCount: Int { count - held.count }

  /// Gives what is certain of the text so far, with values in the place of their placeholders.
  public mutating func feed(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    for byte in bytes {
      count += 1
      if held.isEmpty {
        if byte == UInt8(ascii: "<") { held.append(byte) } else { output.append(byte) }
        continue
      }
      held.append(byte)
      switch byte {
      case UInt8(ascii: ">"):
        if let value = vault.value(of: String(decoding: held, as: UTF8.self)) {
          restored.append(count - held.count..<count)
          output += escapesJSON ? Self.escaped(value) : value
        } else {
          output += held
        }
        held = []
      case UInt8(ascii: "<"):
        output += held.dropLast()
        held = [byte]
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
        UInt8(ascii: "-"):
        if held.count >= Self.longestPlaceholder { fallthrough }
      default:
        output += held
        held = []
      }
    }
    return output
  }

  /// Gives the rest of the text.
  public mutating func finish() -> [UInt8] {
    defer { held = [] }
    return held
  }

  /// A value as it stands inside a string of JSON (RFC 8259, section 7).
  private static func escaped(_ value: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    for byte in value {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case ..<0x20: output += Array((byte < 16 ? "\\u000" : "\\u00").utf8) + Array(String(byte, radix: 16).utf8)
      default: output.append(byte)
      }
    }
    return output
  }
}
