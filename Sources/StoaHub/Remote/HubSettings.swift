import Foundation

/// What the environment says about the hub; the variables are those of huggingface_hub.
public struct HubSettings: Sendable {
  /// The server: `$HF_ENDPOINT`, else https://huggingface.co.
  package let endpoint: HubURL
  /// `$HF_TOKEN`, else the token file that `hf auth login` writes.
  package let token: String?
  /// The variable that forbids the network, if one does.
  package let offlineVariable: String?
  package let proxies: ProxySettings
  /// The file of certificates that are trusted in place of the system's: `$SSL_CERT_FILE`.
  package let certificateFile: String?
  /// How long a server may be silent in the middle of an answer.
  package let stallSeconds: Int
  /// How long making a connection may take.
  package let connectSeconds: Int

  private static let standardEndpoint = "https://huggingface.co"

  /// Reads the environment and, if need be, the token file.
  public init(environment: [String: String] = StoaHome.environment) throws(RemoteError) {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    var text = value("HF_ENDPOINT") ?? Self.standardEndpoint
    while text.hasSuffix("/") { text.removeLast() }
    guard var endpoint = HubURL(text), !endpoint.target.contains("?") else {
      throw .badSetting(name: "HF_ENDPOINT", problem: "\(text) is not an http or https address")
    }
    if endpoint.target == "/" { endpoint.target = "" }
    self.endpoint = endpoint
    token = try Self.token(environment)
    offlineVariable = ["STOA_OFFLINE", "HF_HUB_OFFLINE"].first { name in
      ["1", "ON", "YES", "TRUE"].contains(environment[name]?.uppercased() ?? "")
    }
    proxies = try ProxySettings(environment: environment)
    certificateFile = value("SSL_CERT_FILE")
    stallSeconds = try Self.seconds("HF_HUB_DOWNLOAD_TIMEOUT", value("HF_HUB_DOWNLOAD_TIMEOUT"), standard: 30)
    connectSeconds = try Self.seconds("HF_HUB_ETAG_TIMEOUT", value("HF_HUB_ETAG_TIMEOUT"), standard: 15)
  }

  /// Parses a reference; addresses on the endpoint of the settings, a mirror perhaps, count as the hub's.
  public func reference(_ text: String, revision: String? = nil) throws(RemoteError) -> HubReference {
    let mirror = endpoint.description + "/"
    let text = text.hasPrefix(mirror) ? "https://huggingface.co/" + text.dropFirst(mirror.count) : text
    return try HubReference(parsing: text, revision: revision)
  }

  /// Whether a request to `url` carries the token: only to the endpoint's own server, and never readable on the way.
  package func sendsToken(to url: HubURL) -> Bool {
    guard token != nil, url.hasSameOrigin(as: endpoint) else { return false }
    return url.scheme == .https || reach(ofHost: url.host) == .loopback
  }

  /// The endpoint as it is recorded with a model.
  public var endpointAddress: String { endpoint.description }

  /// The page of a repository for people.
  package func page(of repository: String) -> String { endpoint.description + "/" + repository }

  private static func seconds(_ name: String, _ value: String?, standard: Int) throws(RemoteError) -> Int {
    guard let value else { return standard }
    guard let seconds = Int(value), (1...86_400).contains(seconds) else {
      throw .badSetting(name: name, problem: "\(value) is not a number of seconds")
    }
    return seconds
  }

  private static func token(_ environment: [String: String]) throws(RemoteError) -> String? {
    for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
      if let token = try cleaned(environment[name], from: name) { return token }
    }
    if ["1", "ON", "YES", "TRUE"].contains(environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"]?.uppercased() ?? "") {
      return nil
    }
    func path(_ name: String, _ suffix: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 + suffix }
    }
    let file =
      path("HF_TOKEN_PATH", "") ?? path("HF_HOME", "/token") ?? path("XDG_CACHE_HOME", "/huggingface/token")
      ?? (environment["HOME"] ?? NSHomeDirectory()) + "/.cache/huggingface/token"
    guard let handle = FileHandle(forReadingAtPath: file) else { return nil }
    defer { try? handle.close() }
    let data = (try? handle.read(upToCount: 4097)) ?? Data()
    return try cleaned(String(decoding: data, as: UTF8.self), from: file)
  }

  /// A token is one line of visible characters; anything else could smuggle header fields.
  private static func cleaned(_ text: String?, from name: String) throws(RemoteError) -> String? {
    guard let token = text?.trimmingCharacters(in: .whitespacesAndNewlines), !token.isEmpty else { return nil }
    guard token.utf8.count <= 4096, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .badSetting(name: name, problem: "the token has characters that no token has")
    }
    return token
  }
}
