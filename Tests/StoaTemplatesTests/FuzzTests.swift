import StoaTestSupport
import Testing

@testable import StoaTemplates

/// Templates broken at random: every one ends, in bounded text or an error.
@Suite struct FuzzTests {
  static let fragments = [
    "{{", "}}", "{%", "%}", "{#", "#}", "-%}", "{%-", "(", ")", "[", "]", "{", "}", "'", "\"", "\\", "|", ".", ",", ":",
    "~", "**", "//", " in ", " is ", " not ", " if ", " else ", " for x in ", "{% endfor %}", "{% endif %}", "loop",
    "{% set ns.x = ns.x ~ ns.x %}", "range(99)", "namespace(x=word)", "9223372036854775807", "-1", "1e308", "\u{0}",
    "é", "😀", "\u{301}", "\n", "\r\n", "tojson(indent=3)", "|map('upper')", "|list", "|string", "items", "person",
    "word",
    "raise_exception", "caller()", "varargs", "*", "%s", "{}", ".format(", "recursive", "{% macro f() %}", "f()",
  ]

  static func mutated(_ source: String, _ corpus: [String], using generator: inout SeededGenerator) -> String {
    var scalars = Array(source.unicodeScalars)
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = Int.random(in: 0...scalars.count, using: &generator)
      let end = min(scalars.count, place + Int.random(in: 0...8, using: &generator))
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: scalars.removeSubrange(place..<end)
      case 1: scalars.insert(contentsOf: scalars[place..<end], at: place)
      case 2:
        let other = Array((corpus.randomElement(using: &generator) ?? "").unicodeScalars)
        let start = Int.random(in: 0...other.count, using: &generator)
        scalars.insert(contentsOf: other[start..<min(other.count, start + 40)], at: place)
      case 3:
        scalars.replaceSubrange(place..<end, with: (fragments.randomElement(using: &generator) ?? "").unicodeScalars)
      default: scalars.insert(contentsOf: (fragments.randomElement(using: &generator) ?? "").unicodeScalars, at: place)
      }
    }
    return String(String.UnicodeScalarView(scalars))
  }

  @Test(arguments: 0..<8) func brokenTemplatesEnd(_ seed: Int) {
    let corpus = FeatureTests.cases.map(\.source)
    var generator = SeededGenerator(state: UInt64(seed))
    var limits = TemplateLimits()
    limits.steps = 100_000
    limits.outputBytes = 100_000
    limits.allocatedBytes = 10_000_000
    var rendered = 0
    for _ in 0..<400 {
      let source = Self.mutated(corpus.randomElement(using: &generator) ?? "", corpus, using: &generator)
      do throws(TemplateError) {
        let text = try Template(source: source, limits: limits).render(FeatureTests.context)
        #expect(text.utf8.count <= limits.outputBytes)
        rendered += 1
      } catch {
        #expect(error.line >= 1)
        #expect(error.message.utf8.count < 200_000)
      }
    }
    #expect(rendered > 20)
  }
}
