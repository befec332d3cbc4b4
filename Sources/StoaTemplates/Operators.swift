/// Python's operators on the interpreter's values.
extension Interpreter {
  /// Throws what an undefined value remembers, if either is one.
  func refuseUndefined(_ values: Value...) throws(TemplateError) {
    for case .undefined(let undefined) in values { throw fault(undefined.kind, undefined.message) }
  }

  private func overflow() -> TemplateError { fault(.value, "an integer does not fit 64 bits") }

  private func unsupported(_ operation: BinaryOperator, _ left: Value, _ right: Value) -> TemplateError {
    fault(.value, "'\(operation.rawValue)' does not apply to \(left.typeName) and \(right.typeName)")
  }

  func signed(_ value: Value, isNegative: Bool) throws(TemplateError) -> Value {
    try refuseUndefined(value)
    if case .double(let double) = value { return .double(isNegative ? -double : double) }
    guard let integer = value.integer else {
      throw fault(.value, "a sign does not apply to \(value.typeName)")
    }
    guard integer != .min || !isNegative else { throw overflow() }
    return .int(isNegative ? -integer : integer)
  }

  func apply(_ operation: BinaryOperator, _ left: Value, _ right: Value) throws(TemplateError) -> Value {
    if operation == .modulo, case .text(let format) = left { return try make(try percentFormat(format, right)) }
    try refuseUndefined(left, right)
    if let a = left.integer, let b = right.integer { return try apply(operation, a, b) }
    if let a = left.number, let b = right.number { return try apply(operation, a, b) }
    switch (operation, left, right) {
    case (.add, .text(let a), .text(let b)):
      let isMarkup = a.isMarkup || b.isMarkup
      return try make(
        Text(bytes: isMarkup ? a.escaped.bytes + b.escaped.bytes : a.bytes + b.bytes, isMarkup: isMarkup))
    case (.add, .list(let a), .list(let b)): return try list(a.items + b.items)
    case (.add, .tuple(let a), .tuple(let b)): return try tuple(a.items + b.items)
    case (.multiply, _, _):
      if let count = right.integer { return try repeated(left, count, right) }
      if let count = left.integer { return try repeated(right, count, left) }
      throw unsupported(operation, left, right)
    default: throw unsupported(operation, left, right)
    }
  }

  private func repeated(_ value: Value, _ count: Int, _ other: Value) throws(TemplateError) -> Value {
    let count = max(count, 0)
    func check(_ size: Int, _ limit: Int) throws(TemplateError) {
      guard size.multipliedReportingOverflow(by: count).overflow == false, size * count <= limit else {
        throw fault(.limit, "a repeated value is too large")
      }
    }
    switch value {
    case .text(let text):
      try check(text.bytes.count, limits.outputBytes)
      var bytes: [UInt8] = []
      bytes.reserveCapacity(text.bytes.count * count)
      for _ in 0..<(text.bytes.isEmpty ? 0 : count) { bytes += text.bytes }
      return try make(text.derived(bytes))
    case .list(let sequence), .tuple(let sequence):
      try check(sequence.items.count, limits.sequenceLength)
      var items: [Value] = []
      items.reserveCapacity(sequence.items.count * count)
      for _ in 0..<(sequence.items.isEmpty ? 0 : count) { items += sequence.items }
      if case .list = value { return try list(items) }
      return try tuple(items)
    default: throw unsupported(.multiply, value, other)
    }
  }

  private func apply(_ operation: BinaryOperator, _ a: Int, _ b: Int) throws(TemplateError) -> Value {
    func checked(_ result: (partialValue: Int, overflow: Bool)) throws(TemplateError) -> Value {
      guard !result.overflow else { throw overflow() }
      return .int(result.partialValue)
    }
    switch operation {
    case .add: return try checked(a.addingReportingOverflow(b))
    case .subtract: return try checked(a.subtractingReportingOverflow(b))
    case .multiply: return try checked(a.multipliedReportingOverflow(by: b))
    case .power: return b < 0 ? try apply(.power, Double(a), Double(b)) : try power(a, b)
    case .divide:
      guard b != 0 else { throw fault(.value, "division by zero") }
      return .double(Double(a) / Double(b))
    case .floorDivide:
      guard b != 0 else { throw fault(.value, "division by zero") }
      let (quotient, overflows) = a.dividedReportingOverflow(by: b)
      guard !overflows else { throw overflow() }
      return .int(a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient)
    case .modulo:
      guard b != 0 else { throw fault(.value, "division by zero") }
      guard b != -1 else { return .int(0) }
      let remainder = a % b
      return .int(remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder)
    }
  }

