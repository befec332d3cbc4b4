/// Filters on sequences and mappings. What jinja2 returns as a generator is lazy here too.
extension Interpreter {
  func applyToSequence(_ filter: Filter, _ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    switch filter {
    case .list:
      _ = try bind(arguments, "list", [])
      return try list(try items(of: value))
    case .first:
      _ = try bind(arguments, "first", [])
      return try iterator(over: value).next() ?? .undefined(Undefined("No first item, sequence was empty."))
    case .last:
      _ = try bind(arguments, "last", [])
      return try reversible(value).last ?? .undefined(Undefined("No last item, sequence was empty."))
    case .join: return try join(value, arguments)
    case .items:
      _ = try bind(arguments, "items", [])
      return try deferred(over: value.depth) { [unowned self] () throws(TemplateError) -> Iterator in
        if value.isUndefined { return Iterator(.items([]), depth: 1) }
        guard case .dict(let dictionary) = value else {
          throw fault(.value, "items takes a mapping, not \(value.typeName)")
        }
        return Iterator(.view(DictionaryView(dictionary, .items)), depth: dictionary.depth + 1)
      }
    case .reverse: return try reverse(value, arguments)
    case .dictsort: return try dictsort(value, arguments)
    case .sort: return try sort(value, arguments)
    case .unique: return try unique(value, arguments)
    case .min, .max: return try extreme(filter, value, arguments)
    case .sum:
      let values = try bind(arguments, "sum", ["attribute", "start"])
      var total = values[1] ?? .int(0)
      let path = try attributePath(values[0])
      for item in try items(of: value) { total = try apply(.add, total, try follow(path, from: item)) }
      return total
    case .map: return try map(value, arguments)
    case .select, .reject, .selectattr, .rejectattr: return try select(filter, value, arguments)
    case .groupby: return try group(value, arguments)
    case .batch, .slice: return try divide(filter, value, arguments)
    default: throw fault(.value, "the filter '\(filter.rawValue)' does not apply to \(value.typeName)")
    }
  }

  // MARK: Attribute paths

  /// A path such as `"function.name"` or `"0.role"`, as `map`, `sort` and others take it.
  func attributePath(_ value: Value?) throws(TemplateError) -> [Value] {
    switch value {
    case nil, .none?: return []
    case .text(let text)?:
      return text.split(by: Text("."), limit: .max).map { part in
        let isNumber = !part.bytes.isEmpty && part.bytes.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        return isNumber ? Int(part.string).map { .int($0) } ?? .text(part) : .text(part)
      }
    case let value?: return [value]
    }
  }

  func follow(_ path: [Value], from value: Value, default fallback: Value? = nil) throws(TemplateError) -> Value {
    var value = value
    for part in path {
      try charge()
      value = try element(part, of: value)
      if let fallback, !fallback.isNone, value.isUndefined { value = fallback }
    }
    return value
  }

  private func ignoringCase(_ value: Value, _ isSensitive: Bool) -> Value {
    if !isSensitive, case .text(let text) = value { .text(text.lowercased) } else { value }
  }

  // MARK: Order

  /// A stable merge sort that lets comparisons throw.
  func sorted<Element>(
    _ items: [Element], by precedes: (Element, Element) throws(TemplateError) -> Bool
  ) throws(TemplateError) -> [Element] {
    var source = items
    var width = 1
    while width < source.count {
      var merged: [Element] = []
      merged.reserveCapacity(source.count)
      for start in stride(from: 0, to: source.count, by: 2 * width) {
        let middle = Swift.min(start + width, source.count)
        let end = Swift.min(start + 2 * width, source.count)
        var (left, right) = (start, middle)
        while left < middle, right < end {
          if try precedes(source[right], source[left]) {
            merged.append(source[right])
            right += 1
          } else {
            merged.append(source[left])
            left += 1
          }
        }
        merged += source[left..<middle]
        merged += source[right..<end]
      }
      source = merged
      width *= 2
    }
    return source
  }

