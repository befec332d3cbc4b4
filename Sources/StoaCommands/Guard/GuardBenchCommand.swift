import ArgumentParser
import Foundation
import StoaFormats
import StoaGuard
import StoaTerminal

struct GuardBenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure how fast texts pass the rails of a pack.",
    discussion: """
      The text passes again and again in one stream after the other, on one thread; the time is that of the processor, without \
      reading the file. The first pass, which makes the states of the automaton, is given apart.

      Examples:
        stoa guard bench book.txt
        stoa guard bench --pack strict --direction input --piece 64 --rounds 5 --json book.txt
      """)

  @OptionGroup var pack: PackOption
  @Option(
    help: ArgumentHelp("Where the text stands: input, output, retrieval, tool-call, tool-result.", valueName: "stage"))
  var direction = GuardStage.output
  @Option(help: ArgumentHelp("Feed this many bytes at a time.", valueName: "n")) var piece = 65_536
  @Option(help: ArgumentHelp("Passes after the first one.", valueName: "n")) var rounds = 3
  @Argument(help: "A file with the text; - is standard input.", completion: .file()) var file: String
  @OptionGroup var output: JSONOption

  func validate() throws {
    if piece < 1 { throw ValidationError("--piece takes a number of bytes from 1") }
    if rounds < 1 { throw ValidationError("--rounds must be at least 1") }
  }

  func run() throws {
    let program = try loadPack(pack.pack).program(direction)
    noteWarnings(of: [program])
    let text = try InputText.bytes(file)
    if text.isEmpty { throw CommandFailure(message: "\(file): the text is empty", advice: "give a longer one") }
    let (first, hits) = pass(text, program)
    let seconds = (0..<rounds).map { _ in pass(text, program).seconds }
    let median = seconds.sorted()[rounds / 2]
    if output.json {
      return try JSONValue.object([
        "pack": .string(program.pack), "digest": .string("sha256:" + program.digest), "bytes": .int(text.count),
        "first_seconds": .double(first), "seconds": .array(seconds.map(JSONValue.double)), "hits": .int(hits),
        "patterns": .int(program.size.patterns),
      ]).print()
    }
    func speed(_ seconds: Double) -> String {
      (Double(text.count) / max(seconds, 1e-9) / 1e6).formatted(.number.precision(.fractionLength(1))) + " MB/s"
    }
    try Output.write(
      "\(program.pack): \(program.size.patterns) patterns, \(Format.plural(hits, "hit"))\n"
        + "\(speed(median)), the first time \(speed(first))\n")
  }

  /// Puts the text through a new stream; gives the processor's time, and how much was found.
  private func pass(_ text: [UInt8], _ program: GuardProgram) -> (seconds: Double, hits: Int) {
    let start = ProcessorTime.seconds
    var stream = GuardStream(program)
    var place = 0
    while place < text.count, !stream.isOver {
      let end = min(place + piece, text.count)
      _ = stream.feed(text[place..<end])
      place = end
    }
    _ = stream.finish()
    return (ProcessorTime.seconds - start, stream.hits.count)
  }
}
