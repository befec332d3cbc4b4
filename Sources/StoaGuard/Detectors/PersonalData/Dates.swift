/// Dates of birth: a date that follows a word about birth.
enum Dates {
  private static let month =
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"

  /// Numeric dates and dates with an English month.
  static let expression = [
    #"\<\d{1,2}[/.\-]\d{1,2}[/.\-](?:\d{4}|\d{2})\>"#, #"\<\d{4}[/.\-]\d{1,2}[/.\-]\d{1,2}\>"#,
    #"\<"# + month + #"\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}\>"#,
    #"\<\d{1,2}(?:st|nd|rd|th)?(?: of)? "# + month + #"\.?,? \d{4}\>"#,
  ].joined(separator: "|")

  private static let words = [
    "born", "birth", "dob", "d.o.b", "birthday", "birthdate", "date of birth", "geboren", "geburtsdatum", "geb", "né",
    "née",
    "naissance", "nacimiento", "nacido", "nacida", "nascimento", "nato", "nata", "nascita", "geboortedatum",
    "fødselsdato",
    "född", "syntynyt", "urodzenia", "ur", "生年月日", "出生", "생년월일", "рождения",
  ]

  /// Judges a match of `expression`.
  static func birth(_ candidate: Candidate) -> Judgement? {
    guard Context(candidate.before.suffix(40)).contains(anyOf: words) else { return nil }
    let numbers = candidate.bytes.split { !($0 &- 48 < 10) }.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
    guard numbers.count == 3 else { return numbers.count == 2 ? Judgement(score: 0.9) : nil }
    let (first, second, third) = (numbers[0], numbers[1], numbers[2])
    let isDate =
      first > 31
      ? CheckDigits.isDate(year: first, month: second, day: third)
      : [(second, first), (first, second)].contains { month, day in
        third > 99
          ? CheckDigits.isDate(year: third, month: month, day: day)
          : CheckDigits.isShortDate(year: third, month: month, day: day)
      }
    return isDate ? Judgement(score: 0.9) : nil
  }
}
