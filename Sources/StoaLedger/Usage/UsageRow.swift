package import Foundation

/// What is written down about a request: who, what, how much. Never a word of the prompt or of the answer.
package struct UsageRow: Sendable, Hashable {
  package var requestID: String
  package var startedAt: Date
  /// Nil for a request that needed no key.
  package var keyID: String?
  /// The interface it came over: `openai.chat`, `anthropic.messages`, …
  package var api: String
  package var model: String
  package var modelDigest: String?
  /// All tokens of the prompt; those that did not have to be computed again are among them.
  package var promptTokens: Int
  package var cachedTokens: Int
  package var completionTokens: Int
  /// Whether the tokens were estimated, since who generated them did not count them.
  package var isEstimated: Bool
  package var queueSeconds: Double
  package var promptSeconds: Double
  package var generateSeconds: Double
  /// The HTTP status.
  package var status: Int
  /// Why the answer ended, in the words of its interface.
  package var finish: String?
  package var cost: Cost

  package init(
    requestID: String, startedAt: Date, keyID: String? = nil, api: String, model: String, modelDigest: String? = nil,
    promptTokens: Int = 0, cachedTokens: Int = 0, completionTokens: Int = 0, isEstimated: Bool = false,
    queueSeconds: Double = 0, promptSeconds: Double = 0, generateSeconds: Double = 0, status: Int,
    finish: String? = nil, cost: Cost = .none
  ) {
    self.requestID = requestID
    self.startedAt = startedAt
    self.keyID = keyID
    self.api = api
    self.model = model
    self.modelDigest = modelDigest
    self.promptTokens = promptTokens
    self.cachedTokens = cachedTokens
    self.completionTokens = completionTokens
    self.isEstimated = isEstimated
    self.queueSeconds = queueSeconds
    self.promptSeconds = promptSeconds
    self.generateSeconds = generateSeconds
    self.status = status
    self.finish = finish
    self.cost = cost
  }
}

/// What an answer cost here, and what the same tokens would have cost elsewhere.
package struct Cost: Sendable, Hashable {
  /// ISO 4217; nil when there are no prices.
  package var currency: String?
  package var amount: Money
  package var comparisons: [Comparison]

  package struct Comparison: Sendable, Hashable {
    package var name: String
    package var amount: Money

    package init(name: String, amount: Money) {
      self.name = name
      self.amount = amount
    }
  }

  /// No prices, no cost.
  package static let none = Cost(currency: nil, amount: .zero)

  package init(currency: String?, amount: Money, comparisons: [Comparison] = []) {
    self.currency = currency
    self.amount = amount
    self.comparisons = comparisons
  }
}
