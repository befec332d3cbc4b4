import StoaFormats
import StoaHub
import StoaLedger
import StoaServer
import StoaTerminal
import StoaTrust

/// Where `stoa run` writes down what was decided about a model and that it was loaded.
///
/// It does so when somebody keeps account: a ledger is there, or a trust store or `enforce` was asked for. Who only tries a
/// model at home gets no database for it.
struct LoadJournal {
  /// Whether a model must not run when this cannot be written down.
  let isDemanded: Bool

  /// The journal of a load under these options; nil when nobody keeps one.
  init?(_ options: TrustPolicyOptions) {
    let usesStore = options.trustPolicy != .off && (options.trust != nil || exists(ModelLibrary().home.trust))
    isDemanded = options.trustPolicy == .enforce
    guard isDemanded || usesStore || exists(LedgerAccess.path) else { return nil }
  }

  /// Writes the decision about a model that was loaded.
  func loaded(_ location: ModelLocation, _ outcome: ModelTrust.Outcome?) throws {
    let load = JournalEvent.load(model: location.name, digest: nil, path: location.path, outcome: outcome)
    try write((outcome?.journalEvents(model: location.name) ?? []) + [load])
  }

  /// Writes why a model was not loaded; that this fails changes nothing about the refusal.
  func refused(_ location: ModelLocation, _ refusal: ModelRefused) {
    do { try append(refusal.outcome.journalEvents(model: location.name)) } catch { warn(error) }
  }

  private func write(_ events: [JournalEvent]) throws {
    do { try append(events) } catch {
      if isDemanded { throw error }
      warn(error)
    }
  }

  private func append(_ events: [JournalEvent]) throws {
    _ = try LedgerAccess.run(making: true) { try await $0.append(events) }
  }

  private func warn(_ error: any Error) {
    let style = Terminal.current().style(for: .error)
    let line = PrintableText.line(FailureReport(error).message ?? "\(error)")
    Output.note("\(style.yellow("warning:")) nothing of this is in the journal: \(line)\n")
  }
}
