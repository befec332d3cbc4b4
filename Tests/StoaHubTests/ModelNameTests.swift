import Testing

@testable import StoaHub

@Suite struct ModelNameTests {
  @Test(arguments: ["a", "llama-3.1-8B-Instruct-Q4_K_M", "modèle", "模型", "my model", "a.b", "x_1+2@3", "primer2"])
  func acceptsPlainNames(_ name: String) throws { try ModelName.check(name) }

  @Test(arguments: [
    "", ".", "..", "a..b", "../x", "a/b", "/etc/passwd", "a\\b", ".hidden", "-rf", "a\nb", "a\u{0}b", "a\u{1B}[31m",
    " a",
    "a ", "\u{202E}fugg", "a\u{200B}b", String(repeating: "x", count: 201), "a\u{2028}b",
  ])
  func refusesWhatCouldMislead(_ name: String) {
    #expect(throws: HubError.self) { try ModelName.check(name) }
  }

  @Test(arguments: ["primer", "primer.gguf"])
  func keepsTheBundledName(_ name: String) {
    #expect(throws: HubError.primerIsFixed) { try ModelName.check(name) }
  }

  @Test(arguments: [
    ("m-00001-of-00003.gguf", "m", 1, 3), ("a-b-00012-of-00012.gguf", "a-b", 12, 12),
    ("模型-00002-of-00003.gguf", "模型", 2, 3),
  ])
  func splitNames(_ file: String, _ base: String, _ index: Int, _ count: Int) {
    let split = SplitName(file)
    #expect(split?.base == base)
    #expect(split?.index == index)
    #expect(split?.count == count)
    #expect(SplitName.fileName(base: base, index: index, count: count) == file)
  }

  @Test(arguments: [
    "m.gguf", "-00001-of-00003.gguf", "m-00000-of-00003.gguf", "m-00004-of-00003.gguf", "m-0001-of-0003.gguf",
    "m-00001-of-00003.bin", "m-+0001-of-00003.gguf", "m-00001-of-٠٠٠٠٣.gguf", "m_00001-of-00003.gguf",
  ])
  func notSplitNames(_ file: String) { #expect(SplitName(file) == nil) }

  @Test(arguments: [
    ("lama-3.1", ["llama-3.1"]), ("LLAMA-3.1.gguf", ["llama-3.1"]), ("primr", ["primer"]), ("zzzzzz", []), ("", []),
  ])
  func suggestions(_ text: String, _ names: [String]) {
    #expect(ModelName.suggestions(for: text, among: ["llama-3.1", "mistral", "primer"]) == names)
  }
}
