import StoaFormats
package import SwiftASN1

/// The PEM blocks of a text (RFC 7468).
package func pemDocuments(_ text: String, source: String) throws(TrustError) -> [PEMDocument] {
  do {
    return try PEMDocument.parseMultiple(pemString: text)
  } catch {
    throw .malformed(source: source, problem: "this is no valid PEM text: \(error)")
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
