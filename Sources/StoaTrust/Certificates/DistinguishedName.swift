import SwiftASN1

/// The name of an issuer or a subject: its DER, which names are compared by, and how it is shown.
///
/// RFC 5280, 7.1, lets names be equal that differ in case or spaces; comparing bytes refuses more, never less.
public struct DistinguishedName: Hashable, Sendable {
  /// The DER encoding of the Name.
  public let der: [UInt8]
  /// The attributes in the order of the certificate, such as `O=Example, CN=Root`.
  public let description: String
  /// The last common name.
  public let commonName: String?

  /// A name of an organisation and a common name.
  init(organization: String, commonName: String) throws(PKIError) {
    for (text, place) in [(organization, "the organisation"), (commonName, "the common name")] {
      try PKIText.check(text, place)
      // The upper bounds of X.520, in characters.
      guard text.unicodeScalars.count <= 64 else { throw PKIError(.profile, "\(place) has more than 64 characters") }
    }
    var coder = DER.Serializer()
    coder.appendConstructedNode(identifier: .sequence) { coder in
      for (type, value) in [(StandardOIDs.organizationName, organization), (StandardOIDs.commonName, commonName)] {
        coder.appendConstructedNode(identifier: .set) { coder in
          coder.appendConstructedNode(identifier: .sequence) { coder in
            coder.write(type)
            coder.write(text: value)
          }
        }
      }
    }
    try self.init(DERReading.root(coder.serializedBytes, "the name", limit: Self.limit), "the name")
  }

  init(_ node: ASN1Node, _ place: String) throws(PKIError) {
    guard node.encodedBytes.count <= Self.limit else { throw PKIError(.size, "\(place) is longer than a name can be") }
    var fields = try DERFields(node, place)
    var shown: [String] = []
    var commonName: String?
    for relative in try fields.rest(limit: 64, { (node) throws(PKIError) in node }) {
      var attributes = try DERFields(relative, place, as: .set)
      let pairs = try attributes.rest(limit: 16) { (node) throws(PKIError) in try Self.attribute(node, place) }
      guard !pairs.isEmpty else { throw PKIError(.encoding, "\(place) has an empty part") }
      for (type, value) in pairs where type == StandardOIDs.commonName { commonName = value }
      shown.append(pairs.map { "\(Self.short($0.0))=\($0.1)" }.joined(separator: "+"))
    }
    der = Array(node.encodedBytes)
    description = shown.joined(separator: ", ")
    self.commonName = commonName
  }

  private static let limit = 8192

  private static func attribute(_ node: ASN1Node, _ place: String) throws(PKIError) -> (ObjectIdentifier, String) {
    var fields = try DERFields(node, place)
    let type = try fields.next("type").objectIdentifier(place)
    let value = try fields.next("value")
    try fields.end()
    guard case .primitive(let bytes) = value.content else { return (type, "?") }
    // The types of strings differ in what they allow; to show one, ASCII and UTF-8 are enough.
    let text = String(decoding: bytes, as: UTF8.self)
    return (type, (try? PKIText.check(text, place)) == nil ? "?" : text)
  }

  private static func short(_ type: ObjectIdentifier) -> String {
    switch type {
    case StandardOIDs.commonName: "CN"
    case StandardOIDs.countryName: "C"
    case StandardOIDs.localityName: "L"
    case StandardOIDs.stateName: "ST"
    case StandardOIDs.organizationName: "O"
    case StandardOIDs.organizationalUnitName: "OU"
    default: type.description
    }
  }

  /// Names are equal when their encodings are.
  public static func == (left: Self, right: Self) -> Bool { left.der == right.der }

  /// By the encoding.
  public func hash(into hasher: inout Hasher) { hasher.combine(der) }
}

extension DistinguishedName: CustomStringConvertible {}
