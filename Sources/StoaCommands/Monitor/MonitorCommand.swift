import ArgumentParser
import Foundation
import StoaFormats
import StoaTerminal
import Synchronization

struct MonitorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "monitor", abstract: "Watch a running server: requests, speed, rails, incidents.",
    discussion: """
      At a terminal it draws a view that changes every second, until Ctrl-C; in a pipe it writes a line a second.

      A server that wants a key takes it from $STOA_API_KEY; the key has to be for metrics.

      Examples:
        stoa monitor
        stoa monitor --once --json
        stoa monitor --incidents --json > incidents.json
      """)

  @Option(
    help: ArgumentHelp("The server's address (default: $STOA_HOST, else http://127.0.0.1:11500).", valueName: "url"))
  var url: String?
  @Flag(help: "Print what is known now, and end.") var once = false
  @Flag(help: "Print the records of incidents, and end.") var incidents = false
  @OptionGroup var output: JSONOption

  func run() throws {
    var option = ServerOption()
    option.server = url
    let client = try option.client()
    if incidents { return try printIncidents(try client.get("/v1/monitor/incidents")) }
    if once { return try printOnce(try client.get("/v1/monitor")) }
    // What is wrong with the address or the key is told before the screen changes.
    let first = try client.get("/v1/monitor")
    try watch(client, first)
  }

  private func printIncidents(_ answer: JSONObject) throws {
    if output.json { return try JSONValue.object(answer).print() }
    let incidents = answer["data"]?.arrayValue ?? []
    if incidents.isEmpty { Output.note("there was no incident since the server started\n") }
    let style = Terminal.current().style(for: .output)
    for line in Columns.align(incidents.map { MonitorView.incident($0, style) }) { try Output.write(line + "\n") }
  }

  private func printOnce(_ answer: JSONObject) throws {
    if output.json { return try JSONValue.object(answer).print() }
    var view = MonitorView(style: Terminal.current().style(for: .output))
    view.take(snapshot: answer)
    for line in view.lines(columns: 200, rows: 200) { try Output.write(line + "\n") }
  }

  // MARK: Live

  private func watch(_ client: ServerClient, _ first: JSONObject) throws {
    let terminal = Terminal.current()
    let isLive = terminal.outputIsTerminal && !output.json
    let screen = MonitorScreen(
      isLive: isLive, isJSON: output.json, address: client.address.url, style: terminal.style(for: .output))
    let (stops, stop) = AsyncStream<Void>.makeStream()
    let wasStopped = Atomic(false)
    defer { screen.close() }
    do {
      try Interrupts.stoppable(by: {
        wasStopped.store(true, ordering: .relaxed)
        stop.finish()
      }) {
        try screen.begin(first)
        try Waiting.run {
          try await client.events("/v1/monitor/events", until: stops) { try screen.take($0, $1) }
        }
      }
    } catch let error as OutputError where error.readerIsGone {
      return
    }
    screen.close()
    if wasStopped.load(ordering: .relaxed) { throw Interrupted() }
    Output.note("the server at \(client.address.url) has ended\n")
  }
}

/// Where a live view is drawn: a screen of its own at a terminal, which is as it was afterwards, or lines in a pipe.
private final class MonitorScreen: Sendable {
  private struct State {
    var view: MonitorView
    var isOpen = false
  }

  private let isLive: Bool
  private let isJSON: Bool
  private let address: String
  private let state: Mutex<State>

  init(isLive: Bool, isJSON: Bool, address: String, style: Style) {
    self.isLive = isLive
    self.isJSON = isJSON
    self.address = address
    state = Mutex(State(view: MonitorView(style: style)))
  }

  func begin(_ snapshot: JSONObject) throws {
    try state.withLock { state in
      state.view.address = address
      for event in snapshot["events"]?.arrayValue ?? [] { state.view.take(event: event) }
      guard isLive else { return }
      // The alternative screen, and no cursor (xterm's control sequences).
      try Output.write("\u{1B}[?1049h\u{1B}[?25l")
      state.isOpen = true
    }
  }

  func take(_ name: String, _ data: JSONValue) throws {
    try state.withLock { state in
      if isJSON { return try JSONValue.object(["event": .string(name), "data": data]).print() }
      if name == "event" { state.view.take(event: data) }
      guard name == "snapshot", let object = data.objectValue else { return }
      state.view.take(snapshot: object)
      guard isLive else { return try Output.write(state.view.line + "\n") }
      let size = Terminal.size()
      let lines = state.view.lines(columns: size.columns, rows: size.rows - 1)
      // Each line is written over the old one and its rest cleared, so nothing flickers.
      try Output.write(
        "\u{1B}[H" + lines.map { $0 + "\u{1B}[K\r\n" }.joined() + "\u{1B}[J")
    }
  }

  /// Gives the terminal back; nothing the second time.
  func close() {
    state.withLock { state in
      guard state.isOpen else { return }
      state.isOpen = false
      try? Output.write("\u{1B}[?25h\u{1B}[?1049l")
    }
  }
}
