import ArgumentParser
import Foundation
import StoaHub

/// Where a running server is.
struct ServerAddress: Equatable {
  /// `http` or `https`, host and port, without a slash at the end.
  let url: String

  /// Reads `HOST`, `HOST:PORT` or a URL; nil if it is none of them. A host alone is asked over HTTP at `port`.
  init?(_ text: String, port: String = "11500") {
    let hasScheme = text.contains("://")
    let isBareV6 = !hasScheme && !text.contains("[") && text.count { $0 == ":" } > 1
    guard var parts = URLComponents(string: hasScheme ? text : "http://" + (isBareV6 ? "[\(text)]" : text)),
      let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme), let host = parts.host, !host.isEmpty,
      ["", "/"].contains(parts.path), parts.query == nil, parts.fragment == nil, parts.user == nil
    else { return nil }
    parts.scheme = scheme
    parts.path = ""
    // What a server listens at is not always what it can be called at.
    if host == "0.0.0.0" { parts.host = "127.0.0.1" }
    if ["::", "[::]"].contains(host) { parts.host = "[::1]" }
    if !hasScheme, parts.port == nil {
      guard let port = Int(port) else { return nil }
      parts.port = port
    }
    guard (1...65_535).contains(parts.port ?? 80), let url = parts.string else { return nil }
    self.url = url
  }
}

/// The options of commands that talk to a running server.
struct ServerOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("The server's address (default: $STOA_HOST, else http://127.0.0.1:11500).", valueName: "url"))
  var server: String?

  /// A client for the server that is meant.
  func client(environment: [String: String] = StoaHome.environment) throws(CommandFailure) -> ServerClient {
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let text = server ?? variable("STOA_HOST") ?? "127.0.0.1"
    guard let address = ServerAddress(text, port: variable("STOA_PORT") ?? "11500") else {
      throw .usage(
        "\(text) is not the address of a server", advice: "write http://HOST:PORT after --server or in STOA_HOST")
    }
    return ServerClient(address: address, key: variable("STOA_API_KEY"), certificates: variable("SSL_CERT_FILE"))
  }
}
