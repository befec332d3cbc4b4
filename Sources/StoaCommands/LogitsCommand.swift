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
    let style = Terminal.current().style(for: .output)
    var position = all ? 0 : ids.count - 1
    // Written as they come: all positions of a large vocabulary are hundreds of millions of numbers.
    var isFirst = true
    var failure: (any Error)?
    func write(_ row: [Float]) {
      defer { position += 1 }
      guard failure == nil else { return }
      do {
        if json {
          let text = (isFirst ? "{\"tokens\":\(ids),\"logits\":" + (all ? "[" : "") : ",") + Self.array(row)
          try Output.write(text)
        } else {
          try printBest(row, position: position, loaded.model.tokenizer, style)
        }
      } catch { failure = error }
      isFirst = false
    }
    try Interrupts.listen {
      try unsafe session.forEachLogits(of: ids, all: all, isCancelled: { Interrupts.requested || failure != nil }) {
        unsafe write(Array($0))
      }
    }
    if let failure { throw failure }
    if json { try Output.write(all ? "]}\n" : "}\n") }
  }

  /// The ten most likely tokens.
  private func printBest(_ row: [Float], position: Int, _ tokenizer: Tokenizer?, _ style: Style) throws {
    try Output.write(style.bold("after position \(position)") + "\n")
    for id in row.indices.sorted(by: { (row[$1], $0) < (row[$0], $1) }).prefix(10) {
      let text = tokenizer.map { PrintableText.line($0.text(of: Int32(id))) } ?? ""
      try Output.write("  \(id)  \(row[id])  \(style.cyan(text))\n")
    }
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
