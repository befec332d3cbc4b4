import Foundation
import StoaFormats
import StoaModels
import StoaTensor

/// The work of a scheduler's thread.
final class SchedulerLoop {
  private let model: LanguageModel
  private let options: SchedulerOptions
  private let inbox: SchedulerInbox
  private let pool: PagePool
  private let workspace: DecoderWorkspace
  private var tree = PrefixTree()
  /// In the order of their turns: the first keeps its memory, the last gives it up.
  private var running: [RunningSequence] = []
  /// Those that gave their memory up; they come before new ones.
  private var preempted: [RunningSequence] = []
  private var pace: StepPace
  private var load = SchedulerLoad()

  init(model: LanguageModel, options: SchedulerOptions, inbox: SchedulerInbox) throws {
    self.model = model
    self.options = options
    self.inbox = inbox
    let layout = try model.model.makePagePool(type: model.cacheType).layout
    let contextPages = CacheLayout.pages(for: model.contextLength)
    let budget = options.cacheBytes ?? Int(clamping: ProcessInfo.processInfo.physicalMemory) / 4
    // A page more: of a text that begins in the middle of a shared page, that page is copied.
    let limit = max(contextPages + 1, min(budget / layout.pageBytes, contextPages * options.maxRunning))
    pool = PagePool(layout: layout, limit: limit)
    workspace = try model.model.makeWorkspace(maxTokens: max(model.prefillChunk, options.maxRunning))
    pace = StepPace(target: options.stepSeconds, maxTokens: max(model.prefillChunk, options.maxRunning))
    load.totalPages = limit
    inbox.publish(load)
  }

  func run() {
    while true {
      let isIdle = running.isEmpty && preempted.isEmpty && inbox.isEmpty
      if isIdle {
        if inbox.phase != .running { return }
        inbox.wait()
      }
      dropUnwanted()
      admit()
      if isIdle { awaitOthers() }
      step()
      report()
    }
  }

  private func report() {
    load.running = running.count + preempted.count
    load.usedPages = pool.usedPages - min(pool.usedPages, tree.pageCount)
    load.cachedPages = tree.pageCount
    inbox.publish(load)
  }

  // MARK: Who takes part

  /// Lets go of those whose readers are gone, whose time is over, or all when the scheduler stops.
  private func dropUnwanted() {
    let isStopped = inbox.phase == .stopped
    let now = ContinuousClock.now
    @Sendable func isLate(_ ticket: Ticket) -> Bool { ticket.request.deadline.map { $0 <= now } ?? false }
    @Sendable func isUnwanted(_ ticket: Ticket) -> Bool { isStopped || ticket.isCancelled || isLate(ticket) }
    for ticket in inbox.remove(where: isUnwanted) {
      ticket.continuation.finish(throwing: isLate(ticket) ? EngineError.deadlineExceeded : EngineError.stopping)
    }
    for sequence in running + preempted where isUnwanted(sequence.ticket) {
      if isLate(sequence.ticket) {
        sequence.fail(EngineError.deadlineExceeded)
      } else if isStopped {
        sequence.fail(EngineError.stopping)
      } else {
        sequence.finish()
      }
      release(sequence)
    }
  }

  private func admit() {
    while running.count < options.maxRunning {
      let sequence: RunningSequence
      if let earlier = preempted.first {
        guard hasRoom(for: earlier) else { return }
        preempted.removeFirst()
        sequence = earlier
      } else if let ticket = inbox.next() {
        do {
          sequence = try RunningSequence(ticket, model: model, pool: pool)
          load.promptTokens += ticket.request.prompt.count
        } catch {
          ticket.continuation.finish(throwing: error)
          continue
        }
        if sequence.progress.finishReason != nil {
          sequence.finish()
          continue
        }
        if !running.isEmpty, !hasRoom(for: sequence) {
          // Its turn comes when others are done.
          preempted.append(sequence)
          return
        }
      } else {
        return
      }
      running.append(sequence)
    }
  }

  /// Requests seldom come alone: after idleness a prompt waits a moment, short beside its own time, for others to begin
  /// with.
  private func awaitOthers() {
    for sequence in running where sequence.mayShare { sequence.adopt(from: &tree) }
    let pause = pace.pause(before: running.reduce(0) { $0 + $1.pendingCount })
    guard pause > 0 else { return }
    Thread.sleep(forTimeInterval: pause)
    admit()
  }

