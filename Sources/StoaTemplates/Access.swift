/// Attributes, elements, slices and iteration.
extension Interpreter {
  /// Names that every Python object has and jinja2's sandbox keeps from templates.
  private static let privateNames: Set<String> = [
    "__class__", "__doc__", "__init__", "__new__", "__dir__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__",
    "__ge__",
    "__format__", "__getattribute__", "__setattr__", "__delattr__", "__hash__", "__reduce__", "__reduce_ex__",
    "__repr__",
    "__str__", "__sizeof__", "__subclasshook__", "__init_subclass__", "__dict__", "__module__", "__globals__",
    "__code__",
    "__len__", "__iter__", "__getitem__", "__contains__", "__call__", "__self__", "__func__",
  ]

  /// Those of them that only functions and containers have, not jinja2's undefined value.
  private static let functionNames: Set<String> = [
    "__globals__", "__code__", "__self__", "__func__", "__contains__",
  ]

  private func missing(_ name: Text, of value: Value) -> Value {
    .undefined(Undefined("'\(value.typeName) object' has no attribute '\(name.excerpt)'"))
  }

  private func unsafe(_ name: Text, of value: Value) -> Value {
    .undefined(
      Undefined("access to attribute '\(name.excerpt)' of '\(value.typeName)' object is unsafe.", kind: .security))
  }

  /// `value.name`: an attribute, else the element with that key, else undefined.
  func attribute(_ name: Text, method: Method?, of value: Value) throws(TemplateError) -> Value {
    if case .undefined(let undefined) = value {
      if undefined.kind != .security, Self.privateNames.contains(name.excerpt),
        !Self.functionNames.contains(name.excerpt)
      {
        return unsafe(name, of: value)
      }
      throw fault(undefined.kind, undefined.message)
    }
    if let found = try ownAttribute(name, method: method, of: value) { return found }
    if case .dict(let dictionary) = value, let item = dictionary.value(.text(name.bytes)) { return item }
    return missing(name, of: value)
  }

  /// `value[index]`: an element, else for a string the attribute of that name, else undefined.
  func element(_ index: Value, of value: Value) throws(TemplateError) -> Value {
    switch value {
    case .undefined(let undefined): throw fault(undefined.kind, undefined.message)
    case .dict(let dictionary):
      switch index {
      case .list, .dict: break
      default: if let item = dictionary.value(try key(index)) { return item }
      }
    case .list(let sequence), .tuple(let sequence):
      if let place = place(index, count: sequence.items.count) { return sequence.items[place] }
    case .range(let range):
      if let place = place(index, count: range.count) { return .int(range[place]) }
    case .text(let text):
      if index.integer != nil {
        try charge(text.bytes.count >> 6)
        if let place = place(index, count: text.count) {
          let offset = text.offset(of: place)
          return .text(text.derived(text.bytes[offset..<offset + text.length(at: offset)]))
        }
      }
    default: break
    }
    guard case .text(let name) = index else {
      return .undefined(Undefined("\(value.typeName) object has no element \(try repr(index).string)"))
    }
    return try ownAttribute(name, method: Method(rawValue: name.excerpt), of: value) ?? missing(name, of: value)
  }

  private func place(_ index: Value, count: Int) -> Int? {
    guard let index = index.integer else { return nil }
    let place = index < 0 ? index + count : index
    return (0..<count).contains(place) ? place : nil
  }

  /// What Python's `getattr` finds, through the eyes of the sandbox.
  private func ownAttribute(_ name: Text, method: Method?, of value: Value) throws(TemplateError) -> Value? {
    if name.bytes.first == UInt8(ascii: "_") {
      if case .namespace = value { return nil }
      return Self.privateNames.contains(name.excerpt) ? unsafe(name, of: value) : nil
    }
    switch value {
    case .namespace(let namespace): return namespace[name]
    case .loop(let state):
      if let method, method.isOfLoop { return .method(BoundMethod(value, method)) }
      return try attribute(name.excerpt, of: state)
    case .macro(let macro):
      switch name.excerpt {
      case "name": return macro.definition.symbol == nil ? Value.none : .text(macro.definition.name)
      case "arguments":
        return try tuple(macro.definition.parameters.map { .text($0.name) })
      case "catch_kwargs": return .bool(macro.definition.readsKeywords)
      case "catch_varargs": return .bool(macro.definition.readsExtraPositional)
      case "caller": return .bool(macro.definition.readsCaller)
      default: return nil
      }
    case .tuple(let group) where group.isGroup && name.excerpt == "grouper": return group.items[0]
    case .tuple(let group) where group.isGroup && name.excerpt == "list": return group.items[1]
    case .int, .bool, .double:
      switch name.excerpt {
      case "real": return value.integer.map { .int($0) } ?? value
      case "imag": return value.integer == nil ? .double(0) : .int(0)
      case "numerator" where value.integer != nil: return value.integer.map { .int($0) }
      case "denominator" where value.integer != nil: return .int(1)
      default: return method.flatMap { $0.exists(on: value) ? .method(BoundMethod(value, $0)) : nil }
      }
    case .function(.dict) where name.excerpt == "fromkeys": return .function(.dictFromKeys)
    default:
      guard let method else { return nil }
      if method.isMutation(of: value) { return unsafe(name, of: value) }
      return method.exists(on: value) ? .method(BoundMethod(value, method)) : nil
    }
  }

