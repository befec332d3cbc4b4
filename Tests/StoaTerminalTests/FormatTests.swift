import StoaTerminal
import Testing

@Suite struct FormatTests {
  @Test(arguments: [
    (0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (152_400, "152,400"), (-1_234_567, "-1,234,567"),
    (Int.max, "9,223,372,036,854,775,807"), (Int.min, "-9,223,372,036,854,775,808"),
  ])
  func grouped(_ value: Int, _ text: String) { #expect(Format.grouped(value) == text) }

  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5_600_000, "5.6 MB"), (999_949, "999.9 kB"),
    (999_999, "1.0 MB"), (4_920_733_856, "4.9 GB"), (Int.max, "9.2 EB"),
  ])
  func bytes(_ value: Int, _ text: String) { #expect(Format.bytes(value) == text) }

  @Test(arguments: [(950, "950"), (5_100_000, "5.1 M"), (8_030_261_248, "8.0 B"), (260_032, "260.0 k")])
  func count(_ value: Int, _ text: String) { #expect(Format.count(value) == text) }

  @Test(arguments: [
    (0.314, "0.31 s"), (9.99, "9.99 s"), (9.999, "10 s"), (59.4, "59 s"), (185, "3 min 05 s"), (8040, "2 h 14 min"),
    (3 * 86_400 + 3600, "3 d 1 h"), (.infinity, "?"), (.nan, "?"), (-1, "?"),
  ])
  func duration(_ seconds: Double, _ text: String) { #expect(Format.duration(seconds) == text) }

  @Test(arguments: [
    (1.25, 1, "1.2"), (-0.04, 1, "0.0"), (-1.5, 1, "-1.5"), (1940.4, 0, "1,940"), (0.05, 2, "0.05"), (.nan, 1, "nan"),
    (-.infinity, 1, "-inf"),
  ])
  func decimal(_ value: Double, _ places: Int, _ text: String) { #expect(Format.decimal(value, places) == text) }

  @Test func rates() {
    #expect(Format.perSecond(1940.2) == "1,940")
    #expect(Format.perSecond(21.34) == "21.3")
    #expect(Format.perSecond(0.417) == "0.42")
    #expect(Format.rate(1.24e9) == "1.2 GB/s")
  }

  @Test func plural() {
    #expect(Format.plural(1, "token") == "1 token")
    #expect(Format.plural(21_328, "token") == "21,328 tokens")
  }

  @Test func columnsAlignByDisplayWidth() {
    let style = Style(enabled: true)
    let rows = [["name", "size"], ["漢字", style.dim("5 MB")], ["a", "12 MB"]]
    let lines = Columns.align(rows, rightAligned: [1])
    #expect(lines == ["name   size", "漢字   " + style.dim("5 MB"), "a     12 MB"])
  }
}

@Suite struct StyleTests {
  @Test func plainWhenOff() {
    #expect(Style(enabled: false).red("x") == "x")
    #expect(Style(enabled: true).red("x") == "\u{1B}[31mx\u{1B}[0m")
    #expect(Style(enabled: true).red("") == "")
  }

  @Test func colourNeedsATerminalAndConsent() {
    let piped = Terminal(inputIsTerminal: true, outputIsTerminal: false, errorIsTerminal: true, allowsColor: true)
    #expect(!piped.style(for: .output).enabled)
    #expect(piped.style(for: .error).enabled)
    #expect(!piped.isInteractive)
    let noColor = Terminal(inputIsTerminal: true, outputIsTerminal: true, errorIsTerminal: true, allowsColor: false)
    #expect(!noColor.style(for: .output).enabled)
    #expect(noColor.isInteractive)
  }

  /// A model or a file name must not be able to drive the terminal.
  @Test(arguments: [
    ("\u{1B}]0;title\u{07}", "␛]0;title␇"), ("a\nb\tc", "a␊b␉c"), ("\u{9B}31m", "\u{FFFD}31m"), ("\u{7F}", "␡"),
    ("é漢👩‍👧", "é漢👩‍👧"),
  ])
  func linesHaveNoControls(_ hostile: String, _ shown: String) { #expect(PrintableText.line(hostile) == shown) }

  @Test func blocksKeepLineBreaks() { #expect(PrintableText.block("a\n\tb\u{1B}[2J\r") == "a\n\tb␛[2J␍") }
}

@Suite struct ProgressLineTests {
  @Test func showsBytesRateAndTimeLeft() {
    let line = ProgressLine.text(
      title: "copying", completed: 1_200_000_000, total: 4_800_000_000, seconds: 2, unit: .bytes, width: 100)
    #expect(
      line == "copying  ━━━━━━──────────────────  25 % · 1.2 GB of 4.8 GB · 600.0 MB/s · 6.00 s left")
  }

  @Test(arguments: 1...120)
  func neverReachesTheLastColumn(_ width: Int) {
    for unit in [ProgressLine.Unit.bytes, .fraction, .items("windows")] {
      for (done, total) in [(0, 0), (5, 0), (0, 10), (3, 10), (10, 10), (99, 10), (-4, 10)] {
        let line = ProgressLine.text(
          title: "hashing 漢字.gguf", completed: done, total: total, seconds: 1.5, unit: unit, width: width)
        #expect(DisplayWidth.of(line) < max(width, 1))
      }
    }
  }

  @Test func unknownTotalHasNoPercent() {
    let line = ProgressLine.text(title: "", completed: 2_000, total: 0, seconds: 0, unit: .bytes, width: 80)
    #expect(line == "2.0 kB · 0 B/s")
  }
}
