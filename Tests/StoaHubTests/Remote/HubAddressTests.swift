import Testing

@testable import StoaHub

@Suite struct HubReferenceTests {
  @Test(arguments: [
    ("hf.co/o/r", "o/r", nil, nil),
    ("o/r", "o/r", nil, nil),
    ("hf.co/gpt2", "gpt2", nil, nil),
    ("HF.CO/o/r:Q4_K_M", "o/r", "Q4_K_M", nil),
    ("hf.co/o/r:a/b.gguf@refs/pr/1", "o/r", "a/b.gguf", "refs/pr/1"),
    ("hf.co/o/r@v1:Q8_0", "o/r", "Q8_0", "v1"),
    ("hf.co/o/r/b.gguf", "o/r", "b.gguf", nil),
    ("hf:o/r", "o/r", nil, nil),
    ("hf://o/r@main/a/b.gguf", "o/r", "a/b.gguf", "main"),
    ("hf://o/r@refs/pr/7/b.gguf", "o/r", "b.gguf", "refs/pr/7"),
    ("hf://models/o/r", "o/r", nil, nil),
    ("https://huggingface.co/o/r", "o/r", nil, nil),
    ("https://huggingface.co/o/r/", "o/r", nil, nil),
    ("https://huggingface.co/o/r/tree/main", "o/r", nil, "main"),
    ("https://huggingface.co/o/r/blob/refs%2Fpr%2F1/a%20b.gguf?download=true#L1", "o/r", "a b.gguf", "refs/pr/1"),
    ("https://hf.co/o/r/resolve/main/b.gguf", "o/r", "b.gguf", "main"),
  ])
  func parses(text: String, repository: String, selector: String?, revision: String?) throws {
    let reference = try HubReference(parsing: text)
    #expect(reference.repository == repository)
    #expect(reference.selector == selector)
    #expect(reference.revision == revision)
  }

  @Test(arguments: [
    "", "hf.co/", "../r", "o/..", "o/-r", "o/r-", "o/a--b", "o r/x", "https://example.com/o/r",
    "hf.co/datasets/o/r", "o/r@", "o/r@a..b", "o/r@-x", "o/r@a b", "o/r:a\u{202E}b", "ö/r",
    "https://huggingface.co/o/r/tree", "https://huggingface.co/o/r/blob/%zz/x",
  ])
  func refuses(text: String) {
    #expect(throws: RemoteError.self) { try HubReference(parsing: text) }
  }

  @Test func anOptionMayNameTheRevision() throws {
    #expect(try HubReference(parsing: "o/r", revision: "v1").revision == "v1")
    #expect(try HubReference(parsing: "o/r@v1", revision: "v1").revision == "v1")
    #expect(throws: RemoteError.self) { try HubReference(parsing: "o/r@v1", revision: "v2") }
  }

  @Test func onlyHubAddressesAreReferencesByThemselves() {
    #expect(HubReference.isReference("hf.co/o/r"))
    #expect(HubReference.isReference("https://huggingface.co/o/r"))
    #expect(!HubReference.isReference("o/r"))
    #expect(!HubReference.isReference("/models/hf.co/x.gguf"))
  }
}

@Suite struct HubURLTests {
  @Test(arguments: [
    ("https://Example.COM", "https://example.com/"),
    ("https://example.com:443/a?b=c#d", "https://example.com/a?b=c"),
    ("http://127.0.0.1:8080/x y", "http://127.0.0.1:8080/x%20y"),
    ("http://[::1]:80/", "http://[::1]/"),
    ("https://e.com?q", "https://e.com/?q"),
    ("https://e.com/ü", "https://e.com/%C3%BC"),
  ])
  func normalises(text: String, expected: String) {
    #expect(HubURL(text)?.description == expected)
  }

  @Test(arguments: [
    "", "x", "ftp://e.com/", "https://", "https:///x", "https://u@e.com/", "https://u:p@e.com/", "https://e.com:0/",
    "https://e.com:99999/", "https://e.com:8a/", "https://e..com/", "https://e.com./", "https://0x7f.1/",
    "https://2130706433/", "https://127.1/", "https://0177.0.0.1/", "https://1.2.3.4.5/", "https://[::1/",
    "https://[1.2.3.4]/", "https://e.com\\@x/", "https://ex ample.com/", "https://ｅ.com/",
  ])
  func refuses(text: String) {
    #expect(HubURL(text) == nil)
  }

