import ArgumentParser
import Foundation
import StoaFormats
import StoaTerminal
import StoaTokenizers

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Turn text into the model's token ids.",
    discussion: """
      Special tokens in the text are recognised, and the model's own (such as the one for the beginning) are added. \
      With --no-special the text is plain text, and nothing is added.

      MODEL may also be a tokenizer alone: a GGUF file without weights, tokenizer.json, tokenizer.model, or \
      tiktoken ranks together with --pre. Bytes that are not UTF-8 are taken as the model's own tokenizer takes them.

      Examples:
        stoa tokenize primer "Once upon a time"
        stoa tokenize model.gguf - --json < chapter.txt
        stoa tokenize ranks.tiktoken --pre cl100k_base "Once upon a time"
        stoa tokenize tokenizer.json --file chapter.txt --stats
      """)

  @OptionGroup var source: TokenizerSource
  @Argument(help: "The text; - or nothing reads standard input.") var text: String?
  @Flag(name: .customLong("no-special"), help: "Add no special tokens, and take those in the text as plain text.")
  var noSpecial = false
  @Option(help: ArgumentHelp("Read the text from this file.", valueName: "file"), completion: .file())
  var file: String?
  @Flag(help: "Take each line as a text in JSON, or as a list of its bytes, and answer each with a line of JSON.")
  var batch = false
  @Flag(help: "Encode five times, and print how long it took in place of the tokens.")
  var stats = false
  @OptionGroup var output: JSONOption
  var json: Bool { output.json }

  func validate() throws {
    if file != nil, text != nil { throw ValidationError("give the text or --file, not both") }
    if batch, stats { throw ValidationError("--batch and --stats exclude each other") }
  }

  func run() throws {
    let tokenizer = try source.load()
    let bytes =
      switch text {
      case nil, "-": try InputText.bytes(file ?? "-")
      case let text?: Array(text.utf8)
      }
    if batch { return try printBatch(bytes, tokenizer) }
    if stats { return try printStatistics(bytes, tokenizer) }
    let ids = encode(bytes, tokenizer)
    if json { return try JSONValue.object(["tokens": .tokens(ids)]).print() }
    let style = Terminal.current().style(for: .output)
    var lines = ""
    for id in ids {
      let padding = String(repeating: " ", count: max(0, 7 - String(id).count))
      lines += padding + "\(id)  " + style.cyan(PrintableText.line(tokenizer.text(of: id))) + "\n"
    }
    try Output.write(lines)
    Output.note(Terminal.current().style(for: .error).dim(Format.plural(ids.count, "token") + "\n"))
  }

  private func encode(_ text: [UInt8], _ tokenizer: Tokenizer) -> [Int32] {
    tokenizer.encode(text, parseSpecial: !noSpecial, addSpecial: !noSpecial)
  }

  private func printBatch(_ input: [UInt8], _ tokenizer: Tokenizer) throws {
    var answers = ""
    for (number, line) in input.split(separator: 0x0A).enumerated() {
      let value: JSONValue
      do { value = try JSONValue(parsing: String(decoding: line, as: UTF8.self)) } catch {
        throw CommandFailure(message: "line \(number + 1): \(error.description)", advice: "write each text as JSON")
      }
      let ids = encode(try Self.text(value, number + 1), tokenizer)
      answers += JSONValue.object(["tokens": .tokens(ids)]).text() + "\n"
      if answers.utf8.count > 1 << 20 {
        try Output.write(answers)
        answers = ""
      }
    }
    try Output.write(answers)
  }

  private static func text(_ value: JSONValue, _ line: Int) throws -> [UInt8] {
    if let text = value.stringValue { return Array(text.utf8) }
    let bytes = value.arrayValue?.map { $0.intValue.flatMap(UInt8.init(exactly:)) }
    guard let bytes, !bytes.contains(nil) else {
      throw CommandFailure(
        message: "line \(line): neither a text nor a list of bytes", advice: "write each text as JSON")
    }
    return bytes.compactMap { $0 }
  }

  private func printStatistics(_ text: [UInt8], _ tokenizer: Tokenizer) throws {
    var seconds: [Double] = []
    var count = 0
    for _ in 0..<5 {
      let clock = ContinuousClock()
      let time = clock.measure { count = encode(text, tokenizer).count }
      seconds.append(Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18)
    }
    if json {
      let numbers = seconds.map { JSONValue.double($0) }
      return try JSONValue.object(["bytes": .int(text.count), "count": .int(count), "seconds": .array(numbers)]).print()
    }
    let median = seconds.sorted()[seconds.count / 2]
    let speed = Format.bytes(Int(Double(text.count) / max(median, 1e-9)))
    try Output.write("\(Format.bytes(text.count)), \(Format.plural(count, "token")), \(speed)/s\n")
  }
}
