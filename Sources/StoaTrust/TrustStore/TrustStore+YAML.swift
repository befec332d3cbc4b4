import Foundation
import StoaFormats

extension TrustStore {
  private static let keys = [
    "version", "mode", "require", "roots", "keys", "logs", "log_proof", "revocation", "revocation_lists", "thresholds",
    "jurisdictions", "models", "waivers",
  ]
  private static let rootKeys = ["name", "file", "pem", "sha256", "levels"]
  private static let keyKeys = ["name", "file", "pem", "sha256"]
  private static let logKeys = ["key", "origin", "witnesses", "quorum"]
  private static let ruleKeys = ["model", "mode", "require", "thresholds", "jurisdictions"]
  private static let waiverKeys = ["model", "waive", "reason", "expires"]

  /// Reads a trust store and the files that it names.
  public init(path: String) throws(TrustError) { try self.init(parsing: readBytes(path), path: path) }

  /// Reads the YAML of a trust store; paths in it begin at the folder of `path`, which names it in messages.
  public init(parsing bytes: [UInt8], path: String) throws(TrustError) {
    self.init(emptyAt: path)
    let fields = try YAMLFields(parsing: bytes, file: path, place: "the trust store", keys: Self.keys)
    guard try fields.optionalInteger("version", in: 1...1) != nil else { throw fields.missing("version") }
    mode = try Self.mode(fields)
    required = try Self.required(fields) ?? required
    for entry in try fields.list("roots", keys: Self.rootKeys) { roots.append(try root(entry)) }
    for entry in try fields.list("keys", keys: Self.keyKeys) { keys.append(try key(entry)) }
    for entry in try fields.list("logs", keys: Self.logKeys) { logs.append(try Self.log(entry)) }
    isLogProofOptional = try fields.optionalChoice("log_proof", ["required", "optional"]) { $0 == "optional" } ?? false
    let checks = RevocationCheck.allCases.map(\.rawValue)
    revocation = try fields.optionalChoice("revocation", checks, RevocationCheck.init(rawValue:)) ?? .chain
    listPaths = try fields.texts("revocation_lists").map(resolve)
    thresholds = try TrustThreshold.list(fields, "thresholds")
    jurisdictions = try fields.texts("jurisdictions")
    for entry in try fields.list("models", keys: Self.ruleKeys) {
      rules.append(
        Rule(
          model: try Self.model(entry), mode: try Self.mode(entry), required: try Self.required(entry),
          thresholds: try TrustThreshold.list(entry, "thresholds"), jurisdictions: try entry.texts("jurisdictions")))
    }
    for entry in try fields.list("waivers", keys: Self.waiverKeys) { waivers.append(try Self.waiver(entry)) }
  }

  private static func mode(_ fields: YAMLFields) throws(TrustError) -> TrustMode? {
    try fields.optionalChoice("mode", TrustMode.allCases.map(\.rawValue), TrustMode.init(rawValue:))
  }

  private static func required(_ fields: YAMLFields) throws(TrustError) -> RequiredTrust? {
    try fields.optionalChoice("require", RequiredTrust.allCases.map(\.name), RequiredTrust.init(name:))
  }

  private func resolve(_ path: String) -> String {
    path.hasPrefix("/") ? path : splitPath(self.path).folder + path
  }

  // MARK: Entries

  /// The PEM of an entry: in it, or in the file that it names.
  private func pem(_ fields: YAMLFields) throws(TrustError) -> (bytes: [UInt8], source: String) {
    switch (try fields.optionalText("file"), try fields.optionalText("pem")) {
    case (let file?, nil):
      let path = resolve(file)
      do {
        return (try readBytes(path), path)
      } catch {
        throw fields.failure(at: "file", "cannot be read: \(error.description)")
      }
    case (nil, let pem?): return (Array(pem.utf8), path)
    default: throw fields.failure("needs either file or pem", "name a file in PEM, or write its text below pem: |")
    }
  }

