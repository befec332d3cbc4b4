import Testing

@testable import StoaTemplates

/// Hostile templates end in an error with a line; none crashes, hangs or fills the memory.
@Suite struct LimitTests {
  /// Renders and returns the error; nil when there is none.
  static func fault(
    _ source: String, _ context: [String: TemplateValue] = [:], limits: TemplateLimits = .standard
  ) -> TemplateError? {
    do throws(TemplateError) {
      _ = try Template(source: source, limits: limits).render(context)
      return nil
    } catch { return error }
  }

  @Test(arguments: [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l == ns.l }}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}",
    "{{ 'a' * 999999999999 }}", "{{ [0] * 999999999 }}", "{{ 9999999999 * 'x' }}", "{{ range(1000000) }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% macro f() %}{{ [f()]|map('first')|list }}{% endmacro %}{{ f() }}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
    "{% set ns = namespace(g=['a']) %}{% for i in range(999) %}{% set ns.g = ns.g|map('upper') %}{% endfor %}{{ ns.g|list }}",
    "{{ 'x'.ljust(999999999) }}", "{{ '%999999999d' % 1 }}", "{{ '{:999999999}'.format(1) }}",
    "{{ 'x'|indent(999999999) }}", "{{ [1]|tojson(indent=999999999) }}", "{{ [1]|batch(999999999, 0)|list }}",
    "{% set s = 'ab' * 4000000 %}{{ s.replace('', s) }}", "{% set s = 'a,' * 4000000 %}{{ s.split(',')|length }}",
    "{% set s = 'a' * 8000000 %}{% for i in range(99999) %}{% set x = s|length %}{% endfor %}",
    "{% set s = 'a' * 8000000 %}{% for i in range(99999) %}{% set x = [].nope[s] %}{% endfor %}",
    "{% set s = 'a' * 8000000 %}{% for i in range(99999) %}{% set x = s.find('b') %}{% endfor %}",
    "{% set s = 'a' * 8000000 %}{% for i in range(99999) %}{{ s }}{% endfor %}",
    "{% set s = 'a' * 999 ~ 'b' %}{% set t = 'a' * 8000000 %}{% for i in range(9999) %}{% set x = t.count(s) %}{% endfor %}",
    "{% set ns = namespace(d={}) %}{% for i in range(99999) %}{% set ns.d = dict(ns.d, **{'k' ~ i: i}) %}{% endfor %}",
  ])
  func boundsWhatRenderingCosts(_ source: String) throws {
    let fault = try #require(Self.fault(source))
    #expect(fault.kind == .limit || fault.kind == .undefined, "\(fault)")
    #expect(fault.line == 1)
  }

  @Test(arguments: [
    String(repeating: "(", count: 100_000) + "1" + String(repeating: ")", count: 100_000),
    String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000),
    String(repeating: "not ", count: 100_000), String(repeating: "-", count: 100_000),
    String(repeating: "{'a':", count: 100_000) + "1" + String(repeating: "}", count: 100_000),
    "1" + String(repeating: "+1", count: 100_000),
    "a" + String(repeating: ".b", count: 100_000), "a" + String(repeating: "|upper", count: 100_000),
    "a" + String(repeating: "[0]", count: 100_000), "a" + String(repeating: "()", count: 100_000),
    "1" + String(repeating: " if 1 else 1", count: 50_000), "1" + String(repeating: " if 1", count: 100_000),
    "a" + String(repeating: " is odd and a", count: 50_000), "2" + String(repeating: "**2", count: 100_000),
  ])
  func boundsDepthOfExpressions(_ expression: String) throws {
    let fault = try #require(Self.fault("{{ " + expression + " }}"))
    #expect(fault.kind == .limit, "\(fault)")
  }

  @Test(arguments: [
    "{% if 1 %}", "{% for x in y %}", "{% filter upper %}", "{% set x %}", "{% macro f() %}", "{% call f() %}",
    "{% with %}", "{% generation %}", "{% if 1 %}{% else %}",
  ])
  func boundsDepthOfBlocks(_ opening: String) throws {
    let fault = try #require(Self.fault(String(repeating: opening, count: 50_000)))
    #expect(fault.kind == .limit, "\(fault)")
  }

  @Test func longListsOfPartsAreNoDepth() throws {
    let parts = Array(repeating: "1", count: 5000)
    #expect(try Template(source: "{{ " + parts.joined(separator: " ~ ") + " }}").render().count == 5000)
    #expect(try Template(source: "{{ [" + parts.joined(separator: ",") + "]|sum }}").render() == "5000")
    let branches = (0..<5000).map { "{% elif x == \($0) %}\($0)" }.joined()
    #expect(try Template(source: "{% if no %}" + branches + "{% endif %}").render(["x": 4999]) == "4999")
  }

  @Test func boundsSourceAndData() throws {
    #expect(Self.fault(String(repeating: "x", count: 2 << 20))?.kind == .limit)
    var deep: TemplateValue = 1
    for _ in 0..<1000 { deep = [deep] }
    #expect(Self.fault("{{ deep }}", ["deep": deep])?.kind == .limit)
    #expect(Self.fault("{{ 1 }}", ["deep": deep])?.kind == .limit)
  }

  @Test func limitsAreTheCallers() throws {
    var limits = TemplateLimits()
    limits.outputBytes = 10
    #expect(Self.fault("{{ 'abc' * 3 }}", limits: limits) == nil)
    #expect(Self.fault("{{ 'abc' * 4 }}", limits: limits)?.kind == .limit)
    #expect(Self.fault("{{ 'abcdef' }}{{ 'abcdef' }}", limits: limits)?.kind == .limit)
    limits = TemplateLimits()
    limits.iterations = 5
    #expect(Self.fault("{% for i in range(5) %}{% endfor %}", limits: limits) == nil)
    #expect(Self.fault("{% for i in range(6) %}{% endfor %}", limits: limits)?.kind == .limit)
    limits = TemplateLimits()
    limits.steps = 100
    #expect(Self.fault("{% for i in range(100) %}{% endfor %}", limits: limits)?.kind == .limit)
  }

  /// Numbers at the edge of 64 bits, where unchecked arithmetic would trap.
  @Test(arguments: [
    "{{ 9223372036854775807 + 1 }}", "{{ -9223372036854775807 - 2 }}", "{{ 9223372036854775807 * 2 }}",
    "{{ (-9223372036854775807 - 1) // -1 }}", "{{ -(-9223372036854775807 - 1) }}",
    "{{ (-9223372036854775807 - 1)|abs }}",
    "{{ 2 ** 64 }}", "{{ 99999999999999999999 }}", "{{ 1e300|int }}", "{{ 'inf'|float|int }}", "{{ 10.0 ** 400 }}",
    "{{ range(-9223372036854775807, 9223372036854775807) }}", "{{ '%d' % 1e300 }}", "{{ '%.*f' % (99999999, 1.5) }}",
    "{{ '%*d' % (-9223372036854775807 - 1, 1) }}", "{{ 1|round(99999) }}",
  ])
  func refusesNumbersOutOfRange(_ source: String) {
    #expect(Self.fault(source) != nil)
  }

  @Test(arguments: [
    ("{{ (-9223372036854775807 - 1) % -1 }}", "0"),
    ("{{ range(9223372036854775800, 9223372036854775807, 5)|list }}", "[9223372036854775800, 9223372036854775805]"),
    ("{{ range(9223372036854775800, 9223372036854775807, 5)[1:]|list }}", "[9223372036854775805]"),
    ("{{ 'abc'[-9223372036854775807 - 1:9223372036854775807] }}", "abc"), ("{{ 'abc'[::9223372036854775807] }}", "a"),
    ("{{ 'abc'[::-9223372036854775807 - 1] }}", "c"), ("{{ 'abc'[9223372036854775807] }}", ""),
    ("{{ 'abc'.center(-9223372036854775807 - 1) }}", "abc"),
    ("{{ 'aXb'.split('X', 9223372036854775807) }}", "['a', 'b']"),
    ("{{ (-9223372036854775807 - 1) in range(5, 0, -1) }}", "False"), ("{{ '%.*s' % (-5, 'abc') }}", ""),
    ("{{ 'abc'.find('c', -9223372036854775807 - 1, 9223372036854775807) }}", "2"),
    ("{{ 9223372036854775807|round(-19) }}", "0"),
    ("{{ [1, 2]|batch(9223372036854775807)|list }}", "[[1, 2]]"), ("{{ '%*d|' % (-3, 1) }}", "1  |"),
  ])
  func survivesNumbersAtTheEdge(_ test: (source: String, expected: String)) throws {
    #expect(try Template(source: test.source).render() == test.expected)
  }

  /// Like CVE-2024-34359, where templates reached Python's internals: here there is nothing but data.
  @Test(arguments: [
    "{{ ''.__class__.__mro__ }}", "{{ [].__class__.__base__.__subclasses__() }}", "{{ x.__init__.__globals__ }}",
    "{{ raise_exception.__globals__['os'] }}", "{{ (messages|attr('__class__')).__name__ }}",
    "{{ namespace.__init__.__globals__ }}", "{{ '{0.__class__.__mro__}'.format(1) }}", "{{ messages.append(1) }}",
    "{{ {'a': 1}.update({}) }}", "{% set ns = namespace(__class__=1) %}", "{{ ''['__class__']['__mro__'] }}",
    "{{ ['x']|map(attribute='__class__.__mro__')|list }}",
  ])
  func reachesOnlyData(_ source: String) throws {
    let fault = try #require(Self.fault(source, ["messages": [1], "x": ["a": 1]]))
    #expect(fault.kind == .security || fault.kind == .undefined, "\(fault)")
  }

  @Test func errorsNameTheirLine() throws {
    #expect(Self.fault("a\nb\n{{ x.y }}")?.line == 3)
    #expect(Self.fault("{# c\n\n #}\n{% if %}")?.line == 4)
    #expect(Self.fault("{% raw %}\n\n{% endraw %}\n\n{{ 1 + }}")?.line == 5)
    #expect(Self.fault("{{ 'a\nb' }}\n{%- set x = 1 -%}\n\n{{ 1 / 0 }}")?.line == 5)
    #expect(Self.fault("{% macro f() %}\n{{ 1 / 0 }}\n{% endmacro %}\n\n{{ f() }}")?.line == 2)
    let raised = try #require(Self.fault("\n{{ raise_exception('no ' ~ 'way') }}"))
    #expect(raised == TemplateError(.raised, "no way", line: 2))
    #expect(raised.description == "chat template, line 2: no way")
  }
}
