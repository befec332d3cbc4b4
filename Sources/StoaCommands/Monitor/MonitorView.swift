import StoaFormats
import StoaTerminal

/// What `stoa monitor` shows, drawn from snapshots and events: lines for a terminal, or one for a pipe.
struct MonitorView {
  let style: Style
  var address = ""
  private var snapshot = JSONObject()
  private var events: [JSONValue] = []

  private static let mostEvents = 200

  init(style: Style) { self.style = style }

  mutating func take(snapshot: JSONObject) {
    self.snapshot = snapshot
    if let events = snapshot["events"]?.arrayValue { self.events = events }
  }

  mutating func take(event: JSONValue) {
    events.append(event)
    if events.count > Self.mostEvents { events.removeFirst(events.count - Self.mostEvents) }
  }

  // MARK: One line

  /// The last minute in one line, for pipes and logs.
  var line: String {
    let minute = snapshot["minute"]
    let hits = Self.pairs(minute?["hits"]).map { "\($0)=\($1)" }.joined(separator: " ")
    let open = snapshot["incidents"]?["open"]?.arrayValue?.count ?? 0
    return [
      snapshot["time"]?.stringValue.map { String($0.prefix(19)) + "Z" } ?? "",
      "requests/s \(number(minute?["requests_per_s"]))", "tokens/s \(number(minute?["tokens_per_s"]))",
      "ttft p50 \(milliseconds(minute?["ttft_ms"]?["p50"])) p95 \(milliseconds(minute?["ttft_ms"]?["p95"]))",
      "running \(whole(snapshot["queue"]?["running"])) waiting \(whole(snapshot["queue"]?["waiting"]))",
      "errors \(whole(minute?["errors"]))", "refusals \(whole(minute?["refusals"]))",
      "hits \(hits.isEmpty ? "0" : hits)", "incidents \(open)",
    ].joined(separator: " · ")
  }

  // MARK: A screen

  /// As many lines as fit.
  func lines(columns: Int, rows: Int) -> [String] {
    var lines = head + [""] + rates + tables
    let free = rows - lines.count - 2
    if free > 0, !events.isEmpty {
      lines += ["", style.bold("Events")]
      lines += Columns.align(events.suffix(free).reversed().map { Self.event($0, style) })
    }
    return lines.prefix(max(1, rows)).map { Self.cut($0, columns) }
  }

  private var head: [String] {
    let open = snapshot["incidents"]?["open"]?.arrayValue ?? []
    let time = snapshot["time"]?.stringValue.map { String($0.prefix(19)).replacing("T", with: " ") } ?? ""
    let title = [style.bold("stoa monitor"), style.dim(address), style.dim(time)].filter { !$0.isEmpty }
    let state =
      open.isEmpty
      ? style.green("no incident is open")
      : style.red("\(Format.plural(open.count, "incident")) open")
    return [title.joined(separator: "  ") + "  " + state]
      + Columns.align(open.prefix(5).map { Self.incident($0, style) })
  }

  private var rates: [String] {
    let rows = [
      ("", "requests", "requests/s", "tokens/s", "TTFT p50", "TTFT p95", "errors", "refusals"),
      row("last minute", snapshot["minute"]), row("last hour", snapshot["hour"]),
    ]
    return Columns.align(
      rows.enumerated().map { index, row in
        let cells = [row.0, row.1, row.2, row.3, row.4, row.5, row.6, row.7]
        return index == 0 ? cells.map { style.dim($0) } : cells
      }, rightAligned: [1, 2, 3, 4, 5, 6, 7])
  }

  private func row(
    _ name: String, _ window: JSONValue?
  ) -> (String, String, String, String, String, String, String, String) {
    (
      name, whole(window?["requests"]), number(window?["requests_per_s"]), number(window?["tokens_per_s"]),
      milliseconds(window?["ttft_ms"]?["p50"]), milliseconds(window?["ttft_ms"]?["p95"]), whole(window?["errors"]),
      whole(window?["refusals"])
    )
  }

