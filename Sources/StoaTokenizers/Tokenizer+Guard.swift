/// Keeps what users write from becoming control tokens, also after a template put it between real ones.
///
/// A template's own control tokens must be parsed, a user's `<|im_end|>` must not, and in the rendered text both look
/// alike. So what users write is marked before rendering, and the marks say where no special token may start.
extension Tokenizer {
  /// U+FDD0, a code point that is never a character.
  private static let mark: [UInt8] = [0xEF, 0xB7, 0x90]

  /// `text` with a mark before everything that could be read as a special token; for the messages of a conversation.
  public func guarded(_ text: String) -> String {
    let bytes = Self.withoutMarks(text)
    let starts = Set(addedTokens.specialStarts(bytes.span)).union(normalizedTokens.specialStarts(bytes.span))
    guard !starts.isEmpty else { return String(decoding: bytes, as: UTF8.self) }
    var marked: [UInt8] = []
    for (offset, byte) in bytes.enumerated() {
      // A special token starts with a whole character in all vocabularies; elsewhere a mark would break one.
      if starts.contains(offset), byte & 0xC0 != 0x80 { marked += Self.mark }
      marked.append(byte)
    }
    return String(decoding: marked, as: UTF8.self)
  }

  /// The token ids of a text whose messages went through `guarded`; special tokens of the template are parsed.
  public func encode(guarded text: String, addSpecial: Bool = true) -> [Int32] {
    var bytes: [UInt8] = []
    var literals: [Int] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.first {
      if byte == Self.mark[0], rest.starts(with: Self.mark) {
        literals.append(bytes.count)
        rest = rest.dropFirst(Self.mark.count)
      } else {
        bytes.append(byte)
        rest = rest.dropFirst()
      }
    }
    return encode(bytes.span, parseSpecial: true, addSpecial: addSpecial, literals: literals)
  }

  private static func withoutMarks(_ text: String) -> [UInt8] {
    let mark: UInt32 = 0xFDD0
    return text.unicodeScalars.filter { $0.value != mark }.flatMap { UTF8.encode($0).map(Array.init) ?? [] }
  }
}
