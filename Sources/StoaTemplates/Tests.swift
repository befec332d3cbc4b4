/// The tests of jinja2, which stand after `is`.
enum Test: String, Sendable {
  case odd, even, divisibleby, defined, undefined, filter, test, none, boolean, `false`, `true`, integer, float
  case lower, upper, string, mapping, number, sequence, iterable, callable, sameas, escaped
  case isIn = "in"
  case equalSign = "=="
  case eq, equalto
  case notEqualSign = "!="
  case ne
  case greaterSign = ">"
  case gt, greaterthan
  case greaterOrEqualSign = ">="
  case ge
  case lessSign = "<"
  case lt, lessthan
  case lessOrEqualSign = "<="
  case le

  var comparison: Comparison? {
    switch self {
    case .equalSign, .eq, .equalto: .equal
    case .notEqualSign, .ne: .notEqual
    case .greaterSign, .gt, .greaterthan: .greater
    case .greaterOrEqualSign, .ge: .greaterOrEqual
    case .lessSign, .lt, .lessthan: .less
    case .lessOrEqualSign, .le: .lessOrEqual
    case .isIn: .isIn
    default: nil
    }
  }
}

extension Interpreter {
  func apply(_ name: TestName, to value: Value, _ arguments: Arguments) throws(TemplateError) -> Bool {
    switch name {
    case .known(let test): return try apply(test, to: value, arguments)
    case .unknown(let name): throw fault(.value, "there is no test named '\(name)'")
    }
  }

  private func apply(_ test: Test, to value: Value, _ arguments: Arguments) throws(TemplateError) -> Bool {
    if let comparison = test.comparison {
      return try compare(value, comparison, try bind(arguments, test.rawValue, ["other"], required: 1)[0] ?? .none)
    }
    switch test {
    case .divisibleby:
      let divisor = try bind(arguments, "divisibleby", ["num"], required: 1)[0] ?? .none
      return try equal(try apply(.modulo, value, divisor), .int(0))
    case .sameas:
      return try isSame(value, try bind(arguments, "sameas", ["other"], required: 1)[0] ?? .none)
    default: _ = try bind(arguments, test.rawValue, [])
    }
    switch test {
    case .odd: return try equal(try apply(.modulo, value, .int(2)), .int(1))
    case .even: return try equal(try apply(.modulo, value, .int(2)), .int(0))
    case .filter, .test:
      guard case .text(let name) = value else {
        // What can be a key is merely not among the names.
        _ = try key(value)
        return false
      }
      return test == .filter ? Filter(rawValue: name.excerpt) != nil : Test(rawValue: name.excerpt) != nil
    case .lower, .upper:
      let text = try string(value)
      try charge(text.bytes.count >> 4)
      return holds(test == .lower ? .islower : .isupper, for: text)
    default: return hasType(test, value)
    }
  }

  private func hasType(_ test: Test, _ value: Value) -> Bool {
    switch (test, value) {
    case (.defined, _): !value.isUndefined
    case (.undefined, _): value.isUndefined
    case (.none, .none), (.boolean, .bool), (.false, .bool(false)), (.true, .bool(true)): true
    case (.integer, .int), (.float, .double), (.string, .text), (.mapping, .dict): true
    case (.number, .int), (.number, .double), (.number, .bool): true
    case (.sequence, .text), (.sequence, .list), (.sequence, .tuple), (.sequence, .dict), (.sequence, .range),
      (.sequence, .undefined):
      true
    case (.iterable, _): isIterable(value)
    case (.callable, .macro), (.callable, .function), (.callable, .method), (.callable, .loop), (.callable, .undefined):
      true
    case (.escaped, .text(let text)): text.isMarkup
    default: false
    }
  }

  /// Python's `is`: the same object, which for small values means equal ones of the same type.
  private func isSame(_ left: Value, _ right: Value) throws(TemplateError) -> Bool {
    if let a = identity(left), let b = identity(right) { return a == b }
    switch (left, right) {
    case (.none, .none): return true
    case (.bool(let a), .bool(let b)): return a == b
    case (.int(let a), .int(let b)): return a == b
    case (.double(let a), .double(let b)): return a == b
    case (.text(let a), .text(let b)): return a == b
    default: return false
    }
  }
}
