import StoaTestSupport
import Testing

@testable import StoaTemplates

/// Small templates, one feature each, against what jinja2 made of them (`Tests/Fixtures/templates/oracle.py`).
@Suite struct FeatureTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let source: String
    /// The rendered text, or nil where jinja2 raises.
    let expected: String?
    let fault: String
    var testDescription: String { name }
  }

  static let fixture: TemplateValue = loadJSON(OracleData.fixture("templates/features.json"))

  static let cases: [Case] = fixture["cases"].items.map {
    Case(
      name: $0["name"].text ?? "", source: $0["source"].text ?? "", expected: $0["text"].text,
      fault: $0["error"].text ?? "")
  }

  static let context: [String: TemplateValue] = fixture["context"].variables

  @Test func fixtureIsComplete() {
    #expect(Self.cases.count > 400)
    #expect(Self.context.count > 20)
  }

  @Test(arguments: cases) func matchesJinja(_ test: Case) {
    let now = TemplateDate(year: 2025, month: 7, day: 4, hour: 9, minute: 5, second: 3)
    do throws(TemplateError) {
      let text = try Template(source: test.source).render(Self.context, now: now)
      if let expected = test.expected {
        #expect(Array(text.utf8) == Array(expected.utf8), "\(test.source)\n got: \(text)\nwant: \(expected)")
      } else {
        Issue.record("\(test.source)\n got: \(text)\nwant an error: \(test.fault)")
      }
    } catch {
      if let expected = test.expected { Issue.record("\(test.source)\n got: \(error)\nwant: \(expected)") }
      #expect(error.line > 0, "an error names its line: \(error)")
    }
  }
}
