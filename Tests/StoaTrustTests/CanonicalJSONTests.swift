import StoaFormats
import Testing

@testable import StoaTrust

/// Expected values are those of RFC 8785.
struct CanonicalJSONTests {
  private func text(_ json: String) throws -> String {
    String(decoding: try CanonicalJSON.encode(try JSONValue(parsing: json)), as: UTF8.self)
  }

  /// Appendix B.
  @Test(
    arguments: [
      (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
      (0x8000_0000_0000_0001, "-5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
      (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
      (0xC340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
      (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
      (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
      (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
      (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
      (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
      (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
      (0x41B3_DE43_5555_5557, "333333333.33333343"), (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
      (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
    ] as [(UInt64, String)])
  func numbers(bits: UInt64, expected: String) {
    #expect(CanonicalJSON.number(Double(bitPattern: bits)) == expected)
  }

  @Test(arguments: [0x7FF0_0000_0000_0000, 0x7FFF_FFFF_FFFF_FFFF] as [UInt64])
  func numbersWithoutForm(bits: UInt64) {
    #expect(CanonicalJSON.number(Double(bitPattern: bits)) == nil)
    #expect(throws: CanonicalJSONError.notANumber(path: "$.a[0]")) {
      try CanonicalJSON.encode(["a": [.double(Double(bitPattern: bits))]])
    }
  }

  /// Section 3.2.2.
  @Test func sample() throws {
    let json = #"""
      {"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
       "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}
      """#
    let expected =
      #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
      + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
    #expect(try text(json) == expected)
  }

  /// Section 3.2.3: by UTF-16 code units, in which a surrogate comes before U+FB33.
  @Test func keysAreOrderedByUTF16() throws {
    let json = #"""
      {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7}
      """#
    let value = try #require(CanonicalJSON.decode(CanonicalJSON.encode(try JSONValue(parsing: json))))
    #expect(value.objectValue?.keys == ["\r", "1", "\u{80}", "\u{F6}", "\u{20AC}", "\u{1F600}", "\u{FB33}"])
  }

  @Test func wholeNumbersStayExactOrAreRefused() throws {
    #expect(try text("[9007199254740991, -9007199254740991, -0]") == "[9007199254740991,-9007199254740991,0]")
    #expect(throws: CanonicalJSONError.inexactInteger(1 << 53, path: "$[0]")) {
      try CanonicalJSON.encode([.int(1 << 53)])
    }
  }

  @Test("What was written is read again", arguments: [3.08e16, 0x1p53, -0x1p62, 0x1p63, 1e21, 1e-300])
  func largeNumbersAreRead(number: Double) throws {
    let document: JSONValue = ["a": .array([.double(number), .int(7)])]
    #expect(CanonicalJSON.decode(try CanonicalJSON.encode(document)) == document)
  }

  @Test("Whole numbers that no floating-point number has are not canonical", arguments: ["[9007199254740993]"])
  func inexactNumbersAreNotRead(_ text: String) { #expect(CanonicalJSON.decode(Array(text.utf8)) == nil) }

  @Test(arguments: [#"{"b":1,"a":2}"#, #"{"a": 1}"#, "[1.0]", "[1e2]", #"["\u0041"]"#, "[1]\n", "["])
  func otherFormsAreNoCanonicalBytes(_ text: String) { #expect(CanonicalJSON.decode(Array(text.utf8)) == nil) }
}
