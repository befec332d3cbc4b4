import Testing

@testable import StoaHub

@Suite struct FileSelectionTests {
  private func choose(_ paths: [String], _ selector: String? = nil) throws -> [String] {
    let files = paths.map { RepositoryFile(path: $0, bytes: 10, digest: nil) }
    return try FileSelection.choose(from: files, selector: selector, repository: "o/r").files.map(\.path)
  }

  @Test(
    arguments: [
      (["a-Q8_0.gguf"], nil, ["a-Q8_0.gguf"]),
      (["a-Q8_0.gguf", "a-Q4_K_M.gguf", "a-IQ4_K_M.gguf"], nil, ["a-Q4_K_M.gguf"]),
      (["a.Q4_K_M.gguf", "a.Q4_K_S.gguf", "mmproj-a-Q4_K_M.gguf"], nil, ["a.Q4_K_M.gguf"]),
      (["a-BF16.gguf", "a-F16.gguf"], "f16", ["a-F16.gguf"]),
      (["a-Q4_K_M.gguf", "a-Q4_K_M-draft.gguf"], "Q4_K_M", ["a-Q4_K_M.gguf"]),
      (["a-Q4_K_M.gguf", "a-UD-Q4_K_XL.gguf"], "UD-Q4_K_XL", ["a-UD-Q4_K_XL.gguf"]),
      (["a-Q4_0.gguf", "b-Q4_0.gguf"], "b-Q4_0", ["b-Q4_0.gguf"]),
      (["x/a-Q4_0.gguf", "y/a-Q4_0.gguf"], "y/a-q4_0.GGUF", ["y/a-Q4_0.gguf"]),
      (
        ["Q4_0/a-00001-of-00002.gguf", "Q4_0/a-00002-of-00002.gguf", "Q8_0/a.gguf"], "Q4_0",
        ["Q4_0/a-00001-of-00002.gguf", "Q4_0/a-00002-of-00002.gguf"]
      ),
      (
        ["b-00001-of-00002.gguf", "b-00002-of-00002.gguf"], "b-00002-of-00002.gguf",
        ["b-00001-of-00002.gguf", "b-00002-of-00002.gguf"]
      ),
      (
        ["config.json", "model.safetensors", "pytorch_model.bin", "a.gguf"], "safetensors",
        ["config.json", "model.safetensors"]
      ),
      (
        [
          "config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
          "model.safetensors.index.json", "consolidated.safetensors", "run.py", ".gitattributes",
        ], nil,
        [
          "config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
          "model.safetensors.index.json",
        ]
      ),
      (
        ["sub/config.json", "sub/model.safetensors", "README.md"], "sub", ["sub/config.json", "sub/model.safetensors"]
      ),
    ] as [([String], String?, [String])])
  func chooses(paths: [String], selector: String?, expected: [String]) throws {
    #expect(try choose(paths, selector) == expected)
  }

  @Test func asksWhenItIsUnclear() throws {
    #expect(throws: RemoteError.self) { try choose(["a-Q4_K_M.gguf", "b-Q4_K_M.gguf"]) }
    #expect {
      try choose(["a-Q5_0.gguf", "a-Q8_0.gguf"])
    } throws: { error in
      guard case RemoteError.ambiguous("o/r", _, let choices) = error else { return false }
      return choices == ["a-Q5_0.gguf (10 B)", "a-Q8_0.gguf (10 B)"]
    }
    #expect {
      try choose(["a-Q5_K_M.gguf", "a-Q8_0.gguf"], "Q5_KM")
    } throws: { error in
      guard case RemoteError.noFile("o/r", "Q5_KM", let suggestions) = error else { return false }
      return suggestions.first == "a-Q5_K_M.gguf (10 B)"
    }
  }

  @Test(
    arguments: [
      (["pytorch_model.bin", "config.json"], nil), (["a.ckpt"], "a.ckpt"), (["a.pkl", "a.gguf"], "a.pkl"),
      (["README.md"], nil), (["model.safetensors"], nil), (["adapter_model.safetensors", "adapter_config.json"], nil),
      (["a-00001-of-00002.gguf"], nil), (["a-00001-of-99999.gguf"], nil), (["mmproj.gguf"], "mmproj.gguf"),
    ] as [([String], String?)])
  func refusesWhatIsNoModel(paths: [String], selector: String?) {
    #expect {
      try choose(paths, selector)
    } throws: { error in
      guard case RemoteError.noModel = error else { return false }
      return true
    }
  }

  @Test func refusesNamesThatCollide() {
    #expect(throws: RemoteError.self) {
      try choose(["config.json", "model.safetensors", "LICENSE", "License"])
    }
  }
}

@Suite struct RemotePathTests {
  @Test(arguments: ["a.gguf", "a b/c-1_2.gguf", "ü.gguf", "x/y/z.safetensors", "con-1.gguf", "a..b.gguf"])
  func accepts(path: String) throws { try RemotePath.check(path) }

  @Test(arguments: [
    "", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "..\\a", "a\\b", "\\a", "c:a", "a\u{0}", "a\nb",
    "a\u{202E}b",
    "a\u{200B}", ".a", "a/.b", "-a", "~a", "a.", "a ", "nul", "NUL.gguf", "a/com1.gguf", "lpt9", "a*", "a?", "a|b",
    "a\"b",
    "1/2/3/4/5/6/7/8/9", String(repeating: "a", count: 300), String(repeating: "a/", count: 600) + "b",
  ])
  func refuses(path: String) {
    #expect(throws: RemoteError.self) { try RemotePath.check(path) }
  }
}

