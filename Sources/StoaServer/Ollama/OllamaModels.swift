import StoaFormats

/// A model as Ollama's lists show it.
struct OllamaModelEntry: Sendable, Equatable {
  /// The name that requests use.
  var name: String
  /// Bytes of the model's files.
  var size: Int
  /// The SHA-256 of the model's file in hexadecimal, without a prefix; empty when it is not known.
  var digest = ""
  /// When the files were last changed, in seconds since 1970.
  var modifiedAt: Int
  /// The format of the files: `gguf`, `safetensors`.
  var format = "gguf"
  /// The architecture: `llama`.
  var family = ""
  /// The number of parameters for people: `1.1B`.
  var parameterSize = ""
  /// The element type of most weights: `Q4_K_M`.
  var quantization = ""

  fileprivate var details: JSONValue {
    [
      "parent_model": "", "format": .string(format), "family": .string(family),
      "families": family.isEmpty ? [] : [.string(family)], "parameter_size": .string(parameterSize),
      "quantization_level": .string(quantization),
    ]
  }

  fileprivate var members: JSONObject {
    [
      "name": .string(name), "model": .string(name), "size": .int(size), "digest": .string(digest),
      "details": details,
    ]
  }
}

/// A model that is loaded.
struct OllamaLoadedModel: Sendable, Equatable {
  var entry: OllamaModelEntry
  /// Bytes of memory that it takes.
  var memory: Int
  var contextLength: Int
  /// When it is unloaded if nobody uses it, in seconds since 1970; nil for never.
  var expiresAt: Int?
}

/// What Ollama's `POST /api/show` tells about a model.
struct OllamaModelDescription: Sendable, Equatable {
  var entry: OllamaModelEntry
  /// The chat template.
  var template = ""
  /// The default sampling parameters as lines of name and value: `temperature 0.7`.
  var parameters = ""
  var license = ""
  /// The metadata of the file: `general.architecture`, `llama.context_length`.
  var modelInfo: JSONObject = [:]
  /// What the model can do: `completion`, `tools`, `thinking`, `embedding`.
  var capabilities: [String] = ["completion"]
}

/// How far a download is, as a line of Ollama's `POST /api/pull`.
struct OllamaProgress: Sendable, Equatable {
  /// What happens now: `pulling manifest`, `pulling NAME`, and `success` at the end.
  var status: String
  var digest: String?
  /// Bytes of the file.
  var total: Int?
  /// Bytes that are there.
  var completed: Int?
}

/// Ollama's APIs about models.
enum OllamaModels {
  // MARK: Requests

  /// Reads the body of `/api/show`, `/api/delete` and others that name a model by `model` or, of old, by `name`.
  static func decodeName(_ object: JSONObject) throws(APIError) -> String {
    let fields = RequestFields(object)
    return try fields.name(fields.has("model") || !fields.has("name") ? "model" : "name")
  }

  /// Reads the body of `/api/pull`: the model, and whether to stream the progress.
  static func decodePull(_ object: JSONObject) throws(APIError) -> (model: String, streams: Bool) {
    let fields = RequestFields(object)
    if try fields.bool("insecure") ?? false {
      throw .invalid("insecure", "is not supported; models are loaded over verified connections only")
    }
    return (try decodeName(object), try fields.bool("stream") ?? true)
  }

  /// Reads the body of `/api/copy`.
  static func decodeCopy(_ object: JSONObject) throws(APIError) -> (source: String, destination: String) {
    let fields = RequestFields(object)
    return (try fields.name("source"), try fields.name("destination"))
  }

  // MARK: Answers

  /// The answer of `/api/tags`.
  static func encode(_ models: [OllamaModelEntry]) -> JSONValue {
    let entries = models.map { model in
      var object = model.members
      object["modified_at"] = .string(Timestamp(seconds: model.modifiedAt).description)
      return JSONValue.object(object)
    }
    return ["models": .array(entries)]
  }

  /// The answer of `/api/ps`.
  static func encode(_ models: [OllamaLoadedModel]) -> JSONValue {
    let entries = models.map { model in
      var object = model.entry.members
      object["size"] = .int(model.memory)
      object["expires_at"] = .string(Timestamp(seconds: model.expiresAt ?? .max).description)
      object["size_vram"] = 0
      object["context_length"] = .int(model.contextLength)
      return JSONValue.object(object)
    }
    return ["models": .array(entries)]
  }

  /// The answer of `/api/show`.
  static func encode(_ model: OllamaModelDescription) -> JSONValue {
    [
      "license": .string(model.license), "modelfile": .string("FROM \(model.entry.name)\n"),
      "parameters": .string(model.parameters), "template": .string(model.template), "details": model.entry.details,
      "model_info": .object(model.modelInfo), "capabilities": .array(model.capabilities.map { .string($0) }),
      "modified_at": .string(Timestamp(seconds: model.entry.modifiedAt).description),
    ]
  }

  /// The answer of `/api/version`.
  static func encode(version: String) -> JSONValue { ["version": .string(version)] }

  /// A line of `/api/pull`, also its whole answer when it does not stream.
  static func encode(_ progress: OllamaProgress) -> JSONValue {
    var object: JSONObject = ["status": .string(progress.status)]
    object["digest"] = progress.digest.map { .string($0) }
    object["total"] = progress.total.map { .int($0) }
    object["completed"] = progress.completed.map { .int($0) }
    return .object(object)
  }
}
