import Foundation
import SwiftASN1

/// The extensions of a certificate that path validation and the profile of models know (RFC 5280, 4.2).
struct CertificateExtensions: Sendable {
  private(set) var keyUsage: KeyUsage?
  private(set) var extendedKeyUsages: [ObjectIdentifier]?
  /// Whether the extended key usage is critical.
  private(set) var demandsUsage = false
  private(set) var basicConstraints: BasicConstraints?
  private(set) var policies: [ObjectIdentifier]?
  private(set) var policyConstraints: PolicyConstraints?
  private(set) var inhibitAnyPolicy: Int?
  private(set) var hasPolicyMappings = false
  private(set) var subjectKeyIdentifier: [UInt8]?
  private(set) var authorityKeyIdentifier: [UInt8]?
  private(set) var uris: [String] = []
  private(set) var hasOCSPNoCheck = false
  /// The list of promises of logs that the certificate is public, not looked at yet.
  private(set) var certificateTimestamps: [UInt8]?
  /// The DER of `AISafetyInfo`, not looked at yet.
  private(set) var safetyInfo: [UInt8]?
  /// Critical extensions that are not understood: such a certificate must not be accepted.
  private(set) var unknownCritical: [ObjectIdentifier] = []

  struct KeyUsage: OptionSet, Sendable {
    let rawValue: UInt16
    static let digitalSignature = KeyUsage(rawValue: 1 << 0)
    static let keyCertSign = KeyUsage(rawValue: 1 << 5)
    static let cRLSign = KeyUsage(rawValue: 1 << 6)
  }

  struct BasicConstraints: Sendable {
    let isAuthority: Bool
    let pathLength: Int?
  }

  struct PolicyConstraints: Sendable {
    let requireExplicitPolicy: Int?
    let inhibitPolicyMapping: Int?
  }

  init(_ node: ASN1Node?) throws(PKIError) {
    guard let node else { return }
    var seen: Set<ObjectIdentifier> = []
    var list = try DERFields(node, "the extensions")
    for entry in try list.rest(limit: 64, { (node) throws(PKIError) in try Entry(node) }) {
      guard seen.insert(entry.type).inserted else {
        throw PKIError(.profile, "the extension \(entry.type) is there twice")
      }
      do {
        try read(entry)
      } catch {
        throw error.within("extension \(entry.type)")
      }
    }
  }

  /// One extension: its type, whether it is critical, and what it holds.
  struct Entry {
    let type: ObjectIdentifier
    let isCritical: Bool
    let value: [UInt8]

    init(_ node: ASN1Node) throws(PKIError) {
      var fields = try DERFields(node, "an extension")
      type = try fields.next("type").objectIdentifier("the type of an extension")
      if let critical = fields.next(if: .boolean) {
        // DER leaves a default value out.
        guard try critical.boolean("critical") else { throw PKIError(.encoding, "extension \(type) writes a default") }
        isCritical = true
      } else {
        isCritical = false
      }
      value = Array(try fields.next("value").octets("the value of an extension"))
      try fields.end()
    }

    func root(_ place: String) throws(PKIError) -> ASN1Node {
      try DERReading.root(value, place, limit: X509Certificate.limit)
    }
  }

  private mutating func read(_ entry: Entry) throws(PKIError) {
    switch entry.type {
    case StandardOIDs.keyUsage: keyUsage = try Self.keyUsage(entry.root("key usage"))
    case StandardOIDs.extendedKeyUsage:
      var list = try DERFields(entry.root("extended key usage"), "extended key usage")
      let usages = try list.rest(limit: 64) { (node) throws(PKIError) in try node.objectIdentifier("a key usage") }
      guard !usages.isEmpty else { throw PKIError(.encoding, "extended key usage is empty") }
      extendedKeyUsages = usages
      demandsUsage = entry.isCritical
    case StandardOIDs.basicConstraints: basicConstraints = try Self.basicConstraints(entry.root("basic constraints"))
    case StandardOIDs.certificatePolicies: policies = try Self.policies(entry.root("certificate policies"))
    case StandardOIDs.policyConstraints: policyConstraints = try Self.policyConstraints(entry.root("constraints"))
    case StandardOIDs.inhibitAnyPolicy:
      inhibitAnyPolicy = try entry.root("inhibit any policy").number("inhibit any policy", through: 1 << 30)
    case StandardOIDs.policyMappings:
      hasPolicyMappings = true
      if entry.isCritical { unknownCritical.append(entry.type) }
    case StandardOIDs.subjectKeyIdentifier:
      subjectKeyIdentifier = Array(try entry.root("key identifier").octets("the key identifier"))
    case StandardOIDs.authorityKeyIdentifier:
      var fields = try DERFields(entry.root("authority key"), "the authority's key identifier")
      authorityKeyIdentifier = try fields.next(if: .context(0)).map { (node) throws(PKIError) in
        Array(try node.octets("the key identifier", as: .context(0)))
      }
    case StandardOIDs.subjectAlternativeName: uris = try Self.uris(entry.root("alternative names"))
    case StandardOIDs.ocspNoCheck: hasOCSPNoCheck = true
    case StandardOIDs.certificateTimestamps: certificateTimestamps = entry.value
    case ModelOIDs.safetyInfo: safetyInfo = entry.value
    default: if entry.isCritical { unknownCritical.append(entry.type) }
    }
  }

