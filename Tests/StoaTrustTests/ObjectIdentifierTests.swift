import StoaFormats
import SwiftASN1
import Testing

@testable import StoaTrust

/// Expected bytes are those of `openssl asn1parse -genstr OID:…` and of asn1crypto.
struct ObjectIdentifierTests {
  static let known: [(String, String)] = [
    ("2.25.132688888612964288958261220889803484441", "6981c7d2f9d391b3e289b99aecdcc0dac6f7da19"),
    ("2.25.132688888612964288958261220889803484441.2.1", "6981c7d2f9d391b3e289b99aecdcc0dac6f7da190201"),
    ("2.999.3", "883703"), ("1.2.840.113549.1.1.11", "2a864886f70d01010b"), ("0.39", "27"), ("2.40", "78"),
    ("1.3.6.1.4.1.18446744073709551616", "2b0601040182808080808080808000"),
  ]

  @Test(arguments: known)
  func bothWays(dotted: String, hex: String) throws {
    let identifier = try #require(ObjectIdentifier(dotted))
    #expect(Hex.encode(identifier.content) == hex)
    #expect(identifier.description == dotted)
    #expect(try ObjectIdentifier(content: Hex.decode(hex)![...]).description == dotted)
  }

  @Test(arguments: ["", "1", "3.1", "1.40", "1..2", "1.02", "1.-2", "a.b", "1.2.", ".1.2", "1.2 ", "١.2"])
  func refusesText(dotted: String) { #expect(ObjectIdentifier(dotted) == nil) }

  @Test(arguments: [[], [0x80, 0x01], [0x2A, 0x80, 0x01], [0x2A, 0x86], [UInt8](repeating: 1, count: 257)])
  func refusesBytes(content: [UInt8]) {
    #expect(throws: PKIError.self) { try ObjectIdentifier(content: content[...]) }
  }

  @Test func allIdentifiersHangUnderTheArc() {
    #expect(ModelOIDs.arc.description == "2.25.132688888612964288958261220889803484441")
    for level in AssuranceLevel.allCases { #expect(AssuranceLevel(policy: level.policy) == level) }
    #expect(AssuranceLevel.thirdParty.policy.description == ModelOIDs.arc.description + ".1.2")
    #expect(ModelOIDs.modelSigning.description == ModelOIDs.arc.description + ".3.1")
  }
}
