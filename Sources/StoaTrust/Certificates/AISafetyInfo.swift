import SwiftASN1

/// What a certificate says about a model: the extension `AISafetyInfo` (ASN.1 module in `docs/OIDS.md`).
public struct AISafetyInfo: Hashable, Sendable {
  /// D: the root digest of the model's manifest, 32 bytes.
  public var omsRoot: [UInt8]
  /// M: SHA-256 of the statement's bytes, 32 bytes; unlike D it binds the names of the files.
  public var omsManifest: [UInt8]
  /// The signed statements that were looked at.
  public var evidence: [Evidence]
  /// Who examined it.
  public var assurance: Assurance
  /// How open it is.
  public var openness: Openness
  /// SPDX licence expression.
  public var licence: String
  /// What guard packs found for regions of law.
  public var jurisdictions: [Jurisdiction]
  /// What it was derived from.
  public var lineage: [Ancestor]

  /// A signed statement by its type and the digest of its envelope's payload.
  public struct Evidence: Hashable, Sendable {
    /// The predicate type of the statement, a URI.
    public var predicateType: String
    /// SHA-256 of the statement, 32 bytes.
    public var sha256: [UInt8]
  }

  /// Who examined the model.
  public enum Assurance: Int, Sendable, CaseIterable {
    /// Its publisher.
    case publisher = 0
    /// An assessor that is not the publisher.
    case thirdParty = 1
    /// The issuer too, by running a part of it again.
    case reproduced = 2
  }

  /// Openness by a named framework.
  public struct Openness: Hashable, Sendable {
    /// The framework and its version, such as `MOF-1.0`.
    public var framework: String
    /// 0 is not classified; 1 is the most open of the Model Openness Framework, 3 the least.
    public var openClass: Int
    /// Whether it fulfils the Open Source AI Definition.
    public var isOSAID: Bool
  }

  /// What a guard pack found for a region.
  public struct Jurisdiction: Hashable, Sendable {
    /// ISO 3166 code, or `EU`.
    public var region: String
    /// The pack's name and version.
    public var packID: String
    /// SHA-256 of the pack, 32 bytes.
    public var packSHA256: [UInt8]
    /// The result.
    public var verdict: Verdict

    /// The result of a pack.
    public enum Verdict: Int, Sendable, CaseIterable {
      /// All its rules are kept.
      case met = 0
      /// Some are.
      case partly = 1
      /// They are not kept.
      case unmet = 2
    }
  }

  /// A model that this one was made from.
  public struct Ancestor: Hashable, Sendable {
    /// How, such as `quantized`.
    public var relation: String
    /// D of the base, 32 bytes.
    public var baseRoot: [UInt8]
    /// SHA-256 of the base's certificate, 32 bytes, if it has one.
    public var baseCertificateSHA256: [UInt8]?
  }
}

extension AISafetyInfo {
  /// The largest extension that is read.
  static let limit = 65_536
  private static let entries = 256
  private static let version = 1

  /// Reads DER, strictly: what this type would not write in the same bytes is refused.
  public init(der: some Collection<UInt8>) throws(PKIError) {
    let place = "AISafetyInfo"
    let root = try DERReading.root(der, place, limit: Self.limit)
    var fields = try DERFields(root, place)
    let version = try fields.next("version").number("\(place).version", through: 1 << 30)
    guard version == Self.version else { throw PKIError(.profile, "\(place) has version \(version), not 1") }
    omsRoot = try fields.next("omsRoot").digest("\(place).omsRoot")
    omsManifest = try fields.next("omsManifest").digest("\(place).omsManifest")
    var list = try DERFields(fields.next("evidence"), "\(place).evidence")
    evidence = try list.rest(limit: Self.entries) { (node) throws(PKIError) in try Evidence(node) }
    assurance = try fields.next("assurance").choice("\(place).assurance")
    openness = try Openness(fields.next("openness"))
    licence = try fields.next("licence").text("\(place).licence", limit: 1024)
    list = try DERFields(fields.next("jurisdictions"), "\(place).jurisdictions")
    jurisdictions = try list.rest(limit: Self.entries) { (node) throws(PKIError) in try Jurisdiction(node) }
    list = try DERFields(fields.next("lineage"), "\(place).lineage")
    lineage = try list.rest(limit: Self.entries) { (node) throws(PKIError) in try Ancestor(node) }
    try fields.end()
  }

