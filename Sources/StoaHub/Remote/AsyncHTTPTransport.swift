import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The network by AsyncHTTPClient.
package final class AsyncHTTPTransport: HubTransport {
  private let settings: HubSettings
  private let clients: HTTPClients

  private init(settings: HubSettings) throws(RemoteError) {
    self.settings = settings
    clients = try HTTPClients(
      proxies: settings.proxies, certificateFile: settings.certificateFile,
      // Deadlines are for connecting and for silence; how long a download takes is nobody's business.
      settings: HTTPClients.Settings(
        connectSeconds: settings.connectSeconds, silentSeconds: settings.stallSeconds, connections: 32))
  }

  /// Runs `work` with a transport whose connections are closed afterwards.
  package static func with<Value>(
    _ settings: HubSettings, _ work: (AsyncHTTPTransport) async throws(RemoteError) -> Value
  ) async throws(RemoteError) -> Value {
    let transport = try AsyncHTTPTransport(settings: settings)
    do {
      let value = try await work(transport)
      await transport.clients.shutDown()
      return value
    } catch {
      await transport.clients.shutDown()
      throw error
    }
  }

  package func send(_ request: HubRequest, to receiver: some HubReceiver) async throws(RemoteError) {
    let host = request.url.host
    do {
      try await exchange(request, receiver)
    } catch let error as RemoteError {
      throw error
    } catch {
      throw failure(error, host)
    }
  }

  private func exchange(_ request: HubRequest, _ receiver: some HubReceiver) async throws {
    var message = HTTPClientRequest(url: request.url.description)
    message.method = HTTPMethod(rawValue: request.method.rawValue)
    for field in request.headers.fields { message.headers.add(name: field.name, value: field.value) }
    let response = try await clients.client(for: request.url).execute(message, deadline: .distantFuture)
    var headers = HubHeaders()
    for (name, value) in response.headers { headers.add(name, value) }
    guard try receiver.begin(HubHead(status: Int(response.status.code), headers: headers)),
      request.method != .head
    else { return }
    for try await buffer in response.body {
      try unsafe buffer.withUnsafeReadableBytes { bytes in
        try unsafe receiver.receive(RawSpan(_unsafeBytes: bytes))
      }
    }
  }

  package func addresses(of url: HubURL) async throws(RemoteError) -> [IPAddress] {
    // A proxy looks names up in its own network.
    if settings.proxies.server(for: url) != nil { return [] }
    let host = url.host
    do {
      return try await NIOThreadPool.singleton.runIfActive { try Self.lookUp(host) }
    } catch {
      throw .network(host: host, problem: "the name is not known")
    }
  }

  private struct UnknownName: Error {}

  private static func lookUp(_ host: String) throws -> [IPAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    #if canImport(Glibc)
      unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      unsafe hints.ai_socktype = SOCK_STREAM
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, nil, &hints, &list) == 0, let first = unsafe list else { throw UnknownName() }
    defer { unsafe freeaddrinfo(first) }
    var addresses: [IPAddress] = []
    var entry: UnsafeMutablePointer<addrinfo>? = unsafe first
    while let current = unsafe entry {
      var text = [CChar](repeating: 0, count: 64)
      let status = unsafe getnameinfo(
        current.pointee.ai_addr, current.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
      let name = String(decoding: text.prefix { $0 != 0 && $0 != 0x25 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if status == 0, let address = IPAddress(name) { addresses.append(address) }
      unsafe entry = current.pointee.ai_next
    }
    guard !addresses.isEmpty else { throw UnknownName() }
    return addresses
  }

  private func failure(_ error: any Error, _ host: String) -> RemoteError {
    switch clients.problem(error) {
    case .cancelled: .local(.cancelled)
    case .silent: .stalled(host: host, seconds: settings.stallSeconds)
    case .notConnected(let problem), .broken(let problem): .network(host: host, problem: problem)
    }
  }
}
