import Foundation
import StoaFormats

/// `POST /v1/embeddings`.
enum OpenAIEmbeddings {
  struct Decoded {
    var model: String
    var inputs: [Prompt]
    var isBase64: Bool
  }

  static func decode(_ body: JSONObject) throws(APIError) -> Decoded {
    let fields = RequestFields(body)
    if fields.has("dimensions") {
      throw .invalid("dimensions", "vectors have the width of the model; leave it out", code: "unsupported_parameter")
    }
    let format = try fields.word("encoding_format", of: ["float", "base64"])
    let model = try fields.string("model") ?? ""
    return Decoded(model: model, inputs: try inputs(fields), isBase64: format == "base64")
  }

  private static func inputs(_ fields: RequestFields) throws(APIError) -> [Prompt] {
    let value = try fields.required("input", fields.value("input"))
    if let text = value.stringValue { return [.text(text)] }
    guard let items = value.arrayValue, let first = items.first else {
      throw .invalid("input", "must be a string, an array of strings or token ids")
    }
    if first.intValue != nil { return [.tokens(try OpenAICompletions.tokens(items, path: "input"))] }
    guard items.count <= 2048 else { throw .invalid("input", "has more than 2,048 texts") }
    var inputs: [Prompt] = []
    for (index, item) in items.enumerated() {
      if let text = item.stringValue {
        inputs.append(.text(text))
      } else if let ids = item.arrayValue {
        inputs.append(.tokens(try OpenAICompletions.tokens(ids, path: "input[\(index)]")))
      } else {
        throw .invalid("input[\(index)]", "must be a string or an array of token ids, not \(item.kindName)")
      }
    }
    return inputs
  }

  static func encode(_ vectors: [[Float]], model: String, tokens: Int, isBase64: Bool) -> JSONValue {
    let data = vectors.enumerated().map { index, vector -> JSONValue in
      let value: JSONValue =
        isBase64 ? .string(base64(vector)) : .array(vector.map { .double(Double("\($0)") ?? Double($0)) })
      return ["object": "embedding", "index": .int(index), "embedding": value]
    }
    return [
      "object": "list", "data": .array(data), "model": .string(model),
      "usage": ["prompt_tokens": .int(tokens), "total_tokens": .int(tokens)],
    ]
  }

  /// Little-endian single precision, as clients expect.
  private static func base64(_ vector: [Float]) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(vector.count * 4)
    for value in vector {
      let bits = value.bitPattern
      for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
    }
    return Data(bytes).base64EncodedString()
  }
}
