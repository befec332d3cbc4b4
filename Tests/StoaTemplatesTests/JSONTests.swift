import Testing

@testable import StoaTemplates

@Suite struct JSONTests {
  @Test func keepsOrderAndTypes() throws {
    let value = try TemplateValue(
      json: #" {"b": [1, -2.5, 1e3, true, null], "a": {"x": "\u00e9\ud83d\ude00\n\/"}, "b2": {}} "#)
    #expect(value["b"] == [1, -2.5, 1000.0, true, nil])
    #expect(value["a"]?["x"] == "é😀\n/")
    guard case .dict(let dictionary) = value else {
      Issue.record("not a dictionary")
      return
    }
    #expect(dictionary.entries.map(\.key) == ["b", "a", "b2"])
  }

  @Test func lastOfEqualKeysWins() throws {
    #expect(try TemplateValue(json: #"{"a": 1, "b": 2, "a": 3}"#) == ["a": 3, "b": 2])
  }

  @Test func keysAreComparedByBytes() {
    var dictionary: TemplateDictionary = ["\u{e9}": 1, "e\u{301}": 2]
    #expect(dictionary.entries.count == 2)
    dictionary["\u{e9}"] = nil
    #expect(dictionary["e\u{301}"] == 2 && dictionary["\u{e9}"] == nil)
  }

  @Test(arguments: [
    "", "{", "[1,]", "[1 2]", #"{"a" 1}"#, #"{a: 1}"#, "01", "1.", "+1", "nul", #""\x""#, #""\ud800""#, "\"a\nb\"",
    "1 2",
    "[", "\"abc", "1e999", "--1", #""\u+123""#, "{\"a\":1,}",
  ])
  func refusesWhatIsNotJSON(_ text: String) {
    #expect(throws: TemplateError.self) { try TemplateValue(json: text) }
  }

  @Test func boundsDepth() {
    #expect(throws: TemplateError.self) { try TemplateValue(json: String(repeating: "[", count: 1_000_000)) }
  }
}
