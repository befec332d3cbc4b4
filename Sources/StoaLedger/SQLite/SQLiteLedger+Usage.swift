package import Foundation
import GRDB

extension Database {
  /// Writes a row of usage, within a transaction.
  func insert(_ row: UsageRow) throws {
    let statement = try cachedStatement(
      sql: """
        INSERT INTO usage (
          request_id, started_at, day, key_id, api, model, model_digest, prompt_tokens, cached_tokens,
          completion_tokens, queue_seconds, prompt_seconds, generate_seconds, status, finish, currency, cost,
          estimated
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    try statement.execute(arguments: [
      row.requestID, UnixTime.microseconds(row.startedAt), UnixTime.day(row.startedAt), row.keyID, row.api, row.model,
      row.modelDigest, row.promptTokens, row.cachedTokens, row.completionTokens, row.queueSeconds, row.promptSeconds,
      row.generateSeconds, row.status, row.finish, row.cost.currency, row.cost.amount.micros,
      row.isEstimated,
    ])
    let id = lastInsertedRowID
    for comparison in row.cost.comparisons {
      try cachedStatement(sql: "INSERT OR REPLACE INTO comparison (usage_id, name, amount) VALUES (?, ?, ?)")
        .execute(arguments: [id, comparison.name, comparison.amount.micros])
    }
  }
}

extension SQLiteLedger {
  package func usage(_ query: UsageQuery) async throws -> [UsageSummary] {
    let group =
      switch query.grouping {
      case .key: "key_id"
      case .model: "model"
      case .day: "date(day * 86400, 'unixepoch')"
      }
    let (condition, arguments) = query.condition
    return try await read { db in
      var sums = UsageSums()
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT \(group) AS bucket, currency, count(*), sum(status >= 400), sum(prompt_tokens), sum(cached_tokens),
            sum(completion_tokens), sum(cost)
          FROM usage WHERE \(condition) GROUP BY bucket, currency ORDER BY bucket
          """, arguments: arguments)
      while let row = try rows.next() { sums.add(row) }
      let compared = try Row.fetchCursor(
        db,
        sql: """
          SELECT \(group) AS bucket, currency, comparison.name, sum(comparison.amount)
          FROM usage JOIN comparison ON comparison.usage_id = usage.id
          WHERE \(condition) GROUP BY bucket, currency, comparison.name ORDER BY comparison.name, currency
          """, arguments: arguments)
      while let row = try compared.next() { sums.addComparison(row) }
      guard query.grouping == .key else { return sums.summaries }
      return try sums.summaries.map { summary in
        var summary = summary
        summary.name = try String.fetchOne(db, sql: "SELECT name FROM api_key WHERE id = ?", arguments: [summary.group])
        return summary
      }
    }
  }

  package func spent(key: String, onDayOf moment: Date) async throws -> DailySpend {
    let day = UnixTime.day(moment)
    return try await read { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT coalesce(sum(prompt_tokens + completion_tokens), 0), coalesce(sum(cost), 0)
          FROM usage WHERE key_id = ? AND day = ?
          """, arguments: [key, day])
      return DailySpend(tokens: row?[0] ?? 0, money: Money(micros: row?[1] ?? 0))
    }
  }
}

extension UsageQuery {
  /// The condition on the rows, in SQL.
  fileprivate var condition: (sql: String, arguments: StatementArguments) {
    var terms = ["TRUE"]
    var arguments = StatementArguments()
    if let from {
      terms.append("started_at >= ?")
      arguments += [UnixTime.microseconds(from)]
    }
    if let to {
      terms.append("started_at < ?")
      arguments += [UnixTime.microseconds(to)]
    }
    if let key {
      terms.append("(key_id = ? OR key_id IN (SELECT id FROM api_key WHERE name = ?))")
      arguments += [key, key]
    }
    if let model {
      terms.append("model = ?")
      arguments += [model]
    }
    return (terms.joined(separator: " AND "), arguments)
  }
}

/// Puts the sums of a group in several currencies together.
private struct UsageSums {
  private(set) var summaries: [UsageSummary] = []
  private var places: [String?: Int] = [:]

  mutating func add(_ row: Row) {
    let group: String? = row[0]
    let place = places[group] ?? summaries.count
    if place == summaries.count {
      places[group] = place
      summaries.append(UsageSummary(group: group))
    }
    summaries[place].requests += row[2]
    summaries[place].errors += row[3]
    summaries[place].promptTokens += row[4]
    summaries[place].cachedTokens += row[5]
    summaries[place].completionTokens += row[6]
    if let currency: String = row[1] { summaries[place].costs[currency] = Money(micros: row[7]) }
  }

  mutating func addComparison(_ row: Row) {
    guard let place = places[row[0]], let currency: String = row[1] else { return }
    summaries[place].comparisons.append(
      UsageSummary.ComparedSum(name: row[2], currency: currency, amount: Money(micros: row[3])))
  }
}
