package import Logging
import StoaGuard
import StoaHub
import Synchronization

/// The pack that a server guards its answers by, read again when its files change.
package final class GuardPolicy: Sendable {
  private struct State: Sendable {
    var version: GuardVersion
    /// The files to watch with the versions of them that were tried last.
    var files: [String: String?]
  }

  private let source: String
  private let state: Mutex<State>

  /// Reads a pack by its name or path.
  ///
  /// - Throws: `PackError` or `RailError`.
  package init(_ source: String) throws {
    self.source = source
    let pack = try GuardPack(source)
    state = Mutex(State(version: try GuardVersion(pack), files: Self.versions(pack.places)))
  }

  /// What requests begin with now.
  package var current: GuardVersion { state.withLock { $0.version } }

  /// Reads the pack if its files have changed. One that has mistakes changes nothing, and is looked at again when its
  /// files change again.
  package func refresh(_ logger: Logger) {
    let known = state.withLock { $0.files }
    // Before they are read: what changes meanwhile is read again.
    let files = Self.versions(Array(known.keys))
    guard files != known else { return }
    do {
      let pack = try GuardPack(source)
      if pack.digest == current.pack.digest { return state.withLock { $0.files = Self.merged(files, pack.places) } }
      let version = try GuardVersion(pack)
      state.withLock { $0 = State(version: version, files: Self.merged(files, pack.places)) }
      logger.notice("guard pack read again", metadata: ["pack": "\(version.label)"])
    } catch {
      let places = (error as? PackError)?.problems.map(\.file) ?? []
      state.withLock { $0.files = Self.merged(files, known.keys + places) }
      logger.warning(
        "the changed guard pack cannot be used: the old one stays until its files change again",
        metadata: ["pack": "\(source)", "problem": "\(error)"])
    }
  }

  private static func versions(_ paths: [String]) -> [String: String?] {
    Dictionary(paths.map { ($0, fileVersion($0)) }) { first, _ in first }
  }

  /// The versions that are known, and those of files that are new among the ones to watch.
  private static func merged(_ known: [String: String?], _ paths: [String]) -> [String: String?] {
    Dictionary(paths.map { ($0, known[$0] ?? fileVersion($0)) }) { first, _ in first }
  }
}
