import StoaModels
import StoaTestSupport
import Testing

@testable import StoaEngine

@Suite struct SchedulerTests {
  private func load(context: Int? = nil, chunk: Int = 512) throws -> LanguageModel {
    var options = LoadOptions()
    options.prefillChunk = chunk
    options.threads = 2
    options.contextLength = context
    return try LanguageModel.load(path: OracleData.fixture("models/llama"), options: options)
  }

  private func request(_ index: Int, length: Int, tokens: Int = 24) -> GenerationRequest {
    var request = GenerationRequest(prompt: (0..<length).map { Int32(($0 * 7 + index * 13) % 90 + 3) })
    request.options.sampling.temperature = 1.3
    request.options.sampling.seed = UInt64(index)
    request.options.maxTokens = tokens
    if index % 3 == 0 { request.options.sampling.repetitionPenalty = 1.2 }
    if index % 4 == 0 { request.options.topLogprobs = 3 }
    return request
  }

  /// The result of a stream of events, and the text of its pieces.
  private func collect(
    _ events: AsyncThrowingStream<GenerationEvent, any Error>
  ) async throws -> (result: GenerationResult, pieces: String) {
    var pieces = ""
    for try await event in events {
      switch event {
      case .started, .prompt: break
      case .token(_, let text, _): pieces += text
      case .finished(let text, let result): return (result, pieces + text)
      }
    }
    throw EngineError.stopping
  }

  private func answers(_ scheduler: Scheduler, _ requests: [GenerationRequest]) async throws -> [GenerationResult] {
    let streams = try requests.map { try scheduler.submit($0) }
    var results: [GenerationResult] = []
    for stream in streams {
      let (result, pieces) = try await collect(stream)
      #expect(pieces == result.text)
      results.append(result)
    }
    return results
  }

  private func alone(_ model: LanguageModel, _ requests: [GenerationRequest]) throws -> [GenerationResult] {
    try requests.map { try model.makeSession().generate(prompt: $0.prompt, options: $0.options) }
  }

  private func expectSame(_ results: [GenerationResult], _ reference: [GenerationResult]) {
    for (result, expected) in zip(results, reference) {
      #expect(result.tokens == expected.tokens)
      #expect(result.text == expected.text)
      #expect(result.logprobs == expected.logprobs)
      #expect(result.finishReason == expected.finishReason)
    }
  }

  @Test("Answers given together are those of lone requests", arguments: [1, 3, 16])
  func identicalToAlone(running: Int) async throws {
    let model = try load()
    let requests = (0..<20).map { request($0, length: 1 + $0 * 5 % 97) }
    var options = SchedulerOptions()
    options.maxRunning = running
    options.stepSeconds = 0.0001
    let scheduler = try Scheduler(model: model, options: options)
    let reference = try alone(model, requests)
    expectSame(try await answers(scheduler, requests), reference)
    // Once more, now with everything in the cache.
    expectSame(try await answers(scheduler, requests), reference)
  }

  @Test("Answers that take each other's memory are those of lone requests")
  func preemption() async throws {
    let model = try load(context: 128)
    let requests = (0..<8).map { request($0, length: 30 + $0, tokens: 90) }
    var options = SchedulerOptions()
    options.cacheBytes = 1
    let scheduler = try Scheduler(model: model, options: options)
    #expect(scheduler.load.totalPages == 3)
    expectSame(try await answers(scheduler, requests), try alone(model, requests))
  }

  @Test("What begins alike is computed once")
  func sharedPrefix() async throws {
    let model = try load()
    let scheduler = try Scheduler(model: model)
    let shared = request(1, length: 100).prompt
    let requests = (0..<10).map { index in
      var request = request(index, length: 0)
      request.prompt = shared + [Int32(index + 3), 7, Int32(index + 4)]
      return request
    }
    let reference = try alone(model, requests)
    let results = try await answers(scheduler, requests)
    expectSame(results, reference)
    // All but the first take the shared tokens over.
    #expect(results.map(\.cachedTokens).sorted().dropFirst().allSatisfy { $0 >= shared.count })
  }

  @Test("Several choices of one prompt share it and differ")
  func choices() async throws {
    let model = try load()
    let scheduler = try Scheduler(model: model)
    let requests = (0..<4).map { choice in
      var request = request(5, length: 90)
      request.options.choice = UInt64(choice)
      return request
    }
    let results = try await answers(scheduler, requests)
    #expect(Set(results.map(\.tokens)).count > 1)
    #expect(results[1...].allSatisfy { $0.cachedTokens == 89 })
    expectSame(results, try alone(model, requests))
  }

  @Test("The log probabilities of a prompt are those of each of its tokens")
  func promptLogprobs() async throws {
    let model = try load()
    let scheduler = try Scheduler(model: model)
    var request = request(0, length: 70, tokens: 1)
    request.wantsPromptLogprobs = true
    request.options.topLogprobs = 2
    for _ in 0..<2 {
      var entries: [TokenLogprobs] = []
      for try await event in try scheduler.submit(request) {
        if case .prompt(let found) = event { entries = found }
      }
      #expect(entries.map(\.chosen.token) == Array(request.prompt.dropFirst()))
      for (index, entry) in entries.enumerated() {
        let logits = try model.makeSession().logits(for: Array(request.prompt[...index]))
        let sampler = Sampler(parameters: .greedy, seed: 0, prompt: [], compute: model.model.compute)
        let expected = try unsafe logits.withUnsafeBufferPointer {
          try unsafe sampler.logprobs($0, chosen: request.prompt[index + 1], top: 2)
        }
        #expect(entry == expected)
      }
    }
  }

