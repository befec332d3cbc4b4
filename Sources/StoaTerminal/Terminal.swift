#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What the process is attached to: which standard streams are terminals, how wide they are, whether colour is welcome.
public struct Terminal: Sendable {
  /// The three standard streams, by file descriptor.
  public enum Stream: Int32, Sendable {
    case input = 0
    case output = 1
    case error = 2
  }

  /// Whether standard input is a terminal.
  public let inputIsTerminal: Bool
  /// Whether standard output is a terminal.
  public let outputIsTerminal: Bool
  /// Whether standard error is a terminal.
  public let errorIsTerminal: Bool
  /// Whether the environment allows colour: `NO_COLOR` is unset or empty (no-color.org) and `TERM` is not `dumb`.
  public let allowsColor: Bool

  /// Describes given streams; tests use it to pretend.
  public init(inputIsTerminal: Bool, outputIsTerminal: Bool, errorIsTerminal: Bool, allowsColor: Bool) {
    self.inputIsTerminal = inputIsTerminal
    self.outputIsTerminal = outputIsTerminal
    self.errorIsTerminal = errorIsTerminal
    self.allowsColor = allowsColor
  }

  /// The terminal this process runs in.
  public static func current() -> Terminal {
    let noColor = environment("NO_COLOR").map { !$0.isEmpty } ?? false
    let dumb = environment("TERM") == "dumb"
    return Terminal(
      inputIsTerminal: isatty(Stream.input.rawValue) == 1,
      outputIsTerminal: isatty(Stream.output.rawValue) == 1,
      errorIsTerminal: isatty(Stream.error.rawValue) == 1,
      allowsColor: !noColor && !dumb)
  }

  /// Whether a person can hold a conversation here: input and output are both terminals.
  public var isInteractive: Bool { inputIsTerminal && outputIsTerminal }

  /// The style for text written to a stream: plain unless that stream is a terminal that allows colour.
  public func style(for stream: Stream) -> Style {
    switch stream {
    case .input: Style(enabled: false)
    case .output: Style(enabled: outputIsTerminal && allowsColor)
    case .error: Style(enabled: errorIsTerminal && allowsColor)
    }
  }

  /// The size of the terminal behind a stream in columns and rows, asked anew each time; 80 × 24 where it cannot tell.
  public static func size(of stream: Stream = .output) -> (columns: Int, rows: Int) {
    var size = winsize()
    let known = unsafe ioctl(stream.rawValue, UInt(TIOCGWINSZ), &size) == 0
    guard known, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }
}

/// A variable of the process environment, or nil.
package func environment(_ name: String) -> String? {
  guard let value = unsafe getenv(name) else { return nil }
  return unsafe String(cString: value)
}
