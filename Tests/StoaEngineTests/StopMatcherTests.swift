import Testing

@testable import StoaEngine

@Suite struct StopMatcherTests {
  /// What comes out when `pieces` go in one by one.
  private func run(_ pieces: [String], _ stops: [String]) -> (text: String, isStopped: Bool) {
    var matcher = StopMatcher(stops)
    var text = ""
    for piece in pieces { text += matcher.append(piece) }
    if !matcher.isStopped { text += matcher.finish() }
    return (text, matcher.isStopped)
  }

  @Test(
    "The text ends before the first stop string",
    arguments: [
      ("Hello\nUser: hi", ["\nUser:"], "Hello", true), ("abab", ["abc"], "abab", false), ("aab", ["ab"], "a", true),
      ("x", [], "x", false), ("größer ##", ["##", "ö"], "gr", true), ("aaab", ["aab", "aaab"], "", true),
      ("一二三", ["二"], "一", true), ("abc", [""], "abc", false), ("abcd", ["bcd", "c"], "a", true),
    ])
  func stops(text: String, stops: [String], expected: String, stopped: Bool) {
    let whole = run([text], stops)
    #expect(whole.text == expected)
    #expect(whole.isStopped == stopped)
    // The law: cutting the text anywhere changes nothing.
    let characters = text.map(String.init)
    for cut in 0...characters.count {
      let pieces = [characters[..<cut].joined(), characters[cut...].joined()]
      #expect(run(pieces, stops) == whole)
    }
    #expect(run(characters, stops) == whole)
  }

  @Test("Only what may become a stop string is held back")
  func holdBack() {
    var matcher = StopMatcher(["<end>"])
    #expect(matcher.append("a <") == "a ")
    #expect(matcher.append("en") == "")
    #expect(matcher.append("x") == "<enx")
    #expect(matcher.append("<end>more") == "")
    #expect(matcher.isStopped)
    #expect(matcher.append("more") == "")
  }
}
