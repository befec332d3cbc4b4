/// Takes a stream of events apart.
struct EventParser {
  private var bytes: [UInt8] = []

  /// Bytes of an event that has not ended.
  var waiting: Int { bytes.count }

  /// The events that end in a piece: name and data.
  mutating func take(_ piece: some Sequence<UInt8>) -> [(name: String, data: String)] {
    bytes += piece
    var events: [(name: String, data: String)] = []
    var start = 0
    var index = 0
    while index + 1 < bytes.count {
      if bytes[index] == 0x0A, bytes[index + 1] == 0x0A {
        if let event = Self.event(String(decoding: bytes[start..<index], as: UTF8.self)) { events.append(event) }
        start = index + 2
        index = start
      } else {
        index += 1
      }
    }
    bytes.removeFirst(start)
    return events
  }

  /// Nil for a comment.
  private static func event(_ text: String) -> (name: String, data: String)? {
    var (name, data) = ("message", [String]())
    for line in text.split(separator: "\n") {
      if line.hasPrefix("event: ") { name = String(line.dropFirst(7)) }
      if line.hasPrefix("data: ") { data.append(String(line.dropFirst(6))) }
    }
    return data.isEmpty ? nil : (name, data.joined(separator: "\n"))
  }
}
