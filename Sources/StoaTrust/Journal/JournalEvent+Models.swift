package import StoaFormats

extension JournalEvent {
  /// A model was loaded.
  ///
  /// - Parameters:
  ///   - digest: The root digest of its files, in the form `sha256:…`; nil when nobody has asked for it yet.
  ///   - path: Where it lies.
  ///   - outcome: What was decided about it before; nil when nobody looked at signatures.
  package static func load(
    model: String, digest: String?, path: String, outcome: ModelTrust.Outcome?
  ) -> JournalEvent {
    JournalEvent(
      .load,
      [
        "model": .string(model), "digest": text(digest ?? outcome?.digest), "path": .string(path),
        "policy": .string((outcome?.verdict.mode ?? .off).rawValue),
      ])
  }

  /// Something was done to a key or to whom is trusted.
  package static func key(_ action: String, _ facts: JSONObject) -> JournalEvent {
    var body = facts
    body["action"] = .string(action)
    return JournalEvent(.key, body)
  }

  fileprivate static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}

extension ModelTrust.Outcome {
  /// The root digest of what was signed: `sha256:…`; nil when nothing that can be believed is.
  package var digest: String? { findings.rootDigest.map { "sha256:" + Hex.encode($0) } }

  /// What the journal keeps of a decision: the verdict, and each rule that a waiver set aside.
  package func journalEvents(model: String) -> [JournalEvent] {
    var body: JSONObject = [
      "model": .string(model), "digest": JournalEvent.text(digest), "verdict": .string(verdict.status.rawValue),
      "decision": .string(verdict.decision.name), "policy": .string(verdict.mode.rawValue),
    ]
    body["level"] = verdict.level.map { .string($0.name) }
    body["signer"] = verdict.signer.map { .string($0) }
    body["certificate"] = verdict.certificate.map { .string(Hex.encode($0.leaf.fingerprint)) }
    body["problems"] = .array(verdict.problems.map(\.json))
    let waivers = verdict.checks.compactMap { check -> JournalEvent? in
      guard let waiver = check.waiver else { return nil }
      return JournalEvent(
        .waiver,
        [
          "model": .string(model), "digest": JournalEvent.text(digest), "waived": .string(waiver.state.rawValue),
          "reason": .string(waiver.reason), "expires": .string(PKITime.text(waiver.expires)),
        ])
    }
    return [JournalEvent(.verdict, body)] + waivers
  }
}
