import Testing

@testable import StoaTerminal

/// Expected columns: EastAsianWidth.txt and emoji-data.txt of Unicode 16; clusters as `wcwidth` (PyPI) 0.9 counts them.
@Suite struct DisplayWidthTests {
  @Test(arguments: [
    ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("漢字", 4), ("ｱ", 1), ("Ａ", 2), ("한국", 4),
    ("\u{1112}\u{1161}\u{11AB}", 2),
    ("ไทย", 3), ("ที่", 1), ("שלום", 4), ("́", 0), ("\u{200B}", 0), ("\u{AD}", 0), ("…", 1), ("—", 1), ("›", 1), ("─", 1),
    ("😀", 2), ("👩‍👩‍👧", 2), ("👍🏽", 2), ("🇩🇪", 2), ("❤", 1), ("❤️", 2), ("1️⃣", 2), ("☎️", 2), ("⌚", 2),
    ("〈", 2), ("𠀀", 2), ("\u{1F200}", 2), ("𝐀", 1), ("क", 1), ("का", 2), ("α", 1), ("Ж", 1), ("\t", 0), ("\u{7F}", 0),
  ])
  func columns(_ text: String, _ columns: Int) { #expect(DisplayWidth.of(text) == columns, "\(text)") }

  @Test func stylesTakeNoColumns() {
    #expect(DisplayWidth.of(styled: Style(enabled: true).bold("漢") + "a") == 3)
  }
}
