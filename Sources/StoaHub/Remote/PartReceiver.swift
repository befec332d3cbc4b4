import Synchronization

/// Writes the answer to a request for one part of a file to its place, and nothing beyond.
final class PartReceiver: HubReceiver {
  /// Why the exchange was ended from this side.
  enum Ending: Sendable {
    /// The server sends the whole file although a part was asked for.
    case rangesIgnored
    /// Another task has changed the parts of the file.
    case superseded
  }

  private struct State {
    var offset = 0
    var ending: Ending?
  }

  private let part: FileTransfer.Part
  private let url: String
  private let state: Mutex<State>

  /// - Parameter offset: Where the answer has to begin in the file.
  init(_ part: FileTransfer.Part, offset: Int, url: String) {
    self.part = part
    self.url = url
    state = Mutex(State(offset: offset))
  }

  var ending: Ending? { state.withLock { $0.ending } }

  func begin(_ head: HubHead) throws(RemoteError) -> Bool {
    try checkEncoding(head, url)
    let length = head.headers["Content-Length"].flatMap(HubClient.byteCount)
    guard part.takesRanges else { return try beginWhole(head, length) }
    guard head.status == 206 else {
      // A file that is one part can be had from a server that knows no ranges.
      let isWhole = part.range == 0..<part.transfer.bytes
      if head.status == 200, isWhole { return try beginWhole(head, length) }
      state.withLock { $0.ending = .rangesIgnored }
      throw .badAnswer(url: url, problem: "no part of the file, but status \(head.status)")
    }
    guard let range = head.headers["Content-Range"].flatMap(Self.contentRange) else {
      throw .badAnswer(url: url, problem: "it does not say which part of the file it is")
    }
    let offset = state.withLock { $0.offset }
    if let total = range.total, total != part.transfer.bytes { throw changedSize(total) }
    guard range.bytes.lowerBound == offset, range.bytes.upperBound <= part.range.upperBound,
      length == nil || length == range.bytes.count
    else { throw .badAnswer(url: url, problem: "it is another part of the file than the one asked for") }
    return true
  }

  private func beginWhole(_ head: HubHead, _ length: Int?) throws(RemoteError) -> Bool {
    guard head.status == 200 else {
      throw .badAnswer(url: url, problem: "a part of the file (status \(head.status)), which was not asked for")
    }
    if let length, length != part.transfer.bytes { throw changedSize(length) }
    part.transfer.rewind(part)
    state.withLock { $0.offset = 0 }
    return true
  }

  func receive(_ bytes: RawSpan) throws(RemoteError) {
    let offset = state.withLock { $0.offset }
    guard bytes.byteCount <= part.range.upperBound - offset else {
      throw .badAnswer(url: url, problem: "it is longer than it said")
    }
    guard part.transfer.received(part) != nil else {
      state.withLock { $0.ending = .superseded }
      throw .badAnswer(url: url, problem: "it is not needed any more")
    }
    do { try part.transfer.partial.write(bytes, at: offset) } catch { throw .local(error) }
    state.withLock { $0.offset += bytes.byteCount }
    _ = part.transfer.add(bytes.byteCount, to: part)
  }

  private func changedSize(_ bytes: Int) -> RemoteError {
    .changed(
      file: part.transfer.path,
      problem: "the server now has \(bytes) bytes instead of the \(part.transfer.bytes) it announced")
  }

  /// `bytes FIRST-LAST/TOTAL` (RFC 9110 §14.4); the total may be unknown.
  static func contentRange(_ text: String) -> (bytes: Range<Int>, total: Int?)? {
    guard text.hasPrefix("bytes "), let slash = text.firstIndex(of: "/") else { return nil }
    let ends = text[..<slash].dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = HubClient.byteCount(String(ends[0])),
      let last = HubClient.byteCount(String(ends[1])), first <= last
    else { return nil }
    let total = String(text[text.index(after: slash)...])
    if total == "*" { return (first..<last + 1, nil) }
    guard let count = HubClient.byteCount(total), last < count else { return nil }
    return (first..<last + 1, count)
  }
}
