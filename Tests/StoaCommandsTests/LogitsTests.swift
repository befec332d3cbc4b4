import Testing

@testable import StoaCommands

@Suite struct LogitsTests {
  @Test(
    arguments: [("1", [1]), ("1,2,3", [1, 2, 3]), ("1, 2", [1, 2]), ("2147483647", [Int32.max])] as [(String, [Int32])])
  func readsTokenLists(_ text: String, _ ids: [Int32]) { #expect(TokenList(argument: text)?.ids == ids) }

  @Test(arguments: ["", ",", "1,", ",1", "1,,2", "-1", "1.5", "a", "2147483648", "1;2"])
  func refusesOtherText(_ text: String) { #expect(TokenList(argument: text) == nil) }

  @Test func numbersComeBackToTheBit() throws {
    let values: [Float] = [0, -0.0, 0.1, 1 / 3, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -1e-20, 16_777_215]
    let text = LogitsCommand.array(values)
    let parsed = text.dropFirst().dropLast().split(separator: ",").compactMap { Float($0) }
    #expect(parsed.map(\.bitPattern) == values.map(\.bitPattern))
    #expect(LogitsCommand.array([.nan, .infinity]) == "[null,null]")
    #expect(LogitsCommand.array([]) == "[]")
  }
}
