import Crypto
import Foundation
import StoaFormats
import Synchronization

@testable import StoaHub

/// A hub without a network: one repository, its content network, and faults that are asked for.
final class MemoryHub: HubTransport {
  /// What happens to the next answers for a path.
  enum Fault: Sendable {
    /// The body breaks off after so many bytes.
    case cut(after: Int)
    /// A status other than success.
    case status(Int, HubHeaders)
    /// One bit of the body is wrong.
    case corrupt
    /// The body has more bytes than were announced.
    case overlong
    /// The answer is about another part.
    case shifted
    case packed
  }

  struct State {
    var files: [String: [UInt8]]
    var faults: [String: [Fault]] = [:]
    var requests: [HubRequest] = []
    var honoursRanges = true
    var location = "https://cdn.example/"
    var card: JSONObject = ["license": "mit"]
    var commit = String(repeating: "a", count: 40)
    var pageSize = 1000
    var addresses: [String: [String]] = ["cdn.example": ["93.184.216.34"]]
    /// After so many bytes of file contents, the cable is pulled.
    var budget = Int.max
  }

  let state: Mutex<State>
  static let endpoint = "https://hub.example"

  init(_ files: [String: [UInt8]]) { state = Mutex(State(files: files)) }

  var requests: [HubRequest] { state.withLock { $0.requests } }

  func addresses(of url: HubURL) async throws(RemoteError) -> [IPAddress] {
    state.withLock { $0.addresses[url.host] ?? [] }.compactMap { IPAddress($0) }
  }

  private struct Reply {
    var status = 200
    var headers = HubHeaders()
    var body: [UInt8] = []
    var breaksOff = false
  }

  func send(_ request: HubRequest, to receiver: some HubReceiver) async throws(RemoteError) {
    let reply = state.withLock { state in
      state.requests.append(request)
      return Self.reply(to: request, &state)
    }
    var headers = reply.headers
    if headers["Content-Length"] == nil { headers.add("Content-Length", String(reply.body.count)) }
    guard try receiver.begin(HubHead(status: reply.status, headers: headers)), request.method == .get else { return }
    for start in stride(from: 0, to: reply.body.count, by: 70_000) {
      let piece = Array(reply.body[start..<min(start + 70_000, reply.body.count)])
      try unsafe receiver.receive(piece.span.bytes)
      await Task.yield()
    }
    if reply.breaksOff { throw .network(host: request.url.host, problem: "the connection broke off") }
  }

  private static func reply(to request: HubRequest, _ state: inout State) -> Reply {
    let target = request.url.target
    if target.hasPrefix("/api/models/owner/model/revision/") { return json(info(state)) }
    if target.hasPrefix("/api/models/owner/model/tree/") { return page(target, state) }
    if target.hasPrefix("/owner/model/resolve/") {
      let path = String(target.split(separator: "/").dropFirst(4).joined(separator: "/"))
      guard let data = state.files[path] else { return Reply(status: 404) }
      var reply = Reply(status: 302)
      reply.headers = [
        "X-Repo-Commit": state.commit, "X-Linked-Size": String(data.count), "X-Linked-Etag": "\"\(sha256(data))\"",
        "Location": state.location + path,
      ]
      return reply
    }
    let path = String(target.dropFirst())
    guard request.url.host == "cdn.example", let data = state.files[path] else { return Reply(status: 404) }
    return content(path, data, request, &state)
  }

  private static func content(
    _ path: String, _ data: [UInt8], _ request: HubRequest, _ state: inout State
  ) -> Reply {
    var reply = Reply()
    reply.body = data
    if let range = request.headers["Range"], state.honoursRanges {
      let ends = range.dropFirst(6).split(separator: "-").compactMap { Int($0) }
      reply.status = 206
      reply.body = Array(data[ends[0]...ends[1]])
      reply.headers.add("Content-Range", "bytes \(ends[0])-\(ends[1])/\(data.count)")
    }
    if let fault = state.faults[path]?.first {
      state.faults[path]?.removeFirst()
      apply(fault, to: &reply)
    }
    if state.budget < reply.body.count {
      reply.headers.add("Content-Length", String(reply.body.count))
      reply.body = Array(reply.body.prefix(max(0, state.budget)))
      reply.breaksOff = true
    }
    state.budget -= reply.body.count
    return reply
  }

