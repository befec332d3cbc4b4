import Testing

@testable import StoaEngine

@Suite struct MarkFinderTests {
  @Test("The grammar takes over right behind the mark, however the answer is cut", arguments: [1, 2, 3, 5, 1000])
  func finds(_ length: Int) throws {
    let preamble = ConstraintTrigger.Preamble(open: "<think>", close: "</think>", isOpen: false)
    let object = "{\"name\":"
    let cases: [(marks: [String], isOnlyAtStart: Bool, text: String, rest: String?)] = [
      (["<tool_call>"], false, "Yes <tool_call>\n{", "\n{"),
      (["<tool_call>"], false, "<think><tool_call></think> a <tool_call>\n ", "\n "),
      (["<tool_call>"], false, "\n <think><tool_call>", nil),
      (["<tool_call>"], false, "a<think><tool_call>", ""),
      (["<tool_call>"], false, "<tool_cal l><<tool_call>{<tool_call>", "{<tool_call>"),
      (["<tool_call>"], false, "<thin<tool_call>x", "x"),
      ([object, "<|python_tag|>" + object], true, "<think>x</think>\n" + object + " \"", " \""),
      ([object, "<|python_tag|>" + object], true, " " + object, ""),
      ([object, "<|python_tag|>" + object], true, "<|python_tag|>" + object + " ", " "),
      ([object], true, "So " + object + " \"", nil), ([object], true, "{\"names\": 1", nil),
      (["[TOOL_CALLS]"], false, "[TOOL_CALLS]now[ARGS]", "now[ARGS]"),
      (["<｜tool▁calls▁begin｜>"], false, "a<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>", "<｜tool▁call▁begin｜>"),
    ]
    for (marks, isOnlyAtStart, text, rest) in cases {
      for isOpen in [false, true] {
        var preamble = preamble
        preamble.isOpen = isOpen
        var finder = MarkFinder(marks, isOnlyAtStart: isOnlyAtStart, preamble: preamble)
        var found: [UInt8]?
        // What the prompt has opened the answer closes.
        var bytes = Array(((isOpen ? "a \(marks[0]) <think></think>" : "") + text).utf8)[...]
        if isOpen, text.contains("<think>") { continue }
        while !bytes.isEmpty {
          let rests = finder.append(Array(bytes.prefix(length)))
          if found == nil { found = rests.first.map { Array($0) } } else { found? += bytes.prefix(length) }
          bytes = bytes.dropFirst(length)
        }
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == rest, "\(text)")
      }
    }
  }
}
