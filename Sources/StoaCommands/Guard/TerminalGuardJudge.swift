import StoaEngine
import StoaGuard
import StoaHub
import StoaServer
import StoaTerminal
import StoaTrust
import Synchronization

/// Asks guard models on the caller's thread; each is loaded when it is first asked.
final class TerminalGuardJudge: Sendable {
  private struct State {
    var models: [String: Result<LanguageModel, GuardModelError>] = [:]
    var sessions: [String: GenerationSession] = [:]
    /// What has been told already.
    var told: Set<String> = []
  }

  private let state = Mutex(State())
  private let threads: Int?
  /// Decides about models before they are loaded; nil loads all.
  private let gate: ModelGate?

  /// Tokens of context at most: guard models read no more than a few thousand.
  private static let longestContext = 8192

  init(threads: Int? = nil, gate: ModelGate? = nil) {
    self.threads = threads
    self.gate = gate
  }

  /// Answers a question. What went wrong is told on standard error, once.
  func answer(_ question: GuardQuestion) -> GuardAnswer {
    do throws(GuardModelError) {
      return .success(try exam(question).judgment)
    } catch {
      if state.withLock({ $0.told.insert(error.description).inserted }) {
        Output.note("warning: \(error.description)\n")
      }
      return .failure(error)
    }
  }

  /// The question with all that was computed for it.
  func exam(_ question: GuardQuestion) throws(GuardModelError) -> GuardModelExam {
    let name = question.settings.model
    let result = state.withLock { state -> Result<GuardModelExam, GuardModelError> in
      do {
        let loaded = state.models[name] ?? load(name)
        state.models[name] = loaded
        let model = try loaded.get()
        let session = try state.sessions[name] ?? model.makeSession()
        state.sessions[name] = session
        var exam = try GuardModelExam(question, model)
        while let step = exam.next {
          let result = try session.generate(
            prompt: step.prompt, options: step.options, isCancelled: { Interrupts.requested })
          guard result.finishReason != .cancelled else { throw CancellationError() }
          try exam.take(result)
        }
        return .success(exam)
      } catch {
        return .failure(GuardModelError(error, model: name))
      }
    }
    return try result.get()
  }

  private func load(_ name: String) -> Result<LanguageModel, GuardModelError> {
    do {
      let location = try ModelLibrary().resolve(name)
      let trust = try gate?.admit(location)
      var options = LoadOptions()
      options.threads = threads
      options.contextLength = min(Self.longestContext, try ModelPackage(path: location.path).summary.contextLength)
      let bar = ProgressBar("loading the guard model " + PrintableText.line(location.name), unit: .fraction)
      defer { bar.finish() }
      let model = try LanguageModel.load(path: location.path, options: options) { bar.update(fraction: $0) }
      try trust?.confirm(loaded: model.summary.files.map(\.identity))
      return .success(model)
    } catch {
      return .failure(GuardModelError(error, model: name))
    }
  }
}
