import Foundation

/// The folders where Stoa keeps what belongs to a user.
public struct StoaHome: Sendable, Equatable {
  /// The folder of everything: `$STOA_HOME`, else `$XDG_DATA_HOME/stoa`, else `~/.local/share/stoa`
  /// (XDG Base Directory Specification 0.8).
  public let path: String

  /// A home at a given path.
  public init(path: String) { self.path = path }

  /// The home that the environment asks for.
  public static func standard(
    environment: [String: String] = StoaHome.environment
  ) -> StoaHome {
    if let path = environment["STOA_HOME"], !path.isEmpty { return StoaHome(path: absolute(path, environment)) }
    // The specification says to ignore relative paths in XDG variables.
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return StoaHome(path: data + "/stoa") }
    let user = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? NSHomeDirectory()
    return StoaHome(path: user + "/.local/share/stoa")
  }

  /// The variables of the process.
  public static var environment: [String: String] { ProcessInfo.processInfo.environment }

  /// Models, as plain files and folders under their own names.
  public var models: String { path + "/models" }
  /// What can be computed again.
  public var cache: String { path + "/cache" }
  /// Digests of files that have not changed since.
  public var digests: String { cache + "/sha256" }
  /// Whom the user trusts to vouch for models.
  public var trust: String { path + "/trust.yaml" }
  /// Lines typed in chats.
  public var history: String { path + "/history" }

  /// Makes a folder of this home if it is not there, for its owner only: prompts and models are private.
  public func create(_ folder: String) throws(HubError) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .system(
        path: folder, operation: "make the folder", problem: (error as NSError).localizedFailureReason ?? "\(error)")
    }
  }

  private static func absolute(_ path: String, _ environment: [String: String]) -> String {
    if path == "~" || path.hasPrefix("~/") { return (environment["HOME"] ?? NSHomeDirectory()) + path.dropFirst() }
    if path.hasPrefix("/") { return path }
    return FileManager.default.currentDirectoryPath + "/" + path
  }
}
