/// Loops, plain and recursive.
extension Interpreter {
  func run(_ loop: Loop, in scope: Scope) throws(TemplateError) -> Flow {
    let sequence = try evaluate(loop.sequence, in: scope)
    line = loop.line
    if loop.isRecursive {
      try write(try renderRecursive(loop, over: sequence, in: scope, recursionDepth: 0).bytes)
      return .next
    }
    return try passes(of: loop, over: sequence, in: scope, recursionDepth: 0)
  }

  /// The text of a recursive loop over a sequence; `loop(sequence)` in its body calls this again.
  func renderRecursive(
    _ loop: Loop, over sequence: Value, in scope: Scope, recursionDepth: Int
  ) throws(TemplateError) -> Text {
    let outer = output
    let outerBytes = outerOutputBytes
    outerOutputBytes += outer.count
    output = []
    _ = try passes(of: loop, over: sequence, in: scope, recursionDepth: recursionDepth)
    let text = Text(bytes: output)
    output = outer
    outerOutputBytes = outerBytes
    try allocate(text.bytes.count)
    return text
  }

  private func passes(
    of loop: Loop, over sequence: Value, in scope: Scope, recursionDepth: Int
  ) throws(TemplateError) -> Flow {
    try enter()
    defer { leave() }
    let all = try iterator(over: sequence)
    let state = LoopState(
      loop, scope: scope, iterator: loop.condition == nil ? all : try filtered(all, by: loop, in: scope),
      count: loop.condition == nil ? count(of: sequence) : nil, recursionDepth: recursionDepth)
    let symbol = program.loopSymbol
    var isEmpty = true
    while try state.advance() {
      iterations += 1
      try charge()
      guard iterations <= limits.iterations else {
        throw fault(.limit, "loops take more than \(limits.iterations) passes")
      }
      let inner = try makeScope(loop.body.scope, parent: scope)
      if let symbol { inner.set(symbol, .loop(state)) }
      if let item = state.current { try assign(item, to: loop.target, in: inner) }
      let flow = try execute(loop.body.statements, in: inner)
      line = loop.line
      if flow == .breakLoop { break }
      // jinja2 marks a loop as not empty only when a pass reaches its end.
      if flow == .next { isEmpty = false }
    }
    guard isEmpty, let otherwise = loop.otherwise else { return .next }
    return try execute(otherwise, inside: scope)
  }

  private func filtered(_ all: Iterator, by loop: Loop, in scope: Scope) throws(TemplateError) -> Iterator {
    try checkDepth(all.depth + 1)
    return Iterator(
      .steps { [unowned self] () throws(TemplateError) -> Value? in
        while let item = try all.next() {
          try charge()
          let inner = Scope(parent: scope)
          try assign(item, to: loop.target, in: inner)
          guard let condition = loop.condition, try !evaluate(condition, in: inner).isTrue else { return item }
        }
        return nil
      }, depth: all.depth + 1)
  }
}