  /// The DER encoding; throws when a value is not one that a reader accepts.
  public func der() throws(PKIError) -> [UInt8] {
    var coder = DER.Serializer()
    coder.write { coder in
      coder.write(number: Self.version)
      coder.write(octets: omsRoot)
      coder.write(octets: omsManifest)
      coder.write { coder in evidence.forEach { $0.write(into: &coder) } }
      coder.write(number: assurance.rawValue, as: .enumerated)
      openness.write(into: &coder)
      coder.write(text: licence)
      coder.write { coder in jurisdictions.forEach { $0.write(into: &coder) } }
      coder.write { coder in lineage.forEach { $0.write(into: &coder) } }
    }
    // The reader is the one place that knows the rules.
    guard try AISafetyInfo(der: coder.serializedBytes) == self else {
      throw PKIError(.encoding, "AISafetyInfo is not read as it was written")
    }
    return coder.serializedBytes
  }
}

extension ASN1Node {
  fileprivate func choice<T: RawRepresentable<Int>>(_ place: String) throws(PKIError) -> T {
    let number = try number(place, through: 1 << 30, as: .enumerated)
    guard let value = T(rawValue: number) else {
      throw PKIError(.profile, "\(place) is \(number), which has no meaning")
    }
    return value
  }
}

extension AISafetyInfo.Evidence {
  fileprivate init(_ node: ASN1Node) throws(PKIError) {
    let place = "AISafetyInfo.evidence"
    var fields = try DERFields(node, place)
    predicateType = try fields.next("predicateType").text("\(place).predicateType", limit: 512)
    sha256 = try fields.next("sha256").digest("\(place).sha256")
    try fields.end()
  }

  fileprivate func write(into coder: inout DER.Serializer) {
    coder.write { coder in
      coder.write(text: predicateType)
      coder.write(octets: sha256)
    }
  }
}

extension AISafetyInfo.Openness {
  fileprivate init(_ node: ASN1Node) throws(PKIError) {
    let place = "AISafetyInfo.openness"
    var fields = try DERFields(node, place)
    framework = try fields.next("framework").text("\(place).framework", limit: 128)
    openClass = try fields.next("class").number("\(place).class", through: 3)
    isOSAID = try fields.next("osaid").boolean("\(place).osaid")
    try fields.end()
  }

  fileprivate func write(into coder: inout DER.Serializer) {
    coder.write { coder in
      coder.write(text: framework)
      coder.write(number: max(0, openClass))
      coder.write(boolean: isOSAID)
    }
  }
}

extension AISafetyInfo.Jurisdiction {
  fileprivate init(_ node: ASN1Node) throws(PKIError) {
    let place = "AISafetyInfo.jurisdictions"
    var fields = try DERFields(node, place)
    region = try fields.next("region").text("\(place).region", limit: 16)
    packID = try fields.next("packId").text("\(place).packId", limit: 128)
    packSHA256 = try fields.next("packSha256").digest("\(place).packSha256")
    verdict = try fields.next("verdict").choice("\(place).verdict")
    try fields.end()
  }

  fileprivate func write(into coder: inout DER.Serializer) {
    coder.write { coder in
      coder.write(text: region)
      coder.write(text: packID)
      coder.write(octets: packSHA256)
      coder.write(number: verdict.rawValue, as: .enumerated)
    }
  }
}

extension AISafetyInfo.Ancestor {
  fileprivate init(_ node: ASN1Node) throws(PKIError) {
    let place = "AISafetyInfo.lineage"
    var fields = try DERFields(node, place)
    relation = try fields.next("relation").text("\(place).relation", limit: 64)
    baseRoot = try fields.next("baseRoot").digest("\(place).baseRoot")
    baseCertificateSHA256 = try fields.next(if: .context(0)).map { (node) throws(PKIError) in
      try node.digest("\(place).baseCertSha256", as: .context(0))
    }
    try fields.end()
  }

  fileprivate func write(into coder: inout DER.Serializer) {
    coder.write { coder in
      coder.write(text: relation)
      coder.write(octets: baseRoot)
      if let baseCertificateSHA256 { coder.write(octets: baseCertificateSHA256, as: .context(0)) }
    }
  }
}
