/// What answers cost, and what they would cost elsewhere; without prices nothing costs anything.
package struct PriceTable: Sendable, Hashable {
  /// Prices of a million tokens.
  package struct TokenPrices: Sendable, Hashable {
    package var input: Money
    /// Of prompt tokens that did not have to be computed again.
    package var cachedInput: Money
    package var output: Money

    package init(input: Money, cachedInput: Money? = nil, output: Money) {
      self.input = input
      self.cachedInput = cachedInput ?? input
      self.output = output
    }

    fileprivate func price(prompt: Int, cached: Int, completion: Int) -> Money {
      let prompt = max(0, prompt)
      let cached = min(max(0, cached), prompt)
      let millionths =
        Int128(prompt - cached) * Int128(input.micros) + Int128(cached) * Int128(cachedInput.micros)
        + Int128(max(0, completion)) * Int128(output.micros)
      return Money(micros: Int(clamping: (millionths + 500_000) / 1_000_000))
    }
  }

  package struct NamedPrices: Sendable, Hashable {
    package var name: String
    package var prices: TokenPrices

    package init(name: String, prices: TokenPrices) {
      self.name = name
      self.prices = prices
    }
  }

  /// ISO 4217; nil when there are no prices.
  package var currency: String?
  /// What an hour of computing costs.
  package var machinePerHour: Money?
  /// Models that are charged by the token instead of by the time.
  package var models: [String: TokenPrices]
  /// Prices of others, in the order of the file.
  package var compared: [NamedPrices]

  /// No prices at all.
  package static let none = PriceTable()

  package init(
    currency: String? = nil, machinePerHour: Money? = nil, models: [String: TokenPrices] = [:],
    compared: [NamedPrices] = []
  ) {
    self.currency = currency
    self.machinePerHour = machinePerHour
    self.models = models
    self.compared = compared
  }

  /// The cost of an answer, to the nearest millionth of the currency.
  package func price(
    model: String, promptTokens: Int, cachedTokens: Int, completionTokens: Int, computeSeconds: Double
  ) -> Cost {
    func price(_ prices: TokenPrices) -> Money {
      prices.price(prompt: promptTokens, cached: cachedTokens, completion: completionTokens)
    }
    let amount = models[model].map(price) ?? machinePrice(seconds: computeSeconds)
    return Cost(
      currency: currency, amount: amount,
      comparisons: compared.map { Cost.Comparison(name: $0.name, amount: price($0.prices)) })
  }

  private func machinePrice(seconds: Double) -> Money {
    // Centuries are no answer; the bound also turns what is not a number into nothing.
    guard let machinePerHour, seconds > 0 else { return .zero }
    let microseconds = Int128((min(seconds, 1e10) * 1_000_000).rounded())
    let hour: Int128 = 3_600_000_000
    return Money(micros: Int(clamping: (microseconds * Int128(machinePerHour.micros) + hour / 2) / hour))
  }
}
