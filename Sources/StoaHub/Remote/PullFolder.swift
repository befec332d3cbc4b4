#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif
import Foundation

/// The hidden folder in which a model grows until it is complete, and its lock: one process at a time.
///
/// It lies beside the models, so that completed files only change their names; a listing leaves it out. The lock is held
/// by the open file and goes with the process, however that ends.
final class PullFolder: Sendable {
  let path: String
  private let descriptor: Int32

  var statePath: String { path + "/state.json" }
  /// Verified files, under the names they keep.
  var finished: String { path + "/files" }

  /// The place for the growing part of one version of a file.
  func partialPath(_ file: String, _ digest: ContentDigest) -> String {
    var hasher = ContentDigest.sha256("").hasher(size: 0)
    unsafe hasher.update(Array("\(digest) \(file)".utf8).span.bytes)
    return path + "/\(hasher.digest.sha256?.prefix(32) ?? "file").part"
  }

  private init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  static func path(in home: StoaHome, name: String) -> String { home.models + "/.pull-" + name }

  /// Opens the folder of a model; nil when another process has it.
  static func open(in home: StoaHome, name: String) throws(HubError) -> PullFolder? {
    let path = path(in: home, name: name)
    try home.create(home.models)
    // A link here would lead the download elsewhere.
    if let status = try? FileStatus(entry: path), !status.isFolder {
      throw .system(path, "make the folder", code: ENOTDIR)
    }
    try home.create(path)
    let lock = path + "/lock"
    let descriptor = systemOpen(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      // Its owner removed it between the two steps: it is as good as taken, and soon free.
      if errno == ENOENT { return nil }
      throw .system(lock, "create")
    }
    let folder = PullFolder(path: path, descriptor: descriptor)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      if errno == EWOULDBLOCK || errno == EINTR { return nil }
      throw .system(lock, "lock")
    }
    // The owner may have finished and removed the folder in the meantime: this lock would guard nothing.
    guard let held = try? FileStatus(descriptor: descriptor, path: lock), let now = try? FileStatus(entry: lock),
      held.identity == now.identity
    else { return nil }
    try home.create(folder.finished)
    return folder
  }

  /// Makes the folders of a file among the finished ones, and returns its path.
  func place(_ file: String, home: StoaHome) throws(HubError) -> String {
    var folder = finished
    for name in file.split(separator: "/").dropLast() {
      folder += "/" + name
      if let status = try? FileStatus(entry: folder), !status.isFolder {
        throw .system(folder, "make the folder", code: ENOTDIR)
      }
      try home.create(folder)
    }
    return finished + "/" + file
  }

  /// Removes what belongs to older versions of the model: growing parts, and finished files that it no longer has.
  func removeOthers(than parts: Set<String>, finished names: Set<String>) {
    for entry in (try? FolderFiles.entries(of: path)) ?? [] where entry.hasSuffix(".part") {
      if !parts.contains(path + "/" + entry) { try? FileManager.default.removeItem(atPath: path + "/" + entry) }
    }
    for file in (try? FolderFiles.collect(in: finished)) ?? [] where !names.contains(file.name) {
      try? FileManager.default.removeItem(atPath: file.path)
    }
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}

private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
  #if canImport(Darwin)
    unsafe Darwin.open(path, flags, mode)
  #elseif canImport(Musl)
    unsafe Musl.open(path, flags, mode)
  #else
    unsafe Glibc.open(path, flags, mode)
  #endif
}
