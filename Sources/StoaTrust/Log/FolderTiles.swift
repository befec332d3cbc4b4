import Glibc
import StoaFormats

/// The files of a log in a folder.
public struct FolderTiles: TileSource, Sendable {
  let folder: String

  /// The log in `folder`.
  public init(folder: String) { self.folder = folder.hasSuffix("/") ? String(folder.dropLast()) : folder }

  /// The bytes of a file; nil when it is not there.
  public func read(_ path: String, limit: Int) throws(LogError) -> [UInt8]? {
    do throws(TrustError) {
      return try readBytes("\(folder)/\(path)", limit: limit)
    } catch .file(.system(_, _, ENOENT)), .file(.system(_, _, ENOTDIR)) {
      return nil
    } catch {
      throw LogError(error)
    }
  }

  func write(_ bytes: [UInt8], to path: String) throws(LogError) {
    let full = "\(folder)/\(path)"
    do throws(TrustError) {
      try fileErrors { () throws(FormatError) in try DurableFiles.makeFolders(splitPath(full).folder) }
      try writeBytes(bytes, to: full)
    } catch {
      throw LogError(error)
    }
  }

  /// Removes a folder of files; what cannot be removed stays.
  func removeFiles(in path: String) {
    let full = "\(folder)/\(path)"
    for name in directoryContents(full) { unsafe _ = unlink("\(full)/\(name)") }
    unsafe _ = rmdir(full)
  }
}

extension LogError {
  init(_ error: TrustError) { self = .unreadable(problem: error.description) }

  init(_ error: FormatError) { self = .unreadable(problem: error.description) }
}
