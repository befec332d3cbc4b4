extension NationalIdentifier {
  /// Greece, Italy, Portugal, Spain, Turkey.
  static let southernEurope = [
    // Real Decreto 1553/2005: the remainder by 23 gives the letter; X, Y, Z of a NIE count as 0, 1, 2.
    NationalIdentifier(
      "ES_DNI", ["99999999A"], distinctive: true, keywords: ["dni", "nif", "documento nacional"],
      check: { spanishLetter($0.number(0..<8)) == $0[8] }),
    NationalIdentifier(
      "ES_NIE", ["X9999999A", "Y9999999A", "Z9999999A"], distinctive: true, keywords: ["nie", "extranjero"],
      check: { spanishLetter((Int($0[0]) - 88) * 10_000_000 + $0.number(1..<8)) == $0[8] }),
    // AADE, tax number: digits weighted with powers of two, modulo 11, modulo 10.
    NationalIdentifier(
      "GR_AFM", ["999999999"], keywords: ["αφμ", "α.φ.μ", "afm", "a.f.m"],
      check: { CheckDigits.weighted($0, [256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == $0.digit(8) && !$0.isUniform }),
    // AMKA: the date of birth, four digits and Luhn.
    NationalIdentifier(
      "GR_AMKA", ["99999999999"], keywords: ["αμκα", "α.μ.κ.α", "amka"],
      check: {
        CheckDigits.luhn($0)
          && CheckDigits.isShortDate(year: $0.number(4..<6), month: $0.number(2..<4), day: $0.number(0..<2))
      }),
    // Decreto ministeriale of 23 December 1976: characters at odd and even places have values, modulo 26.
    NationalIdentifier(
      "IT_CODICE_FISCALE", ["AAAAAA**A**A***A"], distinctive: true, keywords: ["codice fiscale", "cod. fisc", "c.f"],
      check: isItalianCode),
    // Portaria 302/98 and the tax authority: weights 9 to 2 modulo 11.
    NationalIdentifier(
      "PT_NIF", ["999999999"], keywords: ["nif", "contribuinte", "número fiscal", "numero fiscal"],
      check: {
        let sum = CheckDigits.weighted($0, [9, 8, 7, 6, 5, 4, 3, 2])
        return $0.digit(0) != 0 && (11 - sum % 11) % 11 % 10 == $0.digit(8)
      }),
    // NVI: the tenth digit from sums at odd and even places, the eleventh from the sum of ten.
    NationalIdentifier(
      "TR_TCKN", ["99999999999"], keywords: ["tc kimlik", "t.c. kimlik", "kimlik no", "tckn"],
      check: { text in
        guard text.digit(0) != 0 else { return false }
        let odd = [0, 2, 4, 6, 8].reduce(0) { $0 + text.digit($1) }
        let even = [1, 3, 5, 7].reduce(0) { $0 + text.digit($1) }
        return ((odd * 7 - even) % 10 + 10) % 10 == text.digit(9) && (odd + even + text.digit(9)) % 10 == text.digit(10)
      }),
  ]

  /// Bulgaria, Croatia, Czechia and Slovakia, Hungary, Poland, Romania, Slovenia and its neighbours, Ukraine.
  static let easternEurope = [
    // ESGRAON regulation: weights 2,4,8,5,10,9,7,3,6; months +20 before 1900 and +40 since 2000.
    NationalIdentifier(
      "BG_EGN", ["9999999999"], keywords: ["егн", "egn"],
      check: {
        let month = $0.number(2..<4)
        let century = month > 40 ? 2000 : month > 20 ? 1800 : 1900
        return CheckDigits.isDate(year: century + $0.number(0..<2), month: month % 20, day: $0.number(4..<6))
          && CheckDigits.weighted($0, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == $0.digit(9)
      }),
    // Act 133/2000 on birth numbers: divisible by eleven; nine digits before 1954; months +50 for women, +20 overflow.
    NationalIdentifier(
      "CZ_RODNE_CISLO", ["999999999", "9999999999"], written: ["999999/9999", "999999/999"],
      keywords: ["rodné číslo", "rodne cislo", "rodné čislo", "r.č", "rč"], check: isCzechNumber),
    // Croatian OIB act: ISO 7064 Mod 11,10.
    NationalIdentifier(
      "HR_OIB", ["99999999999"], keywords: ["oib", "osobni identifikacijski broj"], check: { CheckDigits.mod11x10($0) }),
    // Act XX of 1996: TAJ digits at odd places times 3, at even places times 7, the last digit of the sum.
    NationalIdentifier(
      "HU_TAJ", ["999999999"], written: ["999-999-999"], keywords: ["taj", "taj szám", "taj-szám"],
      check: { CheckDigits.weighted($0, [3, 7, 3, 7, 3, 7, 3, 7]) % 10 == $0.digit(8) && !$0.isUniform }),
    // Act XX of 1996, tax identifier: begins with 8, digits times their places modulo 11.
    NationalIdentifier(
      "HU_ADOAZONOSITO", ["8999999999"], keywords: ["adóazonosító", "adoazonosito", "adószám"],
      check: { CheckDigits.weighted($0, [1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 == $0.digit(9) }),
    // PESEL act: weights 1,3,7,9; the month carries the century.
    NationalIdentifier(
      "PL_PESEL", ["99999999999"], keywords: ["pesel"],
      check: {
        let month = $0.number(2..<4)
        let century = [1900, 2000, 2100, 2200, 1800][month / 20]
        let sum = CheckDigits.weighted($0, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3])
        return CheckDigits.isDate(year: century + $0.number(0..<2), month: month % 20, day: $0.number(4..<6))
          && (10 - sum % 10) % 10 == $0.digit(10)
      }),
    // Law 105/1996: weights 2,7,9,1,4,6,3,5,8,2,7,9; ten becomes one.
    NationalIdentifier(
      "RO_CNP", ["9999999999999"], distinctive: true, keywords: ["cnp", "cod numeric personal"],
      check: {
        let first = $0.digit(0)
        guard first != 0 else { return false }
        let century = [1900, 1900, 1900, 1800, 1800, 2000, 2000, 1900, 1900, 1900][first]
        let check = CheckDigits.weighted($0, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11
        let county = $0.number(7..<9)
        return CheckDigits.isDate(year: century + $0.number(1..<3), month: $0.number(3..<5), day: $0.number(5..<7))
          && ((1...48).contains(county) || (51...52).contains(county) || county == 70 || (80...83).contains(county))
          && (check == 10 ? 1 : check) == $0.digit(12)
      }),
    // JMBG/EMŠO: weights 7,6,5,4,3,2 twice; the year has three digits.
    NationalIdentifier(
      "SI_EMSO", ["9999999999999"], distinctive: true, keywords: ["emšo", "emso", "jmbg", "embg"],
      check: {
        let year = $0.number(4..<7)
        let sum = CheckDigits.weighted($0, [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
        return CheckDigits.isDate(
          year: (year < 800 ? 2000 : 1000) + year, month: $0.number(2..<4), day: $0.number(0..<2))
          && (11 - sum % 11) % 11 % 10 == $0.digit(12)
      }),
    // State Tax Service, RNOKPP: weights -1,5,7,9,4,6,10,5,7 modulo 11, modulo 10.
    NationalIdentifier(
      "UA_RNOKPP", ["9999999999"], keywords: ["рнокпп", "іпн", "ідентифікаційний код", "rnokpp"],
      check: {
        let sum = CheckDigits.weighted($0, [-1, 5, 7, 9, 4, 6, 10, 5, 7])
        return ((sum % 11) + 11) % 11 % 10 == $0.digit(9)
      }),
  ]

  private static func spanishLetter(_ number: Int) -> UInt8 {
    Array("TRWAGMYFPDXBNJZSQVHLCKE".utf8)[number % 23]
  }

  private static func isCzechNumber(_ text: CompactText) -> Bool {
    var year = 1900 + text.number(0..<2)
    if text.count == 9 {
      if year >= 1980 { year -= 100 }
      guard year <= 1953 else { return false }
    } else if year < 1954 {
      year += 100
    }
    guard CheckDigits.isDate(year: year, month: text.number(2..<4) % 50 % 20, day: text.number(4..<6)) else {
      return false
    }
    guard text.count == 10 else { return true }
    var check = text.number(0..<9) % 11
    if year < 1985 { check %= 10 }
    return check == text.digit(9)
  }

  /// Values at odd places (first, third, …) of digits and of letters, from the decree.
  private static let italianOddValues = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
  ]

  private static func isItalianCode(_ text: CompactText) -> Bool {
    // Where namesakes would share a code, digits are replaced by these letters, from the right.
    let replacements = Array("LMNPQRSTUV".utf8)
    for index in [6, 7, 9, 10, 12, 13, 14] where !text.isDigit(index) && !replacements.contains(text[index]) {
      return false
    }
    guard "ABCDEHLMPRST".utf8.contains(text[8]) else { return false }
    var sum = 0
    for index in 0..<15 {
      let value = text.isDigit(index) ? text.digit(index) : Int(text[index]) - 65
      sum += index % 2 == 0 ? italianOddValues[value] : value
    }
    return sum % 26 == Int(text[15]) - 65
  }
}
