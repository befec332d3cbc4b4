import Foundation

/// The files of a pack as they were read.
struct PackSource: Sendable {
  struct File: Sendable {
    /// The name in errors.
    var name: String
    /// The name inside the pack, which the digest covers.
    var label: String
    var text: String
  }

  /// What the pack was asked for by.
  var name: String
  /// The folder that relative names in `extends` start from; nil for those that come with the library.
  var folder: String?
  /// `pack.yaml` or the only file first, the others by name.
  var files: [File]
  /// Whether the pack is a folder and not one file.
  var isFolder = false

  /// The folder or file that the pack is; nil for those that come along.
  var root: String? { folder == nil ? nil : isFolder ? folder : files.first?.name }

  /// The files, and for a pack that is a folder that too, since files may be added; none for those that come along.
  var places: [String] {
    folder == nil ? [] : files.map(\.name) + (files.count == 1 && files[0].name == name ? [] : [folder ?? name])
  }

  private static let largestFile = 4 << 20
  private static let mostFiles = 256

  /// The names of the packs that come with the library.
  static let builtInNames = ["default", "strict", "privacy-eu", "audit-only"]

  /// Finds a pack: one that comes with the library by its name, a `.yaml` file, or a folder with `pack.yaml`.
  static func find(_ name: String, from folder: String? = nil) throws(PackError) -> PackSource {
    if let bytes = builtIn(name) {
      let text = String(decoding: bytes, as: UTF8.self)
      return PackSource(name: name, folder: nil, files: [File(name: name + ".yaml", label: "pack.yaml", text: text)])
    }
    let path = name.hasPrefix("/") || folder == nil ? name : folder! + "/" + name
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      let near = nearest(to: name, among: builtInNames)
      throw failure(
        path, "there is no such pack",
        near.map { "did you mean \($0)?" }
          ?? "give a folder with pack.yaml, a .yaml file, or one of \(builtInNames.joined(separator: ", "))")
    }
    guard isFolder.boolValue else {
      let parent = (path as NSString).deletingLastPathComponent
      return PackSource(
        name: name, folder: parent.isEmpty ? "." : parent,
        files: [File(name: path, label: "pack.yaml", text: try read(path))])
    }
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let names = entries.filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !$0.hasPrefix(".") }.sorted()
    guard let head = names.first(where: { $0 == "pack.yaml" || $0 == "pack.yml" }) else {
      throw failure(
        path, "the folder has no pack.yaml", "begin the pack in a file of that name: pack: NAME, version: 1")
    }
    guard names.count <= mostFiles else {
      throw failure(path, "the folder has more than \(mostFiles) files", "join some")
    }
    var files: [File] = []
    for file in [head] + names.filter({ $0 != head }) {
      files.append(File(name: path + "/" + file, label: file, text: try read(path + "/" + file)))
    }
    return PackSource(name: name, folder: path, files: files, isFolder: true)
  }

  private static func failure(_ path: String, _ reason: String, _ hint: String) -> PackError {
    PackError(problems: [PackProblem(file: path, line: 1, column: 1, reason: reason, hint: hint)])
  }

  /// The text of a YAML file.
  static func read(_ path: String) throws(PackError) -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw failure(path, "the file cannot be read", "check its permissions")
    }
    defer { try? handle.close() }
    let data = (try? handle.read(upToCount: largestFile + 1)) ?? Data()
    guard data.count <= largestFile else { throw failure(path, "the file is larger than 4 MiB", "divide it") }
    guard let text = String(data: data, encoding: .utf8) else {
      throw failure(path, "the file is not UTF-8", "save it as UTF-8")
    }
    return text
  }

  private static func builtIn(_ name: String) -> [UInt8]? {
    switch name {
    case "default": PackageResources.default_yaml
    case "strict": PackageResources.strict_yaml
    case "privacy-eu": PackageResources.privacy_eu_yaml
    case "audit-only": PackageResources.audit_only_yaml
    default: nil
    }
  }

  /// What the digest of a pack covers: that of its parent, and each file by name and content with their lengths.
  func digest(parent: String?) -> String {
    var message = Array("stoa guard pack 1\n\(parent ?? "-")\n".utf8)
    for file in files {
      message += "\(file.label.utf8.count):\(file.label)\n\(file.text.utf8.count):".utf8
      message += file.text.utf8
      message.append(0x0A)
    }
    return Digests.hexadecimal(Digests.sha256(message))
  }
}
