/// Detectors of personal data, all of the group `pii`.
enum PersonalDataDetectors {
  static let all: [Detector] = [
    Detector("email", "e-mail addresses", groups: ["pii"], [email]),
    Detector("phone", "telephone numbers, international or as regions write them", groups: ["pii"], [phone]),
    Detector(
      "credit-card", "payment card numbers that pass Luhn, of a known issuer", groups: ["pii"],
      [Pattern("credit-card", #"\<\d{4}(?:[ \-]?\d){8,15}\>"#, label: "CREDIT_CARD") { PersonalNumbers.card($0) }]),
    Detector(
      "iban", "international bank account numbers with right check digits", groups: ["pii"],
      [
        Pattern("iban", #"\<[A-Z]{2}\d{2}(?:[ \-]?[A-Z0-9]){11,30}\>"#, label: "IBAN", foldsCase: true) {
          PersonalNumbers.iban($0)
        }
      ]),
    Detector(
      "national-id", "identity, tax and social security numbers of \(countries) countries", groups: ["pii"],
      [
        Pattern("us-ssn", NumberRun.expression, label: "US_SSN") { PersonalNumbers.digits($0, isAmerican: true) },
        Pattern("national-id", NumberRun.expression, label: "NATIONAL_ID") {
          PersonalNumbers.digits($0, isAmerican: false)
        },
        Pattern("national-id-letters", PersonalNumbers.letterExpression, label: "NATIONAL_ID", foldsCase: true) {
          PersonalNumbers.letters($0)
        },
      ]),
    Detector(
      "document-number", "numbers of passports and driving licences after a word that names them", groups: ["pii"],
      [
        Pattern("passport", #"\<[A-Z]{0,3}\d{6,9}[A-Z]?\>"#, label: "PASSPORT") {
          PersonalNumbers.document($0, words: ["passport", "reisepass", "passeport", "pasaporte", "passaporto"])
        },
        Pattern("driver-license", #"\<[A-Z]{0,3}\d[A-Z0-9\-]{4,18}\>"#, label: "DRIVER_LICENSE") {
          PersonalNumbers.document(
            $0,
            words: [
              "driver's license", "drivers license", "driver license", "driving licence", "driving license",
              "führerschein",
            ])
        },
      ]),
    Detector(
      "ip-address", "IPv4 and IPv6 addresses", groups: ["pii"],
      [
        Pattern("ipv4", NetworkAddresses.version4Expression, label: "IP_ADDRESS") { NetworkAddresses.version4($0) },
        Pattern("ipv6", NetworkAddresses.version6Expression, label: "IP_ADDRESS") { NetworkAddresses.version6($0) },
      ]),
    Detector(
      "mac-address", "IEEE 802 addresses of network interfaces", groups: ["pii"],
      [Pattern("mac", NetworkAddresses.macExpression, label: "MAC_ADDRESS") { NetworkAddresses.mac($0) }]),
    Detector(
      "crypto-address", "cryptocurrency addresses with right checksums", groups: ["pii"],
      [Pattern("crypto", NetworkAddresses.cryptoExpression, label: "CRYPTO_ADDRESS") { NetworkAddresses.crypto($0) }]),
    Detector(
      "date-of-birth", "dates after a word about birth", groups: ["pii"],
      [Pattern("date-of-birth", Dates.expression, label: "DATE_OF_BIRTH", foldsCase: true) { Dates.birth($0) }]),
    Detector(
      "person", "names of persons, by lists of names and the words before them", groups: ["pii"],
      [Pattern("person", Names.expression, label: "PERSON") { Names.person($0) }]),
    Detector(
      "location", "countries, states and large cities", groups: ["pii"],
      [Pattern("location", Names.expression, label: "LOCATION") { Names.place($0) }]),
  ]

  private static let countries = Set(NationalIdentifier.all.map { $0.code.prefix(2) }).count

  /// RFC 5321 and 5322 as addresses are written: a dot-atom, then labels with a last one of letters; other scripts too.
  private static let email = Pattern(
    "email",
    #"\<[A-Za-z0-9_\u{A1}-\u{FFFD}](?:[A-Za-z0-9._%+'\-\u{A1}-\u{FFFD}]{0,63})@(?:[A-Za-z0-9\-\u{A1}-\u{FFFD}]{1,63}\.){1,6}(?:[A-Za-z]{2,24}|[\u{A1}-\u{FFFD}]{2,12}|xn--[a-z0-9\-]{2,30})\>"#,
    label: "EMAIL"
  ) { candidate in
    let bytes = candidate.bytes
    guard let at = bytes.firstIndex(of: UInt8(ascii: "@")), bytes[at - 1] != UInt8(ascii: ".") else { return nil }
    for index in bytes.indices.dropLast() where bytes[index] == UInt8(ascii: ".") {
      let next = bytes[index + 1]
      if next == UInt8(ascii: ".") || next == UInt8(ascii: "-") { return nil }
    }
    return Judgement(score: 1)
  }

  private static let phone = Pattern("phone", NumberRun.expression, label: "PHONE") { PhoneNumbers.judge($0) }
}
