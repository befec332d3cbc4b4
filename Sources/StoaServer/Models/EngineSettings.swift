package import StoaEngine
package import StoaHub
package import StoaTensor
package import StoaTrust

/// How models are loaded and run.
package struct EngineSettings: Sendable {
  /// Tokens of context; nil for each model's own.
  package var contextLength: Int?
  /// Threads; nil for all that this process may use.
  package var threads: Int?
  /// What to compute with in place of `threads` and the fastest kernels.
  package var kernels: Compute?
  /// The type of cached keys and values; nil for that which suits the weights.
  package var cacheType: CacheType?
  package var scheduler = SchedulerOptions()
  /// Bytes of model files that may be loaded at once; nil for three quarters of the machine's memory.
  package var memoryBytes: Int?
  /// Seconds that a model stays loaded when nobody uses it; nil for ever.
  package var keepAliveSeconds: Double? = 300
  /// Gives the digest of a model's files for the ledger, in the form `sha256:…`; asked in the background each time that a
  /// model is loaded, so it should remember. Nil for none.
  package var digest: (@Sendable (ModelLocation) throws -> String)?
  /// Gives the root digest of a model's files, which receipts name; asked before and after a model is loaded. Nil when no
  /// receipts are given.
  package var rootDigest: (@Sendable (ModelLocation) throws -> MerkleHash)?

  /// Decides about models before they are loaded; nil loads all.
  package var gate: ModelGate?
  /// Where loads and verdicts are written down; nil for nowhere.
  package var journal: (any JournalSink)?

  package init() {}
}
