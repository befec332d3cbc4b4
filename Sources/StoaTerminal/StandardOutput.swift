#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A failed write to a standard stream.
public struct OutputError: Error, Equatable, CustomStringConvertible {
  /// The value of `errno`.
  public let code: Int32

  /// Whether the reader has gone away, which is its right: `stoa list | head -1`.
  public var readerIsGone: Bool { code == EPIPE }

  /// What failed, in one line.
  public var description: String { "cannot write the output: \(errorText(code))" }
}

/// Unbuffered writing to the standard streams: text is with the reader when the call returns.
public enum Output {
  /// Writes text to standard output, all of it.
  public static func write(_ text: String) throws(OutputError) { try write(text, to: .output) }

  /// Writes text to a stream, all of it.
  public static func write(_ text: String, to stream: Terminal.Stream) throws(OutputError) {
    try write(bytes: Array(text.utf8), to: stream.rawValue)
  }

  /// Writes text to standard error. A failure is ignored: there is nowhere left to report it.
  public static func note(_ text: String) { try? write(text, to: .error) }

  static func write(bytes: [UInt8], to descriptor: Int32) throws(OutputError) {
    var offset = 0
    while offset < bytes.count {
      let from = offset
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: buffer[from...]))
      }
      if written > 0 {
        offset += written
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // A terminal or pipe that someone set to non-blocking: wait until it takes more.
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&wait, 1, -1)
      default: throw OutputError(code: errno)
      }
    }
  }
}

@unsafe private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawBufferPointer) -> Int {
  #if canImport(Darwin)
    unsafe Darwin.write(descriptor, buffer.baseAddress, buffer.count)
  #elseif canImport(Musl)
    unsafe Musl.write(descriptor, buffer.baseAddress, buffer.count)
  #else
    unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
  #endif
}

/// The system's words for an `errno` value.
package func errorText(_ code: Int32) -> String {
  guard let text = unsafe strerror(code) else { return "error \(code)" }
  return unsafe String(cString: text)
}
