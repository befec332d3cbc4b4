import ArgumentParser
import StoaEngine
import StoaTerminal
import StoaTokenizers

struct LogitsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logits", abstract: "Print the model's logits after a sequence of tokens.",
    discussion: """
      For comparing engines: the numbers before any sampling, in the order of the vocabulary.

      Examples:
        stoa logits model.gguf --tokens 1,15043,29892 --json
        stoa logits model.gguf --tokens 1,2,3 --all --json
      """)

  @OptionGroup var target: ModelArgument
  @Option(help: ArgumentHelp("Token ids, separated by commas.", valueName: "ids")) var tokens: TokenList
  @Flag(help: "Logits of every position, not only of the last.") var all = false
  @OptionGroup var context: ContextOption
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var tuning: TuningOptions
  @OptionGroup var output: JSONOption
  var json: Bool { output.json }

  func run() throws {
    let loaded = try LoadedModel.load(target, context: self.context.context, threads: threads.threads, tuning: tuning)
    let ids = tokens.ids
    let context = loaded.model.contextLength
    guard ids.count <= context else {
      throw PromptBuilder.tooLong(ids.count, context, advice: "give fewer tokens")
    }
    let session = try loaded.model.makeSession()
    let logits = try session.logits(for: ids, all: all)
    if json { return try printJSON(ids, logits) }
    let style = Terminal.current().style(for: .output)
    let firstPosition = all ? 0 : ids.count - 1
    for (index, row) in logits.enumerated() {
      let best = row.indices.sorted { (row[$1], $0) < (row[$0], $1) }.prefix(10)
      try Output.write(style.bold("after position \(firstPosition + index)") + "\n")
      for id in best {
        let text = loaded.model.tokenizer.map { PrintableText.line($0.text(of: Int32(id))) } ?? ""
        try Output.write("  \(id)  \(row[id])  \(style.cyan(text))\n")
      }
    }
  }

  /// Written piece by piece: all positions of a large vocabulary are hundreds of millions of numbers.
  private func printJSON(_ ids: [Int32], _ logits: [[Float]]) throws {
    try Output.write("{\"tokens\":[\(ids.map(String.init).joined(separator: ","))],\"logits\":")
    if all { try Output.write("[") }
    for (index, row) in logits.enumerated() {
      try Output.write((index > 0 ? "," : "") + Self.array(row))
    }
    try Output.write(all ? "]}\n" : "}\n")
  }

  /// The shortest decimals that give the same 32-bit numbers back.
  static func array(_ values: [Float]) -> String {
    var text = "["
    text.reserveCapacity(12 * values.count)
    for (index, value) in values.enumerated() {
      if index > 0 { text += "," }
      text += value.isFinite ? value.description : "null"
    }
    return text + "]"
  }
}

/// Token ids as `1,2,3`.
struct TokenList: ExpressibleByArgument, Equatable {
  let ids: [Int32]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    var ids: [Int32] = []
    for part in parts {
      guard let id = Int32(part.filter { $0 != " " }), id >= 0 else { return nil }
      ids.append(id)
    }
    guard !ids.isEmpty else { return nil }
    self.ids = ids
  }
}
