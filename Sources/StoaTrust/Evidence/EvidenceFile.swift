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
  /// SHA-256 of the statement, whoever signed it: how certificates and logs name it.
  public let sha256: MerkleHash

  /// What evidence is called: `WHAT.intoto.json`.
  public static let suffix = ".intoto.json"

  /// Reads a statement, in an envelope or bare, and checks its predicate if the type is known.
  public init(path: String) throws(TrustError) {
    try self.init(parsing: readBytes(path), path: path)
  }

  /// Reads the bytes of a statement; `path` names them in messages.
  public init(parsing bytes: [UInt8], path: String) throws(TrustError) {
    self.path = path
    let json = try JSONValue(parsing: bytes, source: path)
    if json["payloadType"] != nil {
      let envelope = try DSSEEnvelope(json: json, source: path)
      self.envelope = envelope
      sha256 = MerkleHash(of: envelope.payload)
      statement = try InTotoStatement(envelope, source: path)
    } else {
      envelope = nil
      sha256 = MerkleHash(of: bytes)
      statement = try InTotoStatement(parsing: bytes, source: path)
    }
    try PredicateType(uri: statement.predicateType)?.check(statement.predicate, source: path)
  }

  /// Where evidence of a model lies, which its signature leaves out: `model.evidence/WHAT.intoto.json` in the folder, or
  /// `FILE.evidence/WHAT.intoto.json` beside a file.
  public static func path(besides model: ModelFolder, named name: String) -> String {
    "\(model.sidecar("evidence"))/\(name)\(suffix)"
  }

  /// The paths of all evidence beside a model, in the order of their names.
  public static func paths(besides model: ModelFolder) -> [String] {
    let folder = model.sidecar("evidence")
    return directoryContents(folder).filter { $0.hasSuffix(suffix) }.map { "\(folder)/\($0)" }
  }

  /// Writes a statement, signed if there is a key, where evidence of a model lies; an older one of the name is replaced.
  package static func write(
    _ statement: InTotoStatement, besides model: ModelFolder, named name: String, key: SigningKey?
  ) throws(TrustError) -> String {
    let path = path(besides: model, named: name)
    try fileErrors { () throws(FormatError) in try DurableFiles.makeFolders(splitPath(path).folder) }
    try write(statement, to: path, key: key)
    return path
  }

  /// Writes a statement, signed if there is a key.
  package static func write(_ statement: InTotoStatement, to path: String, key: SigningKey?) throws(TrustError) {
    guard let key else { return try writeBytes(statement.bytes, to: path) }
    let envelope = try DSSEEnvelope(
      signing: statement.bytes, type: InTotoStatement.payloadType, with: key, keyID: key.publicKey.fingerprint)
    try writeBytes(Array(envelope.json.text().utf8), to: path)
  }
}