  private func sort(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, "sort", ["reverse", "case_sensitive", "attribute"])
    let isReversed = try integer(values[0] ?? .bool(false), "reverse") != 0
    let isSensitive = values[1]?.isTrue ?? false
    var paths: [[Value]] = []
    if case .text(let text)? = values[2] {
      for part in text.split(by: Text(","), limit: .max) { paths.append(try attributePath(.text(part))) }
    } else {
      paths = [try attributePath(values[2])]
    }
    var keyed: [(key: [Value], item: Value)] = []
    for item in try items(of: value) {
      var key: [Value] = []
      for path in paths { key.append(ignoringCase(try follow(path, from: item), isSensitive)) }
      keyed.append((key, item))
    }
    let order = try sorted(keyed) { (a, b) throws(TemplateError) in
      let (first, second) = isReversed ? (b, a) : (a, b)
      for (x, y) in zip(first.key, second.key) where try !equal(x, y) { return try precedes(x, y) }
      return false
    }
    return try list(order.map(\.item))
  }

  private func dictsort(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, "dictsort", ["case_sensitive", "by", "reverse"])
    let isSensitive = values[0]?.isTrue ?? false
    let by = try text(values[1] ?? .string("key"), "dictsort").string
    let isReversed = try integer(values[2] ?? .bool(false), "reverse") != 0
    guard by == "key" || by == "value" else { throw fault(.value, "dictsort sorts by 'key' or 'value'") }
    try refuseUndefined(value)
    guard case .dict(let dictionary) = value else {
      throw fault(.value, "dictsort takes a mapping, not \(value.typeName)")
    }
    let keys = (by == "key" ? dictionary.keys : dictionary.values).map { ignoringCase($0, isSensitive) }
    let order = try sorted(Array(keys.indices)) { (a, b) throws(TemplateError) in
      isReversed ? try precedes(keys[b], keys[a]) : try precedes(keys[a], keys[b])
    }
    var items: [Value] = []
    for place in order { items.append(try tuple([dictionary.keys[place], dictionary.values[place]])) }
    return try list(items)
  }

  private func extreme(_ filter: Filter, _ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, filter.rawValue, ["case_sensitive", "attribute"])
    let path = try attributePath(values[1])
    var best: (key: Value, item: Value)?
    for item in try items(of: value) {
      let key = ignoringCase(try follow(path, from: item), values[0]?.isTrue ?? false)
      guard let current = best else {
        best = (key, item)
        continue
      }
      let isBetter = filter == .min ? try precedes(key, current.key) : try precedes(current.key, key)
      if isBetter { best = (key, item) }
    }
    return best?.item ?? .undefined(Undefined("No aggregated item, sequence was empty."))
  }

  private func unique(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, "unique", ["case_sensitive", "attribute"])
    let path = try attributePath(values[1])
    return try deferred(over: value.depth) { [unowned self] () throws(TemplateError) -> Iterator in
      let source = try iterator(over: value)
      var seen: Set<Mapping.Key> = []
      return Iterator(
        .steps { [unowned self] () throws(TemplateError) -> Value? in
          while let item = try source.next() {
            let key = ignoringCase(try follow(path, from: item), values[0]?.isTrue ?? false)
            if seen.insert(try self.key(key)).inserted { return item }
          }
          return nil
        }, depth: value.depth)
    }
  }

  // MARK: Rearranging

  /// The items of something that Python's `reversed` takes.
  private func reversible(_ value: Value) throws(TemplateError) -> [Value] {
    switch value {
    case .iterator, .namespace, .none, .bool, .int, .double, .macro, .function, .method, .loop:
      throw fault(.value, "a value of type \(value.typeName) cannot be reversed")
    default: return try items(of: value)
    }
  }

  private func reverse(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    _ = try bind(arguments, "reverse", [])
    switch value {
    case .text: return try slice(value, start: nil, stop: nil, step: -1)
    case .iterator: return try list(try items(of: value).reversed())
    default:
      let items = try reversible(value)
      try allocate(items.count * 32)
      return .iterator(Iterator(.items(items.reversed()), depth: value.depth + 1))
    }
  }

  private func join(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, "join", ["d", "attribute"])
    let separator = try string(values[0] ?? .text(.empty)).bytes
    let path = try attributePath(values[1])
    let iterator = try iterator(over: value)
    var bytes: [UInt8] = []
    var isFirst = true
    while let item = try iterator.next() {
      try charge()
      if !isFirst { bytes += separator }
      isFirst = false
      bytes += try string(try follow(path, from: item)).bytes
      guard bytes.count <= limits.outputBytes else {
        throw fault(.limit, "a string is longer than \(limits.outputBytes) bytes")
      }
    }
    return try make(Text(bytes: bytes))
  }

  private func map(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let depth = max(value.depth, depth(of: arguments))
    return try deferred(over: depth) { [unowned self] () throws(TemplateError) -> Iterator in
      guard value.isTrue else { return Iterator(.items([]), depth: 1) }
      let transform = try transform(arguments)
      let source = try iterator(over: value)
      return Iterator(
        .steps { () throws(TemplateError) -> Value? in
          guard let item = try source.next() else { return nil }
          return try transform(item)
        }, depth: depth)
    }
  }

  /// What `map` does to an item: look up an attribute, or apply a filter.
  private func transform(
    _ arguments: Arguments
  ) throws(TemplateError) -> (Value) throws(TemplateError) -> Value {
    if arguments.positional.isEmpty, arguments.keyword.contains(where: { $0.name.string == "attribute" }) {
      let values = try bind(arguments, "map", ["attribute", "default"])
      let path = try attributePath(values[0])
      return { [unowned self] (item) throws(TemplateError) in try follow(path, from: item, default: values[1]) }
    }
    guard case .text(let name)? = arguments.positional.first else {
      throw fault(.value, "map takes the name of a filter, or attribute=…")
    }
    let filter = Filter(rawValue: name.excerpt).map { FilterName.known($0) } ?? .unknown(name.excerpt)
    let rest = Arguments(positional: Array(arguments.positional.dropFirst()), keyword: arguments.keyword)
    return { [unowned self] (item) throws(TemplateError) in
      try deeper { () throws(TemplateError) in try apply(filter, to: item, rest) }
    }
  }

  private func depth(of arguments: Arguments) -> Int {
    max(arguments.positional.map(\.depth).max() ?? 0, arguments.keyword.map(\.value.depth).max() ?? 0)
  }

  private func deeper<Result>(_ body: () throws(TemplateError) -> Result) throws(TemplateError) -> Result {
    try enter()
    defer { leave() }
    return try body()
  }

  private func select(_ filter: Filter, _ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let depth = max(value.depth, depth(of: arguments))
    let keeps = filter == .select || filter == .selectattr
    return try deferred(over: depth) { [unowned self] () throws(TemplateError) -> Iterator in
      guard value.isTrue else { return Iterator(.items([]), depth: 1) }
      let holds = try predicate(filter, arguments)
      let source = try iterator(over: value)
      return Iterator(
        .steps { [unowned self] () throws(TemplateError) -> Value? in
          while let item = try source.next() {
            try charge()
            if try holds(item) == keeps { return item }
          }
          return nil
        }, depth: depth)
    }
  }

  /// What `select` and its kin ask of an item: a test of it or of an attribute, or its truth.
  private func predicate(
    _ filter: Filter, _ arguments: Arguments
  ) throws(TemplateError) -> (Value) throws(TemplateError) -> Bool {
    var rest = arguments.positional[...]
    var path: [Value] = []
    if filter == .selectattr || filter == .rejectattr {
      guard let attribute = rest.popFirst() else { throw fault(.value, "\(filter.rawValue) misses the attribute") }
      path = try attributePath(attribute)
    }
    guard let name = rest.popFirst() else {
      return { [unowned self] (item) throws(TemplateError) in try follow(path, from: item).isTrue }
    }
    let text = try text(name, filter.rawValue).excerpt
    let test = Test(rawValue: text).map { TestName.known($0) } ?? .unknown(text)
    let tail = Arguments(positional: Array(rest), keyword: arguments.keyword)
    return { [unowned self] (item) throws(TemplateError) in
      let value = try follow(path, from: item)
      return try deeper { () throws(TemplateError) in try apply(test, to: value, tail) }
    }
  }

  private func group(_ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, "groupby", ["attribute", "default", "case_sensitive"], required: 1)
    let path = try attributePath(values[0])
    let isSensitive = values[2]?.isTrue ?? false
    var keyed: [(key: Value, original: Value, item: Value)] = []
    for item in try items(of: value) {
      let original = try follow(path, from: item, default: values[1])
      keyed.append((ignoringCase(original, isSensitive), original, item))
    }
    let order = try sorted(keyed) { (a, b) throws(TemplateError) in try precedes(a.key, b.key) }
    var groups: [(key: Value, original: Value, items: [Value])] = []
    for entry in order {
      if let last = groups.last, try equal(last.key, entry.key) {
        groups[groups.count - 1].items.append(entry.item)
      } else {
        groups.append((entry.key, entry.original, [entry.item]))
      }
    }
    var result: [Value] = []
    for group in groups {
      let pair = try sequence([group.original, try list(group.items)])
      result.append(.tuple(Items(items: pair.items, depth: pair.depth, isGroup: true)))
    }
    return try list(result)
  }

  private func divide(_ filter: Filter, _ value: Value, _ arguments: Arguments) throws(TemplateError) -> Value {
    let values = try bind(arguments, filter.rawValue, ["count", "fill_with"], required: 1)
    return try deferred(over: max(value.depth, depth(of: arguments)) + 1) {
      [unowned self] () throws(TemplateError) -> Iterator in
      try parts(filter, value, values)
    }
  }

  /// The lists that `batch` and `slice` cut a sequence into.
  private func parts(_ filter: Filter, _ value: Value, _ values: [Value?]) throws(TemplateError) -> Iterator {
    let count = try integer(values[0] ?? .none, filter.rawValue)
    let fill = values[1].flatMap { $0.isNone ? nil : $0 }
    let items = try items(of: value)
    var parts: [[Value]] = []
    if filter == .batch {
      // jinja2 ends a part when it has exactly `count` items: at 0 that is the empty part before the first item, and
      // below 0 never.
      if count == 0, !items.isEmpty { parts.append([]) }
      let size = count > 0 ? count : Int.max
      var start = 0
      while start < items.count {
        parts.append(Array(items[start..<Swift.min(items.count - start, size) + start]))
        start += Swift.min(items.count - start, size)
      }
      if let fill, let last = parts.last, last.count < count {
        guard count <= limits.rangeLength else { throw fault(.limit, "a batch is longer than \(limits.rangeLength)") }
        parts[parts.count - 1] += [Value](repeating: fill, count: count - last.count)
      }
    } else {
      guard count > 0, count <= limits.rangeLength else { throw fault(.value, "slice takes a positive count") }
      let (size, extra) = items.count.quotientAndRemainder(dividingBy: count)
      var start = 0
      for i in 0..<count {
        let end = start + size + (i < extra ? 1 : 0)
        parts.append(Array(items[start..<end]) + (i >= extra ? fill.map { [$0] } ?? [] : []))
        start = end
      }
    }
    var lists: [Value] = []
    for part in parts { lists.append(try list(part)) }
    let all = try sequence(lists)
    return Iterator(.items(all.items), depth: all.depth + 1)
  }
}