  private func power(_ base: Int, _ exponent: Int) throws(TemplateError) -> Value {
    var result = 1
    var factor = base
    var exponent = exponent
    while exponent > 0 {
      if exponent & 1 == 1 {
        let product = result.multipliedReportingOverflow(by: factor)
        guard !product.overflow else { throw overflow() }
        result = product.partialValue
      }
      exponent >>= 1
      if exponent > 0 {
        let square = factor.multipliedReportingOverflow(by: factor)
        guard !square.overflow else { throw overflow() }
        factor = square.partialValue
      }
    }
    return .int(result)
  }

  private func apply(_ operation: BinaryOperator, _ a: Double, _ b: Double) throws(TemplateError) -> Value {
    switch operation {
    case .add: return .double(a + b)
    case .subtract: return .double(a - b)
    case .multiply: return .double(a * b)
    case .power:
      guard a != 0 || b >= 0 else { throw fault(.value, "zero to a negative power") }
      guard a >= 0 || b == b.rounded() else { throw fault(.value, "a negative number to a fraction is not real") }
      let result = raise(a, b)
      guard result.isFinite || !a.isFinite || !b.isFinite else { throw fault(.value, "a power is too large") }
      return .double(result)
    case .divide, .floorDivide, .modulo:
      guard b != 0 else { throw fault(.value, "division by zero") }
      if operation == .divide { return .double(a / b) }
      // As CPython has it (`Objects/floatobject.c`, `_float_div_mod`), step by step for the same rounding.
      var remainder = a.truncatingRemainder(dividingBy: b)
      var quotient = (a - remainder) / b
      if remainder == 0 {
        remainder = b < 0 ? -0.0 : 0.0
      } else if (b < 0) != (remainder < 0) {
        remainder += b
        quotient -= 1
      }
      if operation == .modulo { return .double(remainder) }
      guard quotient != 0 else { return .double((a / b).sign == .minus ? -0.0 : 0.0) }
      let floor = quotient.rounded(.down)
      return .double(quotient - floor > 0.5 ? floor + 1 : floor)
    }
  }

  // MARK: Comparison

  func compare(_ left: Value, _ comparison: Comparison, _ right: Value) throws(TemplateError) -> Bool {
    switch comparison {
    case .equal: try equal(left, right)
    case .notEqual: try !equal(left, right)
    case .less: try precedes(left, right)
    case .greater: try precedes(right, left)
    case .lessOrEqual: try precedes(left, right, orEqual: true)
    case .greaterOrEqual: try precedes(right, left, orEqual: true)
    case .isIn: try contains(right, left)
    case .notIn: try !contains(right, left)
    }
  }

