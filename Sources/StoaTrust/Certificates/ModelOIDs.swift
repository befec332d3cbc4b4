/// The identifiers of model certificates, below `2.25.<uuid>` (X.667); `docs/OIDS.md` lists them.
///
/// The UUID is 63d2f34c-8b3c-425c-9ad9-7205a8dded19, drawn at random once.
package enum ModelOIDs {
  /// The arc that all others hang under.
  package static let arc = known("2.25.132688888612964288958261220889803484441")
  /// The extension `AISafetyInfo`.
  package static let safetyInfo = arc.appending(2, 1)
  /// The extended key usage of a key that signs models which its certificate describes.
  package static let modelSigning = arc.appending(3, 1)

  static func known(_ dotted: String) -> ObjectIdentifier {
    guard let identifier = ObjectIdentifier(dotted) else { preconditionFailure("\(dotted) is no object identifier") }
    return identifier
  }
}

/// How much was examined before a model was certified, as DV, OV and EV of web servers; the policy of its certificate.
public enum AssuranceLevel: Int, Sendable, CaseIterable, Comparable {
  /// Key and digest were checked; the publisher vouches.
  case selfVouched = 1
  /// An assessor that is not the publisher did all mandatory audits.
  case thirdParty = 2
  /// The issuer ran a random tenth again and agreed.
  case reproduced = 3

  /// Its name in files and commands.
  public var name: String {
    switch self {
    case .selfVouched: "self-vouched"
    case .thirdParty: "third-party"
    case .reproduced: "reproduced"
    }
  }

  /// The level of that name.
  public init?(name: String) {
    guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = level
  }

  /// The certificate policy that stands for it.
  public var policy: ObjectIdentifier { ModelOIDs.arc.appending(1, UInt32(rawValue)) }

  /// The level that a certificate policy stands for.
  public init?(policy: ObjectIdentifier) {
    guard let level = Self.allCases.first(where: { $0.policy == policy }) else { return nil }
    self = level
  }

  /// By strictness.
  public static func < (left: AssuranceLevel, right: AssuranceLevel) -> Bool { left.rawValue < right.rawValue }
}

/// Identifiers of others that certificates use (RFC 3161, RFC 5280, RFC 5480, RFC 5652, RFC 6960, RFC 6962, RFC 8410).
enum StandardOIDs {
  static let commonName = ModelOIDs.known("2.5.4.3")
  static let countryName = ModelOIDs.known("2.5.4.6")
  static let localityName = ModelOIDs.known("2.5.4.7")
  static let stateName = ModelOIDs.known("2.5.4.8")
  static let organizationName = ModelOIDs.known("2.5.4.10")
  static let organizationalUnitName = ModelOIDs.known("2.5.4.11")

  static let subjectKeyIdentifier = ModelOIDs.known("2.5.29.14")
  static let keyUsage = ModelOIDs.known("2.5.29.15")
  static let subjectAlternativeName = ModelOIDs.known("2.5.29.17")
  static let basicConstraints = ModelOIDs.known("2.5.29.19")
  static let crlNumber = ModelOIDs.known("2.5.29.20")
  static let reasonCode = ModelOIDs.known("2.5.29.21")
  static let certificatePolicies = ModelOIDs.known("2.5.29.32")
  static let anyPolicy = ModelOIDs.known("2.5.29.32.0")
  static let policyMappings = ModelOIDs.known("2.5.29.33")
  static let authorityKeyIdentifier = ModelOIDs.known("2.5.29.35")
  static let policyConstraints = ModelOIDs.known("2.5.29.36")
  static let extendedKeyUsage = ModelOIDs.known("2.5.29.37")
  static let anyExtendedKeyUsage = ModelOIDs.known("2.5.29.37.0")
  static let inhibitAnyPolicy = ModelOIDs.known("2.5.29.54")
  static let codeSigning = ModelOIDs.known("1.3.6.1.5.5.7.3.3")
  static let timeStamping = ModelOIDs.known("1.3.6.1.5.5.7.3.8")
  static let ocspSigning = ModelOIDs.known("1.3.6.1.5.5.7.3.9")
  static let ocspNoCheck = ModelOIDs.known("1.3.6.1.5.5.7.48.1.5")
  static let ocspBasic = ModelOIDs.known("1.3.6.1.5.5.7.48.1.1")
  static let certificateTimestamps = ModelOIDs.known("1.3.6.1.4.1.11129.2.4.2")

  static let signedData = ModelOIDs.known("1.2.840.113549.1.7.2")
  static let timestampInfo = ModelOIDs.known("1.2.840.113549.1.9.16.1.4")
  static let contentType = ModelOIDs.known("1.2.840.113549.1.9.3")
  static let messageDigest = ModelOIDs.known("1.2.840.113549.1.9.4")
  static let signingCertificateV2 = ModelOIDs.known("1.2.840.113549.1.9.16.2.47")

  static let sha1 = ModelOIDs.known("1.3.14.3.2.26")
  static let sha256 = ModelOIDs.known("2.16.840.1.101.3.4.2.1")
  static let sha384 = ModelOIDs.known("2.16.840.1.101.3.4.2.2")
  static let sha512 = ModelOIDs.known("2.16.840.1.101.3.4.2.3")
  static let rsaEncryption = ModelOIDs.known("1.2.840.113549.1.1.1")
  static let ecdsaWithSHA256 = ModelOIDs.known("1.2.840.10045.4.3.2")
  static let ecdsaWithSHA384 = ModelOIDs.known("1.2.840.10045.4.3.3")
  static let ecdsaWithSHA512 = ModelOIDs.known("1.2.840.10045.4.3.4")
  static let rsaWithSHA256 = ModelOIDs.known("1.2.840.113549.1.1.11")
  static let rsaWithSHA384 = ModelOIDs.known("1.2.840.113549.1.1.12")
  static let rsaWithSHA512 = ModelOIDs.known("1.2.840.113549.1.1.13")
  static let ed25519 = ModelOIDs.known("1.3.101.112")
}
