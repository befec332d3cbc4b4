import HTTPTypes
import Hummingbird
import NIOCore
import StoaFormats

/// What the handlers of all APIs share.
struct Handlers: Sendable {
  let answerer: Answerer
  let limits: RequestLimits
  let responses: StoredResponses
  let library: LibraryOperations
  let moderator: Moderator

  /// Reads the body as a JSON object.
  func object(_ request: Request, _ context: ServerContext) async throws -> JSONObject {
    let value = try await json(request, context)
    guard let object = value.objectValue else {
      throw APIError(.invalidRequest, "the body must be a JSON object, not \(value.kindName)")
    }
    if request.headers[.receipt] == "1" { context.body.setWantsReceipt() }
    if let wish = object["receipt"], !wish.isNull {
      guard let isWanted = wish.boolValue else { throw APIError.invalid("receipt", "must be true or false") }
      if isWanted { context.body.setWantsReceipt() }
    }
    return object
  }

  private func json(_ request: Request, _ context: ServerContext) async throws -> JSONValue {
    if let length = request.headers[.contentLength].flatMap(Int.init), length > limits.bodyBytes {
      throw APIError(.tooLarge, "the body has \(length) bytes, but at most \(limits.bodyBytes) are accepted")
    }
    let buffer = try await collect(request, context)
    guard buffer.readableBytes > 0 else { throw APIError(.invalidRequest, "the body is empty; send a JSON object") }
    return try JSONValue(parsing: Array(buffer: buffer).span)
  }

  /// The body, unless it takes longer than is allowed.
  private func collect(_ request: Request, _ context: ServerContext) async throws -> ByteBuffer {
    let body = request.body
    let limits = limits
    let buffer = try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
      group.addTask { try await body.collect(upTo: limits.bodyBytes) }
      group.addTask {
        try await Task.sleep(for: .seconds(limits.bodySeconds))
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    guard let buffer else {
      throw APIError(.timeout, "the body was not there within \(Int(limits.bodySeconds)) seconds")
    }
    context.body.setRead()
    return buffer
  }

  // MARK: Answers

  /// The whole answer; generation ends when the client leaves.
  func whole(_ prepared: PreparedAnswer, _ context: ServerContext) async throws -> Answer {
    try await context.channel.watched { continuation in
      try await prepared.run { continuation.yield($0) }
    } _: { events in
      var answer = Answer(start: prepared.start, choices: prepared.request.choices)
      for try await event in events { answer.add(event) }
      return answer
    }
  }

  /// An answer as one JSON object.
  func respond(
    _ prepared: PreparedAnswer, _ context: ServerContext, _ encode: (Answer) -> JSONValue
  ) async throws -> Response {
    var response = Response.json(encode(try await whole(prepared, context)))
    if let trust = prepared.trust { response.headers.add(trust) }
    response.headers[.guardrails] = prepared.rails?.header(isFinal: true)
    return response
  }

  /// An answer that is sent as it comes; `finished` gets it when it is complete.
  func stream(
    _ prepared: PreparedAnswer, _ context: ServerContext, type: String, keepAlive: String? = nil,
    encoder: some AnswerStreamEncoder, finished: @escaping @Sendable (Answer) -> Void = { _ in }
  ) -> Response {
    let quiet = limits.keepAliveSeconds
    let channel = context.channel
    let body = ResponseBody { writer in
      var encoder = encoder
      do {
        try await channel.watched { continuation in
          try await Self.produce(prepared, quietAfter: keepAlive == nil ? nil : quiet, continuation)
        } _: { (events: AsyncThrowingStream<AnswerEvent?, any Error>) in
          var answer = Answer(start: prepared.start, choices: prepared.request.choices)
          for try await event in events {
            guard let event else {
              try await writer.write(ByteBuffer(string: keepAlive ?? ""))
              continue
            }
            let text = encoder.encode(event)
            if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
            answer.add(event)
          }
          finished(answer)
        }
      } catch let error as APIError {
        try await writer.write(ByteBuffer(string: encoder.encode(error)))
      }
      try await writer.finish(nil)
    }
    var headers: HTTPFields = [.contentType: type, .cacheControl: "no-cache"]
    if let trust = prepared.trust { headers.add(trust) }
    headers[.guardrails] = prepared.rails?.header(isFinal: false)
    return Response(status: .ok, headers: headers, body: body)
  }

  /// Gives the events of an answer, and nil after every `quietAfter` seconds in which nothing else may have come.
  private static func produce(
    _ prepared: PreparedAnswer, quietAfter: Double?,
    _ continuation: AsyncThrowingStream<AnswerEvent?, any Error>.Continuation
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      if let quietAfter {
        group.addTask {
          while !Task.isCancelled {
            try await Task.sleep(for: .seconds(quietAfter))
            continuation.yield(nil)
          }
        }
      }
      defer { group.cancelAll() }
      try await prepared.run { continuation.yield($0) }
    }
  }
}

/// What a request may take.
struct RequestLimits: Sendable {
  var bodyBytes = 32 << 20
  /// Seconds until the whole body has to be there.
  var bodySeconds = 30.0
  /// Seconds after which a silent stream gets a comment, so that proxies keep it open.
  var keepAliveSeconds = 10.0
}
