import Foundation
import StoaFormats
import Synchronization
import Testing

@testable import StoaHub

/// The way of a download through faults, without a network.
@Suite struct DownloadTests {
  private static let smallBytes = noise(300_000)
  private static let largeBytes = noise(20_000_000, seed: 7)

  private var small: [UInt8] { Self.smallBytes }
  /// Three parts, the last one short.
  private var large: [UInt8] { Self.largeBytes }

  @Test(arguments: [1, 4]) func bringsAModelIntoTheLibrary(connections: Int) async throws {
    let bench = try PullBench(["m-Q4_K_M.gguf": large, "m-Q8_0.gguf": small, "README.md": [35]])
    let result = try await bench.pull(connections: connections)
    #expect(try bench.bytes("m-Q4_K_M.gguf") == large)
    #expect(result.model.name == "m-Q4_K_M")
    #expect(result.downloadedBytes == large.count)
    #expect(bench.visible() == ["m-Q4_K_M.gguf", "m-Q4_K_M.origin.json"])
    let origin = try #require(bench.library.origin(of: result.model))
    #expect(origin == result.origin)
    #expect(origin.repository == "owner/model")
    #expect(origin.licence == "mit")
    #expect(origin.files.map(\.digest) == ["sha256:" + MemoryHub.sha256(large)])
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.library.home.models).count == 2)
  }

  @Test func findsAgainWhatItBrought() async throws {
    let bench = try PullBench(["m-Q4_K_M.gguf": small, "m-Q8_0.gguf": small + [1]])
    let first = try await bench.pull()
    let second = try await bench.pull("owner/model:Q8_0")
    #expect(try await bench.pull().downloadedBytes == 0)
    func found(_ text: String) throws -> ModelLocation? {
      try bench.library.model(for: HubReference(parsing: text), endpoint: MemoryHub.endpoint)
    }
    #expect(try found("owner/model") == first.model)
    #expect(try found("hf.co/Owner/Model:q8_0") == second.model)
    #expect(try found("owner/model:Q2_K") == nil)
    #expect(try found("owner/model@v2") == nil)
    #expect(try found("owner/model@\(first.origin.commit)") == first.model)
    #expect(try bench.library.model(for: HubReference(parsing: "owner/model"), endpoint: "https://else") == nil)
    _ = try bench.library.remove("m-Q4_K_M")
    #expect(bench.visible() == ["m-Q8_0.gguf", "m-Q8_0.origin.json"])
  }

  @Test func bringsCheckpointsAndSplitModels() async throws {
    let parts = (1...3).map { "x/big-0000\($0)-of-00003.gguf" }
    let split = try PullBench(Dictionary(uniqueKeysWithValues: parts.map { ($0, noise(100, seed: UInt64($0.count))) }))
    let model = try await split.pull().model
    #expect(model.files.map(\.name) == (1...3).map { "big-0000\($0)-of-00003.gguf" })

    let folder = try PullBench([
      "config.json": Array("{}".utf8), "model.safetensors": small, "pytorch_model.bin": small, "tokenizer.json": [],
    ])
    folder.hub.state.withLock { $0.pageSize = 1 }
    let checkpoint = try await folder.pull().model
    #expect(checkpoint.name == "model")
    #expect(checkpoint.files.map(\.name) == ["config.json", "model.safetensors", "tokenizer.json"])
    #expect(folder.hub.requests.allSatisfy { $0.url.host != "other.example" })
  }

  @Test func goesOnAfterCuts() async throws {
    let bench = try PullBench(["m.gguf": large])
    bench.hub.state.withLock { $0.faults["m.gguf"] = [.cut(after: 3), .cut(after: 200_000), .cut(after: 0)] }
    _ = try await bench.pull()
    #expect(try bench.bytes("m.gguf") == large)
    #expect(bench.slept.seconds.withLock { $0.count } == 3)
  }

  @Test func resumesWhereItStopped() async throws {
    let bench = try PullBench(["m.gguf": large])
    for _ in 0..<3 {
      bench.hub.state.withLock { $0.budget = 5_000_000 }
      await #expect(throws: RemoteError.self) { try await bench.pull() }
      #expect(bench.visible().isEmpty)
    }
    #expect(bench.library.unfinishedDownloads() == ["m"])
    bench.hub.state.withLock { $0.budget = .max }
    let result = try await bench.pull()
    #expect(result.downloadedBytes == large.count - 15_000_000)
    #expect(try bench.bytes("m.gguf") == large)
    #expect(bench.library.unfinishedDownloads().isEmpty)
  }

  @Test func startsAfreshWhenTheFileChanged() async throws {
    let bench = try PullBench(["m.gguf": large])
    bench.hub.state.withLock { $0.budget = 5_000_000 }
    await #expect(throws: RemoteError.self) { try await bench.pull() }
    let other = noise(large.count, seed: 99)
    bench.hub.state.withLock { state in
      state.budget = .max
      state.files["m.gguf"] = other
      state.commit = String(repeating: "b", count: 40)
    }
    #expect(try await bench.pull().downloadedBytes == other.count)
    #expect(try bench.bytes("m.gguf") == other)
  }

  @Test func doesNotTrustADamagedState() async throws {
    let bench = try PullBench(["m.gguf": large])
    bench.hub.state.withLock { $0.budget = 9_000_000 }
    await #expect(throws: RemoteError.self) { try await bench.pull() }
    bench.hub.state.withLock { $0.budget = .max }
    let folder = bench.library.home.models + "/.pull-m"
    let part = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".part") })
    let handle = try #require(FileHandle(forWritingAtPath: folder + "/" + part))
    try handle.write(contentsOf: Data("damage".utf8))
    try handle.close()
    _ = try await bench.pull()
    #expect(try bench.bytes("m.gguf") == large)
  }

  @Test(arguments: ["", "{", "{\"version\":1,\"repository\":\"a\",\"commit\":\"b\",\"files\":[{\"received\":[-1]}]}"])
  func ignoresAnUnreadableState(text: String) async throws {
    let bench = try PullBench(["m.gguf": small])
    try FileManager.default.createDirectory(
      atPath: bench.library.home.models + "/.pull-m", withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: bench.library.home.models + "/.pull-m/state.json"))
    _ = try await bench.pull()
    #expect(try bench.bytes("m.gguf") == small)
  }

  @Test func fetchesACorruptedFileOnceMore() async throws {
    let bench = try PullBench(["m.gguf": large])
    bench.hub.state.withLock { $0.faults["m.gguf"] = [.corrupt] }
    _ = try await bench.pull()
    #expect(try bench.bytes("m.gguf") == large)

    bench.hub.state.withLock { $0.faults["n.gguf"] = Array(repeating: .corrupt, count: 20) }
    bench.hub.state.withLock { $0.files["n.gguf"] = small }
    let expected = "sha256:" + MemoryHub.sha256(small)
    await #expect {
      try await bench.pull("owner/model:n.gguf")
    } throws: { error in
      guard case RemoteError.wrongDigest("n.gguf", expected, _) = error else { return false }
      return true
    }
    #expect(bench.visible() == ["m.gguf", "m.origin.json"])
  }

  @Test func managesWithoutRanges() async throws {
    let bench = try PullBench(["m.gguf": large])
    bench.hub.state.withLock { state in
      state.honoursRanges = false
      state.faults["m.gguf"] = [.cut(after: 10), .cut(after: 1_000_000), .cut(after: 15_000_000)]
    }
    _ = try await bench.pull()
    #expect(try bench.bytes("m.gguf") == large)
  }

  @Test(arguments: [MemoryHub.Fault.overlong, .shifted, .packed])
  func refusesWrongAnswers(fault: MemoryHub.Fault) async throws {
    let bench = try PullBench(["m.gguf": small])
    bench.hub.state.withLock { $0.faults["m.gguf"] = [fault] }
    await #expect {
      try await bench.pull()
    } throws: { error in
      guard case RemoteError.badAnswer = error else { return false }
      return true
    }
    #expect(bench.visible().isEmpty)
  }

  @Test func waitsAsLongAsTheServerAsks() async throws {
    let bench = try PullBench(["m.gguf": small])
    bench.hub.state.withLock { state in
      state.faults["m.gguf"] = [.status(429, ["Retry-After": "7"]), .status(503, [:]), .status(503, [:])]
    }
    _ = try await bench.pull()
    #expect(bench.slept.seconds.withLock { $0 } == [7.5, 0.75, 1.5])
  }

  @Test func waitsUntilTheTimeThatTheServerNames() async throws {
    let bench = try PullBench(["m.gguf": small])
    let now = "Sun, 06 Nov 1994 08:49:37 GMT"
    bench.hub.state.withLock { state in
      state.faults["m.gguf"] = [
        .status(429, ["Date": now, "Retry-After": "Sun, 06 Nov 1994 08:49:44 GMT"]),
        // What has passed, and what is no time: the wait is the one without it.
        .status(429, ["Date": now, "Retry-After": "Sun, 06 Nov 1994 08:40:00 GMT"]),
        .status(429, ["Date": now, "Retry-After": "soon"]),
      ]
    }
    _ = try await bench.pull()
    #expect(bench.slept.seconds.withLock { $0 } == [7.5, 0.75, 1.5])
    let far: HubHeaders = ["Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"]
    #expect(try #require(RetryPolicy.askedDelay(far)) > 1_000_000)
  }

  @Test func asksForAnExpiredAddressAgain() async throws {
    let bench = try PullBench(["m.gguf": small])
    bench.hub.state.withLock { $0.faults["m.gguf"] = [.status(403, [:])] }
    _ = try await bench.pull()
    #expect(bench.hub.requests.filter { $0.method == .head }.count == 2)
  }

  @Test func sendsTheTokenToTheHubAlone() async throws {
    let bench = try PullBench(["m.gguf": small])
    let puller = try bench.puller(token: "hf_secret")
    _ = try await puller.pull(puller.plan(HubReference(parsing: "owner/model")))
    let hosts = bench.hub.requests.map { ($0.url.host, $0.headers["Authorization"]) }
    #expect(hosts.contains { $0.0 == "cdn.example" })
    for (host, token) in hosts { #expect(token == (host == "hub.example" ? "Bearer hf_secret" : nil)) }
  }

  @Test(arguments: ["10.1.2.3", "127.0.0.1", "169.254.169.254", "::1", "fd00::1"])
  func followsNoRedirectInwards(address: String) async throws {
    let bench = try PullBench(["m.gguf": small])
    bench.hub.state.withLock { $0.addresses["cdn.example"] = ["93.184.216.34", address] }
    await #expect {
      try await bench.pull()
    } throws: { error in
      guard case RemoteError.redirect("https://hub.example", "https://cdn.example", _) = error else { return false }
      return true
    }
    #expect(bench.hub.requests.allSatisfy { $0.url.host == "hub.example" })
  }

  @Test func leavesOtherModelsAlone() async throws {
    let bench = try PullBench(["m.gguf": small])
    let own = try bench.folder.write("m.gguf", "GGUF mine")
    _ = try bench.library.importModel(at: own)
    await #expect(throws: RemoteError.nameTaken(name: "m", by: nil)) { try await bench.pull() }
    #expect(try bench.bytes("m.gguf") == Array("GGUF mine".utf8))
  }

  @Test func isStoppedByTheUser() async throws {
    let bench = try PullBench(["m.gguf": small])
    let puller = try bench.puller()
    let plan = try await puller.plan(HubReference(parsing: "owner/model"))
    bench.hub.state.withLock { $0.faults["m.gguf"] = Array(repeating: .cut(after: 100_000), count: 900) }
    let folder = try #require(try PullFolder.open(in: bench.library.home, name: "m"))
    await #expect(throws: RemoteError.busy(name: "m")) { try await puller.pull(plan, isCancelled: { true }) }
    #expect(folder.path.hasSuffix("/.pull-m"))
  }

  @Test func staysOfflineWhenTold() async throws {
    let bench = try PullBench(["m.gguf": small])
    let puller = try bench.puller(offline: true)
    await #expect(throws: RemoteError.offline(what: "hf.co/owner/model", variable: "HF_HUB_OFFLINE")) {
      try await puller.plan(HubReference(parsing: "owner/model"))
    }
    #expect(bench.hub.requests.isEmpty)
  }
}
