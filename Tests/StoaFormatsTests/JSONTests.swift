import Foundation
import StoaTestSupport
import Testing

@testable import StoaFormats

@Suite struct JSONTests {
  private static let accepted: [(String, JSONValue)] = [
    ("null", nil), ("true", true), (" \t\r\nfalse\n", false),
    ("0", 0), ("-0", 0), ("-1", -1), ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
    ("9223372036854775808", 9223372036854775808.0), ("18446744073709551615", 18446744073709551615.0),
    ("1000000000000000019884624838656", 1e30),
    ("0.1", 0.1), ("-1.5e2", -150.0), ("1E+2", 100.0), ("1e-2", 0.01), ("123.0", 123.0), ("1e-400", 0.0),
    ("4.9406564584124654e-324", .double(.leastNonzeroMagnitude)),
    ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
    ("\"\"", ""), (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
    (#""\ud83c\udf0d""#, "🌍"), (#""a\u0000b""#, "a\u{0}b"), ("\"héllo 🌍\"", "héllo 🌍"), ("\"\u{7F}\"", "\u{7F}"),
    (#""\uD800\uDC00""#, "\u{10000}"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""\uFFFF""#, "\u{FFFF}"),
    ("[]", []), ("[ ]", []), ("[1,[2,[]],{}]", [1, [2, []], [:]]), ("[1 , 2]", [1, 2]),
    ("{}", [:]), (#"{"a":1,"b":{"c":[null]}}"#, ["a": 1, "b": ["c": [nil]]]), (#"{ "" : 0 }"#, ["": 0]),
    (#"{"a":1,"A":2}"#, ["a": 1, "A": 2]),
  ]

  @Test(arguments: accepted) func accepts(_ text: String, _ expected: JSONValue) throws {
    let parsed = try JSONValue(parsing: text)
    #expect(parsed == expected)
    #expect(try JSONValue(parsing: parsed.text(.compact)) == parsed)
    #expect(try JSONValue(parsing: parsed.text(.pretty)) == parsed)
  }

  private static let integers: [(String, Int?)] = [
    ("1e3", 1000), ("-0.0", 0), ("1.5", nil), ("-9223372036854775808", .min), ("-9223372036854775809", nil),
    ("9223372036854775807", .max), ("9223372036854775808", nil), ("1e400000", nil), ("\"1\"", nil),
  ]

  /// Nothing counts as an integer that was rounded to one.
  @Test(arguments: integers) func givesIntegers(_ text: String, _ expected: Int?) {
    #expect((try? JSONValue(parsing: text))?.intValue == expected)
  }

  private static let refused: [(String, Int)] = [
    ("", 0), (" ", 1), ("nul", 0), ("nulll", 4), ("True", 0), ("tru", 0), ("NaN", 0), ("Infinity", 0), ("-Infinity", 1),
    ("01", 0), ("-01", 0), ("+1", 0), (".5", 0), ("1.", 2), ("1.e1", 2), ("1e", 2), ("1e+", 3), ("-", 1), ("--1", 1),
    ("0x10", 1), ("1 2", 2), ("1e400", 0), ("-1e400", 0), ("1_000", 1), ("１", 0),
    ("\"", 0), ("\"abc", 0), ("'a'", 0), ("\"a\nb\"", 2), ("\"a\tb\"", 2), ("\"\u{0}\"", 1), (#""\x41""#, 1),
    (#""\u12""#, 1), (#""\u12g4""#, 1), (#""\ud800""#, 1), (#""\ud800x""#, 1), (#""\ud800\n""#, 1),
    (#""\ud800\u0041""#, 1), (#""\udc00""#, 1), (#""\udc00\ud800""#, 1), (#""\"#, 1), (#""\u"#, 1),
    ("[", 1), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("[1}", 2), ("]", 0), ("[]]", 2),
    ("{", 1), ("{\"a\"", 4), ("{\"a\":", 5), ("{\"a\":1", 6), ("{\"a\":1,", 7), ("{\"a\":1,}", 7), ("{a:1}", 1),
    ("{1:1}", 1), ("{\"a\" 1}", 5), ("{\"a\":1 \"b\":2}", 7), ("{\"a\":1]", 6), ("{,}", 1), ("{\"a\":1,\"a\":2}", 7),
    (#"{"a":1,"\u0061":2}"#, 7), ("// x\n1", 0), ("1 /* x */", 2), ("\u{FEFF}1", 0), ("[1]\u{0}", 3), ("\u{C}1", 0),
  ]

  @Test(arguments: refused) func refuses(_ text: String, _ offset: Int) {
    #expect {
      try JSONValue(parsing: text)
    } throws: { error in
      (error as? JSONError)?.offset == offset
    }
  }

  /// Byte sequences that are not UTF-8, at the place of the fault.
  @Test(
    arguments: [
      ([0xFF], 1), ([0xC3], 1), ([0x61, 0x80], 2), ([0xC0, 0x80], 1), ([0xED, 0xA0, 0x80], 1),
      ([0xF4, 0x90, 0x80, 0x80], 1), ([0xE2, 0x82], 1), ([0x5C, 0x6E, 0xFF], 3),
    ] as [([UInt8], Int)])
  func refusesInvalidUTF8(_ bytes: [UInt8], _ offset: Int) {
    let text = [0x22] + bytes + [0x22]
    #expect {
      try JSONValue(parsing: text.span)
    } throws: { error in
      (error as? JSONError)?.offset == offset
    }
  }

  @Test func faultsHaveLineAndColumn() {
    #expect {
      try JSONValue(parsing: "{\n  \"a\": 1,\n  \"b\" 2\n}")
    } throws: { error in
      "\(error)" == "3:7: \":\" was expected (byte 18)"
    }
  }

  @Test func depthIsLimited() throws {
    func nested(_ depth: Int, _ open: String, _ close: String) -> String {
      String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
    }
    _ = try JSONValue(parsing: nested(256, "[", "]"))
    _ = try JSONValue(parsing: nested(256, "{\"a\":", "}"))
    #expect(throws: JSONError.self) { try JSONValue(parsing: nested(257, "[", "]")) }
    #expect(throws: JSONError.self) { try JSONValue(parsing: nested(257, "{\"a\":", "}")) }
    #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "[", count: 1_000_000)) }
  }

  @Test func numbersAreLimitedInLength() throws {
    #expect(try JSONValue(parsing: "0." + String(repeating: "3", count: 4000)) == .double(1.0 / 3))
    #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "1", count: 5000)) }
  }

  /// Both forms of "é" are keys of their own, and strings of their own.
  @Test func textIsComparedByBytes() throws {
    let parsed = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
    #expect(parsed["\u{E9}"] == 1)
    #expect(parsed["e\u{301}"] == 2)
    #expect(JSONValue.string("\u{E9}") != JSONValue.string("e\u{301}"))
  }

  @Test func objectsKeepTheirOrder() throws {
    let keys = (0..<2000).map { "key\($0 * 7919 % 2000)" }
    let text = "{" + keys.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",") + "}"
    var object = try #require(try JSONValue(parsing: text).objectValue)
    #expect(object.keys == keys)
    for (index, key) in keys.enumerated() { #expect(object[key] == .int(index)) }
    #expect(object["absent"] == nil)
    object["key0"] = "changed"
    object["key7"] = nil
    object["new"] = nil
    object["added"] = true
    #expect(object.count == 2000)
    #expect(object["key0"] == "changed")
    #expect(object["key7"] == nil)
    #expect(object.keys.last == "added")
    for key in keys.dropFirst() where key != "key7" { #expect(object[key] != nil) }
    #expect(JSONObject([("a", 1), ("b", 2), ("a", 3)]) == ["b": 2, "a": 3])
  }

  @Test func accessors() {
    let value: JSONValue = ["a": [1, 2.5, "x", true, nil]]
    #expect(value["a"]?[0]?.intValue == 1)
    #expect(value["a"]?[0]?.doubleValue == 1)
    #expect(value["a"]?[1]?.intValue == nil)
    #expect(JSONValue.double(1e3).intValue == 1000)
    #expect(JSONValue.double(1e300).intValue == nil)
    #expect(value["a"]?[2]?.stringValue == "x")
    #expect(value["a"]?[3]?.boolValue == true)
    #expect(value["a"]?[4]?.isNull == true)
    #expect(value["a"]?[5] == nil)
    #expect(value["b"] == nil)
    #expect(value[0] == nil)
  }

  @Test func writing() {
    let value: JSONValue = ["a": [1, -2.5, 1e100], "b": [:], "c": [], "d\n\u{1}\u{7F}\"é/": .double(.nan)]
    #expect(value.text() == #"{"a":[1,-2.5,1e+100],"b":{},"c":[],"d\n\u0001\u007f\"é/":null}"#)
    #expect(
      JSONValue.object(["a": [1, 2], "b": [:]]).text(.pretty)
        == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}")
  }

  /// Swift prints the shortest digits that identify a number, so reading them must give it back to the bit.
  @Test func numbersAreExact() throws {
    var generator = SeededGenerator(state: 1)
    for _ in 0..<5000 {
      let value = Double(bitPattern: UInt64.random(in: 0 ... .max, using: &generator))
      if value.isFinite { #expect(try JSONValue(parsing: "\(value)").doubleValue?.bitPattern == value.bitPattern) }
      let integer = Int.random(in: .min ... .max, using: &generator)
      #expect(try JSONValue(parsing: "\(integer)") == .int(integer))
    }
  }

  // MARK: Against Foundation

  @Test(arguments: 0..<20) func equalsFoundationOnRandomDocuments(_ seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    for _ in 0..<50 {
      let text = Self.document(depth: 5, &generator)
      let ours = try JSONValue(parsing: text)
      let theirs = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
      #expect(Self.same(ours, theirs), "\(text)")
      #expect(try JSONValue(parsing: ours.text(.pretty)) == ours, "\(text)")
      // Foundation must agree about what we write, too.
      let rewritten = try JSONSerialization.jsonObject(with: Data(ours.text().utf8), options: .fragmentsAllowed)
      #expect(Self.same(ours, rewritten), "\(text)")
    }
  }

  private static func document(depth: Int, _ generator: inout SeededGenerator) -> String {
    func space() -> String { ["", "", " ", "\n", "\t ", "\r\n"].randomElement(using: &generator) ?? "" }
    func string() -> String {
      let pieces = ["a", "Z9", "é", "中", "🌍", #"\n"#, #"\""#, #"\\"#, #"\/"#, #"\u0041"#, #"\ud83d\ude00"#, "\u{2028}"]
      return "\""
        + (0..<Int.random(in: 0...6, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }
        .joined() + "\""
    }
    let choice = Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator)
    switch choice {
    case 0: return ["null", "true", "false"].randomElement(using: &generator) ?? ""
    case 1: return String(Int.random(in: -1_000_000...1_000_000, using: &generator))
    case 2: return String(Int.random(in: .min ... .max, using: &generator))
    case 3:
      let value = Double(bitPattern: UInt64.random(in: 0 ... .max, using: &generator))
      return value.isFinite ? "\(value)" : "0.5"
    case 4, 5: return string()
    case 6:
      let count = Int.random(in: 0...5, using: &generator)
      return "[" + space()
        + (0..<count).map { _ in document(depth: depth - 1, &generator) }.joined(separator: space() + "," + space())
        + "]"
    default:
      let count = Int.random(in: 0...14, using: &generator)
      let members = (0..<count).map {
        "\"k\($0)" + string().dropFirst() + space() + ":" + document(depth: depth - 1, &generator)
      }
      return "{" + space() + members.joined(separator: "," + space()) + space() + "}"
    }
  }

  private static func same(_ ours: JSONValue, _ theirs: Any) -> Bool {
    switch ours {
    case .null: theirs is NSNull
    case .bool(let value): (theirs as? Bool) == value
    case .int(let value): (theirs as? NSNumber)?.int64Value == Int64(value)
    // Foundation goes through a decimal type and may be off in the last places.
    case .double(let value):
      ((theirs as? NSNumber)?.doubleValue).map { abs($0 - value) <= abs(value) * 1e-14 } ?? false
    case .string(let value): (theirs as? String).map { $0.utf8.elementsEqual(value.utf8) } ?? false
    case .array(let values):
      (theirs as? [Any]).map { $0.count == values.count && zip(values, $0).allSatisfy { same($0, $1) } } ?? false
    case .object(let members):
      (theirs as? [String: Any]).map { theirs in
        theirs.count == members.count
          && members.allSatisfy { member in theirs[member.key].map { same(member.value, $0) } ?? false }
      } ?? false
    }
  }
}
