/// An absolute HTTP or HTTPS address in one normal form.
///
/// Checks of a host are worth nothing if another parser then connects elsewhere. So addresses are taken apart here,
/// strictly, and what is sent to the network is put together again from these parts (RFC 3986).
package struct HubURL: Sendable, Hashable, CustomStringConvertible {
  /// The schemes that are spoken.
  package enum Scheme: String, Sendable { case http, https }

  package let scheme: Scheme
  /// A name in lower case or an address; IPv6 without its brackets.
  package let host: String
  package let port: Int
  /// Path and query, percent-encoded, starting with `/`.
  package var target: String

  /// The address as text.
  package var description: String { origin + target }

  /// Scheme, host and, unless it is the scheme's own, port.
  package var origin: String {
    let name = host.contains(":") ? "[\(host)]" : host
    let isUsual = port == Self.usualPort(scheme)
    return "\(scheme.rawValue)://\(name)" + (isUsual ? "" : ":\(port)")
  }

  /// Whether both lead to the same server: the only one that may see a token.
  package func hasSameOrigin(as other: HubURL) -> Bool {
    scheme == other.scheme && host == other.host && port == other.port
  }

  /// The longest address that is taken; signed addresses of content networks have about a thousand bytes.
  package static let byteLimit = 16_384

  private init(scheme: Scheme, host: String, port: Int, target: String) {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.target = target
  }

  /// Parses an absolute address; nil for anything that is not plainly one.
  package init?(_ text: String) {
    guard text.utf8.count <= Self.byteLimit, let colon = text.firstRange(of: "://"),
      let scheme = Scheme(rawValue: text[..<colon.lowerBound].lowercased())
    else { return nil }
    let rest = text[colon.upperBound...]
    let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    guard let (host, port) = Self.authority(rest[..<end], scheme) else { return nil }
    self.init(scheme: scheme, host: host, port: port, target: Self.target(rest[end...]))
  }

  /// The address that a `Location` header means, relative to this one.
  package func resolving(_ location: String) -> HubURL? {
    guard location.utf8.count <= Self.byteLimit else { return nil }
    if location.hasPrefix("//") { return HubURL(scheme.rawValue + ":" + location) }
    let beforePath = location.prefix { !"/?#".contains($0) }
    if beforePath.contains(":") { return HubURL(location) }
    let path = target.prefix { $0 != "?" }
    let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
    let absolute = location.hasPrefix("/") ? location : location.hasPrefix("?") ? path + location : folder + location
    return with(target: Self.target(absolute[...]))
  }

  /// The same server with another path and query.
  package func with(target: String) -> HubURL { HubURL(scheme: scheme, host: host, port: port, target: target) }

  private static func usualPort(_ scheme: Scheme) -> Int { scheme == .https ? 443 : 80 }

  private static func authority(_ text: Substring, _ scheme: Scheme) -> (String, Int)? {
    var host = text[...]
    var port = usualPort(scheme)
    if text.hasPrefix("[") {
      guard let close = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<close]
      guard host.contains(":"), IPAddress(String(host)) != nil else { return nil }
      let suffix = text[text.index(after: close)...]
      guard suffix.isEmpty || suffix.hasPrefix(":") else { return nil }
      if suffix.count > 1 {
        guard let number = portNumber(suffix.dropFirst()) else { return nil }
        port = number
      }
    } else {
      // No `user:password@`: it serves to disguise hosts.
      if let colon = text.firstIndex(of: ":") {
        host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        if !digits.isEmpty {
          guard let number = portNumber(digits) else { return nil }
          port = number
        }
      }
      guard isName(host) else { return nil }
    }
    return (host.lowercased(), port)
  }

  private static func portNumber(_ text: Substring) -> Int? {
    guard text.utf8.count <= 5, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
      (1...65_535).contains(number)
    else { return nil }
    return number
  }

  /// Letters, digits, `-`, `_` and single dots. A name that ends in a number is an address, and only its usual form of
  /// four decimal parts is taken: `0x7f.1` and `2130706433` are 127.0.0.1 to some parsers.
  private static func isName(_ name: Substring) -> Bool {
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...253).contains(name.utf8.count), let last = labels.last else { return false }
    for label in labels {
      let isPlain = label.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
      }
      guard isPlain, (1...63).contains(label.utf8.count) else { return false }
    }
    let isNumber = last.utf8.first.map { (0x30...0x39).contains($0) } ?? false
    return !isNumber || IPAddress(String(name)) != nil
  }

  /// Path and query with everything encoded that RFC 3986 does not allow, the fragment dropped.
  private static func target(_ text: Substring) -> String {
    var result: [UInt8] = []
    let path = text.prefix { $0 != "#" }
    if !path.hasPrefix("/") { result.append(UInt8(ascii: "/")) }
    for byte in path.utf8 {
      if byte > 0x20, byte < 0x7F, !"\"<>\\^`{|}".utf8.contains(byte) {
        result.append(byte)
      } else {
        result.append(contentsOf: percentEncoded(byte))
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func percentEncoded(_ byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
  }

  /// A text as one component of a path or query: all but letters, digits and `-._~` encoded, and `/` if `keepingSlashes`
  /// does not keep it.
  package static func encoded(_ text: String, keepingSlashes: Bool = false) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        result.append(byte)
      case UInt8(ascii: "/") where keepingSlashes: result.append(byte)
      default: result.append(contentsOf: percentEncoded(byte))
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
