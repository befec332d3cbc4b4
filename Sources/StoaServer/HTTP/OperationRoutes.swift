import HTTPTypes
import Hummingbird
import NIOCore
import StoaEngine
import StoaFormats
import StoaTokenizers

extension Handlers {
  func addOperationRoutes(to router: Router<ServerContext>, readiness: Readiness) {
    router.get("/livez") { _, _ in Response.text("ok\n") }
    for path in ["/readyz", "/health"] as [RouterPath] {
      router.get(path) { _, _ in
        guard readiness.isReady else { throw APIError(.overloaded, "the server is stopping", retryAfterSeconds: 5) }
        return path == "/health" ? Response.json(["status": "ok"]) : Response.text("ok\n")
      }
    }
    router.get("/metrics") { _, _ in
      let loads = await answerer.models.residents().compactMap { resident in
        resident.model.scheduler.map { (name: resident.model.name, load: $0.load) }
      }
      let page = answerer.metrics.text(models: loads, upstreams: answerer.upstreams?.running ?? [])
      return Response.text(page, type: "text/plain; version=0.0.4; charset=utf-8")
    }
    router.get("/.well-known/ai-safety") { _, context in await safety(context) }
    router.get("/") { _, _ in Console.page }
    router.get("/openapi.json") { _, _ in OpenAPIDocument.response }
    router.post("/tokenize") { request, context in try await tokenize(request, context) }
    router.post("/detokenize") { request, context in try await detokenize(request, context) }
    router.get("/tokenizer_info") { request, context in
      let model = request.uri.queryParameters["model"].map(String.init) ?? ""
      return try await tokenizerInfo(model, context)
    }
  }

  // MARK: Tokens, as vLLM has them and lm-evaluation-harness reads them

  private func tokenizer(
    _ model: String, _ context: ServerContext
  ) async throws -> (lease: ModelStore.Lease, tokenizer: Tokenizer) {
    let (name, _) = try await answerer.models.find(model)
    try answerer.check(context.caller, mayUse: name)
    let lease = try await answerer.models.acquire(name)
    guard let tokenizer = lease.model.tokenizer else {
      throw APIError(.invalidRequest, "the model '\(name)' comes without a tokenizer", field: "model")
    }
    return (lease, tokenizer)
  }

  private func tokenize(_ request: Request, _ context: ServerContext) async throws -> Response {
    let body = try await object(request, context)
    let fields = RequestFields(body)
    let (lease, tokenizer) = try await tokenizer(try fields.string("model") ?? "", context)
    let tokens: [Int32]
    if fields.has("messages") {
      let chat = try OpenAIChat.decode(body)
      tokens = try await answerer.tokens(chat.request, for: context.caller)
    } else {
      let text = try fields.required("prompt", fields.string(fields.key("prompt", "content")))
      let addsSpecial = try fields.bool(fields.key("add_special_tokens", "add_special")) ?? true
      tokens = try await BackgroundWork.run { tokenizer.encode(text, parseSpecial: true, addSpecial: addsSpecial) }
    }
    return .json([
      "count": .int(tokens.count), "max_model_len": .int(lease.model.contextLength),
      "tokens": .array(tokens.map { .int(Int($0)) }),
    ])
  }

  private func detokenize(_ request: Request, _ context: ServerContext) async throws -> Response {
    let fields = RequestFields(try await object(request, context))
    let (lease, tokenizer) = try await tokenizer(try fields.string("model") ?? "", context)
    let items = try fields.required("tokens", fields.array("tokens"))
    let tokens = items.isEmpty ? [] : try OpenAICompletions.tokens(items, path: "tokens")
    return try withExtendedLifetime(lease) {
      for (index, token) in tokens.enumerated() where token >= tokenizer.vocabularySize {
        throw APIError.invalid("tokens[\(index)]", "\(token) is outside the vocabulary")
      }
      return .json(["prompt": .string(tokenizer.decode(tokens, showSpecial: true))])
    }
  }

  private func tokenizerInfo(_ model: String, _ context: ServerContext) async throws -> Response {
    let (lease, tokenizer) = try await tokenizer(model, context)
    func text(_ token: Int32?) -> JSONValue { token.map { .string(tokenizer.text(of: $0)) } ?? .null }
    func id(_ token: Int32?) -> JSONValue { token.map { .int(Int($0)) } ?? .null }
    return .json([
      "tokenizer_class": .string(tokenizer.name), "model": .string(lease.model.name),
      "vocab_size": .int(tokenizer.vocabularySize), "model_max_length": .int(lease.model.contextLength),
      "bos_token": text(tokenizer.bos), "eos_token": text(tokenizer.eos), "pad_token": text(tokenizer.padding),
      "unk_token": text(tokenizer.unknown), "bos_token_id": id(tokenizer.bos), "eos_token_id": id(tokenizer.eos),
      "pad_token_id": id(tokenizer.padding), "add_bos_token": .bool(tokenizer.addsBOS),
      "add_eos_token": .bool(tokenizer.addsEOS), "chat_template": tokenizer.chatTemplate.map { .string($0) } ?? .null,
    ])
  }
}
