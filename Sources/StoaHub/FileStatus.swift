#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif
import Foundation

/// What the file system says about a path.
struct FileStatus: Equatable {
  let isFile: Bool
  let isFolder: Bool
  let isLink: Bool
  let size: Int
  /// What makes this version of the file different from every other: device, inode, size, both times in nanoseconds.
  let identity: String
  let device: UInt64
  /// Seconds since 1970 of the last change of contents or attributes.
  let changed: Double

  /// Asks about what `path` leads to, symbolic links followed.
  init(_ path: String) throws(HubError) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw .system(path, "open") }
    self.init(status)
  }

  /// Asks about the entry itself.
  init(entry path: String) throws(HubError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { throw .system(path, "open") }
    self.init(status)
  }

  /// Asks about an open file.
  init(descriptor: Int32, path: String) throws(HubError) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .system(path, "read") }
    self.init(status)
  }

  private init(_ status: stat) {
    isFile = status.st_mode & S_IFMT == S_IFREG
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    isLink = status.st_mode & S_IFMT == S_IFLNK
    size = Int(status.st_size)
    device = UInt64(truncatingIfNeeded: status.st_dev)
    #if canImport(Darwin)
      let (modified, change) = (status.st_mtimespec, status.st_ctimespec)
    #else
      let (modified, change) = (status.st_mtim, status.st_ctim)
    #endif
    changed = Double(change.tv_sec) + Double(change.tv_nsec) * 1e-9
    identity =
      "\(device):\(status.st_ino):\(size):\(modified.tv_sec).\(modified.tv_nsec):\(change.tv_sec).\(change.tv_nsec)"
  }
}

extension HubError {
  /// The error of the last failed system call.
  static func system(_ path: String, _ operation: String, code: Int32 = errno) -> HubError {
    let problem = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    return .system(path: path, operation: operation, problem: problem)
  }
}

/// What makes this version of a file different from every other, symbolic links followed; nil when it cannot be read.
package func fileVersion(_ path: String) -> String? { (try? FileStatus(path))?.identity }

/// The regular files of a model's folder.
enum FolderFiles {
  /// More entries or deeper folders than this are no model; the limit keeps a mistyped path from reading a whole disk.
  static let entryLimit = 4096
  static let depthLimit = 4

  /// All files in and under `folder`, sorted by name. Hidden entries (`.git`, `.cache`) are left out. Symbolic links to
  /// files are followed, since the Hugging Face cache is made of them; links to folders are not.
  static func collect(in folder: String) throws(HubError) -> [ModelLocation.File] {
    var files: [ModelLocation.File] = []
    try collect(in: folder, prefix: "", depth: 0, into: &files)
    return files.sorted { $0.name < $1.name }
  }

  private static func collect(
    in folder: String, prefix: String, depth: Int, into files: inout [ModelLocation.File]
  ) throws(HubError) {
    for entry in try entries(of: folder) where !entry.hasPrefix(".") {
      let path = folder + "/" + entry
      let status = try FileStatus(entry: path)
      if status.isFolder {
        guard depth < depthLimit else { continue }
        try collect(in: path, prefix: prefix + entry + "/", depth: depth + 1, into: &files)
      } else if let target = try? FileStatus(path), target.isFile {
        files.append(ModelLocation.File(name: prefix + entry, path: path, bytes: target.size))
      }
      guard files.count <= entryLimit else {
        throw .notAModel(
          path: folder, problem: "the folder has more than \(entryLimit) files",
          advice: "give the folder of one model")
      }
    }
  }

  /// The names in a folder, sorted.
  static func entries(of folder: String) throws(HubError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    } catch {
      throw .system(path: folder, operation: "list", problem: (error as NSError).localizedFailureReason ?? "\(error)")
    }
  }
}
