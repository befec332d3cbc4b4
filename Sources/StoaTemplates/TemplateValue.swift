/// Data that a template can see: what JSON can say, with dictionaries in order.
public enum TemplateValue: Sendable, Equatable {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case list([TemplateValue])
  case dict(TemplateDictionary)
}

/// A dictionary that keeps the order in which its keys came, which `tojson` and loops show.
public struct TemplateDictionary: Sendable, Equatable {
  /// The keys with their values, in order; a key occurs once.
  public private(set) var entries: [(key: String, value: TemplateValue)] = []
  private var index: [[UInt8]: Int] = [:]

  /// Makes an empty dictionary.
  public init() {}

  /// Makes a dictionary; the last of equal keys wins and keeps the place of the first, as in Python.
  public init(_ pairs: some Sequence<(String, TemplateValue)>) {
    for (key, value) in pairs { self[key] = value }
  }

  /// The value of a key; setting `nil` removes the key.
  ///
  /// Keys are compared by their bytes, not by canonical equivalence.
  public subscript(key: String) -> TemplateValue? {
    get { index[Array(key.utf8)].map { entries[$0].value } }
    set {
      let bytes = Array(key.utf8)
      switch (index[bytes], newValue) {
      case (let place?, let value?): entries[place].value = value
      case (nil, let value?):
        index[bytes] = entries.count
        entries.append((key, value))
      case (let place?, nil):
        entries.remove(at: place)
        index = [:]
        for (i, entry) in entries.enumerated() { index[Array(entry.key.utf8)] = i }
      case (nil, nil): break
      }
    }
  }

  /// Whether both have the same keys with equal values, in any order.
  public static func == (left: Self, right: Self) -> Bool {
    left.entries.count == right.entries.count && left.entries.allSatisfy { right[$0.key] == $0.value }
  }
}

extension TemplateDictionary: ExpressibleByDictionaryLiteral {
  /// Makes a dictionary from a literal, in the order of the source.
  public init(dictionaryLiteral elements: (String, TemplateValue)...) { self.init(elements) }
}

extension TemplateValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An integer.
  public init(integerLiteral value: Int) { self = .int(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A floating-point number.
  public init(floatLiteral value: Double) { self = .double(value) }
  /// A list.
  public init(arrayLiteral elements: TemplateValue...) { self = .list(elements) }
  /// A dictionary in the order of the source.
  public init(dictionaryLiteral elements: (String, TemplateValue)...) { self = .dict(TemplateDictionary(elements)) }
  /// Python's `None`.
  public init(nilLiteral: ()) { self = .none }
}

extension TemplateValue {
  /// The value of a key, when this is a dictionary that has it.
  public subscript(key: String) -> TemplateValue? {
    if case .dict(let dictionary) = self { dictionary[key] } else { nil }
  }
}
