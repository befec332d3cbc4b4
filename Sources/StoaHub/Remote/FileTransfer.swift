import Synchronization

/// One file on its way: which parts are there, which are being fetched, and how far it is hashed.
///
/// Parts come in any order; hashing follows the beginning that is complete, reading back what the system still has in
/// memory, so that at the end only the last parts remain to be hashed.
final class FileTransfer: Sendable {
  let path: String
  let bytes: Int
  let digest: ContentDigest
  let partial: PartialFile

  struct State {
    var partBytes: Int
    var received: [Int]
    /// The next part that nobody has taken.
    var nextPart = 0
    /// Goes up when the parts change; answers that belong to older parts are dropped.
    var generation = 0
    var location: HubURL
    var hasher: ContentHasher
    var hashedParts = 0
    var isHashing = false
    var isDone = false
    var restarts = 0
    var takesRanges = true
  }

  private let state: Mutex<State>

  /// A piece of work: one part of the file.
  struct Part: Sendable {
    let transfer: FileTransfer
    let index: Int
    let generation: Int
    /// The bytes of the file that belong to the part.
    let range: Range<Int>
    let takesRanges: Bool
  }

  /// - Parameter received: What an earlier run left, by parts of `partBytes`.
  init(
    path: String, bytes: Int, digest: ContentDigest, partial: PartialFile, location: HubURL, partBytes: Int,
    received: [Int]?
  ) {
    self.path = path
    self.bytes = bytes
    self.digest = digest
    self.partial = partial
    let count = DownloadState.partCount(bytes: bytes, partBytes: partBytes)
    state = Mutex(
      State(
        partBytes: partBytes, received: received ?? Array(repeating: 0, count: count), location: location,
        hasher: digest.hasher(size: bytes)))
  }

  var receivedBytes: Int { state.withLock { $0.received.reduce(0, +) } }
  var isDone: Bool { state.withLock { $0.isDone } }
  var location: HubURL { state.withLock { $0.location } }
  func move(to location: HubURL) { state.withLock { $0.location = location } }

  /// What to save.
  var record: DownloadState.File {
    state.withLock { state in
      DownloadState.File(
        path: path, bytes: bytes, digest: digest, partBytes: state.partBytes, received: state.received,
        isDone: state.isDone)
    }
  }

  /// Whether there are parts that nobody has taken.
  var hasParts: Bool { state.withLock { !$0.isDone && $0.nextPart < $0.received.count } }

  /// Takes the next part that needs work.
  func takePart() -> Part? {
    state.withLock { state in
      guard !state.isDone, state.nextPart < state.received.count else { return nil }
      defer { state.nextPart += 1 }
      return part(state.nextPart, state)
    }
  }

  private func part(_ index: Int, _ state: State) -> Part {
    let start = index * state.partBytes
    return Part(
      transfer: self, index: index, generation: state.generation,
      range: start..<(start + min(state.partBytes, bytes - start)), takesRanges: state.takesRanges)
  }

  /// How many bytes of a part are there; nil when the parts have changed since it was taken.
  func received(_ part: Part) -> Int? {
    state.withLock { $0.generation == part.generation ? $0.received[part.index] : nil }
  }

  /// Notes bytes that were written; false when the parts have changed since.
  func add(_ count: Int, to part: Part) -> Bool {
    state.withLock { state in
      guard state.generation == part.generation else { return false }
      state.received[part.index] += count
      return true
    }
  }

  /// Starts a part again: its server sends no ranges.
  func rewind(_ part: Part) {
    state.withLock { if $0.generation == part.generation { $0.received[part.index] = 0 } }
  }

  /// Goes over to fetching the file in one piece, from its beginning; nil when another task has done so already.
  func stopUsingRanges(_ part: Part) -> Part? {
    state.withLock { state in
      guard state.generation == part.generation, state.takesRanges, bytes > 0 else { return nil }
      state.takesRanges = false
      reset(&state, partBytes: bytes)
      state.nextPart = 1
      return self.part(0, state)
    }
  }

  private func reset(_ state: inout State, partBytes: Int) {
    state.generation += 1
    state.partBytes = partBytes
    state.received = Array(repeating: 0, count: DownloadState.partCount(bytes: bytes, partBytes: partBytes))
    state.nextPart = 0
    state.hashedParts = 0
    state.hasher = digest.hasher(size: bytes)
  }

  // MARK: Hashing

  /// The outcome of hashing as far as the file is there.
  enum Progress: Equatable {
    case incomplete
    case verified
    /// The bytes were not the right ones; all parts are to be fetched again.
    case restarted
  }

  /// Hashes the complete parts that follow what is hashed already. One task does so at a time; others go on at once,
  /// since the one that hashes looks for their parts before it stops.
  func advanceHash() throws(RemoteError) -> Progress {
    let claim = state.withLock { state -> (hasher: ContentHasher, generation: Int)? in
      guard !state.isHashing, !state.isDone else { return nil }
      state.isHashing = true
      return (state.hasher, state.generation)
    }
    guard let claim else { return .incomplete }
    var hasher = claim.hasher
    while true {
      switch nextToHash(claim.generation, hasher) {
      case .part(let range):
        do {
          try partial.read(range) { hasher.update($0) }
        } catch {
          state.withLock { $0.isHashing = false }
          throw .local(error)
        }
        state.withLock { if $0.generation == claim.generation { $0.hashedParts += 1 } }
      case .nothing: return .incomplete
      case .end: return try conclude(hasher)
      }
    }
  }

  private enum HashStep {
    case part(Range<Int>)
    case nothing
    case end
  }

  /// The next complete part. If there is none, the claim ends and the state of the hash is put back in the same step;
  /// at the end of the file the claim stays, so that only one task concludes.
  private func nextToHash(_ generation: Int, _ hasher: ContentHasher) -> HashStep {
    state.withLock { state in
      guard state.generation == generation else {
        state.isHashing = false
        return .nothing
      }
      let index = state.hashedParts
      guard index < state.received.count else { return .end }
      let range = part(index, state).range
      if state.received[index] == range.count { return .part(range) }
      state.hasher = hasher
      state.isHashing = false
      return .nothing
    }
  }

  private func conclude(_ hasher: ContentHasher) throws(RemoteError) -> Progress {
    let actual = hasher.digest
    if actual == digest {
      state.withLock { state in
        state.isDone = true
        state.isHashing = false
      }
      return .verified
    }
    // Nothing of it may be kept.
    let mayRestart = state.withLock { state in
      reset(&state, partBytes: state.partBytes)
      state.isHashing = false
      state.restarts += 1
      return state.restarts == 1
    }
    guard mayRestart else {
      throw .wrongDigest(file: path, expected: digest.description, actual: actual.description)
    }
    return .restarted
  }
}
