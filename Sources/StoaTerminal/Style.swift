/// Wraps text in SGR escape sequences (ECMA-48 §8.3.117), or leaves it alone when colour is off.
public struct Style: Sendable, Equatable {
  /// Whether escape sequences are written.
  public let enabled: Bool

  /// A style that writes escape sequences only if `enabled`.
  public init(enabled: Bool) { self.enabled = enabled }

  /// Bold text.
  public func bold(_ text: String) -> String { wrap(text, "1") }
  /// Faint text, for what is worth knowing but not worth reading first.
  public func dim(_ text: String) -> String { wrap(text, "2") }
  /// Red text, for errors.
  public func red(_ text: String) -> String { wrap(text, "31") }
  /// Green text, for what is well.
  public func green(_ text: String) -> String { wrap(text, "32") }
  /// Yellow text, for warnings.
  public func yellow(_ text: String) -> String { wrap(text, "33") }
  /// Blue text.
  public func blue(_ text: String) -> String { wrap(text, "34") }
  /// Cyan text, for prompts.
  public func cyan(_ text: String) -> String { wrap(text, "36") }

  private func wrap(_ text: String, _ code: String) -> String {
    enabled && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}

/// Text from files and models, made safe to show: control characters would let it move the cursor, change the
/// window's title or answer for the user, so they are shown as visible symbols instead.
public enum PrintableText {
  /// One line: every control character is replaced, line breaks and tabs too.
  public static func line(_ text: String) -> String { replaceControls(in: text, keepLayout: false) }

  /// Running text: line breaks and tabs stay, every other control character is replaced.
  public static func block(_ text: String) -> String { replaceControls(in: text, keepLayout: true) }

  private static func replaceControls(in text: String, keepLayout: Bool) -> String {
    func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
      if keepLayout && (scalar == "\n" || scalar == "\t") { return false }
      return scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      result.append(isUnsafe(scalar) ? symbol(for: scalar) : scalar)
    }
    return String(result)
  }

  /// The Control Pictures block (U+2400) has one symbol for each C0 control; the rest get the replacement character.
  private static func symbol(for scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0..<0x20: Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}"
    case 0x7F: "\u{2421}"
    default: "\u{FFFD}"
    }
  }
}
