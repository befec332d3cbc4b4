import StoaFormats

/// What a client asks of Ollama's `POST /api/embed`, or of `/api/embeddings` as it was called before.
struct OllamaEmbedRequest: Sendable, Equatable {
  var model: String
  var texts: [String]
  /// Whether texts that are longer than the context are cut.
  var truncates: Bool
  /// How many numbers of each vector to give; nil for all.
  var dimensions: Int?
  var keepAlive: KeepAlive?

  /// Reads the body of `/api/embed`; without a text it loads the model.
  static func decode(_ object: JSONObject) throws(APIError) -> OllamaEmbedRequest {
    let fields = RequestFields(object)
    return OllamaEmbedRequest(
      model: try fields.name("model"), texts: try fields.strings("input") ?? [],
      truncates: try fields.bool("truncate") ?? false, dimensions: try fields.int("dimensions", in: 1...Int.max),
      keepAlive: try fields.keepAlive("keep_alive"))
  }

  /// Reads the body of `/api/embeddings`; without a text it loads the model.
  static func decodeOld(_ object: JSONObject) throws(APIError) -> OllamaEmbedRequest {
    let fields = RequestFields(object)
    let text = try fields.string("prompt") ?? ""
    return OllamaEmbedRequest(
      model: try fields.name("model"), texts: text.isEmpty ? [] : [text], truncates: false,
      keepAlive: try fields.keepAlive("keep_alive"))
  }

  /// The answer of `/api/embed`.
  static func encode(_ vectors: [[Float]], model: String, usage: AnswerUsage) -> JSONValue {
    [
      "model": .string(model), "embeddings": .array(vectors.map(encode)),
      "total_duration": .int(Timestamp.nanoseconds(usage.totalSeconds)),
      "load_duration": .int(Timestamp.nanoseconds(usage.loadSeconds)), "prompt_eval_count": .int(usage.promptTokens),
    ]
  }

  /// The answer of `/api/embeddings`.
  static func encodeOld(_ vector: [Float]) -> JSONValue { ["embedding": encode(vector)] }

  private static func encode(_ vector: [Float]) -> JSONValue { .array(vector.map { .double(Double($0)) }) }
}
