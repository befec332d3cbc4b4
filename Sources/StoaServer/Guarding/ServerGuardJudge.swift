import StoaEngine
package import StoaGuard
import StoaHub
import StoaModels

/// Asks guard models that the server loads like any other: within the same memory, and in one batch with whoever else asks them.
///
/// It goes to the scheduler directly: a guard model has no rails, no receipt and no row in the ledger.
struct ServerGuardJudge: GuardModelJudge {
  let models: ModelStore
  /// Seconds after which a question is given up.
  let timeout: Double

  func judge(_ question: GuardQuestion) async -> GuardAnswer {
    do {
      return .success(try await judgment(question))
    } catch {
      return .failure(GuardModelError(error, model: question.settings.model))
    }
  }

  private func judgment(_ question: GuardQuestion) async throws -> GuardJudgment {
    let deadline = ContinuousClock.now.advanced(by: .seconds(timeout))
    let lease = try await models.acquireGuard(question.settings.model)
    // It stays in memory until it has judged.
    defer { withExtendedLifetime(lease) {} }
    guard case .answers(let loaded) = lease.model else {
      throw GuardModelError(.unusable, "\(question.settings.model) makes vectors of texts and cannot judge")
    }
    var exam = try await BackgroundWork.run { try GuardModelExam(question, loaded.model) }
    while let step = exam.next {
      var request = GenerationRequest(prompt: step.prompt, options: step.options, owner: "guard")
      request.deadline = deadline
      var result: GenerationResult?
      for try await event in try loaded.scheduler.submit(request) {
        if case .finished(_, let finished) = event { result = finished }
      }
      guard let result else { throw CancellationError() }
      try exam.take(result)
    }
    return exam.judgment
  }
}

extension GuardModelError {
  /// What a failure below means to the rails that ask a guard model.
  package init(_ error: any Error, model: String) {
    func because(_ reason: String) -> GuardModelError {
      GuardModelError(.unusable, "the guard model \(model) cannot be used: \(reason)")
    }
    switch error {
    case let error as GuardModelError: self = error
    case EngineError.queueFull(let limit):
      self.init(
        .busy, "\(limit) requests wait for the guard model \(model) already: let more wait, or answer fewer at once")
    case EngineError.deadlineExceeded: self.init(.late, "the guard model \(model) was not done in time")
    case is CancellationError: self.init(.late, "nobody waits for the guard model \(model) any more")
    case EngineError.stopping: self.init(.busy, "the guard model \(model) is being unloaded")
    case let error as APIError where error.code == "model_memory_full":
      self.init(.memory, "there is no memory for the guard model \(model) beside the others that are in use")
    case ModelError.outOfMemory(_), ModelError.noFreePage:
      self.init(.memory, "there is no memory for the guard model \(model): \(error)")
    case let error as HubError: self.init(.missing, "there is no guard model \(model): \(error.description)")
    case let error as APIError: self = because(error.message)
    case let error as any CustomStringConvertible: self = because(error.description)
    default: self = because("\(error)")
    }
  }
}
