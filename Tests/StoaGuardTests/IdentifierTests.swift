import Foundation
import StoaTestSupport
import Testing

@testable import StoaGuard

/// Identity numbers, accounts and cards beside python-stdnum's judgement; `Scripts/make_guard_fixtures.py` made the file.
struct IdentifierTests {
  struct Row: CustomTestStringConvertible, Sendable {
    let kind: String
    let number: String
    let isValid: Bool
    var testDescription: String { "\(kind) \(number)" }
  }

  static let rows: [Row] = {
    let path = OracleData.repository.appendingPathComponent("Tests/Fixtures/guard/identifiers.tsv").path
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map { line in
      let parts = line.split(separator: "\t").map(String.init)
      return Row(kind: parts[0], number: parts[1], isValid: parts[2] == "1")
    }
  }()

  @Test func fixtureHasAllKinds() {
    #expect(Set(Self.rows.map(\.kind)).count == 48)
    let known = Set(NationalIdentifier.all.map(\.code))
    let judged = Set(Self.rows.map(\.kind)).subtracting(["IBAN"])
    #expect(judged.isSubset(of: known), "\(judged.subtracting(known))")
    #expect(Set(NationalIdentifier.all.map { $0.code.prefix(2) }).count >= 35)
  }

  /// What stdnum calls valid, we do; what it calls invalid, we do not, unless it knows more of a country than check digits:
  /// which places, offices or dates exist.
  @Test(arguments: rows) func agreesWithStdnum(_ row: Row) throws {
    let text = try #require(CompactText(row.number.utf8))
    let isValid =
      row.kind == "IBAN"
      ? PaymentNumbers.isIBAN(text)
      : try #require(NationalIdentifier.all.first { $0.code == row.kind }).isValid(text)
    #expect(isValid == row.isValid)
  }

  /// From the issuers' pages for testers.
  @Test(arguments: [
    ("4111111111111111", "visa"), ("5555555555554444", "mastercard"), ("2223003122003222", "mastercard"),
    ("378282246310005", "amex"), ("6011111111111117", "discover"), ("3056930009020004", "diners"),
    ("3566002020360505", "jcb"), ("6205500000000000004", "unionpay"), ("6759649826438453", "maestro"),
  ]) func cards(_ number: String, _ issuer: String) throws {
    let text = try #require(CompactText(number.utf8))
    #expect(PaymentNumbers.isCard(text))
    #expect(PaymentNumbers.cardIssuer(text) == issuer)
  }

  /// Luhn finds every single wrong digit and every swap of neighbours but 09 and 90 (ISO/IEC 7812-1 annex B).
  @Test func luhnFindsSlips() throws {
    let digits = Array("4539578763621486".utf8)
    #expect(CheckDigits.luhn(try #require(CompactText(digits))))
    for index in digits.indices {
      for other in UInt8(ascii: "0")...UInt8(ascii: "9") where other != digits[index] {
        var wrong = digits
        wrong[index] = other
        #expect(!CheckDigits.luhn(try #require(CompactText(wrong))))
      }
    }
  }

  /// Verhoeff's own claim: all single errors and all swaps of neighbours.
  @Test func verhoeffFindsSlips() throws {
    let digits = Array("2363".utf8)  // Verhoeff's example 236 with its check digit 3.
    #expect(CheckDigits.verhoeff(try #require(CompactText(digits))))
    for index in 0..<3 where digits[index] != digits[index + 1] {
      var wrong = digits
      wrong.swapAt(index, index + 1)
      #expect(!CheckDigits.verhoeff(try #require(CompactText(wrong))))
    }
  }

  /// Singapore has no module in stdnum: a number that ICA's examples show, and all other letters.
  @Test func singapore() throws {
    let kind = try #require(NationalIdentifier.all.first { $0.code == "SG_NRIC" })
    let right = (0..<26).filter { letter in
      CompactText("S1234567\(Character(UnicodeScalar(UInt8(65 + letter))))".utf8).map(kind.isValid) == true
    }
    #expect(right == [3])  // S1234567D
  }

  @Test func tooLongIsNone() {
    #expect(CompactText(Array(repeating: UInt8(ascii: "1"), count: 65)) == nil)
  }
}
