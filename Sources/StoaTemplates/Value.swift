/// A value while a template runs: data, and the few things besides data that an expression can name.
enum Value {
  case undefined(Undefined)
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case text(Text)
  case list(Items)
  case tuple(Items)
  case dict(Mapping)
  case range(IntegerRange)
  case view(DictionaryView)
  case namespace(Namespace)
  case macro(Macro)
  case function(Function)
  case method(BoundMethod)
  case loop(LoopState)
  case iterator(Iterator)

  static func string(_ string: String) -> Value { .text(Text(string)) }
}

/// A name or attribute that is not there; using it throws what this remembers.
final class Undefined {
  let message: String
  let kind: TemplateError.Kind

  init(_ message: String, kind: TemplateError.Kind = .undefined) {
    self.message = message
    self.kind = kind
  }
}

/// The items of a list or tuple; templates cannot change them.
///
/// Every container knows its nesting depth, so that no value gets deep enough to exhaust the stack when it is printed,
/// compared or freed.
final class Items {
  let items: [Value]
  let depth: Int
  /// Whether `groupby` made it, whose tuples name their parts `grouper` and `list`.
  let isGroup: Bool

  init(items: [Value], depth: Int, isGroup: Bool = false) {
    self.items = items
    self.depth = depth
    self.isGroup = isGroup
  }
}

/// A dictionary in insertion order.
final class Mapping {
  private(set) var keys: [Value] = []
  private(set) var values: [Value] = []
  private var index: [Key: Int] = [:]
  private(set) var depth = 1

  func value(_ key: Key) -> Value? { index[key].map { values[$0] } }

  /// Adds or replaces; used only while the dictionary is being made.
  func set(_ key: Key, _ original: Value, _ value: Value) {
    depth = max(depth, 1 + max(value.depth, original.depth))
    if let place = index[key] {
      values[place] = value
    } else {
      index[key] = keys.count
      keys.append(original)
      values.append(value)
    }
  }

  /// What Python's `hash` and `==` tell apart: 1, 1.0 and True are one key.
  enum Key: Hashable {
    case none
    case undefined
    case int(Int)
    case double(Double)
    case text([UInt8])
    case tuple([Key])
    case range(start: Int, count: Int, step: Int)
    case function(Function)
    case object(ObjectIdentifier)

    init(_ double: Double) {
      if let integer = Int(exactly: double) { self = .int(integer) } else { self = .double(double) }
    }
  }
}

/// Python's `range`.
struct IntegerRange {
  let start: Int
  /// The end as it was given, which only printing shows.
  let stop: Int
  let step: Int
  let count: Int

  /// The element, or for the index just past either end, the number that a slice would print.
  subscript(index: Int) -> Int { start &+ index &* step }
}

/// What `keys()`, `values()` and `items()` return.
final class DictionaryView {
  enum Part: String {
    case keys = "dict_keys"
    case values = "dict_values"
    case items = "dict_items"
  }

  let dictionary: Mapping
  let part: Part

  init(_ dictionary: Mapping, _ part: Part) {
    self.dictionary = dictionary
    self.part = part
  }

  func item(_ index: Int) -> Value {
    switch part {
    case .keys: dictionary.keys[index]
    case .values: dictionary.values[index]
    case .items:
      .tuple(Items(items: [dictionary.keys[index], dictionary.values[index]], depth: dictionary.depth))
    }
  }
}

/// The one thing that a template can change. The interpreter owns all of them, which breaks reference cycles.
final class Namespace {
  private(set) var names: [Text] = []
  private(set) var values: [Value] = []
  private var index: [Text: Int] = [:]

  subscript(name: Text) -> Value? { index[name].map { values[$0] } }

  func set(_ name: Text, _ value: Value) {
    if let place = index[name] {
      values[place] = value
    } else {
      index[name] = names.count
      names.append(name)
      values.append(value)
    }
  }

  func clear() {
    names = []
    values = []
    index = [:]
  }
}

/// A macro with the scope in which it was defined.
final class Macro {
  let definition: MacroDefinition
  let scope: Scope

  init(_ definition: MacroDefinition, scope: Scope) {
    self.definition = definition
    self.scope = scope
  }
}

/// The functions that every template can call.
enum Function: String {
  case raiseException = "raise_exception"
  case strftimeNow = "strftime_now"
  case range
  case dict
  case dictFromKeys = "fromkeys"
  case namespace

  /// Those that a template sees as variables.
  static let globals: [Function] = [.raiseException, .strftimeNow, .range, .dict, .namespace]
}

/// A method of a value, not yet called.
final class BoundMethod {
  let receiver: Value
  let method: Method
  let depth: Int

  init(_ receiver: Value, _ method: Method) {
    self.receiver = receiver
    self.method = method
    depth = receiver.depth + 1
  }
}

/// The variables of one block that has variables of its own.
///
/// Scopes form a chain to the template's outermost one. The interpreter owns those that macros hold.
final class Scope {
  let parent: Scope?
  /// Whether the interpreter owns this scope already.
  var isCaptured = false
  private var symbols: [Symbol] = []
  private var values: [Value] = []
  /// Places of the symbols, kept only when there are too many to look through.
  private var index: [Symbol: Int] = [:]

  init(parent: Scope?) { self.parent = parent }

  private func place(_ symbol: Symbol) -> Int? {
    symbols.count > 12 ? index[symbol] : symbols.firstIndex(of: symbol)
  }

  subscript(symbol: Symbol) -> Value? { place(symbol).map { values[$0] } }

  func set(_ symbol: Symbol, _ value: Value) {
    if let place = place(symbol) {
      values[place] = value
    } else {
      symbols.append(symbol)
      values.append(value)
      if symbols.count == 13 {
        for (place, symbol) in symbols.enumerated() { index[symbol] = place }
      } else if symbols.count > 13 {
        index[symbol] = symbols.count - 1
      }
    }
  }

  func clear() {
    symbols = []
    values = []
    index = [:]
  }
}

extension Value {
  /// How deep containers are nested in this value.
  var depth: Int {
    switch self {
    case .list(let sequence), .tuple(let sequence): sequence.depth
    case .dict(let dictionary): dictionary.depth
    case .view(let view): view.dictionary.depth + 1
    case .method(let method): method.depth
    case .loop(let loop): loop.depth
    case .iterator(let iterator): iterator.depth
    default: 0
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }

  /// Python's name of the type, for messages.
  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .bool: "bool"
    case .int: "int"
    case .double: "float"
    case .text: "str"
    case .list: "list"
    case .tuple: "tuple"
    case .dict: "dict"
    case .range: "range"
    case .view(let view): view.part.rawValue
    case .namespace: "Namespace"
    case .macro: "Macro"
    case .function: "function"
    case .method: "method"
    case .loop: "LoopContext"
    case .iterator: "generator"
    }
  }

  /// Python's truth value.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    case .text(let text): !text.bytes.isEmpty
    case .list(let sequence), .tuple(let sequence): !sequence.items.isEmpty
    case .dict(let dictionary): !dictionary.keys.isEmpty
    case .range(let range): range.count > 0
    case .view(let view): !view.dictionary.keys.isEmpty
    case .namespace, .macro, .function, .method, .loop, .iterator: true
    }
  }

  /// The value as Python's `int`, of which `bool` is a kind.
  var integer: Int? {
    switch self {
    case .bool(let value): value ? 1 : 0
    case .int(let value): value
    default: nil
    }
  }

  /// The value as a number for arithmetic.
  var number: Double? {
    if case .double(let value) = self { value } else { integer.map(Double.init) }
  }
}
