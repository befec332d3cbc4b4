/// Why something could not be had from the hub.
///
/// `description` says what is wrong, and on a second line, what to do about it.
public enum RemoteError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What the user typed is no reference to a model on the hub.
  case badReference(text: String, problem: String)
  /// A variable of the environment that cannot be used.
  case badSetting(name: String, problem: String)
  /// Offline mode is on.
  case offline(what: String, variable: String)
  /// No such repository, or one that is hidden from who asks.
  case noRepository(repository: String, sentToken: Bool)
  /// No such branch, tag or commit.
  case noRevision(repository: String, revision: String)
  /// No such file in the listing.
  case noFile(repository: String, wanted: String, suggestions: [String])
  /// Several files could be meant.
  case ambiguous(repository: String, problem: String, choices: [String])
  /// Nothing in the repository that can be run.
  case noModel(repository: String, problem: String, advice: String)
  /// The publisher wants a licence accepted first.
  case gated(repository: String, page: String, sentToken: Bool)
  /// The server refuses.
  case refused(url: String, status: Int, message: String?, sentToken: Bool)
  /// Too many requests.
  case rateLimited(host: String, seconds: Int?, sentToken: Bool)
  /// The server failed.
  case server(host: String, status: Int, message: String?)
  /// The server could not be reached, or the connection broke.
  case network(host: String, problem: String)
  /// The server sent nothing for a while.
  case stalled(host: String, seconds: Int)
  /// A redirect that is not followed.
  case redirect(from: String, to: String, problem: String)
  /// An answer that is not what the hub's interface says.
  case badAnswer(url: String, problem: String)
  /// A file name that could do harm on this disk.
  case badFileName(name: String, problem: String)
  /// Neither the listing nor the server says what the file's digest is.
  case noDigest(file: String)
  /// The bytes are not those that were announced.
  case wrongDigest(file: String, expected: String, actual: String)
  /// The file changed on the server during the download.
  case changed(file: String, problem: String)
  /// Another process is downloading the same model.
  case busy(name: String)
  /// The library has another model of that name.
  case nameTaken(name: String, by: String?)
  /// The local side failed.
  case local(HubError)

  /// What is wrong, and what to do, in one or more lines.
  public var description: String {
    switch self {
    case .badReference(let text, let problem):
      "\(shown(text)) is no model on the hub: \(problem)\nthe form is hf.co/OWNER/REPO[:FILE or QUANT][@REVISION]"
    case .badSetting(let name, let problem):
      "\(name): \(shown(problem))\ncorrect the variable, or unset it"
    case .offline(let what, let variable):
      "\(shown(what)) is not in the library, and \(variable) forbids the network\nunset \(variable) to download it; "
        + "stoa list shows what is there"
    case .noRepository(let repository, let sentToken):
      "\(shown(repository)): no such model on the hub, or a private one\n"
        + (sentToken
          ? "check the name (stoa search WORDS helps) and whether your HF_TOKEN may read it"
          : "check the name (stoa search WORDS helps); a private one needs HF_TOKEN")
    case .noRevision(let repository, let revision):
      "\(shown(repository)) has no branch, tag or commit \(shown(revision))\nleave it out for the newest"
    case .noFile(let repository, let wanted, let suggestions):
      "\(shown(repository)) has no file or quantisation \(shown(wanted))\n" + listed("it has:", suggestions)
    case .ambiguous(let repository, let problem, let choices):
      "\(shown(repository)): \(shown(problem))\n"
        + listed("choose one, as in hf.co/\(shown(repository)):\(shown(choices.first?.firstWord ?? "FILE"))", choices)
    case .noModel(let repository, let problem, let advice):
      "\(shown(repository)): \(shown(problem))\n\(shown(advice))"
    case .gated(let repository, let page, let sentToken):
      "\(shown(repository)) is gated: its publisher wants the licence accepted first\n"
        + "1. accept it at \(shown(page))\n"
        + (sentToken
          ? "2. make sure that HF_TOKEN is of the same account and may read gated models; approval can take a while"
          : "2. set HF_TOKEN to a token of the same account (\(shown(tokenPage(page))))")
    case .refused(let url, let status, let message, let sentToken):
      "\(shown(url)): the server refuses (\(status)\(message.map { ": " + shown($0) } ?? ""))\n"
        + (sentToken ? "check that HF_TOKEN is valid and may read this" : "set HF_TOKEN if this needs an account")
    case .rateLimited(let host, let seconds, let sentToken):
      "\(shown(host)): too many requests\ntry again \(seconds.map { "in \($0) s" } ?? "later")"
        + (sentToken ? "" : "; with HF_TOKEN set the limits are higher")
    case .server(let host, let status, let message):
      "\(shown(host)): the server failed (\(status)\(message.map { ": " + shown($0) } ?? ""))\n"
        + "try again later: the download goes on where it stopped"
    case .network(let host, let problem):
      "\(shown(host)): \(shown(problem))\ncheck the connection (proxies: https_proxy, no_proxy) and try again: the "
        + "download goes on where it stopped"
    case .stalled(let host, let seconds):
      "\(shown(host)): nothing came for \(seconds) s\ntry again: the download goes on where it stopped; "
        + "HF_HUB_DOWNLOAD_TIMEOUT sets the seconds"
    case .redirect(let from, let to, let problem):
      "\(shown(from)) redirects to \(shown(to)), which is not followed: \(problem)\n"
        + "if you trust neither, this is an attack; if HF_ENDPOINT is yours, correct its redirects"
    case .badAnswer(let url, let problem):
      "\(shown(url)): the answer is not what the hub sends: \(shown(problem))\ncheck HF_ENDPOINT and proxies"
    case .badFileName(let name, let problem):
      "the repository has a file called \(shown(name)), which is not written: \(problem)\n"
        + "do not trust this repository; a name on this disk can be chosen with --name"
    case .noDigest(let file):
      "\(shown(file)): the server does not say its digest, so the bytes cannot be checked\n"
        + "use the hub itself or a mirror that passes on X-Linked-Etag or the listing"
    case .wrongDigest(let file, let expected, let actual):
      "\(shown(file)): the bytes are not the publisher's: \(actual) instead of \(expected)\n"
        + "they were fetched twice and thrown away; the server or something on the way alters them"
    case .changed(let file, let problem):
      "\(shown(file)): \(shown(problem))\ntry again: the download starts afresh"
    case .busy(let name):
      "\(shown(name)) is being downloaded by another process\nwait for it, or end it and try again"
    case .nameTaken(let name, let by):
      "the library already has a model named \(shown(name))\(by.map { " (" + shown($0) + ")" } ?? "")\n"
        + "choose another name with --name, or remove it first: stoa rm \(shown(name))"
    case .local(let error): error.description
    }
  }

  /// Whether the same request may well succeed a little later.
  package var isTransient: Bool {
    switch self {
    case .network, .stalled, .server, .rateLimited: true
    default: false
    }
  }

  private func listed(_ title: String, _ lines: [String]) -> String {
    guard !lines.isEmpty else { return "stoa search WORDS finds others" }
    let more = lines.count > 24 ? ["and \(lines.count - 24) more"] : []
    return ([title] + (lines.prefix(24).map(shown) + more).map { "  " + $0 }).joined(separator: "\n")
  }

  private func tokenPage(_ page: String) -> String {
    (HubURL(page)?.origin ?? "https://huggingface.co") + "/settings/tokens"
  }
}

extension String {
  fileprivate var firstWord: String { split(separator: " ").first.map(String.init) ?? self }
}

/// Whether a text has control characters or invisible ones.
func hasHiddenScalars(_ text: String) -> Bool {
  text.unicodeScalars.contains { scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
    default: false
    }
  }
}
