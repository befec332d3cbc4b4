/// Certificate policies along a chain (RFC 5280, 6.1), without mappings: the policy tree is then a set.
struct PolicyProcessing {
  let demanded: Set<ObjectIdentifier>
  /// Why no demanded policy holds; nil if one does or none must.
  private(set) var problem: String?

  init(demanded: Set<ObjectIdentifier>) { self.demanded = demanded }

  /// The policies that the tree holds: those named, and `anyPolicy` for all others.
  private struct Held {
    var named: Set<ObjectIdentifier> = []
    var any = false
    var isEmpty: Bool { named.isEmpty && !any }
  }

  /// Goes along the chain, its leaf first, without the anchor; the policies that hold, nil when any would.
  mutating func run(_ chain: ArraySlice<X509Certificate>) -> Set<ObjectIdentifier>? {
    var held = Held(any: true)
    let unlimited = chain.count + 1
    var explicit = demanded.isEmpty ? unlimited : 0
    var inhibitAny = unlimited
    for (index, certificate) in chain.enumerated().reversed() {
      let extensions = certificate.extensions
      let anyCounts = inhibitAny > 0 || index > 0 && certificate.isSelfIssued
      held = Self.narrow(held, by: extensions.policies, anyCounts: anyCounts)
      if explicit == 0, held.isEmpty {
        problem = problem ?? "no policy holds from the root to \(certificate.subject)"
      }
      // Mappings would rename policies for what is below; not followed, they leave none.
      if index > 0, extensions.hasPolicyMappings { held = Held() }
      if index == 0 || !certificate.isSelfIssued {
        explicit = max(0, explicit - 1)
        inhibitAny = max(0, inhibitAny - 1)
      }
      if let required = extensions.policyConstraints?.requireExplicitPolicy {
        // On the leaf itself only zero has a meaning (6.1.5 (b)).
        if index > 0 { explicit = min(explicit, required) } else if required == 0 { explicit = 0 }
      }
      if let inhibit = extensions.inhibitAnyPolicy { inhibitAny = min(inhibitAny, inhibit) }
    }
    if !demanded.isEmpty, problem == nil, !held.any, held.named.isDisjoint(with: demanded) {
      let names = held.named.map(Self.name).sorted().joined(separator: ", ")
      problem = "its policy is \(names), not \(demanded.map(Self.name).sorted().joined(separator: " or "))"
    } else if explicit == 0, held.isEmpty, problem == nil {
      problem = "no policy holds along the chain"
    }
    return held.any ? nil : held.named
  }

  private static func narrow(_ held: Held, by policies: [ObjectIdentifier]?, anyCounts: Bool) -> Held {
    guard let policies else { return Held() }
    var named = Set(policies)
    let any = named.remove(StandardOIDs.anyPolicy) != nil && anyCounts
    let kept = held.any ? named : named.intersection(held.named)
    return Held(named: any ? kept.union(held.named) : kept, any: any && held.any)
  }

  private static func name(_ policy: ObjectIdentifier) -> String {
    AssuranceLevel(policy: policy)?.name ?? policy.description
  }
}
