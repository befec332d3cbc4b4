import StoaTestSupport
import Testing

@testable import StoaTrust

/// The encoding is that of a few lines of Python by X.690, not of this library.
struct AISafetyInfoTests {
  static let encoded = Hex.decode(
    "308201560201010420000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f042020212223242526272829"
      + "2a2b2c2d2e2f303132333435363738393a3b3c3d3e3f303b30390c1568747470733a2f2f6578616d706c652e6f72672f7004204041"
      + "42434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f0a0101300f0c074d4f462d312e300201030101ff0c0a41"
      + "70616368652d322e303031302f0c0245550c0465752d310420404142434445464748494a4b4c4d4e4f505152535455565758595a5b"
      + "5c5d5e5f0a0101307d304f0c097175616e74697a65640420000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c"
      + "1d1e1f8020202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f302a0c066d6572676564042040414243"
      + "4445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f")!

  static func bytes(_ first: UInt8) -> [UInt8] { (0..<32).map { first + $0 } }

  static let info = AISafetyInfo(
    omsRoot: bytes(0), omsManifest: bytes(32),
    evidence: [.init(predicateType: "https://example.org/p", sha256: bytes(64))], assurance: .thirdParty,
    openness: .init(framework: "MOF-1.0", openClass: 3, isOSAID: true), licence: "Apache-2.0",
    jurisdictions: [.init(region: "EU", packID: "eu-1", packSHA256: bytes(64), verdict: .partly)],
    lineage: [
      .init(relation: "quantized", baseRoot: bytes(0), baseCertificateSHA256: bytes(32)),
      .init(relation: "merged", baseRoot: bytes(64), baseCertificateSHA256: nil),
    ])

  @Test func bothWays() throws {
    #expect(try AISafetyInfo(der: Self.encoded) == Self.info)
    #expect(try Self.info.der() == Self.encoded)
  }

  /// What is read is written in the same bytes, so one meaning has one encoding; nothing crashes.
  @Test func everyChangedByteIsRefusedOrMeansSomethingElse() throws {
    var generator = SeededGenerator(state: 7)
    for index in Self.encoded.indices {
      var copy = Self.encoded
      copy[index] ^= UInt8.random(in: 1...255, using: &generator)
      guard let info = try? AISafetyInfo(der: copy) else { continue }
      #expect(info != Self.info)
      #expect(try info.der() == copy)
    }
  }

  @Test func everyTruncationIsRefused() {
    for count in Self.encoded.indices {
      #expect(throws: PKIError.self) { try AISafetyInfo(der: Self.encoded.prefix(count)) }
    }
    #expect(throws: PKIError.self) { try AISafetyInfo(der: Self.encoded + [0]) }
  }

  @Test func refusesWhatHasNoMeaning() {
    var info = Self.info
    info.omsRoot = [1, 2, 3]
    #expect(throws: PKIError.self) { try info.der() }
    info = Self.info
    info.openness.openClass = 4
    #expect(throws: PKIError.self) { try info.der() }
    info = Self.info
    info.licence = "MIT\u{1B}[2J"
    #expect(throws: PKIError.self) { try info.der() }
    info = Self.info
    info.evidence = Array(repeating: info.evidence[0], count: 257)
    #expect(throws: PKIError.self) { try info.der() }
  }
}