  /// Whether the pages of its tokens could be had without taking them from others.
  private func hasRoom(for sequence: RunningSequence) -> Bool {
    let missing = running.reduce(0) { $0 + CacheLayout.pages(for: $1.pendingCount) }
    let needed = CacheLayout.pages(for: sequence.tokens.count) + 1 + missing
    return running.isEmpty || pool.availablePages + tree.pageCount >= needed
  }

  private func release(_ sequence: RunningSequence) {
    running.removeAll { $0 === sequence }
    preempted.removeAll { $0 === sequence }
    keep(sequence)
    load.cachedTokens += sequence.cachedTokens
    sequence.cache.truncate(to: 0)
  }

  /// Keeps what a sequence has computed for texts that begin alike, as long as there is room.
  private func keep(_ sequence: RunningSequence) {
    guard sequence.mayShare, sequence.cache.count > 0 else { return }
    let pages = sequence.cache.pages.prefix(CacheLayout.pages(for: sequence.cache.count))
    tree.insert(sequence.tokens.prefix(sequence.cache.count), pages: Array(pages))
  }

  // MARK: One forward pass

  /// What a sequence contributes to a pass.
  private struct Part {
    let sequence: RunningSequence
    let range: Range<Int>
    /// Whether its last token is the latest of the sequence.
    let isLast: Bool
  }

  private func step() {
    let parts = plan()
    guard !parts.isEmpty else { return }
    for part in parts { part.sequence.reportStart() }
    let segments = parts.map { part in
      // A copy of these few: the array of all of them grows during the pass, and must not be copied for that.
      Segment(
        tokens: Array(part.sequence.tokens[part.range])[...], cache: part.sequence.cache,
        logits: !part.sequence.mayShare && part.range.lowerBound < part.sequence.progress.prompt.count
          ? .all : part.isLast ? .last : .none)
    }
    let start = ContinuousClock.now
    var failures: [Int: any Error] = [:]
    do {
      try unsafe model.model.forward(
        segments, workspace: workspace,
        isCancelled: { parts.allSatisfy { $0.sequence.ticket.isCancelled } || inbox.phase == .stopped }
      ) { index, token, logits in
        do {
          try unsafe parts[index].sequence.take(logits, position: parts[index].range.lowerBound + token)
        } catch {
          failures[index] = error
        }
      }
    } catch ModelError.cancelled {
      return
    } catch {
      for index in parts.indices { failures[index] = error }
    }
    pace.record(
      decoding: parts.count { $0.range.count == 1 },
      prompt: parts.reduce(0) { $0 + ($1.range.count > 1 ? $1.range.count : 0) },
      seconds: start.duration(to: .now).seconds)
    load.steps += 1
    for (index, part) in parts.enumerated() { conclude(part, failures[index]) }
  }

  private func conclude(_ part: Part, _ failure: (any Error)?) {
    let sequence = part.sequence
    if let failure {
      sequence.fail(failure)
      release(sequence)
      return
    }
    if part.isLast { load.generatedTokens += 1 }
    // Whole pages, and all of the prompt when it is complete, can be used by others from now on.
    let page = Compute.keyBlock
    let hasNewPage = part.range.upperBound / page > part.range.lowerBound / page
    // All of it but for the last token, which everyone computes for its logits.
    let lastToken = sequence.progress.prompt.count - 1
    let completesPrompt = part.range.contains(lastToken) || part.range.upperBound == lastToken
    if sequence.mayShare, hasNewPage || completesPrompt {
      let count = completesPrompt ? part.range.upperBound : part.range.upperBound / page * page
      tree.insert(
        sequence.tokens.prefix(count), pages: Array(sequence.cache.pages.prefix(CacheLayout.pages(for: count))))
    }
    sequence.settle()
    if sequence.progress.finishReason != nil {
      sequence.finish()
      release(sequence)
    }
  }

  /// One token of each answer, and as much of the prompts as the pace allows.
  private func plan() -> [Part] {
    var parts: [Part] = []
    for sequence in running where sequence.isDecoding && running.contains(where: { $0 === sequence }) {
      add(1, of: sequence, to: &parts)
    }
    var budget = pace.promptTokens(decoding: parts.count)
    // Where nobody reads an answer yet and this pass does not complete all prompts, answers begin together.
    let gathers =
      parts.isEmpty && running.reduce(0) { $0 + ($1.isDecoding ? 0 : $1.pendingCount) } > budget
    for sequence in running where !sequence.isDecoding && budget > 0 {
      // One that was just to be taken up may have had to give way.
      guard running.contains(where: { $0 === sequence }) else { continue }
      if sequence.mayShare {
        sequence.adopt(from: &tree)
        if waitsForSameText(sequence, parts) { continue }
      }
      let wanted = sequence.pendingCount - (gathers && waitsForOthers(sequence) ? 1 : 0)
      if wanted > 0 { budget -= add(min(budget, wanted), of: sequence, to: &parts) }
    }
    return parts
  }

