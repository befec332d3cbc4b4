/// International bank account numbers (ISO 13616) and payment cards (ISO/IEC 7812).
package enum PaymentNumbers {
  /// The length of a country's IBAN and the shape of what follows the check digits.
  ///
  /// Facts from SWIFT's IBAN registry, release 101: country, then runs of `n` (digits), `a` (letters) and `c`
  /// (both) with their lengths.
  private static let registry = """
    AD 8n12c,AE 19n,AL 8n16c,AT 16n,AZ 4a20c,BA 16n,BE 12n,BG 4a6n8c,BH 4a14c,BI 23n,BR 23n1a1c,BY 4c4n16c,CH 5n12c,\
    CR 18n,CY 8n16c,CZ 20n,DE 18n,DJ 23n,DK 14n,DO 4c20n,EE 16n,EG 25n,ES 20n,FI 14n,FK 2a12n,FO 14n,FR 10n11c2n,\
    GB 4a14n,GE 2a16n,GI 4a15c,GL 14n,GR 7n16c,GT 24c,HN 4a20n,HR 17n,HU 24n,IE 4a14n,IL 19n,IQ 4a15n,IS 22n,\
    IT 1a10n12c,JO 4a4n18c,KW 4a22c,KZ 3n13c,LB 4n20c,LC 4a24c,LI 5n12c,LT 16n,LU 3n13c,LV 4a13c,LY 21n,\
    MC 10n11c2n,MD 20c,ME 18n,MK 3n10c2n,MN 16n,MR 23n,MT 4a5n18c,MU 4a19n3a,NI 4a20n,NL 4a10n,NO 11n,OM 3n16c,\
    PK 4a16c,PL 24n,PS 4a21c,PT 21n,QA 4a21c,RO 4a16c,RS 18n,RU 14n15c,SA 2n18c,SC 4a20n3a,SD 14n,SE 20n,SI 15n,\
    SK 20n,SM 1a10n12c,SO 19n,ST 21n,SV 4a20n,TL 19n,TN 20n,TR 6n16c,UA 6n19c,VA 18n,VG 4a16n,XK 16n,YE 4a4n18c
    """

  private struct Structure: Sendable {
    let length: Int
    let runs: [(length: Int, kind: UInt8)]
  }

  /// Structures by country: (first letter - A) * 26 + (second letter - A).
  private static let structures: [Structure?] = {
    var table = [Structure?](repeating: nil, count: 26 * 26)
    for entry in registry.split(separator: ",") {
      let bytes = Array(entry.utf8)
      var runs: [(length: Int, kind: UInt8)] = []
      var length = 0
      for byte in bytes[3...] {
        if byte &- 48 < 10 {
          length = length * 10 + Int(byte) - 48
        } else {
          runs.append((length, byte))
          length = 0
        }
      }
      table[(Int(bytes[0]) - 65) * 26 + Int(bytes[1]) - 65] = Structure(
        length: 4 + runs.reduce(0) { $0 + $1.length }, runs: runs)
    }
    return table
  }()

  /// The length of a country's IBANs, or `nil` when it has none.
  package static func ibanLength(_ first: UInt8, _ second: UInt8) -> Int? {
    guard first &- 65 < 26, second &- 65 < 26 else { return nil }
    return structures[Int(first - 65) * 26 + Int(second - 65)]?.length
  }

  /// Whether the text is an IBAN: a registered country, its structure, and the check digits.
  package static func isIBAN(_ text: CompactText) -> Bool {
    guard text.count >= 15, text.isLetter(0), text.isLetter(1), text.isDigit(2), text.isDigit(3),
      let structure = structures[Int(text[0] - 65) * 26 + Int(text[1] - 65)], structure.length == text.count
    else { return false }
    var index = 4
    for run in structure.runs {
      let range = index..<(index + run.length)
      switch run.kind {
      case UInt8(ascii: "n"): guard text.areDigits(range) else { return false }
      case UInt8(ascii: "a"): guard text.areLetters(range) else { return false }
      default: break
      }
      index = range.upperBound
    }
    return CheckDigits.mod97Rotated(text)
  }

  /// The issuer of a card number, by its leading digits and length, or `nil` when none has such numbers.
  ///
  /// Ranges as the networks publish them: Visa 4; Mastercard 51-55 and 2221-2720; American Express 34, 37;
  /// Discover 6011, 644-649, 65; Diners 300-305, 3095, 36, 38-39; JCB 3528-3589; UnionPay 62, 81; Maestro 50, 56-58,
  /// 60, 63-69; Mir 2200-2204; RuPay 60, 81, 82; Troy 9792; and the 15-digit JCB 1800, 2131.
  package static func cardIssuer(_ text: CompactText) -> String? {
    guard text.isDigits, (12...19).contains(text.count) else { return nil }
    let length = text.count
    let four = text.number(0..<4)
    switch four {
    case 4000...4999: return [13, 16, 19].contains(length) ? "visa" : nil
    case 5100...5599, 2221...2720: return length == 16 ? "mastercard" : nil
    case 3400...3499, 3700...3799: return length == 15 ? "amex" : nil
    case 3000...3059, 3095, 3600...3699, 3800...3999: return (14...19).contains(length) ? "diners" : nil
    case 3528...3589: return (16...19).contains(length) ? "jcb" : nil
    case 1800, 2131: return length == 15 ? "jcb" : nil
    case 2200...2204: return (16...19).contains(length) ? "mir" : nil
    case 6011, 6440...6599: return (16...19).contains(length) ? "discover" : nil
    case 6200...6299, 8100...8199: return (14...19).contains(length) ? "unionpay" : nil
    case 5000...5099, 5600...5899, 6000...6999: return "maestro"
    case 8200...8299: return length == 16 ? "rupay" : nil
    case 9792: return length == 16 ? "troy" : nil
    default: return nil
    }
  }

  /// Whether the text is a card number: an issuer's range and length, and Luhn.
  package static func isCard(_ text: CompactText) -> Bool {
    cardIssuer(text) != nil && CheckDigits.luhn(text) && !text.isUniform
  }
}
