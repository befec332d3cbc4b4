import Foundation
import Hummingbird
import NIOCore
import StoaFormats

extension Handlers {
  func addOllamaRoutes(to router: Router<ServerContext>) {
    router.post("/api/chat") { request, context in try await answer(request, context, .chat) }
    router.post("/api/generate") { request, context in try await answer(request, context, .generate) }
    router.post("/api/embed") { request, context in
      let decoded = try OllamaEmbedRequest.decode(try await object(request, context))
      let found = try await embed(decoded, context)
      var response = Response.json(
        OllamaEmbedRequest.encode(found.vectors, model: found.model, usage: found.usage))
      response.headers[.guardrails] = found.guardrails
      return await vouched(response, by: found.model)
    }
    router.post("/api/embeddings") { request, context in
      let decoded = try OllamaEmbedRequest.decodeOld(try await object(request, context))
      let found = try await embed(decoded, context)
      var response = Response.json(OllamaEmbedRequest.encodeOld(found.vectors.first ?? []))
      response.headers[.guardrails] = found.guardrails
      return await vouched(response, by: found.model)
    }
    router.get("/api/tags") { _, context in
      Response.json(OllamaModels.encode(try await library.entries(for: context.caller)))
    }
    router.get("/api/ps") { _, _ in Response.json(OllamaModels.encode(await library.residents())) }
    router.get("/api/version") { _, _ in Response.json(OllamaModels.encode(version: LibraryOperations.ollamaVersion)) }
    router.post("/api/show") { request, context in
      let name = try OllamaModels.decodeName(try await object(request, context))
      return Response.json(OllamaModels.encode(try await library.description(name, for: context.caller)))
    }
    router.delete("/api/delete") { request, context in
      try await library.delete(try OllamaModels.decodeName(try await object(request, context)))
      return Response(status: .ok)
    }
    router.post("/api/copy") { request, context in
      let (source, destination) = try OllamaModels.decodeCopy(try await object(request, context))
      try await library.copy(source, to: destination)
      return Response(status: .ok)
    }
    router.post("/api/pull") { request, context in try await pull(request, context) }
  }

  private func answer(
    _ request: Request, _ context: ServerContext, _ endpoint: OllamaEndpoint
  ) async throws -> Response {
    switch try OllamaRequest.decode(try await object(request, context), for: endpoint) {
    case .answer(let decoded, let streams):
      let prepared = try await prepare(decoded, context, api: "ollama.\(endpoint)")
      if streams {
        return stream(prepared, context, type: "application/x-ndjson", encoder: OllamaStream(endpoint: endpoint))
      }
      return try await respond(prepared, context) { OllamaAnswer.encode($0, for: endpoint) }
    case .load(let model, _) where answerer.upstreams?.find(model) != nil,
      .unload(let model) where answerer.upstreams?.find(model) != nil:
      // Whether it is in memory is the other server's business.
      try answerer.check(context.caller, mayUse: answerer.upstreams?.find(model)?.name ?? model)
      return .json(
        OllamaAnswer.encode(
          model: model, at: Int(Date().timeIntervalSince1970), isLoaded: true, loadSeconds: 0, for: endpoint))
    case .load(let model, let keepAlive):
      let (name, _) = try await answerer.models.find(model)
      try answerer.check(context.caller, mayUse: name)
      let lease = try await answerer.models.acquire(name, keepAlive: keepAlive)
      return .json(
        OllamaAnswer.encode(
          model: name, at: Int(Date().timeIntervalSince1970), isLoaded: true, loadSeconds: lease.loadSeconds,
          for: endpoint))
    case .unload(let model):
      let (name, _) = try await answerer.models.find(model)
      try answerer.check(context.caller, mayUse: name)
      try await answerer.models.unloadIfIdle(name)
      return .json(
        OllamaAnswer.encode(
          model: name, at: Int(Date().timeIntervalSince1970), isLoaded: false, for: endpoint))
    }
  }

  private func embed(
    _ decoded: OllamaEmbedRequest, _ context: ServerContext
  ) async throws -> Embeddings {
    var found = try await answerer.embeddings(
      decoded.texts.map { .text($0) }, model: decoded.model, truncates: decoded.truncates, for: context.caller,
      api: "ollama.embed", id: context.requestID)
    if let dimensions = decoded.dimensions { found.vectors = found.vectors.map { Self.shortened($0, to: dimensions) } }
    return found
  }

  /// The first numbers of a vector, scaled to length 1 again.
  private static func shortened(_ vector: [Float], to count: Int) -> [Float] {
    let kept = vector.prefix(count)
    let length = kept.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? kept.map { $0 / length } : Array(kept)
  }

  private func pull(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (model, streams) = try OllamaModels.decodePull(try await object(request, context))
    let library = library
    guard streams else {
      try await library.pull(model) { _ in }
      return .json(["status": "success"])
    }
    let channel = context.channel
    let body = ResponseBody { writer in
      do {
        try await channel.watched { continuation in
          try await library.pull(model) { continuation.yield($0) }
        } _: { (steps: AsyncThrowingStream<OllamaProgress, any Error>) in
          for try await progress in steps {
            try await writer.write(ByteBuffer(string: OllamaModels.encode(progress).text() + "\n"))
          }
        }
      } catch let error as CancellationError {
        throw error
      } catch {
        try await writer.write(ByteBuffer(string: OllamaAnswer.encode(APIError(error)).text() + "\n"))
      }
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: [.contentType: "application/x-ndjson"], body: body)
  }
}
