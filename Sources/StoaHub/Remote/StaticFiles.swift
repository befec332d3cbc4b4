extension HubTransport {
  /// A file of a static host, at most `limit` bytes of it; nil when the host has none there. Redirects are not followed.
  package func staticFile(_ url: HubURL, limit: Int) async throws(RemoteError) -> [UInt8]? {
    let body = BoundedBody(limit: limit, url: url.description)
    let gate = StatusGate(inner: body)
    try await send(HubRequest(.get, url, headers: ["Accept-Encoding": "identity"]), to: gate)
    switch gate.head?.status ?? 0 {
    case 200: return body.bytes
    case 404, 410: return nil
    case let status: throw .refused(url: url.description, status: status, message: nil, sentToken: false)
    }
  }
}
