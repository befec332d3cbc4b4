package import Foundation

/// Which rows to add up, and by what.
package struct UsageQuery: Sendable, Hashable {
  package enum Grouping: String, Sendable, CaseIterable { case key, model, day }

  package var grouping: Grouping
  /// The first moment that counts.
  package var from: Date?
  /// The first moment that no longer counts.
  package var to: Date?
  /// The id or the name of a key.
  package var key: String?
  package var model: String?

  package init(by grouping: Grouping, from: Date? = nil, to: Date? = nil, key: String? = nil, model: String? = nil) {
    self.grouping = grouping
    self.from = from
    self.to = to
    self.key = key
    self.model = model
  }
}

/// The sums of a group of rows.
package struct UsageSummary: Sendable, Hashable {
  /// The id of the key (nil: requests without one), the model, or the UTC day as `2026-11-25`.
  package var group: String?
  /// The name of the key, when grouped by key.
  package var name: String?
  package var requests = 0
  /// Requests that ended with a status of 400 or more.
  package var errors = 0
  package var promptTokens = 0
  package var cachedTokens = 0
  package var completionTokens = 0
  /// By currency: prices may have changed over the time asked for.
  package var costs: [String: Money] = [:]
  package var comparisons: [ComparedSum] = []

  /// What these tokens would have cost under other prices.
  package struct ComparedSum: Sendable, Hashable {
    package var name: String
    package var currency: String
    package var amount: Money
  }
}

extension UsageSummary {
  /// The sums of several groups together.
  package static func total(_ groups: [UsageSummary]) -> UsageSummary {
    var total = UsageSummary()
    for group in groups {
      total.requests += group.requests
      total.errors += group.errors
      total.promptTokens += group.promptTokens
      total.cachedTokens += group.cachedTokens
      total.completionTokens += group.completionTokens
      total.costs.merge(group.costs, uniquingKeysWith: +)
      for sum in group.comparisons {
        if let place = total.comparisons.firstIndex(where: { $0.name == sum.name && $0.currency == sum.currency }) {
          total.comparisons[place].amount += sum.amount
        } else {
          total.comparisons.append(sum)
        }
      }
    }
    return total
  }
}

/// What a key has used of a UTC day.
package struct DailySpend: Sendable, Hashable {
  /// Prompt and completion.
  package var tokens: Int
  package var money: Money

  package init(tokens: Int, money: Money) {
    self.tokens = tokens
    self.money = money
  }
}
