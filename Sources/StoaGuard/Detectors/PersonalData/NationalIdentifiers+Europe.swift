extension NationalIdentifier {
  /// Denmark, Estonia, Finland, Iceland, Latvia, Lithuania, Norway, Sweden.
  static let northernEurope = [
    // CPR-nummeret (CPR-kontoret): a date and four digits; numbers given out since 2007 need not pass modulo 11.
    NationalIdentifier(
      "DK_CPR", ["9999999999"], written: ["999999-9999"], keywords: ["cpr", "cpr-nummer", "personnummer"],
      check: { CheckDigits.isShortDate(year: $0.number(4..<6), month: $0.number(2..<4), day: $0.number(0..<2)) }),
    // Estonian standard EVS 585: weights 1-9,1 and, when that leaves 10, 3-9,1-3. Lithuania uses the same.
    NationalIdentifier(
      "EE_ISIKUKOOD", ["99999999999"], keywords: ["isikukood", "personal code"], check: isBalticCode),
    NationalIdentifier(
      "LT_ASMENS_KODAS", ["99999999999"], keywords: ["asmens kodas", "personal code"], check: isBalticCode),
    // Digital and Population Data Services Agency: remainder by 31 of the nine digits gives the last character.
    NationalIdentifier(
      "FI_HETU", ["999999999*", "999999A999*"], written: ["999999-999*", "999999+999*"], distinctive: true,
      keywords: ["hetu", "henkilötunnus", "henkilotunnus", "personbeteckning"], check: isFinnishCode),
    // Registers Iceland: weights 3,2,7,6,5,4,3,2 and the ninth digit to a multiple of eleven; the tenth is the century.
    NationalIdentifier(
      "IS_KENNITALA", ["9999999999"], keywords: ["kennitala", "kt"],
      check: {
        CheckDigits.weighted($0, [3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0 && [0, 8, 9].contains($0.digit(9))
          && CheckDigits.isShortDate(year: $0.number(4..<6), month: $0.number(2..<4), day: $0.number(0..<2) % 40)
      }),
    // Cabinet regulation on the Latvian personal code: since July 2017 numbers begin with 32 and carry no date.
    NationalIdentifier(
      "LV_PERSONAS_KODS", ["99999999999"], keywords: ["personas kods", "personal code"],
      check: {
        let checked = (1 + CheckDigits.weighted($0, [10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11 % 10 == $0.digit(10)
        if $0.hasPrefix("32") { return checked }
        let century = $0.digit(6)
        return checked && century <= 2
          && CheckDigits.isDate(
            year: 1800 + century * 100 + $0.number(4..<6), month: $0.number(2..<4), day: $0.number(0..<2))
      }),
    // Skatteetaten, fødselsnummer and D-number: two digits modulo 11; a D-number adds 40 to the day.
    NationalIdentifier(
      "NO_FODSELSNUMMER", ["99999999999"], keywords: ["fødselsnummer", "fodselsnummer", "personnummer", "d-nummer"],
      check: {
        guard
          CheckDigits.isShortDate(
            year: $0.number(4..<6), month: $0.number(2..<4) % 40, day: $0.number(0..<2) % 40)
        else { return false }
        let first = (11 - CheckDigits.weighted($0, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11) % 11
        let second = (11 - CheckDigits.weighted($0, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11
        return first == $0.digit(9) && second == $0.digit(10)
      }),
    // Skatteverket, SKV 704: Luhn over ten digits; a coordination number adds 60 to the day.
    NationalIdentifier(
      "SE_PERSONNUMMER", ["9999999999", "999999999999"], written: ["999999-9999", "99999999-9999", "999999+9999"],
      keywords: ["personnummer", "samordningsnummer"],
      check: {
        let start = $0.count - 10
        if start == 2 && !(18...20).contains($0.number(0..<2)) { return false }
        return CheckDigits.luhn($0, start..<$0.count)
          && CheckDigits.isShortDate(
            year: $0.number(start..<(start + 2)), month: $0.number((start + 2)..<(start + 4)),
            day: $0.number((start + 4)..<(start + 6)) % 60)
      }),
  ]

  /// Austria, Belgium, France, Germany, Ireland, the Netherlands, Switzerland, the United Kingdom.
  static let westernEurope = [
    // Dachverband der Sozialversicherungsträger: the fourth digit checks the other nine.
    NationalIdentifier(
      "AT_SVNR", ["9999999999"], written: ["9999 999999"],
      keywords: ["sozialversicherungsnummer", "svnr", "versicherungsnummer", "sv-nummer"],
      check: {
        let sum = CheckDigits.weighted($0, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6])
        return $0.digit(0) != 0 && sum % 11 == $0.digit(3) && (1...31).contains($0.number(4..<6))
          && (1...15).contains($0.number(6..<8))
      }),
    // Arrêté royal of 3 April 1984: 97 less the remainder of nine digits, a 2 before them for births since 2000.
    NationalIdentifier(
      "BE_NATIONAL_NUMBER", ["99999999999"], written: ["99.99.99-999.99"],
      keywords: ["rijksregisternummer", "registre national", "numéro national", "insz", "niss"],
      check: {
        let body = $0.number(0..<9)
        let check = $0.number(9..<11)
        return $0.number(2..<4) % 20 <= 12 && $0.number(4..<6) <= 31
          && (97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check)
      }),
    // OFAS/BSV: 756 and an EAN-13 check digit.
    NationalIdentifier(
      "CH_AHV", ["7569999999999"], written: ["756.9999.9999.99"], distinctive: true,
      keywords: ["ahv", "avs", "ahv-nummer", "ahvn13", "navs13"], check: { CheckDigits.ean13($0) }),
    // Abgabenordnung § 139b and BZSt: ISO 7064 Mod 11,10; among ten digits one occurs twice or three times.
    NationalIdentifier(
      "DE_STEUER_ID", ["99999999999"], written: ["99 999 999 999"],
      keywords: [
        "steuer-id", "steueridentifikationsnummer", "steuerliche identifikationsnummer", "idnr", "tax id",
        "steuer-idnr",
      ],
      check: { $0.digit(0) != 0 && hasGermanDigitCounts($0) && CheckDigits.mod11x10($0) }),
    // INSEE: 97 less the remainder of thirteen digits; 2A and 2B in Corsica count as 19 and 18.
    NationalIdentifier(
      "FR_NIR", ["999999999999999", "999992A99999999", "999992B99999999"],
      written: ["9 99 99 99 999 999 99", "9 99 99 ** 999 999 99"], distinctive: true,
      keywords: ["nir", "sécurité sociale", "securite sociale", "numéro de sécu", "insee"], check: isFrenchNumber),
    // HMRC NIM39110: letters that are never used, prefixes that are not allocated, suffix A to D.
    NationalIdentifier(
      "GB_NINO", ["AA999999A"], written: ["** 99 99 99 *"],
      keywords: ["national insurance", "nino", "ni number", "ni no"],
      check: {
        let first = $0[0]
        let second = $0[1]
        guard !"DFIQUV".utf8.contains(first), !"DFIOQUV".utf8.contains(second), (65...68).contains($0[8]) else {
          return false
        }
        return !["BG", "GB", "NK", "KN", "TN", "NT", "ZZ"].contains { prefix in
          prefix.utf8.elementsEqual([first, second])
        }
      }),
    // NHS Data Dictionary, NHS number: weights 10 to 2, eleven less the remainder; 10 is never used.
    NationalIdentifier(
      "GB_NHS", ["9999999999"], keywords: ["nhs", "nhs number", "nhs no"],
      check: {
        (11 - CheckDigits.weighted($0, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 == $0.digit(9) && !$0.isUniform
      }),
    // Department of Social Protection: weights 8 to 2, the second letter with weight 9, modulo 23, W for zero.
    NationalIdentifier(
      "IE_PPS", ["9999999A", "9999999AA"], distinctive: true,
      keywords: ["pps", "ppsn", "pps number", "personal public service"],
      check: {
        var sum = CheckDigits.weighted($0, [8, 7, 6, 5, 4, 3, 2])
        if $0.count == 9 {
          let second = Int($0[8]) - 64
          guard (1...9).contains(second) || second == 23 || second == 20 || second == 24 else { return false }
          if second <= 9 { sum += 9 * second }
        }
        let remainder = sum % 23
        return Int($0[7]) == (remainder == 0 ? 87 : 64 + remainder)
      }),
    // Besluit BSN: the eleven test, weights 9 to 2 and minus one.
    NationalIdentifier(
      "NL_BSN", ["999999999"], keywords: ["bsn", "burgerservicenummer", "sofinummer"],
      check: { CheckDigits.weighted($0, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 == 0 && $0.number(0..<9) > 9_999_999 }),
  ]

  private static func isBalticCode(_ text: CompactText) -> Bool {
    guard (1...8).contains(text.digit(0)),
      CheckDigits.isDate(
        year: 1800 + (text.digit(0) - 1) / 2 * 100 + text.number(1..<3), month: text.number(3..<5),
        day: text.number(5..<7))
    else { return false }
    var check = CheckDigits.weighted(text, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11
    if check == 10 { check = CheckDigits.weighted(text, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10 }
    return check == text.digit(10)
  }

  private static func isFinnishCode(_ text: CompactText) -> Bool {
    guard CheckDigits.isShortDate(year: text.number(4..<6), month: text.number(2..<4), day: text.number(0..<2))
    else { return false }
    var start = 6
    if text.count == 11 {
      // Marks of the century beside + and -: A-F for births since 2000, U-Y for the 1900s (since 2023).
      guard "ABCDEFUVWXY".utf8.contains(text[6]) else { return false }
      start = 7
    }
    guard text.number(start..<(start + 3)) >= 2 else { return false }
    let alphabet = Array("0123456789ABCDEFHJKLMNPRSTUVWXY".utf8)
    let number = text.number(0..<6) * 1000 + text.number(start..<(start + 3))
    return alphabet[number % 31] == text[text.count - 1]
  }

  private static func hasGermanDigitCounts(_ text: CompactText) -> Bool {
    var counts = InlineArray<10, Int>(repeating: 0)
    for index in 0..<10 { counts[text.digit(index)] += 1 }
    var repeated = 0
    for digit in 0..<10 {
      if counts[digit] > 3 { return false }
      if counts[digit] > 1 { repeated += 1 }
    }
    return repeated == 1
  }

  private static func isFrenchNumber(_ text: CompactText) -> Bool {
    var digits = text.slice(0..<5)
    switch text[6] {
    case UInt8(ascii: "A"):
      _ = digits.append(UInt8(ascii: "1"))
      _ = digits.append(UInt8(ascii: "9"))
    case UInt8(ascii: "B"):
      _ = digits.append(UInt8(ascii: "1"))
      _ = digits.append(UInt8(ascii: "8"))
    default:
      _ = digits.append(text[5])
      _ = digits.append(text[6])
    }
    for index in 7..<13 { _ = digits.append(text[index]) }
    let month = text.number(3..<5)
    // 20 and above stand for months that are not known.
    guard [1, 2, 3, 4, 7, 8].contains(text.digit(0)), (1...12).contains(month) || (20...99).contains(month) else {
      return false
    }
    return 97 - digits.number(0..<13) % 97 == text.number(13..<15)
  }
}
