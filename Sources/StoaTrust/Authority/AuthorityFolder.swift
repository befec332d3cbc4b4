public import Foundation
import StoaFormats

/// A certificate authority in a folder: a root whose key can be kept elsewhere, and an authority for each level.
///
/// `root.pem`, `root.key`, `LEVEL.pem`, `LEVEL.key`, `levels.yaml`, `issued/SERIAL.pem`, `crl.pem`, `index.jsonl`.
public struct AuthorityFolder: Sendable {
  /// Where it lies.
  public let path: String
  /// The rules of its levels.
  public let rules: LevelRules

  private static let rootDays = 3650
  private static let authorityDays = 1095
  static let root = "root"

  private func file(_ name: String) -> String { "\(path)/\(name)" }
  private var indexPath: String { file("index.jsonl") }
  /// The current revocation lists of all its authorities.
  public var listsPath: String { file("crl.pem") }
  /// The root's certificate.
  public var rootPath: String { file("root.pem") }

  /// Opens a folder that `create` made.
  public init(path: String) throws(TrustError) {
    guard exists("\(path)/root.pem") else {
      throw .malformed(
        source: path, problem: "this is not the folder of an authority", advice: "stoa ca init makes one")
    }
    self.path = path
    rules = try LevelRules(parsing: readBytes("\(path)/levels.yaml"), file: "\(path)/levels.yaml")
  }

  private init(path: String, rules: LevelRules) {
    self.path = path
    self.rules = rules
  }

  /// Makes the root, an authority for each level, and their first revocation lists.
  ///
  /// - Parameter password: Encrypts the root's key; nil leaves it readable for whoever can read the folder.
  public static func create(
    path: String, organization: String, password: String?, time: Date
  ) throws -> AuthorityFolder {
    guard !exists("\(path)/root.pem"), !exists("\(path)/root.key") else {
      throw TrustError.malformed(
        source: path, problem: "there is an authority already", advice: "choose another folder; keys are never replaced"
      )
    }
    let folder = AuthorityFolder(path: path, rules: .standard())
    try DurableFiles.makeFolders("\(path)/issued")
    let rootKey = SigningKey(generating: .p384)
    let rootName = try DistinguishedName(organization: organization, commonName: "Model root")
    let root = try CertificateBuilder.root(subject: rootName, key: rootKey.publicKey, from: time, days: rootDays)
      .signed(by: rootKey, issuer: nil)
    try DurableFiles.writeSecret(rootKey.pem(password: password), to: folder.file("root.key"))
    try AuthorityIndex.locked(path: folder.indexPath) { index in
      for level in AssuranceLevel.allCases {
        let key = SigningKey(generating: .p384)
        let name = try DistinguishedName(organization: organization, commonName: "Models \(level.name)")
        let certificate = try CertificateBuilder.authority(
          subject: name, key: key.publicKey, level: level, from: time, days: authorityDays
        ).signed(by: rootKey, issuer: root)
        try DurableFiles.writeSecret(key.pem(), to: folder.file("\(level.name).key"))
        try index.append(.issued(folder.entry(certificate, issuer: Self.root, model: nil, time: time)))
        try writeBytes(Array(certificate.pem.utf8), to: folder.file("\(level.name).pem"))
      }
    }
    try writeBytes(Array(LevelRules.standardText.utf8), to: folder.file("levels.yaml"))
    // The folder counts as an authority from here on.
    try writeBytes(Array(root.pem.utf8), to: folder.rootPath)
    _ = try folder.publishLists(rootKey: rootKey, time: time)
    return folder
  }

  private func entry(
    _ certificate: X509Certificate, issuer: String, model: [UInt8]?, time: Date
  ) -> AuthorityIndex.Issued {
    .init(
      serial: PKISerial.text(certificate.serial), issuer: issuer, subject: certificate.subject.description,
      model: model.map(Hex.encode), fingerprint: Hex.encode(certificate.fingerprint), notAfter: certificate.notAfter,
      time: time)
  }

  private func certificate(_ issuer: String) throws -> X509Certificate {
    try X509Certificate.certificates(path: file("\(issuer).pem"))[0]
  }

  /// The certificate of the root.
  public func rootCertificate() throws -> X509Certificate { try certificate(Self.root) }

  private func key(_ issuer: String) throws -> SigningKey { try SigningKey(pemFile: file("\(issuer).key")) }

  // MARK: Issuing

