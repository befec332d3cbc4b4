import Testing

@testable import StoaTerminal

@Suite struct WordWrapTests {
  private func wrap(_ text: String, columns: Int, pieces: Int = 1) -> String {
    var wrap = WordWrap(columns: columns)
    var shown = ""
    var rest = Substring(text)
    while !rest.isEmpty {
      shown += wrap.push(String(rest.prefix(pieces)))
      rest = rest.dropFirst(pieces)
    }
    return shown + wrap.finish()
  }

  @Test("Lines break between words, spaces at a break go")
  func words() {
    #expect(wrap("the quick brown fox jumps", columns: 12) == "the quick\nbrown fox\njumps")
    #expect(wrap("exactly ten.", columns: 12) == "exactly ten.")
    #expect(wrap("exactly ten. more", columns: 12) == "exactly ten.\nmore")
  }

  @Test("What is there stays: line breaks, indents, spaces at the end")
  func layout() {
    let text = "one\n\n  two   three\nfour  \n"
    #expect(wrap(text, columns: 80) == text)
    #expect(wrap("ends in spaces  ", columns: 80) == "ends in spaces  ")
  }

  @Test("Long words and code are left to the terminal")
  func unbreakable() {
    let word = String(repeating: "x", count: 30)
    #expect(wrap("a \(word) b", columns: 12) == "a \(word) b")
    let code = "```swift\nlet a = b + c + d + e\n```\n"
    #expect(wrap(code + "now it wraps again", columns: 12) == code + "now it wraps\nagain")
  }

  @Test("Ideographs break anywhere and take two columns")
  func wide() {
    #expect(wrap("日本語日本語日本語", columns: 12) == "日本語日本語\n日本語")
  }

  @Test("The pieces in which text comes make no difference", arguments: [1, 2, 3, 7, 1000])
  func streaming(pieces: Int) {
    let text = "It was a mild morning, and the boats rocked — gently.\n```\ncode stays code here\n```\n漢字も word 🦊 done"
    #expect(wrap(text, columns: 17, pieces: pieces) == wrap(text, columns: 17, pieces: 1))
  }

  @Test("Without line breaks and runs of spaces the words stay the same")
  func sameWords() {
    let text = "Once there was a kind fox called Ada who lived at the harbour and loved the sea"
    for columns in 10...40 {
      let lines = wrap(text, columns: columns).split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.joined(separator: " ") == text)
      #expect(lines.allSatisfy { $0.count <= columns })
    }
  }
}
