import StoaDialogue
import StoaEngine
import StoaHub
import StoaTestSupport
import Testing

@testable import StoaServer

@Suite struct ModelStoreTests {
  private func store(memory: Int? = nil, keepAlive: Double? = nil) throws -> ModelStore {
    var settings = EngineSettings()
    settings.threads = 1
    settings.memoryBytes = memory
    settings.keepAliveSeconds = keepAlive
    let library = ModelLibrary()
    let names = ["llama", "llama_sharded", "mixtral"]
    let models = try names.map { (name: $0, location: try library.resolve(OracleData.fixture("models/\($0)"))) }
    return ModelStore(offer: .fixed(models), library: library, settings: settings)
  }

  private func names(_ store: ModelStore) async -> [String] { await store.residents().map(\.model.name) }

  @Test("A model is loaded once, whoever asks for it at the same time")
  func loadsOnce() async throws {
    let store = try store()
    let models = try await withThrowingTaskGroup(of: ObjectIdentifier.self) { group in
      for _ in 0..<8 { group.addTask { ObjectIdentifier(try await store.acquire("llama:latest").model.answering()) } }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(models.count == 1)
    #expect(await names(store) == ["llama"])
  }

  @Test("What does not fit takes the place of what was not used for longest, never of what is in use")
  func makesRoom() async throws {
    let sizes = try await store().list().map(\.location.bytes)
    let store = try store(memory: sizes[1] + max(sizes[0], sizes[2]))
    var first: ModelStore.Lease? = try await store.acquire("llama")
    let second = try await store.acquire("llama_sharded")
    let refusal = await #expect(throws: APIError.self) { try await store.acquire("mixtral") }
    #expect(refusal?.kind == .overloaded)
    #expect(first != nil)
    first = nil
    _ = try await store.acquire("mixtral")
    #expect(await names(store) == ["llama_sharded", "mixtral"])
    withExtendedLifetime(second) {}
  }

  @Test("The digest of a model's files is found out when it is loaded", .timeLimit(.minutes(5)))
  func digests() async throws {
    let library = ModelLibrary()
    let location = try library.resolve(OracleData.fixture("models/llama"))
    var settings = EngineSettings()
    settings.threads = 1
    settings.digest = { "sha256:" + $0.name }
    let store = ModelStore(offer: .fixed([("a", location)]), library: library, settings: settings)
    let model = try await store.acquire("a").model
    while model.digest == nil { try await Task.sleep(for: .milliseconds(1)) }
    #expect(model.digest == "sha256:" + location.name)
  }

  @Test("A model goes when its time is over, at once if it is to be kept for none")
  func expires() async throws {
    let store = try store(keepAlive: 1000)
    _ = try await store.acquire("llama")
    await store.unloadExpired()
    #expect(await names(store) == ["llama"])
    var lease: ModelStore.Lease? = try await store.acquire("llama", keepAlive: .seconds(0))
    await store.unloadExpired()
    #expect(await names(store) == ["llama"], "it is in use")
    #expect(lease != nil)
    lease = nil
    await store.unloadExpired()
    #expect(await names(store).isEmpty)
  }

  @Test("Names that are not on offer are refused, paths above all")
  func unknownNames() async throws {
    let store = try store()
    for name in ["", "other", "/etc/passwd", "../llama", OracleData.fixture("models/llama")] {
      await #expect(throws: APIError.self) { try await store.find(name) }
    }
  }
}

@Suite struct ChoiceAssemblerTests {
  private func result() async throws -> GenerationResult {
    var options = LoadOptions()
    options.threads = 1
    let model = try LanguageModel.load(path: OracleData.fixture("models/llama"), options: options)
    var generation = GenerationOptions()
    generation.maxTokens = 1
    return try model.makeSession().generate(prompt: [5], options: generation)
  }

  private func logprobs(_ token: Int32) -> TokenLogprobs {
    TokenLogprobs(chosen: TokenLogprob(token: token, logprob: -1), top: [])
  }

  @Test("Log probabilities come with the text that they belong to, and their tokens join to it")
  func alignsLogprobs() async throws {
    var assembler = ChoiceAssembler(choice: 0, tokenizer: nil, wantsLogprobs: true, parser: nil)
    // Without a tokenizer a token's text is its number: the first lags behind.
    var events = assembler.append(12, text: "", logprobs: logprobs(12))
    events += assembler.append(3, text: "123", logprobs: logprobs(3))
    events += assembler.finish(text: "", try await result())
    var text = ""
    var bytes: [UInt8] = []
    for case .content(_, let piece, let entries) in events {
      text += piece
      bytes += entries.flatMap(\.bytes)
    }
    #expect(text == "123")
    #expect(bytes == Array("123".utf8))
  }
}

@Suite struct ServerMetricsTests {
  @Test func pageHoldsWhatWasCounted() {
    let metrics = ServerMetrics()
    var usage = AnswerUsage()
    usage.promptTokens = 7
    usage.completionTokens = 3
    usage.totalSeconds = 0.3
    metrics.finished(usage, reason: "stop")
    metrics.failed(APIError(.overloaded, "x", code: "queue_full"))
    metrics.failed(nil)
    metrics.firstToken(0.03)
    metrics.answered(route: "/v1/models", status: 200)
    var load = SchedulerLoad()
    load.usedPages = 3
    load.totalPages = 6
    let lines = Set(metrics.text(models: [("a\"b", load)]).split(separator: "\n").map(String.init))
    for line in [
      #"stoa_kv_cache_usage_perc{model_name="a\"b"} 0.5"#, "stoa_prompt_tokens_total 7",
      #"stoa_request_success_total{finished_reason="stop"} 1"#,
      #"stoa_request_success_total{finished_reason="abort"} 1"#,
      #"stoa_requests_rejected_total{reason="queue_full"} 1"#,
      #"stoa_time_to_first_token_seconds_bucket{le="0.02"} 0"#,
      #"stoa_time_to_first_token_seconds_bucket{le="0.05"} 1"#,
      #"stoa_time_to_first_token_seconds_bucket{le="+Inf"} 1"#, "stoa_e2e_request_latency_seconds_sum 0.3",
      #"stoa_http_requests_total{route="/v1/models",status="200"} 1"#,
    ] {
      #expect(lines.contains(line), "\(line)")
    }
  }
}
