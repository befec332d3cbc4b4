/// A lazy sequence that can be walked once, as Python's iterators and generators.
final class Iterator {
  enum Source {
    case items([Value])
    case text(Text)
    case range(IntegerRange)
    case view(DictionaryView)
    case steps(() throws(TemplateError) -> Value?)
  }

  private let source: Source
  private var position = 0
  /// Nesting of this sequence over the ones it draws from.
  let depth: Int

  init(_ source: Source, depth: Int) {
    self.source = source
    self.depth = depth
  }

  func next() throws(TemplateError) -> Value? {
    switch source {
    case .items(let items):
      guard position < items.count else { return nil }
      position += 1
      return items[position - 1]
    case .text(let text):
      guard position < text.bytes.count else { return nil }
      let start = position
      position += text.length(at: start)
      return .text(Text(bytes: Array(text.bytes[start..<position])))
    case .range(let range):
      guard position < range.count else { return nil }
      position += 1
      return .int(range[position - 1])
    case .view(let view):
      guard position < view.dictionary.keys.count else { return nil }
      position += 1
      return view.item(position - 1)
    case .steps(let step): return try step()
    }
  }
}

/// The variable `loop` of one running loop.
final class LoopState {
  let loop: Loop
  /// The scope around the loop, in which a recursive call runs it again.
  let scope: Scope
  let iterator: Iterator
  /// The number of items, when the sequence knows it without being walked.
  private var knownCount: Int?
  let recursionDepth: Int
  let depth: Int

  private(set) var index = -1
  private(set) var current: Value?
  private(set) var previous: Value?
  /// Items that were drawn ahead of their pass, for `loop.last`, `loop.nextitem` and `loop.length`.
  private var pending: [Value] = []
  private var pendingStart = 0
  var lastChangedValue: [Value]?

  init(_ loop: Loop, scope: Scope, iterator: Iterator, count: Int?, recursionDepth: Int) {
    self.loop = loop
    self.scope = scope
    self.iterator = iterator
    knownCount = count
    self.recursionDepth = recursionDepth
    depth = iterator.depth + 1
  }

  private func draw() throws(TemplateError) -> Value? {
    guard pendingStart < pending.count else { return try iterator.next() }
    pendingStart += 1
    return pending[pendingStart - 1]
  }

  /// Steps to the next item; false at the end.
  func advance() throws(TemplateError) -> Bool {
    guard let item = try draw() else { return false }
    index += 1
    previous = current
    current = item
    return true
  }

  /// The item of the next pass, without stepping.
  func peek() throws(TemplateError) -> Value? {
    if pendingStart < pending.count { return pending[pendingStart] }
    guard let item = try iterator.next() else { return nil }
    pending = [item]
    pendingStart = 0
    return item
  }

  /// The number of passes, for which a lazy sequence is drawn to its end.
  func count(_ charge: () throws(TemplateError) -> Void) throws(TemplateError) -> Int {
    if let knownCount { return knownCount }
    pending = Array(pending[pendingStart...])
    pendingStart = 0
    while let item = try iterator.next() {
      try charge()
      pending.append(item)
    }
    knownCount = pending.count + index + 1
    return pending.count + index + 1
  }
}
