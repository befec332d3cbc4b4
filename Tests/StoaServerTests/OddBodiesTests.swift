import StoaFormats
import Testing

@testable import StoaServer

/// Bodies in which one value is replaced by another that nobody expects there: each is answered, or refused with the
/// name of a field.
@Suite struct OddBodiesTests {
  private static let odd: [JSONValue] = [
    nil, true, -1, 0, 1e300, "", "x", [], [nil], [[]], ["x"], [:], ["type": "x"], .int(.max), .int(.min), "é\u{0}",
    .array(Array(repeating: "", count: 100)),
  ]

  enum API: String, CaseIterable, CustomTestStringConvertible {
    case anthropic, chat, generate, embed, pull, responses, openAIChat, completions, embeddings

    var testDescription: String { rawValue }

    /// A request that sets what can be set.
    var body: String {
      switch self {
      case .anthropic:
        #"""
        {"model":"m","max_tokens":5,"system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"a"},
          {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":""},{"type":"text","text":"b"},
            {"type":"tool_use","id":"i","name":"n","input":{"k":1}}]},
          {"role":"user","content":[{"type":"tool_result","tool_use_id":"i","is_error":true,
            "content":[{"type":"text","text":"r"}]},{"type":"text","text":"c"}]}],
         "stop_sequences":["x"],"temperature":1,"top_k":1,"top_p":1,"seed":1,"stream":true,
         "tools":[{"name":"n","description":"d","input_schema":{"type":"object"}}],
         "tool_choice":{"type":"tool","name":"n","disable_parallel_tool_use":true},
         "thinking":{"type":"enabled","budget_tokens":1},
         "output_config":{"effort":"low","format":{"type":"json_schema","schema":{}}}}
        """#
      case .chat:
        #"""
        {"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"","thinking":"t",
          "tool_calls":[{"id":"i","function":{"name":"n","arguments":{"k":1}}}]},
          {"role":"tool","content":"r","tool_name":"n","tool_call_id":"i"}],"format":{"type":"object"},
         "tools":[{"type":"function","function":{"name":"n","description":"d","parameters":{}}}],"stream":false,
         "keep_alive":"5m","think":true,"truncate":true,"logprobs":true,"top_logprobs":1,
         "options":{"temperature":1,"top_k":1,"top_p":1,"min_p":0,"typical_p":1,"repeat_penalty":1,"repeat_last_n":1,
          "presence_penalty":1,"frequency_penalty":1,"seed":1,"num_predict":1,"num_ctx":1,"stop":["x"]}}
        """#
      case .generate:
        #"""
        {"model":"m","prompt":"p","system":"s","suffix":"","template":"","context":[],"raw":false,"images":[],
         "format":"json","think":"high","keep_alive":5}
        """#
      case .openAIChat:
        #"""
        {"model":"m","messages":[{"role":"system","content":[{"type":"text","text":"s"}]},{"role":"user","content":"a",
          "name":"u"},{"role":"assistant","content":null,"reasoning_content":"t","tool_calls":[{"id":"i",
          "type":"function","function":{"name":"n","arguments":"{}"}}]},
          {"role":"tool","content":"r","tool_call_id":"i"}],
         "tools":[{"type":"function","function":{"name":"n","description":"d","parameters":{"type":"object"}}}],
         "tool_choice":{"type":"function","function":{"name":"n"}},"parallel_tool_calls":false,
         "chat_template_kwargs":{"x":1},"reasoning_effort":"low","temperature":1,"top_p":1,"top_k":1,"min_p":0,
         "typical_p":1,"presence_penalty":0,"frequency_penalty":0,"repetition_penalty":1,"seed":1,
         "logit_bias":{"5":-100,"6":1},"stop":["x"],"n":2,"max_completion_tokens":5,"logprobs":true,"top_logprobs":2,
         "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}},
         "stream":true,"stream_options":{"include_usage":true},"modalities":["text"]}
        """#
      case .completions:
        #"""
        {"model":"m","prompt":["a",[1,2]],"max_tokens":1,"temperature":0,"echo":true,"logprobs":1,"n":1,"best_of":1,
         "suffix":"","stop":"x","seed":1,"stream":false,"guided_regex":"a+"}
        """#
      case .embeddings: #"{"model":"m","input":["a",[1,2]],"encoding_format":"base64"}"#
      case .embed: #"{"model":"m","input":["a","b"],"truncate":true,"dimensions":3,"keep_alive":"1h"}"#
      case .pull: #"{"model":"m","name":"n","insecure":false,"stream":true}"#
      case .responses:
        #"""
        {"model":"m","instructions":"i","input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},
          {"type":"reasoning","summary":[{"type":"summary_text","text":"h"}],"content":[]},
          {"type":"function_call","call_id":"c","name":"n","arguments":"{}"},
          {"type":"function_call_output","call_id":"c","output":"o"}],"max_output_tokens":5,"temperature":1,"top_p":1,
         "top_logprobs":1,"include":["message.output_text.logprobs"],"stream":true,"store":true,"metadata":{"k":"v"},
         "previous_response_id":"r","truncation":"auto","seed":1,"user":"u","parallel_tool_calls":true,
         "reasoning":{"effort":"low","summary":"auto"},"background":false,"conversation":null,"prompt":null,
         "text":{"format":{"type":"json_schema","name":"n","schema":{},"strict":true},"verbosity":"low"},
         "tools":[{"type":"function","name":"n","description":"d","parameters":{},"strict":true}],
         "tool_choice":{"type":"function","name":"n"}}
        """#
      }
    }

    func decode(_ object: JSONObject) throws(APIError) {
      switch self {
      case .anthropic: _ = try AnthropicMessages.decode(object)
      case .chat: _ = try OllamaRequest.decode(object, for: .chat)
      case .generate: _ = try OllamaRequest.decode(object, for: .generate)
      case .embed: _ = try OllamaEmbedRequest.decode(object)
      case .pull: _ = try OllamaModels.decodePull(object)
      case .openAIChat: _ = try OpenAIChat.decode(object)
      case .completions: _ = try OpenAICompletions.decode(object)
      case .embeddings: _ = try OpenAIEmbeddings.decode(object)
      case .responses: _ = try OpenAIResponsesRequest.decode(object).answerRequest(after: [])
      }
    }
  }

  /// The document with each of its values replaced by `replacement`, one at a time.
  private static func variants(of value: JSONValue, _ replacement: JSONValue) -> [JSONValue] {
    switch value {
    case .object(let object):
      object.flatMap { key, member in
        ([replacement] + variants(of: member, replacement)).map { changed in
          var copy = object
          copy[key] = changed
          return .object(copy)
        }
      }
    case .array(let items):
      items.indices.flatMap { index in
        ([replacement] + variants(of: items[index], replacement)).map { changed in
          var copy = items
          copy[index] = changed
          return .array(copy)
        }
      }
    default: []
    }
  }

  @Test(arguments: API.allCases) func areAnsweredOrRefused(_ api: API) throws {
    let body = try JSONValue(parsing: api.body)
    try api.decode(WireFixture.object(api.body))
    var refused = 0
    for replacement in Self.odd {
      for variant in Self.variants(of: body, replacement) {
        guard case .object(let object) = variant else { continue }
        do throws(APIError) {
          try api.decode(object)
        } catch {
          refused += 1
          #expect(error.status == 400)
          #expect(error.field != nil, "\(error.message)")
        }
      }
    }
    #expect(refused > 0)
  }
}
