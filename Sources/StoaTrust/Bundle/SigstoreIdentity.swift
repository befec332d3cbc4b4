import SwiftASN1
import X509

/// Who signed by a certificate of sigstore (sigstore/fulcio, docs/certificate-specification.md and oid-info.md).
struct SigstoreIdentity {
  /// Mail addresses and URIs; at least one.
  let subjects: [String]
  /// Who vouched for them.
  let issuer: String

  var subject: String { subjects[0] }

  private static let issuerText: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 57264, 1, 1]
  private static let issuerUTF8: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 57264, 1, 8]

  /// Reads a certificate in DER; nil when it does not say.
  init?(certificate der: [UInt8]) {
    guard let certificate = try? Certificate(derEncoded: der),
      let names = try? certificate.extensions.subjectAlternativeNames
    else { return nil }
    let subjects = names.compactMap { name -> String? in
      switch name {
      case .rfc822Name(let address): address
      case .uniformResourceIdentifier(let uri): uri
      default: nil
      }
    }
    guard !subjects.isEmpty, let issuer = Self.issuer(certificate) else { return nil }
    self.subjects = subjects
    self.issuer = issuer
  }

  private static func issuer(_ certificate: Certificate) -> String? {
    if let entry = certificate.extensions[oid: issuerUTF8],
      let text = try? ASN1UTF8String(derEncoded: Array(entry.value))
    {
      return String(text)
    }
    // The older extension holds the bare text.
    return certificate.extensions[oid: issuerText].flatMap { String(validating: $0.value, as: UTF8.self) }
  }
}
