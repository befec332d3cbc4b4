/// Takes a stream of server-sent events apart, in pieces of any size.
///
/// Source: WHATWG HTML, "Server-sent events", "Interpreting an event stream". Two things differ: data that the end of the
/// stream follows without an empty line still count, and a field `error`, in which llama.cpp's server of old writes what
/// went wrong, is data of an event of that name.
struct EventStreamDecoder: Sendable {
  /// An event with data.
  struct Event: Sendable, Equatable {
    /// `message` unless the stream names another.
    var name: String
    var data: [UInt8]
  }

  /// A line or an event is longer than anybody has reason to send.
  struct TooLong: Error, Equatable {
    var limit: Int
  }

  private let limit: Int
  private var line: [UInt8] = []
  private var data: [UInt8] = []
  private var hasData = false
  private var name = ""
  private var isFirstLine = true
  private var endedInReturn = false

  /// - Parameter limit: How many bytes a line, and the data of an event, may have.
  init(limit: Int = 8 << 20) { self.limit = limit }

  /// The events that are complete once these bytes are known.
  mutating func feed(_ bytes: some Sequence<UInt8>) throws(TooLong) -> [Event] {
    var events: [Event] = []
    for byte in bytes {
      let followsReturn = endedInReturn
      endedInReturn = byte == 0x0D
      switch byte {
      case 0x0A where followsReturn: break
      case 0x0A, 0x0D: if let event = try endLine() { events.append(event) }
      default:
        guard line.count < limit else { throw TooLong(limit: limit) }
        line.append(byte)
      }
    }
    return events
  }

  /// The event that the end of the stream ends, if there is one.
  mutating func finish() throws(TooLong) -> Event? {
    if !line.isEmpty, let event = try endLine() { return event }
    return dispatch()
  }

  private mutating func endLine() throws(TooLong) -> Event? {
    var line = line[...]
    defer { self.line.removeAll(keepingCapacity: true) }
    if isFirstLine {
      isFirstLine = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
    }
    if line.isEmpty { return dispatch() }
    let field = line.prefix { $0 != UInt8(ascii: ":") }
    var value = line.dropFirst(field.count + 1)
    if value.first == 0x20 { value = value.dropFirst() }
    switch String(decoding: field, as: UTF8.self) {
    case "data": try add(value)
    case "error":
      name = "error"
      try add(value)
    case "event": name = String(decoding: value, as: UTF8.self)
    // Comments, which have an empty field, and what nobody here needs.
    default: break
    }
    return nil
  }

  private mutating func add(_ value: ArraySlice<UInt8>) throws(TooLong) {
    guard data.count + value.count < limit else { throw TooLong(limit: limit) }
    if hasData { data.append(0x0A) }
    hasData = true
    data += value
  }

  private mutating func dispatch() -> Event? {
    defer {
      data = []
      name = ""
      hasData = false
    }
    return hasData ? Event(name: name.isEmpty ? "message" : name, data: data) : nil
  }
}
