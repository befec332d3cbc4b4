package import Foundation

/// What a key may be used for.
package enum KeyScope: String, Sendable, CaseIterable { case inference, admin, metrics }

/// How much a key may use; nil is no limit.
package struct KeyLimits: Sendable, Hashable {
  package var requestsPerMinute: Int?
  package var tokensPerMinute: Int?
  /// Requests at the same time.
  package var concurrency: Int?
  /// Prompt and completion tokens of a UTC day.
  package var tokensPerDay: Int?
  /// The cost of a UTC day, in the currency of the price table.
  package var moneyPerDay: Money?

  package init(
    requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil, concurrency: Int? = nil, tokensPerDay: Int? = nil,
    moneyPerDay: Money? = nil
  ) {
    self.requestsPerMinute = requestsPerMinute
    self.tokensPerMinute = tokensPerMinute
    self.concurrency = concurrency
    self.tokensPerDay = tokensPerDay
    self.moneyPerDay = moneyPerDay
  }
}

/// Who may use the server, for what and how much; the secret itself is not here, nor anywhere.
package struct APIKey: Sendable, Hashable {
  /// `key_` and twelve random letters and digits.
  package var id: String
  package var name: String
  /// The first characters of the secret, to tell keys apart.
  package var prefix: String
  package var scopes: Set<KeyScope>
  package var limits: KeyLimits
  /// Nil: all.
  package var allowedModels: [String]?
  package var createdAt: Date
  package var revokedAt: Date?
  package var expiresAt: Date?

  package init(
    id: String, name: String, prefix: String, scopes: Set<KeyScope>, limits: KeyLimits = KeyLimits(),
    allowedModels: [String]? = nil, createdAt: Date, revokedAt: Date? = nil, expiresAt: Date? = nil
  ) {
    self.id = id
    self.name = name
    self.prefix = prefix
    self.scopes = scopes
    self.limits = limits
    self.allowedModels = allowedModels
    self.createdAt = createdAt
    self.revokedAt = revokedAt
    self.expiresAt = expiresAt
  }

  package func allows(_ scope: KeyScope) -> Bool { scopes.contains(scope) }

  package func allows(model: String) -> Bool { allowedModels?.contains(model) ?? true }
}

/// A key with the digest that its secret is recognized by.
package struct StoredKey: Sendable, Hashable {
  package var key: APIKey
  /// 32 bytes.
  package var sha256: [UInt8]

  package init(key: APIKey, sha256: [UInt8]) {
    self.key = key
    self.sha256 = sha256
  }
}

/// Why a secret that was once good is refused.
package enum KeyRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  case revoked(id: String)
  case expired(id: String)

  /// What is wrong, and on a second line what to do.
  package var description: String {
    switch self {
    case .revoked(let id): "the key \(id) was revoked\nask for a new one"
    case .expired(let id): "the key \(id) has expired\nask for a new one"
    }
  }
}
