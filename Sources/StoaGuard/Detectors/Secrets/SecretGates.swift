/// What tells a secret from text that only looks like one.
enum SecretGates {
  /// Shannon's entropy of the bytes, in bits for each byte.
  static func entropy(_ bytes: ArraySlice<UInt8>) -> Double { Candidate.entropy(bytes) }

  private static let placeholders = [
    "example", "your", "changeme", "change_me", "placeholder", "xxxx", "dummy", "sample", "redacted", "insert",
    "replace", "todo",
    "fixme", "****", "....", "____", "1234567890", "abcdefgh", "deadbeef", "000000", "test-key", "fake", "secret_key",
    "my-secret",
    "undefined", "none", "null", "<", "${", "{{", "%(", "$(", "process.env", "os.environ", "getenv", "env.", "vault:",
    "secretsmanager",
  ].map { Array($0.utf8) }

  /// Whether the text says that it stands for a secret, or is one that documentation shows.
  static func isPlaceholder(_ bytes: ArraySlice<UInt8>) -> Bool {
    let lower = bytes.map { $0 &- 65 < 26 ? $0 | 32 : $0 }
    return placeholders.contains { word in
      word.count <= lower.count
        && (0...(lower.count - word.count)).contains { start in
          lower[start] == word[0] && lower[start..<start + word.count].elementsEqual(word)
        }
    }
  }

  /// A password in a URL; the hit is the password.
  static func credentials(_ candidate: Candidate) -> Judgement? {
    let bytes = candidate.bytes
    guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")),
      let colon = bytes[(slash + 2)...].firstIndex(of: UInt8(ascii: ":")),
      let at = bytes.lastIndex(of: UInt8(ascii: "@")), colon < at
    else { return nil }
    let password = bytes[(colon + 1)..<at]
    guard !isPlaceholder(password), let first = password.first, !"$%{".utf8.contains(first) else { return nil }
    let lower = password.map { $0 | 32 }
    guard !["password", "pass", "pwd", "secret", "token"].contains(where: { Array($0.utf8) == lower }) else {
      return nil
    }
    return Judgement(score: 0.9, part: colon + 1 - bytes.startIndex..<at - bytes.startIndex)
  }

  private static let passwordNames = "passw(?:or)?d|passphrase|passcode|pwd|passwort|kennwort"
  private static let keyNames =
    #"api[_ \-]?key|access[_ \-]?key|secret|token|credentials?|private[_ \-]?key|auth[_ \-]?key|account[_ \-]?key|encryption[_ \-]?key|signing[_ \-]?key"#

  /// A name, something that assigns, and a value up to what ends it: `api_key = "…"`, `"token": "…"`, `password is …`,
  /// `Authorization: Bearer …`.
  static let assignmentExpression =
    "(?:" + passwordNames + "|" + keyNames + "|authorization)"
    + #"(?:[\w.\-]{0,24}['"`\]]{0,2}[ \t]{0,3}(?:=>|:=|={1,3}|:|\bis\b)[ \t]{0,3}(?:bearer |basic )?|['"]?,[ \t]?)['"`]{0,3}"#
    + #"[^\s"'`,;<>(){}\[\]|]{6,200}(?:[\s"'`,;<>(){}\[\]|]|$)"#