  @Test("Requests beyond the queue are refused, and readers that leave free their places")
  func limits() async throws {
    var options = SchedulerOptions()
    options.maxRunning = 1
    options.maxWaiting = 20
    let scheduler = try Scheduler(model: try load(), options: options)
    var streams: [AsyncThrowingStream<GenerationEvent, any Error>] = []
    #expect(throws: EngineError.queueFull(limit: 20)) {
      while streams.count < 10_000 {
        streams.append(try scheduler.submit(request(streams.count, length: 4, tokens: 200)))
      }
    }
    // Streams that nobody reads any more cancel their requests.
    streams.removeFirst(streams.count - 1)
    while scheduler.load.waiting + scheduler.load.running > 1 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(try await collect(streams[0]).result.finishReason != .cancelled)
    while scheduler.load.running > 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(scheduler.load.usedPages == 0)
  }

  @Test("A scheduler that stops gives up what it has")
  func stopping() async throws {
    var options = SchedulerOptions()
    options.maxRunning = 1
    let scheduler = try Scheduler(model: try load(), options: options)
    let streams = try (0..<50).map { try scheduler.submit(request($0, length: 4, tokens: 200)) }
    scheduler.shutDown(draining: false)
    await #expect(throws: EngineError.stopping) { for try await _ in streams[49] {} }
    #expect(throws: EngineError.stopping) { try scheduler.submit(request(3, length: 4)) }
  }

  @Test("A late request fails, a draining scheduler answers what it has")
  func deadlines() async throws {
    let scheduler = try Scheduler(model: try load())
    var late = request(1, length: 4)
    late.deadline = .now
    let stream = try scheduler.submit(late)
    await #expect(throws: EngineError.deadlineExceeded) { for try await _ in stream {} }
    let last = try scheduler.submit(request(2, length: 4))
    scheduler.shutDown(draining: true)
    let (result, _) = try await collect(last)
    #expect(!result.tokens.isEmpty)
  }

  @Test("Answers to prompts that come together begin together", arguments: [15.0, 0])
  func gathering(seconds: Double) async throws {
    let model = try load(chunk: 32)
    let requests = (0..<4).map { request($0, length: 30, tokens: 5) }
    var options = SchedulerOptions()
    options.stepSeconds = 0.0001
    options.maxRunning = 4
    options.gatherSeconds = seconds
    let inbox = SchedulerInbox(maxWaiting: 8, maxRunning: 4)
    let loop = try SchedulerLoop(model: model, options: options, inbox: inbox)
    var streams: [Ticket.Stream] = []
    for request in requests {
      let (stream, continuation) = Ticket.Stream.makeStream()
      try inbox.add(Ticket(request, continuation))
      streams.append(stream)
    }
    inbox.stop(draining: true)
    loop.run()
    // 120 tokens in passes of 32, the last of which gives all first tokens; then four more of each.
    if seconds > 0 { #expect(inbox.load.steps == 8) } else { #expect(inbox.load.steps > 8) }
    var results: [GenerationResult] = []
    for stream in streams { results.append(try await collect(stream).result) }
    expectSame(results, try alone(model, requests))
  }

  @Test("Bad requests fail alone")
  func badRequests() async throws {
    let scheduler = try Scheduler(model: try load())
    let good = try scheduler.submit(request(1, length: 9))
    for prompt: [Int32] in [[], [-1], [1 << 30], Array(repeating: 5, count: 100_000)] {
      let stream = try scheduler.submit(GenerationRequest(prompt: prompt))
      await #expect(throws: (any Error).self) { for try await _ in stream {} }
    }
    #expect(try await collect(good).result.promptTokens == 9)
  }
}

@Suite struct StepPaceTests {
  @Test("A prompt waits for others a twentieth of its own time, 20 ms at most")
  func pause() {
    var pace = StepPace(target: 0.1, maxTokens: 512)
    #expect(pace.pause(before: 1000) == 0)
    pace.record(decoding: 0, prompt: 200, seconds: 1)
    for tokens in [1, 10, 60] { #expect(abs(pace.pause(before: tokens) - Double(tokens) / 200 / 20) < 1e-12) }
    #expect(pace.pause(before: 0) == 0)
    #expect(pace.pause(before: 10_000) == 0.02)
  }

  @Test("Beside answers a step is as long as it may be, and a slower machine is believed sooner than a faster one")
  func steps() {
    var pace = StepPace(target: 0.1, maxTokens: 512)
    pace.record(decoding: 0, prompt: 1000, seconds: 1)
    pace.record(decoding: 4, prompt: 0, seconds: 0.04)
    #expect((59...60).contains(pace.promptTokens(decoding: 4)))
    #expect(pace.promptTokens(decoding: 0) == 512)
    var slower = pace
    var faster = pace
    slower.record(decoding: 0, prompt: 1000, seconds: 2)
    faster.record(decoding: 0, prompt: 1000, seconds: 0.5)
    // The step that each now takes, as a share of what the machine's new speed allows: 30 and 120 tokens.
    #expect(slower.promptTokens(decoding: 4) <= 40)
    #expect(faster.promptTokens(decoding: 4) < 80)
  }
}

@Suite struct RequestQueueTests {
  @Test("Those who ask take turns")
  func turns() {
    var queue = RequestQueue<Int>()
    for number in 0..<4 { queue.append(number, owner: "a") }
    queue.append(10, owner: "b")
    queue.append(20, owner: "c")
    queue.append(11, owner: "b")
    #expect(queue.remove { $0 == 1 } == [1])
    queue.prepend(9, owner: "c")
    var order: [Int] = []
    while let next = queue.popFirst() { order.append(next) }
    #expect(order == [9, 0, 10, 20, 2, 11, 3])
    #expect(queue.isEmpty)
  }
}
