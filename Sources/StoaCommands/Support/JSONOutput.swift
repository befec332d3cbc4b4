import StoaFormats
import StoaTerminal

extension JSONValue {
  /// A text, or null.
  static func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }

  /// A whole number, or null.
  static func number(_ value: Int?) -> JSONValue { value.map(JSONValue.int) ?? .null }

  /// Token ids.
  static func tokens(_ ids: [Int32]) -> JSONValue { .array(ids.map { .int(Int($0)) }) }

  /// Prints the object on one line of standard output.
  func print() throws(OutputError) { try Output.write(text() + "\n") }
}
