import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import StoaFormats
import StoaGuard
import StoaServer

/// Tells webhooks and programs of alerts, as JSON.
struct AlertDelivery: AlertSink {
  /// A file of certificates to trust in place of the system's.
  var certificates: String?
  /// Within which a webhook has to answer and a program has to end.
  var seconds = 10.0

  func deliver(_ notice: AlertNotice, to target: AlertTarget) async throws {
    let text = JSONValue.object(notice.json).text()
    switch target {
    case .log: break
    case .webhook(let url): try await post(text, to: url)
    case .command(let words): try await run(words, input: text)
    }
  }

  // MARK: Webhooks

  private func post(_ text: String, to url: String) async throws {
    var security = TLSConfiguration.makeClientConfiguration()
    if let certificates { security.trustRoots = .file(certificates) }
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: security, redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)))
    configuration.httpVersion = .http1Only
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let result: Result<UInt, any Error>
    do {
      var request = HTTPClientRequest(url: url)
      request.method = .POST
      request.headers.add(name: "content-type", value: "application/json")
      request.headers.add(name: "user-agent", value: "stoa/\(StoaVersion.current)")
      request.body = .bytes(ByteBuffer(string: text))
      let response = try await client.execute(request, timeout: .milliseconds(Int64(seconds * 1000)))
      result = .success(response.status.code)
    } catch {
      result = .failure(error)
    }
    try? await client.shutdown()
    let status = try result.get()
    guard (200..<300).contains(status) else {
      throw CommandFailure(message: "the webhook answered with the status \(status)")
    }
  }

  // MARK: Programs

  /// Runs a program with the notice on its standard input. Nothing of the notice is in its arguments, and there is no
  /// shell that could read it.
  private func run(_ words: [String], input: String) async throws {
    guard let program = words.first else { return }
    let seconds = seconds
    let status = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result { try Self.runAndWait(program, Array(words.dropFirst()), Array(input.utf8), seconds) })
      }
    }
    guard status == 0 else { throw CommandFailure(message: "\(program) ended with status \(status)") }
  }

  /// Half of what a pipe holds on Linux (pipe(7)).
  private static let largestInput = 32 << 10

  private static func runAndWait(
    _ program: String, _ arguments: [String], _ input: [UInt8], _ seconds: Double
  ) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardInput = pipe
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let end = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in end.signal() }
    // A notice fits into a pipe, so it can be there before the program is: one that reads none of it holds nobody up.
    guard input.count <= largestInput else { throw CommandFailure(message: "the notice is too long for \(program)") }
    try pipe.fileHandleForWriting.write(contentsOf: Data(input))
    try pipe.fileHandleForWriting.close()
    try process.run()
    if end.wait(timeout: .now() + seconds) == .timedOut {
      process.terminate()
      if end.wait(timeout: .now() + 2) == .timedOut { kill(process.processIdentifier, SIGKILL) }
      throw CommandFailure(message: "\(program) did not end within \(Int(seconds)) seconds")
    }
    return process.terminationStatus
  }
}
