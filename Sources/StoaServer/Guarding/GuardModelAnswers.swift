import StoaGuard
import Synchronization

/// What the rails of one request have asked guard models, with the answers.
///
/// A request's texts are known before the rails look at them, so all that will be asked is asked first, several questions at
/// once; the rails themselves then run on threads that may not wait.
final class GuardModelAnswers: Sendable {
  private let judge: (any GuardModelJudge)?
  private let answers = Mutex<[GuardQuestion: GuardAnswer]>([:])

  /// Questions about the texts of one request at most; texts of more windows than that are not judged.
  static let mostQuestions = 256
  private static let atOnce = 8

  init(_ judge: (any GuardModelJudge)?) { self.judge = judge }

  /// The answer to a question, asked now unless it was before.
  func answer(_ question: GuardQuestion) async -> GuardAnswer {
    if let known = answers.withLock({ $0[question] }) { return known }
    let answer = await judge?.judge(question) ?? .failure(.nobodyAsks)
    // What failed may work the next time.
    if case .success = answer { answers.withLock { $0[question] = answer } }
    return answer
  }

  /// Asks all of these that were not asked.
  func ask(_ questions: [GuardQuestion]) async {
    var rest = questions.prefix(Self.mostQuestions)
    while !rest.isEmpty {
      let some = rest.prefix(Self.atOnce)
      rest = rest.dropFirst(some.count)
      let found: [GuardQuestion: GuardAnswer] = await withTaskGroup(of: (GuardQuestion, GuardAnswer).self) { group in
        for question in some { group.addTask { (question, await self.answer(question)) } }
        return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      answers.withLock { $0.merge(found) { $1 } }
    }
  }

  /// The answer to a question that was asked.
  func lookup(_ question: GuardQuestion) -> GuardAnswer {
    answers.withLock { $0[question] }
      ?? .failure(
        judge == nil
          ? .nobodyAsks
          : GuardModelError(.length, "the texts need more than \(Self.mostQuestions) questions to guard models"))
  }
}
