import Foundation
import SwiftASN1

extension SignatureScheme {
  /// What keys of that kind sign with.
  init(signing key: VerificationKey) throws(PKIError) {
    switch key.kind {
    case .p256: self = .ecdsaWithSHA256
    case .p384: self = .ecdsaWithSHA384
    case .p521: self = .ecdsaWithSHA512
    case .ed25519: self = .ed25519
    case .rsa: throw PKIError(.refused, "RSA keys sign nothing here", advice: "use P-256, P-384 or Ed25519")
    }
  }

  /// Signs the body that `write` makes: SEQUENCE { body, algorithm, signature }.
  static func signed(
    by key: SigningKey, _ write: (inout DER.Serializer, SignatureScheme) -> Void
  ) throws(PKIError) -> [UInt8] {
    let scheme = try SignatureScheme(signing: key.publicKey)
    var body = DER.Serializer()
    write(&body, scheme)
    let signature: [UInt8]
    do {
      signature = try key.sign(body.serializedBytes)
    } catch {
      throw PKIError(.signature, error.description)
    }
    var coder = DER.Serializer()
    coder.write { coder in
      coder.serializeRawBytes(body.serializedBytes)
      scheme.write(into: &coder)
      coder.write(bits: signature)
    }
    return coder.serializedBytes
  }
}

/// Makes certificates of the profile in `docs/OIDS.md`: a root, an authority for each level, leaves for models.
struct CertificateBuilder {
  var serial = PKISerial.random()
  let subject: DistinguishedName
  let key: VerificationKey
  let notBefore: Date
  /// The last moment, inclusive.
  let notAfter: Date
  /// Extensions in their order; what `write` adds goes before the identifiers of keys.
  private let write: (inout DER.Serializer) -> Void

  private init(
    subject: DistinguishedName, key: VerificationKey, from start: Date, days: Int,
    extensions: @escaping (inout DER.Serializer) -> Void
  ) {
    self.subject = subject
    self.key = key
    notBefore = Date(timeIntervalSince1970: start.timeIntervalSince1970.rounded(.down))
    notAfter = notBefore + Double(days) * 86_400 - 1
    write = extensions
  }

  /// A root: it signs authorities and its list of those it revoked.
  static func root(
    subject: DistinguishedName, key: VerificationKey, from start: Date, days: Int
  ) -> CertificateBuilder {
    CertificateBuilder(subject: subject, key: key, from: start, days: days) { coder in
      writeAuthority(into: &coder, pathLength: 1)
    }
  }

  /// An authority that issues leaves of one level and nothing else.
  static func authority(
    subject: DistinguishedName, key: VerificationKey, level: AssuranceLevel, from start: Date, days: Int
  ) -> CertificateBuilder {
    CertificateBuilder(subject: subject, key: key, from: start, days: days) { coder in
      writeAuthority(into: &coder, pathLength: 0)
      write(policy: level.policy, into: &coder)
    }
  }

  /// A leaf: the key that signs a model, bound to the model's digest and to what was examined.
  static func leaf(
    subject: DistinguishedName, key: VerificationKey, level: AssuranceLevel, info: AISafetyInfo, from start: Date,
    days: Int
  ) throws(PKIError) -> CertificateBuilder {
    guard key.kind == .p256 else {
      throw PKIError(
        .profile, "the key is \(key.kind.rawValue), and certificates of models are for P-256",
        advice: "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out KEY makes one")
    }
    let safetyInfo = try info.der()
    return CertificateBuilder(subject: subject, key: key, from: start, days: days) { coder in
      coder.write(extension: StandardOIDs.keyUsage, critical: true) { $0.write(keyUsage: .digitalSignature) }
      coder.write(extension: StandardOIDs.extendedKeyUsage) { coder in
        coder.write { $0.write(ModelOIDs.modelSigning) }
      }
      write(policy: level.policy, into: &coder)
      coder.write(extension: StandardOIDs.subjectAlternativeName) { coder in
        coder.write { $0.write(text: ModelURI.text(info.omsRoot), as: .context(6)) }
      }
      // Not critical: openssl and `model_signing` would refuse what they do not know.
      coder.write(extension: ModelOIDs.safetyInfo, der: safetyInfo)
    }
  }

  private static func writeAuthority(into coder: inout DER.Serializer, pathLength: Int) {
    coder.write(extension: StandardOIDs.basicConstraints, critical: true) { coder in
      coder.write { coder in
        coder.write(boolean: true)
        coder.write(number: pathLength)
      }
    }
    coder.write(extension: StandardOIDs.keyUsage, critical: true) { $0.write(keyUsage: [.keyCertSign, .cRLSign]) }
  }

