package import Logging
import StoaGuard
import StoaHub
package import StoaTrust
import Synchronization

/// The pack that a server guards its answers by, read again when its files change.
package final class GuardPolicy: Sendable {
  private struct State: Sendable {
    var version: GuardVersion
    /// The files to watch with the versions of them that were tried last.
    var files: [String: String?]
  }

  private let source: String
  private let gate: PackGate?
  private let state: Mutex<State>
  /// What was decided about the signatures of the pack when it was first read; none where nobody looked.
  package let verdicts: [TrustVerdict]

  /// Reads a pack by its name or path.
  ///
  /// - Parameter gate: Decides whether the pack may be used, now and when it has changed; nil for always.
  /// - Throws: `PackError`, `RailError`, or `PackRefused` and `TrustError` of the gate.
  package init(_ source: String, gate: PackGate? = nil) throws {
    self.source = source
    self.gate = gate
    let (pack, verdicts) = try Self.load(source, gate)
    self.verdicts = verdicts
    let places = pack.places + (gate?.places(of: pack) ?? [])
    state = Mutex(State(version: try GuardVersion(pack), files: Self.versions(places)))
  }

  private static func load(_ source: String, _ gate: PackGate?) throws -> (GuardPack, [TrustVerdict]) {
    guard let gate else { return (try GuardPack(source), []) }
    let (pack, verdicts) = try gate.load(source)
    return (pack, verdicts)
  }

  /// What requests begin with now.
  package var current: GuardVersion { state.withLock { $0.version } }

  /// Reads the pack if its files have changed. One that has mistakes or may not be used changes nothing, and is looked
  /// at again when its files change again.
  package func refresh(_ logger: Logger) {
    let known = state.withLock { $0.files }
    // Before they are read: what changes meanwhile is read again.
    let files = Self.versions(Array(known.keys))
    guard files != known else { return }
    do {
      let (pack, verdicts) = try Self.load(source, gate)
      let places = pack.places + (gate?.places(of: pack) ?? [])
      if pack.digest == current.pack.digest { return state.withLock { $0.files = Self.merged(files, places) } }
      let version = try GuardVersion(pack)
      state.withLock { $0 = State(version: version, files: Self.merged(files, places)) }
      for verdict in verdicts where verdict.decision == .alert {
        logger.warning("guard pack is not as demanded", metadata: ["pack": "\(source)", "problem": "\(verdict.line)"])
      }
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
