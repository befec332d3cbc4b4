import StoaFormats
import StoaTestSupport
import Testing

@testable import StoaTrust

struct ReceiptTests {
  private static let parameters = ReceiptParameters(
    temperature: 0.7, topK: 40, topP: 0.95, minP: 0.05, typicalP: 1, repetitionPenalty: 1.1, presencePenalty: 0,
    frequencyPenalty: -0.5, penaltyWindow: 64, logitBias: [3: -1.5, 11: .infinity], seed: .max, choice: 1, maxTokens: 9,
    stop: ["\n"], ignoresEnd: false, shownTokens: [5, 2])
  private static let prompt: [Int32] = [1, 2, 3]
  private static let answer: [Int32] = [10, 0, 70_000]

  private static func receipt(shown: Bool = true) -> Receipt {
    func held(_ tokens: [Int32]) -> ReceiptTokens { shown ? .plain(tokens) : .hashing(tokens) }
    return Receipt(
      id: "r1", api: "openai.chat", time: "2026-11-25T12:00:00Z",
      model: .init(name: "m", digest: .emptyRoot, template: .leaf([])),
      engine: .init(version: "0.1.0", context: 128, cacheType: "f16"), parameters: parameters,
      constraint: Receipt.constraint("json"), prompt: held(prompt), answer: held(answer), finish: "stop",
      verdict: shown ? "redact" : nil, avoids: shown ? .emptyRoot : nil)
  }

  private static func replay(_ change: (inout ReceiptReplay) -> Void = { _ in }) -> ReceiptReplay {
    var replay = ReceiptReplay(
      digest: .emptyRoot, template: .leaf([]), parameters: parameters, prompt: prompt, constraint: "json",
      answer: answer, finish: "stop")
    change(&replay)
    return replay
  }

  @Test(arguments: [true, false], SigningKey.Kind.allCases)
  func comesBackWithItsSignature(shown: Bool, kind: SigningKey.Kind) throws {
    let key = SigningKey(generating: kind)
    let signed = try SignedReceipt(Self.receipt(shown: shown), by: key)
    let read = try SignedReceipt(parsing: Array(signed.envelope.json.text().utf8), source: "r")
    var expected = signed.receipt
    // Infinity has no form in JSON.
    expected.parameters.logitBias[11] = .greatestFiniteMagnitude
    expected.parameters.shownTokens.sort()
    #expect(read.receipt == expected)
    #expect(read.signer == key.publicKey)
    #expect(read.receipt.firstDifference(from: Self.replay { $0.parameters = expected.parameters }) == nil)
    #expect(read.event.body["sha256"]?.stringValue == MerkleHash(of: signed.envelope.payload).hex)
  }

  /// No byte of the payload can be changed, and no other key put in without its holder.
  @Test func alteredAnywhereItFails() throws {
    let signed = try SignedReceipt(Self.receipt(), by: SigningKey(generating: .ed25519))
    for index in signed.envelope.payload.indices {
      var envelope = signed.envelope
      envelope.payload[index] ^= 1
      let bytes = Array(envelope.json.text().utf8)
      #expect(throws: SignedReceipt.Failure.self, "byte \(index)") { try SignedReceipt(parsing: bytes, source: "r") }
    }
    var envelope = signed.envelope
    envelope.signatures[0].bytes[5] ^= 1
    #expect(throws: SignedReceipt.Failure.invalidSignature) {
      try SignedReceipt(parsing: Array(envelope.json.text().utf8), source: "r")
    }
    envelope = signed.envelope
    envelope.payloadType = "application/json"
    #expect(throws: SignedReceipt.Failure.self) {
      try SignedReceipt(parsing: Array(envelope.json.text().utf8), source: "r")
    }
  }

  @Test func differencesSayWhere() {
    let receipt = Self.receipt()
    func difference(_ change: (inout ReceiptReplay) -> Void) -> ReceiptDifference? {
      receipt.firstDifference(from: Self.replay(change))
    }
    #expect(
      difference { $0.answer[1] = 7 } == ReceiptDifference(field: "answer", index: 1, receipt: 0, replay: 7))
    #expect(
      difference { $0.answer.append(7) } == ReceiptDifference(field: "answer", index: 3, receipt: .null, replay: 7))
    #expect(
      difference { $0.answer.removeLast() }
        == ReceiptDifference(field: "answer", index: 2, receipt: 70_000, replay: .null))
    #expect(
      difference { $0.prompt[0] = 9 } == ReceiptDifference(field: "prompt", index: 0, receipt: 1, replay: 9))
    #expect(difference { $0.parameters?.temperature = 0.5 }?.field == "parameters.temperature")
    #expect(difference { $0.parameters?.maxTokens = nil }?.replay == .null)
    #expect(difference { $0.parameters?.seed = 3 }?.field == "parameters.seed")
    #expect(difference { $0.constraint = "jsoN" }?.field == "constraint")
    #expect(difference { $0.constraint = nil }?.field == "constraint")
    #expect(difference { $0.finish = "length" }?.field == "finish")
    #expect(difference { $0.digest = .leaf([1]) }?.field == "model.digest")
    #expect(difference { $0.template = nil }?.field == "model.template")
    #expect(difference { $0.profile = "stoa-gpu-1" }?.field == "engine.profile")
  }

  @Test func hashesAreSaltedAndCompared() throws {
    let (one, other) = (ReceiptTokens.hashing(Self.answer), ReceiptTokens.hashing(Self.answer))
    #expect(one != other)
    #expect(one.firstDifference(from: Self.answer, field: "answer") == nil)
    #expect(one.firstDifference(from: [10, 0, 70_001], field: "answer")?.field == "answer")
    #expect(one.firstDifference(from: [10, 0], field: "answer")?.field == "answer.count")
    // SHA-256 of 16 zero bytes and 01000000, by Python's hashlib.
    let known = ReceiptTokens.hashed(
      try #require(MerkleHash(hex: "7813d556ac524c47f15e6bc6c5ae0a4f4132f7e0bae4d98dface6f65c5a90377")),
      salt: Array(repeating: 0, count: 16), count: 1)
    #expect(known.firstDifference(from: [1], field: "answer") == nil)
  }
}