  /// Whether a prompt's last token, and with it the answer, waits for the prompts that came before this one was done.
  ///
  /// Beside answers prompts take many small passes, each as dear as one token of all answers; together they are done
  /// sooner, and so are all answers. Prompts that take more than a pass are not waited for.
  private func waitsForOthers(_ sequence: RunningSequence) -> Bool {
    let ready = sequence.readySince()
    guard ready.duration(to: .now).seconds < options.gatherSeconds else { return false }
    return running.contains { other in
      other !== sequence && other.pendingCount > 1 && other.pendingCount <= model.prefillChunk
        && other.ticket.submitted < ready
    }
  }

  /// Whether this very pass computes text that the sequence could take over after it.
  private func waitsForSameText(_ sequence: RunningSequence, _ parts: [Part]) -> Bool {
    let worthwhile = Compute.keyBlock / 2
    return parts.contains { part in
      part.sequence.mayShare && !part.sequence.isDecoding && part.range.upperBound > sequence.cache.count + worthwhile
        && commonPrefix(part.sequence.tokens[..<part.range.upperBound], sequence.tokens[...])
          > sequence.cache.count + worthwhile
    }
  }

  /// Adds the next tokens of a sequence if there is memory for them; gives how many.
  @discardableResult private func add(_ count: Int, of sequence: RunningSequence, to parts: inout [Part]) -> Int {
    while true {
      do {
        if try sequence.cache.reserve(count) { break }
      } catch {
        sequence.fail(error)
        release(sequence)
        return 0
      }
      if tree.evict(max(8, CacheLayout.pages(for: count))) > 0 { continue }
      // The youngest gives way, unless it has its place in this pass already.
      guard let victim = running.last(where: { candidate in !parts.contains { $0.sequence === candidate } }) else {
        return 0
      }
      keep(victim)
      victim.preempt()
      load.preemptions += 1
      running.removeAll { $0 === victim }
      preempted.append(victim)
      if victim === sequence { return 0 }
    }
    let range = sequence.cache.count..<sequence.cache.count + count
    parts.append(Part(sequence: sequence, range: range, isLast: range.upperBound == sequence.tokens.count))
    return count
  }
}

/// How many prompt tokens a pass takes so that those who read an answer do not have to wait.
///
/// It changes when tokens come, never which.
struct StepPace {
  let target: Double
  let maxTokens: Int
  private var secondsPerPromptToken: Double?
  private var secondsPerDecode: Double?

  init(target: Double, maxTokens: Int) {
    self.target = target
    self.maxTokens = maxTokens
  }

  private static let leastTokens = 16

  func promptTokens(decoding: Int) -> Int {
    let room = maxTokens - decoding
    guard decoding > 0 else { return room }
    guard let secondsPerPromptToken else { return min(room, 4 * Self.leastTokens) }
    let left = target - (secondsPerDecode ?? 0)
    return min(room, max(Self.leastTokens, Int(left / secondsPerPromptToken)))
  }

  /// How long prompts of so many tokens may wait for others: a twentieth of the time they take, 20 ms at most.
  func pause(before tokens: Int) -> Double {
    min(0.02, Double(tokens) * (secondsPerPromptToken ?? 0) / 20)
  }

  mutating func record(decoding: Int, prompt: Int, seconds: Double) {
    // A machine that slows down is believed sooner than one that gets faster: those who read would notice.
    func blend(_ old: Double?, _ new: Double) -> Double {
      guard let old else { return new }
      let share = new > old ? 0.5 : 0.2
      return (1 - share) * old + share * new
    }
    if prompt == 0 {
      secondsPerDecode = blend(secondsPerDecode, seconds)
    } else if prompt >= Self.leastTokens {
      let own = max(seconds - (decoding > 0 ? secondsPerDecode ?? 0 : 0), seconds / 4)
      secondsPerPromptToken = blend(secondsPerPromptToken, own / Double(prompt))
    }
  }
}
