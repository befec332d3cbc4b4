import StoaHub
import StoaTerminal

/// Downloads a model of the hub when it is run for the first time, after its size and licence were agreed to.
struct FirstUse {
  let reference: String
  let yes: Bool
  let terminal: Terminal

  /// Does nothing for models that are not on the hub, and for those in the library.
  func pullIfMissing() throws {
    guard HubReference.isReference(reference) else { return }
    let hub = try HubAccess()
    let reference = try hub.settings.reference(reference)
    guard try hub.existing(reference) == nil else { return }
    let plan = try hub.plan(reference, name: nil)
    let style = terminal.style(for: .error)
    Output.note(style.dim(plan.summary) + "\n")
    if let note = plan.note { Output.note(style.dim(note) + "\n") }
    try agree(to: plan, reference)
    _ = try hub.pull(plan)
  }

  private func agree(to plan: PullPlan, _ reference: HubReference) throws {
    if yes { return }
    let size = plan.bytes.map(Format.bytes) ?? "this"
    guard terminal.inputIsTerminal, terminal.errorIsTerminal else {
      throw CommandFailure(
        message: "\(reference) is not in the library: \(size) to download, \(licence(plan))",
        advice: "stoa pull \(reference) fetches it, or add --yes")
    }
    Output.note("download \(size), \(licence(plan))? [Y/n] ")
    let answer = readLine()?.lowercased()
    guard let answer, ["", "y", "yes"].contains(answer) else {
      throw CommandFailure(message: "nothing was downloaded")
    }
  }

  private func licence(_ plan: PullPlan) -> String {
    PrintableText.line(plan.licence.map { "licence " + $0 } ?? "no licence stated")
  }
}