  /// A certificate that was issued, and the authority above it: what goes into a signature.
  public struct IssuedCertificate: Sendable {
    /// The leaf.
    public let leaf: X509Certificate
    /// The authority that issued it.
    public let authority: X509Certificate
    /// Where the folder keeps it.
    public let path: String
    /// Both as PEM, the leaf first.
    public var pem: String { leaf.pem + authority.pem }
  }

  /// Certifies a model, or throws all that is missing for it.
  public func issue(_ request: IssuanceRequest, days: Int? = nil, time: Date) throws -> IssuedCertificate {
    let level = request.level
    guard let rules = rules.levels[level] else {
      throw PKIError(.refused, "the rules say nothing about \(level.name)", advice: "see \(file("levels.yaml"))")
    }
    let info = try Issuance(request: request, rules: rules, time: time).examine()
    let name = try DistinguishedName(organization: request.organization, commonName: request.name)
    return try issue(
      info, level: level, subject: name, key: request.key, days: min(days ?? rules.days, rules.days), time)
  }

  private func issue(
    _ info: AISafetyInfo, level: AssuranceLevel, subject: DistinguishedName, key: VerificationKey, days: Int,
    _ time: Date
  ) throws -> IssuedCertificate {
    let authority = try certificate(level.name)
    let builder = try CertificateBuilder.leaf(
      subject: subject, key: key, level: level, info: info, from: time, days: days)
    guard time >= authority.notBefore, builder.notAfter <= authority.notAfter else {
      throw PKIError(
        .refused,
        "the authority for \(level.name) is valid until \(PKITime.text(authority.notAfter)), shorter than this",
        advice: "make a new authority, or certify for fewer days")
    }
    let leaf = try builder.signed(by: self.key(level.name), issuer: authority)
    let path = file("issued/\(PKISerial.text(leaf.serial)).pem")
    try AuthorityIndex.locked(path: indexPath) { index in
      // Written down before anybody can have it: what is not in the index cannot be revoked.
      try index.append(.issued(entry(leaf, issuer: level.name, model: info.omsRoot, time: time)))
    }
    try writeBytes(Array((leaf.pem + authority.pem).utf8), to: path)
    return IssuedCertificate(leaf: leaf, authority: authority, path: path)
  }

  /// Certifies the same model and key once more, by evidence that is good enough now.
  public func renew(
    _ old: X509Certificate, evidence: [EvidenceFile], assessors: [VerificationKey], days: Int? = nil, time: Date
  ) throws -> IssuedCertificate {
    let entry = try issuedEntry(of: old)
    if try index().revoked.contains(where: { $0.serial == entry.serial && $0.issuer == entry.issuer }) {
      throw PKIError(.refused, "the certificate \(entry.serial) was revoked", advice: "certify the model anew")
    }
    guard let level = AssuranceLevel(name: entry.issuer), let der = old.extensions.safetyInfo,
      let rules = rules.levels[level]
    else { throw PKIError(.refused, "\(old.subject) is not the certificate of a model") }
    let info = try AISafetyInfo(der: der)
    var request = IssuanceRequest(
      level: level, rootDigest: info.omsRoot, statementDigest: info.omsManifest, key: old.publicKey,
      organization: "", name: old.subject.commonName ?? "the model")
    request.licence = info.licence
    request.evidence = evidence
    request.assessors = assessors
    var renewed = try Issuance(request: request, rules: rules, time: time).examine()
    for index in renewed.lineage.indices where renewed.lineage[index].baseCertificateSHA256 == nil {
      let known = info.lineage.first { $0.baseRoot == renewed.lineage[index].baseRoot }
      renewed.lineage[index].baseCertificateSHA256 = known?.baseCertificateSHA256
    }
    return try issue(
      renewed, level: level, subject: old.subject, key: old.publicKey, days: min(days ?? rules.days, rules.days), time)
  }

  // MARK: Revoking

  func index() throws -> AuthorityIndex { try AuthorityIndex.locked(path: indexPath) { $0.contents } }

  private func issuedEntry(of certificate: X509Certificate) throws -> AuthorityIndex.Issued {
    let fingerprint = Hex.encode(certificate.fingerprint)
    guard let entry = try index().issued.first(where: { $0.fingerprint == fingerprint }) else {
      throw PKIError(.refused, "this authority did not issue the certificate of \(certificate.subject)")
    }
    return entry
  }