  private static func apply(_ fault: Fault, to reply: inout Reply) {
    let announced = String(reply.body.count)
    switch fault {
    case .cut(let count):
      reply.headers.add("Content-Length", announced)
      reply.body = Array(reply.body.prefix(count))
      reply.breaksOff = true
    case .status(let status, let headers): reply = Reply(status: status, headers: headers)
    case .corrupt: reply.body[reply.body.count / 2] ^= 4
    case .overlong:
      reply.headers.add("Content-Length", announced)
      reply.body += Array(repeating: 0, count: 5)
    case .shifted:
      let range = reply.headers["Content-Range"] ?? "bytes 0-0/1"
      reply.headers = ["Content-Range": range.replacingOccurrences(of: "bytes ", with: "bytes 1")]
    case .packed: reply.headers.add("Content-Encoding", "gzip")
    }
  }

  private static func info(_ state: State) -> JSONValue {
    [
      "id": "owner/model", "sha": .string(state.commit), "gated": false, "cardData": .object(state.card),
      "siblings": [],
    ]
  }

  private static func page(_ target: String, _ state: State) -> Reply {
    let paths = state.files.keys.sorted()
    let start = target.firstRange(of: "cursor=").flatMap { Int(target[$0.upperBound...]) } ?? 0
    let entries = paths[start...].prefix(state.pageSize).map { path -> JSONValue in
      let data = state.files[path] ?? []
      return [
        "type": "file", "path": .string(path), "size": .int(data.count),
        "oid": .string(String(repeating: "0", count: 40)),
        "lfs": ["oid": .string(sha256(data)), "size": .int(data.count), "pointerSize": 130],
      ]
    }
    var reply = json(.array(entries))
    if start + state.pageSize < paths.count {
      let next = "https://other.example/api/models/owner/model/tree/x?cursor=\(start + state.pageSize)"
      reply.headers.add("Link", "<\(next)>; rel=\"next\"")
    }
    return reply
  }

  private static func json(_ value: JSONValue) -> Reply {
    var reply = Reply()
    reply.body = Array(value.text().utf8)
    return reply
  }

  static func sha256(_ data: [UInt8]) -> String { hexadecimal(SHA256.hash(data: Data(data))) }
}

/// Bytes that look random and are the same every time.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  var words = [UInt64](repeating: 0, count: count / 8 + 1)
  for index in words.indices {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    words[index] = state
  }
  return unsafe words.withUnsafeBytes { unsafe Array($0.prefix(count)) }
}

/// A library in a folder of its own, fed by a hub in memory.
struct PullBench {
  let folder: TemporaryFolder
  let library: ModelLibrary
  let hub: MemoryHub
  let slept = Slept()

  /// The waits that were asked for; nobody waits in a test.
  final class Slept: Sendable {
    let seconds = Mutex<[Double]>([])
  }

  init(_ files: [String: [UInt8]]) throws {
    folder = try TemporaryFolder()
    library = ModelLibrary(home: StoaHome(path: folder.path + "/home"), environment: [:])
    hub = MemoryHub(files)
  }

  func puller(token: String? = nil, connections: Int = 4, offline: Bool = false) throws -> HubPuller {
    var environment = ["HF_ENDPOINT": MemoryHub.endpoint, "HF_HOME": folder.path]
    environment["HF_TOKEN"] = token
    if offline { environment["HF_HUB_OFFLINE"] = "1" }
    var retry = RetryPolicy()
    retry.jitter = { 0.5 }
    let slept = slept
    retry.sleep = { seconds in slept.seconds.withLock { $0.append(seconds) } }
    let client = HubClient(settings: try HubSettings(environment: environment), transport: hub, retry: retry)
    return HubPuller(library: library, client: client, connections: connections)
  }

  func pull(_ reference: String = "owner/model", connections: Int = 4) async throws -> PullResult {
    let puller = try puller(connections: connections)
    let plan = try await puller.plan(HubReference(parsing: reference))
    return try await puller.pull(plan)
  }

  /// The bytes of a file in the library's folder.
  func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: library.home.models + "/" + name)))
  }

  /// What a listing of the folder shows.
  func visible() -> [String] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: library.home.models)) ?? []
    return entries.filter { !$0.hasPrefix(".") }.sorted()
  }
}
