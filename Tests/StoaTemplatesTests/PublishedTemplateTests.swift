import Foundation
import StoaTestSupport
import Testing

@testable import StoaTemplates

/// Templates of published models over many conversations, against jinja2 itself.
///
/// The oracle is `Tests/Fixtures/templates/oracle.py`, run by the Python that `STOA_PYTHON` names, by default
/// `python3`; without jinja2 there the comparison is skipped.
@Suite struct PublishedTemplateTests {
  static let script = OracleData.fixture("templates/oracle.py")
  static let folder = "tokenizers/chat_templates"

  static let contexts: [(name: String, context: TemplateValue)] =
    Optional(loadJSON(OracleData.fixture("templates/conversations.json"))).items.map {
      ($0["name"].text ?? "", $0["context"] ?? .none)
    }

  static func templates() -> [(name: String, source: String)] {
    let root = OracleData.root.appendingPathComponent(folder)
    guard let paths = FileManager.default.enumerator(atPath: root.path) else { return [] }
    return paths.compactMap { $0 as? String }.filter { $0.hasSuffix(".jinja") }.sorted().compactMap { path in
      let data = FileManager.default.contents(atPath: root.appendingPathComponent(path).path)
      return data.map { (path, String(decoding: $0, as: UTF8.self)) }
    }
  }

  /// Runs the oracle's Python with some arguments; nil when it cannot run or fails.
  static func python(_ arguments: [String], input: Data = Data()) -> Data? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [ProcessInfo.processInfo.environment["STOA_PYTHON"] ?? "python3", "-B"] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    // The input goes through a file, because a pipe that nobody reads yet would block.
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    do {
      try input.write(to: file)
      process.standardInput = try FileHandle(forReadingFrom: file)
      try process.run()
      let data = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      return process.terminationStatus == 0 ? data : nil
    } catch {
      return nil
    }
  }

  static func hasJinja() -> Bool { python(["-c", "import jinja2"]) != nil }

  @Test(.oracle(folder), .enabled("needs a Python with jinja2: set STOA_PYTHON") { hasJinja() })
  func matchJinja() throws {
    let templates = Self.templates()
    #expect(templates.count >= 30)
    #expect(Self.contexts.count >= 30)
    let request: TemplateValue = [
      "templates": .list(templates.map { ["name": .string($0.name), "source": .string($0.source)] }),
      "contexts": .list(Self.contexts.map { ["name": .string($0.name), "context": $0.context] }),
    ]
    let json = try Template(source: "{{ request|tojson }}").render(["request": request])
    let answer = try #require(Self.python([Self.script, "render"], input: Data(json.utf8)))
    let expected = try TemplateValue(json: String(decoding: answer, as: UTF8.self))

    let now = TemplateDate(year: 2025, month: 7, day: 4, hour: 9, minute: 5, second: 3)
    var rendered = 0
    for (name, source) in templates {
      let template = Result { () throws(TemplateError) in try Template(source: source) }
      for (contextName, context) in Self.contexts {
        let key = "\(name) / \(contextName)"
        let want = expected[key]?["text"].text
        let got = template.flatMap { template in
          Result { () throws(TemplateError) in try template.render(Optional(context).variables, now: now) }
        }
        switch (got, want) {
        case (.success(let text), let want?):
          rendered += 1
          if Array(text.utf8) != Array(want.utf8) { Issue.record("\(key)\n\(Self.difference(text, want))") }
        case (.success, nil):
          Issue.record("\(key): rendered, but jinja2 says \(expected[key]?["error"].text ?? "nothing")")
        case (.failure(let error), _?): Issue.record("\(key): \(error)")
        case (.failure(let error), nil):
          let isRecursion = expected[key]?["error"].text?.hasPrefix("RecursionError") ?? false
          #expect((error.kind == .limit) == isRecursion, "\(key): \(error)")
        }
      }
    }
    #expect(rendered > 1000)
  }

  /// Where two texts part, with some of what stands around.
  static func difference(_ got: String, _ want: String) -> String {
    let (a, b) = (Array(got.unicodeScalars), Array(want.unicodeScalars))
    let place = zip(a, b).prefix { $0 == $1 }.count
    func around(_ text: [Unicode.Scalar]) -> String {
      let part = text[max(0, place - 60)..<min(text.count, place + 60)]
      return String(String.UnicodeScalarView(part)).debugDescription
    }
    return "at \(place)\n got: \(around(a))\nwant: \(around(b))"
  }
}
