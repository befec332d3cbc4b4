import Foundation
import StoaFormats

extension TrustStore {
  /// A trust store's text with one more root; everything else stays as it is written.
  ///
  /// - Parameters:
  ///   - text: The text of the file so far; empty for a new one.
  ///   - certificate: The root.
  ///   - name: What the user calls it.
  ///   - path: The file, for messages.
  public static func adding(
    _ certificate: X509Certificate, name: String, to text: String, path: String
  ) throws(TrustError) -> String {
    let entry = rootEntry(certificate, name: name)
    guard !text.allSatisfy(\.isWhitespace) else {
      return """
        # Whom this user trusts to vouch for models, and what they demand; docs/certify.md says what else there can be.
        version: 1
        require: self-vouched
        roots:

        """ + entry
    }
    let store = try TrustStore(parsing: Array(text.utf8), path: path)
    guard !store.roots.contains(where: { $0.certificate == certificate }) else {
      throw .malformed(source: path, problem: "the root \(certificate.subject) is trusted already")
    }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    let isHead = { (line: String) in line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces) == "roots:" }
    if let line = lines.firstIndex(where: isHead) {
      lines.insert(contentsOf: entry.split(separator: "\n").map(String.init), at: line + 1)
    } else {
      lines += ["roots:"] + entry.split(separator: "\n").map(String.init)
    }
    let result = lines.joined(separator: "\n") + "\n"
    // Lists written in brackets, or indented otherwise, cannot be added to line by line.
    let check = try? TrustStore(parsing: Array(result.utf8), path: path)
    guard let check, check.roots.count == store.roots.count + 1,
      check.roots.contains(where: { $0.certificate == certificate })
    else {
      throw .malformed(
        source: path, problem: "the root cannot be added to this file without changing how it is written",
        advice: "write roots: on a line of its own and each root as - name: … with two spaces before the dash")
    }
    return result
  }

  private static func rootEntry(_ certificate: X509Certificate, name: String) -> String {
    let pem = certificate.pem.split(separator: "\n").map { "      \($0)\n" }.joined()
    return
      "  - name: \(JSONValue.string(name).text())\n    sha256: \(Hex.encode(certificate.fingerprint))\n    pem: |\n\(pem)"
  }
}