  /// Judges a match of `assignmentExpression`; the hit is the value.
  static func assignment(_ candidate: Candidate) -> Judgement? {
    var bytes = candidate.bytes
    let isStop = { (byte: UInt8) in " \t\n\r\"'`,;<>(){}[]|".utf8.contains(byte) }
    var next: UInt8 = 0
    if let last = bytes.last, isStop(last) {
      next = last
      bytes = bytes.dropLast()
    }
    var start = bytes.endIndex
    while start > bytes.startIndex, !isStop(bytes[start - 1]) { start -= 1 }
    // `key=value` without quotes or spaces: the value begins behind the sign.
    let isQuoted = start > bytes.startIndex && "\"'`".utf8.contains(bytes[start - 1])
    if !isQuoted, start == bytes.startIndex || !bytes[..<start].contains(where: { "=:".utf8.contains($0) }) {
      if let sign = bytes[start...].firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }) {
        start = sign + 1
        while start < bytes.endIndex, "=>:".utf8.contains(bytes[start]) { start += 1 }
      }
    }
    var value = bytes[start...]
    // The full stop of a sentence is not part of the value.
    if !isQuoted, let last = value.last, last == UInt8(ascii: ".") || last == UInt8(ascii: ":") {
      value = value.dropLast()
    }
    guard value.count >= 6, next != UInt8(ascii: "("), next != UInt8(ascii: "["), !isPlaceholder(value) else {
      return nil
    }
    let name = candidate.bytes.prefix(10).map { $0 | 32 }
    let isPassword =
      name.starts(with: Array("pass".utf8)) || name.starts(with: Array("pwd".utf8))
      || name.starts(with: Array("kenn".utf8))
    guard isPassword ? looksLikePassword(value, isQuoted: isQuoted) : looksRandom(value) else { return nil }
    let lower = start - candidate.bytes.startIndex
    return Judgement(score: isPassword ? 0.8 : 0.85, part: lower..<lower + value.count)
  }

  /// Kinds of characters and how many of each.
  private struct Mixture {
    var lower = 0
    var upper = 0
    var digits = 0
    var other = 0

    init(_ bytes: ArraySlice<UInt8>) {
      for byte in bytes {
        if byte &- 97 < 26 {
          lower += 1
        } else if byte &- 65 < 26 {
          upper += 1
        } else if byte &- 48 < 10 {
          digits += 1
        } else {
          other += 1
        }
      }
    }

    var kinds: Int { [lower, upper, digits, other].count { $0 > 0 } }
  }

  /// People's passwords: letters with digits or signs. Words, numbers, paths and names of variables are none.
  private static func looksLikePassword(_ value: ArraySlice<UInt8>, isQuoted: Bool) -> Bool {
    let mixture = Mixture(value)
    guard mixture.lower + mixture.upper > 0, mixture.digits > 0 || isQuoted && mixture.other > 0 && mixture.upper > 0
    else {
      return false
    }
    if value.contains(UInt8(ascii: "/")), mixture.digits < 2 { return false }
    return !isIdentifier(value, mixture) && entropy(value) >= 2
  }

  /// Keys that machines made: long, of several kinds of characters, without structure.
  private static func looksRandom(_ value: ArraySlice<UInt8>) -> Bool {
    guard value.count >= 12 else { return false }
    let mixture = Mixture(value)
    guard mixture.digits >= 2 || isJumbled(value, mixture), mixture.lower + mixture.upper >= 2,
      mixture.other * 4 <= value.count
    else { return false }
    return !isIdentifier(value, mixture) && entropy(value) >= (value.count < 20 ? 2.9 : 3.2)
  }

  /// Letters that change case too often for words.
  private static func isJumbled(_ value: ArraySlice<UInt8>, _ mixture: Mixture) -> Bool {
    let changes = zip(value, value.dropFirst()).count { ($0 ^ $1) & 0x20 != 0 }
    return mixture.upper > 3 && mixture.lower > 3 && mixture.other == 0 && changes * 3 >= value.count
  }

  /// Names such as `my-app-token-01`, `AUTH_TOKEN_V2` or `config.auth.token2`: words of letters and few digits.
  private static func isIdentifier(_ value: ArraySlice<UInt8>, _ mixture: Mixture) -> Bool {
    let parts = value.split { "_-./:".utf8.contains($0) }
    guard parts.count > 1 else {
      return mixture.digits <= 2 && mixture.other == 0 && mixture.upper * mixture.lower == 0 && value.count > 20
    }
    let words = parts.count { part in
      part.allSatisfy { ($0 | 32) &- 97 < 26 } && part.count >= 2 && Mixture(part).kinds == 1
    }
    return words * 3 >= parts.count * 2 && mixture.digits <= 6
  }
}
