/// The number of a scope in the source: the template, or the body of a loop, macro or other block with variables of
/// its own.
typealias ScopeID = Int

/// What one scope does to names, in the order of the source and without the scopes inside it.
///
/// A variable that a scope assigns before it reads is the scope's own from its start, and undefined until then: scopes
/// inside it that run earlier do not see a variable of that name which the template was given. When it depends on a
/// condition whether the assignment comes first, the given variable is seen. Source: jinja2 3.1, `idtracking.py`.
struct ScopeNames {
  let parent: ScopeID?
  /// Names that the scope reads, assigns or binds.
  private(set) var touched: Set<Symbol> = []
  /// Names of which the first thing the scope does is to assign them, whatever the conditions.
  private(set) var assignedFirst: Set<Symbol> = []
  /// Open `if` blocks around the cursor within this scope.
  var conditions = 0

  init(parent: ScopeID?) { self.parent = parent }

  mutating func read(_ symbol: Symbol) { touched.insert(symbol) }

  mutating func assign(_ symbol: Symbol) {
    if touched.insert(symbol).inserted, conditions == 0 { assignedFirst.insert(symbol) }
  }
}

extension Parser {
  /// Starts a scope inside the current one.
  mutating func openScope(binding targets: [Target] = []) -> ScopeID {
    scopes.append(ScopeNames(parent: scope))
    scope = scopes.count - 1
    for target in targets { bind(target) }
    return scope
  }

  mutating func closeScope() { scope = scopes[scope].parent ?? 0 }

  private mutating func bind(_ target: Target) {
    switch target {
    case .name(let symbol): scopes[scope].read(symbol)
    case .attribute: break
    case .tuple(let targets): for target in targets { bind(target) }
    }
  }

  /// Notes an assignment, after its value was parsed.
  mutating func assign(_ target: Target) {
    switch target {
    case .name(let symbol): scopes[scope].assign(symbol)
    case .attribute(let symbol, _, _): scopes[scope].read(symbol)
    case .tuple(let targets): for target in targets { assign(target) }
    }
  }

  /// For every scope, the names that are undefined when it starts: where a scope around has the name too, it is that
  /// scope's variable.
  var initiallyUndefined: [[Symbol]] {
    scopes.map { names in
      names.assignedFirst.filter { symbol in
        var ancestor = names.parent
        while let id = ancestor {
          if scopes[id].touched.contains(symbol) { return false }
          ancestor = scopes[id].parent
        }
        return true
      }.sorted()
    }
  }
}
