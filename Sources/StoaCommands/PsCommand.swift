import ArgumentParser
import Foundation
import StoaFormats
import StoaTerminal

struct PsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ps", abstract: "List the models that a running server holds in memory.",
    discussion: "A server that wants a key takes it from $STOA_API_KEY.")

  @OptionGroup var server: ServerOption
  @OptionGroup var output: JSONOption

  func run() throws {
    let answer = try server.client().get("/api/ps")
    if output.json { return try JSONValue.object(answer).print() }
    let models = (answer["models"]?.arrayValue ?? []).map { RunningModel($0) }
    if models.isEmpty { Output.note("no model is loaded; each is loaded when it is first asked for\n") }
    let style = Terminal.current().style(for: .output)
    for line in Columns.align(models.map { $0.cells(style, now: Date()) }, rightAligned: [1, 2]) {
      try Output.write(line + "\n")
    }
  }
}

/// A model in memory, as `GET /api/ps` describes it.
struct RunningModel {
  let name: String
  private let bytes: Int?
  private let context: Int?
  private let quantization: String?
  private let expires: Date?

  init(_ json: JSONValue) {
    name = json["name"]?.stringValue ?? ""
    bytes = json["size"]?.intValue
    context = json["context_length"]?.intValue
    quantization = json["details"]?["quantization_level"]?.stringValue
    // Fractions of a second have up to nine digits, which date parsers differ about.
    let time = json["expires_at"]?.stringValue.map { $0.prefix(19) + "Z" }
    expires = time.flatMap { try? Date(String($0), strategy: .iso8601) }
  }

  func cells(_ style: Style, now: Date) -> [String] {
    [
      style.bold(PrintableText.line(name)), bytes.map(Format.bytes) ?? "", context.map(Format.grouped) ?? "",
      PrintableText.line(quantization ?? ""), style.dim(stay(now)),
    ]
  }

  private func stay(_ now: Date) -> String {
    guard let seconds = expires?.timeIntervalSince(now) else { return "" }
    // The largest time that the format has stands for never.
    if seconds > 100 * 365 * 86_400 { return "stays loaded" }
    return seconds > 0 ? "for \(Format.duration(seconds)) if nobody asks" : "is being unloaded"
  }
}
