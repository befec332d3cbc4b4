import ArgumentParser
import Foundation
import StoaHub
import StoaTrust

/// A log that a command reads: a folder, or the address of a host of static files.
struct LogArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp("A folder, or the https address below which the log lies.", valueName: "log"),
    completion: .directory)
  var log: String

  func source() throws -> any TileSource {
    log.hasPrefix("https://") || log.hasPrefix("http://") ? try HostedTiles(log) : FolderTiles(folder: log)
  }
}

/// Whom to believe about a log.
struct LogPolicyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The log's public key, NAME+ID+BASE64, or a file that holds it.", valueName: "key"))
  var logKey: String
  @Option(
    name: .customLong("witness"), parsing: .singleValue,
    help: ArgumentHelp("The public key of a witness, as for --log-key; may be given several times.", valueName: "key"))
  var witnesses: [String] = []
  @Option(help: ArgumentHelp("How many of the witnesses must have cosigned.", valueName: "n")) var quorum = 0

  func validate() throws {
    guard (0...witnesses.count).contains(quorum) else {
      throw ValidationError("--quorum must be from 0 to the number of witnesses, which is \(witnesses.count)")
    }
  }

  func policy() throws -> LogPolicy {
    LogPolicy(
      log: try Self.verifier(logKey), witnesses: try witnesses.map { try Self.verifier($0) }, quorum: quorum)
  }

  /// A policy without witnesses.
  static func policy(logKey: String) throws -> LogPolicy { LogPolicy(log: try verifier(logKey)) }

  private static func verifier(_ text: String) throws -> NoteVerifier {
    if let key = try? NoteVerifier(text) { return key }
    guard FileManager.default.fileExists(atPath: text) else { return try NoteVerifier(text) }
    return try NoteVerifier(NoteKeyFile.line(text))
  }
}

/// Files with a key in one line.
enum NoteKeyFile {
  static func signer(_ path: String) throws -> NoteSigner { try NoteSigner(line(path)) }

  static func line(_ path: String) throws -> String {
    try readText(path).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// The files of a log at a host.
struct HostedTiles: TileSource {
  private let base: String
  private let settings: HubSettings

  init(_ address: String) throws {
    var base = address
    while base.hasSuffix("/") { base.removeLast() }
    guard HubURL(base) != nil else {
      throw CommandFailure.usage("\(address) is no address", advice: "write https://HOST/PATH")
    }
    self.base = base
    settings = try HubSettings()
    if let variable = settings.offlineVariable {
      throw CommandFailure(message: "\(variable) forbids the network", advice: "unset it to read a log at a host")
    }
  }

  func read(_ path: String, limit: Int) throws(LogError) -> [UInt8]? {
    guard let url = HubURL("\(base)/\(path)") else { return nil }
    do {
      return try Waiting.run { [settings] () async throws(RemoteError) in
        try await AsyncHTTPTransport.with(settings) { (transport) async throws(RemoteError) in
          try await transport.staticFile(url, limit: limit)
        }
      }
    } catch {
      throw .unreadable(problem: error.description)
    }
  }
}
