import Glibc
import StoaFormats

/// The files of a model that are signed and verified: a folder's, or one file.
///
/// Found by section 6.1 of OpenSSF Model Signing 1.0.
public struct ModelFolder: Sendable {
  /// A file of the model.
  struct File: Sendable {
    /// The path inside the model; `.` for a model that is one file.
    let name: String
    /// The path in the file system.
    let path: String
  }

  /// The path of the folder or file.
  public let path: String
  /// Whether the model is one file.
  public let isSingleFile: Bool

  /// Left out of every model, at its top only (section 6.2).
  static let defaultIgnoredPaths = [".git", ".gitattributes", ".github", ".gitignore"]

  /// More entries or deeper folders than this are no model; the limit keeps a mistyped path from reading a whole disk.
  private static let entryLimit = 100_000
  private static let depthLimit = 32

  /// What lies at `path`; links to it are followed.
  public init(path: String) throws(TrustError) {
    guard let resolved = unsafe realpath(path, nil) else {
      throw .file(.system(path: path, operation: "open", code: errno))
    }
    defer { unsafe free(resolved) }
    let real = unsafe String(cString: resolved)
    let identity = try fileErrors { () throws(FormatError) in try FileIdentity(path: real) }
    guard identity.isRegularFile || identity.isDirectory else {
      throw .file(.unsupported(path: path, problem: "this is neither a file nor a folder"))
    }
    self.path = real
    isSingleFile = identity.isRegularFile
  }

  /// The last part of the path.
  public var name: String { splitPath(path).name }

  /// Where the signature lies when nothing else is said: `model.sig` in the folder, `FILE.sig` beside a file.
  public var signaturePath: String { sidecar("sig") }

  /// Where a file that accompanies the model lies: `model.KIND` in the folder, `FILE.KIND` beside a file.
  package func sidecar(_ kind: String) -> String { isSingleFile ? "\(path).\(kind)" : "\(path)/model.\(kind)" }

  /// What is written after the model was signed and cannot be signed with it: signature, log proof, revocation lists and
  /// answers, certificates of what it was made from.
  package static let sidecarKinds = ["sig", "tlog-proof", "crl", "ocsp", "bases.pem"]

  /// The paths inside the folder that Stoa leaves out when it signs.
  var signedIgnoredPaths: [String] {
    isSingleFile ? [] : Self.defaultIgnoredPaths + Self.sidecarKinds.map { "model.\($0)" }
  }

  /// The path inside the folder of a file given by its path in the file system; nil when it is not inside.
  func relativePath(_ path: String) -> String? {
    guard !isSingleFile else { return nil }
    let (folder, name) = splitPath(path)
    guard let resolved = unsafe realpath(folder.isEmpty ? "." : folder, nil) else { return nil }
    defer { unsafe free(resolved) }
    let real = unsafe String(cString: resolved)
    if real == self.path { return name }
    return real.hasPrefix(self.path + "/") ? real.dropFirst(self.path.count + 1) + "/" + name : nil
  }

  /// Whether a file given by its path in the file system is one of the model's.
  package func contains(_ path: String) -> Bool {
    isSingleFile ? (try? ModelFolder(path: path))?.path == self.path : relativePath(path) != nil
  }

  /// The files in order of their names, without what lies at or below `ignored`.
  func files(ignoring ignored: [String], allowsSymbolicLinks: Bool) throws(TrustError) -> [File] {
    if isSingleFile { return [File(name: ModelManifest.singleFile, path: path)] }
    var files: [File] = []
    var entries = 0
    try collect("", 0, ignored, allowsSymbolicLinks, &entries, into: &files)
    return files.sorted { ModelPath.isBefore($0.name, $1.name) }
  }

  private func collect(
    _ prefix: String, _ depth: Int, _ ignored: [String], _ allowsSymbolicLinks: Bool, _ entries: inout Int,
    into files: inout [File]
  ) throws(TrustError) {
    let folder = prefix.isEmpty ? path : "\(path)/\(prefix.dropLast())"
    guard depth <= Self.depthLimit else {
      throw .file(.unsupported(path: folder, problem: "the folders are nested more than \(Self.depthLimit) deep"))
    }
    for name in try Self.names(in: folder) {
      let (name, path) = (prefix + name, "\(folder)/\(name)")
      if ignored.contains(where: { ModelPath.isPath(name, at: $0) }) { continue }
      entries += 1
      guard entries <= Self.entryLimit else {
        throw .file(
          .unsupported(
            path: self.path, problem: "the folder has more than \(grouped(Self.entryLimit)) entries",
            advice: "give the folder of one model"))
      }
      // Only of a link can be read where it leads.
      var first: CChar = 0
      let isLink = unsafe readlink(path, &first, 1) >= 0
      if isLink {
        guard allowsSymbolicLinks else {
          throw .file(
            .unsupported(
              path: path, problem: "this is a symbolic link",
              advice: "replace it by the file that it leads to, or sign with --allow-symlinks"))
        }
      }
      let file: FileIdentity
      do throws(FormatError) { file = try FileIdentity(path: path) } catch { throw .file(error) }
      if file.isRegularFile {
        files.append(File(name: name, path: path))
      } else if file.isDirectory, isLink {
        throw .file(
          .unsupported(path: path, problem: "this is a symbolic link to a folder; only links to files are followed"))
      } else if file.isDirectory {
        try collect(name + "/", depth + 1, ignored, allowsSymbolicLinks, &entries, into: &files)
      } else {
        throw .file(.unsupported(path: path, problem: "this is neither a file nor a folder"))
      }
    }
  }

  /// The names in a folder; a name that is not UTF-8 cannot stand in a manifest and is an error.
  private static func names(in folder: String) throws(TrustError) -> [String] {
    guard let directory = unsafe opendir(folder) else {
      throw .file(.system(path: folder, operation: "list", code: errno))
    }
    defer { unsafe _ = closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let bytes = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      guard let name = String(validating: bytes, as: UTF8.self) else {
        throw .file(
          .unsupported(
            path: folder, problem: "the name \(quoted(String(decoding: bytes, as: UTF8.self))) is not UTF-8",
            advice: "rename the file"))
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
