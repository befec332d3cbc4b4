import Crypto
import Dispatch
package import StoaFormats
import Synchronization

/// Hashes the files of a model, several at once, and remembers the digests.
///
/// The work runs on the threads of `DispatchQueue.concurrentPerform` and blocks the caller, which therefore must not be
/// one of Swift's cooperative threads.
public struct ModelHasher: Sendable {
  /// Digests of files that did not change since; nil to hash everything again.
  private let cache: DigestCache?
  /// Bytes hashed and bytes in total; called from any thread.
  private let progress: @Sendable (Int, Int) -> Void
  /// Polled while hashing.
  private let isCancelled: @Sendable () -> Bool

  /// The digests of files, and which version of each file they are of.
  struct Digests: Sendable {
    var resources: [ModelManifest.Resource] = []
    /// By the path in the file system.
    var identities: [String: FileIdentity] = [:]
  }

  /// A hasher.
  package init(
    cache: DigestCache? = nil, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.cache = cache
    self.progress = progress
    self.isCancelled = isCancelled
  }

  /// The manifest of the model at `folder`.
  ///
  /// - Parameter ignoring: Paths inside the model that are left out besides git's and the signature's.
  public func manifest(
    of folder: ModelFolder, ignoring: [String] = [], allowsSymbolicLinks: Bool = false
  ) throws(TrustError) -> ModelManifest {
    for path in ignoring { try ModelPath.check(path) }
    let serialization = ModelManifest.Serialization(
      shardSize: nil, allowsSymbolicLinks: allowsSymbolicLinks,
      ignoredPaths: folder.signedIgnoredPaths + ignoring.filter { !folder.signedIgnoredPaths.contains($0) })
    let files = try folder.files(ignoring: serialization.ignoredPaths, allowsSymbolicLinks: allowsSymbolicLinks)
    guard !files.isEmpty else {
      throw .file(.unsupported(path: folder.path, problem: "there are no files to sign in this folder"))
    }
    let digests = try hash(files, shardSize: nil)
    return ModelManifest(modelName: folder.name, resources: digests.resources, serialization: serialization)
  }

  /// A piece of work: a file, or a shard of one.
  private struct Piece: Sendable {
    let file: Int
    let bytes: Range<Int>
    let resource: Int
  }

  /// The digests of `files`, in shards of `shardSize` bytes or whole.
  func hash(_ files: [ModelFolder.File], shardSize: Int?) throws(TrustError) -> Digests {
    var digests = Digests()
    var pieces: [Piece] = []
    for (index, file) in files.enumerated() {
      let identity = try fileErrors { () throws(FormatError) in try FileIdentity(path: file.path) }
      digests.identities[file.path] = identity
      let size = Int(clamping: identity.size)
      guard let shardSize else {
        let known = cache?[identity].flatMap(Hex.decode)
        if known == nil { pieces.append(Piece(file: index, bytes: 0..<size, resource: digests.resources.count)) }
        digests.resources.append(.init(path: file.name, bytes: nil, digest: known ?? []))
        continue
      }
      // An empty file has no shards (section 6.3.2).
      for start in stride(from: 0, to: size, by: shardSize) {
        let bytes = start..<min(start + shardSize, size)
        pieces.append(Piece(file: index, bytes: bytes, resource: digests.resources.count))
        digests.resources.append(.init(path: file.name, bytes: bytes, digest: []))
      }
    }
    // The longest first, so that no thread is left with a long one at the end.
    pieces.sort { $0.bytes.count > $1.bytes.count }
    for (piece, digest) in zip(pieces, try hash(pieces, of: files, digests.identities)) {
      digests.resources[piece.resource].digest = digest
      let identity = digests.identities[files[piece.file].path] ?? FileIdentity()
      if shardSize == nil, identity.isSettled { cache?.remember(identity, Hex.encode(digest)) }
    }
    return digests
  }

  private struct State {
    var digests: [[UInt8]]
    var done = 0
    var error: TrustError?
  }

  private func hash(
    _ pieces: [Piece], of files: [ModelFolder.File], _ identities: [String: FileIdentity]
  ) throws(TrustError) -> [[UInt8]] {
    let total = pieces.reduce(0) { $0 + $1.bytes.count }
    let state = Mutex(State(digests: Array(repeating: [], count: pieces.count)))
    DispatchQueue.concurrentPerform(iterations: pieces.count) { index in
      guard state.withLock({ $0.error == nil }) else { return }
      let piece = pieces[index]
      let path = files[piece.file].path
      do throws(TrustError) {
        let digest = try hash(piece.bytes, of: path, identities[path]) { count in
          let done = state.withLock { state in
            state.done += count
            return state.done
          }
          progress(done, total)
        }
        state.withLock { $0.digests[index] = digest }
      } catch {
        state.withLock { $0.error = $0.error ?? error }
      }
    }
    let result = state.withLock { $0 }
    if let error = result.error { throw error }
    return result.digests
  }

  private static let reportedBytes = 8 << 20

  private func hash(
    _ bytes: Range<Int>, of path: String, _ identity: FileIdentity?, report: (Int) -> Void
  ) throws(TrustError) -> [UInt8] {
    var hash = SHA256()
    var unreported = 0
    var wasCancelled = false
    try fileErrors { () throws(FormatError) in
      let file = try VerifiedFile(path: path)
      guard file.identity == identity else { throw .changed(path: path) }
      try unsafe file.read(bytes) { buffer in
        unsafe hash.update(bufferPointer: buffer)
        unreported += buffer.count
        guard unreported >= Self.reportedBytes else { return true }
        report(unreported)
        unreported = 0
        wasCancelled = isCancelled()
        return !wasCancelled
      }
    }
    if wasCancelled { throw .cancelled }
    report(unreported)
    return Array(hash.finalize())
  }
}
