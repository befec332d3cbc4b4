package import StoaGuard
import Synchronization

/// The rails of a pack for requests of one kind, compiled for every place where text passes.
package struct GuardPrograms: Sendable {
  /// What the client sends.
  package let input: GuardProgram
  /// Text that was looked up for the model.
  package let retrieval: GuardProgram
  /// What tools gave back.
  package let toolResult: GuardProgram
  /// What the model answers.
  package let output: GuardProgram
  /// The arguments of tools that the model calls.
  package let toolCall: GuardProgram
  /// The rails of the input that mask, for what the client repeats of earlier answers; nil when none does.
  let masking: GuardProgram?
  /// What answers are led around; nil for nothing.
  let avoidance: AnswerAvoidance?

  package init(_ pack: GuardPack, for context: GuardContext = GuardContext()) throws(RailError) {
    let rails = pack.rails(for: context)
    func program(_ stage: GuardStage, _ rails: [Rail]) throws(RailError) -> GuardProgram {
      try GuardProgram(pack: pack.name, digest: pack.digest, rails: rails, stage: stage)
    }
    input = try program(.input, rails)
    retrieval = try program(.retrieval, rails)
    toolResult = try program(.toolResult, rails)
    // What a rail hides of an answer was not the client's to begin with: it does not come back.
    let hiding = rails.map { rail in
      var rail = rail
      if rail.action == .mask { rail.action = .redact }
      return rail
    }
    output = try program(.output, hiding)
    toolCall = try program(.toolCall, hiding)
    let masking = rails.filter { $0.action == .mask && !$0.isOff && $0.stages.contains(.input) }
    // What was answered before was judged then, by guard models too.
    self.masking = masking.isEmpty ? nil : try program(.input, masking).withoutGuardModels
    avoidance = try AvoidanceProgram(pack: pack.name, digest: pack.digest, rails: rails).map(AnswerAvoidance.init)
  }

  /// The program of a stage.
  package func program(_ stage: GuardStage) -> GuardProgram {
    switch stage {
    case .input: input
    case .output: output
    case .retrieval: retrieval
    case .toolCall: toolCall
    case .toolResult: toolResult
    }
  }
}

/// One version of a pack; what began with it goes on with it.
package final class GuardVersion: Sendable {
  package let pack: GuardPack
  /// By the overrides that hold.
  private let compiled: Mutex<[[Int]: GuardPrograms]>

  package init(_ pack: GuardPack) throws(RailError) {
    self.pack = pack
    // A pack whose rails do not work together is told before the first request comes.
    let usual = GuardContext()
    compiled = Mutex([pack.overrides(for: usual): try GuardPrograms(pack, for: usual)])
  }

  /// The rails for a request, compiled when they are first asked for.
  package func programs(for context: GuardContext) throws(RailError) -> GuardPrograms {
    let key = pack.overrides(for: context)
    if let known = compiled.withLock({ $0[key] }) { return known }
    let programs = try GuardPrograms(pack, for: context)
    compiled.withLock { $0[key] = programs }
    return programs
  }

  /// The rails of this digest that answers of a model were led around; nil when the pack has no such rails for it.
  func avoidance(digest: String, model: String, api: String) throws(RailError) -> AnswerAvoidance? {
    // Whose key it was no receipt says: each that the pack tells apart is tried.
    for key in [""] + pack.overrides.compactMap(\.key) {
      let context = GuardContext(model: model, key: key.filter { $0 != "*" }, route: Guarding.route(of: api))
      if let found = try programs(for: context).avoidance, found.digest == digest { return found }
    }
    return nil
  }

  /// How headers name it: `default; version="1.0.0"; digest=sha256:0123456789abcdef`.
  package var label: String {
    let version = pack.version.filter { $0.isASCII && !$0.isNewline && $0 != "\"" && $0 != "\\" && $0 >= " " }
    return "\(pack.name); version=\"\(version)\"; digest=sha256:\(pack.digest.prefix(16))"
  }
}
