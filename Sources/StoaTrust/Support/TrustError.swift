public import StoaFormats

/// Why something of the trust chain could not be read, made or written.
///
/// That a signature or certificate does not hold is not an error but a result: see `Verification`. `description` says
/// what is wrong and where and, on a second line, what to do about it.
public enum TrustError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file could not be read or written.
  case file(FormatError)
  /// The contents of `source` (a path, or what a path holds) contradict their format.
  case malformed(source: String, problem: String, advice: String? = nil)
  /// `source` uses what is not supported.
  case unsupported(source: String, problem: String, advice: String? = nil)
  /// A key cannot be used.
  case key(source: String, problem: String, advice: String? = nil)
  /// A command that should sign did not.
  case signer(command: String, problem: String)
  /// Whoever asked no longer wants the result.
  case cancelled

  /// The place, the problem and the advice, in one or two lines.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .malformed(let source, let problem, let advice), .unsupported(let source, let problem, let advice),
      .key(let source, let problem, let advice):
      "\(source): \(problem)" + (advice.map { "\n" + $0 } ?? "")
    case .signer(let command, let problem):
      "the signing command \(quoted(command)) \(problem)\n"
        + "it must read the bytes to sign from its input and write the signature alone to its output"
    case .cancelled: "cancelled"
    }
  }
}

/// Runs `body` and gives a failure of the file system or of a format as an error of this module.
func fileErrors<R>(_ body: () throws(FormatError) -> R) throws(TrustError) -> R {
  do {
    return try body()
  } catch {
    throw .file(error)
  }
}
