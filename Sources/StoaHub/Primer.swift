import Foundation

/// Finds the bundled model.
public enum Primer {
  static let fileName = "primer-q8_0.gguf"

  /// The path of the bundled model: `$STOA_PRIMER`; else installed beside the program as `../share/stoa/`; else in the
  /// source folder that the program was built in, found by walking up from the program's real path.
  public static func find(
    environment: [String: String] = StoaHome.environment, executable: String? = executablePath()
  ) throws(HubError) -> String {
    // Who names a path wants that file, or to hear that it is not there.
    if let path = environment["STOA_PRIMER"], !path.isEmpty {
      guard FileManager.default.fileExists(atPath: path) else { throw .primerMissing(searched: [path]) }
      return path
    }
    var searched: [String] = []
    if let executable {
      var folder = parent(of: executable)
      searched.append(parent(of: folder) + "/share/stoa/" + fileName)
      while folder != "/" && folder != "." && searched.count < 24 {
        searched.append((folder == "/" ? "" : folder) + "/models/primer/" + fileName)
        folder = parent(of: folder)
      }
      if let found = searched.first(where: { FileManager.default.fileExists(atPath: $0) }) { return found }
    }
    throw .primerMissing(searched: Array(searched.prefix(2)))
  }

  /// The real path of the running program.
  public static func executablePath() -> String? {
    #if os(Linux)
      return try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    #else
      return Bundle.main.executableURL?.resolvingSymlinksInPath().path
    #endif
  }
}
