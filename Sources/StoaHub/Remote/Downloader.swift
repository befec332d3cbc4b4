import StoaFormats
import Synchronization

/// Fetches files in parts over several connections at once, until all are there and verified.
struct Downloader: Sendable {
  /// How a download reports; called from several tasks.
  struct Observer: Sendable {
    /// Bytes that are there, of how many.
    var progress: @Sendable (Int, Int) -> Void = { _, _ in }
    /// Something that the user may want to know: a retry, a wait.
    var note: @Sendable (String) -> Void = { _ in }
    /// Polled a few times a second.
    var isCancelled: @Sendable () -> Bool = { false }
  }

  let client: HubClient
  let repository: String
  let commit: String
  let transfers: [FileTransfer]
  /// Connections at most.
  let connections: Int
  let observer: Observer
  /// Keeps what has been reached.
  let save: @Sendable () throws(RemoteError) -> Void
  /// Takes a verified file.
  let finish: @Sendable (FileTransfer) throws(RemoteError) -> Void

  /// A failure counts as one without progress if fewer bytes than this came before it.
  private static let leastProgress = 64 << 10
  /// How often an address that has expired is asked for anew.
  private static let refreshLimit = 20
  /// How often one part may be asked for, whatever the progress: a bound on servers that send a little and break off.
  private static let requestLimit = 1000

  /// The length of parts: long enough that requests do not cost, short enough that connections end together.
  static func partBytes(of bytes: Int) -> Int { min(max(bytes / 64, 8 << 20), 64 << 20) }

  /// Downloads everything; what is there when it throws is kept and saved.
  func run() async throws(RemoteError) {
    let total = transfers.reduce(0) { $0 + $1.bytes }
    let pace = SharedPace(limit: connections)
    do {
      try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask { try await watch(total: total, pace) }
        for index in 0..<connections {
          group.addTask {
            try await work(index, pace)
            return true
          }
        }
        var working = connections
        while working > 0, let isWorker = try await group.next() {
          if isWorker { working -= 1 }
        }
        group.cancelAll()
      }
    } catch {
      try? save()
      throw error as? RemoteError ?? .local(.cancelled)
    }
    observer.progress(total, total)
    try save()
  }

  private var receivedBytes: Int { transfers.reduce(0) { $0 + $1.receivedBytes } }

  /// Reports and saves now and then, and hears the user; ends when it is cancelled.
  private func watch(total: Int, _ pace: SharedPace) async throws(RemoteError) -> Bool {
    var saved = receivedBytes
    var last = ContinuousClock.now
    while !Task.isCancelled {
      do { try await Task.sleep(for: .milliseconds(100)) } catch { break }
      if observer.isCancelled() { throw .local(.cancelled) }
      let received = receivedBytes
      let now = ContinuousClock.now
      pace.record(bytes: max(0, received - saved), seconds: (now - last).seconds)
      last = now
      observer.progress(received, total)
      // However the program ends, no more than the last moment is lost.
      if received != saved { try save() }
      saved = received
    }
    return false
  }

  /// What the connection of a number does: it fetches parts while connections of its number are wanted.
  private func work(_ number: Int, _ pace: SharedPace) async throws(RemoteError) {
    while true {
      while number >= pace.target, !Task.isCancelled, transfers.contains(where: \.hasParts) {
        do { try await Task.sleep(for: .milliseconds(20)) } catch { throw .local(.cancelled) }
      }
      guard let part = takePart() else { return }
      var next: FileTransfer.Part? = part
      while let current = next { next = try await fetch(current) }
      switch try part.transfer.advanceHash() {
      case .incomplete: break
      case .verified: try finish(part.transfer)
      case .restarted: observer.note("\(shown(part.transfer.path)): the bytes were not the right ones; once more")
      }
    }
  }

  /// The next part of the first file that has one.
  private func takePart() -> FileTransfer.Part? {
    for transfer in transfers {
      if let part = transfer.takePart() { return part }
    }
    return nil
  }

  /// Fetches a part, with as many attempts as it takes; returns what has to be fetched in its place, if anything.
  private func fetch(_ part: FileTransfer.Part) async throws(RemoteError) -> FileTransfer.Part? {
    var failures = 0
    var refreshes = 0
    var requests = 0
    while let received = part.transfer.received(part), received < part.range.count {
      requests += 1
      let receiver = PartReceiver(part, offset: part.range.lowerBound + received, url: part.transfer.path)
      guard let error = await attempt(part, received, receiver) else { continue }
      switch receiver.ending {
      case .rangesIgnored: return part.transfer.stopUsingRanges(part)
      case .superseded: return nil
      case nil: break
      }
      if case .refused(_, let status, _, _) = error, [400, 401, 403, 404, 410].contains(status),
        refreshes < Self.refreshLimit
      {
        // A signed address has expired. If the file is really gone or forbidden, the hub says so.
        refreshes += 1
        try await refresh(part.transfer, after: refreshes)
        continue
      }
      if case .refused(_, 416, _, _) = error {
        throw .changed(file: part.transfer.path, problem: "the server has fewer bytes than it announced")
      }
      let progress = (part.transfer.received(part) ?? 0) - received
      failures = progress >= Self.leastProgress ? 1 : failures + 1
      guard requests < Self.requestLimit, let delay = client.retry.delay(after: error, failures: failures) else {
        throw error
      }
      if failures > 1 { observer.note("\(firstLine(error)); once more in \(Int(delay.rounded(.up))) s") }
      try await client.retry.wait(delay)
    }
    return nil
  }

  /// One request; nil when it brought what it should.
  private func attempt(
    _ part: FileTransfer.Part, _ received: Int, _ receiver: PartReceiver
  ) async -> RemoteError? {
    var headers = HubHeaders()
    if part.takesRanges {
      headers.add("Range", "bytes=\(part.range.lowerBound + received)-\(part.range.upperBound - 1)")
    }
    let location = part.transfer.location
    let subject = HubClient.Subject(repository: repository, revision: commit, file: part.transfer.path)
    do {
      try await client.exchange(location, headers, subject, to: receiver)
    } catch {
      return error
    }
    let now = part.transfer.received(part) ?? part.range.count
    // An answer may be shorter than asked for; one that brings nothing would be asked for for ever.
    guard now > received else { return .network(host: location.host, problem: "the answer was empty") }
    if now < part.range.count, !part.takesRanges {
      return .network(host: location.host, problem: "the connection ended early")
    }
    return nil
  }

  private func refresh(_ transfer: FileTransfer, after count: Int) async throws(RemoteError) {
    if count > 1 { try await client.retry.wait(min(Double(count), 5)) }
    let head = try await client.retry.run { () async throws(RemoteError) in
      try await client.head(of: transfer.path, repository: repository, commit: commit)
    }
    if let digest = head.digest, digest != transfer.digest, digest.sha256 != nil {
      throw .changed(file: transfer.path, problem: "the file is another one now")
    }
    transfer.move(to: head.location)
  }

  private func firstLine(_ error: RemoteError) -> String {
    error.description.split(separator: "\n").first.map(String.init) ?? "failed"
  }
}