  private static func write(policy: ObjectIdentifier, into coder: inout DER.Serializer) {
    coder.write(extension: StandardOIDs.certificatePolicies) { coder in
      coder.write { $0.write { $0.write(policy) } }
    }
  }

  /// The certificate, signed by the key of `issuer`; nil for the subject itself.
  func signed(by signer: SigningKey, issuer: X509Certificate?) throws(PKIError) -> X509Certificate {
    guard issuer == nil || issuer?.key.key == signer.publicKey else {
      throw PKIError(.refused, "the key is not that of \(issuer?.subject.description ?? "")")
    }
    let subjectKey = try SubjectKey(key)
    let signerKey = try SubjectKey(signer.publicKey)
    let issuerKey = issuer?.extensions.subjectKeyIdentifier ?? signerKey.identifier
    let der = try SignatureScheme.signed(by: signer) { (coder, scheme) in
      coder.write { coder in
        coder.write(explicit: 0) { $0.write(number: 2) }
        coder.write(positive: serial)
        scheme.write(into: &coder)
        coder.serializeRawBytes((issuer?.subject ?? subject).der)
        coder.write { coder in
          coder.write(time: notBefore)
          coder.write(time: notAfter)
        }
        coder.serializeRawBytes(subject.der)
        coder.serializeRawBytes(key.der)
        coder.write(explicit: 3) { coder in
          coder.write { coder in
            write(&coder)
            coder.write(extension: StandardOIDs.subjectKeyIdentifier) { $0.write(octets: subjectKey.identifier) }
            coder.write(extension: StandardOIDs.authorityKeyIdentifier) { coder in
              coder.write { $0.write(octets: issuerKey, as: .context(0)) }
            }
          }
        }
      }
    }
    return try X509Certificate(der: der)
  }
}

/// The name of a model in its certificate: `urn:oms:sha256:` and D in hexadecimal.
enum ModelURI {
  private static let prefix = "urn:oms:sha256:"

  static func text(_ digest: [UInt8]) -> String { prefix + Hex.encode(digest) }

  /// D, when the URI is one of a model.
  static func digest(_ uri: String) -> [UInt8]? {
    guard uri.hasPrefix(prefix), let digest = Hex.decode(String(uri.dropFirst(prefix.count))), digest.count == 32
    else { return nil }
    return digest
  }
}

/// A list that an authority is about to sign.
struct RevocationListBuilder {
  let issuer: X509Certificate
  let thisUpdate: Date
  let nextUpdate: Date
  let number: Int
  let entries: [[UInt8]: Revocation]

  func signed(by key: SigningKey) throws(PKIError) -> RevocationList {
    guard issuer.key.key == key.publicKey else { throw PKIError(.refused, "the key is not that of \(issuer.subject)") }
    let issuerKey = issuer.extensions.subjectKeyIdentifier ?? issuer.key.identifier
    let der = try SignatureScheme.signed(by: key) { (coder, scheme) in
      coder.write { coder in
        coder.write(number: 1)
        scheme.write(into: &coder)
        coder.serializeRawBytes(issuer.subject.der)
        coder.write(time: thisUpdate)
        coder.write(time: nextUpdate)
        // No revoked certificates: the list is left out (RFC 5280, 5.1.2.6).
        if !entries.isEmpty { coder.write { coder in writeEntries(into: &coder) } }
        coder.write(explicit: 0) { coder in
          coder.write { coder in
            coder.write(extension: StandardOIDs.authorityKeyIdentifier) { coder in
              coder.write { $0.write(octets: issuerKey, as: .context(0)) }
            }
            coder.write(extension: StandardOIDs.crlNumber) { $0.write(number: number) }
          }
        }
      }
    }
    return try RevocationList(der: der)
  }

  private func writeEntries(into coder: inout DER.Serializer) {
    let ordered = entries.sorted { ($0.value.time, Hex.encode($0.key)) < ($1.value.time, Hex.encode($1.key)) }
    for (serial, revocation) in ordered {
      coder.write { coder in
        coder.write(positive: serial)
        coder.write(time: revocation.time)
        guard let reason = revocation.reason, reason != .unspecified else { return }
        coder.write { coder in
          coder.write(extension: StandardOIDs.reasonCode) { $0.write(number: reason.rawValue, as: .enumerated) }
        }
      }
    }
  }
}

extension DER.Serializer {
  /// A named bit list in its shortest form.
  fileprivate mutating func write(keyUsage: CertificateExtensions.KeyUsage) {
    var byte: UInt8 = 0
    for bit in 0..<8 where keyUsage.rawValue & 1 << UInt16(bit) != 0 { byte |= 0x80 >> UInt8(bit) }
    appendPrimitiveNode(identifier: .bitString) {
      $0.append(UInt8(byte.trailingZeroBitCount))
      $0.append(byte)
    }
  }
}
