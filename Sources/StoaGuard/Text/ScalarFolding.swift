import Foundation

/// What look-alikes are taken for: lower case, without marks, in the Latin letters that they look like.
///
/// Facts from the Unicode Character Database (compatibility forms, Default_Ignorable_Code_Point, general categories) and from
/// the shapes that UTS #39 calls confusable. Bans are folded in the same way, so a script that is folded to Latin in part still matches itself.
enum ScalarFolding {
  enum Folded: Equatable, Sendable {
    case dropped
    case scalar(Unicode.Scalar)
    case text(String)
  }

  /// The folded form of a scalar above ASCII.
  static func fold(_ scalar: Unicode.Scalar) -> Folded {
    let value = Int(scalar.value)
    guard value < 0x10000 else { return compute(scalar) }
    switch table[value] {
    case 0: return .dropped
    case .max: return .scalar(scalar)
    case let folded:
      if let other = Unicode.Scalar(folded) { return .scalar(other) }
      return compute(scalar)
    }
  }

  /// The text as the folded view shows it.
  static func fold(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        result.append(lowercaseASCII(scalar))
      } else {
        switch fold(scalar) {
        case .dropped: break
        case .scalar(let other): result.append(other)
        case .text(let other): result.append(contentsOf: other.unicodeScalars)
        }
      }
    }
    return String(result)
  }

  private static func lowercaseASCII(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    (0x41...0x5A).contains(scalar.value) ? Unicode.Scalar(UInt8(scalar.value | 0x20)) : scalar
  }

  /// The folded scalar of every one of the basic plane: 0 dropped, `UInt32.max` itself, above the scalars a text.
  private static let table: [UInt32] = (0...0xFFFF).map { value in
    guard value >= 0x80, let scalar = Unicode.Scalar(UInt32(value)) else { return .max }
    return switch compute(scalar) {
    case .dropped: 0
    case .scalar(let other): other == scalar ? .max : other.value
    case .text: 0x110000
    }
  }

  private static func compute(_ scalar: Unicode.Scalar) -> Folded {
    let value = scalar.value
    if let letter = asciiForm(value) { return .scalar(lowercaseASCII(Unicode.Scalar(letter))) }
    if let other = confusables[scalar] { return .scalar(other) }
    if let text = ligatures[scalar] { return .text(text) }
    let properties = scalar.properties
    if properties.isDefaultIgnorableCodePoint { return .dropped }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return .dropped
    case .control, .format: return .dropped
    case .spaceSeparator: return .scalar(" ")
    case .lineSeparator, .paragraphSeparator: return .scalar("\n")
    case .dashPunctuation: return .scalar("-")
    default: break
    }
    if (0xC0...0x24F).contains(value) || (0x1E00...0x1FFF).contains(value) || (0x370...0x52F).contains(value) {
      // The letter under its marks.
      if let base = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars.first, base != scalar {
        return base.isASCII ? .scalar(lowercaseASCII(base)) : compute(base)
      }
    }
    let lower = properties.lowercaseMapping.unicodeScalars
    if lower.count == 1, let other = lower.first, other != scalar { return compute(other) }
    return .scalar(scalar)
  }

  /// Forms of ASCII characters that lie in order: full width, mathematical, circled, squared, regional.
  private static func asciiForm(_ value: UInt32) -> UInt8? {
    func letter(_ index: UInt32) -> UInt8 { UInt8(0x61 + index % 26) }
    switch value {
    case 0xFF01...0xFF5E: return UInt8(value - 0xFEE0)
    case 0x1D400...0x1D6A3: return letter(value - 0x1D400)
    case 0x1D7CE...0x1D7FF: return UInt8(0x30 + (value - 0x1D7CE) % 10)
    case 0x24B6...0x24E9: return letter(value - 0x24B6)
    case 0x249C...0x24B5: return letter(value - 0x249C)
    case 0x2460...0x2468: return UInt8(0x31 + value - 0x2460)
    case 0x2776...0x277E: return UInt8(0x31 + value - 0x2776)
    case 0x1F110...0x1F129: return letter(value - 0x1F110)
    case 0x1F130...0x1F149: return letter(value - 0x1F130)
    case 0x1F150...0x1F169: return letter(value - 0x1F150)
    case 0x1F170...0x1F189: return letter(value - 0x1F170)
    case 0x1F1E6...0x1F1FF: return letter(value - 0x1F1E6)
    case 0x2080...0x2089: return UInt8(0x30 + value - 0x2080)
    case 0x2074...0x2079: return UInt8(0x34 + value - 0x2074)
    default: return nil
    }
  }

  private static let ligatures: [Unicode.Scalar: String] = [
    "\u{FB00}": "ff", "\u{FB01}": "fi", "\u{FB02}": "fl", "\u{FB03}": "ffi", "\u{FB04}": "ffl", "\u{FB05}": "st",
    "\u{FB06}": "st",
    "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ĳ": "ij", "Ĳ": "ij", "ǆ": "dz", "ǉ": "lj", "ǌ": "nj", "ß": "ss",
    "ẞ": "ss", "…": "...",
    "№": "no", "㏄": "cc", "ʣ": "dz", "ʦ": "ts",
  ]

  /// Each line: the Latin letter or mark, then what looks like it.
  private static let confusables: [Unicode.Scalar: Unicode.Scalar] = {
    let lines = [
      "aаАαΑɑᴀꭺᎪꓮａªᵃᴬₐ∂ⲁ", "bВЬвᏴβΒʙᏏꓐƄᵇᴮьⲂ", "cсСϲϹᴄⅽⅭᏟꓚⲥⲤᶜ¢ℂℭϾ", "dԁⅾⅮᎠᏧꓒᴅᵈᴰɗđĐժ", "eеЕёεΕєЄᎬꓰҽᴇℯℰⅇᵉᴱₑ℮ɛԐԑ",
      "fϝϜꓝſƒᶠℱꞘꬵք", "gɡցԌᏀᏳꓖɢᵍᴳℊǥ", "hһНнΗᎻᏂꓧհҺʜʰᴴₕℎℋℌℍћĦħⲎ", "iіІιΙɩıİӏᎥɪꙇꓲⅰⅠⁱᵢᴵℐℑℹ∣ΪⲒ", "jјЈϳͿᎫꓙʲᴶⱼյ",
      "kкКκΚᏦꓗᴋᵏᴷₖKⲔҝқĸ", "lⅼⅬᏞꓡʟˡᴸₗℓℒłŁΙ", "mмМΜᎷꓟⅿⅯᴍᵐᴹₘℳϺⲘ", "nпΝηꓠɴⁿᴺₙℕոռҢⲚ",
      "oоОοΟσօՕᴏꓳᵒᴼₒℴ〇⚬○●ØøⲟⲞӨөσ°ჿ", "pрРρΡᏢꓑᴘᵖᴾₚ℘ℙⲣⲢþ", "qԛԚզգℚϙ", "rгᎡᏒꓣʀʳᴿᵣℛℜℝꭇɾ", "sѕЅꓢᏕᏚꜱˢₛʂΣՏ", "tтТτΤᎢꓔᴛᵗᵀₜŧ†Ⲧ",
      "uυսՍᴜᵘᵁᵤꓴʋцՄ∪", "vνѵѴⅴⅤᴠᵛᵥꓦᏙ∨", "wшωԝԜᎳꓪᴡʷᵂɯѡաⱳ", "xхХχΧⅹⅩꓫᵡˣₓ×᙭Ⲭ", "yуУүҮΥγᎩꓬʏʸ¥ўⲨɣ", "zΖᏃꓜᴢᶻℤℨʐȥⲌ",
      "0߀०০੦୦௦౦೦൦๐໐၀⓪⁰", "1¹１⒈", "2²ᒿ", "3³зЗЭʒӡ", "'\u{2018}\u{2019}\u{201A}\u{201B}\u{2032}\u{00B4}\u{02BC}`",
      "\"\u{201C}\u{201D}\u{201E}\u{201F}\u{2033}«»", ".․。・·•∙⋅‧", ",，、", "-−⁻﹣˗", "_‿＿", "/⁄∕╱", ":∶꞉ː", "!ǃⵑ", "?Ɂ",
      "*∗⁎٭", "|ǀ∣⏐", "<‹≺", ">›≻",
    ]
    var result: [Unicode.Scalar: Unicode.Scalar] = [:]
    for line in lines {
      guard let target = line.unicodeScalars.first else { continue }
      for scalar in line.unicodeScalars.dropFirst() where !scalar.isASCII && result[scalar] == nil {
        result[scalar] = target
      }
    }
    return result
  }()
}
