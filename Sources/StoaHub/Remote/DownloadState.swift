import Foundation
import StoaFormats

/// What is kept of a download between two runs of the program: which bytes of which version of which file are there.
///
/// The contents are checked by their digest in the end, so a state that is a little older than the bytes, or newer after
/// a power cut, costs time and not correctness.
struct DownloadState: Equatable, Sendable {
  /// One file: its parts are equally long, and of each the first bytes are there.
  struct File: Equatable, Sendable {
    let path: String
    let bytes: Int
    let digest: ContentDigest
    let partBytes: Int
    var received: [Int]
    var isDone: Bool
  }

  var repository: String
  var commit: String
  var files: [File]

  /// A state file is read up to this size.
  private static let byteLimit = 16 << 20

  /// The saved record of exactly this version of a file.
  func file(_ path: String, bytes: Int, digest: ContentDigest) -> File? {
    files.first { $0.path == path && $0.bytes == bytes && $0.digest == digest }
  }

  /// Reads a state; nil when there is none or it makes no sense: then the download starts afresh.
  static func load(_ path: String) -> DownloadState? {
    guard let json = try? JSONValue(path: path, maximumByteCount: byteLimit), json["version"]?.intValue == 1,
      let repository = json["repository"]?.stringValue, let commit = json["commit"]?.stringValue,
      let files = json["files"]?.arrayValue
    else { return nil }
    return DownloadState(repository: repository, commit: commit, files: files.compactMap(file))
  }

  private static func file(_ json: JSONValue) -> File? {
    guard let path = json["path"]?.stringValue, let bytes = json["bytes"]?.intValue, bytes >= 0,
      let text = json["digest"]?.stringValue,
      let digest = ContentDigest(text.hasPrefix("git:") ? String(text.dropFirst(4)) : text),
      let partBytes = json["part_bytes"]?.intValue, partBytes > 0, let received = json["received"]?.arrayValue,
      received.count == partCount(bytes: bytes, partBytes: partBytes)
    else { return nil }
    var counts: [Int] = []
    for (index, value) in received.enumerated() {
      let size = min(partBytes, bytes - index * partBytes)
      guard let count = value.intValue, (0...size).contains(count) else { return nil }
      counts.append(count)
    }
    return File(
      path: path, bytes: bytes, digest: digest, partBytes: partBytes, received: counts,
      isDone: json["done"]?.boolValue ?? false)
  }

  /// Writes the state under its name, whole or not at all.
  func save(_ path: String) throws(HubError) {
    let json: JSONValue = [
      "version": 1, "repository": .string(repository), "commit": .string(commit),
      "files": .array(
        files.map { file in
          [
            "path": .string(file.path), "bytes": .int(file.bytes), "digest": .string(file.digest.description),
            "part_bytes": .int(file.partBytes), "received": .array(file.received.map(JSONValue.int)),
            "done": .bool(file.isDone),
          ]
        }),
    ]
    do {
      try Data((json.text() + "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .system(path: path, operation: "write", problem: (error as NSError).localizedFailureReason ?? "\(error)")
    }
  }

  /// The number of parts of a file; an empty file has an empty one.
  static func partCount(bytes: Int, partBytes: Int) -> Int {
    max(1, bytes / partBytes + (bytes % partBytes == 0 ? 0 : 1))
  }
}
