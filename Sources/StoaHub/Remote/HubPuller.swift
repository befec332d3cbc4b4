import Foundation
import StoaFormats

/// What a download is going to bring, before anything is fetched.
public struct PullPlan: Sendable {
  /// What was asked for.
  public let reference: HubReference
  /// The name in the library.
  public let name: String
  /// The model, if the library has it already.
  public let existing: ModelLocation?
  /// What was left out and might be missed.
  public let note: String?

  let info: RepositoryInfo
  let selection: FileSelection

  /// The size of all files, where the hub says it.
  public var bytes: Int? { selection.bytes }
  /// The files: paths in the repository, and sizes where the hub says them.
  public var files: [(path: String, bytes: Int?)] { selection.files.map { ($0.path, $0.bytes) } }
  /// The number of files.
  public var fileCount: Int { selection.files.count }
  /// The licence as the model's card has it.
  public var licence: String? { info.licenceTitle }
  /// The models this one was made of.
  public var baseModels: [String] { info.baseModels }
  /// The commit that is fetched.
  public var commit: String { info.commit }
  /// The name of the repository as the hub has it now.
  public var repository: String { info.repository }
}

/// What a download brought.
public struct PullResult: Sendable {
  /// The model as it is now in the library.
  public let model: ModelLocation
  /// Where it came from.
  public let origin: ModelOrigin
  /// The bytes that came over the network in this run.
  public let downloadedBytes: Int
}

/// Brings models from the hub into the library.
public struct HubPuller: Sendable {
  let library: ModelLibrary
  let client: HubClient
  let connections: Int

  /// A puller that speaks through a client.
  package init(library: ModelLibrary, client: HubClient, connections: Int = 8) {
    self.library = library
    self.client = client
    self.connections = max(1, connections)
  }

  /// Looks a model up on the hub and decides which files it is made of.
  ///
  /// - Parameter name: The name in the library; nil for the publisher's own.
  public func plan(_ reference: HubReference, name: String? = nil) async throws(RemoteError) -> PullPlan {
    if let variable = client.settings.offlineVariable {
      throw .offline(what: reference.description, variable: variable)
    }
    let info = try await client.info(reference)
    let selection = try FileSelection.choose(
      from: try await client.files(info), selector: reference.selector, repository: info.repository)
    let name = ModelName.withoutExtension(name ?? selection.name)
    try local { () throws(HubError) in try ModelName.check(name) }
    return PullPlan(
      reference: reference, name: name, existing: try existing(name, selection, info), note: selection.note, info: info,
      selection: selection)
  }

  /// The library's model of a name, if it is the very one that was selected; an error if it is another.
  private func existing(
    _ name: String, _ selection: FileSelection, _ info: RepositoryInfo
  ) throws(RemoteError) -> ModelLocation? {
    let models = try local { () throws(HubError) in try library.list() }
    guard let model = models.first(where: { $0.name == name }) else { return nil }
    guard let origin = library.origin(of: model) else { throw .nameTaken(name: name, by: nil) }
    guard origin.repository == info.repository else { throw .nameTaken(name: name, by: "from \(origin.repository)") }
    let isSame = selection.files.allSatisfy { file in
      origin.files.contains { kept in
        kept.path == file.path && file.digest.map { $0.description == kept.digest } ?? (origin.commit == info.commit)
      }
    }
    guard isSame else {
      let differs = origin.commit == info.commit ? "with other files" : "of commit \(origin.commit.prefix(8))"
      throw .nameTaken(name: name, by: "from \(origin.repository), \(differs)")
    }
    return model
  }

