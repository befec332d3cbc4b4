@testable import StoaCommands

// The readers of what operators give the server and of what it tells them.

/// The configuration file of `stoa serve`, and whether its settings take what it says.
func readServeFile(_ bytes: [UInt8]) -> CInt {
  do throws(CommandFailure) {
    let file = try ServeFile(yaml: String(decoding: bytes, as: UTF8.self), path: "stoa.yaml")
    for (key, value) in file.values { _ = key.takes(value) }
  } catch {
    precondition(error.status == .usage && !error.message.isEmpty, "\(error)")
  }
  return 0
}

/// The events that a server tells `stoa monitor`; however the stream is cut, they are the same.
func readMonitorEvents(_ bytes: [UInt8]) -> CInt {
  guard let first = bytes.first else { return 0 }
  let stream = Array(bytes.dropFirst())
  let cut = stream.count * Int(first) / 256
  func events(_ pieces: [ArraySlice<UInt8>]) -> [String] {
    var parser = EventParser()
    return pieces.flatMap { parser.take($0) }.map { "\($0.name)=\($0.data)" }
  }
  precondition(events([stream[...]]) == events([stream[..<cut], stream[cut...]]), "cut, the events are others")
  return 0
}
