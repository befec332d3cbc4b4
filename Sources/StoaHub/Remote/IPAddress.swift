#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// An IPv4 or IPv6 address, for the question where it leads.
package struct IPAddress: Sendable, Equatable {
  /// Where an address leads (IANA special-purpose address registries, RFC 6890).
  package enum Reach: String, Sendable {
    /// Anywhere on the internet.
    case `public`
    /// This machine.
    case loopback
    /// The house's own network.
    case `private`
    /// The cable; also where clouds keep the secrets of a machine (169.254.169.254).
    case linkLocal
    /// Nothing that a file could be fetched from: unspecified, multicast, documentation, reserved.
    case reserved
  }

  /// 4 or 16 bytes in network order.
  let bytes: [UInt8]

  /// Parses the one usual form of an address: four decimal parts, or RFC 4291 §2.2.
  package init?(_ text: String) {
    guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
    var four = in_addr()
    if unsafe inet_pton(AF_INET, text, &four) == 1 {
      bytes = unsafe withUnsafeBytes(of: four) { unsafe Array($0) }
      return
    }
    var six = in6_addr()
    guard unsafe inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    bytes = unsafe withUnsafeBytes(of: six) { unsafe Array($0) }
  }

  /// Where this address leads.
  package var reach: Reach { bytes.count == 4 ? Self.reach(four: bytes) : Self.reach(six: bytes) }

  private static func reach(four b: [UInt8]) -> Reach {
    switch (b[0], b[1], b[2]) {
    case (127, _, _): .loopback
    case (10, _, _), (172, 16...31, _), (192, 168, _), (100, 64...127, _): .private
    case (169, 254, _): .linkLocal
    case (0, _, _), (224...255, _, _), (192, 0, 0), (192, 0, 2), (198, 18...19, _), (198, 51, 100), (203, 0, 113):
      .reserved
    default: .public
    }
  }

  private static func reach(six b: [UInt8]) -> Reach {
    let leadingZeros = b.prefix { $0 == 0 }.count
    if leadingZeros == 16 { return .reserved }
    if leadingZeros == 15, b[15] == 1 { return .loopback }
    // Addresses that carry an IPv4 address lead where that one leads: mapped, NAT64, 6to4.
    if leadingZeros == 10, b[10] == 0xFF, b[11] == 0xFF { return reach(four: Array(b[12...])) }
    if leadingZeros >= 12 { return .reserved }
    if Array(b[..<12]) == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] { return reach(four: Array(b[12...])) }
    if b[0] == 0x20, b[1] == 0x02 { return reach(four: Array(b[2..<6])) }
    switch (b[0], b[1]) {
    case (0xFC...0xFD, _): return .private
    case (0xFE, 0x80...0xBF): return .linkLocal
    case (0xFE, 0xC0...0xFF): return .private
    case (0x20...0x3F, _): return b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0D && b[3] == 0xB8 ? .reserved : .public
    default: return .reserved
    }
  }
}

/// Where a host's name or address leads, as far as it can be told without asking anyone; nil for other names.
func reach(ofHost host: String) -> IPAddress.Reach? {
  if let address = IPAddress(host) { return address.reach }
  return host == "localhost" || host.hasSuffix(".localhost") ? .loopback : nil
}
