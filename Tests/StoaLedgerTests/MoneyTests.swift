import Foundation
import StoaTestSupport
import Testing

@testable import StoaLedger

@Suite struct MoneyTests {
  @Test(arguments: [
    ("0", 0), ("0.35", 350_000), ("10", 10_000_000), ("0.000001", 1), ("2.50", 2_500_000), ("007.1", 7_100_000),
    ("999999999999.999999", 999_999_999_999_999_999),
  ])
  func reads(_ text: String, _ micros: Int) { #expect(Money(text)?.micros == micros) }

  @Test(arguments: [
    "", ".", "1.", ".5", "-1", "+1", "1e3", "0.0000001", "1,5", "1 ", "١", "0x1", "nan", "inf", "1.2.3",
    "1000000000000000", "9999999999999999999999",
  ])
  func refuses(_ text: String) { #expect(Money(text) == nil) }

  @Test(arguments: [
    (0, "0.00"), (1, "0.000001"), (350_000, "0.35"), (1_500_000, "1.50"), (-97, "-0.000097"),
    (Int.min, "-9223372036854.775808"),
  ])
  func writes(_ micros: Int, _ text: String) { #expect(Money(micros: micros).text == text) }

  @Test func readsWhatItWrote() {
    var random = SeededGenerator(state: 1)
    for _ in 0..<1000 {
      let money = Money(micros: Int.random(in: 0..<1 << Int.random(in: 1...59, using: &random), using: &random))
      #expect(Money(money.text) == money)
    }
  }

  @Test func sumsDoNotOverflow() {
    #expect(Money(micros: .max) + Money(micros: 1) == Money(micros: .max))
    #expect(Money(micros: .min) + Money(micros: -1) == Money(micros: .min))
  }

  @Test(arguments: [
    (0.0, 0), (86_399.999999, 0), (86_400.0, 1), (-0.000001, -1), (-86_400.0, -1), (1_795_564_800.0, 20_782),
  ])
  func daysBeginAtMidnight(_ seconds: Double, _ day: Int) {
    let date = Date(timeIntervalSince1970: seconds)
    #expect(UnixTime.day(date) == day)
    #expect((1...UnixTime.microsecondsPerDay).contains(UnixTime.restOfDay(date)))
  }

  @Test func oddDatesAreBounded() {
    for date in [Date.distantPast, .distantFuture, Date(timeIntervalSince1970: .infinity)] {
      #expect(abs(UnixTime.microseconds(date)) <= 100_000_000_000_000_000)
    }
  }
}
