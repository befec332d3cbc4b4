public import Foundation
public import Testing

/// Reference data that lies outside the repository, and the record of which tests used it.
public enum OracleData {
  /// The folder named by `STOA_TEST_DATA`, by default `../shared/data` beside the repository.
  public static var root: URL {
    if let path = ProcessInfo.processInfo.environment["STOA_TEST_DATA"] {
      return URL(fileURLWithPath: path, isDirectory: true)
    }
    return repository.deletingLastPathComponent().appendingPathComponent("shared/data", isDirectory: true)
  }

  /// The root of this repository.
  public static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The path of a file or folder in the reference data.
  public static func path(_ relative: String) -> String { root.appendingPathComponent(relative).path }

  /// The path of a file or folder under `Tests/Fixtures`.
  public static func fixture(_ relative: String) -> String {
    repository.appendingPathComponent("Tests/Fixtures").appendingPathComponent(relative).path
  }

  /// Whether the data is there; writes `run` or `skip` with the name to `STOA_ORACLE_LOG`, from which `./test` counts.
  static func require(_ relative: String, _ test: String) -> Bool {
    let available = FileManager.default.fileExists(atPath: path(relative))
    guard let log = ProcessInfo.processInfo.environment["STOA_ORACLE_LOG"] else { return available }
    let line = "\(available ? "run" : "skip") \(test)\n"
    // One write in append mode, so that tests running in parallel do not overwrite each other's lines.
    if let stream = unsafe fopen(log, "a") {
      unsafe fputs(line, stream)
      unsafe fclose(stream)
    }
    return available
  }
}

extension Trait where Self == ConditionTrait {
  /// Marks an oracle test: it runs when `relative` exists in the reference data, and is counted either way.
  public static func oracle(_ relative: String, file: String = #fileID, line: Int = #line) -> Self {
    .enabled("needs reference data: \(relative)") { OracleData.require(relative, "\(file):\(line) \(relative)") }
  }
}
