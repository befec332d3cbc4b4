import Synchronization

/// The models that other servers answer, and how they are reached.
struct Upstreams: Sendable {
  let all: [Upstream]
  let transport: any UpstreamTransport
  /// How many requests each is answering.
  let load = UpstreamLoad()

  init(_ all: [Upstream], transport: any UpstreamTransport) {
    self.all = all
    self.transport = transport
  }

  /// The upstream of a name; a tag `:latest` may follow it.
  func find(_ name: String) -> Upstream? {
    let plain = name.hasSuffix(":latest") ? String(name.dropLast(":latest".count)) : name
    return all.first { $0.name == name } ?? all.first { $0.name == plain }
  }

  /// The upstream that answers for a name; an empty name is that of the only model. Nil for models of this server.
  func find(_ name: String, besides models: ModelStore) async throws -> Upstream? {
    if !name.isEmpty { return find(name) }
    guard all.count == 1, try await models.list().isEmpty else { return nil }
    return all.first
  }

  /// How many requests each is answering, by name.
  var running: [(name: String, running: Int)] { all.map { ($0.name, load.count($0.name)) } }
}

/// Counts the requests that upstreams are answering.
final class UpstreamLoad: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  func count(_ name: String) -> Int { counts.withLock { $0[name] ?? 0 } }
  func begin(_ name: String) { counts.withLock { $0[name, default: 0] += 1 } }
  func end(_ name: String) { counts.withLock { $0[name, default: 0] -= 1 } }
}
