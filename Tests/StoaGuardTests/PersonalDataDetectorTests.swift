import Foundation
import StoaTestSupport
import Testing

@testable import StoaGuard

/// What one detector finds in a text, and the text it finds.
struct DetectorProbe {
  let set: PatternSet

  init(_ names: String...) throws {
    let detectors = (PersonalDataDetectors.all + SecretDetectors.all).filter { names.contains($0.name) }
    try #require(detectors.count == names.count)
    var entries: [PatternSet.Entry] = []
    for detector in detectors {
      for pattern in try detector.patterns(DetectorOptions()) { entries.append(.init(rail: 0, pattern: pattern)) }
    }
    set = try PatternSet(entries)
  }

  func hits(_ text: String, split: Int = .max) -> [PatternHit] { set.hits(in: Array(text.utf8), pieces: split) }

  /// The texts of hits that score at least a half.
  func found(_ text: String) -> [String] {
    let bytes = Array(text.utf8)
    return hits(text).filter { $0.score >= 0.5 }.map { String(decoding: bytes[$0.range], as: UTF8.self) }
  }
}

struct PersonalDataDetectorTests {
  @Test(arguments: [
    ("write to jane.roe+news@mail.example.co.uk.", ["jane.roe+news@mail.example.co.uk"]),
    ("<josé@exämple.de>", ["josé@exämple.de"]), ("a@b, @home, x@y.z1, user@@host.com", []),
    ("two: a@b.io;c_d@e-f.museum", ["a@b.io", "c_d@e-f.museum"]),
    ("dots.twice@example.com.", ["dots.twice@example.com"]),
  ]) func emails(_ text: String, _ expected: [String]) throws {
    #expect(try DetectorProbe("email").found(text) == expected)
  }

  struct Phone: CustomTestStringConvertible, Sendable {
    let region: String
    let international: String
    let national: String
    var testDescription: String { region + " " + international }
  }

