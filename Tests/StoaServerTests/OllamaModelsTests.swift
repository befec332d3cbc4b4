import StoaFormats
import Testing

@testable import StoaServer

@Suite struct OllamaModelsTests {
  private static let entry = OllamaModelEntry(
    name: "tiny", size: 638, digest: "ab12", modifiedAt: 1_764_085_165, family: "llama", parameterSize: "1.1B",
    quantization: "Q4_K_M")
  private static let details =
    #""details":{"parent_model":"","format":"gguf","family":"llama","families":["llama"],"parameter_size":"1.1B","#
    + #""quantization_level":"Q4_K_M"}"#

  @Test func listsModels() {
    #expect(
      OllamaModels.encode([Self.entry]).text()
        == #"{"models":[{"name":"tiny","model":"tiny","size":638,"digest":"ab12",\#(Self.details),"#
        + #""modified_at":"2025-11-25T15:39:25.000000000Z"}]}"#)
  }

  @Test(arguments: [(1_764_085_165, "2025-11-25T15:39:25.000000000Z"), (nil, "9999-12-31T23:59:59.000000000Z")])
  func listsLoadedModels(_ expiresAt: Int?, _ text: String) {
    let loaded = OllamaLoadedModel(entry: Self.entry, memory: 700, contextLength: 2048, expiresAt: expiresAt)
    #expect(
      OllamaModels.encode([loaded]).text()
        == #"{"models":[{"name":"tiny","model":"tiny","size":700,"digest":"ab12",\#(Self.details),"#
        + #""expires_at":"\#(text)","size_vram":0,"context_length":2048}]}"#)
  }

  @Test func describesAModel() {
    var description = OllamaModelDescription(entry: Self.entry)
    description.template = "T"
    description.parameters = "temperature 0.7"
    description.modelInfo = ["general.architecture": "llama"]
    description.capabilities = ["completion", "tools"]
    #expect(
      OllamaModels.encode(description).text()
        == #"{"license":"","modelfile":"FROM tiny\n","parameters":"temperature 0.7","template":"T",\#(Self.details),"#
        + #""model_info":{"general.architecture":"llama"},"capabilities":["completion","tools"],"#
        + #""modified_at":"2025-11-25T15:39:25.000000000Z"}"#)
  }

  @Test func writesProgress() {
    #expect(OllamaModels.encode(OllamaProgress(status: "success")).text() == #"{"status":"success"}"#)
    let progress = OllamaProgress(status: "pulling a", digest: "sha256:ab", total: 10, completed: 3)
    #expect(
      OllamaModels.encode(progress).text()
        == #"{"status":"pulling a","digest":"sha256:ab","total":10,"completed":3}"#)
    #expect(OllamaModels.encode(version: "1.2.3").text() == #"{"version":"1.2.3"}"#)
  }

  @Test func readsNames() throws {
    #expect(try OllamaModels.decodeName(["model": "a"]) == "a")
    #expect(try OllamaModels.decodeName(["name": "b"]) == "b")
    #expect(try OllamaModels.decodeName(["model": "a", "name": "b"]) == "a")
    let pull = try OllamaModels.decodePull(["model": "a", "stream": false])
    #expect(pull == ("a", false))
    #expect(try OllamaModels.decodePull(["name": "a"]).streams)
    let copy = try OllamaModels.decodeCopy(["source": "a", "destination": "b"])
    #expect(copy == ("a", "b"))
  }

  @Test func refusesWrongNames() {
    #expect(throws: APIError.self) { try OllamaModels.decodeName([:]) }
    #expect(throws: APIError.self) { try OllamaModels.decodeName(["model": 7]) }
    #expect(throws: APIError.self) { try OllamaModels.decodePull(["model": "a", "insecure": true]) }
    #expect(throws: APIError.self) { try OllamaModels.decodeCopy(["source": "a"]) }
  }

  @Test func readsTextsToEmbed() throws {
    let request = try OllamaEmbedRequest.decode([
      "model": "m", "input": ["a", "b"], "truncate": true, "dimensions": 8, "keep_alive": 5,
    ])
    #expect(
      request
        == OllamaEmbedRequest(
          model: "m", texts: ["a", "b"], truncates: true, dimensions: 8, keepAlive: .seconds(5)))
    #expect(try OllamaEmbedRequest.decode(["model": "m", "input": "a"]).texts == ["a"])
    #expect(try OllamaEmbedRequest.decodeOld(["model": "m", "prompt": "a"]).texts == ["a"])
    #expect(try OllamaEmbedRequest.decodeOld(["model": "m", "prompt": ""]).texts == [])
    let error = #expect(throws: APIError.self) { try OllamaEmbedRequest.decode(["model": "m", "input": ["a", 1]]) }
    #expect(error?.field == "input[1]")
  }

  @Test func writesEmbeddings() {
    #expect(
      OllamaEmbedRequest.encode([[0.5, -1], []], model: "m", usage: WireFixture.usage).text()
        == #"{"model":"m","embeddings":[[0.5,-1.0],[]],"total_duration":2500000000,"load_duration":500000000,"#
        + #""prompt_eval_count":12}"#)
    #expect(OllamaEmbedRequest.encodeOld([0.5]).text() == #"{"embedding":[0.5]}"#)
  }

  @Test(arguments: [
    (0, 0, "1970-01-01T00:00:00.000000000Z"), (951_782_399, 0.25, "2000-02-28T23:59:59.250000000Z"),
    (951_782_400, 0, "2000-02-29T00:00:00.000000000Z"), (4_107_542_400, 0, "2100-03-01T00:00:00.000000000Z"),
    (-1, 1.5, "1970-01-01T00:00:00.500000000Z"), (-1, 0, "1969-12-31T23:59:59.000000000Z"),
    (Int.max, 5, "9999-12-31T23:59:59.000000000Z"), (Int.min, 0, "0001-01-01T00:00:00.000000000Z"),
    (0, Double.nan, "1970-01-01T00:00:00.000000000Z"),
  ])
  func writesTimes(_ seconds: Int, _ elapsed: Double, _ text: String) {
    #expect(Timestamp(seconds: seconds, plus: elapsed).description == text)
  }
}
