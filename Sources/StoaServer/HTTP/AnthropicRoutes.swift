import Hummingbird

extension Handlers {
  func addAnthropicRoutes(to router: Router<ServerContext>) {
    router.post("/v1/messages") { request, context in try await message(request, context) }
    router.post("/v1/messages/count_tokens") { request, context in
      let decoded = try AnthropicMessages.decodeForCounting(try await object(request, context))
      let tokens = try await answerer.tokens(decoded, for: context.caller)
      return Response.json(AnthropicMessages.encode(tokenCount: tokens.count))
    }
  }

  private func message(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (decoded, streams) = try AnthropicMessages.decode(try await object(request, context))
    let prepared = try await prepare(decoded, context, api: "anthropic.messages")
    if streams {
      return stream(
        prepared, context, type: "text/event-stream", keepAlive: "event: ping\ndata: {\"type\": \"ping\"}\n\n",
        encoder: AnthropicStream(requestID: context.requestID))
    }
    return try await respond(prepared, context) { AnthropicMessages.encode($0) }
  }
}
