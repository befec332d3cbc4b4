import Testing

@testable import StoaHub

@Suite struct HubSettingsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func settings(_ environment: [String: String]) throws -> HubSettings {
    try HubSettings(environment: environment.merging(["HOME": folder.path]) { first, _ in first })
  }

  @Test func hasDefaults() throws {
    let settings = try settings([:])
    #expect(settings.endpoint.description == "https://huggingface.co")
    #expect(settings.token == nil)
    #expect(settings.offlineVariable == nil)
  }

  @Test func findsTokens() throws {
    try folder.write(".cache/huggingface/token", " hf_home\n")
    #expect(try settings([:]).token == "hf_home")
    #expect(try settings(["HF_TOKEN": "hf_variable "]).token == "hf_variable")
    try folder.write("hf/token", "hf_folder")
    #expect(try settings(["HF_HOME": folder.path + "/hf"]).token == "hf_folder")
    #expect(try settings(["HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]).token == nil)
    #expect(throws: RemoteError.self) { try settings(["HF_TOKEN": "a\r\nX-Evil: 1"]) }
  }

  @Test func keepsTheTokenFromOthers() throws {
    let settings = try settings(["HF_TOKEN": "t", "HF_ENDPOINT": "https://hub.example/base/"])
    #expect(settings.endpoint.description == "https://hub.example/base")
    #expect(settings.sendsToken(to: try #require(HubURL("https://hub.example/x"))))
    for url in [
      "https://hub.example:444/x", "http://hub.example/x", "https://x.hub.example/", "https://hub.example.org/",
    ] {
      #expect(!settings.sendsToken(to: try #require(HubURL(url))))
    }
    let open = try self.settings(["HF_TOKEN": "t", "HF_ENDPOINT": "http://mirror.example"])
    #expect(!open.sendsToken(to: open.endpoint))
    let local = try self.settings(["HF_TOKEN": "t", "HF_ENDPOINT": "http://127.0.0.1:8000"])
    #expect(local.sendsToken(to: local.endpoint))
  }

  @Test(arguments: ["ftp://x", "huggingface.co", "https://u@x", "https://x?y"])
  func refusesEndpoints(text: String) {
    #expect(throws: RemoteError.self) { try settings(["HF_ENDPOINT": text]) }
  }

  @Test func readsAddressesOfMirrors() throws {
    let settings = try settings(["HF_ENDPOINT": "https://mirror.example"])
    #expect(try settings.reference("https://mirror.example/o/r/blob/main/a.gguf").selector == "a.gguf")
    #expect(throws: RemoteError.self) { try settings.reference("https://other.example/o/r") }
  }
}

@Suite struct ProxySettingsTests {
  private func proxy(_ environment: [String: String], _ url: String) throws -> String? {
    let server = try ProxySettings(environment: environment).server(for: #require(HubURL(url)))
    return server.map { "\($0.kind) \($0.user ?? "")@\($0.host):\($0.port)" }
  }

  @Test func followsTheCustoms() throws {
    #expect(try proxy(["https_proxy": "http://u:p@proxy:3128"], "https://e.com") == "http u@proxy:3128")
    #expect(try proxy(["https_proxy": "proxy:3128"], "http://e.com") == nil)
    #expect(try proxy(["HTTP_PROXY": "proxy:3128"], "http://e.com") == "http @proxy:3128")
    #expect(try proxy(["all_proxy": "socks5://s"], "https://e.com") == "socks5 @s:1080")
    #expect(try proxy([:], "https://e.com") == nil)
    #expect(throws: RemoteError.self) { try proxy(["https_proxy": "gopher://x"], "https://e.com") }
  }

  @Test(arguments: ["*", "e.com", ".e.com", "*.e.com", "x, a.e.com", "a.e.com:443", "E.COM"])
  func heedsExceptions(exception: String) throws {
    #expect(try proxy(["https_proxy": "p:1", "NO_PROXY": exception], "https://a.e.com") == nil)
  }

  @Test(arguments: ["", "f.com", "ae.com", "a.e.com:80", ".com.", "10.0.0.0/8", "om"])
  func heedsNoOthers(exception: String) throws {
    #expect(try proxy(["https_proxy": "p:1", "no_proxy": exception], "https://a.e.com") != nil)
  }

  @Test func heedsNetworks() throws {
    #expect(try proxy(["http_proxy": "p:1", "no_proxy": "10.0.0.0/8"], "http://10.9.8.7") == nil)
    #expect(try proxy(["http_proxy": "p:1", "no_proxy": "10.0.0.0/9"], "http://10.200.8.7") != nil)
  }
}