  func equal(_ left: Value, _ right: Value) throws(TemplateError) -> Bool {
    try charge()
    if let a = left.integer, let b = right.integer { return a == b }
    if let a = left.number, let b = right.number { return a == b }
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.text(let a), .text(let b)):
      try charge(a.bytes.count == b.bytes.count ? a.bytes.count >> 6 : 0)
      return a == b
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      guard a.items.count == b.items.count else { return false }
      for (x, y) in zip(a.items, b.items) where try !equal(x, y) { return false }
      return true
    case (.dict(let a), .dict(let b)):
      guard a.keys.count == b.keys.count else { return false }
      for (key, value) in zip(a.keys, a.values) {
        guard let other = b.value(try self.key(key)), try equal(value, other) else { return false }
      }
      return true
    case (.range(let a), .range(let b)):
      return a.count == b.count && (a.count == 0 || a.start == b.start && (a.count == 1 || a.step == b.step))
    case (.function(let a), .function(let b)): return a == b
    case (.view(let a), .view(let b)):
      guard a.part == b.part, a.part != .values else { return a === b }
      return try equal(.dict(a.dictionary), .dict(b.dictionary))
    default: return identity(left) != nil && identity(left) == identity(right)
    }
  }

  func identity(_ value: Value) -> ObjectIdentifier? {
    switch value {
    case .undefined(let object): ObjectIdentifier(object)
    case .list(let object), .tuple(let object): ObjectIdentifier(object)
    case .dict(let object): ObjectIdentifier(object)
    case .view(let object): ObjectIdentifier(object)
    case .namespace(let object): ObjectIdentifier(object)
    case .macro(let object): ObjectIdentifier(object)
    case .method(let object): ObjectIdentifier(object)
    case .loop(let object): ObjectIdentifier(object)
    case .iterator(let object): ObjectIdentifier(object)
    default: nil
    }
  }

  func precedes(_ left: Value, _ right: Value, orEqual: Bool = false) throws(TemplateError) -> Bool {
    try charge()
    try refuseUndefined(left, right)
    if let a = left.integer, let b = right.integer { return orEqual ? a <= b : a < b }
    if let a = left.number, let b = right.number { return orEqual ? a <= b : a < b }
    switch (left, right) {
    case (.text(let a), .text(let b)):
      try charge(min(a.bytes.count, b.bytes.count) >> 6)
      return Text.precedes(a, b) || orEqual && a == b
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (x, y) in zip(a.items, b.items) where try !equal(x, y) { return try precedes(x, y, orEqual: orEqual) }
      return orEqual ? a.items.count <= b.items.count : a.items.count < b.items.count
    default:
      throw fault(.value, "values of type \(left.typeName) and \(right.typeName) have no order")
    }
  }

  /// Python's `item in container`.
  func contains(_ container: Value, _ item: Value) throws(TemplateError) -> Bool {
    switch container {
    case .text(let text):
      guard case .text(let needle) = item else {
        throw fault(.value, "'in <string>' needs a string on its left, not \(item.typeName)")
      }
      try charge(text.bytes.count >> 6)
      return text.contains(needle)
    case .dict(let dictionary): return dictionary.value(try key(item)) != nil
    case .view(let view) where view.part == .keys: return view.dictionary.value(try key(item)) != nil
    case .range(let range):
      guard let number = item.number, let value = Int(exactly: number) else { return false }
      let offset = value.subtractingReportingOverflow(range.start)
      guard !offset.overflow,
        case let remainder = offset.partialValue.remainderReportingOverflow(dividingBy: range.step),
        remainder.partialValue == 0, case let index = offset.partialValue.dividedReportingOverflow(by: range.step)
      else { return false }
      return !index.overflow && (0..<range.count).contains(index.partialValue)
    default:
      let iterator = try iterator(over: container)
      while let candidate = try iterator.next() {
        if try equal(candidate, item) { return true }
      }
      return false
    }
  }

  /// The key under which a dictionary files a value; lists and dictionaries have none.
  func key(_ value: Value) throws(TemplateError) -> Mapping.Key {
    try charge()
    if let integer = value.integer { return .int(integer) }
    switch value {
    case .none: return .none
    case .undefined: return .undefined
    case .double(let double): return Mapping.Key(double)
    case .text(let text):
      try charge(text.bytes.count >> 3)
      return .text(text.bytes)
    case .tuple(let sequence):
      var keys: [Mapping.Key] = []
      for item in sequence.items { keys.append(try key(item)) }
      return .tuple(keys)
    case .range(let range):
      return .range(
        start: range.count > 0 ? range.start : 0, count: range.count, step: range.count > 1 ? range.step : 0)
    case .function(let function): return .function(function)
    case .list, .dict: throw fault(.value, "a value of type \(value.typeName) cannot be a key")
    case .view(let view) where view.part != .values:
      throw fault(.value, "a value of type \(value.typeName) cannot be a key")
    default:
      guard let identity = identity(value) else {
        throw fault(.value, "a value of type \(value.typeName) cannot be a key")
      }
      return .object(identity)
    }
  }
}