  /// Refuses what is not what was agreed to.
  private func check(_ fingerprint: String, _ fields: YAMLFields) throws(TrustError) {
    guard let expected = try fields.optionalText("sha256") else { return }
    guard Self.digits(expected) == fingerprint else {
      throw fields.failure(
        at: "sha256", "is not that of the file, which has \(fingerprint)",
        "find out who changed the file before you correct this line")
    }
  }

  private static func digits(_ fingerprint: String) -> String { fingerprint.lowercased().replacing(":", with: "") }

  private func root(_ fields: YAMLFields) throws(TrustError) -> Root {
    let (bytes, _) = try pem(fields)
    let certificates: [X509Certificate]
    do {
      certificates = try X509Certificate.certificates(pemOrDER: bytes)
    } catch {
      throw fields.failure("has no certificate that can be read: \(error.message)", error.advice)
    }
    guard certificates.count == 1, let certificate = certificates.first else {
      throw fields.failure("has \(certificates.count) certificates", "give each root an entry of its own")
    }
    try check(Hex.encode(certificate.fingerprint), fields)
    var levels: Set<AssuranceLevel>?
    if fields.has("levels") {
      levels = []
      for name in try fields.texts("levels") {
        guard let level = AssuranceLevel(name: name) else {
          let names = AssuranceLevel.allCases.map(\.name)
          let nearest = YAMLFields.nearest(name, in: names).map { "did you mean \($0)? " } ?? ""
          throw fields.failure(
            at: "levels", "has no level \(quoted(name))", nearest + "there are \(names.joined(separator: ", "))")
        }
        levels?.insert(level)
      }
    }
    return Root(
      name: try fields.optionalText("name") ?? certificate.subject.description, certificate: certificate, levels: levels
    )
  }

  private func key(_ fields: YAMLFields) throws(TrustError) -> Key {
    let (bytes, source) = try pem(fields)
    let key: VerificationKey
    do {
      key = try VerificationKey(pem: String(decoding: bytes, as: UTF8.self), source: source)
    } catch {
      throw fields.failure("has no key that can be read: \(error.description)")
    }
    try check(key.fingerprint, fields)
    return Key(name: try fields.optionalText("name") ?? key.fingerprint, key: key)
  }

  private static func log(_ fields: YAMLFields) throws(TrustError) -> LogPolicy {
    do {
      var policy = LogPolicy(log: try NoteVerifier(fields.text("key")), origin: try fields.optionalText("origin"))
      for witness in try fields.texts("witnesses") { policy.witnesses.append(try NoteVerifier(witness)) }
      let names = Set(policy.witnesses.map(\.name))
      policy.quorum = try fields.optionalInteger("quorum", in: 0...1000) ?? 0
      guard policy.quorum <= names.count else {
        throw fields.failure(at: "quorum", "is \(policy.quorum), more than the \(names.count) witnesses")
      }
      return policy
    } catch let error as TrustError {
      throw error
    } catch {
      throw fields.failure("has a key that is none: \(error)")
    }
  }

  private static func model(_ fields: YAMLFields) throws(TrustError) -> String {
    let model = try fields.text("model")
    guard model.hasPrefix(digestPrefix) else { return model }
    guard Hex.decode(String(model.dropFirst(digestPrefix.count)))?.count == 32 else {
      throw fields.failure(at: "model", "is no SHA-256", "write \(digestPrefix) and 64 hexadecimal digits")
    }
    return model.lowercased()
  }

  private static func waiver(_ fields: YAMLFields) throws(TrustError) -> Waiver {
    let states = TrustState.allCases.filter(\.isWaivable).map(\.rawValue)
    guard let state = try fields.optionalChoice("waive", states, TrustState.init(rawValue:)) else {
      throw fields.missing("waive")
    }
    let reason = try fields.text("reason")
    let expires = try fields.date("expires", atEnd: true)
    return Waiver(model: try model(fields), waiver: TrustWaiver(state, reason: reason, expires: expires))
  }
}
