import Synchronization

/// Lets successful answers through, and keeps the short body of a failure for its message.
final class StatusGate<Inner: HubReceiver>: HubReceiver {
  private struct State {
    var head: HubHead?
    var problemBody: [UInt8] = []
  }

  private let inner: Inner
  private let state = Mutex(State())
  private static var problemLimit: Int { 16 << 10 }

  init(inner: Inner) { self.inner = inner }

  var head: HubHead? { state.withLock { $0.head } }
  var problemBody: [UInt8] { state.withLock { $0.problemBody } }

  func begin(_ head: HubHead) throws(RemoteError) -> Bool {
    state.withLock { $0.head = head }
    if (200..<300).contains(head.status) { return try inner.begin(head) }
    guard head.location == nil, let length = head.headers["Content-Length"].flatMap(HubClient.byteCount) else {
      return false
    }
    return length <= Self.problemLimit
  }

  func receive(_ bytes: RawSpan) throws(RemoteError) {
    let isProblem = state.withLock { !(200..<300).contains($0.head?.status ?? 0) }
    guard isProblem else { return try inner.receive(bytes) }
    let part = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    state.withLock { state in
      if state.problemBody.count + part.count <= Self.problemLimit { state.problemBody += part }
    }
  }
}

/// Collects a body of bounded size.
final class BoundedBody: HubReceiver {
  private let limit: Int
  private let url: String
  private let collected = Mutex<[UInt8]>([])

  init(limit: Int, url: String) {
    self.limit = limit
    self.url = url
  }

  var bytes: [UInt8] { collected.withLock { $0 } }

  func begin(_ head: HubHead) throws(RemoteError) -> Bool {
    try checkEncoding(head, url)
    collected.withLock { $0 = [] }
    if let length = head.headers["Content-Length"].flatMap(HubClient.byteCount), length > limit { throw tooLong() }
    return true
  }

  func receive(_ bytes: RawSpan) throws(RemoteError) {
    let part = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    let fits = collected.withLock { collected in
      guard collected.count + part.count <= limit else { return false }
      collected += part
      return true
    }
    guard fits else { throw tooLong() }
  }

  private func tooLong() -> RemoteError {
    .badAnswer(url: url, problem: "it is longer than \(limit >> 20) MiB")
  }
}

/// Wants no body.
struct NoBody: HubReceiver {
  func begin(_ head: HubHead) throws(RemoteError) -> Bool { false }
  func receive(_ bytes: RawSpan) throws(RemoteError) {}
}

/// Refuses packed bodies: `identity` was asked for, and a few packed bytes can become any number of plain ones.
func checkEncoding(_ head: HubHead, _ url: String) throws(RemoteError) {
  guard let encoding = head.headers["Content-Encoding"], encoding.lowercased() != "identity" else { return }
  throw .badAnswer(url: url, problem: "it is packed (\(encoding.prefix(40))), which was not asked for")
}