  /// Fetches what was planned, or goes on with a download that was interrupted. The model appears in the library at
  /// once and complete, or not at all.
  ///
  /// - Parameters:
  ///   - progress: Bytes that are there, those of earlier runs included, of how many. Called from several tasks.
  ///   - note: Hears of retries and waits.
  ///   - isCancelled: Polled a few times a second.
  public func pull(
    _ plan: PullPlan, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in },
    note: @escaping @Sendable (String) -> Void = { _ in }, isCancelled: @escaping @Sendable () -> Bool = { false }
  ) async throws(RemoteError) -> PullResult {
    let observer = Downloader.Observer(progress: progress, note: note, isCancelled: isCancelled)
    let folder = try await lock(plan.name, observer)
    // Another process may have brought it while this one waited for the lock.
    if let model = try existing(plan.name, plan.selection, plan.info), let origin = library.origin(of: model) {
      folder.remove()
      return PullResult(model: model, origin: origin, downloadedBytes: 0)
    }
    let heads = try await heads(plan)
    let (transfers, finishedFiles) = try prepare(plan, heads, folder)
    let before = transfers.reduce(0) { $0 + $1.receivedBytes }
    let missing = transfers.reduce(0) { $0 + $1.bytes } - before
    if let free = freeBytes(at: folder.path), free < missing {
      throw .local(.noSpace(path: library.home.models, needed: missing, available: free))
    }
    let commit = plan.info.commit
    let repository = plan.info.repository
    let home = library.home
    let downloader = Downloader(
      client: client, repository: repository, commit: commit, transfers: transfers,
      connections: min(connections, max(1, transfers.reduce(0) { $0 + $1.record.received.count })),
      observer: observer,
      save: { () throws(RemoteError) in
        let state = DownloadState(
          repository: repository, commit: commit, files: finishedFiles + transfers.map(\.record))
        try local { () throws(HubError) in try state.save(folder.statePath) }
      },
      finish: { (transfer) throws(RemoteError) in
        try local { () throws(HubError) in
          try transfer.partial.finish(at: folder.place(transfer.path, home: home))
        }
      })
    try await downloader.run()
    let files = heads.map { ModelOrigin.File(path: $0.path, bytes: $0.bytes, digest: $0.digest.description) }
    let origin = ModelOrigin(
      endpoint: client.settings.endpoint.description, revision: plan.reference.revision, info: plan.info, files: files)
    let model = try local { () throws(HubError) in try library.adopt(folder, plan: plan, origin: origin) }
    return PullResult(model: model, origin: origin, downloadedBytes: missing)
  }

  /// Waits for the lock of a model.
  private func lock(_ name: String, _ observer: Downloader.Observer) async throws(RemoteError) -> PullFolder {
    var hasSaid = false
    while true {
      let folder = try local { () throws(HubError) in try PullFolder.open(in: library.home, name: name) }
      if let folder { return folder }
      if !hasSaid { observer.note("another process downloads \(shown(name)); waiting for it") }
      hasSaid = true
      if observer.isCancelled() { throw .busy(name: name) }
      try await RetryPolicy().wait(0.2)
    }
  }

  /// A file of the plan as its server announces it.
  private struct Announced: Sendable {
    let path: String
    let bytes: Int
    let digest: ContentDigest
    let location: HubURL
  }

  /// Asks for every file where it is, how long, and what it hashes to; several at a time.
  private func heads(_ plan: PullPlan) async throws(RemoteError) -> [Announced] {
    let files = plan.selection.files
    do {
      return try await withThrowingTaskGroup(of: (Int, Announced).self) { group in
        var next = 0
        func addNext() {
          guard next < files.count else { return }
          let index = next
          next += 1
          group.addTask { (index, try await announced(files[index], plan.info)) }
        }
        for _ in 0..<connections { addNext() }
        var result: [Int: Announced] = [:]
        while let (index, file) = try await group.next() {
          result[index] = file
          addNext()
        }
        return files.indices.compactMap { result[$0] }
      }
    } catch {
      throw error as? RemoteError ?? .local(.cancelled)
    }
  }

  private func announced(_ file: RepositoryFile, _ info: RepositoryInfo) async throws(RemoteError) -> Announced {
    let head = try await client.retry.run { () async throws(RemoteError) in
      try await client.head(of: file.path, repository: info.repository, commit: info.commit)
    }
    guard let bytes = file.bytes ?? head.bytes else {
      throw .badAnswer(url: file.path, problem: "nobody says how long the file is")
    }
    if let other = head.bytes, other != bytes {
      throw .changed(file: file.path, problem: "listed with \(bytes) bytes, but the server has \(other)")
    }
    guard let digest = file.digest ?? head.digest else { throw .noDigest(file: file.path) }
    if let other = head.digest, other != digest, (other.sha256 == nil) == (digest.sha256 == nil) {
      throw .changed(file: file.path, problem: "listed with the digest \(digest), but the server has \(other)")
    }
    return Announced(path: file.path, bytes: bytes, digest: digest, location: head.location)
  }

  /// Opens the partial files and finds out what of them can be kept.
  private func prepare(
    _ plan: PullPlan, _ heads: [Announced], _ folder: PullFolder
  ) throws(RemoteError) -> ([FileTransfer], [DownloadState.File]) {
    let saved = DownloadState.load(folder.statePath)
    var transfers: [FileTransfer] = []
    var finished: [DownloadState.File] = []
    folder.removeOthers(
      than: Set(heads.map { folder.partialPath($0.path, $0.digest) }), finished: Set(heads.map(\.path)))
    for (index, head) in heads.enumerated() {
      let old = saved?.file(head.path, bytes: head.bytes, digest: head.digest)
      let place = try local { () throws(HubError) in try folder.place(head.path, home: library.home) }
      // An earlier run may have been killed when it had moved some parts of a split model to the library already.
      let moved = index > 0 && plan.selection.kind == .gguf ? library.path(ofPart: index, plan) : place
      if let old, old.isDone, isThere(place, head.bytes) || isThere(moved, head.bytes) {
        finished.append(old)
        continue
      }
      try? FileManager.default.removeItem(atPath: place)
      let partial = try local { () throws(HubError) in
        try PartialFile(path: folder.partialPath(head.path, head.digest), bytes: head.bytes)
      }
      let kept = partial.isContinued && old?.isDone == false ? old : nil
      transfers.append(
        FileTransfer(
          path: head.path, bytes: head.bytes, digest: head.digest, partial: partial, location: head.location,
          partBytes: kept?.partBytes ?? Downloader.partBytes(of: head.bytes), received: kept?.received))
    }
    return (transfers, finished)
  }

  private func isThere(_ path: String, _ bytes: Int) -> Bool {
    guard let status = try? FileStatus(entry: path) else { return false }
    return status.isFile && status.size == bytes
  }
}

/// Lets the failures of the local side through as such.
func local<Value>(_ work: () throws(HubError) -> Value) throws(RemoteError) -> Value {
  do { return try work() } catch { throw .local(error) }
}
