/// A failure with its words: what is wrong and where, and what to do about it.
struct CommandFailure: Error, Equatable {
  let message: String
  var advice: String?
  var status = ExitStatus.failed

  static func usage(_ message: String, advice: String? = nil) -> CommandFailure {
    CommandFailure(message: message, advice: advice, status: .usage)
  }
}

/// The documented exit statuses.
enum ExitStatus: Int32 {
  case done = 0
  case failed = 1
  case usage = 2
  case refused = 3
  case interrupted = 130
}