@Suite struct ListingParserTests {
  private func tree(_ text: String) throws -> [RepositoryFile] { try ListingParser.tree(Array(text.utf8), url: "u") }

  @Test func readsFiles() throws {
    let sha256 = String(repeating: "ab", count: 32)
    let sha1 = String(repeating: "cd", count: 20)
    let files = try tree(
      """
      [{"type":"directory","path":"d","oid":"x","size":0},
       {"type":"file","path":"d/a","oid":"\(sha1)","size":5},
       {"type":"file","path":"b","oid":"\(sha1)","size":7,"lfs":{"oid":"\(sha256)","size":7,"pointerSize":130}},
       {"type":"file","path":"c","oid":"\(sha1)","size":7,"lfs":{"oid":"../x","size":7}}]
      """)
    #expect(files.map(\.path) == ["d/a", "b", "c"])
    #expect(files.map(\.digest) == [.gitBlob(sha1), .sha256(sha256), nil])
    #expect(files.map(\.bytes) == [5, 7, 7])
  }

  @Test(arguments: [
    "", "{}", "null", "[{\"type\":\"file\"}]", "[{\"type\":\"file\",\"path\":\"../a\"}]",
    "[{\"type\":\"file\",\"path\":\"/a\"}]", "[{\"type\":\"file\",\"path\":\"a\\u0000\"}]",
    "[{\"type\":\"file\",\"path\":\"a\",\"size\":-1}]", "[\(String(repeating: "[", count: 100_000))",
  ])
  func refuses(text: String) {
    #expect(throws: RemoteError.self) { try tree(text) }
  }

  @Test func readsCards() throws {
    let commit = String(repeating: "1a", count: 20)
    let info = try ListingParser.info(
      Array(
        """
        {"id":"o/r","sha":"\(commit)","gated":"manual","tags":["license:mit"],"siblings":[{"rfilename":"a","size":3}],
         "cardData":{"license":"other","license_name":"llama3.2","license_link":"LICENSE","base_model":["x/y","x/z"]}}
        """.utf8), url: "u")
    #expect(info.commit == commit)
    #expect(info.isGated)
    #expect(info.licenceTitle == "llama3.2")
    #expect(info.baseModels == ["x/y", "x/z"])
    #expect(info.siblings.map(\.path) == ["a"])
    let plain = try ListingParser.info(
      Array("{\"id\":\"o/r\",\"sha\":\"\(commit)\",\"tags\":[\"license:mit\"]}".utf8), url: "u")
    #expect(plain.licenceTitle == "mit")
    #expect(!plain.isGated)
    #expect(throws: RemoteError.self) {
      try ListingParser.info(Array("{\"id\":\"o/r\",\"sha\":\"main\"}".utf8), url: "u")
    }
    #expect(throws: RemoteError.self) {
      try ListingParser.info(Array("{\"id\":\"../r\",\"sha\":\"\(commit)\"}".utf8), url: "u")
    }
  }

  @Test func readsLinks() {
    func next(_ link: String) -> String? { HubClient.nextPage(HubHead(status: 200, headers: ["Link": link])) }
    #expect(next("<https://h/x?cursor=1>; rel=\"next\"") == "https://h/x?cursor=1")
    #expect(next("<a>; rel=\"prev\", <b>; rel=\"next\"") == "b")
    #expect(next("rel=\"next\"") == nil)
    #expect(next("> <; rel=\"next\"") == nil)
  }

  @Test(
    arguments: [
      ("bytes 0-9/10", 0..<10, 10), ("bytes 5-5/*", 5..<6, nil), ("bytes 9-5/10", nil, nil),
      ("bytes 0-10/10", nil, nil),
      ("bytes */10", nil, nil), ("0-1/2", nil, nil), ("bytes 0-99999999999999999999/1", nil, nil),
      ("bytes -1-2/3", nil, nil),
    ] as [(String, Range<Int>?, Int?)])
  func readsContentRanges(text: String, bytes: Range<Int>?, total: Int?) {
    let range = PartReceiver.contentRange(text)
    #expect(range?.bytes == bytes)
    #expect(range?.total == total)
  }

  @Test(arguments: [
    (String(repeating: "aB", count: 32), "sha256:" + String(repeating: "ab", count: 32)),
    ("W/\"\(String(repeating: "0", count: 40))\"", "git:" + String(repeating: "0", count: 40)), ("\"abc\"", nil),
    ("../../x", nil), (String(repeating: "g", count: 64), nil), (String(repeating: "0", count: 63), nil), ("", nil),
  ])
  func readsEntityTags(text: String, expected: String?) {
    #expect(ContentDigest(text)?.description == expected)
  }

  /// `git hash-object` of "hello\n", and `sha256sum` of it.
  @Test func hashesAsGitAndSha256Do() throws {
    for text in [
      "ce013625030ba8dba906f756967f9e9ca394464a", "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
    ] {
      let digest = try #require(ContentDigest(text))
      var hasher = digest.hasher(size: 6)
      for piece in ["hel", "lo\n"] { unsafe hasher.update(Array(piece.utf8).span.bytes) }
      #expect(hasher.digest == digest)
    }
  }
}
