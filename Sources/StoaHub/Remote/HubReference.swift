import Foundation

/// A model repository on the hub, and what is wanted of it: `hf.co/OWNER/REPO[:FILE or QUANT][@REVISION]`.
///
/// The forms that people paste are understood too: `https://huggingface.co/OWNER/REPO/blob/REVISION/FILE`, `/tree/`,
/// `/resolve/`, and the `hf://OWNER/REPO@REVISION/FILE` of huggingface_hub.
public struct HubReference: Sendable, Hashable, CustomStringConvertible {
  /// `OWNER/REPO`; a few old models have no owner.
  public let repository: String
  /// A file, a quantisation such as `Q4_K_M`, or nil for what most people would take.
  public let selector: String?
  /// A branch, tag or commit; nil for `main`.
  public let revision: String?

  /// The branch of a reference without revision.
  public static let defaultRevision = "main"

  /// `hf.co/OWNER/REPO:SELECTOR@REVISION`.
  public var description: String {
    "hf.co/" + repository + (selector.map { ":" + $0 } ?? "") + (revision.map { "@" + $0 } ?? "")
  }

  private static let prefixes = [
    "https://huggingface.co/", "http://huggingface.co/", "https://www.huggingface.co/", "huggingface.co/",
    "https://hf.co/", "http://hf.co/", "hf.co/", "hf://", "hf:",
  ]

  /// Whether `text` says by itself that it means the hub, so that it is not looked for on the disk.
  public static func isReference(_ text: String) -> Bool { prefix(of: text) != nil }

  /// A reference whose parts are known.
  init(repository: String, selector: String? = nil, revision: String? = nil) {
    self.repository = repository
    self.selector = selector
    self.revision = revision
  }

  /// Parses what a user typed; a bare `OWNER/REPO` counts too.
  ///
  /// - Parameter revision: What an option asks for; it must not contradict the text.
  public init(parsing text: String, revision option: String? = nil) throws(RemoteError) {
    func refuse(_ problem: String) -> RemoteError { .badReference(text: text, problem: problem) }
    guard text.utf8.count <= 2048 else { throw refuse("it is too long") }
    let prefix = Self.prefix(of: text) ?? ""
    if prefix.isEmpty, text.contains("://") { throw refuse("it is not on huggingface.co; HF_ENDPOINT names a mirror") }
    var rest = text.dropFirst(prefix.count)
    let isURL = prefix.hasPrefix("http")
    if isURL { rest = rest.prefix { $0 != "?" && $0 != "#" } }

    var parts = Parts(rest, hasPathAfterRevision: prefix == "hf://")
    if isURL { try parts.decodePercent(or: refuse("its percent-encoding is broken")) }
    try parts.splitPath(refuse)
    try Self.check(repository: parts.repository, refuse)
    if let option {
      guard parts.revision == nil || parts.revision == option else {
        throw refuse("it names the revision \(shown(parts.revision ?? "")), and --revision another")
      }
      parts.revision = option
    }
    if let revision = parts.revision { try Self.check(revision: revision, refuse) }
    if let selector = parts.selector, selector.utf8.count > 1024 || hasHiddenScalars(selector) {
      throw refuse("the file name in it is too long or has control characters")
    }
    self.init(repository: parts.repository, selector: parts.selector, revision: parts.revision)
  }

  private static func prefix(of text: String) -> String? {
    let lowercased = text.lowercased()
    return prefixes.first { lowercased.hasPrefix($0) }
  }

  /// The hub's rules for names: letters, digits, `-`, `_`, `.`; up to 96 of them; no `--` and no `..`; neither `-` nor
  /// `.` at an end (huggingface_hub, `validate_repo_id`).
  private static func check(repository: String, _ refuse: (String) -> RemoteError) throws(RemoteError) {
    let names = repository.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(names.count), !repository.isEmpty else { throw refuse("OWNER/REPO is expected") }
    if names.count == 2, ["datasets", "spaces", "kernels"].contains(names[0]) {
      throw refuse("it names something other than a model")
    }
    for name in names {
      let isPlain = name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
      guard isPlain, (1...96).contains(name.utf8.count) else {
        throw refuse("owner and repository are 1 to 96 letters, digits, '-', '_' or '.'")
      }
      let ends: [Character?] = [name.first, name.last]
      if ends.contains("-") || ends.contains(".") || name.contains("--") || name.contains("..") {
        throw refuse("owner and repository neither start nor end with '-' or '.', nor hold '--' or '..'")
      }
    }
  }