  private var tables: [String] {
    var lines: [String] = []
    func table(_ title: String, _ header: [String], _ rows: [[String]]) {
      guard !rows.isEmpty else { return }
      let right = Set(1..<max(2, header.count))
      lines += ["", style.bold(title)]
      lines += Columns.align([header.map { style.dim($0) }] + rows, rightAligned: right)
    }
    let models = snapshot["queue"]?["models"]?.arrayValue ?? []
    table(
      "Models", ["", "running", "waiting", "cache"],
      models.map { model in
        [
          PrintableText.line(model["model"]?.stringValue ?? ""), whole(model["running"]), whole(model["waiting"]),
          percent(model["kv_cache_use"]),
        ]
      })
    let drift = snapshot["drift"]?.arrayValue ?? []
    let minute = Dictionary(Self.pairs(snapshot["minute"]?["hits"])) { first, _ in first }
    let hour = Dictionary(Self.pairs(snapshot["hour"]?["hits"])) { first, _ in first }
    table(
      "Rails by class", ["", "minute", "hour", "usual", "evidence", "alarms"],
      drift.map { drift in
        let name = drift["class"]?.stringValue ?? ""
        let alarms = drift["alarms"]?.intValue ?? 0
        return [
          PrintableText.line(name), minute[name] ?? "0", hour[name] ?? "0",
          drift["baseline"]?.doubleValue.map { Format.decimal($0 * 100, 2) + " %" } ?? "learning",
          percent(drift["level"]), alarms > 0 ? style.red("\(alarms)") : "0",
        ]
      })
    table(
      "Keys, last hour", ["", "requests", "tokens"],
      (snapshot["hour"]?["keys"]?.arrayValue ?? []).map { key in
        [PrintableText.line(key["key"]?.stringValue ?? ""), whole(key["requests"]), whole(key["tokens"])]
      })
    return lines
  }

  // MARK: Rows

  /// The cells of an incident.
  static func incident(_ incident: JSONValue, _ style: Style) -> [String] {
    let isOpen = incident["state"]?.stringValue == "open"
    let rule = PrintableText.line(incident["rule"]?.stringValue ?? "")
    return [
      incident["opened"]?.stringValue.map { String($0.prefix(19)) + "Z" } ?? "",
      isOpen ? style.red("open") : style.dim("closed"), style.bold(rule),
      PrintableText.line(incident["summary"]?.stringValue ?? ""),
    ]
  }

  /// The cells of an event.
  static func event(_ event: JSONValue, _ style: Style) -> [String] {
    let time = event["time"]?.stringValue.map { String($0.dropFirst(11).prefix(8)) } ?? ""
    let kind = event["kind"]?.stringValue ?? ""
    func text(_ key: String) -> String { PrintableText.line(event[key]?.stringValue ?? "") }
    func number(_ key: String) -> String { event[key]?.intValue.map(Format.grouped) ?? "0" }
    let what: String
    switch kind {
    case "finished":
      let status = event["status"]?.intValue ?? 0
      let words = "\(text("model")) · \(status) \(text("finish")) · \(number("completion_tokens")) tokens"
      let speed = event["tokens_per_s"]?.doubleValue.map { " · \(Format.perSecond($0)) tokens/s" } ?? ""
      what = status >= 500 ? style.red(words + speed) : words + speed
    case "hit", "refusal":
      let words = "\(text("class")) \(text("rail")) → \(text("action")) at \(text("stage"))"
      what =
        (kind == "refusal" ? style.red(words) : style.yellow(words)) + (event["text"] == nil ? "" : " " + text("text"))
    default:
      let states = (event["states"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: ", ")
      what = "\(text("model")) \(text("change"))" + (states.isEmpty ? "" : ": \(PrintableText.line(states))")
    }
    return [style.dim(time), kind, what, style.dim(text("request"))]
  }

  // MARK: Numbers

  private func whole(_ value: JSONValue?) -> String { value?.intValue.map(Format.grouped) ?? "0" }

  private func number(_ value: JSONValue?) -> String { value?.doubleValue.map(Format.perSecond) ?? "0" }

  private func milliseconds(_ value: JSONValue?) -> String {
    guard let milliseconds = value?.doubleValue else { return "–" }
    return milliseconds < 1000 ? "\(Format.decimal(milliseconds, 0)) ms" : Format.duration(milliseconds / 1000)
  }

  private func percent(_ value: JSONValue?) -> String {
    value?.doubleValue.map { Format.decimal($0 * 100, 0) + " %" } ?? "–"
  }

  private static func pairs(_ value: JSONValue?) -> [(String, String)] {
    (value?.objectValue ?? JSONObject()).map {
      (PrintableText.line($0.key), $0.value.intValue.map(Format.grouped) ?? "0")
    }
  }

  /// The line as far as it fits; what is cut off is plain.
  private static func cut(_ line: String, _ columns: Int) -> String {
    guard DisplayWidth.of(styled: line) > columns, columns > 1 else { return line }
    var (result, width, inEscape, isStyled) = ("", 0, false, false)
    for character in line {
      if inEscape {
        result.append(character)
        inEscape = !character.isLetter
        continue
      }
      if character == "\u{1B}" {
        (inEscape, isStyled) = (true, true)
        result.append(character)
        continue
      }
      width += DisplayWidth.of(character)
      if width > columns - 1 { break }
      result.append(character)
    }
    return result + (isStyled ? "\u{1B}[0m" : "") + "…"
  }
}
