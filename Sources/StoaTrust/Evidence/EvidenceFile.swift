import Foundation
import StoaFormats

/// A statement beside a model, signed or not.
public struct EvidenceFile: Sendable, Equatable {
  /// Where it lies.
  public let path: String
  /// What it says.
  public let statement: InTotoStatement
  /// The envelope it came in; nil when nobody has signed it.
  public let envelope: DSSEEnvelope?
  /// SHA-256 of the file.
  public let sha256: MerkleHash

  /// What evidence beside a model `NAME` is called: `NAME.WHAT.intoto.json`.
  public static let suffix = ".intoto.json"

  /// Reads a statement, in an envelope or bare, and checks its predicate if the type is known.
  public init(path: String) throws(TrustError) {
    try self.init(parsing: readBytes(path), path: path)
  }

  /// Reads the bytes of a statement; `path` names them in messages.
  public init(parsing bytes: [UInt8], path: String) throws(TrustError) {
    self.path = path
    sha256 = MerkleHash(of: bytes)
    let json = try JSONValue(parsing: bytes, source: path)
    if json["payloadType"] != nil {
      let envelope = try DSSEEnvelope(json: json, source: path)
      self.envelope = envelope
      statement = try InTotoStatement(envelope, source: path)
    } else {
      envelope = nil
      statement = try InTotoStatement(parsing: bytes, source: path)
    }
    try PredicateType(uri: statement.predicateType)?.check(statement.predicate, source: path)
  }

  /// Where evidence of a model lies: beside its file or folder, never in it, for the folder is what is signed.
  public static func path(besides model: String, named name: String) -> String {
    trimmed(model) + "." + name + suffix
  }

  /// The paths of all evidence beside a model, in the order of their names.
  public static func paths(besides model: String) -> [String] {
    let (folder, name) = splitPath(trimmed(model))
    return directoryContents(folder.isEmpty ? "." : folder)
      .filter {
        $0.hasPrefix(name + ".") && $0.hasSuffix(suffix) && $0.utf8.count > name.utf8.count + suffix.utf8.count
      }
      .map { folder + $0 }
  }

  private static func trimmed(_ path: String) -> String {
    var path = path
    while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }
}
