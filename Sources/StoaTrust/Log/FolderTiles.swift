import Glibc
import StoaFormats

/// The files of a log in a folder.
public struct FolderTiles: TileSource {
  let folder: String

  /// The log in `folder`.
  public init(folder: String) { self.folder = folder.hasSuffix("/") ? String(folder.dropLast()) : folder }

  /// The bytes of a file; nil when it is not there.
  public func read(_ path: String, limit: Int) throws(LogError) -> [UInt8]? {
    do throws(FormatError) {
      return try SmallFile.read("\(folder)/\(path)", limit: limit)
    } catch .system(_, _, ENOENT), .system(_, _, ENOTDIR) {
      return nil
    } catch {
      throw LogError(error)
    }
  }

  func write(_ bytes: [UInt8], to path: String) throws(LogError) {
    let full = "\(folder)/\(path)"
    do throws(FormatError) {
      try SmallFile.makeFolders(splitPath(full).folder)
      try SmallFile.write(bytes, to: full)
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
  init(_ error: FormatError) {
    switch error {
    case .system(let path, let operation, let code):
      self = .unreadable(path: path, problem: "cannot \(operation): \(systemMessage(code))")
    default:
      let lines = error.description
      self = .unreadable(path: "the log", problem: lines)
    }
  }
}
