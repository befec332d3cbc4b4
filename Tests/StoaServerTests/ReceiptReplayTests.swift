import Foundation
import StoaEngine
import StoaFormats
import StoaHub
import StoaTensor
import StoaTestSupport
import StoaTrust
import Testing

@testable import StoaServer

/// A receipt of an answer among others, checked by computing the answer again with other kernels, on one thread and alone.
@Suite struct ReceiptReplayTests {
  private static let strangers = 8

  private static func path(_ fixture: String) -> String { OracleData.fixture("models/\(fixture)/model.gguf") }

  private static func digest(_ path: String) throws -> MerkleHash {
    MerkleHash(of: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
  }

  private static func request(_ index: Int) -> GenerationRequest {
    var request = GenerationRequest(prompt: (0..<(9 + index * 3)).map { Int32(($0 * 7 + index * 13) % 90 + 3) })
    request.options.sampling.temperature = 1.2
    request.options.sampling.topK = 0
    request.options.sampling.topP = 1
    request.options.sampling.seed = UInt64(40 + index)
    request.options.maxTokens = 12
    request.options.ignoresEnd = true
    return request
  }

  /// The signed receipt of the answer to the fifth of nine requests that kernels of a set answer together.
  private static func receipt(_ path: String, by kernels: KernelSet) async throws -> SignedReceipt {
    var settings = EngineSettings()
    settings.kernels = try kernels.compute(threads: 2)
    settings.cacheType = .f16
    settings.scheduler.maxRunning = strangers + 1
    let loaded = try LoadedModel(name: "m", location: ModelLibrary().resolve(path), settings: settings)
    let requests = (0...strangers).map(request)
    let streams = try requests.map { try loaded.scheduler.submit($0) }
    var answer: GenerationResult?
    for (index, stream) in streams.enumerated() {
      for try await event in stream {
        if case .finished(_, let result) = event, index == strangers / 2 { answer = result }
      }
    }
    let result = try #require(answer)
    #expect(result.tokens.count == 12)
    let asked = requests[strangers / 2]
    let record = AnswerRecord(
      id: "one", api: "openai.completions", model: Receipt.Model(loaded.model, name: "m", digest: try digest(path)),
      prompt: asked.prompt, options: asked.options, constraint: nil, answer: result.tokens,
      finish: result.finishReason.rawValue)
    let receipt = record.receipt(
      by: loaded.model, version: "test", showsTokens: true, at: Date(timeIntervalSince1970: 0))
    let signed = try SignedReceipt(receipt, by: SigningKey(generating: .p256))
    return try SignedReceipt(parsing: Array(signed.envelope.json.text().utf8), source: "receipt")
  }

  /// Computes the answer of a receipt again by the scalar reference, on one thread.
  private static func replay(_ receipt: Receipt, _ path: String) throws -> ReceiptReplay {
    let replay = try AnswerReplay(
      ModelLibrary().resolve(path), digest: digest(path), for: receipt, threads: nil,
      kernels: KernelSet.scalar.compute(threads: 1))
    return try replay.run(receipt, request: nil)
  }

  /// Q8_0 and Q4_K go through `vpdpbusd`, F16 through FMA. Where the machine has no AVX-512, its kernels are emulated.
  @Test(
    "What AVX-512 answers among eight strangers, scalar kernels answer alone",
    arguments: ["gguf_q8_0", "gguf_q4_k_m", "gguf_f16"])
  func replays(_ fixture: String) async throws {
    let kernels = try #require(KernelSet.all.first { $0.instructionSet == .avx512vnni })
    let path = Self.path(fixture)
    let receipt = try await Self.receipt(path, by: kernels).receipt
    #expect(receipt.firstDifference(from: try Self.replay(receipt, path)) == nil)
    // What was altered is found, and where.
    var altered = receipt
    var tokens = try #require(receipt.answer.tokens)
    tokens[7] = (tokens[7] + 1) % 90
    altered.answer = .plain(tokens)
    let difference = altered.firstDifference(from: try Self.replay(receipt, path))
    #expect(difference?.field == "answer" && difference?.index == 7)
    altered = receipt
    altered.parameters.seed ^= 1
    let other = altered.firstDifference(from: try Self.replay(altered, path))
    #expect(other?.field == "answer")
  }

  @Test("Weights of which one bit was changed answer otherwise, and it is told where")
  func changedBit() async throws {
    let kernels = try #require(KernelSet.all.first { $0.instructionSet == .avx512vnni })
    let path = Self.path("gguf_q8_0")
    let receipt = try await Self.receipt(path, by: kernels).receipt
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-replay-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var places: Set<Int> = []
    // The highest bit of the exponent of a scale: the values of a block become 65,536 times as large.
    for tensor in try GGUFFile(path: path).tensors where tensor.type == .q8_0 {
      var changed = bytes
      changed[tensor.byteRange.lowerBound + 1] ^= 0x40
      let copy = folder.appendingPathComponent("\(tensor.name).gguf").path
      try Data(changed).write(to: URL(fileURLWithPath: copy))
      let replay: ReceiptReplay
      do { replay = try Self.replay(receipt, copy) } catch EngineError.notANumber { continue }
      let difference = try #require(receipt.firstDifference(from: replay), "\(tensor.name)")
      // That the digest is another one is told of an answer that is the same all the same.
      let place = zip(replay.answer, receipt.answer.tokens ?? []).enumerated().first { $0.element.0 != $0.element.1 }?
        .offset
      #expect(difference.field == (place == nil ? "model.digest" : "answer"), "\(tensor.name)")
      #expect(difference.index == place)
      if let place { places.insert(place) }
    }
    #expect(!places.isEmpty, "no bit mattered")
  }
}
