/// The rules for file names that a server gives: what is written to this disk is a plain file below its folder
/// (CVE-2024-37032 was a name that was not).
enum RemotePath {
  static let byteLimit = 1024
  static let depthLimit = 8

  /// Names that mean devices on Windows, whatever the extension; models are copied between systems.
  private static let devices: Set<String> = ["con", "prn", "aux", "nul", "conin$", "conout$"]

  /// Why a path must not even be in an honest listing; nil when nothing speaks against it.
  static func attack(in path: String) -> String? {
    if path.isEmpty { return "the name is empty" }
    if path.utf8.count > byteLimit { return "the name is longer than \(byteLimit) bytes" }
    if path.utf8.contains(0) || hasHiddenScalars(path) { return "it contains control characters or invisible ones" }
    if path.hasPrefix("/") || path.hasPrefix("\\") { return "it is an absolute path" }
    let names = path.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }
    if names.contains("..") { return "it leads out of its folder" }
    if names.contains(".") || names.contains("") { return "it has empty parts" }
    return nil
  }

  /// Refuses a path that is not the same plain name everywhere.
  static func check(_ path: String) throws(RemoteError) {
    func refuse(_ problem: String) -> RemoteError { .badFileName(name: path, problem: problem) }
    if let problem = attack(in: path) { throw refuse(problem) }
    let names = path.split(separator: "/")
    guard names.count <= depthLimit else { throw refuse("it is nested more than \(depthLimit) folders deep") }
    for name in names {
      guard name.utf8.count <= 200 else { throw refuse("a part of it is longer than 200 bytes") }
      if name.hasPrefix(".") || name.hasPrefix("-") || name.hasPrefix("~") || name.hasPrefix(" ") {
        throw refuse("a part of it starts with '.', '-', '~' or a space")
      }
      if name.contains(where: { "\\:*?\"<>|".contains($0) }) {
        throw refuse("it has characters that mean something else")
      }
      if name.hasSuffix(".") || name.hasSuffix(" ") { throw refuse("a part of it ends with '.' or a space") }
      let stem = (name.split(separator: ".").first ?? name).lowercased()
      let isPort = stem.count == 4 && (stem.hasPrefix("com") || stem.hasPrefix("lpt")) && stem.last?.isNumber == true
      if devices.contains(stem) || isPort { throw refuse("it names a device on Windows") }
    }
  }

  /// Refuses a set of paths of which two are one file on some disks, or one is the folder of another.
  static func checkTogether(_ paths: [String]) throws(RemoteError) {
    var taken: Set<String> = []
    var folders: Set<String> = []
    for path in paths {
      try check(path)
      guard taken.insert(path.lowercased()).inserted else {
        throw .badFileName(name: path, problem: "another file differs from it only in case")
      }
      var folder = parent(of: path)
      while folder != ".", folder != "/" {
        folders.insert(folder.lowercased())
        folder = parent(of: folder)
      }
    }
    if let both = paths.first(where: { folders.contains($0.lowercased()) }) {
      throw .badFileName(name: both, problem: "it is a file and a folder at once")
    }
  }
}
