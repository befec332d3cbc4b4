import StoaFormats
package import SwiftASN1
package import X509

/// The PEM blocks of a text (RFC 7468).
package func pemDocuments(_ text: String, source: String) throws(TrustError) -> [PEMDocument] {
  do {
    return try PEMDocument.parseMultiple(pemString: text)
  } catch {
    throw .malformed(source: source, problem: "this is no valid PEM text: \(error)")
  }
}

/// The certificates in a text of PEM blocks, in their order; at least one.
package func certificates(pem text: String, source: String) throws(TrustError) -> [Certificate] {
  var certificates: [Certificate] = []
  for document in try pemDocuments(text, source: source) where document.discriminator == "CERTIFICATE" {
    certificates.append(try certificate(der: document.derBytes, source: source))
  }
  guard !certificates.isEmpty else {
    throw .malformed(
      source: source, problem: "there is no certificate in this file",
      advice: "a certificate begins with -----BEGIN CERTIFICATE-----")
  }
  return certificates
}

/// The certificates in a file of PEM blocks.
package func certificates(pemFile path: String) throws(TrustError) -> [Certificate] {
  try certificates(pem: readText(path), source: path)
}

/// The certificate in DER.
package func certificate(der: [UInt8], source: String) throws(TrustError) -> Certificate {
  do {
    return try Certificate(derEncoded: der)
  } catch {
    throw .malformed(source: source, problem: "the certificate cannot be read: \(error)")
  }
}

extension Certificate {
  /// The certificate in DER.
  package var der: [UInt8] {
    var serializer = DER.Serializer()
    // Writing into memory a certificate that was read or made cannot fail.
    try! serializer.serialize(self)
    return serializer.serializedBytes
  }
}

/// Keys, certificates, bundles and statements are smaller than this.
package let documentByteLimit = 16 << 20

/// The text of a small file.
package func readText(_ path: String) throws(TrustError) -> String {
  guard let text = String(validating: try readBytes(path), as: UTF8.self) else {
    throw .malformed(source: path, problem: "this is not text in UTF-8")
  }
  return text
}

/// The bytes of a small file.
package func readBytes(_ path: String, limit: Int = documentByteLimit) throws(TrustError) -> [UInt8] {
  let file = try fileErrors { () throws(FormatError) in try MappedFile(path: path) }
  guard file.count <= limit else {
    throw .malformed(
      source: path, problem: "the file has \(grouped(file.count)) bytes; at most \(grouped(limit)) are read")
  }
  return unsafe file.withBytes(0..<file.count) { unsafe Array($0) }
}

/// Writes a small file so that it appears under its name only when it is complete.
package func writeBytes(_ bytes: [UInt8], to path: String) throws(TrustError) {
  try fileErrors { () throws(FormatError) in
    let file = try AtomicFile(path: path)
    try file.write(bytes)
    try file.commit()
  }
}