  /// Writes down that a certificate, given by its serial number in hexadecimal, is revoked.
  public func revoke(serial: String, reason: RevocationReason, time: Date) throws {
    let wanted = serial.uppercased().replacing(":", with: "")
    try AuthorityIndex.locked(path: indexPath) { index in
      guard let entry = index.contents.issued.first(where: { $0.serial == wanted }) else {
        throw PKIError(
          .refused, "this authority issued no certificate with the serial number \(serial)",
          advice: "stoa ca list shows all")
      }
      guard !index.contents.revoked.contains(where: { $0.serial == wanted && $0.issuer == entry.issuer }) else {
        throw PKIError(.refused, "the certificate \(wanted) is revoked already")
      }
      try index.append(.revoked(.init(serial: wanted, issuer: entry.issuer, reason: reason, time: time)))
    }
  }

  // MARK: Revocation lists

  /// How long lists are good: those of the levels, which change, and that of the root, whose key is kept elsewhere.
  public struct ListDays: Sendable {
    /// For the authorities of the levels.
    public var levels = 7
    /// For the root.
    public var root = 180

    /// A week, and half a year.
    public init() {}
  }

  /// Signs new lists of all authorities and writes them into `crl.pem`.
  ///
  /// - Parameter rootKey: Nil keeps the root's list as it is: its key need not be at hand each week.
  /// - Returns: The lists, the root's last.
  public func publishLists(rootKey: SigningKey?, days: ListDays = ListDays(), time: Date) throws -> [RevocationList] {
    var lists: [RevocationList] = []
    for level in AssuranceLevel.allCases {
      lists.append(try list(level.name, key: key(level.name), days: days.levels, time: time))
    }
    if let rootKey {
      lists.append(try list(Self.root, key: rootKey, days: days.root, time: time))
    } else {
      let root = try rootCertificate()
      lists += try currentLists().filter { $0.issuer == root.subject }
    }
    try writeBytes(Array(lists.map(\.pem).joined().utf8), to: listsPath)
    return lists
  }

  private func currentLists() throws -> [RevocationList] {
    exists(listsPath) ? try RevocationList.lists(path: listsPath) : []
  }

  private func list(_ issuer: String, key: SigningKey, days: Int, time: Date) throws -> RevocationList {
    let certificate = try certificate(issuer)
    return try AuthorityIndex.locked(path: indexPath) { index in
      let number = index.contents.nextNumber(of: issuer)
      // A number is never used twice, also when what follows fails.
      try index.append(.listed(.init(issuer: issuer, number: number, time: time)))
      let start = Date(timeIntervalSince1970: time.timeIntervalSince1970.rounded(.down))
      return try RevocationListBuilder(
        issuer: certificate, thisUpdate: start, nextUpdate: start + Double(days) * 86_400, number: number,
        entries: index.contents.revocations(by: issuer, at: time)
      ).signed(by: key)
    }
  }

  /// The root's key, in the folder or where it is kept; nil when it is not in the folder, or is encrypted there and
  /// nobody gave a password.
  public func rootKey(
    at other: String? = nil, password: () throws(TrustError) -> String?
  ) throws(TrustError) -> SigningKey? {
    if let other { return try SigningKey(pemFile: other, password: password) }
    let path = file("root.key")
    guard exists(path) else { return nil }
    let (text, password) = (try readText(path), try password())
    guard password != nil || !text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") else { return nil }
    return try SigningKey(pem: text, source: path) { () throws(TrustError) in password }
  }

  /// A line of `stoa ca list`.
  public struct Entry: Sendable {
    /// The serial number in hexadecimal.
    public let serial: String
    /// `root`, or the level.
    public let issuer: String
    /// The subject.
    public let subject: String
    /// D in hexadecimal; nil for an authority.
    public let model: String?
    /// The last moment it is valid.
    public let notAfter: Date
    /// That it was revoked.
    public let revocation: Revocation?
  }

  /// All certificates that were issued.
  public func entries() throws -> [Entry] {
    let index = try index()
    return index.issued.map { entry in
      let revoked = index.revoked.first { $0.serial == entry.serial && $0.issuer == entry.issuer }
      return Entry(
        serial: entry.serial, issuer: entry.issuer, subject: entry.subject, model: entry.model,
        notAfter: entry.notAfter, revocation: revoked.map { Revocation(time: $0.time, reason: $0.reason) })
    }
  }
}