  private static func keyUsage(_ node: ASN1Node) throws(PKIError) -> KeyUsage {
    let bits = try node.bits("key usage")
    // A named bit list ends with a one (X.690, 11.2.2).
    guard let last = bits.bytes.last, bits.bytes.count <= 2, last.trailingZeroBitCount == bits.paddingBits else {
      throw PKIError(.encoding, "key usage is empty or not in its shortest form")
    }
    var usage: UInt16 = 0
    for (index, byte) in bits.bytes.enumerated() {
      for bit in 0..<8 where byte & (0x80 >> UInt8(bit)) != 0 { usage |= 1 << UInt16(index * 8 + bit) }
    }
    return KeyUsage(rawValue: usage)
  }

  private static func basicConstraints(_ node: ASN1Node) throws(PKIError) -> BasicConstraints {
    var fields = try DERFields(node, "basic constraints")
    let isAuthority = try fields.next(if: .boolean).map { (node) throws(PKIError) in try node.boolean("cA") }
    guard isAuthority != false else { throw PKIError(.encoding, "basic constraints write a default") }
    let length = try fields.next(if: .integer).map { (node) throws(PKIError) in
      try node.number("the path length", through: 1 << 30)
    }
    try fields.end()
    guard length == nil || isAuthority == true else { throw PKIError(.profile, "a path length without an authority") }
    return BasicConstraints(isAuthority: isAuthority ?? false, pathLength: length)
  }

  private static func policies(_ node: ASN1Node) throws(PKIError) -> [ObjectIdentifier] {
    var list = try DERFields(node, "certificate policies")
    let policies = try list.rest(limit: 64) { (node) throws(PKIError) in
      var fields = try DERFields(node, "a certificate policy")
      return try fields.next("identifier").objectIdentifier("a certificate policy")
    }
    guard !policies.isEmpty, Set(policies).count == policies.count else {
      throw PKIError(.profile, "certificate policies are empty or name one twice")
    }
    return policies
  }

  private static func policyConstraints(_ node: ASN1Node) throws(PKIError) -> PolicyConstraints {
    var fields = try DERFields(node, "policy constraints")
    let counts = try [UInt(0), 1].map { (tag) throws(PKIError) in
      try fields.next(if: .context(tag)).map { (node) throws(PKIError) in
        try node.number("policy constraints", through: 1 << 30, as: .context(tag))
      }
    }
    try fields.end()
    guard counts[0] != nil || counts[1] != nil else { throw PKIError(.profile, "policy constraints are empty") }
    return PolicyConstraints(requireExplicitPolicy: counts[0], inhibitPolicyMapping: counts[1])
  }

  /// The URIs among the names; others are left out.
  private static func uris(_ node: ASN1Node) throws(PKIError) -> [String] {
    var list = try DERFields(node, "alternative names")
    let names = try list.rest(limit: 256) { (node) throws(PKIError) in node }
    guard !names.isEmpty else { throw PKIError(.encoding, "alternative names are empty") }
    var uris: [String] = []
    for name in names where name.identifier == .context(6) {
      let bytes = try name.octets("a URI", as: .context(6))
      guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }), bytes.count <= 2048 else {
        throw PKIError(.encoding, "a URI among the alternative names is not printable ASCII")
      }
      uris.append(String(decoding: bytes, as: UTF8.self))
    }
    return uris
  }
}