  static let phones: [Phone] = {
    let text = (try? String(contentsOfFile: OracleData.fixture("guard/phones.tsv"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map { line in
      let parts = line.split(separator: "\t").map(String.init)
      return Phone(region: parts[0], international: parts[1], national: parts[2])
    }
  }()

  /// An example number of every region by phonenumbers: all international forms, and national ones behind a word.
  @Test func phonesOfAllRegions() throws {
    let probe = try DetectorProbe("phone")
    var missed: [String] = []
    var missedNational: [String] = []
    for phone in Self.phones {
      if probe.found("Ruf an: \(phone.international), danke") != [phone.international] {
        missed.append(phone.international)
      }
      let digits = phone.national.utf8.count { $0 &- 48 < 10 }
      if digits >= 7, !probe.found("My phone number is \(phone.national).").contains(phone.national) {
        missedNational.append(phone.national)
      }
    }
    #expect(Self.phones.count > 400)
    // Numbers of fewer than six digits are not told from others.
    #expect(missed.count <= Self.phones.count / 50, "\(missed)")
    #expect(missedNational.count <= Self.phones.count / 20, "\(missedNational)")
  }

  @Test(arguments: [
    "released on 2024-06-20 at 14:11:22", "from 1999-2004", "pi is 3.14159265", "version 10.4.2.17",
    "it cost $1234567890",
    "192.168.10.24 answered", "id=5551234567", "on 12/25/2023", "ZIP 75534-0301",
  ]) func noPhones(_ text: String) throws {
    #expect(try DetectorProbe("phone").found(text) == [])
  }

  @Test(arguments: [
    ("card", "pay with 4111 1111 1111 1111 12/27", "4111 1111 1111 1111"),
    ("card", "378282246310005", "378282246310005"),
    ("iban", "IBAN: DE89 3704 0044 0532 0130 00 is mine", "DE89 3704 0044 0532 0130 00"),
    ("iban", "gb82west12345698765432.", "gb82west12345698765432"),
    ("id", "my SSN is 219-09-9999", "219-09-9999"), ("id", "PESEL 44051401359", "44051401359"),
    ("id", "CPF 529.982.247-25", "529.982.247-25"), ("id", "codice RSSMRA85T10A562S", "RSSMRA85T10A562S"),
    ("id", "DNI 12345678Z", "12345678Z"), ("id", "nino AB 12 34 56 C", "AB 12 34 56 C"),
    ("ip", "host 203.0.113.7:8080", "203.0.113.7"),
    ("ip", "at 2001:db8::ff00:42:8329/64.", "2001:db8::ff00:42:8329/64"),
    ("mac", "00:1A:2B:3C:4D:5E", "00:1A:2B:3C:4D:5E"),
    ("crypto", "to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa now", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("birth", "born on 3 May 1984 in Kiel", "3 May 1984"), ("birth", "DOB: 1984-05-03", "1984-05-03"),
    ("passport", "passport 912803456 expired", "912803456"),
  ]) func finds(_ kind: String, _ text: String, _ expected: String) throws {
    let name = [
      "card": "credit-card", "iban": "iban", "id": "national-id", "ip": "ip-address", "mac": "mac-address",
      "crypto": "crypto-address", "birth": "date-of-birth", "passport": "document-number",
    ]
    #expect(try DetectorProbe(try #require(name[kind])).found(text) == [expected])
  }

  @Test(arguments: [
    ("credit-card", "4111 1111 1111 1112 and 1234567812345678"), ("iban", "DE89 3704 0044 0532 0130 01"),
    ("national-id", "order 44051401359 and part 123456789"),
    ("national-id", "SSN 666-12-3456, 000-12-3456, 123-00-4567"),
    ("ip-address", "1.2.3.4.5, 256.1.1.1, 12:30:45, std::vector, v1.2.3.4"), ("mac-address", "00:1A:2B:3C:4D:5E:6F"),
    ("crypto-address", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"), ("date-of-birth", "the meeting is on 3 May 1984"),
    ("document-number", "part 912803456"),
  ]) func findsNone(_ name: String, _ text: String) throws {
    #expect(try DetectorProbe(name).found(text) == [])
  }

  @Test(arguments: [
    ("Yesterday Maria Schneider met her lawyer.", ["Maria Schneider"]), ("Dear Mr. Okonkwo, thank you", ["Okonkwo"]),
    ("The report of April was late. Will it rain?", []), ("I asked John F. Kennedy's brother", ["John F. Kennedy"]),
    ("at 12 Nelson Mandela Drive or from Russell Investments, not Nelson Mandela.", ["Nelson Mandela"]),
    ("I met Thomas Hill.", ["Thomas Hill"]),
  ]) func persons(_ text: String, _ expected: [String]) throws {
    #expect(try DetectorProbe("person").found(text) == expected)
  }

  /// However a stream is cut, the same is found.
  @Test(arguments: 0..<40) func splitsMakeNoDifference(_ seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    let planted = [
      "jane.roe@example.org", "+49 30 901820", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "219-09-9999",
      "2001:db8::1", "203.0.113.7", "Maria Schneider", "born 3 May 1984", "password = \"x7#kQ9!mm\"", "12345678Z", "é",
      "  ", "19",
    ]
    var text = ""
    for _ in 0..<12 {
      text += planted[Int.random(in: 0..<planted.count, using: &generator)]
      text += [" ", "", ", ", "\n", " and ", ". "][Int.random(in: 0..<6, using: &generator)]
    }
    let probe = try Self.all.get()
    let whole = probe.hits(text)
    for split in [1, 2, 3, 7, 16] { #expect(probe.hits(text, split: split) == whole, "\(text)") }
  }

  private static let all = Result {
    try DetectorProbe(
      "email", "phone", "credit-card", "iban", "national-id", "ip-address", "person", "date-of-birth", "password")
  }
}
