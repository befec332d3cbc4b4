import Foundation
import StoaTestSupport
import Testing

@testable import StoaLedger

@Suite struct UsageTests {
  private let fixture = LedgerFixture()
  private static let day: TimeInterval = 86_400

  @Test("Sums equal those of the rows, whatever they are grouped and filtered by")
  func sums() async throws {
    var random = SeededGenerator(state: 7)
    let rows = (0..<400).map { index in
      LedgerFixture.row(
        "r\(index)", at: LedgerFixture.noon + Self.day * Double(Int.random(in: -3...3, using: &random)),
        key: ["key_a", "key_b", nil].randomElement(using: &random) ?? nil,
        model: ["primer", "other"].randomElement(using: &random) ?? "primer",
        prompt: Int.random(in: 0...1000, using: &random), cached: Int.random(in: 0...10, using: &random),
        completion: Int.random(in: 0...100, using: &random),
        status: [200, 400, 499, 503].randomElement(using: &random) ?? 200,
        cost: Cost(
          currency: ["EUR", "USD", nil].randomElement(using: &random) ?? nil,
          amount: Money(micros: Int.random(in: 0...1_000_000, using: &random))))
    }
    let ledger = try fixture.open()
    for row in rows { try await ledger.record(row) }
    let from = LedgerFixture.noon - Self.day
    let to = LedgerFixture.noon + 2 * Self.day
    for grouping in UsageQuery.Grouping.allCases {
      for key in [nil, "key_a"] {
        for model in [nil, "other"] {
          for (from, to) in [(nil, nil), (from, nil), (nil, to), (from, to)] as [(Date?, Date?)] {
            let chosen = rows.filter { row in
              (key == nil || row.keyID == key) && (model == nil || row.model == model)
                && from.map { $0 <= row.startedAt } != false && to.map { row.startedAt < $0 } != false
            }
            let expected = Dictionary(grouping: chosen) { row in
              switch grouping {
              case .key: row.keyID
              case .model: row.model
              case .day: row.startedAt.formatted(.iso8601.year().month().day())
              }
            }
            let sums = try await ledger.usage(UsageQuery(by: grouping, from: from, to: to, key: key, model: model))
            #expect(Set(sums.map(\.group)) == Set(expected.keys))
            for sum in sums { Self.check(sum, try #require(expected[sum.group])) }
          }
        }
      }
    }
  }

  private static func check(_ sum: UsageSummary, _ rows: [UsageRow]) {
    #expect(sum.requests == rows.count)
    #expect(sum.errors == rows.filter { $0.status >= 400 }.count)
    #expect(sum.promptTokens == rows.reduce(0) { $0 + $1.promptTokens })
    #expect(sum.cachedTokens == rows.reduce(0) { $0 + $1.cachedTokens })
    #expect(sum.completionTokens == rows.reduce(0) { $0 + $1.completionTokens })
    for currency in ["EUR", "USD"] {
      let costs = rows.filter { $0.cost.currency == currency }.map(\.cost.amount)
      #expect(sum.costs[currency] == (costs.isEmpty ? nil : costs.reduce(.zero, +)))
    }
  }

  @Test func comparisonsAreSummedByNameAndCurrency() async throws {
    let ledger = try fixture.open()
    func cost(_ currency: String, _ amounts: [(String, Int)]) -> Cost {
      Cost(
        currency: currency, amount: .zero,
        comparisons: amounts.map { Cost.Comparison(name: $0.0, amount: Money(micros: $0.1)) })
    }
    try await ledger.record(LedgerFixture.row(cost: cost("EUR", [("x", 1), ("y", 2)])))
    try await ledger.record(LedgerFixture.row(cost: cost("EUR", [("x", 10)])))
    try await ledger.record(LedgerFixture.row(cost: cost("USD", [("x", 100)])))
    try await ledger.record(LedgerFixture.row(model: "other", cost: cost("USD", [("x", 1000)])))
    let sums = try await ledger.usage(UsageQuery(by: .model))
    #expect(sums.map(\.group) == ["other", "primer"])
    #expect(
      sums[1].comparisons == [
        .init(name: "x", currency: "EUR", amount: Money(micros: 11)),
        .init(name: "x", currency: "USD", amount: Money(micros: 100)),
        .init(name: "y", currency: "EUR", amount: Money(micros: 2)),
      ])
  }

  @Test func aDayIsAUTCDay() async throws {
    let ledger = try fixture.open()
    let midnight = LedgerFixture.noon - 43_200
    for (offset, tokens) in [(-0.001, 1), (0, 10), (86_399.999, 100), (86_400, 1000)] {
      let cost = Cost(currency: "EUR", amount: Money(micros: tokens))
      try await ledger.record(
        LedgerFixture.row(at: midnight + offset, key: "key_1", prompt: tokens, completion: tokens, cost: cost))
    }
    try await ledger.record(LedgerFixture.row(key: "key_2"))
    let spent = try await ledger.spent(key: "key_1", onDayOf: LedgerFixture.noon)
    #expect(spent == DailySpend(tokens: 220, money: Money(micros: 110)))
    #expect(try await ledger.spent(key: "nobody", onDayOf: LedgerFixture.noon) == DailySpend(tokens: 0, money: .zero))
    let days = try await ledger.usage(UsageQuery(by: .day, key: "key_1"))
    #expect(days.map(\.group) == ["2026-11-24", "2026-11-25", "2026-11-26"])
  }

  @Test func namesAreOnlyText() async throws {
    let ledger = try fixture.open()
    let name = "'; DROP TABLE usage; -- \u{0} é 中"
    try await ledger.record(LedgerFixture.row(name, key: name, model: name))
    #expect(try await ledger.usage(UsageQuery(by: .model, key: name, model: name)).map(\.requests) == [1])
  }
}