  private static func check(revision: String, _ refuse: (String) -> RemoteError) throws(RemoteError) {
    let isPlain = revision.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
    let hasBadEnds = revision.hasPrefix("-") || revision.hasPrefix("/") || revision.hasSuffix("/")
    guard (1...255).contains(revision.utf8.count), isPlain, !hasBadEnds, !revision.contains("..") else {
      throw refuse("the revision is not the name of a branch, a tag or a commit")
    }
  }
}

/// The pieces of a reference while it is taken apart.
private struct Parts {
  var repository: String
  var selector: String?
  var revision: String?

  /// Splits at the first `:` or `@`: `REPO:SELECTOR@REVISION`, `REPO@REVISION:SELECTOR`, `REPO@REVISION/PATH`.
  init(_ text: Substring, hasPathAfterRevision: Bool) {
    let end = text.firstIndex { $0 == ":" || $0 == "@" } ?? text.endIndex
    repository = String(text[..<end])
    while repository.hasSuffix("/") { repository.removeLast() }
    guard end < text.endIndex else { return }
    let body = text[text.index(after: end)...]
    if text[end] == ":" {
      guard let at = body.lastIndex(of: "@") else {
        selector = String(body)
        return
      }
      selector = String(body[..<at])
      revision = String(body[body.index(after: at)...])
    } else if let colon = body.firstIndex(of: ":") {
      revision = String(body[..<colon])
      selector = String(body[body.index(after: colon)...])
    } else if hasPathAfterRevision {
      let names = body.split(separator: "/", omittingEmptySubsequences: false)
      // `refs/pr/1` and `refs/convert/parquet` are revisions with slashes (huggingface_hub, hf_uris.md).
      let count = names.first == "refs" && names.count >= 3 ? 3 : 1
      revision = names.prefix(count).joined(separator: "/")
      let path = names.dropFirst(count).joined(separator: "/")
      selector = path.isEmpty ? nil : path
    } else {
      revision = String(body)
    }
  }

  mutating func decodePercent(or error: RemoteError) throws(RemoteError) {
    func decoded(_ text: String) throws(RemoteError) -> String {
      guard let result = text.removingPercentEncoding else { throw error }
      return result
    }
    // The repository still holds the path, whose revision may have an encoded slash: that is decoded by `splitPath`.
    if let text = selector { selector = try decoded(text) }
    if let text = revision { revision = try decoded(text) }
  }

  /// Takes `/blob/REVISION/FILE` and the like, or a plain `/FILE`, off the repository.
  mutating func splitPath(_ refuse: (String) -> RemoteError) throws(RemoteError) {
    var names = repository.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if names.count >= 3, names[0] == "models" { names.removeFirst() }
    guard names.count > 2 else {
      repository = names.joined(separator: "/")
      return
    }
    if ["datasets", "spaces", "kernels"].contains(names[0]) { throw refuse("it names something other than a model") }
    repository = names[0] + "/" + names[1]
    var path = Array(names.dropFirst(2))
    if ["tree", "blob", "resolve", "raw"].contains(path[0]) {
      guard path.count >= 2, revision == nil, let decoded = path[1].removingPercentEncoding else {
        throw refuse("a revision is expected after /\(path[0])/")
      }
      revision = decoded
      path.removeFirst(2)
    }
    guard !path.isEmpty else { return }
    guard selector == nil, let decoded = path.joined(separator: "/").removingPercentEncoding else {
      throw refuse("it names two files")
    }
    selector = decoded
  }
}
