extension NationalIdentifier {
  /// Argentina, Brazil, Canada, Chile, Mexico, the United States.
  static let americas = [
    // AFIP/ARCA: weights 5,4,3,2,7,6,5,4,3,2 modulo 11; persons have the prefixes 20, 23, 24 and 27.
    NationalIdentifier(
      "AR_CUIT", ["99999999999"], written: ["99-99999999-9"], keywords: ["cuit", "cuil"],
      check: {
        let sum = CheckDigits.weighted($0, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
        let check = (11 - sum % 11) % 11
        return [20, 23, 24, 27].contains($0.number(0..<2)) && (check == 10 ? 9 : check) == $0.digit(10)
      }),
    // Receita Federal: two digits modulo 11.
    NationalIdentifier(
      "BR_CPF", ["99999999999"], written: ["999.999.999-99"], keywords: ["cpf", "cadastro de pessoas"],
      check: {
        !$0.isUniform && brazilianDigit($0, [10, 9, 8, 7, 6, 5, 4, 3, 2]) == $0.digit(9)
          && brazilianDigit($0, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) == $0.digit(10)
      }),
    NationalIdentifier(
      "BR_CNPJ", ["99999999999999"], written: ["99.999.999/9999-99"], keywords: ["cnpj"],
      check: {
        !$0.isUniform && brazilianDigit($0, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == $0.digit(12)
          && brazilianDigit($0, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == $0.digit(13)
      }),
    // Service Canada: Luhn; 0 and 8 are not first digits of a person's number.
    NationalIdentifier(
      "CA_SIN", ["999999999"], written: ["999-999-999", "999 999 999"],
      keywords: ["sin", "social insurance", "assurance sociale", "nas"],
      check: { CheckDigits.luhn($0) && $0.digit(0) != 0 && $0.digit(0) != 8 }),
    // Registro Civil: weights 2 to 7 from the right modulo 11, K for ten.
    NationalIdentifier(
      "CL_RUT", ["99999999*", "9999999*"], written: ["99.999.999-*", "9.999.999-*", "99999999-*", "9999999-*"],
      keywords: ["rut", "run", "rol único", "rol unico"],
      check: {
        let last = $0.count - 1
        guard $0.areDigits(0..<last) else { return false }
        var sum = 0
        for index in 0..<last { sum += $0.digit(last - 1 - index) * (index % 6 + 2) }
        let check = (11 - sum % 11) % 11
        return check == 10 ? $0[last] == UInt8(ascii: "K") : check == $0.digit(last)
      }),
    // RENAPO, CURP: values 0-9, A-N, Ñ, O-Z weighted 18 to 2.
    NationalIdentifier(
      "MX_CURP", ["AAAA999999AAAAAA*9"], distinctive: true, keywords: ["curp", "clave única"],
      check: {
        guard [UInt8(ascii: "H"), UInt8(ascii: "M"), UInt8(ascii: "X")].contains($0[10]),
          CheckDigits.isShortDate(year: $0.number(4..<6), month: $0.number(6..<8), day: $0.number(8..<10))
        else { return false }
        var sum = 0
        for index in 0..<17 {
          let value = $0.isDigit(index) ? $0.digit(index) : Int($0[index]) - 55
          sum += (value > 23 ? value + 1 : value) * (18 - index)
        }
        return (10 - sum % 10) % 10 == $0.digit(17)
      }),
    // SSA: no area 000, 666 or 900-999, no group 00, no serial 0000.
    NationalIdentifier(
      "US_SSN", ["999999999"], written: ["999-99-9999", "999 99 9999", "999.99.9999"],
      keywords: ["ssn", "social security", "soc sec", "ss#", "ssns"],
      check: {
        let area = $0.number(0..<3)
        return area != 0 && area != 666 && area < 900 && $0.number(3..<5) != 0 && $0.number(5..<9) != 0
          && !$0.isUniform && $0.number(0..<9) != 123_456_789 && $0.number(0..<9) != 78_051_120
      }),
    // IRS: begins with 9, fourth and fifth digits 50-65, 70-88, 90-92 or 94-99.
    NationalIdentifier(
      "US_ITIN", ["999999999"], written: ["999-99-9999", "999 99 9999"],
      keywords: ["itin", "individual taxpayer", "taxpayer"],
      check: {
        let group = $0.number(3..<5)
        return $0.digit(0) == 9
          && ((50...65).contains(group) || (70...88).contains(group) || (90...92).contains(group)
            || (94...99).contains(group))
      }),
  ]

  /// Australia, China, India, Israel, Japan, New Zealand, Singapore, South Africa, South Korea, Thailand.
  static let asiaPacific = [
    // ATO: weights 1,4,3,7,5,8,6,9,10 modulo 11; the old ones of eight digits 10,7,8,4,6,3,5,1.
    NationalIdentifier(
      "AU_TFN", ["99999999", "999999999"], keywords: ["tfn", "tax file"],
      check: {
        let weights = $0.count == 9 ? [1, 4, 3, 7, 5, 8, 6, 9, 10] : [10, 7, 8, 4, 6, 3, 5, 1]
        return CheckDigits.weighted($0, weights) % 11 == 0 && $0.number(0..<$0.count) != 0
      }),
    // Services Australia: weights 1,3,7,9 twice modulo 10; the first digit 2 to 6.
    NationalIdentifier(
      "AU_MEDICARE", ["9999999999", "99999999999"], written: ["9999 99999 9"], keywords: ["medicare"],
      check: {
        (2...6).contains($0.digit(0)) && CheckDigits.weighted($0, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 == $0.digit(8)
      }),
    // GB 11643-1999: region, date, ISO 7064 Mod 11-2.
    NationalIdentifier(
      "CN_RESIDENT_ID", ["99999999999999999*"], distinctive: true, keywords: ["身份证", "公民身份", "resident identity"],
      check: {
        [11...15, 21...23, 31...37, 41...46, 50...54, 61...65, 71...71, 81...83].contains {
          [region = $0.number(0..<2)] in
          $0.contains(region)
        } && (1800...2100).contains($0.number(6..<10))
          && CheckDigits.isDate(year: $0.number(6..<10), month: $0.number(10..<12), day: $0.number(12..<14))
          && ($0.isDigit(17) || $0[17] == UInt8(ascii: "X")) && CheckDigits.mod11x2($0)
      }),
    // UIDAI: twelve digits, the first 2-9, Verhoeff; palindromes are not used.
    NationalIdentifier(
      "IN_AADHAAR", ["999999999999"], written: ["9999 9999 9999", "9999-9999-9999"],
      keywords: ["aadhaar", "aadhar", "uidai", "आधार"],
      check: { text in
        text.digit(0) >= 2 && CheckDigits.verhoeff(text) && !(0..<6).allSatisfy { text[$0] == text[11 - $0] }
      }),
    // Income Tax Department: the fourth letter is the kind of holder; no serial 0000.
    NationalIdentifier(
      "IN_PAN", ["AAAAA9999A"], distinctive: true, keywords: ["pan", "permanent account"],
      check: { "ABCFGHJKLPT".utf8.contains($0[3]) && $0.number(5..<9) != 0 }),
    // Ministry of Interior: digits weighted 1 and 2 in turn, digits of the products summed.
    NationalIdentifier(
      "IL_TEUDAT_ZEHUT", ["999999999"], keywords: ["תעודת זהות", "ת.ז", "teudat zehut", "israeli id"],
      check: { CheckDigits.luhn($0) && $0.number(0..<9) != 0 }),
    // Ordinance 85 of 2014: weights 6,5,4,3,2,7,6,5,4,3,2 modulo 11.
    NationalIdentifier(
      "JP_MY_NUMBER", ["999999999999"], keywords: ["マイナンバー", "個人番号", "my number", "individual number"],
      check: {
        (11 - CheckDigits.weighted($0, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10 == $0.digit(11)
          && !$0.isUniform
      }),
    // Resident Registration Act: date, sex and century, weights 2-9,2-5. Numbers issued since October 2020 have
    // random digits and are not found without a word beside them that says what they are.
    NationalIdentifier(
      "KR_RRN", ["9999999999999"], written: ["999999-9999999"], distinctive: true,
      keywords: ["주민등록번호", "주민번호", "rrn", "resident registration"],
      check: {
        let sum = CheckDigits.weighted($0, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5])
        let century = [1800, 1900, 1900, 2000, 2000, 1900, 1900, 2000, 2000, 1800][$0.digit(6)]
        return CheckDigits.isDate(year: century + $0.number(0..<2), month: $0.number(2..<4), day: $0.number(4..<6))
          && (11 - sum % 11) % 10 == $0.digit(12)
      }),
    // Inland Revenue, IRD number: weights 3,2,7,6,5,4,3,2 and, when that leaves 10, 7,4,3,2,5,2,7,6.
    NationalIdentifier(
      "NZ_IRD", ["99999999", "999999999"], written: ["99-999-999", "999-999-999"],
      keywords: ["ird", "inland revenue"], check: isNewZealandNumber),
    // ICA: weights 2,7,6,5,4,3,2; T and G add 4, M adds 3; a letter for each remainder by 11.
    NationalIdentifier(
      "SG_NRIC", ["S9999999A", "T9999999A", "F9999999A", "G9999999A", "M9999999A"], distinctive: true,
      keywords: ["nric", "fin"], check: isSingaporeNumber),
    // Department of Provincial Administration: weights 13 to 2 modulo 11.
    NationalIdentifier(
      "TH_PIN", ["9999999999999"], written: ["9-9999-99999-99-9"],
      keywords: ["เลขประจำตัวประชาชน", "thai id", "บัตรประชาชน"],
      check: {
        let sum = CheckDigits.weighted($0, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
        return (1...8).contains($0.digit(0)) && (11 - sum % 11) % 10 == $0.digit(12)
      }),
    // Department of Home Affairs: date, citizenship 0-2, Luhn.
    NationalIdentifier(
      "ZA_ID", ["9999999999999"], distinctive: true,
      keywords: ["south african id", "sa id", "id number", "identity number"],
      check: {
        $0.digit(10) <= 2 && CheckDigits.luhn($0)
          && CheckDigits.isShortDate(year: $0.number(0..<2), month: $0.number(2..<4), day: $0.number(4..<6))
      }),
  ]

  private static func brazilianDigit(_ text: CompactText, _ weights: [Int]) -> Int {
    let remainder = CheckDigits.weighted(text, weights) % 11
    return remainder < 2 ? 0 : 11 - remainder
  }

  private static func isNewZealandNumber(_ text: CompactText) -> Bool {
    guard (10_000_001..<150_000_000).contains(text.number(0..<text.count)) else { return false }
    var padded = CompactText()
    if text.count == 8 { _ = padded.append(UInt8(ascii: "0")) }
    for index in 0..<text.count { _ = padded.append(text[index]) }
    var check = (11 - CheckDigits.weighted(padded, [3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11
    if check == 10 { check = (11 - CheckDigits.weighted(padded, [7, 4, 3, 2, 5, 2, 7, 6]) % 11) % 11 }
    return check == padded.digit(8)
  }

  private static func isSingaporeNumber(_ text: CompactText) -> Bool {
    var sum = CheckDigits.weighted(text, [2, 7, 6, 5, 4, 3, 2], from: 1)
    let letters: String
    switch text[0] {
    case UInt8(ascii: "S"): letters = "JZIHGFEDCBA"
    case UInt8(ascii: "T"): (letters, sum) = ("JZIHGFEDCBA", sum + 4)
    case UInt8(ascii: "F"): letters = "XWUTRQPNMLK"
    case UInt8(ascii: "G"): (letters, sum) = ("XWUTRQPNMLK", sum + 4)
    default: (letters, sum) = ("XWUTRQPNJLK", sum + 3)
    }
    return Array(letters.utf8)[sum % 11] == text[8]
  }
}
