#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif
import Foundation
import StoaFormats

/// How a model came into the library.
public struct ImportResult: Sendable, Equatable {
  /// The model as it is now in the library.
  public let model: ModelLocation
  /// Whether the bytes are shared with the source; else they were copied.
  public let isLinked: Bool
}

extension ModelLibrary {
  /// Puts a model into the library under `name`, by default its own: by hard links where the file system allows, else
  /// by copying. The source is never changed. The model appears at once and complete, or not at all.
  ///
  /// - Parameters:
  ///   - path: A GGUF file (the other parts of a split one come along) or a folder.
  ///   - progress: Bytes copied and bytes in total.
  ///   - isCancelled: Polled while copying.
  public func importModel(
    at path: String, name: String? = nil, progress: @escaping (Int, Int) -> Void = { _, _ in },
    isCancelled: @escaping () -> Bool = { false }
  ) throws(HubError) -> ImportResult {
    let source = try ModelLocation.inspect(path, origin: .path)
    let name = ModelName.withoutExtension(name ?? source.name)
    try ModelName.check(name)
    let existing = try list()
    if existing.contains(where: { $0.name == name }) { throw .exists(name: name) }
    try home.create(home.models)

    // Work happens in a hidden folder beside the models: on the same file system, and left out of listings.
    removeAbandonedImports()
    let staging = home.models + "/\(Self.stagingPrefix)\(UUID().uuidString)"
    try home.create(staging)
    defer { try? FileManager.default.removeItem(atPath: staging) }
    var transfer = Transfer(total: source.bytes, staging: staging, progress: progress, isCancelled: isCancelled)

    if source.kind == .safetensors {
      let folder = staging + "/" + name
      try home.create(folder)
      for file in source.files {
        try createParents(of: file.name, in: folder)
        try transfer.place(file, at: folder + "/" + file.name)
      }
      try Self.move(folder, to: home.models + "/" + name, name: name)
    } else {
      var placed: [(from: String, to: String)] = []
      for (index, file) in source.files.enumerated() {
        let fileName =
          source.files.count == 1
          ? name + ".gguf" : SplitName.fileName(base: name, index: index + 1, count: source.files.count)
        try transfer.place(file, at: staging + "/" + fileName)
        placed.append((staging + "/" + fileName, home.models + "/" + fileName))
      }
      // The first part goes last: a listing looks for it, so a model is never seen in pieces.
      for (from, to) in placed.reversed() { try Self.move(from, to: to, name: name) }
    }
    guard let model = try list().first(where: { $0.name == name }) else {
      throw .system(path: home.models, operation: "find the imported model", problem: "it is not there")
    }
    return ImportResult(model: model, isLinked: transfer.copiedBytes == 0)
  }

  private static let stagingPrefix = ".import-"

  /// Clears what an import left that was killed more than a day ago.
  private func removeAbandonedImports() {
    let yesterday = Date().timeIntervalSince1970 - 86_400
    for entry in (try? FolderFiles.entries(of: home.models)) ?? [] where entry.hasPrefix(Self.stagingPrefix) {
      let path = home.models + "/" + entry
      guard let status = try? FileStatus(entry: path), status.isFolder, status.changed < yesterday else { continue }
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  private func createParents(of name: String, in folder: String) throws(HubError) {
    guard name.contains("/") else { return }
    try home.create(folder + "/" + parent(of: name))
  }

  /// Moves within the library's file system, refusing to replace anything.
  static func move(_ from: String, to: String, name: String) throws(HubError) {
    var status = stat()
    // Between this look and the move another import could take the name; both would be the user's own doing, and
    // moving a folder onto a folder with contents fails by itself.
    guard unsafe lstat(to, &status) != 0 else { throw .exists(name: name) }
    guard moveFile(from, to: to) else { throw .system(to, "move the model there") }
  }
}

/// Brings files into the staging folder, by link or by copy.
private struct Transfer {
  let total: Int
  let staging: String
  let progress: (Int, Int) -> Void
  let isCancelled: () -> Bool
  private(set) var copiedBytes = 0
  private var doneBytes = 0
  private var checkedSpace = false

  init(total: Int, staging: String, progress: @escaping (Int, Int) -> Void, isCancelled: @escaping () -> Bool) {
    self.total = total
    self.staging = staging
    self.progress = progress
    self.isCancelled = isCancelled
  }

  mutating func place(_ file: ModelLocation.File, at target: String) throws(HubError) {
    // A link must be to the file itself, not to a symbolic link that may lead elsewhere tomorrow.
    let source = URL(fileURLWithPath: file.path).resolvingSymlinksInPath().path
    if unsafe link(source, target) == 0 {
      doneBytes += file.bytes
      return
    }
    // EXDEV: another file system. EPERM, EACCES: protected_hardlinks, or a file system without links. EMLINK: too many.
    // All of them leave the copy as the way.
    try checkSpace()
    try copy(file, from: source, to: target)
  }

  private mutating func checkSpace() throws(HubError) {
    guard !checkedSpace else { return }
    checkedSpace = true
    var space = statvfs()
    guard unsafe statvfs(staging, &space) == 0 else { return }
    let available = Int(
      clamping: UInt64(space.f_bavail).multipliedReportingOverflow(by: UInt64(space.f_frsize)).partialValue)
    let needed = total - doneBytes
    if available < needed { throw .noSpace(path: staging, needed: needed, available: available) }
  }

  private mutating func copy(_ file: ModelLocation.File, from source: String, to target: String) throws(HubError) {
    let input = unsafe open(source, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { throw .system(source, "open") }
    defer { close(input) }
    let before = try FileStatus(descriptor: input, path: source)
    let output = unsafe open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard output >= 0 else { throw .system(target, "create") }
    defer { close(output) }
    var buffer = [UInt8](repeating: 0, count: 4 << 20)
    var copied = 0
    while true {
      if isCancelled() { throw .cancelled }
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(input, $0.baseAddress, $0.count) }
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(source, "read")
      }
      var offset = 0
      while offset < count {
        let from = offset
        let written = unsafe buffer.withUnsafeBytes { bytes in
          unsafe write(output, UnsafeRawBufferPointer(rebasing: bytes[from..<count]).baseAddress, count - from)
        }
        if written < 0 && errno != EINTR { throw .system(target, "write") }
        offset += max(0, written)
      }
      copied += count
      progress(min(doneBytes + copied, total), total)
    }
    let after = try FileStatus(descriptor: input, path: source)
    guard copied == before.size, before == after else { throw .changed(path: source) }
    // The bytes are on the disk before the name is.
    guard fsync(output) == 0 else { throw .system(target, "write") }
    doneBytes += copied
    copiedBytes += max(copied, 1)
  }
}
