import ArgumentParser
import StoaFormats
import StoaTerminal
import StoaTokenizers

struct DetokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detokenize", abstract: "Turn token ids into text.",
    discussion: """
      Tokens that are no text, such as the one for the beginning, are left out; --special prints their names. \
      MODEL is what stoa tokenize takes.

      Examples:
        stoa detokenize primer 403,280,261
        stoa tokenize model.gguf "Hello" --json | jq -c .tokens | stoa detokenize model.gguf
      """)

  @OptionGroup var source: TokenizerSource
  @Argument(help: "The ids, separated by commas or spaces; - or nothing reads standard input.")
  var ids: [String] = []
  @Flag(help: "Print the names of special tokens too.") var special = false
  @OptionGroup var output: JSONOption
  var json: Bool { output.json }

  func run() throws {
    let tokenizer = try source.load()
    let text = ids.isEmpty || ids == ["-"] ? try InputText.standardInput() : ids.joined(separator: " ")
    let tokens = try Self.tokens(text, below: tokenizer.vocabularySize)
    let answer = tokenizer.decode(tokens, showSpecial: special)
    if json { return try JSONValue.object(["text": .string(answer)]).print() }
    try Output.write(answer + "\n")
  }

  /// The ids in a text, which may be a list of JSON.
  static func tokens(_ text: String, below limit: Int) throws -> [Int32] {
    let separators: Set<Character> = [",", " ", "\n", "\r\n", "\t", "[", "]"]
    return try text.split(whereSeparator: { separators.contains($0) }).map { word in
      guard let id = Int(word) else {
        throw CommandFailure.usage(
          "'\(word)' is not a token id", advice: "give numbers separated by commas, such as 1,15043,29892")
      }
      guard id >= 0, id < limit else {
        throw CommandFailure(
          message: "token id \(id) is not in the vocabulary", advice: "the ids are 0 to \(limit - 1)")
      }
      return Int32(id)
    }
  }
}
