import Foundation

/// The proxies that the environment names, by the customs of curl: `https_proxy`, `http_proxy`, `all_proxy`, `no_proxy`,
/// in lower or upper case.
package struct ProxySettings: Sendable, Equatable {
  /// A proxy and what it wants to see.
  package struct Server: Sendable, Hashable {
    /// How to speak with it.
    package enum Kind: Sendable { case http, socks5 }

    package let kind: Kind
    package let host: String
    package let port: Int
    package let user: String?
    package let password: String?
  }

  private let https: Server?
  private let http: Server?
  private let exceptions: [String]

  /// Reads the environment.
  package init(environment: [String: String]) throws(RemoteError) {
    func variable(_ name: String) -> (name: String, value: String)? {
      for name in [name, name.uppercased()] {
        if let value = environment[name], !value.isEmpty { return (name, value) }
      }
      return nil
    }
    let all = variable("all_proxy")
    https = try (variable("https_proxy") ?? all).map { (entry) throws(RemoteError) in try Self.server(entry) }
    http = try (variable("http_proxy") ?? all).map { (entry) throws(RemoteError) in try Self.server(entry) }
    exceptions = (variable("no_proxy")?.value ?? "").lowercased().split { $0 == "," || $0 == " " }.map(String.init)
  }

  /// The proxy for an address, if one is to be used.
  package func server(for url: HubURL) -> Server? {
    guard let server = url.scheme == .https ? https : http else { return nil }
    return exceptions.contains { Self.matches($0, url) } ? nil : server
  }

  /// Whether an entry of `no_proxy` covers an address: `*`, a host, a domain with or without its dot, an address, with
  /// or without a port.
  private static func matches(_ exception: String, _ url: HubURL) -> Bool {
    if exception == "*" { return true }
    var name = exception[...]
    if let colon = name.lastIndex(of: ":"), name.firstIndex(of: ":") == colon {
      guard Int(name[name.index(after: colon)...]) == url.port else { return false }
      name = name[..<colon]
    }
    if let slash = name.firstIndex(of: "/") {
      return isInNetwork(url.host, String(name[..<slash]), bits: Int(name[name.index(after: slash)...]))
    }
    if name.hasPrefix("*.") { name = name.dropFirst() }
    if name.hasPrefix("[") { name = name.dropFirst().prefix { $0 != "]" } }
    guard !name.isEmpty else { return false }
    return url.host == name || url.host.hasSuffix(name.hasPrefix(".") ? String(name) : "." + name)
  }

  private static func isInNetwork(_ host: String, _ network: String, bits: Int?) -> Bool {
    guard let bits, let host = IPAddress(host), let network = IPAddress(network),
      host.bytes.count == network.bytes.count, (0...8 * host.bytes.count).contains(bits)
    else { return false }
    return (0..<bits).allSatisfy { bit in
      let mask = UInt8(0x80) >> UInt8(bit % 8)
      return host.bytes[bit / 8] & mask == network.bytes[bit / 8] & mask
    }
  }

  private static func server(_ entry: (name: String, value: String)) throws(RemoteError) -> Server {
    let text = entry.value.contains("://") ? entry.value : "http://" + entry.value
    guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty else {
      throw .badSetting(name: entry.name, problem: "this is not the address of a proxy")
    }
    let kind: Server.Kind
    switch parts.scheme?.lowercased() {
    case "http": kind = .http
    case "socks5", "socks5h": kind = .socks5
    default:
      throw .badSetting(name: entry.name, problem: "a proxy is spoken to by http:// or socks5://")
    }
    return Server(
      kind: kind, host: host, port: parts.port ?? (kind == .http ? 80 : 1080), user: parts.user,
      password: parts.password)
  }
}
