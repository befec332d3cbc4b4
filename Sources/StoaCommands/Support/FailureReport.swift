import ArgumentParser
import Foundation
import StoaConversion
import StoaEngine
import StoaHub
import StoaModels
import StoaServer
import StoaTerminal
import StoaTrust

/// The user pressed Ctrl-C; what had to be said is said.
struct Interrupted: Error {}

/// What the program says about an error, and the status it exits with.
struct FailureReport {
  let status: ExitStatus
  /// For standard output: help and versions that were asked for.
  var output = ""
  /// What is wrong; nil when there is nothing to say.
  var message: String?
  /// What to do, line by line.
  var advice: [String] = []

  init(_ error: any Error) {
    switch error {
    case is Interrupted: status = .interrupted
    case HubError.cancelled, RemoteError.local(.cancelled), ModelError.cancelled, ConversionError.cancelled,
      TrustError.cancelled:
      status = .interrupted
    case let error as ModelRefused:
      status = .refused
      message = error.description
      advice = ["stoa verify tells every reason; stoa trust says whom you trust"]
    case let error as PackRefused:
      status = .refused
      message = error.description
      advice = ["stoa verify tells every reason; stoa sign signs a pack that was changed on purpose"]
    case let error as OutputError where error.readerIsGone:
      // The reader has seen enough; that is no failure of ours.
      status = .done
    case let failure as CommandFailure:
      status = failure.status
      message = failure.message
      advice = failure.advice.map { [$0] } ?? []
    case let error where Self.isFromParser(error):
      let code = StoaCommand.exitCode(for: error)
      if code.isSuccess {
        status = .done
        output = StoaCommand.fullMessage(for: error) + "\n"
      } else {
        status = .usage
        (message, advice) = Self.usage(of: error)
      }
    default:
      status = .failed
      let lines = Self.text(of: error).split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
      message = lines.first ?? "unknown failure"
      advice = Array(lines.dropFirst())
    }
  }

  /// For standard error: `error: …` and the advice indented below it.
  func styled(_ style: Style) -> String {
    guard let message else { return "" }
    let lines = [style.red("error:") + " " + Self.shown(message)] + advice.map { "  " + Self.shown($0) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A line for the terminal; what a file put into it does not fill the screen.
  private static func shown(_ line: String) -> String {
    let limit = 1000
    return PrintableText.line(line.count > limit ? line.prefix(limit) + "…" : line)
  }

  /// Whether the argument parser threw it: only then does its own wording apply.
  private static func isFromParser(_ error: any Error) -> Bool {
    if error is CleanExit || error is ValidationError || error is ExitCode { return true }
    // The parser's own errors are internal types of its module.
    return String(reflecting: type(of: error)).hasPrefix("ArgumentParser")
  }

  /// The parser's message without its layout: the last line of it says where help is.
  private static func usage(of error: any Error) -> (String, [String]) {
    let full = StoaCommand.fullMessage(for: error)
    let usage = full.split(separator: "\n").filter { $0.hasPrefix("Usage: ") }.map { "usage: " + $0.dropFirst(7) }
    let help = full.split(separator: "\n").last { $0.contains("See '") }
    let name = help?.split(separator: "'").dropFirst().first.map(String.init)
    let message = StoaCommand.message(for: error).split(separator: "\n").joined(separator: " ")
    return (message.isEmpty ? "wrong usage" : lowercasedFirst(message), usage + (name.map { ["more: " + $0] } ?? []))
  }

  private static func lowercasedFirst(_ text: String) -> String {
    // 'Missing expected argument …' reads on after 'error:'; an option or a quotation stays as it is.
    guard let first = text.first, first.isUppercase, text.dropFirst().first?.isLowercase == true else { return text }
    return first.lowercased() + text.dropFirst()
  }

  private static func text(of error: any Error) -> String {
    // Foundation's errors describe themselves for programmers; ours are written for users.
    type(of: error) is AnyClass ? (error as NSError).localizedDescription : String(describing: error)
  }
}