  private func attribute(_ name: String, of loop: LoopState) throws(TemplateError) -> Value? {
    func count() throws(TemplateError) -> Int {
      try loop.count { () throws(TemplateError) in
        try charge()
        try allocate(64)
      }
    }
    switch name {
    case "index": return .int(loop.index + 1)
    case "index0": return .int(loop.index)
    case "first": return .bool(loop.index == 0)
    case "last": return .bool(try loop.peek() == nil)
    case "length": return .int(try count())
    case "revindex": return .int(try count() - loop.index)
    case "revindex0": return .int(try count() - loop.index - 1)
    case "previtem": return loop.previous ?? .undefined(Undefined("there is no previous item"))
    case "nextitem": return try loop.peek() ?? .undefined(Undefined("there is no next item"))
    case "depth": return .int(loop.recursionDepth + 1)
    case "depth0": return .int(loop.recursionDepth)
    default: return nil
    }
  }

  // MARK: Slices

  func slice(_ value: Value, start: Int?, stop: Int?, step: Int) throws(TemplateError) -> Value {
    try refuseUndefined(value)
    guard step != 0 else { throw fault(.value, "the step of a slice is zero") }
    func bound(_ value: Int?, _ fallback: Int, _ lowest: Int, _ highest: Int) -> Int {
      guard let value else { return fallback }
      return min(max(value < 0 ? value + highest + (step < 0 ? 1 : 0) : value, lowest), highest)
    }
    func bounds(_ count: Int) -> (start: Int, end: Int) {
      step > 0
        ? (bound(start, 0, 0, count), bound(stop, count, 0, count))
        : (bound(start, count - 1, -1, count - 1), bound(stop, -1, -1, count - 1))
    }
    func indices(_ count: Int) -> [Int] {
      var result: [Int] = []
      var (place, end) = bounds(count)
      while step > 0 ? place < end : place > end {
        result.append(place)
        let (next, overflows) = place.addingReportingOverflow(step)
        guard !overflows else { break }
        place = next
      }
      return result
    }
    switch value {
    case .text(let text):
      try charge(text.bytes.count >> (step == 1 ? 4 : 1))
      let places = indices(text.count)
      guard let first = places.first, let last = places.last else { return .text(text.derived([])) }
      if step == 1 {
        return try make(text.derived(text.bytes[text.offset(of: first)..<text.offset(of: last + 1)]))
      }
      let scalars = text.scalars
      var bytes: [UInt8] = []
      for place in places { bytes.append(scalar: scalars[place]) }
      return try make(text.derived(bytes))
    case .list(let sequence): return try list(indices(sequence.items.count).map { sequence.items[$0] })
    case .tuple(let sequence): return try tuple(indices(sequence.items.count).map { sequence.items[$0] })
    case .range(let range):
      let places = indices(range.count)
      try charge(places.count)
      let (product, overflows) = range.step.multipliedReportingOverflow(by: step)
      let (start, end) = bounds(range.count)
      return .range(
        IntegerRange(
          start: range[start], stop: range[end], step: overflows ? 1 : product, count: places.count))
    default: throw fault(.value, "a value of type \(value.typeName) cannot be sliced")
    }
  }

  // MARK: Iteration

  func isIterable(_ value: Value) -> Bool {
    switch value {
    case .undefined, .text, .list, .tuple, .dict, .range, .view, .iterator, .loop: true
    default: false
    }
  }

  func iterator(over value: Value) throws(TemplateError) -> Iterator {
    try charge()
    switch value {
    case .undefined: return Iterator(.items([]), depth: 1)
    case .text(let text): return Iterator(.text(text), depth: 1)
    case .list(let sequence), .tuple(let sequence): return Iterator(.items(sequence.items), depth: sequence.depth)
    case .dict(let dictionary): return Iterator(.items(dictionary.keys), depth: dictionary.depth)
    case .range(let range): return Iterator(.range(range), depth: 1)
    case .view(let view): return Iterator(.view(view), depth: value.depth)
    case .iterator(let iterator): return iterator
    default: throw fault(.value, "a value of type \(value.typeName) cannot be iterated")
    }
  }

  /// Everything a sequence holds, walked to its end.
  func items(of value: Value) throws(TemplateError) -> [Value] {
    switch value {
    case .list(let sequence), .tuple(let sequence):
      try charge(sequence.items.count)
      return sequence.items
    default:
      let iterator = try iterator(over: value)
      var items: [Value] = []
      while let item = try iterator.next() {
        try charge()
        try allocate(64)
        items.append(item)
        try checkLength(items.count)
      }
      return items
    }
  }

  /// Python's `len`, where the type has one.
  func count(of value: Value) -> Int? {
    switch value {
    case .undefined: 0
    case .text(let text): text.count
    case .list(let sequence), .tuple(let sequence): sequence.items.count
    case .dict(let dictionary): dictionary.keys.count
    case .range(let range): range.count
    case .view(let view): view.dictionary.keys.count
    default: nil
    }
  }
}