  @Test(arguments: [
    ("/b", "https://e.com/b"), ("c?d", "https://e.com/x/c?d"), ("?q", "https://e.com/x/y?q"),
    ("//f.com/z", "https://f.com/z"),
    ("http://g.com:81/z", "http://g.com:81/z"), ("javascript:alert(1)", nil), ("file:///etc/passwd", nil),
  ])
  func resolvesLocations(location: String, expected: String?) throws {
    let base = try #require(HubURL("https://e.com/x/y?z=1"))
    #expect(base.resolving(location)?.description == expected)
  }
}

@Suite struct IPAddressTests {
  /// RFC 6890 and the IANA registries.
  @Test(arguments: [
    ("8.8.8.8", IPAddress.Reach.public), ("127.0.0.1", .loopback), ("127.255.0.1", .loopback), ("10.0.0.1", .private),
    ("172.16.0.1", .private), ("172.32.0.1", .public), ("192.168.0.1", .private), ("100.64.0.1", .private),
    ("169.254.169.254", .linkLocal), ("0.0.0.0", .reserved), ("224.0.0.1", .reserved), ("255.255.255.255", .reserved),
    ("::", .reserved), ("::1", .loopback), ("fe80::1", .linkLocal), ("fc00::1", .private), ("fd12::1", .private),
    ("ff02::1", .reserved), ("2606:4700::1", .public), ("2001:db8::1", .reserved), ("::ffff:127.0.0.1", .loopback),
    ("::ffff:8.8.8.8", .public), ("64:ff9b::a00:1", .private), ("2002:7f00:1::", .loopback), ("::7f00:1", .reserved),
  ])
  func knowsWhereAddressesLead(text: String, reach: IPAddress.Reach) throws {
    #expect(try #require(IPAddress(text)).reach == reach)
  }

  @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "0x7f.0.0.1", "localhost", "1.2.3.4\0"])
  func refuses(text: String) { #expect(IPAddress(text) == nil) }
}

@Suite struct RedirectPolicyTests {
  private func check(_ endpoint: String, _ target: String, _ names: [String: [String]] = [:]) async throws {
    let policy = RedirectPolicy(endpoint: try #require(HubURL(endpoint)))
    try await policy.check(from: policy.endpoint, to: #require(HubURL(target))) { url in
      (names[url.host] ?? ["93.184.216.34"]).compactMap { IPAddress($0) }
    }
  }

  @Test(arguments: [
    ("https://hub.example", "https://cdn.example/x"), ("https://hub.example", "https://hub.example/y"),
    ("http://127.0.0.1:80", "http://127.0.0.2:99/x"), ("http://localhost:1", "http://127.0.0.1:2/x"),
    ("http://mirror.lan", "http://mirror.lan:81/x"), ("http://10.0.0.1", "https://10.0.0.2/x"),
    ("http://127.0.0.1", "https://cdn.example/x"),
  ])
  func follows(endpoint: String, target: String) async throws {
    try await check(endpoint, target, ["mirror.lan": ["10.0.0.9"]])
  }

  @Test(arguments: [
    ("https://hub.example", "http://hub.example/x"), ("https://hub.example", "http://cdn.example/x"),
    ("https://hub.example", "https://127.0.0.1/x"), ("https://hub.example", "https://10.0.0.1/x"),
    ("https://hub.example", "https://localhost/x"), ("https://hub.example", "https://inner.example/x"),
    ("http://127.0.0.1", "http://10.0.0.1/x"), ("http://127.0.0.1", "https://169.254.169.254/x"),
    ("http://10.0.0.1", "https://127.0.0.1/x"), ("http://127.0.0.1", "http://cdn.example/x"),
    ("http://127.0.0.1", "https://0.0.0.0/x"),
  ])
  func refuses(endpoint: String, target: String) async throws {
    await #expect(throws: RemoteError.self) { try await check(endpoint, target, ["inner.example": ["10.0.0.1"]]) }
  }
}
